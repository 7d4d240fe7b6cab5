//! What a question costs in a process that has the index, beside a cold one, and how the cost grows.
//!
//!   cargo bench -p embargod-backports --bench warm -- REPOSITORY FIXES BRANCHES COLD...
//!
//! FIXES and BRANCHES are separated by commas; COLD is the command of the cold single call, such as
//! `target/release/embargod backports --repo R --fix F --branch B --json`.

#![allow(clippy::expect_used, missing_docs, reason = "a bench may panic")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use embargod_backports::{Index, Question, assess_each};
use git2::{Oid, Repository};

/// Of so many runs the fastest is taken.
const RUNS: usize = 7;

fn main() {
    let arguments: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let [repository, fixes, branches, cold @ ..] = arguments.as_slice() else {
        // `cargo test --benches` calls it with nothing.
        return;
    };
    git2::opts::strict_hash_verification(false);
    let opened = Repository::open(repository).expect("a repository");
    let commit = |name: &str| {
        let object = opened.revparse_single(name).expect("a revision");
        object.peel_to_commit().expect("a commit").id()
    };
    let ids = |names: &str| -> Vec<Oid> { names.split(',').map(commit).collect() };
    let (question, tips) = (
        Question {
            fixes: ids(fixes),
            ..Question::default()
        },
        ids(branches),
    );
    let ask = |index: &Index, tips: &[Oid]| {
        // As the server does: the clone is opened anew, because somebody may have fetched.
        let repository = Repository::open(repository).expect("a repository");
        for answer in assess_each(&repository, index, &question, tips) {
            std::hint::black_box(answer.expect("an answer"));
        }
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("index");
    let index = Index::open(&path).expect("an index");
    let first = timed(|| ask(&index, &tips));
    let keep = timed(|| index.save().expect("kept"));
    let warm = fastest(|| ask(&index, &tips));
    let known = index.len();
    let read = fastest(|| assert_eq!(Index::open(&path).expect("read").len(), known));
    let parents: Vec<Oid> = tips
        .iter()
        .map(|tip| {
            let tip = opened.find_commit(*tip).expect("a commit");
            tip.parent_id(0).unwrap_or(tip.id())
        })
        .collect();
    // Each run with an index that knows the branches as they were before their newest commit.
    let moved = (0..RUNS)
        .map(|_| {
            let index = Index::default();
            ask(&index, &parents);
            timed(|| ask(&index, &tips))
        })
        .min()
        .unwrap_or_default();
    println!(
        "{} commits on {} branches, {known} commits in the index",
        question.fixes.len(),
        tips.len()
    );
    println!("nothing known         {first:?}, then {keep:?} to keep it");
    println!("index read from disk  {read:?}");
    println!("every branch moved    {moved:?}");
    println!("warm                  {warm:?}");
    if let [command, arguments @ ..] = cold {
        let cold = fastest(|| {
            // 1 is the answer "not everywhere".
            let status = Command::new(command)
                .args(arguments)
                .stdout(Stdio::null())
                .status()
                .expect("runs");
            assert!(matches!(status.code(), Some(0 | 1)), "{status}");
        });
        let ratio = |taken: Duration| taken.as_secs_f64() / cold.as_secs_f64();
        let (moved, warm) = (ratio(moved), ratio(warm));
        println!("cold single call      {cold:?}; moved takes {moved:.2}, warm {warm:.2} times as long");
    }
}

fn timed(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn fastest(mut run: impl FnMut()) -> Duration {
    (0..RUNS).map(|_| timed(&mut run)).min().unwrap_or_default()
}

//! Projects that are mirrored from Subversion: revisions are the names that both sides know.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::{Answer, Question, Verdict, assess};

/// A message as a mirror writes it.
fn message(text: &str, branch: &str, revision: u32) -> String {
    format!("{text}\n\n\ngit-svn-id: https://svn.example.org/repos/{branch}@{revision} 13f79535-47bb-0310\n")
}

#[test]
fn a_revision_names_the_fix_and_what_is_taken_back() {
    let world = World::new();
    let commit = |parents: &[git2::Oid], message: &str, text: &str| world.commit(parents, message, &[("a.c", text)]);
    let fixed = A.replace("two", "zwei").replace("six", "sechs");
    let own = A.replace("two", "deux");
    let base = commit(&[], &message("Start", "trunk", 1000), A);
    let fix = commit(&[base], &message("Check it", "trunk", 1001), &fixed);
    let maint = commit(&[base], &message("Branch", "branches/2.4", 1002), &own);
    let carried = own.replace("deux", "deux, zwei").replace("six", "sechs");
    let merge = message(
        "Merge r1001 from trunk:\n\n  Check it\n\nReviewed by: two others",
        "branches/2.4",
        1003,
    );
    let picked = commit(&[maint], &merge, &carried);
    let answer = world.answer(&[fix], picked);
    assert_eq!(answer.verdict, Verdict::Adapted, "{answer:#?}");
    assert_eq!(answer.commits[0].matched, [picked.to_string()]);
    let question = Question {
        fixes: vec![fix],
        ignore_trailers: true,
        ..Question::default()
    };
    let without = assess(&world.repository, &question, picked).expect("an answer");
    let names = |answer: &Answer| {
        answer.commits[0]
            .evidence
            .iter()
            .any(|line| line.contains("names the fix"))
    };
    assert!(names(&answer) && !names(&without), "{answer:#?}\n{without:#?}");
    let other = commit(
        &[maint],
        &merge.replace("r1001", "r1010").replace("Check it", "Other"),
        &carried,
    );
    assert!(!world.verdict(&[fix], other).is_good());
    let reverted = commit(&[picked], &message("Revert r1003.", "branches/2.4", 1004), &own);
    let answer = world.answer(&[fix], reverted);
    assert_eq!(answer.verdict, Verdict::Reverted);
    let said = format!("but {reverted} says that it reverts it");
    assert!(
        answer.commits[0].against.iter().any(|line| line.contains(&said)),
        "{answer:#?}"
    );
}

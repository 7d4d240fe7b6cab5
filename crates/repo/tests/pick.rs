//! Picks over a real repository.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::path::Path;

mod common;

use common::git;
use embargod_core::CommitId;
use embargod_repo::{GitError, Pick, apply, pick};

const BASE: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

/// Commits a file with this text on a new branch at `from`.
fn commit(work: &Path, branch: &str, from: &str, text: &str) -> CommitId {
    git(work, &["checkout", "--quiet", "-B", branch, from]);
    std::fs::write(work.join("file"), text).expect("written");
    git(work, &["add", "file"]);
    git(work, &["commit", "--quiet", "--allow-empty", "-m", branch]);
    git(work, &["rev-parse", "HEAD"]).parse().expect("an id")
}

fn repository() -> (tempfile::TempDir, CommitId) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    git(folder.path(), &["init", "--quiet", "--initial-branch=start"]);
    std::fs::write(folder.path().join("file"), BASE).expect("written");
    git(folder.path(), &["add", "file"]);
    git(folder.path(), &["commit", "--quiet", "-m", "start"]);
    let start = git(folder.path(), &["rev-parse", "HEAD"]).parse().expect("an id");
    (folder, start)
}

#[tokio::test]
async fn a_pick_is_clean_empty_or_names_its_conflicts() {
    let (folder, start) = repository();
    let work = folder.path();
    let fix = commit(work, "fix", start.as_str(), &BASE.replace('2', "two"));
    let apart = commit(work, "apart", start.as_str(), &BASE.replace('9', "nine"));
    let same = commit(
        work,
        "same",
        start.as_str(),
        &BASE.replace('2', "two").replace('9', "nine"),
    );
    let clash = commit(work, "clash", start.as_str(), &BASE.replace('2', "zwei"));
    let Pick::Clean { tree } = pick(work, &fix, &apart).await.expect("an outcome") else {
        unreachable!("no conflict")
    };
    assert_eq!(tree, git(work, &["rev-parse", "same^{tree}"]));
    assert_eq!(pick(work, &fix, &same).await.expect("an outcome"), Pick::Empty);
    let Pick::Conflict { files } = pick(work, &fix, &clash).await.expect("an outcome") else {
        unreachable!("a conflict")
    };
    let hunks = files.get(&b"file"[..]).expect("the file is named");
    assert_eq!(hunks.len(), 1);
    assert!(
        hunks[0].contains("\nzwei\n") && hunks[0].contains("\ntwo\n"),
        "{hunks:?}"
    );
    assert_eq!(git(work, &["rev-parse", "apart"]), apart.to_string(), "no branch moves");
}

#[tokio::test]
async fn a_root_and_a_merge_are_refused() {
    let (folder, start) = repository();
    let work = folder.path();
    let left = commit(work, "left", start.as_str(), &BASE.replace('2', "two"));
    commit(work, "right", start.as_str(), &BASE.replace('9', "nine"));
    git(work, &["merge", "--quiet", "--no-edit", "left"]);
    let merge: CommitId = git(work, &["rev-parse", "HEAD"]).parse().expect("an id");
    for commit in [&start, &merge] {
        assert!(matches!(pick(work, commit, &left).await, Err(GitError::NotOneParent)));
    }
    let absent: CommitId = "0".repeat(40).parse().expect("an id");
    assert!(matches!(pick(work, &absent, &left).await, Err(GitError::Failed { .. })));
}

#[tokio::test]
async fn what_is_applied_may_be_a_root_or_a_merge_and_a_conflict_has_three_sides() {
    let (folder, start) = repository();
    let work = folder.path();
    let left = commit(work, "left", start.as_str(), &BASE.replace('2', "two"));
    let right = commit(work, "right", start.as_str(), &BASE.replace('9', "nine"));
    git(work, &["merge", "--quiet", "--no-edit", "left"]);
    let merge: CommitId = git(work, &["rev-parse", "HEAD"]).parse().expect("an id");
    let tree = |name: &str| git(work, &["rev-parse", &format!("{name}^{{tree}}")]);
    // Against its first parent a merge brought the other side.
    assert_eq!(apply(work, &merge, &start).await.expect("applied").tree, tree("left"));
    git(work, &["checkout", "--quiet", "--orphan", "elsewhere"]);
    git(work, &["rm", "--quiet", "-r", "--force", "."]);
    std::fs::write(work.join("other"), "other\n").expect("written");
    git(work, &["add", "other"]);
    git(work, &["commit", "--quiet", "-m", "elsewhere"]);
    let elsewhere: CommitId = git(work, &["rev-parse", "HEAD"]).parse().expect("an id");
    let both = apply(&work.join(".git"), &elsewhere, &right).await.expect("applied");
    assert!(both.clean && both.conflicts.is_empty());
    assert_eq!(git(work, &["ls-tree", "--name-only", &both.tree]), "file\nother");
    let clash = commit(work, "clash", start.as_str(), &BASE.replace('2', "zwei"));
    let applied = apply(work, &left, &clash).await.expect("applied");
    assert!(!applied.clean);
    let sides = &applied.conflicts[&b"file"[..]];
    let blob = |name: &str| Some(format!("100644 {}", git(work, &["rev-parse", &format!("{name}:file")])));
    assert_eq!(
        [&sides.base, &sides.ours, &sides.theirs],
        [&blob("left^"), &blob("clash"), &blob("left")]
    );
}

#[tokio::test]
async fn folders_that_went_two_ways_are_a_conflict_even_without_a_file_in_conflict() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let work = folder.path();
    git(work, &["init", "--quiet", "--initial-branch=start"]);
    let write = |path: &str, text: &str| {
        let path = work.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    let all = |message: &str| -> CommitId {
        git(work, &["add", "--all"]);
        git(work, &["commit", "--quiet", "-m", message]);
        git(work, &["rev-parse", "HEAD"]).parse().expect("an id")
    };
    for name in ["a", "b"] {
        write(&format!("old/{name}"), &BASE.replace('1', name));
    }
    all("start");
    git(work, &["checkout", "--quiet", "-b", "split"]);
    std::fs::create_dir_all(work.join("one")).expect("made");
    std::fs::create_dir_all(work.join("two")).expect("made");
    git(work, &["mv", "old/a", "one/a"]);
    git(work, &["mv", "old/b", "two/b"]);
    let split = all("split");
    git(work, &["checkout", "--quiet", "-b", "fix", "start"]);
    write("old/c", "new\n");
    let fix = all("a new file in the folder that is no more");
    let applied = apply(work, &fix, &split).await.expect("applied");
    assert!(!applied.clean, "where the new file belongs is a person's question");
    assert!(matches!(pick(work, &fix, &split).await, Ok(Pick::Conflict { .. })));
}

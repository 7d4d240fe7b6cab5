//! `embargod backports` and `embargod pick` on local repositories, as a person or a script uses them.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn embargod(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_embargod"))
        .args(arguments)
        .output()
        .expect("the binary runs")
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=A",
            "-c",
            "user.email=a@example.org",
            "-c",
            "protocol.file.allow=always",
        ])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git runs");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A main branch with a fix, `done` with its backport, `open` without it, `other` where it conflicts.
fn repository() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    let write = |text: &str| std::fs::write(path.join("a.c"), text).expect("written");
    let commit = |message: &str| {
        git(path, &["add", "."]);
        git(path, &["commit", "--quiet", "--message", message]);
    };
    let start = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n";
    git(path, &["init", "--quiet", "--initial-branch=main"]);
    write(start);
    commit("start");
    for branch in ["done", "open"] {
        git(path, &["branch", branch]);
    }
    git(path, &["checkout", "--quiet", "-b", "other"]);
    write(&start.replace("two", "zwei"));
    commit("in other words");
    git(path, &["checkout", "--quiet", "main"]);
    write(&start.replace("two", "two, checked"));
    commit("check the second");
    let fix = git(path, &["rev-parse", "HEAD"]);
    git(path, &["checkout", "--quiet", "done"]);
    git(path, &["cherry-pick", "-x", &fix]);
    (folder, fix)
}

#[test]
fn verdicts_in_three_formats_and_exit_codes() {
    let (folder, fix) = repository();
    let repo = folder.path().to_str().expect("text");
    let output = embargod(&[
        "backports",
        "--repo",
        repo,
        "--fix",
        &fix,
        "--branch",
        "done",
        "open",
        "--format",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(1), "open lacks it");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let branches = report["branches"].as_array().expect("branches");
    assert_eq!(
        (&branches[0]["branch"], &branches[0]["verdict"]),
        (&"done".into(), &"present".into())
    );
    assert_eq!(
        (&branches[1]["branch"], &branches[1]["verdict"]),
        (&"open".into(), &"missing".into())
    );
    assert_eq!(
        branches[0]["commits"][0]["matched"][0],
        git(folder.path(), &["rev-parse", "done"])
    );
    for key in ["fix", "verdict", "matched", "evidence", "against", "confidence"] {
        assert!(!branches[1]["commits"][0][key].is_null(), "{key}");
    }
    for key in ["tip", "affected_tags", "fixed_tags"] {
        assert!(!branches[0][key].is_null(), "{key}");
    }
    let range = format!("{fix}~1..{fix}");
    let output = embargod(&[
        "backports",
        "--repo",
        repo,
        "--fix",
        &range,
        "--branch",
        "done",
        "--ignore-trailers",
    ]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("has its author and date"));
    let output = embargod(&[
        "backports",
        "--repo",
        repo,
        "--fix",
        &fix,
        "--branch",
        "open",
        "--format",
        "markdown",
    ]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("| branch | verdict |"));
}

#[test]
fn a_bare_read_only_clone_is_read_and_a_shallow_one_is_an_error_with_its_remedy() {
    let (folder, fix) = repository();
    let clones = tempfile::tempdir().expect("a temporary folder");
    let (bare, shallow) = (clones.path().join("bare.git"), clones.path().join("shallow"));
    let from = format!("file://{}", folder.path().display());
    git(
        clones.path(),
        &["clone", "--quiet", "--bare", &from, bare.to_str().expect("text")],
    );
    let before = git(&bare, &["count-objects"]);
    let output = embargod(&[
        "backports",
        "--repo",
        bare.to_str().expect("text"),
        "--fix",
        &fix,
        "--branch",
        "done",
    ]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let pick = embargod(&[
        "pick",
        "--repo",
        bare.to_str().expect("text"),
        "--fix",
        &fix,
        "--onto",
        "open",
    ]);
    assert_eq!(pick.status.code(), Some(0));
    assert_eq!(git(&bare, &["count-objects"]), before, "nothing was written");
    git(
        clones.path(),
        &[
            "clone",
            "--quiet",
            "--depth=1",
            "--branch=main",
            &from,
            shallow.to_str().expect("text"),
        ],
    );
    let output = embargod(&[
        "backports",
        "--repo",
        shallow.to_str().expect("text"),
        "--fix",
        &fix,
        "--branch",
        "main",
    ]);
    assert_eq!(output.status.code(), Some(2), "what the fix changes cannot be seen");
    assert!(String::from_utf8_lossy(&output.stderr).contains("git fetch --unshallow"));
    for wrong in [
        ["--fix", "nope", "--branch", "done"],
        ["--fix", &fix, "--branch", "nope"],
    ] {
        let output = embargod(
            &[
                &["backports", "--repo", folder.path().to_str().expect("text")][..],
                &wrong[..],
            ]
            .concat(),
        );
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("nope") && said.contains("fetch it, or check the name"),
            "{said}"
        );
    }
    let output = embargod(&[
        "backports",
        "--repo",
        clones.path().to_str().expect("text"),
        "--fix",
        "a",
        "--branch",
        "b",
    ]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_pick_shows_the_tree_or_the_three_sides_and_writes_only_when_told() {
    let (folder, fix) = repository();
    let repo = folder.path().to_str().expect("text");
    let output = embargod(&["pick", "--repo", repo, "--fix", &fix, "--onto", "open", "--json"]);
    let picked: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(picked["tree"], git(folder.path(), &["rev-parse", "done^{tree}"]));
    let output = embargod(&["pick", "--repo", repo, "--fix", &fix, "--onto", "done", "--json"]);
    let picked: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(picked["steps"][0]["empty"], true);
    let output = embargod(&["pick", "--repo", repo, "--fix", &fix, "--onto", "other"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in ["a.c", "base   100644", "<<<<<<< branch", "zwei", "two, checked"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    git(folder.path(), &["config", "user.name", "B"]);
    git(folder.path(), &["config", "user.email", "b@example.org"]);
    let output = embargod(&[
        "pick", "--repo", repo, "--fix", &fix, "--onto", "open", "--write", "fixed",
    ]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let log = git(folder.path(), &["log", "-1", "--format=%an %cn%n%B", "fixed"]);
    assert!(
        log.starts_with("A B\n") && log.contains(&format!("(cherry picked from commit {fix})")),
        "{log}"
    );
    let again = embargod(&[
        "pick", "--repo", repo, "--fix", &fix, "--onto", "open", "--write", "fixed",
    ]);
    assert_eq!(again.status.code(), Some(2), "a branch that exists is never moved");
}

//! Files that have another name in another folder on a branch: the backport that changes them tells which they are.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

const ON_MAIN: &str = "daemons/fenced/fenced_commands.c";
const ON_BRANCH: &str = "fencing/commands.c";

#[test]
fn a_file_of_another_name_is_found_by_the_backport_that_changes_it() {
    let world = World::new();
    let (one, both) = (
        A.replace("two", "zwei"),
        A.replace("two", "zwei").replace("eight", "acht"),
    );
    let base = world.commit(&[], "base", &[(ON_MAIN, A)]);
    let fix = world.commit(&[base], "fix", &[(ON_MAIN, &both)]);
    let maint = world.commit(&[], "maint", &[(ON_BRANCH, A)]);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    let message = format!("fix\n\n(cherry picked from commit {fix})");
    let whole = world.commit(&[maint], &message, &[(ON_BRANCH, &both)]);
    let answer = world.answer(&[fix], whole);
    assert_eq!(answer.verdict, Verdict::Present);
    let said = format!("{ON_MAIN} is {ON_BRANCH} here");
    assert!(answer.commits[0].evidence.contains(&said), "{answer:?}");
    // A hunk of it that was forgotten is no code that the branch does not have.
    let half = world.commit(&[maint], &message, &[(ON_BRANCH, &one)]);
    assert_eq!(world.verdict(&[fix], half), Verdict::Partial);
    let undone = world.commit(&[whole], "undone", &[(ON_BRANCH, A)]);
    assert_eq!(world.verdict(&[fix], undone), Verdict::Reverted);
}

#[test]
fn what_the_main_branch_has_too_or_is_of_another_kind_is_another_file() {
    let world = World::new();
    let (helped, fixed) = (A.replace("nine", "neun"), A.replace("two", "zwei"));
    for other in [ON_BRANCH, "fencing/commands.py"] {
        let on_main = |text: &str| vec![("a.c", A.to_owned()), (ON_MAIN, text.to_owned()), (other, A.to_owned())];
        let commit = |parents: &[git2::Oid], message: &str, files: &[(&str, String)]| {
            let files: Vec<_> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
            world.commit(parents, message, &files)
        };
        let base = commit(&[], "base", &on_main(A));
        let fix = commit(&[base], "fix", &on_main(&fixed));
        let maint = commit(&[], "maint", &[(other, A.to_owned())]);
        let message = format!("fix\n\n(cherry picked from commit {fix})");
        let tip = commit(&[maint], &message, &[(other, helped.clone())]);
        let answer = world.answer(&[fix], tip);
        let taken = answer.commits[0]
            .evidence
            .iter()
            .any(|line| line.contains(" is fencing/"));
        assert!(!taken, "{answer:?}");
    }
}

//! Backports that were committed with the marks of a conflict: the fix's lines are there, and so are the others.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

#[test]
fn a_conflict_that_was_committed_is_for_a_person() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let conflict = A.replace("two\n", "<<<<<<< HEAD\n2\n=======\nzwei\n>>>>>>> 0123456 (Fix it)\n");
    let own = A.replace("two", "2");
    let base = world.commit(&[], "base", &[("a.c", A)]);
    let fix = world.commit(&[base], "Fix it", &[("a.c", &fixed)]);
    let maint = world.commit(&[base], "maint", &[("a.c", &own)]);
    let tip = world.commit(&[maint], "Fix it", &[("a.c", &conflict)]);
    let answer = world.answer(&[fix], tip);
    assert_eq!(answer.verdict, Verdict::Unproven, "{answer:#?}");
    let said = &answer.commits[0].against;
    let expected = "a.c:2 begins a conflict that was committed unresolved";
    assert!(said.iter().any(|line| line == expected), "{said:?}");
    let resolved = world.commit(&[tip], "Resolve it", &[("a.c", &fixed)]);
    assert!(world.verdict(&[fix], resolved).is_good());
}

#[test]
fn a_file_about_conflicts_is_none() {
    let world = World::new();
    let text = format!("{A}<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n");
    let fixed = text.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("merge.c", &text)]);
    let fix = world.commit(&[base], "Fix it", &[("merge.c", &fixed)]);
    let tip = world.commit(&[base], "Fix it there", &[("merge.c", &fixed)]);
    assert_eq!(world.verdict(&[fix], tip), Verdict::Present);
}

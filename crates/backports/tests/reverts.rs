//! Backports that were reverted, also by a revert that was made on the main branch and carried from there: its message names commits of
//! the main branch.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::{Question, Verdict, assess};

#[test]
fn a_revert_that_was_carried_names_the_fix() {
    let world = World::new();
    let (fixed, own) = (A.replace("two", "zwei"), A.replace("two", "two and a half"));
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "fix", &[("a", &fixed)]);
    let undone = format!("Revert \"fix\"\n\nThis reverts commit {fix}.");
    let revert = world.commit(&[fix], &undone, &[("a", A)]);
    let redone = format!("Reapply \"fix\"\n\nThis reverts commit {revert}.");
    let again = world.commit(&[revert], &redone, &[("a", &fixed)]);
    let carried = |message: &str, source| format!("{message}\n\n(cherry picked from commit {source})");

    let maint = world.commit(&[base], "maint", &[("a", &own), ("v", "1\n")]);
    let picked = world.commit(&[maint], &carried("fix", fix), &[("a", &fixed), ("v", "1\n")]);
    // What the branch had before is not what it has now: only the message says that this is a revert.
    let reverted = world.commit(&[picked], &carried(&undone, revert), &[("a", A), ("v", "1\n")]);
    let answer = world.answer(&[fix], reverted);
    assert_eq!(answer.verdict, Verdict::Reverted, "{answer:?}");
    let against = &answer.commits[0].against;
    let says = format!("{reverted} says that it reverts it");
    assert!(against.iter().any(|line| line.contains(&says)), "{against:?}");

    let reapplied = world.commit(&[reverted], &carried(&redone, again), &[("a", &fixed), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], reapplied), Verdict::Present);
    // Its message says that it is undone, and it is not.
    let not = world.commit(&[picked], &carried(&undone, revert), &[("a", &fixed), ("v", "2\n")]);
    assert_eq!(world.verdict(&[fix], not), Verdict::Unproven);
    let question = Question {
        fixes: vec![fix],
        ignore_trailers: true,
        ..Question::default()
    };
    let answer = assess(&world.repository, &question, not).expect("an answer");
    assert_eq!(answer.verdict, Verdict::Present, "the message is not read");
}

#[test]
fn a_revert_that_was_carried_names_the_request_of_the_fix() {
    let world = World::new();
    let (fixed, own) = (A.replace("two", "zwei"), A.replace("two", "two and a half"));
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "Check it (#12)", &[("a", &fixed)]);
    let maint = world.commit(&[base], "maint", &[("a", &own), ("v", "1\n")]);
    let picked = world.commit(&[maint], "[2.x] Check it (#12) (#40)", &[("a", &fixed), ("v", "1\n")]);
    for (title, verdict) in [
        ("[2.x] Revert \"Check it (#12)\" (#41) (#45)", Verdict::Reverted),
        ("[2.x] Revert \"Check that (#13)\" (#41) (#45)", Verdict::Missing),
    ] {
        let tip = world.commit(&[picked], title, &[("a", A), ("v", "1\n")]);
        assert_eq!(world.verdict(&[fix], tip), verdict, "{title}");
    }
    let undone = "[2.x] Revert \"Check it (#12)\" (#41) (#45)";
    let undone = world.commit(&[picked], undone, &[("a", A), ("v", "1\n")]);
    let redone = "[2.x] Revert \"Revert \"Check it (#12)\" (#41)\" (#42) (#46)";
    let redone = world.commit(&[undone], redone, &[("a", &fixed), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], redone), Verdict::Present);
}

#[test]
fn what_stands_of_a_commit_that_was_reverted_does_not_hide_that_it_was() {
    let world = World::new();
    let fixed = A.replace("two", "zwei").replace("eight", "acht");
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "fix", &[("a", &fixed)]);
    let maint = world.commit(&[base], "maint", &[("a", A), ("b", "1\n"), ("c", "1\n")]);
    let carried = format!("fix\n\n(cherry picked from commit {fix})");
    // It brings more than the fix, and that stays.
    let more = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    let picked = world.commit(&[maint], &carried, &[("a", &fixed), ("b", more), ("c", more)]);
    let undone = format!("Revert \"fix\"\n\nThis reverts commit {picked}.");
    let reverted = world.commit(&[picked], &undone, &[("a", A), ("b", more), ("c", more)]);
    assert_eq!(world.verdict(&[fix], reverted), Verdict::Reverted);
}

#[test]
fn a_backport_that_was_reverted_stays_so_where_its_place_was_written_anew() {
    let world = World::new();
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "fix", &[("a", &A.replace("two", "zwei"))]);
    let maint = world.commit(&[base], "maint", &[("a", A), ("v", "1\n")]);
    let picked = world.commit(&[maint], "fix", &[("a", &A.replace("two", "zwei")), ("v", "1\n")]);
    let anew = A.replace("one\ntwo\nthree", "this();\nand_that();\nand_more();");
    let silent = world.commit(&[picked], "Write it anew", &[("a", &anew), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], silent), Verdict::Unproven);
    let undone = format!("Revert \"fix\"\n\nThis reverts commit {picked}.");
    let undone = world.commit(&[picked], &undone, &[("a", A), ("v", "1\n")]);
    let tip = world.commit(&[undone], "Write it anew", &[("a", &anew), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], tip), Verdict::Reverted);
}

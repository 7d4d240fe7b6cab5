//! Branches on which no commit looks like the backport: what is there by chance, and what is there in other words.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

#[test]
fn a_line_that_others_brought_is_no_part_of_a_fix() {
    let world = World::new();
    let (one, two) = (
        A.replace("one", "eins"),
        A.replace("one", "eins").replace("three", "drei"),
    );
    let fixed = two
        .replace("five", "fuenf")
        .replace("seven", "sieben")
        .replace("nine", "neun");
    let base = world.commit(&[], "base", &[("a", A), ("b", A)]);
    let fix = world.commit(&[base], "fix", &[("a", &fixed), ("b", &A.replace("two", "zwei"))]);
    for (text, verdict) in [
        (A, Verdict::Missing),
        (&one, Verdict::Missing),
        (&two, Verdict::Partial),
    ] {
        let tip = world.commit(&[base], "other", &[("a", text), ("b", A)]);
        assert_eq!(world.verdict(&[fix], tip), verdict, "{text}");
    }
    let tip = world.commit(&[base], "fix", &[("a", &one), ("b", A)]);
    assert_eq!(world.verdict(&[fix], tip), Verdict::Partial, "somebody began it");
}

#[test]
fn what_nobody_looks_to_have_carried_is_missing_in_the_branchs_own_words() {
    let world = World::new();
    let call = |name: &str, more: &str| A.replace("five", &format!("five\ncheck({name}, length{more});"));
    let base = world.commit(&[], "base", &[("a.c", &call("packet", ""))]);
    let fix = world.commit(&[base], "Check it", &[("a.c", &call("packet", " - 1"))]);
    let maint = world.commit(&[base], "maint", &[("a.c", &call("pkt", ""))]);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    // Where it is other code, nobody can tell.
    let other = world.commit(
        &[base],
        "maint",
        &[("a.c", &A.replace("five", "five\nlook_at_all(of, them);"))],
    );
    assert_eq!(world.verdict(&[fix], other), Verdict::Unproven);
    let said = format!("Check it\n\n(cherry picked from commit {fix})");
    // A message that changes nothing is no more than that.
    let empty = world.commit(&[maint], &said, &[("a.c", &call("pkt", ""))]);
    assert_eq!(world.verdict(&[fix], empty), Verdict::Missing);
    // Where somebody says to have done it and did something, a person looks.
    let said = world.commit(&[maint], &said, &[("a.c", &call("pkt", "").replace("two", "zwei"))]);
    assert_eq!(world.verdict(&[fix], said), Verdict::Unproven);
}

#[test]
fn where_the_history_is_cut_nobody_knows_who_carried_it() {
    let world = World::new();
    let call = |name: &str, more: &str| A.replace("five", &format!("five\ncheck({name}, length{more});"));
    let base = world.commit(&[], "base", &[("a.c", &call("packet", ""))]);
    let fix = world.commit(&[base], "Check it", &[("a.c", &call("packet", " - 1"))]);
    let older = world.commit(&[base], "older", &[("a.c", A)]);
    let maint = world.commit(&[older], "maint", &[("a.c", &call("pkt", ""))]);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    let (folder, name) = (older.to_string()[..2].to_owned(), older.to_string()[2..].to_owned());
    std::fs::remove_file(world.repository.path().join("objects").join(folder).join(name)).expect("removed");
    assert_eq!(world.verdict(&[fix], maint), Verdict::Unproven);
}

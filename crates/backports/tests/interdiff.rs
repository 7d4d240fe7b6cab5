//! What people are shown of how a backport differs from the fix.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::World;
use embargod_backports::interdiff;
use git2::Oid;

fn differ(world: &World, one: (Oid, Oid), other: (Oid, Oid)) -> String {
    let tree = |id| {
        let commit = world.repository.find_commit(id).expect("there");
        commit.tree().expect("there")
    };
    let [a, b, c, d] = [one.0, one.1, other.0, other.1].map(tree);
    interdiff(&world.repository, (Some(&a), &b), (Some(&c), &d)).expect("compared")
}

#[test]
fn line_numbers_and_other_surroundings_are_no_difference_and_what_was_left_out_is() {
    let world = World::new();
    let text = |above: usize, line: &str| format!("{}int f(void)\n{{\n{line}}}\n", "/* */\n".repeat(above));
    let fix = ("a.c", text(2, "\tcheck();\n"));
    let old = world.commit(&[], "old", &[("a.c", &text(2, "")), ("b.c", "b\n")]);
    let new = world.commit(&[old], "fix", &[(fix.0, &fix.1), ("b.c", "c\n")]);
    let other = text(400, "");
    let before = world.commit(&[], "stable", &[("a.c", &other), ("b.c", "b\n"), ("v", "1\n")]);
    let picked = [("a.c", text(400, "\tcheck();\n")), ("v", "1\n".to_owned())];
    let after = |b: &str| {
        let files = [(picked[0].0, picked[0].1.as_str()), ("b.c", b), ("v", "1\n")];
        world.commit(&[before], "pick", &files)
    };
    assert_eq!(differ(&world, (old, new), (before, after("c\n"))), "");
    let shown = differ(&world, (old, new), (before, after("b\n")));
    assert!(
        shown.contains("\n-diff --git a/b.c b/b.c\n---- a/b.c\n-+++ b/b.c\n"),
        "{shown}"
    );
}

#[test]
fn names_modes_and_files_without_lines_are_compared_too() {
    let world = World::new();
    let (plain, runs, module) = (0o100_644, 0o100_755, 0o160_000);
    let body = "one\ntwo\nthree\nfour\nfive\nsix\n";
    let id = |digit: &str| digit.repeat(40);
    let base = world.commit_modes(
        &[],
        "base",
        &[("a", body, plain), ("b", "\0b", plain), ("m", &id("1"), module)],
    );
    let commit = |files: &[(&str, &str, u32)]| world.commit_modes(&[base], "next", files);
    let all = commit(&[("c", body, runs), ("b", "\0c", plain), ("m", &id("2"), module)]);
    assert_eq!(differ(&world, (base, all), (base, all)), "");
    for (other, shows) in [
        (
            commit(&[("c", body, plain), ("b", "\0c", plain), ("m", &id("2"), module)]),
            "-new mode 100755",
        ),
        (
            commit(&[("d", body, runs), ("b", "\0c", plain), ("m", &id("2"), module)]),
            "+rename to d",
        ),
        (
            commit(&[("c", body, runs), ("b", "\0d", plain), ("m", &id("2"), module)]),
            "-Binary files differ",
        ),
        (
            commit(&[("c", body, runs), ("b", "\0c", plain), ("m", &id("3"), module)]),
            "-+Subproject commit 2",
        ),
    ] {
        let shown = differ(&world, (base, all), (base, other));
        assert!(shown.contains(shows), "{shows}: {shown}");
    }
}

#[test]
fn what_became_a_text_or_is_gone_is_told_apart() {
    let world = World::new();
    let base = world.commit(&[], "base", &[("a", "\0a"), ("v", "1\n")]);
    let next = |files: &[(&str, &str)]| (base, world.commit(&[base], "next", files));
    let (one, other) = (
        next(&[("a", "one\n"), ("v", "1\n")]),
        next(&[("a", "other\n"), ("v", "1\n")]),
    );
    let gone = next(&[("v", "1\n")]);
    assert_eq!(differ(&world, one, one), "");
    assert!(differ(&world, one, other).contains("+Binary files differ, now "));
    assert!(differ(&world, one, gone).contains("+Binary files differ, now gone"));
}

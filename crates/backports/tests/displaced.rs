//! Branches that have the functions of a file in another order.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::World;
use embargod_backports::Verdict;
use git2::Oid;

/// Functions in this order, each with these lines in it.
fn file(functions: &[(&str, &[&str])]) -> String {
    let function = |(name, lines): &(&str, &[&str])| {
        let open = format!("void {name}(struct queue *queue)\n{{\n    lock_{name}(queue);\n    check_{name}(queue);\n");
        let inside: String = lines.iter().map(|line| format!("    {line}\n")).collect();
        format!("{open}{inside}    count_{name}(queue);\n    unlock_{name}(queue);\n}}\n\n")
    };
    functions.iter().map(function).collect()
}

const ADDED: &str = "reset_all(queue);";
const BEFORE: &str = "wait_for(queue, some);";
const AFTER: &str = "wait_for(queue, all);";

/// What is said of a fix in two functions, at a branch that has them the other way round: in one after the other, whichever of them
/// is found in order.
fn asked(fetch: &[&str], store: &[&str], message: &str) -> Verdict {
    let world = World::new();
    let commit = |parents: &[Oid], message: &str, files: &[(&str, &[&str])]| {
        world.commit(parents, message, &[("a.c", &file(files))])
    };
    let base = commit(&[], "base", &[("fetch", &[]), ("store", &[BEFORE])]);
    let fix = commit(&[base], "fix", &[("fetch", &[ADDED]), ("store", &[AFTER])]);
    let maint = commit(&[], "maint", &[("store", &[BEFORE]), ("fetch", &[])]);
    let tip = commit(&[maint], message, &[("store", store), ("fetch", fetch)]);
    world.verdict(&[fix], tip)
}

#[test]
fn what_a_fix_does_is_found_where_the_functions_stand_in_another_order() {
    assert_eq!(asked(&[ADDED], &[AFTER], "another subject"), Verdict::Present);
    assert_eq!(asked(&[], &[BEFORE], "another subject"), Verdict::Missing);
}

#[test]
fn a_function_in_another_order_that_was_forgotten_is_lacking() {
    for message in ["fix", "another subject"] {
        assert_eq!(asked(&[], &[AFTER], message), Verdict::Partial, "{message}");
        assert_eq!(asked(&[ADDED], &[BEFORE], message), Verdict::Partial, "{message}");
    }
}

#[test]
fn lines_that_do_not_stand_together_tell_no_place() {
    let world = World::new();
    let old = file(&[("fetch", &[]), ("store", &[BEFORE])]);
    let base = world.commit(&[], "base", &[("a.c", &old)]);
    let new = file(&[("fetch", &[ADDED]), ("store", &[AFTER])]);
    let fix = world.commit(&[base], "fix", &[("a.c", &new)]);
    let far = "    other();\n".repeat(20);
    let scattered = old
        .lines()
        .rev()
        .map(|line| format!("{line}\n{far}"))
        .collect::<String>();
    let maint = world.commit(&[], "maint", &[("a.c", &scattered.replace("some", "none"))]);
    let answer = world.answer(&[fix], maint);
    let against = answer.commits[0].against.join("\n");
    assert!(against.contains("has no counterpart here"), "{against}");
}

//! Fixes that take lines from one place to another: a backport that only takes them away has half of it.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

const START: &str = "  super_start(service);\n";
const SET: &str = "  running = true;\n";
const GUARD: &str = "  if (thread == NULL && use_thread) {\n";
const REST: &str = "    thread = new_thread();\n    set_daemon(thread);\n  }\n}\n";

fn text(head: &str, lines: &[&str]) -> String {
    format!("{head}void start(int service)\n{{\n{}{REST}", lines.concat())
}

/// What is said of a fix that sets a flag earlier, on a branch of which the file ends up like this.
fn asked(lines: &[&str]) -> (Verdict, Vec<String>) {
    let world = World::new();
    let commit = |parents: &[git2::Oid], message: &str, a: &str, text: &str| {
        world.commit(parents, message, &[("a.c", a), ("start.c", text)])
    };
    let (own, fixed) = ("int of_the_branch;\n\n", A.replace("two", "zwei"));
    let before = [START, GUARD, SET];
    let base = commit(&[], "base", A, &text("", &before));
    let fix = commit(&[base], "Set it earlier", &fixed, &text("", &[START, SET, GUARD]));
    let maint = commit(&[base], "maint", A, &text(own, &before));
    let tip = commit(&[maint], "Set it earlier", &fixed, &text(own, lines));
    let mut answer = world.answer(&[fix], tip);
    (answer.verdict, answer.commits.remove(0).against)
}

#[test]
fn a_line_that_was_only_taken_away_is_half_of_a_move() {
    assert_eq!(asked(&[START, SET, GUARD]).0, Verdict::Present);
    let (verdict, against) = asked(&[START, GUARD]);
    assert_eq!(verdict, Verdict::Unproven, "{against:?}");
    let said = "start.c: a line that the fix moves was only taken away";
    assert!(against.iter().any(|line| line == said), "{against:?}");
    assert!(!asked(&[START, GUARD, SET]).0.is_good());
}

#[test]
fn code_that_the_branch_had_in_another_file_may_come_from_there() {
    let world = World::new();
    let helper = "int helper(int a)\n{\n  check(a);\n  return a + 1;\n}\n";
    let (above, below) = (
        "int above(void)\n{\n  begin();\n}\n",
        "int below(void)\n{\n  finish();\n}\n",
    );
    let commit = |parents: &[git2::Oid], message: &str, one: &str, other: &str| {
        world.commit(parents, message, &[("one.c", one), ("other.c", other)])
    };
    let base = commit(&[], "base", &format!("{above}{below}{helper}"), "int other;\n");
    let moved = format!("{above}{helper}{below}");
    let fix = commit(&[base], "Move it up", &moved, "int other;\n");
    let maint = commit(
        &[base],
        "maint",
        &format!("{above}{below}"),
        &format!("int other;\n{helper}"),
    );
    let tip = commit(&[maint], "Move it up", &moved, "int other;\n");
    assert!(world.verdict(&[fix], tip).is_good());
}

#[test]
fn empty_lines_that_move_are_nothing_to_lose() {
    let world = World::new();
    let commit = |parents: &[git2::Oid], message: &str, one: &str, other: &str| {
        world.commit(parents, message, &[("one.c", one), ("other.c", other)])
    };
    let (own, fixed) = ("int of_the_branch;\n\n", A.replace("two", "zwei"));
    let told = "/*\n * Says what it is.\n * And more.\n */\n";
    let (old, new) = (format!("{told}\nint other;\n"), format!("\n{told}int other;\n"));
    let (here, there) = (format!("{own}{old}"), format!("{own}{}", old.replace("And", "But")));
    let base = commit(&[], "base", A, &old);
    let fix = commit(&[base], "Fix it", &fixed, &new);
    let maint = commit(&[base], "maint", &A.replace("eight\n", "eight\n\n"), &here);
    let tip = commit(&[maint], "Fix it", &fixed, &there);
    assert!(world.verdict(&[fix], tip).is_good());
}

#[test]
fn what_a_fix_moves_and_a_backport_leaves_where_it_was_as_well_is_no_backport_as_it_is() {
    let find = "void drop_edge(int child)\n{\n  lock(child);\n  if (find(child)) {\n";
    let before = format!(
        "{find}    // One more means that nobody refers to it.\n    if (count(child) == 1) {{\n      erase(child);\n      return;\n    }}\n\n    \
         // Otherwise each call takes one away until one is left.\n    take_one_away(child);\n  }}\n}}\n"
    );
    let inside = format!(
        "{find}    if (count(child) > 1) {{\n      // One of several.\n      take_one_away(child);\n    }} else {{\n      // The last one.\n      \
         erase(child);\n    }}\n"
    );
    let after = format!("{inside}  }}\n}}\n");
    let rest = "\n    // Otherwise each call takes one away until one is left.\n    take_one_away(child);\n  }\n}\n";
    let world = World::new();
    let commit = |parents: &[git2::Oid], message: &str, text: &str| world.commit(parents, message, &[("edge.c", text)]);
    let base = commit(&[], "base", &before);
    let fix = commit(&[base], "fix", &after);
    let maint = commit(&[], "maint", &before);
    let message = format!("fix\n\n(cherry picked from commit {fix})");
    assert_eq!(
        world.verdict(&[fix], commit(&[maint], &message, &after)),
        Verdict::Present
    );
    let twice = commit(&[maint], &message, &format!("{inside}{rest}"));
    assert_eq!(world.verdict(&[fix], twice), Verdict::Adapted);
}

#[test]
fn a_line_that_a_fix_moves_is_in_one_place() {
    let world = World::new();
    let service = |first: &str, second: &str| {
        format!(
            "if (!try_lock(&lock))\n\treturn 0;\nif (!started) {{\n\t{first}\n\t{second}\n}}\nstats = &all;\nwork(stats);\n"
        )
    };
    let (one, other) = (
        service("return 0;", "unlock(&lock);"),
        service("unlock(&lock);", "return 0;"),
    );
    for (before, after) in [(&one, &other), (&other, &one)] {
        let base = world.commit(&[], "base", &[("a.c", before)]);
        let fix = world.commit(&[base], "Unlock it", &[("a.c", after)]);
        let own = |text: &str| text.replace("stats = &all", "stats = &some");
        let maint = world.commit(&[base], "maint", &[("a.c", &own(before))]);
        assert_eq!(world.verdict(&[fix], maint), Verdict::Missing, "{before}");
        let picked = world.commit(&[maint], "Unlock it", &[("a.c", &own(after))]);
        assert_eq!(world.verdict(&[fix], picked), Verdict::Present, "{after}");
    }
}

#[test]
fn a_line_that_a_fix_brings_and_takes_away_is_found_on_each_side() {
    let world = World::new();
    let reset = "\tint ret = 0;\n\n\tif (level == FUNCTION) {\n\t\tret = send(hw, RESET,\n\t\t\t\t0, true);\n\t}\n";
    let old = format!("int reset(hw)\n{{\n{reset}\tstore(&hw->disabled, 1, RELAXED);\n\n\treturn ret;\n}}\n");
    let new = old.replace("ret = 0;", "ret;").replace("return ret;", "return 0;");
    let new = new.replace("true);\n", "true);\n\t\tif (ret)\n\t\t\treturn ret;\n");
    let base = world.commit(&[], "base", &[("a.c", &old)]);
    let fix = world.commit(&[base], "Stop it", &[("a.c", &new)]);
    let own = |text: &str| text.replace("store(&hw->disabled, 1, RELAXED)", "set(&hw->disabled, 1)");
    let maint = world.commit(&[base], "maint", &[("a.c", &own(&old))]);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    let picked = world.commit(&[maint], "Stop it", &[("a.c", &own(&new))]);
    assert_eq!(world.verdict(&[fix], picked), Verdict::Present);
}

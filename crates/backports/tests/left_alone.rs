//! Places where the very lines before the fix stand: only what the branch does there in its own way tells that they were not forgotten.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::World;
use embargod_backports::Verdict;

/// A file of sixty lines, with some after the first ones of these numbers.
fn file(more: &[(usize, &str)]) -> String {
    let line = |number| {
        let after = more.iter().filter(move |(after, _)| *after == number);
        let more: String = after.map(|(_, text)| (*text).to_owned()).collect();
        format!("line_{number}(queue);\n{more}")
    };
    (1..=60).map(line).collect()
}

/// What is said of a fix at a backport that leaves this.
fn asked(fix: &str, backport: &str) -> Verdict {
    asked_of(&file(&[]), fix, backport)
}

/// The same of a file that was this before both.
fn asked_of(before: &str, fix: &str, backport: &str) -> Verdict {
    let world = World::new();
    let commit = |parents: &[git2::Oid], message: &str, text: &str| world.commit(parents, message, &[("a.c", text)]);
    let base = commit(&[], "base", before);
    let fix = commit(&[base], "fix", fix);
    let maint = commit(&[], "maint", before);
    let tip = commit(&[maint], &format!("fix\n\n(cherry picked from commit {fix})"), backport);
    world.verdict(&[fix], tip)
}

#[test]
fn lines_of_the_fix_near_by_are_no_other_way_to_do_it() {
    let lock = "lock(queue);\nwait(queue);\nmark(queue);\n";
    let fix = file(&[(10, lock), (14, "unlock(queue);\n")]);
    assert_eq!(asked(&fix, &fix), Verdict::Present);
    let part = "lock(queue);\nwait(queue);\n";
    assert_eq!(asked(&fix, &file(&[(10, part)])), Verdict::Partial);
    let own = format!("{part}mark_and_unlock_later(queue);\n");
    assert_eq!(asked(&fix, &file(&[(10, &own)])), Verdict::Adapted);
}

#[test]
fn what_a_fix_removes_is_not_gone_because_what_it_adds_is_elsewhere() {
    let added = "first(queue);\nsecond(queue);\nthird(queue);\n";
    let fix = file(&[(20, added), (50, "other(queue);\n")]).replace("line_20(queue);\n", "");
    let elsewhere = file(&[(35, added), (50, "other(queue);\n")]);
    assert_eq!(asked(&fix, &elsewhere), Verdict::Partial);
    let gone = elsewhere.replace("line_20(queue);\n", "");
    assert_eq!(asked(&fix, &gone), Verdict::Adapted);
}

#[test]
fn lines_of_which_some_are_gone_and_most_are_not_are_a_question() {
    let whole = file(&[(50, "other(queue);\n")]);
    let without = |lines: std::ops::RangeInclusive<usize>, own: &str| {
        let removed: String = lines.map(|number| format!("line_{number}(queue);\n")).collect();
        whole.replace(&removed, own)
    };
    let fix = without(20..=25, "");
    assert_eq!(asked(&fix, &fix), Verdict::Present);
    assert_eq!(asked(&fix, &without(20..=21, "")), Verdict::Unproven);
    assert_eq!(
        asked(&fix, &without(20..=21, "skip_lines_unless_wanted(queue);\n")),
        Verdict::Adapted
    );
}

#[test]
fn a_line_between_brackets_is_found_where_it_was() {
    let brackets = "}\n".repeat(20);
    let whole = |line: &str, other: &str| format!("{brackets}{line}{brackets}{}", file(&[(50, other)]));
    let before = whole("stop_all(queue);\n", "");
    let fix = whole("", "other(queue);\n");
    assert_eq!(asked_of(&before, &fix, &fix), Verdict::Adapted);
    let forgotten = whole("stop_all(queue);\n", "other(queue);\n");
    assert_eq!(asked_of(&before, &fix, &forgotten), Verdict::Partial);
}

#[test]
fn a_line_that_a_fix_brings_twice_and_a_backport_once_is_in_one_place() {
    let stop = "stop(queue);\n";
    let before = file(&[]).replace("line_20(queue);\n", "if (queue) line_20(queue);\n");
    let main = before.replace("if (queue) line_20(queue);\n", "case QUEUE: line_20(queue); break;\n");
    let fix = main.replace(
        "case QUEUE: line_20(queue); break;\n",
        "case QUEUE:\nstop(queue);\nline_20(queue);\nbreak;\n",
    );
    let fix = fix.replace("line_50(queue);\n", &format!("line_50(queue);\n{stop}"));
    let once = before.replace(
        "if (queue) line_20(queue);\n",
        "if (queue) {\nstop(queue);\nline_20(queue);\n}\n",
    );
    let twice = once.replace("line_50(queue);\n", &format!("line_50(queue);\n{stop}"));
    let asked = |backport: &str| {
        let world = World::new();
        let commit =
            |parents: &[git2::Oid], message: &str, text: &str| world.commit(parents, message, &[("a.c", text)]);
        let base = commit(&[], "base", &main);
        let fix = commit(&[base], "fix", &fix);
        let maint = commit(&[], "maint", &before);
        let tip = commit(&[maint], &format!("fix\n\n(cherry picked from commit {fix})"), backport);
        world.verdict(&[fix], tip)
    };
    assert_eq!(asked(&twice), Verdict::Adapted);
    assert_eq!(asked(&once), Verdict::Partial);
}

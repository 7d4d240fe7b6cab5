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
    asked_between((before, fix), (before, backport))
}

/// The same of a file before and after the fix, and before and after the backport.
fn asked_between(main: (&str, &str), branch: (&str, &str)) -> Verdict {
    let world = World::new();
    let commit = |parents: &[git2::Oid], message: &str, text: &str| world.commit(parents, message, &[("a.c", text)]);
    let base = commit(&[], "base", main.0);
    let fix = commit(&[base], "fix", main.1);
    let maint = commit(&[], "maint", branch.0);
    let tip = commit(&[maint], &format!("fix\n\n(cherry picked from commit {fix})"), branch.1);
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
    let with = |line_20: &str| file(&[]).replace("line_20(queue);\n", line_20);
    let also = |text: &str| text.replace("line_50(queue);\n", "line_50(queue);\nstop(queue);\n");
    let main = with("case QUEUE: line_20(queue); break;\n");
    let fix = also(&with("case QUEUE:\nstop(queue);\nline_20(queue);\nbreak;\n"));
    let branch = with("if (queue) line_20(queue);\n");
    let once = with("if (queue) {\nstop(queue);\nline_20(queue);\n}\n");
    let asked = |backport: &str| asked_between((&main, &fix), (&branch, backport));
    assert_eq!(asked(&also(&once)), Verdict::Adapted);
    assert_eq!(asked(&once), Verdict::Partial);
}

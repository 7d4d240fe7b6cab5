//! Files that a backport leaves alone, and whose lines are older than those that the fix changes: they were forgotten.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::{Answer, Verdict};

/// What is said of a fix to this line of a second file, on a branch that has another line there and leaves it alone.
fn asked(fix: [&str; 2], on_branch: &str) -> Verdict {
    answer(fix, on_branch).verdict
}

fn answer(fix: [&str; 2], on_branch: &str) -> Answer {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let text = |lines: &str| {
        format!("int lock(const struct settings *settings)\n{{\n  int attempts = 3;\n{lines}\n  return attempts;\n}}\n")
    };
    let commit = |parents: &[git2::Oid], message: &str, a: &str, lines: &str| {
        world.commit(parents, message, &[("a.c", a), ("lock.c", &text(lines))])
    };
    let base = commit(&[], "base", A, fix[0]);
    let fix = commit(&[base], "fix", &fixed, fix[1]);
    let maint = commit(&[base], "maint", A, on_branch);
    world.answer(&[fix], commit(&[maint], "fix", &fixed, on_branch))
}

#[test]
fn a_line_with_the_words_that_the_fix_takes_away_was_forgotten() {
    let fix = [
        "  std::this_thread::pause_for(std::chrono::microseconds(settings.RetryGap));",
        "  std::this_thread::pause_for(std::chrono::microseconds(settings.retryGap));",
    ];
    let older = answer(fix, "  xpause(settings.RetryGap);");
    assert_eq!(older.verdict, Verdict::Unproven);
    let said = "lock.c:4 is older than the state before the fix";
    let against = &older.commits[0].against;
    assert!(against.iter().any(|line| line.starts_with(said)), "{against:?}");
    // It has the words that the fix brings, or none of either.
    assert_eq!(asked(fix, "  xpause(settings.retryGap);"), Verdict::Adapted);
    assert_eq!(asked(fix, "  xpause(TEN);"), Verdict::Adapted);
    assert_eq!(
        asked(fix, "  xpause(settings.RetryGap + settings.retryGap);"),
        Verdict::Adapted
    );
    // Something else took so much room that a word in it says nothing.
    let much = "  step(settings.RetryGap);\n  other_step();\n  third_step();\n  fourth_step();\n  last_step();";
    assert_eq!(asked(fix, much), Verdict::Adapted);
}

#[test]
fn a_list_that_is_shorter_was_forgotten() {
    let fix = [
        "SOURCES = strings.c xpath.c client.c alerts.c \\\n          operations.c pid.c results.c",
        "SOURCES = strings.c xpath.c client.c alerts.c \\\n          operations.c pid.c results.c agents.c",
    ];
    let list = |last: &str| format!("SOURCES = strings.c xpath.c client.c alerts.c{last}");
    assert_eq!(asked(fix, &list(" \\\n          operations.c")), Verdict::Unproven);
    assert_eq!(asked(fix, &list("")), Verdict::Unproven);
    // Entries of its own, or those that the fix brings.
    assert_eq!(asked(fix, &list(" \\\n          own.c")), Verdict::Adapted);
    assert_eq!(asked(fix, &list(" \\\n          agents.c")), Verdict::Adapted);
}

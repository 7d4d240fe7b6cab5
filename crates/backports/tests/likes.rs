//! Fixes whose lines stand around their places as well: what was there before is not what they bring.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

/// A fix changes a file that a branch has as well, beside another one; a backport brings the other one and leaves this one in some
/// state.
fn asked(before: &str, after: &str, tips: &[(&str, Verdict)]) {
    asked_of(before, before, after, tips);
}

/// The same of a branch that has the file in a state of its own.
fn asked_of(branch: &str, before: &str, after: &str, tips: &[(&str, Verdict)]) {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    // Above, the branch has something of its own.
    let (main, own) = (
        |text: &str| format!("of main\n{text}"),
        |text: &str| format!("of the branch\n{text}"),
    );
    let base = world.commit(&[], "base", &[("a.c", A), ("b.h", &main(before))]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("b.h", &main(after))]);
    let maint = world.commit(&[base], "maint", &[("a.c", A), ("b.h", &own(branch))]);
    for (text, verdict) in tips {
        let tip = world.commit(&[maint], "fix", &[("a.c", &fixed), ("b.h", &own(text))]);
        let answer = world.answer(&[fix], tip);
        assert_eq!(answer.verdict, *verdict, "{text}\n{answer:#?}");
    }
}

#[test]
fn a_line_that_is_doubled_is_not_the_one_that_was_there() {
    let before = "context(\n    state,\n    state.statement,\n    params,\n    store)\n";
    let after = before.replace("    params", "    state.statement,\n    params");
    let elsewhere = format!("first\n{}", after.replace("store", "this.store"));
    asked(
        before,
        &after,
        &[
            (before, Verdict::Partial),
            (&after, Verdict::Present),
            (&elsewhere, Verdict::Present),
        ],
    );
    // And the other way round: one of two is to go.
    asked(
        &after,
        before,
        &[(&after, Verdict::Partial), (before, Verdict::Present)],
    );
}

#[test]
fn the_end_of_a_declaration_is_not_the_next_one() {
    let rest = "  char const *remote,\n  char const *ref,\n  cancellable *at,\n  error **failure);\n";
    let declared = |name: &str| format!("int {name}(thing *self,\n{rest}");
    let (first, last) = (declared("remove_all"), declared("update_exports"));
    let before = format!("{first}{last}");
    let after = format!("{first}{}{last}", declared("remove_one"));
    asked(
        &before,
        &after,
        &[(&before, Verdict::Partial), (&after, Verdict::Present)],
    );
}

#[test]
fn an_item_of_a_list_is_there_where_the_next_one_is_not() {
    let item = |text: &str| format!("<item>\n  <para>\n    {text}\n    {text} as well\n  </para>\n</item>\n");
    let [one, two, three] = ["the first one", "the second one", "the third one"].map(item);
    let (before, after) = (format!("{one}{three}"), format!("{one}{two}{three}"));
    asked(
        &before,
        &after,
        &[(&before, Verdict::Partial), (&after, Verdict::Present)],
    );
    let whole = format!("{two}{three}");
    let tips = [(three.as_str(), Verdict::Partial), (whole.as_str(), Verdict::Present)];
    asked_of(&three, &before, &after, &tips);
    // The ends of the items are taken for those of the third one, which is not there.
    let whole = format!("{one}{two}");
    let tips = [(one.as_str(), Verdict::Partial), (whole.as_str(), Verdict::Adapted)];
    asked_of(&one, &before, &after, &tips);
}

#[test]
fn an_empty_line_is_no_part_of_what_happens_to_a_bracket() {
    let before = "if (ready)\n{\n  start(one);\n}\n\n  update(two);\n\n  leave(three);\n";
    let after = "if (ready)\n{\n  start(one);\n\n\n  update(two);\n}\n\n  leave(three);\n";
    let closed_twice = "if (ready)\n{\n  start(one);\n}\n\n  update(two);\n}\n\n  leave(three);\n";
    let never_closed = "if (ready)\n{\n  start(one);\n\n  update(two);\n\n  leave(three);\n";
    for half in [closed_twice, never_closed] {
        asked(before, after, &[(half, Verdict::Partial)]);
    }
    asked(before, after, &[(after, Verdict::Present)]);
}

#[test]
fn where_lines_are_broken_is_no_part_of_a_fix_that_does_more() {
    let call = "  call(first,\n    second);\n";
    let joined = "  call(first, second);\n";
    let file = |call: &str, size: &str| format!("begin();\n{call}settle();\nwait();\ncheck({size});\n");
    asked(
        &file(call, "0"),
        &file(joined, "length"),
        &[
            (&file(call, "length"), Verdict::Present),
            (&file(joined, "length"), Verdict::Present),
            (&file(joined, "0"), Verdict::Partial),
        ],
    );
    // Alone, it is what the fix is about.
    asked(
        &file(call, "0"),
        &file(joined, "0"),
        &[
            (&file(call, "0"), Verdict::Partial),
            (&file(joined, "0"), Verdict::Present),
        ],
    );
}

#[test]
fn the_years_of_a_copyright_are_no_part_of_a_fix_that_does_more() {
    let file = |years: &str, size: &str| format!("/* Copyright (C) {years} A */\nbegin();\nwait();\ncheck({size});\n");
    let asked = |after: &str, tips: &[(&str, Verdict)]| asked(&file("2018-2020", "0"), after, tips);
    asked(
        &file("2018-2021", "length"),
        &[
            (&file("2018-2020", "length"), Verdict::Present),
            (&file("2018-2021", "0"), Verdict::Partial),
        ],
    );
    // Alone, or beside where lines are broken, they are what the fix is about.
    let broken = |years: &str| file(years, "0").replace("begin();", "begin(one,\n  two);");
    let joined = |years: &str| file(years, "0").replace("begin();", "begin(one, two);");
    asked_of(
        &broken("2018-2020"),
        &broken("2018-2020"),
        &joined("2018-2021"),
        &[
            (&broken("2018-2020"), Verdict::Partial),
            (&broken("2018-2021"), Verdict::Adapted),
        ],
    );
    asked(
        &file("2018-2021", "0"),
        &[
            (&file("2018-2020", "0"), Verdict::Partial),
            (&file("2018-2021", "0"), Verdict::Present),
        ],
    );
}

//! Backports of which no line is the fix's, because the branch has these lines in other words: the same words come and go.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

/// The file of a branch: main has other names for the same.
fn file(find: &str, sizes: [&str; 2]) -> String {
    let [one, two] = sizes;
    format!(
        "int lookup(void)\n{{\n  prepare();\n  {find}(table, {one});\n  settle();\n  {find}(list, {two});\n  finish();\n}}\n"
    )
}

/// What is said of a fix that makes both lengths those of a table, on a branch whose backport has this message and does this.
fn verdict(message: &str, backport: &str) -> Verdict {
    let world = World::new();
    let commit = |parents: &[git2::Oid], message: &str, text: &str| world.commit(parents, message, &[("a.c", text)]);
    let base = commit(&[], "base", &file("find_any", ["0", "0"]));
    let maint = commit(&[base], "maint", &file("find_first", ["0", "0"]));
    let fix = commit(&[base], "Fix the lengths", &file("find_any", ["length", "length"]));
    let message = message.replace("FIX", &fix.to_string());
    world.verdict(&[fix], commit(&[maint], &message, backport))
}

#[test]
fn a_backport_that_changes_the_same_words_in_other_lines_is_adapted() {
    let whole = file("find_first", ["length", "length"]);
    for message in ["Fix the lengths", "Fix the lengths\n\n(cherry picked from commit FIX)"] {
        assert_eq!(verdict(message, &whole), Verdict::Adapted, "{message}");
    }
    let broken = whole.replace("(list, ", "(\n      list,\n      ");
    assert_eq!(verdict("Fix the lengths", &broken), Verdict::Adapted);
}

#[test]
fn what_the_branch_still_has_in_another_file_may_be_changed_there() {
    let world = World::new();
    let whole = |text: &str| file("find_any", [text, text]);
    let rest = "int other(void)\n{\n  begin();\n  end();\n}\n";
    let commit = |parent: Option<git2::Oid>, message: &str, files: [&str; 2]| {
        world.commit(
            parent.as_slice(),
            message,
            &[("lookup.c", files[0]), ("table.c", files[1])],
        )
    };
    let old = format!("{rest}{}", whole("0"));
    let maint = commit(None, "base", [rest, &old]);
    let split = commit(Some(maint), "split", [&format!("{rest}{}", whole("0")), rest]);
    let fix = commit(
        Some(split),
        "Fix the lengths",
        [&format!("{rest}{}", whole("length")), rest],
    );
    let trailer = format!("\n\n(cherry picked from commit {fix})");
    let picked = |subject: &str, text: &str| {
        let message = format!("{subject}{trailer}");
        world.verdict(&[fix], commit(Some(maint), &message, [rest, &format!("{rest}{text}")]))
    };
    assert_eq!(picked("Fix the lengths", &whole("length")), Verdict::Adapted);
    assert_eq!(picked("Mend it", &whole("length")), Verdict::Unproven);
    for half in [["length", "0"], ["0", "length"]] {
        let verdict = picked("Fix the lengths", &file("find_any", half));
        assert!(!verdict.is_good(), "{half:?}: {verdict:?}");
    }
}

#[test]
fn what_was_changed_in_another_file_may_be_taken_back_there() {
    let world = World::new();
    let places = |lines: usize, is_done: &dyn Fn(usize) -> bool| -> String {
        let size = |number| if is_done(number) { "length" } else { "0" };
        let line = |number, line| format!("find_{number}_{line}(table, {});\n", size(number));
        let place = |number| (0..lines).map(|at| line(number, at)).collect::<String>();
        (0..12)
            .map(|number| format!("settle_{number}();\n{}", place(number)))
            .collect()
    };
    // The branch has the fix's file with other functions in it, or does not have it; blocks are short, or too long for words.
    for (lookup, lines) in [(&[("lookup.c", A)][..], 1), (&[], 1), (&[], 31)] {
        let [none, all, most] = [
            places(lines, &|_| false),
            places(lines, &|_| true),
            places(lines, &|number| number != 3),
        ];
        let commit = |parent: Option<git2::Oid>, message: &str, table: &str| {
            let files = [lookup, &[("table.c", table)]].concat();
            world.commit(parent.as_slice(), message, &files)
        };
        let base = commit(None, "base", &none);
        let moved = |text: &str| [A, text].concat();
        let split = world.commit(&[base], "split", &[("lookup.c", &moved(&none)), ("table.c", "")]);
        let files = [("lookup.c", &*moved(&all)), ("table.c", "")];
        let fix = world.commit(&[split], "Fix the lengths", &files);
        let message = format!("Fix the lengths\n\n(cherry picked from commit {fix})");
        let picked = commit(Some(base), &message, &all);
        let kept = commit(Some(picked), "Go on", &[&all, "\nmore();\n"].concat());
        assert_eq!(world.verdict(&[fix], kept), Verdict::Adapted, "{lookup:?}");
        let undone = world.verdict(&[fix], commit(Some(picked), "Tidy up", &most));
        assert!(!undone.is_good(), "{lookup:?}: {undone:?}");
    }
}

#[test]
fn who_says_to_have_carried_the_fix_and_did_something_else_is_asked_about() {
    let world = World::new();
    let other = |text: &str| [A, text].concat();
    let commit = |parent: Option<git2::Oid>, message: &str, files: [&str; 2]| {
        world.commit(parent.as_slice(), message, &[("a.c", files[0]), ("b.c", files[1])])
    };
    let base = commit(None, "base", [A, A]);
    let fix = commit(Some(base), "Fix it", [&other("barrier();\n"), A]);
    let message = format!("Fix it\n\n(cherry picked from commit {fix})");
    let picked = |files: [&str; 2]| commit(Some(base), &message, files);
    let fenced = other("asm volatile (\"lfence\");\n");
    let named = |files: [&str; 2]| {
        commit(
            Some(base),
            &format!("Go on\n\n(cherry picked from commit {fix})"),
            files,
        )
    };
    for files in [[&fenced, A], [A, &fenced]] {
        assert_eq!(world.verdict(&[fix], picked(files)), Verdict::Unproven, "{files:?}");
        assert_eq!(world.verdict(&[fix], named(files)), Verdict::Unproven, "{files:?}");
    }
    // The same with nothing that it does is a message and no more.
    assert_eq!(world.verdict(&[fix], picked([A, A])), Verdict::Missing);
    assert_eq!(world.verdict(&[fix], named([A, A])), Verdict::Missing);
    let undone = commit(Some(picked([&fenced, A])), "Tidy up", [A, A]);
    assert_eq!(world.verdict(&[fix], undone), Verdict::Missing);
}

#[test]
fn where_only_an_id_says_so_a_person_weighs_the_words() {
    let whole = file("find_first", ["length", "length"]);
    let message = "Mend it\n\n(cherry picked from commit FIX)";
    assert_eq!(verdict(message, &whole), Verdict::Unproven);
}

#[test]
fn each_place_of_a_backport_stands_for_one_of_the_fix() {
    for sizes in [["length", "0"], ["0", "length"], ["0", "0"], ["size", "length"]] {
        let verdict = verdict("Fix the lengths", &file("find_first", sizes));
        assert!(!verdict.is_good(), "{sizes:?}: {verdict:?}");
    }
}

#[test]
fn a_title_alone_may_be_that_of_another_change() {
    let world = World::new();
    let pom = |head: &str, version: &str| format!("{head}\n<project>\n  <version>{version}</version>\n</project>\n");
    let commit =
        |parents: &[git2::Oid], message: &str, text: &str| world.commit(parents, message, &[("pom.xml", text)]);
    let title = "Bump the library";
    let base = commit(&[], "base", &pom("<!-- -->", "5.10.2"));
    let fix = commit(&[base], title, &pom("<!-- -->", "5.10.3"));
    for (was, is, verdict) in [
        ("5.10.2", "5.11.4", Verdict::Unproven),
        ("5.9.2", "5.9.3", Verdict::Unproven),
        ("5.10.2", "5.10.3", Verdict::Present),
    ] {
        let maint = commit(&[base], "maint", &pom("<!-- of the branch -->", was));
        let tip = commit(&[maint], title, &pom("<!-- of the branch -->", is));
        assert_eq!(world.verdict(&[fix], tip), verdict, "{was} to {is}");
    }
    let maint = commit(&[base], "maint", &pom("<!-- of the branch -->", "5.10.2"));
    let named = format!("{title}\n\n(cherry picked from commit {fix})");
    let tip = commit(&[maint], &named, &pom("<!-- of the branch -->", "5.11.4"));
    assert_eq!(world.verdict(&[fix], tip), Verdict::Adapted);
}

#[test]
fn a_sign_that_comes_in_a_line_in_other_words_is_adapted_where_more_than_a_title_says_so() {
    let world = World::new();
    let file = |limit: &str| format!("int check(void)\n{{\n  prepare();\n  {limit}\n    return -1;\n  settle();\n}}\n");
    let commit =
        |parents: &[git2::Oid], message: &str, limit: &str| world.commit(parents, message, &[("a.c", &file(limit))]);
    let base = commit(&[], "base", "if (table->length < offset)");
    let fix = commit(&[base], "Fix it", "if (table->length <= offset)");
    let maint = commit(&[base], "maint", "if (list->length < offset)");
    let message = format!("Fix it\n\n(cherry picked from commit {fix})");
    for (message, limit, verdict) in [
        (&*message, "if (list->length <= offset)", Verdict::Adapted),
        ("Fix it", "if (list->length <= offset)", Verdict::Unproven),
        (&message, "if (list->length > offset)", Verdict::Unproven),
        (&message, "abort();", Verdict::Unproven),
    ] {
        let tip = commit(&[maint], message, limit);
        assert_eq!(world.verdict(&[fix], tip), verdict, "{message}: {limit}");
    }
}

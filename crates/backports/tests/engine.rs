//! The engine on repositories that are made here: what the tip shows, and what the history adds to it.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::{EngineError, Question, Verdict, assess};
use git2::Oid;

#[test]
fn the_tip_decides() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let far = A.replace("nine", "neun");
    let both = fixed.replace("nine", "neun");
    let base = world.commit(&[], "base", &[("a", A), ("b", A)]);
    let fix = world.commit(&[base], "fix", &[("a", &fixed), ("b", &fixed)]);
    let maint = world.commit(&[base], "maint", &[("a", &far), ("b", A)]);
    let picked = world.commit(&[maint], "fix", &[("a", &both), ("b", &fixed)]);
    let half = world.commit(&[maint], "fix", &[("a", &both), ("b", A)]);
    let empty = world.commit(&[maint], "fix", &[("a", &far), ("b", A)]);
    let reverted = world.commit(&[picked], "tidy up", &[("a", &far), ("b", A)]);
    let again = world.commit(&[reverted], "other words", &[("a", &both), ("b", &fixed)]);
    let squashed = world.commit(&[maint], "all at once", &[("a", &both), ("b", &fixed), ("c", "new\n")]);
    let undone_on_main = world.commit(&[fix], "no", &[("a", A), ("b", A)]);
    for (name, tip, wanted) in [
        ("itself", fix, Verdict::Present),
        ("before", maint, Verdict::Missing),
        ("picked", picked, Verdict::Present),
        ("half", half, Verdict::Partial),
        ("the message alone", empty, Verdict::Missing),
        ("undone in silence", reverted, Verdict::Reverted),
        ("picked again", again, Verdict::Present),
        ("by a squash", squashed, Verdict::Present),
        ("undone on main", undone_on_main, Verdict::Reverted),
    ] {
        assert_eq!(world.verdict(&[fix], tip), wanted, "{name}");
    }
    let later = world.commit(&[reverted], "goes on", &[("a", &far), ("b", A), ("c", "new\n")]);
    let answer = world.answer(&[fix], later);
    assert_eq!(answer.verdict, Verdict::Reverted);
    assert!(
        answer.commits[0].against[0].starts_with(&format!("{reverted} undid {picked}")),
        "{answer:?}"
    );
}

#[test]
fn a_file_that_moved_is_found_and_one_that_is_not_there_is_no_proof() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("src/a.c", A), ("b", "other\n")]);
    let fix = world.commit(&[base], "fix", &[("src/a.c", &fixed), ("b", "other\n")]);
    let moved = world.commit(&[], "old tree", &[("lib/a.c", A), ("b", "other\n")]);
    let moved_fixed = world.commit(&[moved], "fix", &[("lib/a.c", &fixed), ("b", "other\n")]);
    let renamed = world.commit(&[base], "renamed", &[("src/z.c", &fixed), ("b", "other\n")]);
    let without = world.commit(&[base], "without", &[("b", "other\n")]);
    for (tip, wanted) in [
        (moved, Verdict::Missing),
        (moved_fixed, Verdict::Present),
        (renamed, Verdict::Present),
        (without, Verdict::Missing),
    ] {
        assert_eq!(world.verdict(&[fix], tip), wanted);
    }
}

#[test]
fn another_file_of_the_same_name_is_not_the_file_moved() {
    let world = World::new();
    let one = ("one/exclude", "debian/patches\n");
    let base = world.commit(&[], "base", &[one]);
    let fix = world.commit(&[base], "another", &[one, ("two/exclude", one.1)]);
    let maint = world.commit(&[base], "maint", &[one, ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    let moved = world.commit(&[base], "elsewhere", &[one, ("three/exclude", one.1)]);
    assert_eq!(world.verdict(&[fix], moved), Verdict::Present);
}

#[test]
fn a_claim_without_content_proves_nothing_and_one_with_other_content_is_adapted() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "fix the second", &[("a", &fixed)]);
    let drift = A.replace("two", "two and a half");
    let old = world.commit(&[base], "drift", &[("a", &drift)]);
    let other_place = format!("{}ten\n", drift);
    let trailer = format!("unlike\n\n(cherry picked from commit {fix})");
    let wrong = world.commit(&[old], &trailer, &[("a", &other_place)]);
    assert_eq!(world.verdict(&[fix], wrong), Verdict::Unproven);
    let two_lines = format!("{A}ten\neleven\n");
    let fix = world.commit(&[base], "fix two", &[("a", &two_lines.replace("two", "zwei"))]);
    let adapted = drift.replace("two and a half", "zwei und ein halb") + "ten\neleven\n";
    let adapted = world.commit(&[old], "fix two", &[("a", &adapted)]);
    assert_eq!(world.verdict(&[fix], adapted), Verdict::Adapted);
    let answer = world.answer(&[fix], adapted);
    let shown = answer.commits[0].range_diff.as_deref().expect("a range-diff");
    assert!(
        shown.contains("+ +zwei und ein halb") || shown.contains("+zwei und ein halb"),
        "{shown}"
    );
    assert_eq!(answer.commits[0].matched, [adapted.to_string()]);
}

#[test]
fn a_revert_that_is_said_is_named_and_its_own_revert_ends_it() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "fix", &[("a", &fixed)]);
    let maint = world.commit(&[base], "maint", &[("a", A), ("v", "1\n")]);
    let picked = world.commit(&[maint], "fix", &[("a", &fixed), ("v", "1\n")]);
    let text = format!("Revert \"fix\"\n\nThis reverts commit {picked}.");
    let reverted = world.commit(&[picked], &text, &[("a", A), ("v", "1\n")]);
    let answer = world.answer(&[fix], reverted);
    assert_eq!(answer.verdict, Verdict::Reverted);
    assert!(
        answer.commits[0].against[0].contains(&reverted.to_string()),
        "{answer:?}"
    );
    let text = format!("Reapply \"fix\"\n\nThis reverts commit {reverted}.");
    let again = world.commit(&[reverted], &text, &[("a", &fixed), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], again), Verdict::Present);
}

#[test]
fn what_happens_to_a_whole_file_is_seen_in_a_backport() {
    let world = World::new();
    let (tool, run) = ("tool.sh", 0o100_755);
    let plain = |text| (tool, text, 0o100_644);
    let base = world.commit_modes(&[], "base", &[("a.c", A, 0o100_644), plain("one\n")]);
    let a = A.replace("nine", "neun");
    let own = ("a.c", a.as_str(), 0o100_644);
    let maint = world.commit_modes(&[base], "maint", &[own, plain("one\n")]);
    for (after, also) in [
        (None, None),
        (Some((tool, "one\n", run)), None),
        (Some(plain("\0\u{1}")), Some("two\n")),
    ] {
        let before = also.map(|text| world.commit_modes(&[base], "edit", &[("a.c", A, 0o100_644), plain(text)]));
        let files: Vec<_> = [("a.c", A, 0o100_644)].into_iter().chain(after).collect();
        let fix = world.commit_modes(&[before.unwrap_or(base)], "fix", &files);
        let files: Vec<_> = [own].into_iter().chain(after).collect();
        let picked = world.commit_modes(&[maint], "fix", &files);
        assert_eq!(world.verdict(&[fix], picked), Verdict::Present, "{after:?}");
        let undone = world.commit_modes(&[picked], "tidy up", &[own, plain("one\n")]);
        assert!(!world.verdict(&[fix], undone).is_good(), "{after:?}");
        let empty = world.commit_modes(&[maint], "fix", &[own, plain("one\n")]);
        assert!(!world.verdict(&[fix], empty).is_good(), "{after:?}");
    }
}

#[test]
fn what_the_rest_of_the_series_takes_back_was_not_undone() {
    let world = World::new();
    let tested = A.replace("two", "two\nnow_tested");
    let fixed = tested.replace("now_tested", "now_right").replace("eight", "acht");
    let failing = "test_of_two\n";
    let base = world.commit(&[], "base", &[("a.c", A), ("b.c", A)]);
    let test = world.commit(
        &[base],
        "test",
        &[("a.c", &tested), ("b.c", &tested), ("known", failing)],
    );
    let fix = world.commit(&[test], "fix", &[("a.c", &fixed), ("b.c", &tested)]);
    let own = A.replace("nine", "neun");
    let (own_tested, own_fixed) = (tested.replace("nine", "neun"), fixed.replace("nine", "neun"));
    let maint = world.commit(&[base], "maint", &[("a.c", &own), ("b.c", &own)]);
    let files = [("a.c", own_tested.as_str()), ("b.c", &own_tested), ("known", failing)];
    let carried = world.commit(&[maint], "test", &files);
    let whole = world.commit(&[carried], "fix", &[("a.c", &own_fixed), ("b.c", &own_tested)]);
    let answer = world.answer(&[test, fix], whole);
    assert_eq!(answer.verdict, Verdict::Present, "{answer:?}");
    for commit in &answer.commits {
        assert!(commit.against.is_empty(), "{:?}", commit.against);
    }
    assert_eq!(world.verdict(&[test, fix], carried), Verdict::Partial);
    // What somebody else takes back, in a file that the rest of the series leaves alone, was undone.
    let undone = world.commit(&[whole], "tidy up", &[("a.c", &own_fixed), ("b.c", &own)]);
    assert!(!world.verdict(&[test, fix], undone).is_good());
}

#[test]
fn a_series_that_changes_its_own_lines_is_looked_at_as_a_whole() {
    let world = World::new();
    let (one, two) = (A.replace("two", "zwei"), A.replace("two", "deux"));
    let base = world.commit(&[], "base", &[("a", A)]);
    let first = world.commit(&[base], "first", &[("a", &one)]);
    let second = world.commit(&[first], "second", &[("a", &two)]);
    let far = |text: &str| text.replace("nine", "neun");
    let maint = world.commit(&[base], "maint", &[("a", &far(A))]);
    let half = world.commit(&[maint], "first", &[("a", &far(&one))]);
    let whole = world.commit(&[half], "second", &[("a", &far(&two))]);
    assert!(!world.verdict(&[first], whole).is_good(), "alone it looks changed");
    assert_eq!(world.verdict(&[first, second], whole), Verdict::Present);
    assert_eq!(world.verdict(&[second, first], whole), Verdict::Present, "in any order");
    assert_eq!(world.verdict(&[first, second], half), Verdict::Partial);
    assert!(!world.verdict(&[first, second], maint).is_good());
}

#[test]
fn what_is_no_text_is_compared_as_it_is() {
    let world = World::new();
    let (one, two) = ("\0one", "\0two");
    let base = world.commit(&[], "base", &[("a", one)]);
    let fix = world.commit(&[base], "fix", &[("a", two)]);
    let other = world.commit(&[base], "other", &[("a", "\0three")]);
    let picked = world.commit(&[other], "by hand", &[("a", two), ("b", "1\n")]);
    assert_eq!(world.verdict(&[fix], base), Verdict::Missing);
    assert_eq!(world.verdict(&[fix], other), Verdict::Unproven);
    assert!(world.verdict(&[fix], picked) <= Verdict::Unproven);
    let runs = world.commit_modes(&[base], "chmod", &[("a", one, 0o100_755)]);
    assert_eq!(world.verdict(&[runs], base), Verdict::Missing);
    assert!(world.verdict(&[runs], runs).is_good());
    let large = "line\n".repeat(3 << 20);
    let huge = world.commit(&[base], "huge", &[("a", &large)]);
    assert_eq!(world.verdict(&[huge], base), Verdict::Missing);
    assert!(world.verdict(&[huge], huge).is_good());
    let name = std::str::from_utf8(b"plain").expect("text");
    let module = world.commit_modes(
        &[base],
        "module",
        &[("a", one, 0o100_644), (name, &"1".repeat(40), 0o160_000)],
    );
    assert!(!world.verdict(&[module], base).is_good());
    assert!(world.verdict(&[module], module).is_good());
}

#[test]
fn merges_and_first_commits_are_what_they_brought() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let root = world.commit(&[], "root", &[("a", A)]);
    let side = world.commit(&[root], "side", &[("a", &fixed)]);
    let other = world.commit(&[root], "main goes on", &[("a", A), ("b", "1\n")]);
    let merge = world.commit(&[other, side], "merge", &[("a", &fixed), ("b", "1\n")]);
    assert_eq!(world.verdict(&[merge], root), Verdict::Missing);
    assert_eq!(world.verdict(&[merge], side), Verdict::Present);
    assert_eq!(
        world.verdict(&[root], side),
        Verdict::Adapted,
        "one line of it was changed since"
    );
    assert_eq!(world.verdict(&[root], other), Verdict::Present);
}

#[test]
fn what_cannot_be_answered_is_an_error() {
    let world = World::new();
    let root = world.commit(&[], "root", &[("a", A)]);
    let empty = world.commit(&[root], "empty", &[("a", A)]);
    let absent = Oid::from_str(&"1".repeat(40)).expect("an id");
    let ask = |fixes: Vec<Oid>, tip| {
        let question = Question {
            fixes,
            ..Question::default()
        };
        assess(&world.repository, &question, tip)
    };
    assert!(matches!(ask(vec![empty], root), Err(EngineError::Empty(_))));
    assert!(matches!(ask(vec![absent], root), Err(EngineError::Repository(_))));
    assert!(matches!(ask(vec![root], absent), Err(EngineError::Repository(_))));
    assert!(matches!(ask(vec![], root), Err(EngineError::NoFix)));
}

#[test]
fn a_forgotten_hunk_is_not_explained_by_the_one_beside_it() {
    let world = World::new();
    // The same change twice in one file, a few lines apart, and an include that a branch may have by itself.
    let fixed = A.replace("two", "zwei").replace("five", "zwei");
    let forgot = A.replace("two", "zwei");
    let with_include = format!("#include <a.h>\n\n{fixed}");
    let base = world.commit(&[], "base", &[("a.c", A)]);
    let fix = world.commit(&[base], "fix", &[("a.c", &with_include)]);
    let maint = world.commit(&[base], "maint", &[("a.c", A), ("v", "1\n")]);
    let trailer = format!("fix\n\n(cherry picked from commit {fix})");
    let pick = |text: &str| world.commit(&[maint], &trailer, &[("a.c", text), ("v", "1\n")]);
    let whole = pick(&fixed);
    assert_eq!(
        world.verdict(&[fix], whole),
        Verdict::Present,
        "an include decides nothing"
    );
    assert_eq!(world.verdict(&[fix], pick(&forgot)), Verdict::Partial);
    // The branch does the first place in its own way, which says nothing of the second.
    let adapted = A.replace("two", "zwei, as here").replace("five", "zwei");
    assert!(world.verdict(&[fix], pick(&adapted)).is_good());
    let undone = world.commit(&[whole], "tidy up", &[("a.c", &forgot), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], undone), Verdict::Partial);
}

#[test]
fn a_forgotten_file_counts_even_where_only_an_include_was_to_change() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let include = format!("#include <a.h>\n{A}");
    let base = world.commit(&[], "base", &[("a.c", A), ("b.c", A)]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("b.c", &include)]);
    let half = world.commit(&[base], "fix", &[("a.c", &fixed), ("b.c", A), ("v", "1\n")]);
    assert_eq!(world.verdict(&[fix], half), Verdict::Partial);
}

#[test]
fn a_hunk_of_an_adapted_backport_that_was_taken_back_leaves_it_partial() {
    let world = World::new();
    let long: String = (0..60).map(|line| format!("statement {line};\n")).collect();
    let at = |text: &str, line: usize, with: &str| text.replace(&format!("statement {line};"), with);
    let rest = |text: &str| {
        at(
            text,
            20,
            "a check;\nof the length;\nthat goes on;\nfor a while;\nand on;\nand then;\nit stays;",
        )
    };
    let fixed = rest(&at(&at(&long, 10, "checked ten;"), 40, "checked forty;"));
    let base = world.commit(&[], "base", &[("a.c", &long)]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed)]);
    let old = at(&long, 10, "old form of ten;");
    let maint = world.commit(&[base], "maint", &[("a.c", &old)]);
    let both = rest(&at(&at(&long, 10, "old form of ten, checked;"), 40, "checked forty;"));
    let adapted = world.commit(&[maint], "fix", &[("a.c", &both)]);
    assert_eq!(world.verdict(&[fix], adapted), Verdict::Adapted);
    let taken_back = rest(&at(&old, 40, "checked forty;"));
    let undone = world.commit(&[adapted], "tidy up", &[("a.c", &taken_back)]);
    let answer = world.answer(&[fix], undone);
    assert_eq!(answer.verdict, Verdict::Partial, "{answer:?}");
    assert!(
        answer.commits[0]
            .against
            .iter()
            .any(|line| line.ends_with("but some of it was taken back")),
        "{answer:?}"
    );
}

#[test]
fn a_silent_undo_is_found_however_far_back_it_is() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a", A)]);
    let fix = world.commit(&[base], "fix", &[("a", &fixed)]);
    for (before, after) in [(0, 0), (0, 7), (5, 0), (3, 12), (13, 2)] {
        let mut at = world.commit(&[base], "maint", &[("a", A), ("v", "0\n")]);
        let count = |at: git2::Oid, text: &str, count: usize| {
            let next = |at, number: usize| world.commit(&[at], "more", &[("a", text), ("v", &format!("{number}\n"))]);
            (1..=count).fold(at, next)
        };
        let picked = world.commit(&[at], "fix", &[("a", &fixed), ("v", "0\n")]);
        at = count(picked, &fixed, before);
        let undone = world.commit(&[at], "tidy up", &[("a", A), ("v", "x\n")]);
        let answer = world.answer(&[fix], count(undone, A, after));
        assert_eq!(answer.verdict, Verdict::Reverted);
        let said = format!("{undone} undid {picked} without saying so");
        assert_eq!(answer.commits[0].against[0], said, "{before} before, {after} after");
    }
}

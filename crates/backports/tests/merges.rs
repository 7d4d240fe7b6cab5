//! A merge as the fix: branches carry the commits that it merges, not the merge.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

#[test]
fn a_merge_is_backported_by_what_it_merges() {
    let world = World::new();
    let (b, plugin) = (A.to_uppercase(), A.replace("one", "plugin"));
    let (fixed_a, fixed_b) = (A.replace("two", "zwei"), b.replace("EIGHT", "ACHT"));
    let fixed_plugin = plugin.replace("five", "fuenf");
    let base = world.commit(&[], "base", &[("a", A), ("b", &b), ("plugin", &plugin)]);
    let first = [("a", fixed_a.as_str()), ("b", &b), ("plugin", &fixed_plugin)];
    let first = world.commit(&[base], "Check the second", &first);
    let all = [("a", fixed_a.as_str()), ("b", &fixed_b), ("plugin", &fixed_plugin)];
    let second = world.commit(&[first], "Check the eighth", &all);
    let other = world.commit(
        &[base],
        "other",
        &[("a", A), ("b", &b), ("plugin", &plugin), ("v", "1\n")],
    );
    let merged = [all.as_slice(), &[("v", "1\n")]].concat();
    let merge = world.commit(&[other, second], "Merge branch 'checks'", &merged);

    // The branch has no plugin: only who carried the commits can say that nothing was forgotten.
    let maint = world.commit(&[base], "maint", &[("a", A), ("b", &b)]);
    let pick = |parent, subject, fix, text: &[(&str, &str)]| {
        let message = format!("{subject}\n\n(cherry picked from commit {fix})");
        world.commit(&[parent], &message, text)
    };
    let half = pick(maint, "Check the second", first, &[("a", &fixed_a), ("b", &b)]);
    let whole = pick(half, "Check the eighth", second, &[("a", &fixed_a), ("b", &fixed_b)]);
    assert_eq!(world.verdict(&[merge], maint), Verdict::Missing);
    assert_eq!(world.verdict(&[merge], half), Verdict::Partial);
    let answer = world.answer(&[merge], whole);
    assert_eq!(answer.verdict, Verdict::Adapted, "{answer:?}");
    assert_eq!(answer.commits[0].matched, [whole, half].map(|id| id.to_string()));
    let words = format!("{half} names a commit that the fix merges");
    let evidence = &answer.commits[0].evidence;
    assert!(evidence.iter().any(|line| line.starts_with(&words)), "{evidence:?}");
    let series = [first, second, merge];
    assert_eq!(
        world.verdict(&series, whole),
        Verdict::Adapted,
        "with the merge among its commits"
    );

    // A branch may merge the same commits itself.
    let both = world.commit(&[maint, second], "Merge branch 'checks' into maint", &all);
    let later = all.map(|(path, text)| (path, if path == "a" { A } else { text }));
    let later = world.commit(&[both], "later", &later);
    let answer = world.answer(&[merge], both);
    assert_eq!(answer.verdict, Verdict::Present);
    assert!(answer.commits[0].matched.contains(&second.to_string()), "{answer:?}");
    assert_eq!(world.verdict(&[merge], later), Verdict::Partial);
}

#[test]
fn a_merged_commit_does_not_stand_for_the_next_one_at_the_same_place() {
    let world = World::new();
    let (once, twice) = (A.replace("two", "two, checked"), A.replace("two", "two, checked twice"));
    let base = world.commit(&[], "base", &[("a.c", A)]);
    let first = world.commit(&[base], "Check", &[("a.c", &once)]);
    let second = world.commit(&[first], "Check twice", &[("a.c", &twice)]);
    let noted = world.commit(&[second], "Note it", &[("a.c", &twice), ("docs/notes.md", "checked\n")]);
    let other = world.commit(&[base], "other", &[("a.c", A), ("v", "1\n")]);
    let all = [("a.c", twice.as_str()), ("docs/notes.md", "checked\n"), ("v", "1\n")];
    let merge = world.commit(&[other, noted], "Merge branch 'checks'", &all);

    let picked = |text: &str| text.replace("three", "drei");
    let maint = world.commit(&[base], "maint", &[("a.c", &picked(A))]);
    let name = |fix| format!("Check\n\n(cherry picked from commit {fix})");
    let half = world.commit(&[maint], &name(first), &[("a.c", &picked(&once))]);
    let whole = world.commit(&[half], &name(second), &[("a.c", &picked(&twice))]);
    let answer = world.answer(&[merge], half);
    assert_eq!(answer.verdict, Verdict::Partial, "{answer:?}");
    let words = format!("{second}, which the fix merges, is missing");
    assert!(answer.commits[0].against.contains(&words), "{answer:?}");
    assert!(
        world.verdict(&[merge], whole).is_good(),
        "notes are no part of what runs"
    );
}

//! What an answer says to people: why it is so, and no more than somebody can read.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

#[test]
fn lines_that_are_gone_prove_nothing_and_that_is_said() {
    let world = World::new();
    let without = A.replace("two\n", "");
    let base = world.commit(&[], "base", &[("a.c", A)]);
    let fix = world.commit(&[base], "Remove it", &[("a.c", &without)]);
    let maint = world.commit(&[], "another start", &[("a.c", &format!("of the branch\n{without}"))]);
    let answer = world.answer(&[fix], maint);
    assert_eq!(answer.verdict, Verdict::Unproven);
    let said = "what the fix removes is gone, but may never have been here: nothing that it adds shows it";
    assert_eq!(answer.commits[0].against, [said]);
}

#[test]
fn of_many_places_some_are_named_and_the_others_counted() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let names: Vec<_> = (10..40).map(|number| format!("tests/{number}.c")).collect();
    let tree = |code: &str, test: &str| -> Vec<(String, String)> {
        let tests = names.iter().map(|name| (name.clone(), test.to_owned()));
        tests.chain([("a.c".to_owned(), code.to_owned())]).collect()
    };
    let commit = |parents: &[git2::Oid], message: &str, files: &[(String, String)]| {
        let files: Vec<_> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        world.commit(parents, message, &files)
    };
    let base = commit(&[], "base", &tree(A, A));
    let fix = commit(&[base], "Fix it", &tree(&fixed, &fixed));
    let maint = commit(&[base], "maint", &tree(&format!("of the branch\n{A}"), A));
    let answer = world.answer(&[fix], maint);
    assert_eq!(answer.verdict, Verdict::Missing);
    let against = &answer.commits[0].against;
    assert!(against[0].starts_with("a.c:2 is as before the fix"), "{against:?}");
    assert!(
        against[1].starts_with("tests/10.c:2 is as before the fix"),
        "{against:?}"
    );
    assert_eq!(against.last().map(String::as_str), Some("20 more places like these"));
    assert_eq!(against.len(), 12, "{against:?}");
}

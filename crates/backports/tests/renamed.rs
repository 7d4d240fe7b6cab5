//! Files that have another name in another folder on a branch: the backport that changes them tells which they are.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

const ON_MAIN: &str = "daemons/fenced/fenced_commands.c";
const ON_BRANCH: &str = "fencing/commands.c";

#[test]
fn a_file_of_another_name_is_found_by_the_backport_that_changes_it() {
    let world = World::new();
    let (one, both) = (
        A.replace("two", "zwei"),
        A.replace("two", "zwei").replace("eight", "acht"),
    );
    let base = world.commit(&[], "base", &[(ON_MAIN, A)]);
    let fix = world.commit(&[base], "fix", &[(ON_MAIN, &both)]);
    let maint = world.commit(&[], "maint", &[(ON_BRANCH, A)]);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    let message = format!("fix\n\n(cherry picked from commit {fix})");
    let whole = world.commit(&[maint], &message, &[(ON_BRANCH, &both)]);
    let answer = world.answer(&[fix], whole);
    assert_eq!(answer.verdict, Verdict::Present);
    let said = format!("{ON_MAIN} is {ON_BRANCH} here");
    assert!(answer.commits[0].evidence.contains(&said), "{answer:?}");
    // A hunk of it that was forgotten is no code that the branch does not have.
    let half = world.commit(&[maint], &message, &[(ON_BRANCH, &one)]);
    assert_eq!(world.verdict(&[fix], half), Verdict::Partial);
    let undone = world.commit(&[whole], "undone", &[(ON_BRANCH, A)]);
    assert_eq!(world.verdict(&[fix], undone), Verdict::Reverted);
}

#[test]
fn what_the_main_branch_has_too_or_is_not_alike_is_another_file() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let unlike = "other\nwords\nin\nall\nits\nlines\none\ntwo\n";
    for (text, is_on_main) in [(A, true), (unlike, false)] {
        let commit = |parents: &[git2::Oid], message: &str, files: &[(&str, &str)], is_there: bool| {
            let other = is_there.then_some((ON_BRANCH, text));
            world.commit(parents, message, &[files, other.as_slice()].concat())
        };
        let base = commit(&[], "base", &[(ON_MAIN, A)], is_on_main);
        let fix = commit(&[base], "fix", &[(ON_MAIN, &fixed)], is_on_main);
        let maint = commit(&[], "maint", &[], true);
        let message = format!("fix\n\n(cherry picked from commit {fix})");
        let tip = world.commit(&[maint], &message, &[(ON_BRANCH, &text.replace("two", "zwei"))]);
        let answer = world.answer(&[fix], tip);
        let said = format!("{ON_MAIN} is {ON_BRANCH} here");
        assert!(!answer.commits[0].evidence.contains(&said), "{answer:?}");
    }
    // Of a file of another kind its content tells that it is the one.
    let other = "scripts/commands.h";
    let base = world.commit(&[], "base", &[(ON_MAIN, A)]);
    let fix = world.commit(&[base], "fix", &[(ON_MAIN, &fixed)]);
    let maint = world.commit(&[], "maint", &[(other, A)]);
    let message = format!("fix\n\n(cherry picked from commit {fix})");
    let tip = world.commit(&[maint], &message, &[(other, &fixed)]);
    assert_eq!(world.verdict(&[fix], tip), Verdict::Present);
}

#[test]
fn a_file_that_a_fix_removes_goes_where_the_branch_has_it() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let folder = |name: &str, a: &str, unix: Option<&str>| {
        let unix = unix.map(|text| (format!("{name}/unix.c"), text.to_owned()));
        [(format!("{name}/a.c"), a.to_owned())]
            .into_iter()
            .chain(unix)
            .collect::<Vec<_>>()
    };
    let commit = |parents: &[git2::Oid], message: &str, files: Vec<(String, String)>| {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        world.commit(parents, message, &files)
    };
    let own = "of\nits\nown\n";
    let base = commit(&[], "base", folder("pkg/docker", A, Some(own)));
    let fix = commit(&[base], "fix", folder("pkg/docker", &fixed, None));
    let maint = commit(&[], "maint", folder("docker", A, Some(own)));
    for message in ["fix", "another subject"] {
        let tip = |unix: Option<&str>| commit(&[maint], message, folder("docker", &fixed, unix));
        assert_eq!(world.verdict(&[fix], tip(None)), Verdict::Present, "{message}");
        assert_eq!(world.verdict(&[fix], tip(Some(own))), Verdict::Partial, "{message}");
        assert_eq!(
            world.verdict(&[fix], tip(Some("another\nfile\n"))),
            Verdict::Present,
            "{message}"
        );
    }
}

#[test]
fn of_a_file_of_another_name_no_file_of_a_third_name_is_a_copy() {
    let world = World::new();
    let header = |lines: &str| format!("{A}{lines}");
    let (old, new) = (
        header("struct memory;\n"),
        header("int secure(void);\nstruct memory;\n"),
    );
    let base = world.commit(&[], "base", &[("lib/mem.h", &old)]);
    let fix = world.commit(&[base], "fix", &[("lib/mem.h", &new)]);
    // Licences are much of such files.
    let text = header("struct text;\n");
    let maint = world.commit(&[], "maint", &[("lib/my_mem.h", &old), ("lib/my_text.h", &text)]);
    let message = format!("fix\n\n(cherry picked from commit {fix})");
    let files = [("lib/my_mem.h", new.as_str()), ("lib/my_text.h", text.as_str())];
    let answer = world.answer(&[fix], world.commit(&[maint], &message, &files));
    assert_eq!(answer.verdict, Verdict::Present, "{answer:?}");
}

#[test]
fn a_title_names_the_fix_where_its_file_is_part_of_another_one() {
    let world = World::new();
    let line = |name: &str, number: usize| format!("{name}_{number}(queue);\n");
    let lines = |name: &str, count: usize| (1..=count).map(|number| line(name, number)).collect::<String>();
    let [part, whole] = ["main", "maint"].map(|name| lines(name, 30) + &lines("part", 20));
    let fixed = |text: &str| text.replace("part_9(queue);\n", "part_9(queue, now);\ncheck_nine(queue);\n");
    let base = world.commit(&[], "base", &[("split/part.c", &part)]);
    let fix = world.commit(&[base], "Check the ninth part", &[("split/part.c", &fixed(&part))]);
    let maint = world.commit(&[], "maint", &[("whole.c", &whole)]);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    let tip = |title: &str, text: &str| world.commit(&[maint], title, &[("whole.c", text)]);
    assert_eq!(
        world.verdict(&[fix], tip("Check the ninth part", &fixed(&whole))),
        Verdict::Adapted
    );
    assert_eq!(
        world.verdict(&[fix], tip("Check something else", &fixed(&whole))),
        Verdict::Missing
    );
    let other = whole.replace("part_9(queue);\n", "");
    assert_eq!(
        world.verdict(&[fix], tip("Check the ninth part", &other)),
        Verdict::Missing
    );
}

#[test]
fn a_file_that_a_backport_removes_and_the_fix_changes_is_told() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a.c", A), ("b.c", A)]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("b.c", &fixed)]);
    let maint = world.commit(&[], "maint", &[("a.c", A), ("b.c", A)]);
    let message = format!("fix\n\n(cherry picked from commit {fix})");
    let answer = world.answer(&[fix], world.commit(&[maint], &message, &[("a.c", &fixed)]));
    assert_eq!(answer.verdict, Verdict::Partial);
    let said = "b.c, which the fix changes, was removed by a backport".to_owned();
    assert!(answer.commits[0].against.contains(&said), "{answer:?}");
}

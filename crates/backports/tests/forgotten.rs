//! Backports that leave a file or a place out: rightly, where the branch has nothing of the kind, or because it was forgotten.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::{A, World};
use embargod_backports::Verdict;

const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_644;
const MODULE: u32 = 0o160_000;

#[test]
fn a_file_behind_a_link_is_the_file() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("new/a.c", A), ("new/b.c", A)]);
    let fix = world.commit(&[base], "fix", &[("new/a.c", &fixed), ("new/b.c", &fixed)]);
    let on_branch = |parents: &[git2::Oid], a: &str, b: &str| {
        let files = [
            ("new/a.c", "../old/a.c", LINK),
            ("new/b.c", "../old/b.c", LINK),
            ("old/a.c", a, FILE),
            ("old/b.c", b, FILE),
        ];
        world.commit_modes(parents, "fix", &files)
    };
    let maint = on_branch(&[], A, A);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    assert_eq!(world.verdict(&[fix], on_branch(&[maint], &fixed, A)), Verdict::Partial);
    let whole = on_branch(&[maint], &fixed, &fixed);
    let answer = world.answer(&[fix], whole);
    assert_eq!(answer.verdict, Verdict::Present);
    let said = &answer.commits[0].evidence;
    assert!(said.iter().any(|line| line == "new/a.c is old/a.c here"), "{said:?}");
    // Links that lead nowhere, or in a circle, are no file.
    let files = [("new/a.c", "../new/b.c", LINK), ("new/b.c", "a.c", LINK)];
    let circle = world.commit_modes(&[maint], "fix", &files);
    assert!(!world.verdict(&[fix], circle).is_good());
}

#[test]
fn a_new_file_is_not_another_one_of_its_name() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let labels = "package images\n\nconst pinned = 1\nconst sandbox = 2\n";
    let others = "package metrics\n\nfunc labels() {\n\treturn nothing\n}\n";
    let (own, other) = (("images/labels.go", labels), ("vendor/labels.go", others));
    let base = world.commit(&[], "base", &[("a.go", A)]);
    let fix = world.commit(&[base], "fix", &[("a.go", &fixed), own]);
    let maint = world.commit(&[base], "maint", &[("a.go", A), other]);
    let forgot = world.commit(&[maint], "fix", &[("a.go", &fixed), other]);
    assert_eq!(world.verdict(&[fix], forgot), Verdict::Partial);
    let whole = world.commit(&[maint], "fix", &[("a.go", &fixed), other, own]);
    assert_eq!(world.verdict(&[fix], whole), Verdict::Present);
}

#[test]
fn a_new_file_elsewhere_is_it_only_as_it_is() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let licence: String = (0..20).map(|line| format!("term {line} of the licence\n")).collect();
    let header = |name: &str| format!("{licence}#ifndef {name}\nvoid {name}(void);\n#endif\n");
    let base = world.commit(&[], "base", &[("src/a.c", A)]);
    let null = header("null");
    let fix = world.commit(&[base], "fix", &[("src/a.c", &fixed), ("src/null.h", &null)]);
    let (case, moved) = (header("case"), ("src/none.h", null.as_str()));
    let other = ("src/case.h", case.as_str());
    let maint = world.commit(&[base], "maint", &[("src/a.c", A), other]);
    let forgot = world.commit(&[maint], "fix", &[("src/a.c", &fixed), other]);
    assert_eq!(world.verdict(&[fix], forgot), Verdict::Partial);
    let same_name = ("old/null.h", case.as_str());
    let forgot = world.commit(&[maint], "fix", &[("src/a.c", &fixed), same_name]);
    assert_eq!(world.verdict(&[fix], forgot), Verdict::Partial);
    let whole = world.commit(&[maint], "fix", &[("src/a.c", &fixed), other, moved]);
    assert_eq!(world.verdict(&[fix], whole), Verdict::Present);
}

#[test]
fn a_place_that_is_nearly_as_before_was_forgotten_and_one_that_is_not_was_left_out() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let image = |line: &str| format!("name: image\nsteps:\n{line}\nrun: build\n");
    let on_main = [image("image: base:1.21.5"), image("image: base:1.21.6")];
    let on_branch = [image("image: base:1.20.13"), image("image: base:1.20.14")];
    let without = image("container: none of that kind");
    let base = world.commit(&[], "base", &[("a.c", A), ("image.toml", &on_main[0])]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("image.toml", &on_main[1])]);
    let pick = |before: &str, after: &str| {
        let maint = world.commit(&[base], "maint", &[("a.c", A), ("image.toml", before)]);
        world.commit(&[maint], "fix", &[("a.c", &fixed), ("image.toml", after)])
    };
    let forgot = world.answer(&[fix], pick(&on_branch[0], &on_branch[0]));
    assert_eq!(forgot.verdict, Verdict::Unproven);
    let said = &forgot.commits[0].against;
    let names = |line: &String| line.starts_with("image.toml:3 is nearly as before the fix");
    assert!(said.iter().any(names), "{said:?}");
    let adapted = pick(&on_branch[0], &on_branch[1]);
    assert_eq!(world.verdict(&[fix], adapted), Verdict::Adapted);
    assert_eq!(world.verdict(&[fix], pick(&without, &without)), Verdict::Adapted);
    // Another value of the same name, and nothing alike in the two.
    let revision = image("image: sha256-6d2e0c11f6a5");
    assert_eq!(world.verdict(&[fix], pick(&revision, &revision)), Verdict::Unproven);
    // Like both sides, and in a file that the backport leaves alone.
    let on_main = [image("memory: 100 MiB"), image("memory: 2000 MiB")];
    let base = world.commit(&[], "base", &[("a.c", A), ("image.toml", &on_main[0])]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("image.toml", &on_main[1])]);
    let older = image("memory: 2001 MiB");
    let maint = world.commit(&[base], "maint", &[("a.c", A), ("image.toml", &older)]);
    let forgot = world.commit(&[maint], "fix", &[("a.c", &fixed), ("image.toml", &older)]);
    assert_eq!(world.verdict(&[fix], forgot), Verdict::Unproven);
}

#[test]
fn a_line_that_stands_elsewhere_in_the_file_much_as_it_was_was_forgotten() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let before = "void close_all(connection *conn)\n";
    let after = "void close_all(connection *conn, enum reason why)\n";
    let many: String = (0..20).map(|line| format!("    step_{line}();\n")).collect();
    let on_main = |line: &str| format!("{many}{line}    state_of_main(conn);\n");
    let base = world.commit(&[], "base", &[("a.c", A), ("b.c", &on_main(before))]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("b.c", &on_main(after))]);
    let pick = |line: &str| {
        let b = format!("{line}    files *all, *next;\n{many}");
        let maint = world.commit(&[base], "maint", &[("a.c", A), ("b.c", &b)]);
        world.verdict(&[fix], world.commit(&[maint], "fix", &[("a.c", &fixed), ("b.c", &b)]))
    };
    assert_eq!(pick(before), Verdict::Unproven);
    assert_eq!(pick("void close_all(connection *c)\n"), Verdict::Unproven);
    assert_eq!(pick("int open_one(const char *path)\n"), Verdict::Adapted);
}

#[test]
fn a_copy_of_a_file_that_is_as_before_the_fix_is_asked_about() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("internal/service.go", A)]);
    let fix = world.commit(&[base], "fix", &[("internal/service.go", &fixed)]);
    let on_branch = |parents: &[git2::Oid], one: &str, two: &str| {
        world.commit(parents, "fix", &[("old/service.go", one), ("new/service.go", two)])
    };
    let maint = on_branch(&[], A, A);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    assert_eq!(
        world.verdict(&[fix], on_branch(&[maint], &fixed, &fixed)),
        Verdict::Present
    );
    let one = world.answer(&[fix], on_branch(&[maint], A, &fixed));
    assert_eq!(one.verdict, Verdict::Unproven);
    let said = "internal/service.go is here once more, as old/service.go, and that is as before the fix";
    assert!(one.commits[0].against.iter().any(|line| line == said), "{one:?}");
    // A file of this name that the main branch has elsewhere is no copy.
    let sibling = ("windows/service.go", A);
    let base = world.commit(&[], "base", &[("linux/service.go", A), sibling]);
    let fix = world.commit(&[base], "fix", &[("linux/service.go", &fixed), sibling]);
    let sibling = ("os/windows/service.go", A);
    let maint = world.commit(&[], "maint", &[("os/linux/service.go", A), sibling]);
    let picked = world.commit(&[maint], "fix", &[("os/linux/service.go", &fixed), sibling]);
    assert_eq!(world.verdict(&[fix], picked), Verdict::Present);
}

#[test]
fn lines_of_before_the_fix_that_came_back_are_asked_about() {
    let world = World::new();
    let long: String = (0..60).map(|line| format!("statement {line};\n")).collect();
    let check = |text: &str, lines: &[usize]| {
        let check =
            |text: String, line: &usize| text.replace(&format!("statement {line};"), &format!("checked({line});"));
        lines.iter().fold(text.to_owned(), check)
    };
    let base = world.commit(&[], "base", &[("a.c", &long)]);
    let fix = world.commit(&[base], "fix", &[("a.c", &check(&long, &[10, 11, 12, 40, 41, 42, 43]))]);
    let old = long.replace("statement 30;", "older 30;");
    let maint = world.commit(&[base], "maint", &[("a.c", &old)]);
    let picked = world.commit(&[maint], "fix", &[("a.c", &check(&old, &[10, 11, 12, 40, 41, 42, 43]))]);
    assert_eq!(world.verdict(&[fix], picked), Verdict::Present);
    let back = check(&old, &[10, 40, 41, 42, 43])
        .replace("statement 11;\nstatement 12;", "statement 11;\nmore;\nstatement 12;");
    let back = world.commit(&[picked], "tidy up", &[("a.c", &back)]);
    assert_eq!(world.verdict(&[fix], back), Verdict::Unproven);
    // A later change of the same lines that brings nothing back is none of this.
    let later = check(&old, &[10, 11, 12, 40, 41, 42, 43]).replace("checked(11);\n", "if (n) checked(11);\n");
    let later = world.commit(&[picked], "goes on", &[("a.c", &later)]);
    assert_eq!(world.verdict(&[fix], later), Verdict::Adapted);
}

#[test]
fn what_is_to_go_and_still_there_is_explained_by_a_change_of_its_neighbours_alone() {
    let world = World::new();
    let fixed = A.replace("two", "zwei").replace("seven", "sieben");
    let base = world.commit(&[], "base", &[("a.c", A), ("b.c", A)]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("b.c", &fixed)]);
    let maint = world.commit(&[base], "maint", &[("a.c", A), ("b.c", A), ("v", "1\n")]);
    let pick = |text: &str| world.commit(&[maint], "fix", &[("a.c", text), ("b.c", &fixed), ("v", "1\n")]);
    let adapted = A
        .replace("two", "two, but checked")
        .replace("seven", "seven, but checked");
    assert_eq!(world.verdict(&[fix], pick(&adapted)), Verdict::Adapted);
    // The first place was done in another way, the second one forgotten.
    let forgot = A.replace("two", "two, but checked");
    assert_eq!(world.verdict(&[fix], pick(&forgot)), Verdict::Partial);
}

#[test]
fn both_halves_of_a_rename_are_looked_for() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a.c", A), ("b.service", A)]);
    let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("b.service.in", &fixed)]);
    let maint = world.commit(&[base], "maint", &[("a.c", A), ("b.service", A), ("other", A)]);
    let other = ("other", A);
    let pick = |files: &[(&str, &str)]| {
        let files = [&[("a.c", fixed.as_str()), other], files].concat();
        world.answer(&[fix], world.commit(&[maint], "fix", &files))
    };
    let says = |answer: &embargod_backports::Answer, expected: &str| {
        let said = &answer.commits[0].against;
        assert!(said.iter().any(|line| line == expected), "{said:?}");
    };
    assert_eq!(pick(&[("b.service.in", &fixed)]).verdict, Verdict::Present);
    assert!(pick(&[("b.service", &fixed)]).verdict.is_good(), "under the old name");
    let neither = pick(&[]);
    assert_eq!(neither.verdict, Verdict::Partial);
    says(
        &neither,
        "b.service was removed, and b.service.in, which the fix makes of it, is not here",
    );
    let both = pick(&[("b.service.in", &fixed), ("b.service", A)]);
    assert_eq!(both.verdict, Verdict::Partial);
    says(
        &both,
        "b.service is still here, beside b.service.in, which the fix makes of it",
    );
    let two = pick(&[("b.service.in", &fixed), ("b.service", &fixed)]);
    assert!(two.verdict.is_good(), "the branch keeps both, and both are fixed");
    let files = [("a.c", fixed.as_str()), ("b.service.in", &fixed), ("b.service", &fixed)];
    let squashed = world.commit(&[], "one of many", &files);
    assert_eq!(world.verdict(&[fix], squashed), Verdict::Present);
    // Another file of that name, or a link to the new place, is not what was left behind.
    let another = pick(&[("b.service.in", &fixed), ("b.service", "something else\n")]);
    assert!(another.verdict.is_good());
    let files = [
        ("a.c", fixed.as_str(), FILE),
        ("other", A, FILE),
        ("b.service.in", &fixed, FILE),
        ("b.service", "b.service.in", LINK),
    ];
    let linked = world.commit_modes(&[maint], "fix", &files);
    assert!(world.verdict(&[fix], linked).is_good());
    let module = fix.to_string();
    let as_module = [&files[..3], &[("b.service", module.as_str(), MODULE)]].concat();
    let as_module = world.commit_modes(&[maint], "fix", &as_module);
    assert!(world.verdict(&[fix], as_module).is_good());
    let old = ("b.service", A, 0o100_755);
    let may_run = world.commit_modes(&[base], "maint", &[("a.c", A, FILE), old]);
    let both = world.commit_modes(&[may_run], "fix", &[&files[..3], &[old]].concat());
    assert_eq!(world.verdict(&[fix], both), Verdict::Partial);
}

#[test]
fn a_name_that_the_rest_of_the_series_brings_back_is_not_left_behind() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a.c", A)]);
    let moved = world.commit(&[base], "move", &[("b.c", &fixed)]);
    let brought = world.commit(&[moved], "bring back", &[("b.c", &fixed), ("a.c", A)]);
    let maint = world.commit(&[base], "maint", &[("a.c", A), ("other", A)]);
    let picked = world.commit(&[maint], "move", &[("b.c", &fixed), ("other", A)]);
    let files = [("b.c", fixed.as_str()), ("a.c", A), ("other", A)];
    let whole = world.commit(&[picked], "bring back", &files);
    assert!(world.verdict(&[moved, brought], whole).is_good());
    assert_eq!(world.verdict(&[moved], whole), Verdict::Partial);
}

#[test]
fn what_has_no_lines_and_differs_from_both_sides_may_have_been_forgotten() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let commit = |number: u8| world.repository.blob(&[number]).expect("an id").to_string();
    let module = |number| ("module", commit(number), MODULE);
    let data = |number: u8| ("table.bin", format!("\0{number}"), FILE);
    for with in [&module as &dyn Fn(u8) -> (&'static str, String, u32), &data] {
        let state = |parents: &[git2::Oid], message: &str, a: &str, number: u8| {
            let (path, text, mode) = with(number);
            world.commit_modes(parents, message, &[("a.c", a, FILE), (path, text.as_str(), mode)])
        };
        let base = state(&[], "base", A, 1);
        let fix = state(&[base], "fix", &fixed, 2);
        let maint = state(&[base], "maint", A, 3);
        let picked = |number| world.verdict(&[fix], state(&[maint], "fix", &fixed, number));
        assert_eq!(picked(3), Verdict::Unproven);
        assert_eq!(picked(2), Verdict::Present);
        assert_eq!(picked(1), Verdict::Partial);
        assert_eq!(picked(4), Verdict::Adapted, "in its own way");
    }
}

#[test]
fn what_is_added_where_a_branch_has_the_file_and_not_the_place_is_asked_about() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let long = |lines: std::ops::Range<usize>| -> String { lines.map(|line| format!("statement {line};\n")).collect() };
    let grown = |added: &str| format!("{}{added}{}", long(0..30), long(30..60));
    let older = long(0..10);
    let answers = [
        ("guard one;\nguard two;\n", Verdict::Unproven),
        ("guard one;\n", Verdict::Adapted),
    ];
    for (added, verdict) in answers {
        let base = world.commit(&[], "base", &[("a.c", A), ("b.c", &long(0..60))]);
        let fix = world.commit(&[base], "fix", &[("a.c", &fixed), ("b.c", &grown(added))]);
        let maint = world.commit(&[base], "maint", &[("a.c", A), ("b.c", &older)]);
        let half = world.commit(&[maint], "fix", &[("a.c", &fixed), ("b.c", &older)]);
        assert_eq!(world.verdict(&[fix], half), verdict, "{added}");
        // Whoever changes the file has looked at it.
        let own = format!("{older}guard all;\n");
        let adapted = world.commit(&[maint], "fix", &[("a.c", &fixed), ("b.c", &own)]);
        assert_eq!(world.verdict(&[fix], adapted), Verdict::Adapted, "{added}");
        // A branch without the file needs nothing there.
        let without = world.commit(&[base], "maint", &[("a.c", A), ("v", "1\n")]);
        let whole = world.commit(&[without], "fix", &[("a.c", &fixed), ("v", "1\n")]);
        assert!(world.verdict(&[fix], whole).is_good(), "{added}");
    }
}

#[test]
fn a_last_line_that_only_ends_now_is_a_change_like_any_other() {
    let world = World::new();
    let (open, own) = (A.trim_end(), format!("of the branch\n{A}"));
    let base = world.commit(&[], "base", &[("a.c", open)]);
    let fix = world.commit(&[base], "End it", &[("a.c", A)]);
    let maint = world.commit(&[base], "maint", &[("a.c", own.trim_end())]);
    assert_eq!(world.verdict(&[fix], maint), Verdict::Missing);
    let message_alone = world.commit(&[maint], "End it", &[("a.c", own.trim_end())]);
    assert_eq!(world.verdict(&[fix], message_alone), Verdict::Missing);
    let picked = world.commit(&[maint], "End it", &[("a.c", &own)]);
    assert_eq!(world.verdict(&[fix], picked), Verdict::Present);
    let undone = world.commit(&[picked], "Tidy up", &[("a.c", own.trim_end())]);
    assert_eq!(world.verdict(&[fix], undone), Verdict::Reverted);
    let without = world.commit(&[base], "maint", &[("b.c", A)]);
    assert!(!world.verdict(&[fix], without).is_good());
}

#[test]
fn an_empty_file_can_be_forgotten() {
    let world = World::new();
    let fixed = A.replace("two", "zwei");
    let base = world.commit(&[], "base", &[("a.py", A)]);
    let fix = world.commit(&[base], "Fix it", &[("a.py", &fixed), ("b/__init__.py", "")]);
    let maint = world.commit(&[base], "maint", &[("a.py", A), ("c", "c\n")]);
    for (files, verdict) in [
        (&[("a.py", fixed.as_str()), ("c", "c\n")][..], Verdict::Partial),
        (
            &[("a.py", &fixed), ("b/__init__.py", ""), ("c", "c\n")],
            Verdict::Present,
        ),
        (
            &[("a.py", &fixed), ("b/__init__.py", "own = 1\n"), ("c", "c\n")],
            Verdict::Present,
        ),
    ] {
        let tip = world.commit(&[maint], "Fix it", files);
        assert_eq!(world.verdict(&[fix], tip), verdict, "{files:?}");
    }
}

#[test]
fn what_build_services_are_told_decides_where_a_fix_is_about_that() {
    let world = World::new();
    let (fixed, more) = (A.replace("two", "zwei"), A.replace("four\nfive", "vier\nfunf"));
    let commit = |parents: &[git2::Oid], message: &str, code: &str, build: &str| {
        world.commit(parents, message, &[("a.c", code), (".gitlab-ci.yml", build)])
    };
    let base = commit(&[], "base", A, A);
    let fix = commit(&[base], "Fix it", &more, &fixed);
    let maint = commit(&[base], "maint", &format!("of the branch\n{A}"), A);
    let picked = commit(&[maint], "Fix it", &format!("of the branch\n{more}"), A);
    assert!(world.verdict(&[fix], picked).is_good());
    let about_builds = commit(&[base], "Build it", &fixed, &more);
    let half = commit(&[maint], "Build it", &format!("of the branch\n{fixed}"), A);
    assert_eq!(world.verdict(&[about_builds], half), Verdict::Partial);
}

//! Backports that leave a file out: rightly, where the branch has nothing of the kind, or because it was forgotten.

mod common;

use common::{A, World};
use embargod_backports::Verdict;

const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_644;

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

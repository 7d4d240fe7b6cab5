//! The replay on real repositories: what the tip shows, whatever the history says.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod_backports::{EngineError, Verdict, assess, assess_series};
use git2::{Oid, Repository, Signature};

const A: &str = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

struct World {
    repository: Repository,
    _folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            repository: Repository::init_bare(folder.path()).expect("made"),
            _folder: folder,
        }
    }

    fn commit(&self, parents: &[Oid], files: &[(&str, &str)]) -> Oid {
        let mut builder = self.repository.treebuilder(None).expect("a builder");
        for (name, text) in files {
            let blob = self.repository.blob(text.as_bytes()).expect("written");
            builder.insert(name, blob, 0o100644).expect("inserted");
        }
        let tree = self
            .repository
            .find_tree(builder.write().expect("written"))
            .expect("found");
        let parents: Vec<_> = parents
            .iter()
            .map(|id| self.repository.find_commit(*id).expect("found"))
            .collect();
        let who = Signature::new("A", "a@example.org", &git2::Time::new(0, 0)).expect("valid");
        self.repository
            .commit(None, &who, &who, "m", &tree, &parents.iter().collect::<Vec<_>>())
            .expect("written")
    }

    fn verdict(&self, fix: Oid, tip: Oid) -> Verdict {
        assess(&self.repository, fix, tip).expect("a verdict").verdict
    }
}

#[test]
fn the_tip_decides() {
    let world = World::new();
    let fixed = A.replace('2', "two");
    let far = A.replace('9', "nine");
    let both = fixed.replace('9', "nine");
    let base = world.commit(&[], &[("a", A), ("b", A)]);
    let fix = world.commit(&[base], &[("a", &fixed), ("b", &fixed)]);
    let maint = world.commit(&[base], &[("a", &far), ("b", A)]);
    let picked = world.commit(&[maint], &[("a", &both), ("b", &fixed)]);
    let half = world.commit(&[maint], &[("a", &both), ("b", A)]);
    let empty = world.commit(&[maint], &[("a", &far), ("b", A)]);
    let reverted = world.commit(&[picked], &[("a", &far), ("b", A)]);
    let again = world.commit(&[reverted], &[("a", &both), ("b", &fixed)]);
    let clash = world.commit(&[maint], &[("a", &A.replace('2', "zwei")), ("b", &fixed)]);
    let undone_on_main = world.commit(&[fix], &[("a", A), ("b", A)]);
    for (tip, wanted) in [
        (fix, Verdict::Present),
        (maint, Verdict::Missing),
        (picked, Verdict::Present),
        (half, Verdict::Partial),
        (empty, Verdict::Missing),
        (reverted, Verdict::Missing),
        (again, Verdict::Present),
        (clash, Verdict::Unproven),
        (undone_on_main, Verdict::Missing),
    ] {
        assert_eq!(world.verdict(fix, tip), wanted);
    }
}

#[test]
fn a_file_that_is_not_there_is_no_proof() {
    let world = World::new();
    let fixed = A.replace('2', "two");
    let base = world.commit(&[], &[("a", A), ("b", "x\n")]);
    let fix = world.commit(&[base], &[("a", &fixed), ("b", "x\n")]);
    let without = world.commit(&[base], &[("b", "x\n")]);
    assert_eq!(world.verdict(fix, without), Verdict::Unproven);
}

#[test]
fn what_cannot_be_answered_is_an_error() {
    let world = World::new();
    let root = world.commit(&[], &[("a", A)]);
    let empty = world.commit(&[root], &[("a", A)]);
    let absent = Oid::from_str(&"1".repeat(40)).expect("an id");
    assert!(matches!(
        assess(&world.repository, root, root),
        Err(EngineError::NotOneParent)
    ));
    assert!(matches!(
        assess(&world.repository, empty, root),
        Err(EngineError::Empty)
    ));
    assert!(matches!(
        assess(&world.repository, absent, root),
        Err(EngineError::Repository(_))
    ));
}

#[test]
fn a_series_that_changes_its_own_lines_is_looked_at_as_a_whole() {
    let world = World::new();
    let (one, two) = (A.replace('2', "two"), A.replace('2', "TWO"));
    let base = world.commit(&[], &[("a", A)]);
    let first = world.commit(&[base], &[("a", &one)]);
    let second = world.commit(&[first], &[("a", &two)]);
    let far = |text: &str| text.replace('9', "nine");
    let maint = world.commit(&[base], &[("a", &far(A))]);
    let half = world.commit(&[maint], &[("a", &far(&one))]);
    let whole = world.commit(&[half], &[("a", &far(&two))]);
    let verdicts = |tip| {
        let each = assess_series(&world.repository, &[first, second], tip).expect("verdicts");
        each.into_iter().map(|evidence| evidence.verdict).collect::<Vec<_>>()
    };
    assert_ne!(world.verdict(first, whole), Verdict::Present, "alone it looks changed");
    assert_eq!(verdicts(whole), [Verdict::Present, Verdict::Present]);
    assert_eq!(verdicts(half), [Verdict::Present, Verdict::Missing]);
    assert!(verdicts(maint).iter().all(|verdict| *verdict != Verdict::Present));
}

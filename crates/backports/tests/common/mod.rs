//! Repositories that are made in memory's pace: trees and commits without a work tree.

#![allow(clippy::expect_used, dead_code, reason = "a test may panic, and uses what it needs")]

use std::cell::Cell;

use embargod_backports::{Answer, Question, Verdict, assess};
use git2::{Oid, Repository, Signature, Time};

pub const A: &str = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n";

pub struct World {
    pub repository: Repository,
    now: Cell<i64>,
    _folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            repository: Repository::init_bare(folder.path()).expect("made"),
            now: Cell::new(1_700_000_000),
            _folder: folder,
        }
    }

    pub fn commit(&self, parents: &[Oid], message: &str, files: &[(&str, &str)]) -> Oid {
        let files: Vec<_> = files.iter().map(|(path, text)| (*path, *text, 0o100_644)).collect();
        self.commit_modes(parents, message, &files)
    }

    /// A file of the mode of a submodule has its commit's id as its text.
    pub fn commit_modes(&self, parents: &[Oid], message: &str, files: &[(&str, &str, u32)]) -> Oid {
        let mut index = git2::Index::new().expect("an index");
        for (path, text, mode) in files {
            let id = match mode {
                0o160_000 => Oid::from_str(text).expect("an id"),
                _ => self.repository.blob(text.as_bytes()).expect("written"),
            };
            let zero = git2::IndexTime::new(0, 0);
            let entry = git2::IndexEntry {
                ctime: zero,
                mtime: zero,
                dev: 0,
                ino: 0,
                mode: *mode,
                uid: 0,
                gid: 0,
                file_size: 0,
                id,
                flags: 0,
                flags_extended: 0,
                path: path.as_bytes().to_vec(),
            };
            index.add(&entry).expect("added");
        }
        let tree = index.write_tree_to(&self.repository).expect("written");
        let tree = self.repository.find_tree(tree).expect("found");
        let find = |id: &Oid| self.repository.find_commit(*id).expect("found");
        let parents: Vec<_> = parents.iter().map(find).collect();
        self.now.set(self.now.get() + 60);
        let who = Signature::new("A", "a@example.org", &Time::new(self.now.get(), 0)).expect("valid");
        let parents: Vec<_> = parents.iter().collect();
        self.repository
            .commit(None, &who, &who, message, &tree, &parents)
            .expect("written")
    }

    /// The second of the last commit.
    pub fn now(&self) -> i64 {
        self.now.get()
    }

    pub fn set_clock(&self, second: i64) {
        self.now.set(second);
    }

    pub fn tag(&self, name: &str, commit: Oid) {
        let commit = self.repository.find_object(commit, None).expect("found");
        self.repository.tag_lightweight(name, &commit, false).expect("tagged");
    }

    pub fn answer(&self, fixes: &[Oid], tip: Oid) -> Answer {
        let question = Question {
            fixes: fixes.to_vec(),
            ..Question::default()
        };
        assess(&self.repository, &question, tip).expect("an answer")
    }

    pub fn verdict(&self, fixes: &[Oid], tip: Oid) -> Verdict {
        self.answer(fixes, tip).verdict
    }
}

//! Several commits as one change: in which order they come, and what the later ones make of the earlier ones.

use std::collections::{BTreeMap, HashSet};

use git2::{Oid, Repository};

use crate::fix::{Change, Entry, Fix};

/// Where the files of a series are after its last commit.
#[derive(Default)]
pub(crate) struct Outcome {
    /// By the path after some commit of the series: the file at the end, or nothing where it is gone.
    last: BTreeMap<Vec<u8>, Option<Entry>>,
    renamed: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Outcome {
    /// Follows the files through a series, oldest commit first.
    pub fn of<'a>(ordered: impl Iterator<Item = &'a Fix>) -> Self {
        let mut outcome = Self::default();
        for change in ordered.flat_map(|fix| fix.changes.iter()) {
            match (&change.old, &change.new) {
                (Some(old), Some(new)) if old.path != new.path => {
                    outcome.renamed.insert(old.path.clone(), new.path.clone());
                    outcome.renamed.remove(&new.path);
                    outcome.last.insert(old.path.clone(), None);
                    outcome.last.insert(new.path.clone(), Some(new.clone()));
                }
                (_, Some(new)) => {
                    outcome.renamed.remove(&new.path);
                    outcome.last.insert(new.path.clone(), Some(new.clone()));
                }
                (Some(old), None) => {
                    outcome.last.insert(old.path.clone(), None);
                }
                (None, None) => {}
            }
        }
        outcome
    }

    /// Whether there is a file of this path after the series.
    pub fn brings_back(&self, path: &[u8]) -> bool {
        matches!(self.last.get(path), Some(Some(_)))
    }

    /// Whether the series does more to a file after this change to it.
    pub fn goes_on(&self, change: &Change) -> bool {
        let own = change.new.as_ref().map(|entry| entry.id);
        let last = self.file(change.path());
        last.is_some_and(|last| last.map(|entry| entry.id) != own)
    }

    /// What became of a file in the series: unknown to it, gone, or where it is now.
    pub fn file(&self, path: &[u8]) -> Option<Option<&Entry>> {
        let mut path = path.to_vec();
        // As many steps as there are renames: a circle of names has an end too.
        for _ in 0..=self.renamed.len() {
            match self.renamed.get(&path) {
                Some(next) => path.clone_from(next),
                None => break,
            }
        }
        self.last.get(&path).map(Option::as_ref)
    }
}

/// The places of the commits of a series, oldest first.
pub(crate) fn order(repository: &Repository, series: &[Fix]) -> Result<Vec<usize>, git2::Error> {
    let mut order: Vec<usize> = (0..series.len()).collect();
    order.sort_by_key(|index| series[*index].facts.committed);
    // A rebase gives all its commits the same second: there the ancestry decides.
    for start in 0..order.len() {
        for next in start + 1..order.len() {
            let (one, other) = (&series[order[start]], &series[order[next]]);
            if one.facts.committed == other.facts.committed && is_ancestor(repository, other, one)? {
                order.swap(start, next);
            }
        }
    }
    Ok(order)
}

fn is_ancestor(repository: &Repository, older: &Fix, newer: &Fix) -> Result<bool, git2::Error> {
    let mut waiting = vec![newer.id];
    let mut seen: HashSet<Oid> = HashSet::new();
    while let Some(id) = waiting.pop() {
        if id == older.id {
            return Ok(true);
        }
        let commit = repository.find_commit(id)?;
        if commit.time().seconds() >= older.facts.committed {
            waiting.extend(commit.parent_ids().filter(|parent| seen.insert(*parent)));
        }
    }
    Ok(false)
}

//! A fix as it is on the main branch: who made it, what it says, and what it changes.

use std::sync::Arc;

use git2::{Commit, DiffFindOptions, FileMode, Oid, Repository, Tree};
use hashbrown::HashMap;

use crate::error::EngineError;
use crate::facts::{Facts, Id};
use crate::shelf::Shelf;
use crate::trees::{Difference, differences, only};

/// A merge of more commits than this is looked at as a whole only.
const MOST_MERGED: usize = 100;

/// A commit's change, file by file.
pub(crate) struct Fix {
    pub id: Oid,
    pub facts: Arc<Facts>,
    /// What a merge brought to its first parent: a branch that has no such merge carries these. Empty for other commits, and where it
    /// cannot be read, as in a shallow clone.
    pub merged: Vec<(Oid, Arc<Facts>)>,
    pub changes: Arc<[Change]>,
}

/// One file of a change.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub old: Option<Entry>,
    pub new: Option<Entry>,
    /// The tree after the whole change.
    pub tree: Oid,
}

/// A file at one side of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub path: Vec<u8>,
    pub id: Oid,
    pub mode: FileMode,
}

impl Change {
    /// The path after the change, or before it where the file is gone.
    pub fn path(&self) -> &[u8] {
        let entry = self.new.as_ref().or(self.old.as_ref());
        entry.map_or(&[], |entry| &entry.path)
    }
}

impl Fix {
    /// Reads a commit. A merge is what it brought to its first parent; a first commit is all of its files.
    pub fn read(shelf: &Shelf<'_>, id: Oid) -> Result<Self, EngineError> {
        let changes = shelf.changes(id)?;
        if changes.is_empty() {
            return Err(EngineError::Empty(id));
        }
        let facts = shelf.facts(id)?;
        let merged = merged(shelf, &facts).unwrap_or_default();
        Ok(Self {
            id,
            facts,
            merged,
            changes,
        })
    }

    /// The commits that a backport may name or look like: the fix, and what it merges.
    pub fn sources(&self) -> impl Iterator<Item = (Oid, &Facts)> {
        let merged = self.merged.iter().map(|(id, facts)| (*id, &**facts));
        std::iter::once((self.id, &*self.facts)).chain(merged)
    }
}

/// The commits that a merge brought to its first parent; none where there are very many. They only say where to look.
fn merged(shelf: &Shelf<'_>, commit: &Facts) -> Result<Vec<(Oid, Arc<Facts>)>, git2::Error> {
    let [Id(first), others @ ..] = commit.parents.as_slice() else {
        return Ok(Vec::new());
    };
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let mut walk = shelf.repository.revwalk()?;
    for Id(parent) in others {
        walk.push(*parent)?;
    }
    walk.hide(*first)?;
    let ids = walk.take(MOST_MERGED + 1).collect::<Result<Vec<_>, _>>()?;
    if ids.len() > MOST_MERGED {
        return Ok(Vec::new());
    }
    ids.into_iter().map(|id| Ok((id, shelf.facts(id)?))).collect()
}

/// The tree before a commit; nothing before a first one. A shallow clone makes its last commits look like first ones.
fn before<'r>(shelf: &Shelf<'r>, commit: &Commit<'_>) -> Result<Option<Tree<'r>>, EngineError> {
    if commit.parent_count() == 0 {
        return if has_parents(commit.raw_header_bytes()) {
            Err(EngineError::Shallow(commit.id()))
        } else {
            Ok(None)
        };
    }
    Ok(Some(shelf.tree_of(commit.parent_id(0)?)?))
}

/// Whether a commit was written with parents, be they there or not.
fn has_parents(header: &[u8]) -> bool {
    header
        .split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"parent "))
}

/// What a commit changes, with renames found.
pub(crate) fn changes(shelf: &Shelf<'_>, commit: Oid) -> Result<Vec<Change>, EngineError> {
    let commit = shelf.repository.find_commit(commit)?;
    let after = shelf.tree(commit.tree_id())?;
    Ok(between(shelf, before(shelf, &commit)?.as_ref(), &after)?)
}

/// What changes from one tree to another, with renames found.
pub(crate) fn between(
    shelf: &Shelf<'_>,
    before: Option<&Tree<'_>>,
    after: &Tree<'_>,
) -> Result<Vec<Change>, git2::Error> {
    let tree = after.id();
    let change = |(old, new)| Change { old, new, tree };
    let (moved, found) = moved(differences(shelf, before, Some(after))?);
    let added = found.iter().any(|(old, _)| old.is_none());
    let mut changes = if added && found.iter().any(|(_, new)| new.is_none()) {
        with_renames(shelf.repository, before, after, &found)?
    } else {
        found.into_iter().map(change).collect()
    };
    if !moved.is_empty() {
        changes.extend(moved.into_iter().map(change));
        changes.sort_by(|one, other| one.path().cmp(other.path()));
    }
    Ok(changes)
}

/// Files that got another name and nothing else, and what else differs. libgit2 would liken each to every other one.
fn moved(found: Vec<Difference>) -> (Vec<Difference>, Vec<Difference>) {
    let is_file = |entry: &Entry| matches!(entry.mode, FileMode::Blob | FileMode::BlobExecutable);
    let mut by_id: HashMap<Oid, (usize, usize)> = HashMap::new();
    for side in &found {
        match side {
            (Some(gone), None) if is_file(gone) => by_id.entry(gone.id).or_default().0 += 1,
            (None, Some(come)) if is_file(come) => by_id.entry(come.id).or_default().1 += 1,
            _ => {}
        }
    }
    // Of several that are the same, names tell which became which: that is left to libgit2.
    let is_moved = |entry: &Entry| is_file(entry) && by_id.get(&entry.id) == Some(&(1, 1));
    let (mut moved, mut others): (HashMap<Oid, Difference>, _) = (HashMap::new(), Vec::new());
    for (old, new) in found {
        match (old, new) {
            (Some(gone), None) if is_moved(&gone) => {
                let (before, _) = moved.entry(gone.id).or_default();
                *before = Some(gone);
            }
            (None, Some(come)) if is_moved(&come) => {
                let (_, after) = moved.entry(come.id).or_default();
                *after = Some(come);
            }
            difference => others.push(difference),
        }
    }
    (moved.into_values().collect(), others)
}

fn with_renames(
    repository: &Repository,
    before: Option<&Tree<'_>>,
    after: &Tree<'_>,
    found: &[Difference],
) -> Result<Vec<Change>, git2::Error> {
    let mut options = only(found);
    options.include_typechange(true).skip_binary_check(true);
    let mut diff = repository.diff_tree_to_tree(before, Some(after), Some(&mut options))?;
    diff.find_similar(Some(DiffFindOptions::new().renames(true).rename_limit(200)))?;
    let entry = |file: git2::DiffFile<'_>| {
        let path = file.path_bytes()?.to_vec();
        (!file.id().is_zero()).then(|| Entry {
            path,
            id: file.id(),
            mode: file.mode(),
        })
    };
    let change = |delta: git2::DiffDelta<'_>| Change {
        old: entry(delta.old_file()),
        new: entry(delta.new_file()),
        tree: after.id(),
    };
    Ok(diff.deltas().map(change).collect())
}

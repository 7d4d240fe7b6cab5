//! Which commit undid a backport, when no message says so.

use git2::{Commit, Oid};

use crate::error::EngineError;
use crate::files::{Scope, Sum, find_changes};
use crate::fix::Change;
use crate::place::Place;
use crate::series::Outcome;
use crate::shelf::Shelf;

/// How many commits are looked at, from the tip back.
const MOST_COMMITS: usize = 20_000;

/// The newest commit on the branch's own line (first parents) after which a backport is gone and before which it was there.
pub(crate) fn undone_by(shelf: &Shelf<'_>, backport: Oid, tip: Oid) -> Result<Option<Oid>, EngineError> {
    let backport = shelf.repository.find_commit(backport)?;
    let changes = shelf.changes(backport.id())?;
    let mut at = shelf.repository.find_commit(tip)?;
    for _ in 0..MOST_COMMITS {
        if at.id() == backport.id() || at.time().seconds() < backport.time().seconds() {
            break;
        }
        let Ok(parent) = at.parent(0) else { break };
        if touches(shelf, &changes, &parent, &at)?
            && is_gone(shelf, &changes, &at)?
            && !is_gone(shelf, &changes, &parent)?
        {
            return Ok(Some(at.id()));
        }
        at = parent;
    }
    Ok(None)
}

fn touches(
    shelf: &Shelf<'_>,
    changes: &[Change],
    before: &Commit<'_>,
    after: &Commit<'_>,
) -> Result<bool, EngineError> {
    let (before, after) = (Place::new(shelf, before.tree()?), Place::new(shelf, after.tree()?));
    Ok(changes
        .iter()
        .any(|change| before.at(change.path()) != after.at(change.path())))
}

fn is_gone(shelf: &Shelf<'_>, changes: &[Change], at: &Commit<'_>) -> Result<bool, EngineError> {
    let mut place = Place::new(shelf, at.tree()?);
    let files = find_changes(&mut place, changes, &Outcome::default())?;
    let Sum { good, lacking, .. } = Sum::of(&files, Scope::of(&files));
    Ok(lacking > good)
}

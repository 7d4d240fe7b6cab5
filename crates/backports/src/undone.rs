//! Which commit undid a backport, when no message says so.

use git2::Oid;

use crate::error::EngineError;
use crate::facts::Id;
use crate::files::find_changes;
use crate::fix::Change;
use crate::place::Place;
use crate::series::Outcome;
use crate::shelf::Shelf;
use crate::sum::{Scope, Sum};

/// How many commits are looked at, from the tip back.
const MOST_COMMITS: usize = 20_000;

/// A commit on the branch's own line (first parents) after which a backport is gone and before which it was there; the last such
/// one where it was undone once. Only some commits of the line are held against the backport: first at growing distances from the
/// tip, then by halves.
pub(crate) fn undone_by(shelf: &Shelf<'_>, backport: Oid, tip: Oid) -> Result<Option<Oid>, EngineError> {
    let changes = shelf.changes(backport)?;
    let line = line(shelf, backport, tip)?;
    if !is_gone(shelf, &changes, tip)? {
        return Ok(None);
    }
    let (mut gone, mut there) = (0, 1);
    loop {
        let Some(commit) = line.get(there) else { return Ok(None) };
        if !is_gone(shelf, &changes, *commit)? {
            break;
        }
        gone = there;
        // The oldest one is the backport itself, where it was made on this line; after it there is nothing.
        there = (there * 2).min(line.len() - 1).max(there + 1);
    }
    while there - gone > 1 {
        let between = gone + (there - gone) / 2;
        if is_gone(shelf, &changes, line[between])? {
            gone = between;
        } else {
            there = between;
        }
    }
    Ok(line.get(gone).copied())
}

/// The branch's own line from the tip back to the backport, or to where nothing is as new as it.
fn line(shelf: &Shelf<'_>, backport: Oid, tip: Oid) -> Result<Vec<Oid>, git2::Error> {
    let oldest = shelf.facts(backport)?.committed;
    let mut line = vec![tip];
    let mut at = shelf.facts(tip)?;
    while line.len() < MOST_COMMITS
        && line.last() != Some(&backport)
        && let Some(Id(parent)) = at.parents.first()
        && let Ok(facts) = shelf.facts(*parent)
        && facts.committed >= oldest
    {
        line.push(*parent);
        at = facts;
    }
    Ok(line)
}

fn is_gone(shelf: &Shelf<'_>, changes: &[Change], at: Oid) -> Result<bool, EngineError> {
    let mut place = Place::word_by_word(shelf, shelf.tree_of(at)?);
    let files = find_changes(&mut place, changes, &Outcome::default())?;
    let Sum { good, lacking, .. } = Sum::of(&files, Scope::of(&files));
    Ok(lacking > good)
}

//! What is said of a file as a whole, where there are no lines to compare: large and binary files, submodules, links, and changes of a
//! mode or a name alone.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use git2::Oid;

use crate::content::{Finding, State};
use crate::fix::{Change, Entry};
use crate::place::{Candidate, Place};
use crate::shelf::Shelf;
use crate::wording::Wording;

/// A finding about a file that has no lines. What it is after the fix counts as something that the fix brings. So that a backport can
/// be seen to do the same, what happens to the file stands for a line.
pub(crate) fn whole(change: &Change, state: State) -> Vec<Finding> {
    let there = usize::from(state == State::InEffect);
    let kept = usize::from(state == State::Lacking);
    let name = change.path();
    let (adds, removes) = match (&change.old, &change.new) {
        (Some(old), Some(new)) if old.id == new.id => (vec![print((name, i32::from(new.mode)))], Vec::new()),
        (Some(_), None) => (Vec::new(), vec![print(name)]),
        (old, new) => {
            let id = |entry: &Entry| print(entry.id.as_bytes());
            (new.iter().map(id).collect(), old.iter().map(id).collect())
        }
    };
    vec![Finding {
        state,
        weight: 1,
        line: 1,
        after: 0..0,
        added: (there, 1),
        kept: (kept, 1),
        replaced: false,
        is_whole: true,
        untouched: state == State::Lacking,
        wording: Wording::Other,
        place: None,
        adds,
        removes,
        moves: Vec::new(),
        edit: None,
        patch: 0,
    }]
}

fn print(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// What is said of a file that cannot be looked at line by line: large or binary ones, submodules, links.
pub(crate) fn without_lines(change: &Change, at: Option<Oid>) -> State {
    let id = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.id);
    match at {
        at if at == id(&change.new) => State::InEffect,
        at if at == id(&change.old) => State::Lacking,
        None => State::Absent,
        Some(_) => State::Unclear,
    }
}

/// What is said of a change after which no line is another one: it brings an empty file, ends the last line, or leaves it open.
pub(crate) fn without_other_lines(
    shelf: &Shelf<'_>,
    change: &Change,
    at: Option<&Candidate>,
) -> Result<Vec<Finding>, git2::Error> {
    let is_ended = |id: Option<Oid>| -> Result<Option<bool>, git2::Error> {
        let text = id.map(|id| shelf.text(id)).transpose()?.flatten();
        Ok(text.map(|text| text.ends_with(b"\n")))
    };
    let side = |entry: &Option<Entry>| is_ended(entry.as_ref().map(|entry| entry.id));
    let (before, after) = (side(&change.old)?, side(&change.new)?);
    let state = match is_ended(at.map(|candidate| candidate.id))? {
        None if before.is_none() => State::Lacking,
        None => State::Absent,
        _ if before.is_none() => State::InEffect,
        here if here == after => State::InEffect,
        _ => State::Lacking,
    };
    let mut blocks = whole(change, state);
    for block in &mut blocks {
        (block.adds, block.removes) = (vec![print(after)], vec![print(before)]);
    }
    Ok(blocks)
}

/// What is said of a change of mode alone, or of a name alone.
pub(crate) fn without_content(place: &Place<'_, '_>, change: &Change, at: Option<&[u8]>) -> State {
    let (Some(old), Some(new), Some((_, mode))) = (&change.old, &change.new, at.and_then(|at| place.at(at))) else {
        return State::Absent;
    };
    if old.mode == new.mode {
        return if at == Some(new.path.as_slice()) {
            State::InEffect
        } else {
            State::Lacking
        };
    }
    match mode {
        mode if mode == i32::from(new.mode) => State::InEffect,
        mode if mode == i32::from(old.mode) => State::Lacking,
        _ => State::Unclear,
    }
}

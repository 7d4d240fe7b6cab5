//! The classic comparisons: patch ids and the replay. They decide nothing alone; they are what people know and look for.

use std::sync::Arc;

use git2::{MergeFileInput, Oid};

use crate::claim::Examined;
use crate::content::State;
use crate::error::EngineError;
use crate::files::FileFinding;
use crate::fix::Change;
use crate::interdiff;
use crate::place::Place;
use crate::shelf::Shelf;

/// Whether merging each file of the fix into the tip's is clean and leaves it as it is. Files that have another name at the
/// tip have been found before.
pub(crate) fn replay_changes_nothing(
    place: &Place<'_, '_>,
    changes: &[Change],
    files: &[FileFinding],
) -> Result<bool, git2::Error> {
    let shelf = place.shelf;
    let mut blocks = files.iter().flat_map(|file| &file.blocks);
    if blocks.any(|block| block.state != State::InEffect) {
        // It would bring that.
        return Ok(false);
    }
    for (change, file) in changes.iter().zip(files) {
        let (Some(old), Some(new), Some(at)) = (&change.old, &change.new, &file.at) else {
            return Ok(false);
        };
        let Some((tip, _)) = place.at(at) else { return Ok(false) };
        let replayed = shelf
            .index
            .replays
            .get((old.id, new.id, tip), |sides| replays(shelf, *sides).map(Arc::new))?;
        if !*replayed {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a change from one text to another, merged into a third, is clean and leaves that as it is.
fn replays(shelf: &Shelf<'_>, (old, new, tip): (Oid, Oid, Oid)) -> Result<bool, git2::Error> {
    let (Some(old), Some(new), Some(tip)) = (shelf.text(old)?, shelf.text(new)?, shelf.text(tip)?) else {
        return Ok(false);
    };
    let (mut base, mut ours, mut theirs) = (MergeFileInput::new(), MergeFileInput::new(), MergeFileInput::new());
    base.content(&old);
    ours.content(&tip);
    theirs.content(&new);
    let merged = git2::merge_file(&base, &ours, &theirs, None)?;
    Ok(merged.is_automergeable() && merged.content() == &*tip)
}

/// How a backport differs from the fix.
pub(crate) fn range_diff(shelf: &Shelf<'_>, fix: Oid, backport: Oid) -> Result<Arc<str>, EngineError> {
    let find = |(fix, backport): &(Oid, Oid)| {
        let (fix, backport) = (shelf.changes(*fix)?, shelf.changes(*backport)?);
        Ok(interdiff::of_changes(shelf, &fix, &backport)?.into())
    };
    shelf.index.range_diffs.get((fix, backport), find)
}

/// Why a commit is taken for a backport, in words.
pub(crate) fn claim_words(claim: &Examined) -> String {
    let mut words = Vec::new();
    let says = |truth: bool, word: &str| truth.then(|| word.to_owned());
    let (itself, named) = match claim.claim.of_merged {
        true => (
            "is a commit that the fix merges, in the branch's history",
            "names a commit that the fix merges",
        ),
        false => ("is the fix itself, in the branch's history", "names the fix"),
    };
    if claim.claim.same {
        words.push(itself.to_owned());
    } else {
        words.extend(says(claim.claim.trailer, named));
        words.extend(says(claim.claim.author, "has its author and date"));
        words.extend(says(claim.claim.subject, "has its subject"));
        words.push(match claim.same_lines {
            true if claim.same_patch => "has its patch id".to_owned(),
            true => "has its patch id without context".to_owned(),
            false => format!("has {:.0} % of its lines", claim.cover * 100.0),
        });
        if claim.in_words > 0.0 {
            let share = claim.in_words * 100.0;
            words.push(format!("changes the same words in other lines for {share:.0} %"));
        }
    }
    if let Some(by) = claim.reverted_by {
        words.push(format!("but {by} says that it reverts it"));
    }
    if claim.since.undone() {
        words.push("but it was taken back".to_owned());
    } else if !claim.since.stands() {
        words.push("but little of it is at the tip".to_owned());
    } else if claim.since.partly_undone {
        words.push("but some of it was taken back".to_owned());
    }
    format!("{} {}", claim.id, words.join(", "))
}

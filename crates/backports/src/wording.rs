//! Whether the state before a fix is at a tip in other words: a version's number or a name is another one there. Such a place was
//! forgotten rather than left out.

use crate::content::States;
use crate::lines::{Block, Book};

/// From where on two lines are much the same: the share of their letters that need no change.
const ALIKE: f64 = 0.6;
/// As many lines in the place of one are compared with it, and of no more removed ones.
const MOST_LINES: usize = 30;

/// What a tip that has neither the state before a block nor the one after it has in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Wording {
    /// Something else.
    #[default]
    Other,
    /// Much the words of the state before it.
    Like,
    /// Much the words of the state before it, and no more of those of the state after it.
    Before,
}

/// Compares what is in the place of the lines that a block removes: at least half of them must be there, as they were or in much the
/// same words. `gaps` are the changes from the state before the fix to the tip.
pub(crate) fn wording(
    book: &Book,
    states: &States<'_>,
    (block, removed): (&Block, &[usize]),
    gaps: &[Block],
) -> Wording {
    let (mut like, mut before) = (0, 0);
    for index in removed {
        let found = match gaps.iter().find(|gap| gap.before.contains(index)) {
            Some(_) if removed.len() > MOST_LINES => Wording::Other,
            Some(gap) => in_place_of(book, states, (block, *index), gap),
            None => Wording::Before,
        };
        like += usize::from(found != Wording::Other);
        before += usize::from(found == Wording::Before);
    }
    let half = |there: usize| there > 0 && there * 2 >= removed.len();
    match () {
        () if half(before) => Wording::Before,
        () if half(like) => Wording::Like,
        () => Wording::Other,
    }
}

/// What is in the place of one removed line.
fn in_place_of(book: &Book, states: &States<'_>, (block, removed): (&Block, usize), gap: &Block) -> Wording {
    let removed = states.old.lines[removed];
    let added = || states.new.lines[block.after.clone()].iter().take(MOST_LINES);
    let mut found = Wording::Other;
    for line in states.tip.lines[gap.after.clone()].iter().take(MOST_LINES) {
        let likeness = book.likeness(removed, *line);
        // What the main branch has as well is another line.
        if likeness >= ALIKE && !states.new.lines.contains(line) {
            if added().all(|added| book.likeness(*added, *line) <= likeness) {
                return Wording::Before;
            }
            found = Wording::Like;
        }
    }
    found
}

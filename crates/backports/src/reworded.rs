//! Whether the state before a fix is at a tip in other words: a version's number or a name is another one there. Such a place was
//! forgotten rather than left out.

use crate::content::States;
use crate::lines::{Block, Book};

/// From where on two lines are much the same: the share of their letters that need no change.
const ALIKE: f64 = 0.6;
/// As many lines in the place of one are compared with it, and of no more removed ones.
const MOST_LINES: usize = 30;

/// Whether at least half of the lines that a block removes are at the tip, as they were or in much the same words. `gaps` are the
/// changes from the state before the fix to the tip.
pub(crate) fn is_reworded(
    book: &Book,
    states: &States<'_>,
    (block, removed): (&Block, &[usize]),
    gaps: &[Block],
) -> bool {
    let is_there = |index: &&usize| match gaps.iter().find(|gap| gap.before.contains(*index)) {
        Some(gap) => removed.len() <= MOST_LINES && has_like(book, states, (block, **index), gap),
        None => true,
    };
    let there = removed.iter().filter(is_there).count();
    there > 0 && there * 2 >= removed.len()
}

/// Whether something in the place of a removed line is much like it, and not more like what the fix adds.
fn has_like(book: &Book, states: &States<'_>, (block, removed): (&Block, usize), gap: &Block) -> bool {
    let removed = states.old.lines[removed];
    let added = &states.new.lines[block.after.clone()];
    let mut there = states.tip.lines[gap.after.clone()].iter().take(MOST_LINES);
    there.any(|line| {
        let likeness = book.likeness(removed, *line);
        likeness >= ALIKE
            && added.iter().take(MOST_LINES).all(|added| book.likeness(*added, *line) <= likeness)
            // What the main branch has as well is another line.
            && !states.new.lines.contains(line)
    })
}

//! Whether the state before a fix is at a tip in other words: a version's number or a name is another one there. Such a place was
//! forgotten rather than left out.

use imara_diff::Token;

use crate::content::States;
use crate::lines::{Block, Book};

/// From where on two lines are much the same: the share of their letters that need no change.
const ALIKE: f64 = 0.6;
/// The same where they stand in other places.
const TWIN: f64 = 0.8;
/// As many lines in the place of one are compared with it, and of no more removed ones.
const MOST_LINES: usize = 30;
/// Longer lines, in bytes, are like no other.
const LONGEST: usize = 500;
/// As many pairs of letters of one file are compared: what is as long as that was not forgotten line by line.
const MOST_PAIRS: usize = 100_000_000;

/// How many pairs of letters may still be compared.
pub(crate) struct Effort(usize);

impl Default for Effort {
    fn default() -> Self {
        Self(MOST_PAIRS)
    }
}

impl Effort {
    /// How much alike two lines are, from 0 to 1: the share of letters that one need not change to become the other.
    fn likeness(&mut self, book: &Book, one: Token, other: Token) -> f64 {
        let (one, other) = (book.line(one), book.line(other));
        let (shorter, longer) = (one.len().min(other.len()), one.len().max(other.len()));
        // What differs in length is not alike.
        if shorter * 2 < longer || longer > LONGEST {
            return 0.0;
        }
        let Some(left) = self.0.checked_sub(shorter * longer) else {
            return 0.0;
        };
        self.0 = left;
        strsim::normalized_levenshtein(&String::from_utf8_lossy(one), &String::from_utf8_lossy(other))
    }
}

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

/// Compares what the tip has for the lines that a block removes: at least half of them must be there, as they were or in much the
/// same words. `gaps` are the changes from the state before the fix to the tip.
pub(crate) fn wording(
    book: &Book,
    states: &States<'_>,
    (block, removed): (&Block, &[usize]),
    gaps: &[Block],
    effort: &mut Effort,
) -> Wording {
    let (mut like, mut before) = (0, 0);
    for index in removed {
        let found = match gaps.iter().find(|gap| gap.before.contains(index)) {
            Some(_) if removed.len() > MOST_LINES => Wording::Other,
            Some(gap) => match in_place_of(book, states, (block, *index), gap, effort) {
                Wording::Other => elsewhere(book, states, *index, gaps, effort),
                found => found,
            },
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
fn in_place_of(
    book: &Book,
    states: &States<'_>,
    (block, removed): (&Block, usize),
    gap: &Block,
    effort: &mut Effort,
) -> Wording {
    let removed = states.old.lines[removed];
    let mut found = Wording::Other;
    for line in states.tip.lines[gap.after.clone()].iter().take(MOST_LINES) {
        let likeness = effort.likeness(book, removed, *line);
        // What the main branch has as well is another line.
        if likeness < ALIKE || states.new.lines.contains(line) {
            continue;
        }
        let mut added = states.new.lines[block.after.clone()].iter().take(MOST_LINES);
        if added.all(|added| effort.likeness(book, *added, *line) <= likeness) {
            return Wording::Before;
        }
        found = Wording::Like;
    }
    found
}

/// Whether a removed line stands somewhere else, much as it was: in a file in another order it is not found in its place.
fn elsewhere(book: &Book, states: &States<'_>, removed: usize, gaps: &[Block], effort: &mut Effort) -> Wording {
    let removed = states.old.lines[removed];
    let mut lines = gaps.iter().flat_map(|gap| &states.tip.lines[gap.after.clone()]);
    let mut is_twin = |line: &Token| effort.likeness(book, removed, *line) >= TWIN && !states.new.lines.contains(line);
    if book.says_something(removed) && lines.any(&mut is_twin) {
        Wording::Like
    } else {
        Wording::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::White;

    #[test]
    fn lines_are_alike_by_their_letters_as_long_as_that_takes_no_time() {
        let mut book = Book::new(White::Nothing);
        let long = "x".repeat(LONGEST + 1);
        let text = format!("version 1.21.5\nversion 1.20.13\nanother word\nv\n{long}");
        let page = book.read(git2::Oid::ZERO_SHA1, text.as_bytes());
        let mut effort = Effort::default();
        let mut alike = |one: usize, other: usize| effort.likeness(&book, page.lines[one], page.lines[other]) >= ALIKE;
        assert!(alike(0, 0) && alike(0, 1) && alike(1, 0));
        assert!(!alike(0, 2) && !alike(0, 3) && !alike(4, 4));
        assert_eq!(Effort(100).likeness(&book, page.lines[0], page.lines[0]), 0.0);
    }
}

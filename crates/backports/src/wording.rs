//! Whether the state before a fix is at a tip in other words: a version's number or a name is another one there. Such a place was
//! forgotten rather than left out.

use std::collections::HashSet;

use imara_diff::Token;
use rapidfuzz::distance::levenshtein;

use crate::common::{common_end, common_start};
use crate::content::States;
use crate::edit::{more_words, unbroken, words};
use crate::lines::{Block, Book};

/// From where on two lines are much the same: the share of their letters that need no change.
const ALIKE: f64 = 0.6;
/// The same where they stand in other places.
const TWIN: f64 = 0.8;
/// As many lines in the place of one are compared with it, and of no more removed ones.
const MOST_LINES: usize = 30;
/// As many lines in other places are compared with one.
const MOST_ELSEWHERE: usize = 500;
/// As many more lines than a block removes may stand in its place for their words to be compared.
const MOST_BESIDE: usize = 3;
/// Lines that have this many bytes together, or more, are not joined.
const MOST_JOINED: usize = 10_000;
/// As many letters has a name that tells a line.
const SHORTEST_KEY: usize = 3;
/// Longer lines, in bytes, are like no other.
const LONGEST: usize = 500;
/// Letters are counted in as many kinds: enough to tell most lines apart.
const KINDS: usize = 64;
/// As many steps are spent on comparing the letters of lines: what is as long as that was not forgotten line by line.
const MOST_STEPS: usize = 50_000_000;

/// How many steps may still be spent.
pub(crate) struct Effort(usize);

impl Default for Effort {
    fn default() -> Self {
        Self(MOST_STEPS)
    }
}

impl Effort {
    /// No steps at all: then only what is the same is alike.
    pub fn none() -> Self {
        Self(0)
    }

    /// Whether so many more may be spent; they are, then.
    pub fn spend(&mut self, steps: usize) -> bool {
        self.0.checked_sub(steps).map(|left| self.0 = left).is_some()
    }

    /// How much alike two lines are, from 0 to 1: the share of letters that one need not change to become the other. Nothing where
    /// that is less than is asked for.
    fn likeness(&mut self, book: &Book, (one, other): (Token, Token), least: f64) -> Option<f64> {
        let (one, other) = (book.line(one), book.line(other));
        let (shorter, longer) = (one.len().min(other.len()), one.len().max(other.len()));
        let most = longer as f64 * (1.0 - least);
        if longer > LONGEST || (longer - shorter) as f64 > most {
            return None;
        }
        if !self.spend(shorter + longer + KINDS) {
            return None;
        }
        if must_change(one, other) as f64 > most {
            return None;
        }
        if !self.spend(shorter * longer) {
            return None;
        }
        let enough = levenshtein::Args::default().score_cutoff(most as usize);
        let changes = levenshtein::distance_with_args(one.iter().copied(), other.iter().copied(), &enough)?;
        Some(1.0 - changes as f64 / longer.max(1) as f64)
    }
}

/// As many letters of one line must at least change to make it the other: those that only one of them has. That is soon counted, and
/// most lines are not alike.
fn must_change(one: &[u8], other: &[u8]) -> usize {
    let mut more = [0_i16; KINDS];
    let kind = |letter: &u8| usize::from(*letter) % KINDS;
    one.iter().for_each(|letter| more[kind(letter)] += 1);
    other.iter().for_each(|letter| more[kind(letter)] -= 1);
    let count = |sign: i16| more.iter().map(|more| (more * sign).max(0)).sum::<i16>();
    usize::from(count(1).max(count(-1)).unsigned_abs())
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
    /// Other words, but of a state that is older than the one before it.
    Older,
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
        () if effort.spend(removed.len()) && is_older(book, states, (block, removed), gaps) => Wording::Older,
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
        let likeness = effort.likeness(book, (removed, *line), ALIKE);
        let alike = likeness.is_some() || same_key(book.line(removed), book.line(*line));
        // What the main branch has as well is another line.
        if !alike || states.new.lines.contains(line) {
            continue;
        }
        let mut added = states.new.lines[block.after.clone()].iter().take(MOST_LINES);
        if likeness.is_some() && added.all(|added| effort.likeness(book, (*added, *line), ALIKE) <= likeness) {
            return Wording::Before;
        }
        found = Wording::Like;
    }
    found
}

/// Whether two lines give a value to the same name, as in `image: …` and `count = …`.
fn same_key(one: &[u8], other: &[u8]) -> bool {
    let end = |line: &[u8]| line.iter().position(|byte| matches!(byte, b':' | b'='));
    let (Some(end), Some(other_end)) = (end(one), end(other)) else {
        return false;
    };
    let letters = one[..end].iter().filter(|byte| byte.is_ascii_alphanumeric());
    one[..end] == other[..other_end] && letters.count() >= SHORTEST_KEY
}

/// Whether a removed line stands somewhere else, much as it was: in a file in another order it is not found in its place.
fn elsewhere(book: &Book, states: &States<'_>, removed: usize, gaps: &[Block], effort: &mut Effort) -> Wording {
    let removed = states.old.lines[removed];
    let mut lines = gaps
        .iter()
        .flat_map(|gap| &states.tip.lines[gap.after.clone()])
        .take(MOST_ELSEWHERE);
    let mut is_twin =
        |line: &Token| effort.likeness(book, (removed, *line), TWIN).is_some() && !states.new.lines.contains(line);
    if book.says_something(removed) && lines.any(&mut is_twin) {
        Wording::Like
    } else {
        Wording::Other
    }
}

/// Whether what the tip has in a block's place is an older state of it still: it has the words that the fix takes away and none that
/// it brings; or the fix only adds to what the state before it has added to that, as to a list.
fn is_older(book: &Book, states: &States<'_>, (block, removed): (&Block, &[usize]), gaps: &[Block]) -> bool {
    let before = &states.old.lines[block.before.clone()];
    let after = &states.new.lines[block.after.clone()];
    let Some(fix) = more_words(book, before, after) else {
        return false;
    };
    let names = |sign: i32| {
        let of_sign = fix.iter().filter(move |(_, more)| **more * sign > 0);
        of_sign.map(|(word, _)| *word).filter(|word| is_name(word))
    };
    let mut places = gaps
        .iter()
        .filter(|gap| removed.iter().any(|index| gap.before.contains(index)));
    places.any(|gap| {
        let there = &states.tip.lines[gap.after.clone()];
        if there.len() > removed.len() + MOST_BESIDE {
            return false;
        }
        let has: HashSet<_> = there.iter().flat_map(|line| words(book.line(*line))).collect();
        if !has.iter().any(|word| is_name(word)) || names(1).any(|word| has.contains(word)) {
            return false;
        }
        let has_all = names(-1).next().is_some() && names(-1).all(|word| has.contains(word));
        let was = &states.old.lines[gap.before.clone()];
        has_all || only_adds(book, before, after) && only_adds(book, there, was)
    })
}

/// Whether lines become others by what is added to them at one place, wherever they are broken.
fn only_adds(book: &Book, old: &[Token], new: &[Token]) -> bool {
    let joined = |lines: &[Token]| -> Vec<u8> {
        let pieces = lines.iter().flat_map(|line| unbroken(book.line(*line)));
        pieces.copied().take(MOST_JOINED).collect()
    };
    let (old, new) = (joined(old), joined(new));
    let common = common_start(&old, &new) + common_end(&old, &new);
    old.len() < new.len() && new.len() < MOST_JOINED && common >= old.len()
}

/// Whether a word is long enough to tell something.
fn is_name(word: &[u8]) -> bool {
    word.len() >= SHORTEST_KEY && word.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recent::Recent;
    use crate::white::White;

    #[test]
    fn lines_are_alike_by_their_letters_as_long_as_that_takes_no_time() {
        let mut book = Book::new(White::Nothing);
        let long = "x".repeat(LONGEST + 1);
        let text = format!("version 1.21.5\nversion 1.20.13\nanother word\nv\n{long}");
        let page = book.read(&mut Recent::default(), b"a", git2::Oid::ZERO_SHA1, text.as_bytes());
        let mut effort = Effort::default();
        let lines = |one: usize, other: usize| (page.lines[one], page.lines[other]);
        let mut alike = |one: usize, other: usize| effort.likeness(&book, lines(one, other), ALIKE).is_some();
        assert!(alike(0, 0) && alike(0, 1) && alike(1, 0));
        assert!(!alike(0, 2) && !alike(0, 3) && !alike(4, 4));
        assert_eq!(Effort::default().likeness(&book, lines(0, 0), ALIKE), Some(1.0));
        assert_eq!(Effort(100).likeness(&book, lines(0, 0), ALIKE), None);
    }

    #[test]
    fn letters_that_only_one_line_has_must_change() {
        for (one, other, changes) in [
            ("abc", "abc", 0),
            ("abc", "cab", 0),
            ("abc", "abd", 1),
            ("", "ab", 2),
            ("aab", "ab", 1),
        ] {
            assert_eq!(must_change(one.as_bytes(), other.as_bytes()), changes, "{one} {other}");
        }
    }

    #[test]
    fn a_name_that_is_given_a_value_tells_a_line() {
        assert!(same_key(b"revision:\"5c7e1a\",", b"revision:\"90bd\","));
        assert!(same_key(b"count=first()", b"count=other(of,them)"));
        for (one, other) in [
            ("count=1", "counts=1"),
            ("i=1", "i=2"),
            ("count", "count"),
            ("count=1", "count"),
        ] {
            assert!(!same_key(one.as_bytes(), other.as_bytes()), "{one} {other}");
        }
    }
}

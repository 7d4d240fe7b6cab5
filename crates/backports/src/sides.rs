//! Where the tip has the lines of both sides of a change, and how many of those that a block adds or removes, beyond like ones that
//! stand around the block.

use std::ops::Range;

use hashbrown::{HashMap, HashSet};

use crate::counterparts::Counterparts;
use crate::lines::{Block, Book, Page};

/// Where those that were found and those around them lie farther apart than so many times their number, they stand elsewhere.
const APART: usize = 4;
/// But not where it is no more than this.
const CLOSE: usize = 40;

/// A file on one side of a change, and where the tip has its lines.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub page: &'a Page,
    pub at_tip: &'a Counterparts,
}

/// Where the tip has the lines of both sides of a change.
pub(crate) struct AtTip {
    old: Counterparts,
    new: Counterparts,
    /// Of each block, whether the lines that it takes the place of follow upon each other, with the lines around them.
    pub untouched: Vec<bool>,
}

impl AtTip {
    /// Looks for both sides. A line that one of them has in its place is not one that the other has elsewhere, which the order of lines
    /// alone does not tell where a change does no more than move it.
    pub fn find(book: &mut Book, (old, new): (&Page, &Page), tip: &Page, blocks: &[Block]) -> Self {
        let mut at_tip = Self {
            old: book.counterparts(old, tip),
            new: book.counterparts(new, tip),
            untouched: Vec::new(),
        };
        let is_untouched = |block: &Block| stand_together(&block.before, &at_tip.old, tip);
        at_tip.untouched = blocks.iter().map(is_untouched).collect();
        let untouched = blocks
            .iter()
            .zip(&at_tip.untouched)
            .filter(|(_, untouched)| **untouched);
        let before = places(untouched.map(|(block, _)| &block.before), &at_tip.old);
        let done = blocks
            .iter()
            .filter(|block| stand_together(&block.after, &at_tip.new, tip));
        let after = places(done.map(|block| &block.after), &at_tip.new);
        for block in blocks {
            leave_out(&mut at_tip.old, &block.before, &after);
            leave_out(&mut at_tip.new, &block.after, &before);
        }
        at_tip
    }

    /// Both sides, of which these are the files.
    pub fn sides<'a>(&'a self, old: &'a Page, new: &'a Page) -> (Side<'a>, Side<'a>) {
        let side = |page, at_tip| Side { page, at_tip };
        (side(old, &self.old), side(new, &self.new))
    }
}

/// Forgets where the tip has some lines, as far as others are there.
fn leave_out(at_tip: &mut Counterparts, lines: &Range<usize>, others: &HashSet<usize>) {
    for line in lines.clone() {
        if at_tip.of(line).is_some_and(|place| others.contains(&place)) {
            at_tip.forget(line);
        }
    }
}

/// Where the tip has the lines of some ranges.
fn places<'a>(ranges: impl Iterator<Item = &'a Range<usize>>, at_tip: &Counterparts) -> HashSet<usize> {
    ranges.cloned().flatten().filter_map(|line| at_tip.of(line)).collect()
}

/// Whether lines of a file follow upon each other at the tip, with the lines around them.
fn stand_together(lines: &Range<usize>, at_tip: &Counterparts, tip: &Page) -> bool {
    let first = lines.start.checked_sub(1).map(|line| at_tip.of(line));
    let last = (lines.end < at_tip.lines()).then(|| at_tip.of(lines.end));
    let inside = lines.clone().map(|line| at_tip.of(line));
    let mut next = match first {
        None => 0,
        Some(None) => return false,
        Some(Some(index)) => index + 1,
    };
    for line in inside.chain(last) {
        if line != Some(next) {
            return false;
        }
        next += 1;
    }
    last.is_some() || next == tip.lines.len()
}

/// How many lines of one side of a block the tip has.
pub(crate) struct Found {
    pub some: usize,
    pub all: usize,
    /// How many of those may be ones like them that stand around the block on both sides: so many the tip has too few of.
    pub doubtful: usize,
}

impl Found {
    /// Looks for a side's own lines among those at the tip; the lines around are given by their places here and on the other side.
    pub fn of(
        own: &[usize],
        (here, other): (Side<'_>, Side<'_>),
        around: impl Iterator<Item = (usize, usize)>,
        tip: &Page,
    ) -> Self {
        let some = own.iter().filter(|index| here.at_tip.of(**index).is_some()).count();
        let doubtful = if some > 0 {
            too_few(own, (here, other), around, tip).min(some)
        } else {
            0
        };
        Self {
            some,
            all: own.len(),
            doubtful,
        }
    }

    /// The same where all of its lines are there in another shape.
    pub fn all_of_it(self) -> Self {
        Self {
            some: self.all,
            doubtful: 0,
            ..self
        }
    }

    /// The same where none of its lines is there any more.
    pub fn nothing_of_it(self) -> Self {
        Self {
            some: 0,
            doubtful: 0,
            ..self
        }
    }

    /// How many of how many, without the doubtful ones; where all are doubtful, none is there.
    pub fn surely(&self) -> (usize, usize) {
        if self.doubtful < self.all {
            (self.some - self.doubtful, self.all - self.doubtful)
        } else {
            (0, self.all)
        }
    }
}

/// How many more lines the tip must have for all of a side's own that were found and all like them around it.
fn too_few(
    own: &[usize],
    (here, other): (Side<'_>, Side<'_>),
    around: impl Iterator<Item = (usize, usize)>,
    tip: &Page,
) -> usize {
    let mut wanted: HashMap<_, isize> = HashMap::new();
    let mut places = Vec::new();
    for index in own {
        let place = here.at_tip.of(*index);
        *wanted.entry(here.page.lines[*index]).or_default() += isize::from(place.is_some());
        places.extend(place);
    }
    for (index, there) in around {
        if let Some(number) = wanted.get_mut(&here.page.lines[index]) {
            let place = other.at_tip.of(there);
            *number += isize::from(place.is_some());
            places.extend(here.at_tip.of(index));
            places.extend(place);
        }
    }
    let (Some(first), Some(last)) = (places.iter().min(), places.iter().max()) else {
        return 0;
    };
    if last - first > CLOSE.max(APART * places.len()) {
        return 0;
    }
    for line in &tip.lines[*first..=*last] {
        wanted.entry(*line).and_modify(|number| *number -= 1);
    }
    wanted.values().map(|number| (*number).max(0).unsigned_abs()).sum()
}

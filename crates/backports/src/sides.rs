//! How many of the lines that a block adds or removes the tip has, beyond like ones that stand around the block.

use hashbrown::HashMap;

use crate::lines::Page;

/// Where those that were found and those around them lie farther apart than so many times their number, they stand elsewhere.
const APART: usize = 4;
/// But not where it is no more than this.
const CLOSE: usize = 40;

/// A file on one side of a change, and where the tip has its lines.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub page: &'a Page,
    pub at_tip: &'a [Option<usize>],
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
        let some = own.iter().filter(|index| here.at_tip[**index].is_some()).count();
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
        *wanted.entry(here.page.lines[*index]).or_default() += isize::from(here.at_tip[*index].is_some());
        places.extend(here.at_tip[*index]);
    }
    for (index, there) in around {
        if let Some(number) = wanted.get_mut(&here.page.lines[index]) {
            *number += isize::from(other.at_tip[there].is_some());
            places.extend(here.at_tip[index]);
            places.extend(other.at_tip[there]);
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

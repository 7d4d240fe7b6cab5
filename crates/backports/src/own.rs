//! What a backport does in its own way: what it changes at a place beyond what the blocks of the fix that are in effect there
//! account for. Only that can explain a block that is not.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::content::{Finding, State};

/// A place where a backport changes a file, with the lines that are its own.
pub(crate) struct Own {
    /// Its lines after the change.
    after: Range<usize>,
    adds: Vec<u64>,
    removes: Vec<u64>,
    /// What it does word by word.
    edit: Option<u64>,
}

impl Own {
    /// A place of which nothing is accounted for yet.
    pub fn of(block: &Finding) -> Self {
        Self {
            after: block.after.clone(),
            adds: block.adds.clone(),
            removes: block.removes.clone(),
            edit: block.edit,
        }
    }

    /// Takes away, from the places of one file, what the blocks of the fix that are in effect there account for: each line
    /// as often as they have it.
    pub fn account_for(places: &mut [Self], fix: &[Finding]) {
        let done = || fix.iter().filter(|block| block.state == State::InEffect);
        let mut adds = Lines::of(done().flat_map(|block| &block.adds));
        let mut removes = Lines::of(done().flat_map(|block| &block.removes));
        for place in places.iter_mut() {
            place.adds.retain(|line| !adds.take(*line));
            place.removes.retain(|line| !removes.take(*line));
        }
        for edit in done().filter_map(|block| block.edit) {
            if let Some(place) = places.iter_mut().find(|own| own.edit == Some(edit)) {
                place.edit = None;
            }
        }
    }

    /// The lines of those blocks of a file of which these places do the same word by word, each place for one block. Where they do less
    /// often what several blocks do, nobody knows which of these were done.
    pub fn do_the_same<'a>(
        places: impl IntoIterator<Item = &'a mut Self>,
        fix: impl Iterator<Item = &'a Finding>,
    ) -> Vec<usize> {
        let mut wanted = BTreeMap::<u64, Vec<usize>>::new();
        for block in fix {
            if let Some(edit) = block.edit {
                wanted.entry(edit).or_default().push(block.line);
            }
        }
        let mut offered = BTreeMap::<u64, Vec<&mut Self>>::new();
        for place in places {
            if let Some(edit) = place.edit {
                offered.entry(edit).or_default().push(place);
            }
        }
        let mut lines = Vec::new();
        for (edit, wanted) in wanted {
            let places = offered.remove(&edit).unwrap_or_default();
            if places.len() >= wanted.len() {
                places
                    .into_iter()
                    .take(wanted.len())
                    .for_each(|place| place.edit = None);
                lines.extend(wanted);
            }
        }
        lines
    }

    /// Whether something of its own is done within this many lines of a line.
    pub fn is_near(&self, line: usize, by: usize) -> bool {
        let does_something = !self.adds.is_empty() || !self.removes.is_empty();
        does_something && line + by >= self.after.start && line <= self.after.end + by
    }

    /// Whether these places do at least half of what a block of the fix does.
    pub fn do_half<'a>(places: impl Iterator<Item = &'a Self> + Clone, block: &Finding) -> bool {
        let mut adds = Lines::of(places.clone().flat_map(|own| &own.adds));
        let mut removes = Lines::of(places.flat_map(|own| &own.removes));
        let done = block.adds.iter().filter(|line| adds.take(**line)).count()
            + block.removes.iter().filter(|line| removes.take(**line)).count();
        done > 0 && done * 2 >= block.adds.len() + block.removes.len()
    }
}

/// Lines, and how often each is there.
struct Lines(HashMap<u64, usize>);

impl Lines {
    fn of<'a>(lines: impl Iterator<Item = &'a u64>) -> Self {
        let mut counts = HashMap::new();
        lines.for_each(|line| *counts.entry(*line).or_default() += 1);
        Self(counts)
    }

    /// Whether a line is still there; then there is one less of it.
    fn take(&mut self, line: u64) -> bool {
        match self.0.get_mut(&line) {
            Some(count @ 1..) => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::Wording;

    fn block(state: State, adds: &[u64], after: Range<usize>) -> Finding {
        Finding {
            state,
            weight: 1,
            line: 1,
            after,
            added: (0, adds.len()),
            kept: (0, 0),
            replaced: false,
            is_whole: false,
            untouched: false,
            wording: Wording::Other,
            place: None,
            adds: adds.to_vec(),
            removes: Vec::new(),
            edit: None,
            patch: 0,
        }
    }

    #[test]
    fn what_the_fix_accounts_for_explains_nothing_and_each_line_counts_once() {
        let done = block(State::InEffect, &[1, 2], 0..2);
        let forgotten = block(State::Lacking, &[1, 3], 9..11);
        let mut places = [Own::of(&done)];
        assert!(Own::do_half(places.iter(), &forgotten));
        Own::account_for(&mut places, &[done, forgotten.clone()]);
        assert!(!Own::do_half(places.iter(), &forgotten));
        assert!(!places[0].is_near(1, 8));
        let mut places = [Own::of(&block(State::InEffect, &[1, 2, 1], 4..7))];
        Own::account_for(&mut places, &[block(State::InEffect, &[1, 2], 0..2)]);
        assert!(Own::do_half(places.iter(), &forgotten), "it does the line twice");
        for (line, near) in [(0, false), (1, true), (10, true), (11, false)] {
            assert_eq!(places[0].is_near(line, 3), near, "{line}");
        }
    }
}

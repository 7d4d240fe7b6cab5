//! What a backport does in its own way: what it changes at a place beyond what the blocks of the fix that are in effect there
//! account for. Only that can explain a block that is not.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

use crate::content::{Finding, State};
use crate::edit::Edit;

/// A place where a backport changes a file, with the lines that are its own.
pub(crate) struct Own {
    /// Its lines after the change.
    after: Range<usize>,
    adds: Vec<u64>,
    removes: Vec<u64>,
    /// Whether it adds a line that the file after the fix does not have, or removes one that the file before it does not have; taken for
    /// granted until it is asked.
    has_other_lines: bool,
    /// What it does word by word; nothing once that is accounted for.
    pub edit: Option<Edit>,
}

impl Own {
    /// A place of which nothing is accounted for yet.
    pub fn of(block: &Finding) -> Self {
        Self {
            after: block.after.clone(),
            adds: block.adds.clone(),
            removes: block.removes.clone(),
            has_other_lines: true,
            edit: block.edit,
        }
    }

    /// Takes away, from the places of one file, what the blocks of the fix that are in effect there account for: each line
    /// as often as they have it.
    pub fn account_for(places: &mut [Self], fix: &[Finding]) {
        let done = || fix.iter().filter(|block| block.state == State::InEffect);
        let mut adds = Counted::of(done().flat_map(|block| &block.adds));
        let mut removes = Counted::of(done().flat_map(|block| &block.removes));
        let mut edits = Counted::of(done().filter_map(|block| block.edit.as_ref()));
        for place in places {
            place.adds.retain(|line| !adds.take(*line));
            place.removes.retain(|line| !removes.take(*line));
            place.edit = place.edit.filter(|edit| !edits.take(*edit));
        }
    }

    /// Whether something is left that is not accounted for.
    pub fn does_something(&self) -> bool {
        !self.adds.is_empty() || !self.removes.is_empty()
    }

    /// Takes note of which places do something that is the branch's alone, by the lines that the fix's file has before and after it.
    pub fn note_other_lines(places: &mut [Self], [before, after]: &[HashSet<u64>; 2]) {
        for place in places {
            place.has_other_lines = place.adds.iter().any(|line| !after.contains(line))
                || place.removes.iter().any(|line| !before.contains(line));
        }
    }

    /// Whether something of its own is done within this many lines of a line.
    pub fn is_near(&self, line: usize, by: usize) -> bool {
        self.does_something() && line + by >= self.after.start && line <= self.after.end + by
    }

    /// Whether something that is the branch's alone is done within this many lines of a line.
    pub fn does_other_near(&self, line: usize, by: usize) -> bool {
        self.has_other_lines && self.is_near(line, by)
    }

    /// The lines that these places add, but not as often as the blocks of the fix want that are not in effect and of which the branch has
    /// the code: one of these goes without.
    pub fn too_few<'a>(places: impl Iterator<Item = &'a Self>, fix: impl Iterator<Item = &'a Finding>) -> HashSet<u64> {
        let is_wanted = |block: &&Finding| matches!(block.state, State::Lacking | State::Unclear);
        let wanted = Counted::of(fix.filter(is_wanted).flat_map(|block| &block.adds));
        let mut added = Counted::of(places.flat_map(|own| &own.adds));
        let few = wanted
            .0
            .into_iter()
            .filter(|(line, times)| !added.take_times(*line, *times));
        few.map(|(line, _)| line).collect()
    }

    /// Whether these places do at least half of what a block of the fix does. Lines of which there are too few are not those of a block
    /// that was left alone.
    pub fn do_half<'a>(
        places: impl Iterator<Item = &'a Self> + Clone,
        block: &Finding,
        too_few: &HashSet<u64>,
    ) -> bool {
        let mut adds = Counted::of(places.clone().flat_map(|own| &own.adds));
        let mut removes = Counted::of(places.flat_map(|own| &own.removes));
        let may_be = |line: &&u64| !block.was_left_alone() || !too_few.contains(*line);
        let added = block.adds.iter().filter(may_be);
        let added = added.filter(|line| adds.take(**line)).count();
        let removed = block.removes.iter().filter(|line| removes.take(**line)).count();
        if block.was_left_alone() && removed * 2 < block.removes.len() {
            // What it removes is where it was: that half was not done.
            return false;
        }
        let done = added + removed;
        done > 0 && done * 2 >= block.adds.len() + block.removes.len()
    }
}

/// Lines, or edits, and how often each is there.
pub(crate) struct Counted<T>(HashMap<T, usize>);

impl<T: Copy + Eq + Hash> Counted<T> {
    pub fn of<'a>(all: impl Iterator<Item = &'a T>) -> Self
    where
        T: 'a,
    {
        let mut counts = HashMap::new();
        all.for_each(|one| *counts.entry(*one).or_default() += 1);
        Self(counts)
    }

    /// Whether one is there so many times; then it is there so many times less.
    pub fn take_times(&mut self, one: T, times: usize) -> bool {
        match self.0.get_mut(&one) {
            Some(count) if *count >= times => {
                *count -= times;
                true
            }
            _ => false,
        }
    }

    fn take(&mut self, one: T) -> bool {
        self.take_times(one, 1)
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
            moves: Vec::new(),
            edit: None,
            patch: 0,
        }
    }

    #[test]
    fn what_the_fix_accounts_for_explains_nothing_and_each_line_counts_once() {
        let done = block(State::InEffect, &[1, 2], 0..2);
        let forgotten = block(State::Lacking, &[1, 3], 9..11);
        let mut places = [Own::of(&done)];
        assert!(Own::do_half(places.iter(), &forgotten, &HashSet::new()));
        Own::account_for(&mut places, &[done, forgotten.clone()]);
        assert!(!Own::do_half(places.iter(), &forgotten, &HashSet::new()));
        assert!(!places[0].is_near(1, 8));
        let mut places = [Own::of(&block(State::InEffect, &[1, 2, 1], 4..7))];
        Own::account_for(&mut places, &[block(State::InEffect, &[1, 2], 0..2)]);
        assert!(
            Own::do_half(places.iter(), &forgotten, &HashSet::new()),
            "it does the line twice"
        );
        for (line, near) in [(0, false), (1, true), (10, true), (11, false)] {
            assert_eq!(places[0].is_near(line, 3), near, "{line}");
        }
    }
}

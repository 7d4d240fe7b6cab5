//! Where another state of a file has the lines of one.

use std::collections::HashSet;
use std::sync::Arc;

use crate::lines::Block;

/// For every line of one state its counterpart in another: told from the changes between the two when it is asked for, because most
/// lines of a file are not asked about.
pub(crate) struct Counterparts {
    blocks: Arc<[Block]>,
    /// How many lines the one state has.
    lines: usize,
    /// Lines that are said to have none after all.
    forgotten: HashSet<usize>,
}

impl Counterparts {
    /// Of a state of so many lines, which these changes make the other one.
    pub fn new(blocks: Arc<[Block]>, lines: usize) -> Self {
        Self {
            blocks,
            lines,
            forgotten: HashSet::new(),
        }
    }

    /// How many lines the one state has.
    pub fn lines(&self) -> usize {
        self.lines
    }

    /// How many of them have a counterpart.
    pub fn count(&self) -> usize {
        let changed: usize = self.blocks.iter().map(|block| block.before.len()).sum();
        self.lines - changed - self.forgotten.len()
    }

    /// The counterpart of a line; none of one that is not there.
    pub fn of(&self, line: usize) -> Option<usize> {
        if line >= self.lines || self.forgotten.contains(&line) {
            return None;
        }
        let next = self.blocks.partition_point(|block| block.before.end <= line);
        if self.blocks.get(next).is_some_and(|block| block.before.start <= line) {
            return None;
        }
        let before = next.checked_sub(1).and_then(|last| self.blocks.get(last));
        Some(before.map_or(line, |block| block.after.end + (line - block.before.end)))
    }

    /// Says that a line has none.
    pub fn forget(&mut self, line: usize) {
        if self.of(line).is_some() {
            self.forgotten.insert(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_step_over_changes() {
        let block = |before, after| Block { before, after };
        // One line for two others, two that come, one that goes.
        let blocks = [block(1..2, 1..3), block(3..3, 4..6), block(5..6, 8..8)];
        let mut counterparts = Counterparts::new(blocks.into(), 7);
        let all = |counterparts: &Counterparts| (0..8).map(|line| counterparts.of(line)).collect::<Vec<_>>();
        let found = [Some(0), None, Some(3), Some(6), Some(7), None, Some(8), None];
        assert_eq!(all(&counterparts), found);
        assert_eq!((counterparts.lines(), counterparts.count()), (7, 5));
        // One that has none, and one that is not there, change nothing.
        for line in [1, 3, 3, 7] {
            counterparts.forget(line);
        }
        assert_eq!(counterparts.of(3), None);
        assert_eq!(counterparts.count(), 4);
        let same = Counterparts::new([].into(), 2);
        assert_eq!((same.of(1), same.of(2), same.count()), (Some(1), None, 2));
    }
}

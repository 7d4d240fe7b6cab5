//! The lines around a block of a change.

use std::ops::Range;

use crate::lines::Block;

/// How many lines with words around a block tell its place, on each side.
pub(crate) const CONTEXT: usize = 3;
/// How far away they may be.
pub(crate) const WINDOW: usize = 10;

/// How many lines lie between a block and the one before it, and between it and the one after it, or the ends of the file.
pub(crate) fn apart(blocks: &[Block], number: usize, length: usize) -> (usize, usize) {
    let block = &blocks[number];
    let above = block.before.start - number.checked_sub(1).map_or(0, |number| blocks[number].before.end);
    let below = blocks.get(number + 1).map_or(length, |next| next.before.start) - block.before.end;
    (above, below)
}

/// Lines before and after a block that it leaves alone, by their places in the file before it and after it: as many on each side as
/// the block has at most, and none beyond another block.
pub(crate) fn around(blocks: &[Block], number: usize, length: usize) -> Vec<(usize, usize)> {
    let block = &blocks[number];
    let most = block.before.len().max(block.after.len());
    let (above, below) = apart(blocks, number, length);
    let above = (1..=above.min(most)).map(|by| (block.before.start - by, block.after.start - by));
    let below = (0..below.min(most)).map(|by| (block.before.end + by, block.after.end + by));
    above.chain(below).collect()
}

/// As many lines on each side of a block, of those within a piece of the file before it that tell something: the nearest first, those
/// above it before those below.
pub(crate) fn nearest(block: &Block, within: Range<usize>, most: usize, tells: impl Fn(&usize) -> bool) -> Vec<usize> {
    let above = (within.start..block.before.start).rev().filter(&tells).take(most);
    let below = (block.before.end..within.end).filter(&tells).take(most);
    above.chain(below).collect()
}

/// The piece of a file of so many lines in which lines tell the place of a block.
pub(crate) fn window(block: &Block, length: usize) -> Range<usize> {
    block.before.start.saturating_sub(WINDOW)..(block.before.end + WINDOW).min(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_around_a_block_end_at_the_next_one_and_the_nearest_come_first() {
        let block = |before: Range<usize>, after: Range<usize>| Block { before, after };
        let blocks = [block(2..4, 2..3), block(6..7, 5..8), block(7..7, 8..9)];
        assert_eq!(apart(&blocks, 0, 20), (2, 2));
        assert_eq!(apart(&blocks, 1, 20), (2, 0));
        assert_eq!(apart(&blocks, 2, 20), (0, 13));
        assert_eq!(around(&blocks, 1, 20), [(5, 4), (4, 3)]);
        let even = |index: &usize| index.is_multiple_of(2);
        let found = |within, most| nearest(&blocks[1], within, most, even);
        assert_eq!(found(0..20, 2), [4, 2, 8, 10]);
        assert_eq!(found(3..8, 2), [4]);
        assert_eq!(window(&blocks[1], 20), 0..17);
        assert_eq!(window(&blocks[1], 9), 0..9);
    }
}

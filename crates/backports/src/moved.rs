//! Lines that a fix takes from one place of its files to another. A backport that only takes them away has half of that.

use std::collections::{HashMap, HashSet};

use crate::files::FileFinding;

/// In which files of a fix, by their numbers, a commit takes away a line that the fix takes elsewhere and that it does not bring back
/// in any file.
pub(crate) fn taken_away(fix: &[FileFinding], own: &[FileFinding]) -> HashSet<usize> {
    let (of_fix, own) = (gains(fix.iter()), gains(own.iter()));
    let gain = |gains: &HashMap<u64, i64>, line: &u64| gains.get(line).copied().unwrap_or(0);
    let mut found = HashSet::new();
    for (number, file) in fix.iter().enumerate().filter(|(_, file)| !file.ancillary) {
        let mut moved = file.blocks.iter().flat_map(|block| &block.moves);
        let of_file = gains([file].into_iter());
        let stays = |line: &u64| gain(&of_file, line) == 0 && gain(&of_fix, line) == 0;
        if moved.any(|line| stays(line) && gain(&own, line) < 0) {
            found.insert(number);
        }
    }
    found
}

/// How many times more each line is added than removed in files.
fn gains<'f>(files: impl Iterator<Item = &'f FileFinding>) -> HashMap<u64, i64> {
    let mut gains = HashMap::new();
    for block in files.flat_map(|file| &file.blocks) {
        block.adds.iter().for_each(|line| *gains.entry(*line).or_default() += 1);
        block
            .removes
            .iter()
            .for_each(|line| *gains.entry(*line).or_default() -= 1);
    }
    gains
}

//! How much of a fix is in which state, and which of its files decide.

use crate::content::State;
use crate::files::FileFinding;

/// How many lines of a fix are in which state.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    pub good: usize,
    pub lacking: usize,
    pub absent: usize,
    pub unclear: usize,
}

impl Sum {
    pub fn add(&mut self, state: State, weight: usize) {
        match state {
            State::InEffect => self.good += weight,
            State::Lacking => self.lacking += weight,
            State::Absent => self.absent += weight,
            State::Unclear => self.unclear += weight,
        }
    }

    /// All blocks of the files that decide.
    pub fn of(files: &[FileFinding], scope: Scope) -> Self {
        let mut sum = Self::default();
        for block in files
            .iter()
            .filter(|file| scope.has(file))
            .flat_map(|file| &file.blocks)
        {
            sum.add(block.state, block.weight);
        }
        for _ in files.iter().filter(|file| scope.has(file) && file.is_left_behind) {
            sum.add(State::Lacking, 1);
        }
        sum
    }
}

/// Which files of a fix decide: those that run, or all where the branch has none of those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those that run.
    Code,
    /// All.
    All,
}

impl Scope {
    /// The scope of a fix at a tip.
    pub fn of(files: &[FileFinding]) -> Self {
        let mut code = files
            .iter()
            .filter(|file| !file.ancillary)
            .flat_map(|file| &file.blocks);
        if code.any(|block| block.state != State::Absent && block.weight > 0) {
            Self::Code
        } else {
            Self::All
        }
    }

    /// Whether a file decides.
    pub fn has(self, file: &FileFinding) -> bool {
        self == Self::All || !file.ancillary
    }
}

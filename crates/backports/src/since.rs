//! What became of a claim's own change by the tip.

use std::collections::{HashMap, HashSet};

use crate::content::{Finding, State};
use crate::edit::Edit;
use crate::error::EngineError;
use crate::files::{FileFinding, find_changes};
use crate::fix::Change;
use crate::place::Place;
use crate::series::Outcome;
use crate::sum::{Scope, Sum};

/// How much of a claim's own change the tip still shows.
pub(crate) struct Since {
    sum: Sum,
    /// Whether a place that it changes in what runs is again, line by line, as it was before it.
    pub partly_undone: bool,
}

impl Since {
    /// Of a claim that is the tip: nothing followed.
    pub fn at_tip(own: &[FileFinding]) -> Self {
        Self {
            sum: Sum::of(own, Scope::of(own)),
            partly_undone: false,
        }
    }

    /// Of an earlier one: its own changes, looked at where the branch is now. Beside them the fix, and what the claim's tree says of
    /// it: where the rest of the series goes on, and what the claim brings of it in other words.
    pub fn at(
        place: &mut Place<'_, '_>,
        own: &[Change],
        (fix, outcome): (&[Change], &Outcome),
        there: &[FileFinding],
        reworded: &HashMap<(usize, usize), Edit>,
    ) -> Result<Self, EngineError> {
        let mut findings = find_changes(place, own, &Outcome::default())?;
        let in_fix = |file: &FileFinding| {
            let mut of_fix = fix.iter().zip(there);
            of_fix.find(|(_, there)| there.at.as_ref() == Some(&file.path))
        };
        // What the rest of the series does to a file shows in the fix.
        let is_settled = |file: &FileFinding| in_fix(file).is_none_or(|(change, _)| !outcome.goes_on(change));
        let mut partly_undone = false;
        if findings.iter().any(is_settled) {
            findings.retain(is_settled);
            let nowhere = there.iter().filter(|file| file.at.is_none());
            let lines: HashSet<_> = nowhere
                .flat_map(|file| &file.blocks)
                .flat_map(|block| &block.adds)
                .collect();
            // What it brings of the fix in another file was to stay there, too.
            let stands_for_one = |block: &Finding| {
                let in_words = |edit: &Edit| edit.has_names && block.edit == Some(*edit);
                reworded.values().any(in_words) || block.adds.iter().any(|line| lines.contains(line))
            };
            let undone = |block: &Finding| block.state == State::Lacking && block.weight > 0 && block.untouched;
            // What else it brings is not asked about: it may have been a squash.
            let asked = |file: &FileFinding, block: &Finding| in_fix(file).is_some() || stands_for_one(block);
            let mut running = findings.iter().filter(|file| !file.ancillary);
            partly_undone = running.any(|file| file.blocks.iter().any(|block| undone(block) && asked(file, block)));
        }
        let sum = Sum::of(&findings, Scope::of(&findings));
        Ok(Self { sum, partly_undone })
    }

    /// Whether it is still in effect: nothing of it was taken back.
    pub fn stands(&self) -> bool {
        let Sum {
            good, lacking, unclear, ..
        } = self.sum;
        good > 0 && lacking * 4 <= good && unclear <= good
    }

    /// Whether it was taken back.
    pub fn undone(&self) -> bool {
        let Sum { good, lacking, .. } = self.sum;
        lacking > 0 && good * 4 <= lacking
    }
}

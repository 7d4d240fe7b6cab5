//! Which blocks of a fix a backport brings in other words: no line of it is the fix's, but the same words come and go.

use std::collections::{BTreeMap, HashMap};

use crate::content::{Finding, State};
use crate::edit::Edit;
use crate::files::FileFinding;
use crate::history::Claim;
use crate::own::{Counted, Own};

/// Blocks of a fix, by their files and lines, that a claim does not bring as they are and of which it does the same word by word, each
/// time at a place of its own; with what that is. Where it does less often what several blocks of a file do, nobody knows which of
/// these were done.
pub(crate) fn reworded(
    claim: Claim,
    fix: &[FileFinding],
    places: &BTreeMap<Vec<u8>, Vec<Own>>,
) -> HashMap<(usize, usize), Edit> {
    let mut reworded = HashMap::new();
    // Where nothing but an id or a clock says so, that the words are the same is for a person to weigh.
    if !claim.is_strong() && !claim.subject {
        return reworded;
    }
    let mut elsewhere = Counted::of(places.values().flatten().filter_map(|own| own.edit.as_ref()));
    for (number, file) in fix.iter().enumerate() {
        let Some(own) = file.at.as_ref().and_then(|at| places.get(at)) else {
            continue;
        };
        let mut here = Counted::of(own.iter().filter_map(|own| own.edit.as_ref()));
        for (edit, lines) in wanted(file, |_| true) {
            if (edit.has_names || claim.is_strong()) && here.take_times(edit, lines.len()) {
                elsewhere.take_times(edit, lines.len());
                reworded.extend(lines.into_iter().map(|line| ((number, line), edit)));
            }
        }
    }
    if !claim.is_strong() {
        return reworded;
    }
    for (number, file) in fix.iter().enumerate() {
        // The branch may have the file, and what the fix changes in it may still be part of another one.
        let touched = file.at.as_ref().is_some_and(|at| places.contains_key(at));
        let may_be_elsewhere = |block: &Finding| match block.state {
            State::Absent => true,
            State::Unclear => !touched,
            State::InEffect | State::Lacking => false,
        };
        for (edit, lines) in wanted(file, |block| !reworded.contains_key(&(number, block.line))) {
            if edit.has_names && elsewhere.take_times(edit, lines.len()) {
                let there = |line: &usize| file.block(*line).is_some_and(may_be_elsewhere);
                reworded.extend(lines.into_iter().filter(there).map(|line| ((number, line), edit)));
            }
        }
    }
    reworded
}

/// What is asked for word by word, and on which lines: the blocks of a file that are not in effect.
fn wanted(file: &FileFinding, asked: impl Fn(&Finding) -> bool) -> BTreeMap<Edit, Vec<usize>> {
    let mut wanted = BTreeMap::<Edit, Vec<usize>>::new();
    for block in file
        .blocks
        .iter()
        .filter(|block| block.state != State::InEffect && asked(block))
    {
        if let Some(edit) = block.edit {
            wanted.entry(edit).or_default().push(block.line);
        }
    }
    wanted
}

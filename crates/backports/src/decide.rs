//! From what was found to a verdict. Pure: everything that is read has been read.

use crate::claim::Examined;
use crate::content::{Finding, State};
use crate::files::FileFinding;
use crate::sum::{Scope, Sum};
use crate::verdict::Verdict;
use crate::wording::Wording;

/// So many lines that a fix adds in a row, in a file that the backport leaves alone, are a question where their place is not there.
/// One line may be an entry of a list.
const ADDITION: usize = 2;

/// Where so many times as many lines are lacking as are there, and no commit looks like the backport, others brought these by chance.
const CHANCE: usize = 4;

/// A verdict, and how much of the fix it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub verdict: Verdict,
    /// Lines of the fix as the tip shows them, without regard to who brought them.
    pub shown: Sum,
    /// Lines that a backport does in its own way.
    pub explained: usize,
}

/// Decides about one fix commit.
///
/// Content decides; a claim only says what a difference may be: a block that the tip does not show is *adapted* where a
/// backport that still stands changes that very place, and *forgotten* where none does.
///
/// `silence_tells` says whether it means something that no commit looks like the backport: not where part of the history was not read,
/// nor where what is there without one must count.
pub(crate) fn decide(files: &[FileFinding], claims: &[Examined], silence_tells: bool) -> Decision {
    let scope = Scope::of(files);
    let shown = Sum::of(files, scope);
    let related: Vec<_> = claims.iter().filter(|claim| claim.related()).collect();
    let standing = standing(claims);
    // Somebody wrote that the backport was reverted, and nobody that it came back: whatever the lines say, a person looks.
    let contradicted = !related.is_empty() && related.iter().all(|claim| claim.reverted_by.is_some());
    let mut left = Left::of(files, scope, &standing);
    // Another change to the same place may have the same title. Where nothing else says so, something that the fix brings must be there.
    let is_title_alone = |claim: &&Examined| claim.claim.is_title_alone() && !claim.brings_much(blocks(files, scope));
    if standing.iter().all(is_title_alone) {
        let mut adding = blocks(files, scope).filter(|block| block.added.1 > 0).peekable();
        left.is_doubtful |= adding.peek().is_some() && adding.all(|block| block.added.0 == 0);
    }
    let verdict = if files.iter().all(|file| file.blocks.is_empty()) {
        // The rest of the series took all of it back: the tip cannot show it, so somebody must have carried it.
        let carried = claims.iter().any(|claim| claim.claim.is_strong());
        if carried { Verdict::Present } else { Verdict::Unproven }
    } else if standing.is_empty() {
        let undone = related.iter().any(|claim| claim.since.undone());
        let is_unclaimed = silence_tells && claims.iter().all(Examined::changes_nothing);
        let seen = if is_unclaimed {
            unclaimed(shown, blocks(files, scope))
        } else {
            shown
        };
        let proves = blocks(files, scope).any(Finding::is_positive) && !contradicted;
        let verdict = by_content(seen, proves, undone);
        // It was there, and what followed it is no way back: later commits wrote that place anew. Or somebody says to have carried the
        // fix and did something, but not what the fix does: it may be done in another way, in another file, or the id is wrong.
        let rewritten = shown.lacking == 0 && !related.is_empty();
        match verdict {
            Verdict::Missing | Verdict::Unproven if contradicted && shown.good == 0 => Verdict::Reverted,
            _ if is_unclaimed && seen.lacking > seen.good * CHANCE => Verdict::Missing,
            Verdict::Missing if rewritten || claims.iter().any(Examined::does_something_else) => Verdict::Unproven,
            verdict => verdict,
        }
    } else {
        match by_claim(left.sum, left.explained) {
            verdict if verdict.is_good() && contradicted => Verdict::Unproven,
            Verdict::Missing if contradicted => Verdict::Reverted,
            verdict if verdict.is_good() && standing.iter().any(|claim| claim.since.partly_undone) => Verdict::Partial,
            verdict if verdict.is_good() && left.is_doubtful => Verdict::Unproven,
            verdict => verdict,
        }
    };
    let is_open = forgotten_copies(files, &standing).next().is_some()
        || half_moved(files, &standing).next().is_some()
        || files.iter().any(|file| scope.has(file) && file.unresolved.is_some());
    let verdict = if verdict.is_good() && is_open {
        Verdict::Unproven
    } else {
        verdict
    };
    let inexact = blocks(files, scope).any(|block| block.state == State::InEffect && !block.is_exact());
    Decision {
        verdict: if verdict == Verdict::Present && inexact {
            Verdict::Adapted
        } else {
            verdict
        },
        shown,
        explained: left.explained,
    }
}

/// The files that decide of which the tip has a copy that is as before the fix and that no standing claim changes: each has
/// the flaw.
pub(crate) fn forgotten_copies<'f>(
    files: &'f [FileFinding],
    standing: &'f [&Examined],
) -> impl Iterator<Item = (&'f FileFinding, &'f [u8])> {
    let running = files.iter().filter(|file| !file.ancillary);
    let copies = running.flat_map(|file| file.copies.iter().map(move |copy| (file, copy.as_slice())));
    copies.filter(move |(_, copy)| !standing.iter().any(|claim| claim.changes(copy)))
}

/// The files that decide in which each standing claim that changes them only takes away a line which the fix takes elsewhere.
pub(crate) fn half_moved<'f>(
    files: &'f [FileFinding],
    standing: &'f [&Examined],
) -> impl Iterator<Item = &'f FileFinding> {
    let touching = move |number: usize| standing.iter().filter(move |claim| claim.touches(number));
    let is_half = move |number: usize| {
        touching(number).next().is_some() && touching(number).all(|claim| claim.only_takes_away(number))
    };
    let half = files.iter().enumerate().filter(move |(number, _)| is_half(*number));
    half.map(|(_, file)| file)
}

/// The claims that have to do with the fix and that nobody took back.
pub(crate) fn standing(claims: &[Examined]) -> Vec<&Examined> {
    let standing = claims.iter().filter(|claim| claim.related() && claim.since.stands());
    standing.collect()
}

/// Half of what a fix does to a file that it gives another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    /// The file under its name before the fix is to go.
    Old,
    /// The file under its name after the fix, which may be the one before it, is to be there.
    New,
}

/// Which half of a rename is forgotten, or whether the file that was to be changed is. A branch that never had it misses nothing, but
/// one whose backport removed it does.
pub(crate) fn forgotten_half(file: &FileFinding, standing: &[&Examined]) -> Option<Half> {
    let was = file.was.as_deref()?;
    let is_absent = |block: &Finding| block.state == State::Absent;
    if file.is_left_behind && !standing.iter().any(|claim| claim.changes(was)) {
        return Some(Half::Old);
    }
    let is_nowhere = file.at.is_none() && file.blocks.iter().any(is_absent);
    (is_nowhere && standing.iter().any(|claim| claim.removes(was))).then_some(Half::New)
}

/// What the standing claims leave open.
#[derive(Default)]
struct Left {
    /// What none of them explains.
    sum: Sum,
    /// How many lines one of them explains.
    explained: usize,
    /// Whether something of what is left looks forgotten or taken back rather than rightly left out.
    is_doubtful: bool,
}

impl Left {
    fn of(files: &[FileFinding], scope: Scope, standing: &[&Examined]) -> Self {
        let mut left = Self::default();
        for (number, file) in files.iter().enumerate().filter(|(_, file)| scope.has(file)) {
            let touched = standing.iter().any(|claim| claim.touches(number));
            let forgotten = forgotten_half(file, standing);
            if forgotten == Some(Half::Old) {
                left.sum.add(State::Lacking, 1);
            }
            for block in &file.blocks {
                let explains = |claim: &&Examined| claim.explains(number, block);
                if block.state != State::InEffect && (file.ancillary && touched || standing.iter().any(explains)) {
                    left.explained += block.weight;
                    continue;
                }
                let state = match block.state {
                    State::Absent if forgotten == Some(Half::New) => State::Lacking,
                    state => state,
                };
                left.sum.add(state, block.weight);
                // In a file that nobody touched, what is like both sides is an older state, and so may be what has no lines.
                let is_older = block.wording != Wording::Other || block.is_whole && block.state == State::Unclear;
                let as_before = block.is_reworded() || is_older && !touched;
                // Lines that are only added belong to a place that an older branch may not have; but few branches have the file and
                // lack the place.
                let is_addition = block.state == State::Absent && block.kept.1 == 0 && block.weight >= ADDITION;
                let left_out = is_addition && file.at.is_some() && !touched;
                let lost = || standing.iter().any(|claim| claim.lost(number, block));
                let is_open = as_before || left_out || block.is_half_gone() || lost();
                left.is_doubtful |= !file.ancillary && block.weight > 0 && is_open;
            }
        }
        left
    }
}

fn blocks(files: &[FileFinding], scope: Scope) -> impl Iterator<Item = &Finding> {
    files
        .iter()
        .filter(move |file| scope.has(file))
        .flat_map(|file| &file.blocks)
}

/// Lines of a fix as the tip shows them where no commit looks like the backport: what is there in much the words of the state before
/// the fix was not done in another way.
fn unclaimed<'f>(shown: Sum, blocks: impl Iterator<Item = &'f Finding>) -> Sum {
    let reworded = blocks.filter(|block| block.state == State::Unclear && block.is_reworded());
    let reworded: usize = reworded.map(|block| block.weight).sum();
    Sum {
        lacking: shown.lacking + reworded,
        unclear: shown.unclear - reworded,
        ..shown
    }
}

fn by_claim(left: Sum, explained: usize) -> Verdict {
    let good = left.good + explained;
    match left {
        Sum { lacking: 1.., .. } if good > 0 => Verdict::Partial,
        Sum { lacking: 1.., .. } => Verdict::Missing,
        // What is there must be a good part of the whole, however rightly the rest was left out.
        Sum { unclear, absent, .. } if good == 0 || unclear > good || absent > good * 3 => Verdict::Unproven,
        Sum {
            unclear: 0, absent: 0, ..
        } if explained == 0 => Verdict::Present,
        _ => Verdict::Adapted,
    }
}

fn by_content(shown: Sum, proves: bool, undone: bool) -> Verdict {
    let Sum {
        good,
        lacking,
        absent,
        unclear,
    } = shown;
    let no = if undone { Verdict::Reverted } else { Verdict::Missing };
    if good > 0 && lacking == 0 && unclear == 0 && absent * 4 <= good {
        return match (proves, absent) {
            (false, _) => Verdict::Unproven,
            (true, 0) => Verdict::Present,
            (true, _) => Verdict::Adapted,
        };
    }
    if good > 0 && lacking > 0 {
        return if undone && lacking > good * 2 {
            Verdict::Reverted
        } else {
            Verdict::Partial
        };
    }
    if undone || good == 0 && (unclear == 0 || lacking > unclear) {
        return no;
    }
    Verdict::Unproven
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(good: usize, lacking: usize, absent: usize, unclear: usize) -> Sum {
        Sum {
            good,
            lacking,
            absent,
            unclear,
        }
    }

    #[test]
    fn content_alone_needs_all_of_it_and_something_new() {
        for (shown, proves, undone, expected) in [
            (sum(5, 0, 0, 0), true, false, Verdict::Present),
            (sum(8, 0, 2, 0), true, false, Verdict::Adapted),
            (sum(5, 0, 0, 0), false, false, Verdict::Unproven),
            (sum(5, 0, 2, 0), true, false, Verdict::Unproven),
            (sum(5, 1, 0, 0), true, false, Verdict::Partial),
            (sum(0, 5, 0, 0), true, false, Verdict::Missing),
            (sum(0, 0, 5, 0), true, false, Verdict::Missing),
            (sum(1, 5, 0, 0), true, true, Verdict::Reverted),
            (sum(0, 5, 0, 0), true, true, Verdict::Reverted),
            (sum(2, 0, 0, 3), true, false, Verdict::Unproven),
        ] {
            assert_eq!(by_content(shown, proves, undone), expected, "{shown:?}");
        }
    }

    #[test]
    fn what_a_claim_leaves_out_without_a_reason_is_forgotten() {
        for (left, explained, expected) in [
            (sum(5, 0, 0, 0), 0, Verdict::Present),
            (sum(5, 0, 0, 0), 3, Verdict::Adapted),
            (sum(5, 0, 2, 2), 0, Verdict::Adapted),
            (sum(5, 1, 0, 0), 9, Verdict::Partial),
            (sum(0, 5, 0, 0), 0, Verdict::Missing),
            (sum(1, 0, 0, 3), 0, Verdict::Unproven),
            (sum(0, 0, 3, 0), 0, Verdict::Unproven),
            (sum(1, 0, 3, 0), 0, Verdict::Adapted),
            (sum(1, 0, 4, 0), 0, Verdict::Unproven),
        ] {
            assert_eq!(by_claim(left, explained), expected, "{left:?}");
        }
    }
}

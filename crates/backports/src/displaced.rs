//! Blocks of which the tip has the surroundings in another place: a branch may have the functions of a file in another order, and
//! lines that are held against each other in order do not meet then.

use std::ops::Range;

use hashbrown::{HashMap, HashSet};
use imara_diff::Token;

use crate::around::{CONTEXT, WINDOW, apart, nearest, window};
use crate::content::{Finding, State, States, judge_in_order};
use crate::counterparts::Counterparts;
use crate::lines::{Block, Book, Page};
use crate::wording::Effort;

/// As many blocks of a file are sought.
const MOST_BLOCKS: usize = 200;
/// A longer block, in lines, is not sought.
const MOST_LINES: usize = 400;
/// Two lines of which the tip has as much as this between them, in lines more or less than the fix, do not stand together there.
const APART: usize = 3;

/// Judges blocks again of which nothing was found in order, beside the piece of the tip where their surroundings stand.
pub(crate) fn judge_displaced(
    book: &mut Book,
    states: &States<'_>,
    blocks: &[Block],
    findings: &mut [(usize, Finding)],
    effort: &mut Effort,
) {
    let is_nowhere = |finding: &Finding| {
        finding.state != State::InEffect && finding.weight > 0 && (finding.added.0, finding.kept.0) == (0, 0)
    };
    if states.last.is_some() || !findings.iter().any(|(_, finding)| is_nowhere(finding)) {
        return;
    }
    let at_tip = book.counterparts(states.old, states.tip);
    let nowhere = findings.iter_mut().filter(|(_, finding)| is_nowhere(finding));
    let mut lost = Vec::new();
    for (number, finding) in nowhere.take(MOST_BLOCKS) {
        let block = &blocks[*number];
        if !is_in_order(book, states, block, &at_tip)
            && let Some((old, new)) = windows(states, blocks, *number)
        {
            let says = |index: &usize| book.says_something(states.old.lines[*index]);
            lost.push((nearest(block, old.clone(), CONTEXT, says), old, new, finding));
        }
    }
    let wanted = lost.iter().flat_map(|(near, ..)| near);
    let wanted: HashSet<_> = wanted.map(|index| states.old.lines[*index]).collect();
    if wanted.is_empty() {
        return;
    }
    let lone = lone(&wanted, states.old, states.tip);
    for (near, old, new, finding) in lost {
        let Some((line, at)) = anchor(states, &near, &lone) else {
            continue;
        };
        let start = at.saturating_sub(line - old.start + WINDOW);
        let end = (at + (old.end - line) + new.len() + WINDOW).min(states.tip.lines.len());
        let [old, new, tip] =
            [(states.old, old), (states.new, new), (states.tip, start..end)].map(|(page, range)| page.piece(range));
        let pieces = States {
            old: &old,
            new: &new,
            tip: &tip,
            last: None,
        };
        let judged = judge_in_order(book, &pieces, effort);
        let [(_, judged)] = judged.1.as_slice() else { continue };
        if judged.place.is_some() && matches!(judged.state, State::InEffect | State::Lacking) {
            finding.state = judged.state;
            finding.added = judged.added;
            finding.kept = judged.kept;
            finding.untouched = judged.untouched;
            finding.wording = judged.wording;
            finding.place = judged.place.map(|place| place + start);
        }
    }
}

/// Whether the tip has one of the two lines next to a block in order.
fn is_in_order(book: &Book, states: &States<'_>, block: &Block, at_tip: &Counterparts) -> bool {
    let worded = |index: &usize| book.has_words(states.old.lines[*index]);
    let next = nearest(block, window(block, at_tip.lines()), 1, worded);
    next.into_iter().any(|index| at_tip.of(index).is_some())
}

/// Those of some lines that each of two pages has once, and where the second one has them.
fn lone(wanted: &HashSet<Token>, one: &Page, other: &Page) -> HashMap<Token, usize> {
    let once = |page: &Page| {
        let mut places = HashMap::new();
        let lines = page.lines.iter().enumerate();
        for (index, line) in lines.filter(|(_, line)| wanted.contains(*line)) {
            let place = places.entry(*line).or_insert(Some(index));
            *place = place.filter(|first| *first == index);
        }
        places
    };
    let (here, there) = (once(one), once(other));
    let lone = here.into_iter().filter_map(|(line, place)| place.map(|_| line));
    lone.filter_map(|line| Some((line, (*there.get(&line)?)?))).collect()
}

/// The pieces around a block before and after the change, with no other block in them.
fn windows(states: &States<'_>, blocks: &[Block], number: usize) -> Option<(Range<usize>, Range<usize>)> {
    let block = &blocks[number];
    if block.before.len() + block.after.len() > MOST_LINES {
        return None;
    }
    let (above, below) = apart(blocks, number, states.old.lines.len());
    let (above, below) = (above.min(WINDOW), below.min(WINDOW));
    let around = |range: &Range<usize>| range.start - above..range.end + below;
    Some((around(&block.before), around(&block.after)))
}

/// One of some lines near each other, and where it stands at the tip: a lone one, with another such line near by in both.
fn anchor(states: &States<'_>, near: &[usize], lone: &HashMap<Token, usize>) -> Option<(usize, usize)> {
    let at_tip = |index: &usize| Some((*index, *lone.get(&states.old.lines[*index])?));
    let found: Vec<_> = near.iter().filter_map(at_tip).collect();
    let together = |one: &(usize, usize), other: &(usize, usize)| {
        let (here, there) = (other.0 as isize - one.0 as isize, other.1 as isize - one.1 as isize);
        here != 0 && (here > 0) == (there > 0) && (here - there).unsigned_abs() <= APART
    };
    let is_anchor = |one: &&(usize, usize)| found.iter().any(|other| together(one, other));
    found.iter().find(is_anchor).copied()
}

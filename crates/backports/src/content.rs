//! What the tip's content says of one file of a fix, block by block. No history here.

use std::ops::Range;
use std::sync::Arc;

use crate::around::{CONTEXT, around, nearest, window};
use crate::counterparts::Counterparts;
use crate::displaced::judge_displaced;
use crate::edit::Edit;
use crate::joined::joined;
use crate::lines::{Block, Book, Page};
use crate::sides::{AtTip, Found};
use crate::wording::{Effort, Wording, wording};

/// What the tip says of one block of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// What it adds is there, what it removes is gone.
    InEffect,
    /// The state before the fix is there.
    Lacking,
    /// Neither, and nothing of its surroundings: the branch does not have this code.
    Absent,
    /// Something of both or of neither.
    Unclear,
}

/// One block with its finding.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub state: State,
    /// How many lines of it say something: at least one, or none where it cannot change what runs and other blocks can.
    pub weight: usize,
    /// The first line of the block in the file before the fix, counted from 1.
    pub line: usize,
    /// Its lines in the file after the fix, counted from 0.
    pub after: Range<usize>,
    /// Added lines that are at the tip, of how many.
    pub added: (usize, usize),
    /// Removed lines that are still at the tip, of how many.
    pub kept: (usize, usize),
    /// Whether the rest of the series replaced all that it adds: then the series' last commit shows it.
    pub replaced: bool,
    /// Whether it is about the file as a whole, of which no lines are compared.
    pub is_whole: bool,
    /// Whether the tip has the state before the block, line by line from the line before it to the line after it.
    pub untouched: bool,
    /// What the tip has in its place, where it is neither in effect nor lacking and at least half of what it adds is not there.
    pub wording: Wording,
    /// The line where the tip has the block's surroundings, counted from 0.
    pub place: Option<usize>,
    /// The lines that it adds and removes and that say something, as numbers that are the same for the same line anywhere.
    pub adds: Vec<u64>,
    /// See `adds`.
    pub removes: Vec<u64>,
    /// Lines that it brings from elsewhere in the file, and a few others that it and the next block take one past: the fix may as well
    /// be said to move these the other way.
    pub moves: Vec<u64>,
    /// What it does word by word.
    pub edit: Option<Edit>,
    /// A number that is the same for the same change within the same three lines of surroundings: what a patch id is made of.
    pub patch: u64,
}

impl Finding {
    /// Whether something that the fix brings is there. That something is gone proves little: it may never have been there.
    pub fn is_positive(&self) -> bool {
        self.state == State::InEffect && self.weight > 0 && (self.added.0 > 0 || self.replaced)
    }

    /// Whether the tip has much of the state before it in much the same words, and none of what it adds.
    pub fn is_reworded(&self) -> bool {
        self.wording == Wording::Before && self.added.0 == 0
    }

    /// Whether the tip has the lines before it as they were and together.
    pub fn was_left_alone(&self) -> bool {
        self.untouched && self.state == State::Lacking
    }

    /// Whether much of what it removes is there, something of that is gone, and nothing of what it adds is there.
    pub fn is_half_gone(&self) -> bool {
        let (kept, removed) = self.kept;
        self.state == State::Unclear && removed > 0 && kept * 3 > removed && self.added.0 == 0
    }

    /// Whether it is in effect to the last line.
    pub fn is_exact(&self) -> bool {
        self.state == State::InEffect && self.added.0 == self.added.1 && self.kept.0 == 0
    }
}

/// The states of one file that are compared.
pub(crate) struct States<'a> {
    pub old: &'a Page,
    pub new: &'a Page,
    pub tip: &'a Page,
    /// The file after the last commit of the series that touches it: what the series itself took back is not looked for.
    pub last: Option<&'a Page>,
}

/// Judges every block of a file's change.
pub(crate) fn judge(book: &mut Book, states: &States<'_>, effort: &mut Effort) -> Vec<Finding> {
    let (blocks, mut findings) = judge_in_order(book, states, effort);
    judge_displaced(book, states, &blocks, &mut findings, effort);
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// Judges every block of a file's change, as far as the tip has the lines of the file in the same order. Beside the findings stand the
/// numbers of their blocks.
pub(crate) fn judge_in_order(
    book: &mut Book,
    states: &States<'_>,
    effort: &mut Effort,
) -> (Arc<[Block]>, Vec<(usize, Finding)>) {
    let gaps = book.blocks(states.old, states.tip);
    let blocks = book.blocks(states.old, states.new);
    let at_tip = AtTip::find(book, (states.old, states.new), states.tip, &blocks);
    let in_last = states
        .last
        .map(|last| (book.counterparts(states.new, last), book.counterparts(states.old, last)));
    let survives = |line: usize| in_last.as_ref().is_none_or(|(new, _)| new.of(line).is_some());
    let stays_away = |line: usize| in_last.as_ref().is_none_or(|(_, old)| old.of(line).is_none());
    let (old, new) = at_tip.sides(states.old, states.new);
    let outlines = book.outlines(states.old, states.new);
    let mut findings = Vec::<(usize, Finding)>::new();
    for (number, (block, outline)) in blocks.iter().zip(outlines.iter()).enumerate() {
        let book = &*book;
        let added = outline.added.iter().filter(|(line, _)| survives(*line));
        let removed = outline.removed.iter().filter(|(line, _)| stays_away(*line));
        let (added, adds): (Vec<_>, Vec<_>) = added.copied().unzip();
        let (removed, removes): (Vec<_>, Vec<_>) = removed.copied().unzip();
        if added.is_empty() && removed.is_empty() {
            continue;
        }
        let around = match states.last {
            // It may be changed by the rest of the series.
            Some(_) => Vec::new(),
            None => around(&blocks, number, states.old.lines.len()),
        };
        let swapped = around.iter().map(|(old, new)| (*new, *old));
        let mut there = Found::of(&added, (new, old), swapped, states.tip);
        let mut kept = Found::of(&removed, (old, new), around.iter().copied(), states.tip);
        let place = surroundings(book, states, block, old.at_tip);
        let untouched = at_tip.untouched[number];
        let mut state = match state(there.surely(), kept.surely(), place.is_some()) {
            // Lines such as `return;` that it adds are found near by; but nothing came between those around it.
            State::Unclear if untouched => State::Lacking,
            state => state,
        };
        let is_open = matches!(state, State::Unclear | State::Absent);
        if is_open && !outline.idle && !book.breaks_count() && states.last.is_none() {
            state = joined(book, states, (&blocks, number), &gaps, effort).unwrap_or(state);
            if state == State::InEffect {
                (there, kept) = (there.all_of_it(), kept.nothing_of_it());
            }
        }
        let wording = match state {
            State::Unclear | State::Absent if there.some * 2 <= there.all => {
                wording(book, states, (block, &removed), &gaps, effort)
            }
            _ => Wording::Other,
        };
        let finding = Finding {
            state,
            weight: if outline.idle {
                0
            } else {
                (added.len() + removed.len()).max(1)
            },
            line: block.before.start + 1,
            after: block.after.clone(),
            added: match state {
                State::InEffect => (there.some, there.all),
                _ => (there.some - there.doubtful, there.all),
            },
            kept: (kept.some - kept.doubtful, kept.all),
            replaced: added.is_empty() && !outline.added.is_empty(),
            is_whole: false,
            untouched,
            wording,
            place,
            adds,
            removes,
            moves: outline.moves.clone(),
            edit: outline.edit,
            patch: outline.patch,
        };
        findings.push((number, finding));
    }
    if findings.iter().all(|(_, block)| block.weight == 0) {
        // Where it is all that the change does to a file, it counts: the file may have been forgotten.
        let about_years = |(number, _): &(usize, Finding)| is_about_years(book, states, &blocks[*number]);
        let about_years: Vec<_> = findings.iter().map(about_years).collect();
        let some = about_years.contains(&true);
        let counting = findings
            .iter_mut()
            .zip(about_years)
            .filter(|(_, about)| *about || !some);
        counting.for_each(|((_, block), _)| block.weight = 1);
    }
    (blocks, findings)
}

/// Whether a block changes the years of a copyright.
fn is_about_years(book: &Book, states: &States<'_>, block: &Block) -> bool {
    let (before, after) = (
        &states.old.lines[block.before.clone()],
        &states.new.lines[block.after.clone()],
    );
    before.iter().chain(after).any(|line| book.tells_copyright(*line))
}

/// Where the tip has one of the lines around a block.
fn surroundings(book: &Book, states: &States<'_>, block: &Block, at_tip: &Counterparts) -> Option<usize> {
    let worded = |index: &usize| book.has_words(states.old.lines[*index]);
    let mut lines = nearest(block, window(block, at_tip.lines()), CONTEXT, worded).into_iter();
    lines.find_map(|index| at_tip.of(index))
}

fn state(added: (usize, usize), kept: (usize, usize), known_place: bool) -> State {
    let most = |(some, all): (usize, usize)| some * 5 >= all * 4;
    let few = |(some, all): (usize, usize)| some * 5 <= all;
    match (added.1 > 0, kept.1 > 0) {
        (true, true) if most(added) && few(kept) => State::InEffect,
        (true, true) if few(added) && most(kept) => State::Lacking,
        (true, true) if added.0 == 0 && kept.0 == 0 && !known_place => State::Absent,
        (true, false) if most(added) => State::InEffect,
        (true, false) if few(added) && known_place => State::Lacking,
        (true, false) if added.0 == 0 => State::Absent,
        (false, true) if most(kept) => State::Lacking,
        (false, true) if few(kept) && known_place => State::InEffect,
        (false, true) if kept.0 == 0 => State::Absent,
        _ => State::Unclear,
    }
}

//! Whether a block is at a tip in lines that are broken elsewhere, or within longer ones: formatters break the lines of one branch and
//! not of another.

use std::ops::Range;

use imara_diff::Token;
use memchr::memmem;

use crate::content::{State, States};
use crate::lines::{Block, Book};
use crate::wording::Effort;

/// What is shorter, in bytes that are compared, may stand anywhere.
const SHORTEST: usize = 12;
/// Of a longer piece of a file, in lines, nothing is said.
const MOST_LINES: usize = 400;
/// The same in bytes that are compared.
const MOST_BYTES: usize = 100_000;

/// What the tip shows of one block of a change, by its number, once all lines around it are joined; nothing where that shows neither
/// side, or both. `gaps` are the changes from the state before the fix to the tip.
pub(crate) fn joined(
    book: &Book,
    states: &States<'_>,
    (blocks, number): (&[Block], usize),
    gaps: &[Block],
    effort: &mut Effort,
) -> Option<State> {
    let block = &blocks[number];
    let (before, tip) = window(states, block, gaps)?;
    let there = text(book, &states.tip.lines[tip])?;
    let [adds, removes] = [
        &states.new.lines[block.after.clone()],
        &states.old.lines[block.before.clone()],
    ]
    .map(|lines| text(book, lines).filter(|piece| piece.len() >= SHORTEST && count(&there, piece) > 0));
    if !effort.spend(there.len()) || adds.is_none() && removes.is_none() {
        return None;
    }
    let without = text(book, &states.old.lines[before.clone()])?;
    let with = text(book, changed(states, blocks, &before)?)?;
    // What is also elsewhere around the block must be there as often as it is on that side.
    let has = |piece: Option<Vec<u8>>, here: &[u8], other: &[u8]| {
        piece.is_some_and(|piece| {
            let wanted = count(here, &piece);
            wanted > count(other, &piece) && count(&there, &piece) >= wanted
        })
    };
    let (added, removed) = (has(adds, &with, &without), has(removes, &without, &with));
    // Of lines that the fix removes there may be no more than it leaves; what there is no time to look at may be one of those.
    let mut may_stay = |line: &Token| {
        let line = book.line(*line);
        let is_asked = line.len() >= SHORTEST;
        is_asked && (!effort.spend(there.len() + with.len()) || count(&there, line) > count(&with, line))
    };
    match (added, removed) {
        (true, false) if states.old.lines[block.before.clone()].iter().any(&mut may_stay) => None,
        (true, false) => Some(State::InEffect),
        (false, true) => Some(State::Lacking),
        _ => None,
    }
}

/// The piece of the file before the fix in which it and the tip do not agree around a block, with the block itself, and the piece of
/// the tip in its place; nothing where they agree there.
fn window(states: &States<'_>, block: &Block, gaps: &[Block]) -> Option<(Range<usize>, Range<usize>)> {
    let from = gaps.partition_point(|gap| gap.before.end < block.before.start);
    let to = gaps.partition_point(|gap| gap.before.start <= block.before.end);
    let (first, last) = (gaps.get(from..to)?.first()?, gaps.get(from..to)?.last()?);
    let start = block.before.start.min(first.before.start);
    let end = block.before.end.max(last.before.end);
    // Beside a gap, line follows line on both sides.
    let tip_start = first.after.start.checked_sub(first.before.start - start)?;
    let tip_end = last.after.end + (end - last.before.end);
    let is_short = end - start <= MOST_LINES && tip_end.saturating_sub(tip_start) <= MOST_LINES;
    (is_short && tip_start <= tip_end && tip_end <= states.tip.lines.len()).then_some((start..end, tip_start..tip_end))
}

/// A piece of the file before the fix as the fix leaves it; nothing where one of its blocks is partly within.
fn changed<'s>(states: &States<'s>, blocks: &[Block], piece: &Range<usize>) -> Option<impl Iterator<Item = &'s Token>> {
    let (old, new) = (&states.old.lines, &states.new.lines);
    let from = blocks.partition_point(|block| block.before.end < piece.start);
    let to = blocks.partition_point(|block| block.before.start <= piece.end);
    let (mut parts, mut at) = (Vec::new(), piece.start);
    for block in &blocks[from..to] {
        if block.before.start < piece.start || block.before.end > piece.end {
            return None;
        }
        parts.push(&old[at..block.before.start]);
        parts.push(&new[block.after.clone()]);
        at = block.before.end;
    }
    parts.push(&old[at..piece.end]);
    Some(parts.into_iter().flatten())
}

fn count(text: &[u8], piece: &[u8]) -> usize {
    memmem::find_iter(text, piece).count()
}

/// Lines as they are compared, one after the other; nothing where they are too long.
fn text<'l>(book: &Book, lines: impl IntoIterator<Item = &'l Token>) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        text.extend_from_slice(book.line(*line));
        if text.len() > MOST_BYTES {
            return None;
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recent::Recent;
    use crate::white::White;

    /// What is said of the last block of a change.
    fn of(old: &str, new: &str, tip: &str) -> Option<State> {
        let mut book = Book::new(White::Nothing);
        let [old, new, tip] = [old, new, tip].map(|text| {
            let id = git2::Oid::hash_object(git2::ObjectType::Blob, text.as_bytes());
            book.read(&mut Recent::default(), b"a", id.expect("hashed"), text.as_bytes())
        });
        let (blocks, gaps) = (book.blocks(&old, &new), book.blocks(&old, &tip));
        let (old, new, tip) = (&*old, &*new, &*tip);
        let states = States {
            old,
            new,
            tip,
            last: None,
        };
        let last = (&*blocks, blocks.len() - 1);
        assert_eq!(joined(&book, &states, last, &gaps, &mut Effort::none()), None);
        joined(&book, &states, last, &gaps, &mut Effort::default())
    }

    const OLD: &str = "first();\nshow(\"%d of %d\\n\", some, all);\nlast();\n";
    const NEW: &str = "first();\nshow(\"%d of %d\", some, all);\nlast();\n";

    #[test]
    fn lines_are_there_however_they_are_broken() {
        let broken = |text: &str| text.replace(", ", ",\n     ").replace("first", "other");
        assert_eq!(of(OLD, NEW, &broken(NEW)), Some(State::InEffect));
        assert_eq!(of(OLD, NEW, &broken(OLD)), Some(State::Lacking));
        let within = "first(); if (all) show(\"%d of %d\", some, all); last();\n";
        assert_eq!(of(OLD, NEW, within), Some(State::InEffect));
        for nothing_of_it in [OLD, "", "other\n", &broken(OLD).replace("some", "one")] {
            assert_eq!(of(OLD, NEW, nothing_of_it), None, "{nothing_of_it}");
        }
        let both = format!("{}{}", broken(OLD), broken(NEW));
        assert_eq!(of(OLD, NEW, &both), None);
    }

    #[test]
    fn what_stands_around_it_as_well_is_not_what_it_brings() {
        let line = "count(the, things);\n";
        let old = format!("one\n{line}two\nthree\nfour\n");
        let new = format!("one\n{line}two\nthree\n{line}four\n");
        let broken = |text: &str| {
            text.replace(", ", ",\n")
                .replace("two", "zwei")
                .replace("three", "drei")
        };
        assert_eq!(of(&old, &new, &broken(&old)), None);
        assert_eq!(of(&old, &new, &broken(&new)), Some(State::InEffect));
        // Two blocks bring the same: one of them is not both.
        let more = format!("one\n{line}two\n{line}three\n{line}four\n");
        assert_eq!(of(&old, &more, &broken(&new)), None);
        assert_eq!(of(&old, &more, &broken(&more)), Some(State::InEffect));
    }

    #[test]
    fn short_pieces_and_endless_ones_say_nothing() {
        assert_eq!(of("a\nb\nc\n", "a\nbb\nc\n", "a bb c\n"), None);
        let long = "x".repeat(MOST_BYTES + 1);
        assert_eq!(of(OLD, NEW, &format!("{long}{NEW}")), None);
        let lines = "x\n".repeat(MOST_LINES + 1);
        let broken = NEW.replace(", ", ",\n");
        assert_eq!(of(OLD, NEW, &broken.replace("first();", &lines)), None);
        assert_eq!(of(OLD, NEW, &broken.replace("first();", "x\n")), Some(State::InEffect));
    }
}

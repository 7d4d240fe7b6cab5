//! What a change does to a file, block by block: what is the same at whichever tip it is asked about.

use std::ops::Range;

use hashbrown::HashSet;
use imara_diff::Token;

use crate::around::CONTEXT;
use crate::edit::Edit;
use crate::lines::{Block, Book, Page};

/// Of a longer block, in lines, it is not asked whether it takes one past those beside it.
const MOST_MOVED: usize = 100;

/// What one block of a change does.
pub(crate) struct Outline {
    /// The lines that it adds and that decide whether it is in effect: their places in the file after it, counted from 0, and their
    /// numbers, the same for the same line anywhere.
    pub added: Vec<(usize, u64)>,
    /// The same of those that it removes, in the file before it.
    pub removed: Vec<(usize, u64)>,
    /// Whether it cannot change what runs.
    pub idle: bool,
    /// See [`crate::content::Finding::moves`].
    pub moves: Vec<u64>,
    /// What it does word by word.
    pub edit: Option<Edit>,
    /// What a patch id is made of.
    pub patch: u64,
}

impl Outline {
    /// Reads every block of the change from one state to another.
    pub fn of_each(book: &Book, (old, new): (&Page, &Page), blocks: &[Block]) -> Vec<Self> {
        let taken = blocks.iter().flat_map(|block| &old.lines[block.before.clone()]);
        let taken: HashSet<Token> = taken.filter(|line| book.says_something(**line)).copied().collect();
        let outline = |(number, block): (usize, &Block)| {
            let (before, after) = (&old.lines[block.before.clone()], &new.lines[block.after.clone()]);
            let (added, removed, idle) = deciding(book, (old, new), block);
            let printed = |places: Vec<usize>, of: &Page| {
                let print = |place: usize| (place, book.print_of(of.lines[place]));
                places.into_iter().map(print).collect()
            };
            Self {
                added: printed(added, new),
                removed: printed(removed, old),
                idle,
                moves: moves(book, (old, new), &blocks[number..], &taken),
                edit: Edit::of(book, before, after),
                patch: patch(book, (old, new), block),
            }
        };
        blocks.iter().enumerate().map(outline).collect()
    }
}

/// Which lines of a block decide: those that say something, or where none does, those that can change what runs, or all. The last
/// thing told is whether none can.
fn deciding(book: &Book, (old, new): (&Page, &Page), block: &Block) -> (Vec<usize>, Vec<usize>, bool) {
    let both = |counts: &dyn Fn(Token) -> bool| -> (Vec<usize>, Vec<usize>) {
        let of = |page: &Page, range: &Range<usize>| range.clone().filter(|index| counts(page.lines[*index])).collect();
        (of(new, &block.after), of(old, &block.before))
    };
    let some = |(added, removed): &(Vec<usize>, Vec<usize>)| !added.is_empty() || !removed.is_empty();
    let says = Some(both(&|line| book.says_something(line))).filter(some);
    let acts = says.or_else(|| Some(both(&|line| book.may_act(line))).filter(some));
    let broken_anew = book.differ_in_breaks_alone(&old.lines[block.before.clone()], &new.lines[block.after.clone()]);
    let idle = acts.is_none() || broken_anew;
    let (added, removed) = acts.unwrap_or_else(|| both(&|_| true));
    (added, removed, idle)
}

/// The lines that the first block brings and that are taken from anywhere, and those between it and the next one where one of these
/// two brings what the other takes away.
fn moves(book: &Book, (old, new): (&Page, &Page), blocks: &[Block], taken: &HashSet<Token>) -> Vec<u64> {
    let [block, rest @ ..] = blocks else { return Vec::new() };
    let brought = |block: &Block| &new.lines[block.after.clone()];
    let mut moves: Vec<Token> = brought(block)
        .iter()
        .filter(|line| taken.contains(*line))
        .copied()
        .collect();
    if let Some(next) = rest.first() {
        let between = &old.lines[block.before.end..next.before.start];
        let pass = |from: &Block, to: &Block| {
            let is_short = from.before.len() <= MOST_MOVED && to.after.len() <= MOST_MOVED;
            let mut lines = old.lines[from.before.clone()].iter();
            is_short && lines.any(|line| taken.contains(line) && brought(to).contains(line))
        };
        if between.len() <= CONTEXT && (pass(block, next) || pass(next, block)) {
            moves.extend(between.iter().filter(|line| book.says_something(**line)));
        }
    }
    moves.into_iter().map(|line| book.print_of(line)).collect()
}

fn patch(book: &Book, (old, new): (&Page, &Page), block: &Block) -> u64 {
    let (old, new) = (&old.lines, &new.lines);
    let (before, after) = (&block.before, &block.after);
    book.print_of_all(&[
        &old[before.start.saturating_sub(CONTEXT)..before.start],
        &old[before.clone()],
        &new[after.clone()],
        &old[before.end..(before.end + CONTEXT).min(old.len())],
    ])
}

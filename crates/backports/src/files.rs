//! One file of a fix held against one tip.

use std::collections::HashSet;
use std::sync::Arc;

use git2::FileMode;

use crate::ancillary::{is_ancillary, tells_builds};
use crate::conflict::unresolved;
use crate::content::{Finding, State, States, judge};
use crate::error::EngineError;
use crate::fix::{Change, Entry};
use crate::lines::{Book, Page};
use crate::place::{Candidate, Place, base_name, is_plain};
use crate::series::Outcome;
use crate::shelf::Shelf;
use crate::white::White;
use crate::whole::{whole, without_content, without_lines, without_other_lines};
use crate::wording::Effort;

/// A file of the same name elsewhere is the one moved where at least one in so many of its lines is there.
const ALIKE: usize = 3;

/// What was found of one file.
#[derive(Debug, Clone)]
pub(crate) struct FileFinding {
    /// Its path in the fix.
    pub path: Vec<u8>,
    /// Its path before the fix; `None` where it is new.
    pub was: Option<Vec<u8>>,
    /// Its path at the tip; `None` where it is not found there.
    pub at: Option<Vec<u8>>,
    /// Whether it is no part of what runs.
    pub ancillary: bool,
    /// Block by block; empty where the series itself took all of it back.
    pub blocks: Vec<Finding>,
    /// Where the tip has much the same file once more, with something in it that is as before the fix.
    pub copies: Vec<Vec<u8>>,
    /// Whether the fix gives it another name and the tip still has it under the one before as well.
    pub is_left_behind: bool,
    /// The line, counted from 1, where the tip has a conflict in it that nobody resolved.
    pub unresolved: Option<usize>,
}

impl FileFinding {
    /// What was found of the block at a line. Blocks of one file that was asked about at two tips go together by it: the one may have
    /// been asked about as part of a series, which leaves out what it took back itself, and the other not.
    pub fn block(&self, line: usize) -> Option<&Finding> {
        let at = self.blocks.binary_search_by_key(&line, |block| block.line);
        self.blocks.get(at.ok()?)
    }
}

/// Finds the files of a whole change at a tip and judges what it does to each.
pub(crate) fn find_changes(
    place: &mut Place<'_, '_>,
    changes: &[Change],
    outcome: &Outcome,
) -> Result<Vec<FileFinding>, EngineError> {
    let mut files = Vec::new();
    for change in changes {
        let mut file = find_change(place, change, outcome)?;
        file.is_left_behind = is_left_behind(place, change, file.at.as_deref(), outcome)?;
        files.push(file);
    }
    let weight = |builds: bool| -> usize {
        let asked = files.iter().filter(|file| tells_builds(&file.path) == builds);
        asked.flat_map(|file| &file.blocks).map(|block| block.weight).sum()
    };
    if weight(true) > weight(false) {
        // Then it is what the change is about.
        let builds = files.iter_mut().filter(|file| tells_builds(&file.path));
        builds.for_each(|file| file.ancillary = false);
    }
    Ok(files)
}

/// Whether a file that the change gives another name is at the tip under both.
fn is_left_behind(
    place: &Place<'_, '_>,
    change: &Change,
    at: Option<&[u8]>,
    outcome: &Outcome,
) -> Result<bool, EngineError> {
    let (Some(old), Some(new), Some(at)) = (&change.old, &change.new, at) else {
        return Ok(false);
    };
    if old.path == new.path || old.path == at || outcome.brings_back(&old.path) {
        return Ok(false);
    }
    let Some((id, mode)) = place.at(&old.path) else {
        return Ok(false);
    };
    let was = i32::from(old.mode);
    if mode != was && !(is_plain(mode) && is_plain(was)) {
        // A link to the new place, say.
        return Ok(false);
    }
    let mut book = place.shelf.book(White::of(&old.path));
    let (Some(before), Some(after), Some(here)) = (
        side(place.shelf, &mut book, Some(old))?,
        side(place.shelf, &mut book, Some(new))?,
        place.shelf.page(&mut book, &old.path, id)?,
    ) else {
        return Ok(old.id == id);
    };
    // It may be another file that has that name there, or the branch keeps both and both are fixed.
    let likeness = book.shared(&before, &here);
    Ok(likeness * ALIKE >= before.lines.len() && likeness >= book.shared(&after, &here))
}

/// Finds a file of a change at a tip and judges what the change does to it.
fn find_change(place: &mut Place<'_, '_>, change: &Change, outcome: &Outcome) -> Result<FileFinding, EngineError> {
    let path = change.path().to_vec();
    let finding = |at: Option<Vec<u8>>, blocks| FileFinding {
        ancillary: is_ancillary(&path),
        path: path.clone(),
        was: change.old.as_ref().map(|entry| entry.path.clone()),
        at,
        blocks,
        copies: Vec::new(),
        is_left_behind: false,
        unresolved: None,
    };
    let own = change.new.as_ref().map(|entry| entry.id);
    let last = match outcome.file(&path) {
        // The series itself removes the file again, or brings it back.
        Some(None) if own.is_some() => return Ok(finding(None, Vec::new())),
        Some(Some(_)) if own.is_none() => return Ok(finding(None, Vec::new())),
        last => last.flatten(),
    };
    let candidates = place.candidates(change, last);
    if change.old.as_ref().map(|entry| entry.id) == own {
        let at = candidates.into_iter().next().map(|candidate| candidate.path);
        let state = without_content(place, change, at.as_deref());
        return Ok(finding(at, whole(change, state)));
    }
    let shelf = place.shelf;
    let mut book = shelf.book(White::of(&path));
    let (Some(mut old), Some(mut new)) = (
        side(shelf, &mut book, change.old.as_ref())?,
        side(shelf, &mut book, change.new.as_ref())?,
    ) else {
        let at = candidates.into_iter().next();
        let state = without_lines(change, at.as_ref().map(|candidate| candidate.id));
        return Ok(finding(at.map(|candidate| candidate.path), whole(change, state)));
    };
    if change.new.is_none() {
        let still = is_still_there(shelf, &mut book, &old, &candidates, &path)?;
        let mut gone = whole(change, if still { State::Lacking } else { State::InEffect });
        // It may never have been there.
        gone.iter_mut().for_each(|block| block.added = (0, 0));
        return Ok(finding(None, gone));
    }
    if book.differ_in_space_alone(&old, &new) {
        // White space counts where it is all that the change is about.
        drop(book);
        book = shelf.book(White::All);
        if let (Some(exact_old), Some(exact_new)) = (
            side(shelf, &mut book, change.old.as_ref())?,
            side(shelf, &mut book, change.new.as_ref())?,
        ) {
            (old, new) = (exact_old, exact_new);
        }
    }
    if old.lines == new.lines {
        let at = candidates.into_iter().find(|candidate| candidate.is_named);
        let blocks = without_other_lines(shelf, change, at.as_ref())?;
        return Ok(finding(at.map(|candidate| candidate.path), blocks));
    }
    let last_page = match last {
        Some(entry) if Some(entry.id) != own => shelf.page(&mut book, &entry.path, entry.id)?,
        _ => None,
    };
    let (old, new, last) = (&*old, &*new, last_page.as_deref());
    let mut found = judge_each(place, &mut book, change, candidates, (old, new, last))?.into_iter();
    let Some(likeliest) = found.next() else {
        return Ok(finding(None, nowhere(&mut book, change, old, new)));
    };
    // What has another name is another file, of which much may be the same licence.
    let names = [base_name(&path), base_name(&likeliest.at)];
    let is_copy = |other: &Judged| names.contains(&base_name(&other.at)) && other.likeness * 2 >= new.lines.len();
    let copies = found.filter(|other| is_copy(other) && other.is_as_before());
    Ok(FileFinding {
        copies: copies.map(|copy| copy.at).collect(),
        unresolved: likeliest.unresolved,
        ..finding(Some(likeliest.at), likeliest.blocks)
    })
}

/// Whether a file that a change removes is at the tip: under its name, or moved and much as it was.
fn is_still_there(
    shelf: &Shelf<'_>,
    book: &mut Book,
    old: &Page,
    candidates: &[Candidate],
    path: &[u8],
) -> Result<bool, git2::Error> {
    for Candidate { path: at, id, is_named } in candidates {
        if at == path {
            return Ok(true);
        }
        if !is_named
            && base_name(at) == base_name(path)
            && !old.lines.is_empty()
            && let Some(here) = shelf.page(book, at, *id)?
            && is_most_of(book.shared(old, &here), old)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether so many lines are nearly all of a file.
fn is_most_of(lines: usize, file: &Page) -> bool {
    lines * 5 >= file.lines.len() * 4
}

/// A file of the tip that is the one that a change is about, or a copy of it.
struct Judged {
    at: Vec<u8>,
    /// How many lines of the file after the change it has.
    likeness: usize,
    blocks: Vec<Finding>,
    unresolved: Option<usize>,
}

impl Judged {
    /// Whether something in it is as before the change.
    fn is_as_before(&self) -> bool {
        let as_before = |block: &Finding| block.state == State::Lacking && block.weight > 0;
        self.blocks.iter().any(as_before)
    }
}

/// Judges those of the candidates that are the file, the likeliest first.
fn judge_each(
    place: &mut Place<'_, '_>,
    book: &mut Book,
    change: &Change,
    candidates: Vec<Candidate>,
    (old, new, last): (&Page, &Page, Option<&Page>),
) -> Result<Vec<Judged>, EngineError> {
    let mut found = Vec::new();
    for Candidate { path: at, id, is_named } in candidates {
        let is_submodule = |(_, mode)| mode == i32::from(FileMode::Commit);
        if place.at(&at).is_some_and(is_submodule) {
            continue;
        }
        let Some(tip) = place.shelf.page(book, &at, id)? else {
            continue;
        };
        let mut alike = |page: &Page| book.shared(page, &tip);
        let likeness = if is_named { 0 } else { alike(new) };
        let same_name = base_name(&at) == base_name(change.path());
        // Elsewhere it must be much the same file.
        let same_file = match change.old {
            _ if is_named => true,
            Some(_) if same_name => alike(old) * ALIKE >= old.lines.len(),
            Some(_) => alike(old) * 2 >= old.lines.len(),
            None => is_most_of(likeness, new),
        };
        if !same_file {
            continue;
        }
        let tip = &tip;
        let blocks = judge(book, &States { old, new, tip, last }, &mut place.effort);
        // A new file elsewhere is it only as it is: licences, headings and what is generated are alike everywhere.
        let is_sure = is_named || change.old.is_some();
        if is_sure || blocks.iter().all(Finding::is_exact) {
            // Some files are about conflicts.
            let unresolved = unresolved(book, tip).filter(|_| unresolved(book, new).is_none());
            found.push(Judged {
                at,
                likeness,
                blocks,
                unresolved,
            });
        }
    }
    // Of those that are equally alike the first one is the likeliest.
    found.sort_by_key(|judged| std::cmp::Reverse(judged.likeness));
    Ok(found)
}

/// One side of a change as lines; no lines where the file is not there, and `None` where it has none that can be read.
fn side(shelf: &Shelf<'_>, book: &mut Book, entry: Option<&Entry>) -> Result<Option<Arc<Page>>, git2::Error> {
    match entry {
        // A submodule's commit is in another repository.
        Some(entry) if entry.mode == FileMode::Commit => Ok(None),
        Some(entry) => shelf.page(book, &entry.path, entry.id),
        None => Ok(Some(Arc::new(Page::none()))),
    }
}

/// The lines that a file has before a change and after it, as numbers that are the same for the same line anywhere.
pub(crate) fn lines_of(shelf: &Shelf<'_>, change: &Change) -> Result<[HashSet<u64>; 2], git2::Error> {
    let mut book = shelf.book(White::of(change.path()));
    let mut lines = [HashSet::new(), HashSet::new()];
    for (entry, lines) in [&change.old, &change.new].into_iter().zip(&mut lines) {
        if let Some(page) = side(shelf, &mut book, entry.as_ref())? {
            lines.extend(page.lines.iter().map(|line| book.print_of(*line)));
        }
    }
    Ok(lines)
}

/// The blocks of a file that the tip does not have: what a new file brings is lacking, what an old one changes has no place.
fn nowhere(book: &mut Book, change: &Change, old: &Page, new: &Page) -> Vec<Finding> {
    let mut blocks = judge(
        book,
        &States {
            old,
            new,
            tip: &Page::none(),
            last: None,
        },
        &mut Effort::none(),
    );
    let state = if change.old.is_none() {
        State::Lacking
    } else {
        State::Absent
    };
    blocks.iter_mut().for_each(|block| block.state = state);
    if blocks.is_empty() {
        whole(change, State::InEffect)
    } else {
        blocks
    }
}

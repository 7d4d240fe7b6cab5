//! How one patch differs from another: a diff of the two diffs, as `git range-diff` shows it, for people.

use git2::{Repository, Tree};

use crate::fix::{Change, between};
use crate::index::Index;
use crate::shelf::Shelf;
use crate::unified::{hunks, unified};

/// The most lines of an answer.
const MOST_LINES: usize = 200;

/// The difference between the change from one tree to the next and another such change; empty where both do the same.
/// Binary files show as a line each.
pub fn interdiff(
    repository: &Repository,
    one: (Option<&Tree<'_>>, &Tree<'_>),
    other: (Option<&Tree<'_>>, &Tree<'_>),
) -> Result<String, git2::Error> {
    let index = Index::default();
    let shelf = Shelf::new(repository, &index);
    let changes = |(before, after): (Option<&Tree<'_>>, &Tree<'_>)| between(&shelf, before, after);
    of_changes(&shelf, &changes(one)?, &changes(other)?)
}

/// The same of two changes that are known file by file.
pub(crate) fn of_changes(shelf: &Shelf<'_>, one: &[Change], other: &[Change]) -> Result<String, git2::Error> {
    let (one, other) = (unified(shelf, one)?, unified(shelf, other)?);
    if one == other {
        return Ok(String::new());
    }
    // What stands at the start of a line in a patch is its file's name: so each hunk says which file it is about.
    let whole = hunks(one.as_bytes(), other.as_bytes());
    let mut lines: Vec<_> = whole.lines().take(MOST_LINES).collect();
    if whole.lines().count() > MOST_LINES {
        lines.push("… (cut)");
    }
    Ok(lines.join("\n"))
}

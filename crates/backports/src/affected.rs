//! Whether the flaw ever came to a branch. A wrong *no* ends all work on a branch that needs it, so whatever is unclear is a *yes*.

use git2::Oid;

use crate::claim::Examined;
use crate::decide::decide;
use crate::engine::{Question, look};
use crate::error::EngineError;
use crate::files::FileFinding;
use crate::fix::Fix;
use crate::history::walk;
use crate::place::Place;
use crate::series::Outcome;
use crate::shelf::Shelf;
use crate::sum::{Scope, Sum};
use crate::verdict::Verdict;

/// Whether any of the commits that brought the flaw is in effect at a tip. Where that cannot be told, it is.
pub(crate) fn is_affected(shelf: &Shelf<'_>, question: &Question, tip: Oid) -> Result<bool, EngineError> {
    for introduced in &question.introduced {
        let flaw = Fix::read(shelf, *introduced)?;
        let mut place = Place::new(shelf, shelf.tree_of(tip)?);
        let history = walk(shelf, tip, std::slice::from_ref(&flaw), !question.ignore_trailers)?;
        let outcome = Outcome::of(std::iter::once(&flaw));
        let (files, claims) = look(&mut place, tip, &flaw, &history, &outcome)?;
        let mut came = claims.iter();
        let came = came.any(|claim| claim.claim.same || claim.claim.trailer || claim.related());
        let affected = if came {
            !is_undone(&files, &claims)
        } else {
            // A few lines of it, or its place in other words, may be the flaw.
            history.cut || decide(&files, &claims, false).verdict != Verdict::Missing
        };
        if affected {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether somebody says that what brought the flaw was taken back, and nothing of it is left. What it did may be gone without that,
/// and be there in other words or elsewhere: the code may be years older than its fix.
fn is_undone(files: &[FileFinding], claims: &[Examined]) -> bool {
    let shown = Sum::of(files, Scope::of(files));
    let mut related = claims.iter().filter(|claim| claim.related()).peekable();
    let is_said = related.peek().is_some() && related.all(|claim| claim.reverted_by.is_some());
    is_said && shown.good == 0
}

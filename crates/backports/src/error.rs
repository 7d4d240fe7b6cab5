//! Why there is no answer.

use thiserror::Error;

/// Why the engine cannot answer. An answer is never guessed in place of one of these.
#[derive(Debug, Error)]
pub enum EngineError {
    /// A revision is not there, or objects are missing.
    #[error("the repository does not have all that is needed (shallow, damaged, or no such commit): {0}")]
    Repository(#[from] git2::Error),
    /// A commit that changes nothing proves nothing.
    #[error("the fix {0} changes nothing: there is nothing to look for")]
    Empty(git2::Oid),
    /// The clone is shallow and ends at the fix, so that what it changes cannot be seen.
    #[error("the history ends at {0}, and what it changes cannot be seen: fetch more of it (git fetch --unshallow)")]
    Shallow(git2::Oid),
    /// Nothing was asked.
    #[error("no fix was named")]
    NoFix,
}

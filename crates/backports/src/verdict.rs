//! The words of an answer.

use serde::Serialize;

/// What the engine says of one fix commit on one branch. Later values are worse: a series has the worst of its commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The branch never had what the fix repairs.
    NotAffected,
    /// In effect, identical.
    Present,
    /// In effect, with differences.
    Adapted,
    /// A person must look.
    Unproven,
    /// Some of it is in effect.
    Partial,
    /// It was in effect and was undone.
    Reverted,
    /// It is not there.
    Missing,
}

impl Verdict {
    /// Whether nothing is left to do on the branch.
    pub fn is_good(self) -> bool {
        self <= Self::Adapted
    }

    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotAffected => "not affected",
            Self::Present => "present",
            Self::Adapted => "adapted",
            Self::Unproven => "unproven",
            Self::Partial => "partial",
            Self::Reverted => "reverted",
            Self::Missing => "missing",
        }
    }
}

//! Why a forge did not do what was asked, and what the retry logic may make of it.

use std::time::Duration;

use thiserror::Error;

/// What may be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The request had no effect; it may be sent again after this time.
    Transient(Duration),
    /// It may or may not have had its effect: look before it is sent again.
    Ambiguous,
    /// It will fail again until somebody changes something.
    Permanent,
    /// The credentials were refused, and new ones too; it had no effect.
    Unauthorized,
    /// What it asked for is not there, or must not be seen.
    NotFound,
}

/// A failed request. The text carries neither the path nor the answer: both may hold embargoed content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the forge could not {action}: {problem}")]
pub struct ForgeError {
    /// What was tried, such as `read the issue`.
    pub action: &'static str,
    /// What happened, and the remedy where there is one.
    pub problem: String,
    /// What may be done next.
    pub class: Class,
}

impl ForgeError {
    pub(crate) fn new(action: &'static str, class: Class, problem: impl Into<String>) -> Self {
        Self {
            action,
            class,
            problem: problem.into(),
        }
    }

    /// Whether the forge says that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        self.class == Class::NotFound
    }
}

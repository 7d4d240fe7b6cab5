//! Faults: what the sandbox is told to do wrong, once each.

use std::sync::{Arc, PoisonError};

use crate::Shared;

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Before the request has its effect; it has none where the fault answers.
    Before,
    /// After the effect, instead of the answer.
    After,
}

/// A fault that waits for its request.
#[derive(Clone)]
pub struct Fault {
    /// The method.
    pub method: &'static str,
    /// A text that the path must contain.
    pub path: String,
    /// When.
    pub when: When,
    /// The status to answer with, with `Retry-After` where given; `None`: the request goes on.
    pub answer: Option<(u16, Option<u32>)>,
    /// What else happens, such as the end of a process.
    pub then: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl Fault {
    /// A request that is answered with a status instead.
    pub fn status(method: &'static str, path: &str, when: When, status: u16) -> Self {
        Self {
            method,
            path: path.to_owned(),
            when,
            answer: Some((status, None)),
            then: None,
        }
    }

    /// Something that happens around a request.
    pub fn call(method: &'static str, path: &str, when: When, then: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            method,
            path: path.to_owned(),
            when,
            answer: None,
            then: Some(then),
        }
    }
}

impl Shared {
    /// The fault that waits for this request, taken from the list.
    pub(crate) fn fault(&self, method: &str, path: &str, when: When) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |fault: &Fault| fault.when == when && fault.method == method && path.contains(&fault.path);
        let found = faults.iter().position(fits)?;
        Some(faults.remove(found))
    }
}

//! Somebody who looks on: every exchange and every delivery is shown to them as it happens.

use serde_json::Value;

use crate::{Sandbox, Shared};

/// A request to the REST interface and its answer.
#[derive(Debug, Clone)]
pub struct Exchange<'a> {
    /// Who asked, `anonymous` for a stranger.
    pub caller: &'a str,
    /// The method, in capitals.
    pub method: &'a str,
    /// The path below the root of the interface, still percent-encoded.
    pub path: &'a str,
    /// The pairs of the query, decoded.
    pub query: &'a [(String, String)],
    /// The body, null where there was none.
    pub request: &'a Value,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer, null where there was none.
    pub response: &'a Value,
}

/// What an observer sees.
#[derive(Debug, Clone)]
pub enum Seen<'a> {
    /// An exchange in which the forge itself answered, not a fault.
    Exchange(Exchange<'a>),
    /// A webhook that is about to be sent.
    Delivery {
        /// The event's name.
        event: &'a str,
        /// The payload.
        payload: &'a Value,
    },
}

/// Is called with everything that happens, on the sandbox's own tasks.
pub type Observer = Box<dyn Fn(&Seen<'_>) + Send + Sync>;

impl Sandbox {
    /// Sets who looks on. The first one stays.
    pub fn observe(&self, observer: Observer) {
        let _ = self.shared.observer.set(observer);
    }
}

impl Shared {
    pub(crate) fn show(&self, seen: &Seen<'_>) {
        if let Seen::Exchange(exchange) = seen {
            self.log_exchange(exchange);
        }
        if let Some(observer) = self.observer.get() {
            observer(seen);
        }
    }
}

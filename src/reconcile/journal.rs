//! A case in memory together with its events on disk: what is recorded is durable before it counts.

use embargod_core::CaseId;
use embargod_core::case::{Case, Event};
use embargod_store::{Store, StoreError};
use jiff::Timestamp;

use super::PassError;

/// A case that is worked on.
pub(crate) struct Journal {
    store: Store,
    seen: i64,
    /// The case as its events tell it.
    pub case: Case,
}

impl Journal {
    /// Reads a case; `None` where it was never opened.
    pub async fn open(store: &Store, id: CaseId) -> Result<Option<Self>, PassError> {
        let stored = store.events(id).await?;
        let seen = stored.last().map_or(0, |event| event.seq);
        let events = stored
            .iter()
            .map(|event| serde_json::from_str(&event.body).map_err(|_| StoreError::Damaged))
            .collect::<Result<Vec<Event>, _>>()?;
        Ok(Case::of(id, events).map(|case| Self {
            store: store.clone(),
            seen,
            case,
        }))
    }

    /// Records events, all or none.
    pub async fn record(&mut self, events: Vec<Event>, now: Timestamp) -> Result<(), PassError> {
        let bodies = bodies(&events)?;
        self.store.append(self.case.id, self.seen, &bodies, now).await?;
        self.seen += i64::try_from(bodies.len()).map_err(|_| StoreError::Damaged)?;
        events.iter().for_each(|event| self.case.apply(event));
        Ok(())
    }
}

/// Events in the form in which they are kept.
pub(crate) fn bodies(events: &[Event]) -> Result<Vec<String>, StoreError> {
    events
        .iter()
        .map(|event| serde_json::to_string(event).map_err(|_| StoreError::Damaged))
        .collect()
}

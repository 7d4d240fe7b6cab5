//! A clock that stands still until it is moved.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::Clock;

/// The clock of a rehearsal.
#[derive(Debug, Clone)]
pub struct MovableClock {
    now: Arc<watch::Sender<Timestamp>>,
}

impl MovableClock {
    /// A clock that shows this instant.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: Arc::new(watch::Sender::new(now)),
        }
    }

    /// Moves it forward; backwards it does not go.
    pub fn move_to(&self, at: Timestamp) {
        self.now.send_modify(|now| *now = (*now).max(at));
    }
}

#[async_trait]
impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut shown = self.now.subscribe();
        // The sender lives as long as the clock: the wait can only end by reaching the instant.
        let _ = shown.wait_for(|now| *now >= at).await;
    }
}

impl embargod_sandbox::Clock for MovableClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }
}

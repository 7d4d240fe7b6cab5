//! Time as a part that is handed in: the wall clock for the server, another for rehearsals.

use async_trait::async_trait;
use jiff::Timestamp;

/// What time it is, and waiting for an instant.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
    /// Waits until this instant; returns at once when it has passed.
    async fn sleep_until(&self, at: Timestamp);
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct WallClock;

#[async_trait]
impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let left = at.duration_since(self.now());
        // A leap of the machine's clock is noticed at the next resync, which is never far.
        tokio::time::sleep(left.try_into().unwrap_or_default()).await;
    }
}

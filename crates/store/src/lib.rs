#![doc = include_str!("../README.md")]
//!
//! What may not live here: a decision, a forge, git, or the parsing of what is stored.

mod cases;
mod chain;
mod inbox;
mod mailboxes;
mod snapshots;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use thiserror::Error;

pub use cases::{StoredCase, StoredEvent};
pub use chain::{Audit, Link};
pub use inbox::{NewDelivery, Recorded, StoredDelivery};
pub use mailboxes::Read;

/// How long a statement waits for another process that holds the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers beside the one writer.
const READERS: u32 = 4;

/// Why the store could not do its work. The texts carry nothing of what is stored.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database refused or could not be reached.
    #[error("the database could not be used: {0}")]
    Database(#[from] sqlx::Error),
    /// Its tables could not be brought up to date.
    #[error("the database could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// Somebody else wrote in between: read again, decide again.
    #[error("the case has changed in between; read it again")]
    Conflict,
    /// A value in the database is none that was ever written there.
    #[error("the database holds a value that was never written by this program")]
    Damaged,
}

/// The database: one writer, so that no transaction of ours waits for another, and readers beside it.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the file, makes it where it is missing, and brings its tables up to date.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // What was answered must outlive a power cut, not only a crash of the process.
            .synchronous(SqliteSynchronous::Full);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await?;
        let chained = chain::is_there(&writer).await?;
        sqlx::migrate!().run(&writer).await?;
        if !chained {
            chain::begin(&writer).await?;
        }
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self { writer, readers })
    }

    /// Closes the database when everything under way is written.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

//! The inbox: deliveries of the forges, durable before they are answered, each once.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::{Store, StoreError};

/// A delivery that was verified and is to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The connection that it came over, such as `github.main`.
    pub connection: String,
    /// The forge's id of it; a repeated delivery has the same.
    pub delivery_id: String,
    /// The kind of event.
    pub event: String,
    /// The raw body: embargoed, and therefore without `Debug`.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: Timestamp,
}

/// Whether a delivery was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is stored now.
    New,
    /// It was stored before; nothing changed.
    Duplicate,
}

/// A delivery that waits for a worker.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredDelivery {
    /// Its number in the inbox; later deliveries have higher ones.
    pub id: i64,
    /// What was stored.
    pub delivery: NewDelivery,
}

impl Store {
    /// Stores a delivery. When this returns, it outlives a crash.
    pub async fn record_delivery(&self, delivery: NewDelivery) -> Result<Recorded, StoreError> {
        delivery.record(&self.writer).await
    }

    /// The numbers of the deliveries of one connection that nobody has finished, in the order in which they came. Their bodies
    /// can be large, and are read one by one.
    pub async fn pending_from(&self, connection: &str, limit: u32) -> Result<Vec<i64>, StoreError> {
        let ids =
            sqlx::query_scalar("SELECT id FROM inbox WHERE finished_at IS NULL AND connection = ? ORDER BY id LIMIT ?")
                .bind(connection)
                .bind(limit)
                .fetch_all(&self.readers)
                .await?;
        Ok(ids)
    }

    /// A delivery that nobody has finished.
    pub async fn delivery(&self, id: i64) -> Result<Option<StoredDelivery>, StoreError> {
        let row = sqlx::query(
            "SELECT id, connection, delivery_id, event, body, received_at FROM inbox \
             WHERE finished_at IS NULL AND id = ?",
        )
        .bind(id)
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(stored).transpose()
    }

    /// The deliveries of forges that no worker has finished, in the order in which they came.
    pub async fn pending_deliveries(&self, limit: u32) -> Result<Vec<StoredDelivery>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, connection, delivery_id, event, body, received_at FROM inbox \
             WHERE finished_at IS NULL AND connection NOT LIKE 'mailbox.%' ORDER BY id LIMIT ?",
        )
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(stored).collect()
    }

    /// Takes a delivery off the inbox; its id stays known, so that a repetition is still recognised.
    pub async fn finish_delivery(&self, id: i64, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE inbox SET finished_at = ?, body = x'' WHERE id = ? AND finished_at IS NULL")
            .bind(now.as_microsecond())
            .bind(id)
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}

impl NewDelivery {
    pub(crate) async fn record(self, writer: impl sqlx::SqliteExecutor<'_>) -> Result<Recorded, StoreError> {
        let done = sqlx::query(
            "INSERT INTO inbox (connection, delivery_id, event, body, received_at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT (connection, delivery_id) DO NOTHING",
        )
        .bind(self.connection)
        .bind(self.delivery_id)
        .bind(self.event)
        .bind(self.body)
        .bind(self.received_at.as_microsecond())
        .execute(writer)
        .await?;
        Ok(if done.rows_affected() == 0 {
            Recorded::Duplicate
        } else {
            Recorded::New
        })
    }
}

fn stored(row: &SqliteRow) -> Result<StoredDelivery, StoreError> {
    let received_at: i64 = row.try_get("received_at")?;
    Ok(StoredDelivery {
        id: row.try_get("id")?,
        delivery: NewDelivery {
            connection: row.try_get("connection")?,
            delivery_id: row.try_get("delivery_id")?,
            event: row.try_get("event")?,
            body: row.try_get("body")?,
            received_at: Timestamp::from_microsecond(received_at).map_err(|_| StoreError::Damaged)?,
        },
    })
}

//! Snapshots of cases, for whoever looks from outside, and marks of what was done once.

use embargod_core::CaseId;
use jiff::Timestamp;
use sqlx::Row;

use crate::{Store, StoreError};

impl Store {
    /// Keeps what was observed of a case, instead of what was before.
    pub async fn put_snapshot(&self, case: CaseId, body: &str, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO snapshots (case_id, at, body) VALUES (?, ?, ?) \
             ON CONFLICT (case_id) DO UPDATE SET at = excluded.at, body = excluded.body",
        )
        .bind(case.to_string())
        .bind(now.as_microsecond())
        .bind(body)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// What was observed of a case last.
    pub async fn snapshot(&self, case: CaseId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT body FROM snapshots WHERE case_id = ?")
            .bind(case.to_string())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| row.try_get("body")).transpose()?)
    }

    /// Whether something is marked as done.
    pub async fn marked(&self, key: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM marks WHERE key = ?")
            .bind(key)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.is_some())
    }

    /// Marks something as done; whether it was not marked before.
    pub async fn mark(&self, key: &str, now: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query("INSERT INTO marks (key, at) VALUES (?, ?) ON CONFLICT (key) DO NOTHING")
            .bind(key)
            .bind(now.as_microsecond())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

//! Cases and their events. Events only grow; who appends says which was the last one that they saw, so that two writers
//! cannot both decide from the same state.

use embargod_core::CaseId;
use jiff::Timestamp;
use sqlx::Row;

use crate::{Store, StoreError, chain};

/// An event of a case.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its number within the case, from 1.
    pub seq: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened, as JSON: embargoed, and therefore without `Debug`.
    pub body: String,
}

/// A case as it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCase {
    /// Its id.
    pub id: CaseId,
    /// The project.
    pub project: String,
    /// The issue of the mirror.
    pub issue: i64,
}

impl Store {
    /// Every case, the oldest first.
    pub async fn cases(&self) -> Result<Vec<StoredCase>, StoreError> {
        let rows = sqlx::query("SELECT id, project, issue FROM cases WHERE year > 0 ORDER BY year, number")
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                let id: String = row.try_get("id")?;
                let id = id.parse().map_err(|_| StoreError::Damaged)?;
                Ok(StoredCase {
                    id,
                    project: row.try_get("project")?,
                    issue: row.try_get("issue")?,
                })
            })
            .collect()
    }

    /// The case that was opened last for an issue.
    pub async fn latest_case(&self, project: &str, issue: i64) -> Result<Option<CaseId>, StoreError> {
        let cases = self.cases().await?;
        let of_issue = cases
            .into_iter()
            .rev()
            .find(|case| case.project == project && case.issue == issue);
        Ok(of_issue.map(|case| case.id))
    }

    /// Opens a case for an issue under the next number of the year (UTC).
    pub async fn open_case(&self, project: &str, issue: i64, now: Timestamp) -> Result<CaseId, StoreError> {
        let year = jiff::tz::Offset::UTC.to_datetime(now).year();
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let number: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) + 1 FROM cases WHERE year = ?")
            .bind(year)
            .fetch_one(&mut *transaction)
            .await?;
        let id = u16::try_from(year)
            .ok()
            .zip(u32::try_from(number).ok())
            .and_then(|(year, number)| CaseId::new(year, number).ok())
            .ok_or(StoreError::Damaged)?;
        sqlx::query("INSERT INTO cases (id, year, number, project, issue, opened_at) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(id.to_string())
            .bind(year)
            .bind(number)
            .bind(project)
            .bind(issue)
            .bind(now.as_microsecond())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// The events of a case, in their order. Empty for a case that has none, or that there is not.
    pub async fn events(&self, case: CaseId) -> Result<Vec<StoredEvent>, StoreError> {
        self.events_of(&case.to_string()).await
    }

    /// Appends events, all or none, after the event `seen` (0: none); [`StoreError::Conflict`] where that is not the last
    /// one any more.
    pub async fn append(&self, case: CaseId, seen: i64, bodies: &[String], now: Timestamp) -> Result<(), StoreError> {
        self.append_to(&case.to_string(), seen, bodies, now).await
    }

    /// Begins the ledger of a project's members, whose events stand in the log beside those of the cases; harmless where
    /// there is one. It has a place among the cases, in the year 0, which no case has.
    pub async fn begin_ledger(&self, project: &str, issue: i64, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO cases (id, year, number, project, issue, opened_at) \
             SELECT ?, 0, COALESCE(MAX(number), 0) + 1, ?, ?, ? FROM cases WHERE year = 0 \
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(ledger(project))
        .bind(project)
        .bind(issue)
        .bind(now.as_microsecond())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// The events of the ledger of a project's members.
    pub async fn ledger(&self, project: &str) -> Result<Vec<StoredEvent>, StoreError> {
        self.events_of(&ledger(project)).await
    }

    /// Appends events to the ledger, as [`Store::append`] does to a case.
    pub async fn append_to_ledger(
        &self,
        project: &str,
        seen: i64,
        bodies: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.append_to(&ledger(project), seen, bodies, now).await
    }

    async fn events_of(&self, stream: &str) -> Result<Vec<StoredEvent>, StoreError> {
        let rows = sqlx::query("SELECT seq, at, body FROM events WHERE case_id = ? ORDER BY seq")
            .bind(stream)
            .fetch_all(&self.readers)
            .await?;
        rows.iter()
            .map(|row| {
                let at = Timestamp::from_microsecond(row.try_get("at")?).map_err(|_| StoreError::Damaged)?;
                Ok(StoredEvent {
                    seq: row.try_get("seq")?,
                    at,
                    body: row.try_get("body")?,
                })
            })
            .collect()
    }

    async fn append_to(&self, stream: &str, seen: i64, bodies: &[String], now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let last: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM events WHERE case_id = ?")
            .bind(stream)
            .fetch_one(&mut *transaction)
            .await?;
        if last != seen {
            return Err(StoreError::Conflict);
        }
        for (seq, body) in (seen + 1..).zip(bodies) {
            sqlx::query("INSERT INTO events (case_id, seq, at, body) VALUES (?, ?, ?, ?)")
                .bind(stream)
                .bind(seq)
                .bind(now.as_microsecond())
                .bind(body)
                .execute(&mut *transaction)
                .await?;
            chain::add(&mut transaction, stream, seq, now, body).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

fn ledger(project: &str) -> String {
    format!("members.{project}")
}

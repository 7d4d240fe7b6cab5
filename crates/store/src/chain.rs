//! The audit log: the events of all cases as one chain of hashes.
//!
//! The database's triggers keep honest programs from editing. Somebody with the file can take them away, and then the chain
//! tells: a row that was changed, left out or put in between is named. What was cut off at the end, or recomputed from some
//! row on, shows against a hash that was noted elsewhere ([`Audit::contains`]).

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection, SqlitePool};

use crate::{Store, StoreError};

/// The hash before the first row.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An event in its place of the chain.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its place, from 1.
    pub position: i64,
    /// Its case.
    pub case: String,
    /// Its number within the case.
    pub seq: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The hash, which covers everything up to here.
    pub hash: String,
    /// What happened, as JSON: embargoed, and therefore without `Debug`.
    pub body: String,
}

/// What a look at the whole chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    /// How many rows it has.
    pub length: i64,
    /// The hash of the last one: what to note elsewhere.
    pub head: String,
    /// What is wrong, each row named; empty when nothing is.
    pub broken: Vec<String>,
    hashes: Vec<String>,
}

impl Audit {
    /// Whether a hash that was noted earlier is still in the chain.
    pub fn contains(&self, hash: &str) -> bool {
        self.hashes.iter().any(|known| known.eq_ignore_ascii_case(hash))
    }
}

/// What a hash covers, each part with its length before it.
fn hash(before: &str, case: &str, (project, issue): (&str, i64), (seq, at): (i64, i64), body: &str) -> String {
    let mut digest = Sha256::new();
    for part in [
        before,
        case,
        project,
        &issue.to_string(),
        &seq.to_string(),
        &at.to_string(),
        body,
    ] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// Whether the database has a chain already.
pub(crate) async fn is_there(pool: &SqlitePool) -> Result<bool, StoreError> {
    let found = sqlx::query("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'chain'")
        .fetch_optional(pool)
        .await?;
    Ok(found.is_some())
}

/// Begins the chain with the events that a database has from before there was one. An event that is recorded later and is not
/// in the chain is never taken in: it was put there by hand.
pub(crate) async fn begin(pool: &SqlitePool) -> Result<(), StoreError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let rows = sqlx::query("SELECT case_id, seq, at, body FROM events ORDER BY at, case_id, seq")
        .fetch_all(&mut *transaction)
        .await?;
    for row in rows {
        let (case, body): (String, String) = (row.try_get("case_id")?, row.try_get("body")?);
        let at = Timestamp::from_microsecond(row.try_get("at")?).map_err(|_| StoreError::Damaged)?;
        add(&mut transaction, &case, row.try_get("seq")?, at, &body).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Adds an event to the chain, in the transaction that records it.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    case: &str,
    seq: i64,
    at: Timestamp,
    body: &str,
) -> Result<(), StoreError> {
    let last = sqlx::query("SELECT position, hash FROM chain ORDER BY position DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?;
    let (position, before): (i64, String) = match last {
        Some(row) => (row.try_get("position")?, row.try_get("hash")?),
        None => (0, START.to_owned()),
    };
    let owner = sqlx::query("SELECT project, issue FROM cases WHERE id = ?")
        .bind(case)
        .fetch_one(&mut *connection)
        .await?;
    let (project, issue): (String, i64) = (owner.try_get("project")?, owner.try_get("issue")?);
    let hash = hash(&before, case, (&project, issue), (seq, at.as_microsecond()), body);
    sqlx::query("INSERT INTO chain (position, case_id, seq, hash) VALUES (?, ?, ?, ?)")
        .bind(position + 1)
        .bind(case)
        .bind(seq)
        .bind(hash)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// The whole chain in its order, as far as its rows and their events are there.
    pub async fn links(&self) -> Result<Vec<Link>, StoreError> {
        let rows = sqlx::query(
            "SELECT position, chain.case_id AS case_id, chain.seq AS seq, hash, at, body FROM chain \
             JOIN events ON events.case_id = chain.case_id AND events.seq = chain.seq ORDER BY position",
        )
        .fetch_all(&self.readers)
        .await?;
        let link = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Link {
                position: row.try_get("position")?,
                case: row.try_get("case_id")?,
                seq: row.try_get("seq")?,
                at: Timestamp::from_microsecond(row.try_get("at")?).map_err(|_| StoreError::Damaged)?,
                hash: row.try_get("hash")?,
                body: row.try_get("body")?,
            })
        };
        rows.iter().map(link).collect()
    }

    /// Holds every row of the chain against its event, and every event against the chain.
    pub async fn audit(&self) -> Result<Audit, StoreError> {
        let rows = sqlx::query(
            "SELECT position, chain.case_id AS case_id, chain.seq AS seq, hash, at, body, project, issue FROM chain \
             LEFT JOIN events ON events.case_id = chain.case_id AND events.seq = chain.seq \
             LEFT JOIN cases ON cases.id = chain.case_id ORDER BY position",
        )
        .fetch_all(&self.readers)
        .await?;
        let (mut before, mut place, mut broken, mut hashes) = (START.to_owned(), 0, Vec::new(), Vec::new());
        for row in rows {
            let (position, seq): (i64, i64) = (row.try_get("position")?, row.try_get("seq")?);
            let (case, kept): (String, String) = (row.try_get("case_id")?, row.try_get("hash")?);
            if position != place + 1 {
                broken.push(format!(
                    "between the places {place} and {position} rows of the chain are missing"
                ));
            }
            let body: Option<String> = row.try_get("body")?;
            let owner: (Option<String>, Option<i64>) = (row.try_get("project")?, row.try_get("issue")?);
            match (body, owner) {
                (Some(body), (Some(project), Some(issue))) => {
                    let computed = hash(&before, &case, (&project, issue), (seq, row.try_get("at")?), &body);
                    if computed != kept {
                        broken.push(format!(
                            "event {seq} of case {case} (place {position}) is not what was recorded"
                        ));
                    }
                }
                _ => broken.push(format!("event {seq} of case {case} (place {position}) is missing")),
            }
            // What follows is held against what the chain says, so that one changed row is one finding.
            (before, place) = (kept.clone(), position);
            hashes.push(kept);
        }
        let loose = sqlx::query(
            "SELECT case_id, seq FROM events WHERE NOT EXISTS \
             (SELECT 1 FROM chain WHERE chain.case_id = events.case_id AND chain.seq = events.seq) ORDER BY case_id, seq",
        )
        .fetch_all(&self.readers)
        .await?;
        for row in loose {
            let (case, seq): (String, i64) = (row.try_get("case_id")?, row.try_get("seq")?);
            broken.push(format!(
                "event {seq} of case {case} is not in the chain: it was put in by hand"
            ));
        }
        Ok(Audit {
            length: place,
            head: before,
            broken,
            hashes,
        })
    }
}

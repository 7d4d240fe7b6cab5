//! Mailboxes: each mail durable together with how far the mailbox was read.

use sqlx::Row as _;

use crate::{NewDelivery, Recorded, Store, StoreError};

/// How far a mailbox was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// `UIDVALIDITY` (RFC 3501).
    pub validity: u32,
    /// The highest number that was taken.
    pub last: u32,
}

impl Store {
    /// How far a mailbox was read; nothing where it never was.
    pub async fn mailbox(&self, name: &str) -> Result<Option<Read>, StoreError> {
        let row = sqlx::query("SELECT validity, last FROM mailboxes WHERE name = ?")
            .bind(name)
            .fetch_optional(&self.readers)
            .await?;
        row.map(|row| {
            Ok(Read {
                validity: row.try_get("validity")?,
                last: row.try_get("last")?,
            })
        })
        .transpose()
    }

    /// Stores a mail, if there is one, and how far the mailbox was read with it: both or neither.
    pub async fn record_mail(&self, name: &str, mail: Option<NewDelivery>, read: Read) -> Result<Recorded, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut recorded = Recorded::Duplicate;
        if let Some(mail) = mail {
            recorded = mail.record(&mut *transaction).await?;
        }
        sqlx::query(
            "INSERT INTO mailboxes (name, validity, last) VALUES (?, ?, ?) \
             ON CONFLICT (name) DO UPDATE SET validity = excluded.validity, last = excluded.last",
        )
        .bind(name)
        .bind(read.validity)
        .bind(read.last)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(recorded)
    }
}

//! Letters: mails to one party, each sent at most once. SMTP cannot promise *once*, so that one begins is written down.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Case;

/// How far a letter is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Delivery {
    /// It waits.
    #[default]
    Waiting,
    /// It was about to be handed over: nobody knows whether it was.
    Started,
    /// The mail server has it.
    Sent {
        /// Since when.
        at: Timestamp,
    },
    /// A person must look.
    Stuck {
        /// Why.
        because: String,
    },
}

/// A mail to one party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The addresses.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The mails that it continues, the nearest last.
    pub references: Vec<String>,
    /// Whether no person wrote it.
    pub automatic: bool,
    /// Whether the text is an armoured OpenPGP message.
    #[serde(default)]
    pub encrypted: bool,
    /// How far it is.
    #[serde(default, skip)]
    pub delivery: Delivery,
}

impl Letter {
    pub(super) fn new(
        to: Vec<String>,
        subject: String,
        text: String,
        references: Vec<String>,
        automatic: bool,
    ) -> Self {
        Self {
            to,
            subject,
            text,
            references,
            automatic,
            encrypted: false,
            delivery: Delivery::Waiting,
        }
    }
}

impl Case {
    /// The id of the next letter, which becomes the left part of its `Message-ID`. An answer is recognised by it, so it has a
    /// part that only whoever knows the thread can tell.
    pub(super) fn letter_id(&self, secret: &str) -> String {
        self.numbered_letter_id(self.letters.len() + 1, secret)
    }

    pub(super) fn numbered_letter_id(&self, number: usize, secret: &str) -> String {
        let mut hash = Sha256::new();
        for part in [secret, &self.opened_at.to_string(), &number.to_string()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hex::encode(hash.finalize());
        format!("{}.{number}.{}", self.id, &digest[..16])
    }
}

//! The roster: who was invited, who vouched, who consented to which terms, and whose access was given and withdrawn.
//!
//! Like a case it is a fold of its events and nothing else. Access follows from consent, never the other way round.

mod execute;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use execute::{Membership, RosterPolicy, answered_by_mail, execute};

use crate::case::{Delivery, Letter};

/// How somebody answered to the terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// In a comment, under their own name.
    Comment,
    /// In answer to the mail that only they got.
    Mail,
}

/// Where a membership stands (participant states after CERT/CC's Vultron, without a case).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "kebab-case")]
pub enum Standing {
    /// Somebody proposed them.
    Proposed,
    /// Enough members vouched: the terms are with them.
    Invited {
        /// Since when.
        at: Timestamp,
    },
    /// They consented to the terms.
    Signatory {
        /// When.
        at: Timestamp,
        /// How.
        way: Way,
        /// The digest of the terms.
        terms: String,
    },
    /// They declined.
    Declined {
        /// When.
        at: Timestamp,
    },
    /// They left, or were removed.
    Lapsed {
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
        /// Why.
        because: String,
    },
}

/// Whether somebody sees the mirror by the bot's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "access", rename_all = "kebab-case")]
pub enum Access {
    /// Not yet.
    Never,
    /// The forge was asked to let them in; it may wait for them to accept.
    Asked {
        /// When.
        at: Timestamp,
    },
    /// The forge says that they see it.
    Given {
        /// Since when.
        at: Timestamp,
    },
    /// The forge says that they do not see it any more.
    Withdrawn {
        /// Since when.
        at: Timestamp,
    },
}

/// A member, or somebody who may become one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The name on the forge.
    pub name: String,
    /// For whom they come.
    pub organisation: String,
    /// Where the terms go; somebody who sees the mirror already can answer in a comment.
    pub address: Option<String>,
    /// Who proposed them.
    pub proposed_by: String,
    /// Who vouched.
    pub vouched: BTreeSet<String>,
    /// Where the membership stands.
    pub standing: Standing,
    /// Whether they see the mirror by the bot's doing.
    pub access: Access,
}

impl Member {
    /// Whether they consented and did not leave.
    pub fn is_signatory(&self) -> bool {
        matches!(self.standing, Standing::Signatory { .. })
    }

    /// Whether nothing can come of it any more.
    pub fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Declined { .. } | Standing::Lapsed { .. })
    }
}

/// What can happen to the roster. Events are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The roster begins.
    Begun {
        /// The issue on which members are talked about.
        issue: u64,
        /// When.
        at: Timestamp,
    },
    /// A comment was read. It is never looked at again.
    CommentHandled {
        /// The forge's id of it.
        id: u64,
        /// What its author is to hear; empty for mere talk.
        answer: String,
    },
    /// Somebody was proposed.
    Proposed {
        /// The name on the forge.
        name: String,
        /// For whom they come.
        organisation: String,
        /// Where the terms go.
        address: Option<String>,
        /// By whom.
        by: String,
    },
    /// A member vouched for them.
    Vouched {
        /// For whom.
        name: String,
        /// Who.
        by: String,
    },
    /// Where a membership stands now.
    Stands {
        /// Whose.
        name: String,
        /// Where.
        standing: Standing,
    },
    /// Whether they see the mirror by the bot's doing.
    AccessChanged {
        /// Who.
        name: String,
        /// How it is now.
        access: Access,
    },
    /// The terms are to be sent.
    LetterWritten {
        /// The letter's id.
        id: String,
        /// To whom it goes.
        name: String,
        /// The letter.
        letter: Letter,
    },
    /// How far a letter is.
    LetterMoved {
        /// The letter.
        id: String,
        /// How far.
        delivery: Delivery,
    },
    /// A mail in answer to the terms was read.
    MailHandled {
        /// Its delivery.
        delivery: String,
    },
}

/// The members of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// The issue on which members are talked about.
    pub issue: u64,
    /// When it began.
    pub begun_at: Timestamp,
    /// By name in lower case: no forge tells upper from lower there.
    pub members: BTreeMap<String, Member>,
    /// Letters by their ids, each with whom it goes to.
    pub letters: BTreeMap<String, (String, Letter)>,
    /// Comments that were read, with the answers.
    pub comments: BTreeMap<u64, String>,
    /// Deliveries of the mailbox that were read.
    pub deliveries: BTreeSet<String>,
}

impl Roster {
    /// The roster of these events, the first of which must be its beginning.
    pub fn of(events: impl IntoIterator<Item = Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let Some(Event::Begun { issue, at }) = events.next() else {
            return None;
        };
        let mut roster = Self {
            issue,
            begun_at: at,
            members: BTreeMap::new(),
            letters: BTreeMap::new(),
            comments: BTreeMap::new(),
            deliveries: BTreeSet::new(),
        };
        events.for_each(|event| roster.apply(&event));
        Some(roster)
    }

    /// A member, or somebody who may become one.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.get(&name.to_lowercase())
    }

    /// Whether somebody has consented to the terms and did not leave.
    pub fn has_signatory(&self, name: &str) -> bool {
        self.member(name).is_some_and(Member::is_signatory)
    }

    /// Takes an event into the state.
    pub fn apply(&mut self, event: &Event) {
        match event.clone() {
            Event::Begun { .. } => {}
            Event::CommentHandled { id, answer } => {
                self.comments.insert(id, answer);
            }
            Event::Proposed {
                name,
                organisation,
                address,
                by,
            } => {
                let member = Member {
                    name: name.clone(),
                    organisation,
                    address,
                    proposed_by: by,
                    vouched: BTreeSet::new(),
                    standing: Standing::Proposed,
                    access: Access::Never,
                };
                self.members.insert(name.to_lowercase(), member);
            }
            Event::Vouched { name, by } => self.change(&name, |member| {
                member.vouched.insert(by.to_lowercase());
            }),
            Event::Stands { name, standing } => self.change(&name, |member| member.standing = standing),
            Event::AccessChanged { name, access } => self.change(&name, |member| member.access = access),
            Event::LetterWritten { id, name, letter } => {
                self.letters.insert(id, (name, letter));
            }
            Event::LetterMoved { id, delivery } => {
                if let Some((_, letter)) = self.letters.get_mut(&id) {
                    letter.delivery = delivery;
                }
            }
            Event::MailHandled { delivery } => {
                self.deliveries.insert(delivery);
            }
        }
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Member)) {
        if let Some(member) = self.members.get_mut(&name.to_lowercase()) {
            change(member);
        }
    }
}

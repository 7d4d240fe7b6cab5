//! A case: what is known of it, and the events from which that follows.
//!
//! The state is a fold of the events ([`Case::apply`]) and nothing else, so that it can be rebuilt at any time.

mod execute;
mod gate;
mod view;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use execute::execute;
pub use gate::evaluate;
pub use view::{Advisory, CaseView, PatchIdentity, Policy, TargetView, Verdict};

use crate::embargo::Embargo;
use crate::names::{BranchName, CaseId, CommitId};

/// Something that happened to a case. Events are only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The embargo got new terms, or ended.
    EmbargoChanged {
        /// How it stands now.
        embargo: Embargo,
    },
    /// The CVE was recorded, or that there will be none.
    CveDecided {
        /// The decision.
        cve: Cve,
    },
    /// The patches and texts were approved as they were.
    Approved {
        /// What was approved, by whom.
        approval: Approval,
    },
    /// Somebody asked for the publication.
    PublishRequested {
        /// The release manager.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// Approval and request were withdrawn.
    Aborted {
        /// The release manager.
        by: String,
        /// Why.
        because: String,
    },
    /// The gate did not open in time: the request lapsed.
    RequestLapsed {
        /// When.
        at: Timestamp,
    },
    /// A branch needs no fix.
    Waived {
        /// The target branch.
        branch: BranchName,
        /// The statement.
        statement: Statement,
    },
    /// An adapted backport is right.
    Acknowledged {
        /// The target branch.
        branch: BranchName,
        /// The statement.
        statement: Statement,
    },
    /// The label was taken off.
    Closed {
        /// By whom.
        by: String,
    },
}

/// The decision on the CVE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cve {
    /// Its id.
    Id(String),
    /// There will be none, and why.
    Waived(String),
}

/// A named person's statement on a target branch, bound to the patches that it was made for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Who.
    pub by: String,
    /// Why, where a reason is asked for.
    pub because: String,
    /// The patches that it holds for: it survives a rebuild that keeps them, and lapses when they change.
    pub patches: Vec<PatchIdentity>,
}

/// An approval, bound to patches and texts by its digest; the heads say on which commits it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Digest of the patches of every target and of the advisory's facts.
    pub digest: String,
    /// The head of every security branch at that time.
    pub heads: BTreeMap<BranchName, CommitId>,
}

/// The standing request to publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The release manager.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What is known of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The embargo.
    pub embargo: Embargo,
    /// The decision on the CVE, once there is one.
    pub cve: Option<Cve>,
    /// The approval; whether it still holds depends on what is there now.
    pub approval: Option<Approval>,
    /// The request to publish.
    pub request: Option<Request>,
    /// Waivers by target branch.
    pub waivers: BTreeMap<BranchName, Statement>,
    /// Acknowledgements by target branch.
    pub acknowledgements: BTreeMap<BranchName, Statement>,
    /// Why approval and request were withdrawn last, until somebody approves again.
    pub aborted: Option<String>,
    /// Whether the label was taken off.
    pub closed: bool,
}

impl Case {
    /// A case that was just opened under this embargo.
    pub fn opened(id: CaseId, embargo: Embargo) -> Self {
        Self {
            id,
            embargo,
            cve: None,
            approval: None,
            request: None,
            waivers: BTreeMap::new(),
            acknowledgements: BTreeMap::new(),
            aborted: None,
            closed: false,
        }
    }

    /// Takes an event into the state.
    pub fn apply(&mut self, event: &Event) {
        match event.clone() {
            Event::EmbargoChanged { embargo } => self.embargo = embargo,
            Event::CveDecided { cve } => self.cve = Some(cve),
            Event::Approved { approval } => {
                self.approval = Some(approval);
                self.aborted = None;
            }
            Event::PublishRequested { by, at } => self.request = Some(Request { by, at }),
            Event::Aborted { because, .. } => {
                self.approval = None;
                self.request = None;
                self.aborted = Some(because);
            }
            Event::RequestLapsed { .. } => self.request = None,
            Event::Waived { branch, statement } => {
                self.waivers.insert(branch, statement);
            }
            Event::Acknowledged { branch, statement } => {
                self.acknowledgements.insert(branch, statement);
            }
            Event::Closed { .. } => {
                self.closed = true;
                self.approval = None;
                self.request = None;
            }
        }
    }
}

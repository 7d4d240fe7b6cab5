//! A case: what is known of it, and the events from which that follows.
//!
//! The state is a fold of the events ([`Case::apply`]) and nothing else, so that it can be rebuilt at any time.

mod agreement;
mod event;
mod execute;
mod fold;
mod gate;
mod kin;
mod letters;
mod memory;
mod report;
mod source;
mod vendors;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use agreement::{AgreementPolicy, Matter, Proposal, first_embargo, lapse};
pub use event::{Cve, Event, Exposure, Statement};
pub use execute::execute;
pub use gate::evaluate;
pub use kin::Split;
pub use letters::{Delivery, Letter};
pub use memory::Memory;
pub use report::{Automatic, Moderation, Received, Report, Source};
pub use source::FixSource;
pub use vendors::{Notice, Told, VendorPolicy};
pub use view::{Advisory, CaseView, PatchIdentity, Policy, TargetView, Verdict};

use crate::embargo::Embargo;
use crate::names::{BranchName, CaseId, CommitId};
use crate::publication::{Plan, Step, Wanted};

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

/// The draft advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The forge's id of it.
    pub id: String,
    /// Where people will read it.
    pub url: String,
}

/// The durable record that a step took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// When.
    pub at: Timestamp,
    /// What exactly.
    pub detail: String,
}

/// A publication under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// What is, or will be, public.
    pub plan: Plan,
    /// What took effect.
    pub receipts: BTreeMap<Step, Receipt>,
    /// Mails that were about to be handed over.
    pub started: BTreeSet<String>,
    /// Steps that wait for a person, and why.
    pub stuck: BTreeMap<Step, String>,
}

impl Publication {
    /// Whether the push took effect: from here on it only goes forward.
    pub fn is_public(&self) -> bool {
        self.receipts.contains_key(&Step::Push)
    }
}

/// What is known of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The issue of the mirror.
    pub issue: u64,
    /// When it was opened, or reported where nobody has opened it yet.
    pub opened_at: Timestamp,
    /// By whom; nobody where it is only reported.
    pub opened_by: Option<String>,
    /// The report that it began with, where it came from outside.
    pub report: Option<Report>,
    /// The mails to single parties, by their ids.
    pub letters: BTreeMap<String, Letter>,
    /// The notice to vendors that somebody asked for last.
    pub notice: Option<Notice>,
    /// What became of it for each vendor.
    pub told: BTreeMap<String, Told>,
    /// Who can see the mirror, and with it this case.
    pub seen_by: BTreeSet<String>,
    /// The target branches.
    pub targets: Vec<BranchName>,
    /// Comments that were read, with the answers.
    pub comments: BTreeMap<u64, String>,
    /// What the bot remembers of the branches.
    pub memory: Memory,
    /// The draft advisory.
    pub draft: Option<Draft>,
    /// Public branches on which the fix was found before its time, and their tips then.
    pub leaks: BTreeMap<BranchName, CommitId>,
    /// The publication, from the frozen plan on.
    pub publication: Option<Publication>,
    /// How many pushes did not take effect since the request.
    pub rounds: u32,
    /// The embargo.
    pub embargo: Embargo,
    /// What others must agree on.
    pub proposal: Option<Proposal>,
    /// Whether the issue was to be seen by everybody.
    pub exposed: Option<Exposure>,
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
    /// When the label was taken off, or a command ended it.
    pub closed: Option<Timestamp>,
    /// Why a command ended it.
    pub closed_because: Option<String>,
    /// The case that it ended in.
    pub merged_into: Option<CaseId>,
    /// The cases that ended in it.
    pub merged: BTreeSet<CaseId>,
    /// Its parts that are cases of their own.
    pub splits: BTreeMap<u32, Split>,
    /// Where the fix series comes from, unless from the security branch of main.
    pub fix_source: Option<FixSource>,
    /// The plan of the last push that seemed to have no effect. A push that outlived its server may still land.
    pub thawed: Option<Plan>,
}

impl Case {
    /// The case of these events, the first of which must be its report or its opening.
    pub fn of(id: CaseId, events: impl IntoIterator<Item = Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let first = events.next()?;
        let (Event::Reported { at, issue, .. } | Event::Opened { at, issue, .. }) = &first else {
            return None;
        };
        let mut case = Self {
            id,
            issue: *issue,
            opened_at: *at,
            opened_by: None,
            report: None,
            letters: BTreeMap::new(),
            notice: None,
            told: BTreeMap::new(),
            seen_by: BTreeSet::new(),
            targets: Vec::new(),
            comments: BTreeMap::new(),
            memory: Memory::default(),
            draft: None,
            leaks: BTreeMap::new(),
            publication: None,
            rounds: 0,
            embargo: Embargo::none(*at),
            proposal: None,
            exposed: None,
            cve: None,
            approval: None,
            request: None,
            waivers: BTreeMap::new(),
            acknowledgements: BTreeMap::new(),
            aborted: None,
            closed: None,
            closed_because: None,
            merged_into: None,
            merged: BTreeSet::new(),
            splits: BTreeMap::new(),
            fix_source: None,
            thawed: None,
        };
        if let Event::Reported { source, .. } = &first {
            case.report = Some(Report::new(source.clone()));
        }
        case.apply(&first);
        events.for_each(|event| case.apply(&event));
        Some(case)
    }

    /// Whether somebody of the security team has opened it; before that it is a report that is held.
    pub fn is_confirmed(&self) -> bool {
        self.opened_by.is_some()
    }

    /// The state in one word, as in listings: pending, rejected, open, approved, publishing, published, aborted or closed.
    pub fn state_name(&self, wanted: &Wanted) -> &'static str {
        match &self.publication {
            Some(publication) if publication.is_public() => {
                let receipts = publication.receipts.keys().cloned().collect();
                let waits = |step: &Step| !publication.stuck.contains_key(step);
                match crate::publication::next_steps(wanted, &receipts).iter().any(waits) {
                    true => "publishing",
                    false => "published",
                }
            }
            Some(_) => "publishing",
            None if self.closed.is_some() => "closed",
            None if !self.is_confirmed() => match self.report.as_ref().map(|report| &report.moderation) {
                Some(Moderation::Rejected { .. }) => "rejected",
                _ => "pending",
            },
            None if self.approval.is_some() => "approved",
            None if self.aborted.is_some() => "aborted",
            None => "open",
        }
    }
}

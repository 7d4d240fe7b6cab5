//! What can happen to a case. Events are only ever added.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::letters::Letter;
use super::report::{Moderation, Received, Report, Source};
use super::source::FixSource;
use super::vendors::{Notice, Told};
use super::{Approval, Memory, PatchIdentity, Proposal};
use crate::embargo::Embargo;
use crate::names::{BranchName, CaseId, CommitId};
use crate::publication::{Plan, Step};

/// Something that happened to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Something was reported from outside, and waits for somebody to look at it.
    Reported {
        /// When.
        at: Timestamp,
        /// The private issue that holds it.
        issue: u64,
        /// Where it came from.
        source: Source,
    },
    /// A mail came that belongs to the report; the issue has its text.
    LetterReceived {
        /// The mail.
        mail: Received,
    },
    /// A moderator decided about the report.
    Moderated {
        /// How.
        moderation: Moderation,
    },
    /// Replies go to a further address.
    ReporterAdded {
        /// The address.
        address: String,
    },
    /// A mail to one party is to be sent.
    LetterWritten {
        /// Its id.
        id: String,
        /// The mail.
        letter: Letter,
    },
    /// It is about to be handed over: after this, only its receipt says that it was.
    LetterStarted {
        /// The letter.
        id: String,
        /// The `Message-ID` that it has, without the angle brackets.
        message_id: String,
    },
    /// The mail server does not take it for now: it was not handed over and will be tried again.
    LetterDeferred {
        /// The letter.
        id: String,
    },
    /// The mail server has it.
    LetterSent {
        /// The letter.
        id: String,
        /// When.
        at: Timestamp,
    },
    /// It cannot be sent, or nobody knows whether it was, without a person.
    LetterStuck {
        /// The letter.
        id: String,
        /// Why.
        because: String,
    },
    /// Somebody at the server settled it.
    LetterSettled {
        /// The letter.
        id: String,
        /// Whether it is to be sent again; else it counts as sent.
        again: bool,
        /// When.
        at: Timestamp,
    },
    /// Somebody asked that every vendor be told.
    NoticeAsked {
        /// The notice.
        notice: Notice,
    },
    /// What became of the notice for a vendor.
    VendorTold {
        /// The vendor.
        vendor: String,
        /// What.
        told: Told,
    },
    /// A letter came back.
    LetterReturned {
        /// The letter.
        id: String,
    },
    /// Who can see the mirror, and with it this case, changed.
    SeenBy {
        /// Their names.
        people: BTreeSet<String>,
    },
    /// Somebody of the security team put the label on an issue.
    Opened {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
        /// The issue of the mirror.
        issue: u64,
        /// The target branches.
        targets: Vec<BranchName>,
        /// The embargo, with the project's default terms.
        embargo: Embargo,
    },
    /// Everybody could see the issue before it was hidden: there is no embargo until somebody confirms one.
    Exposed {
        /// How long.
        exposure: Exposure,
    },
    /// A comment was read and, where it held commands, executed or refused. It is never looked at again.
    CommentHandled {
        /// The forge's id of it.
        id: u64,
        /// What its author is to hear; empty for mere talk.
        answer: String,
    },
    /// What the bot must remember of the branches.
    Remembered {
        /// All of it.
        memory: Memory,
    },
    /// The draft advisory exists.
    DraftWritten {
        /// The forge's id of it.
        id: String,
        /// Where people will read it.
        url: String,
    },
    /// The approval no longer holds, whatever its digest says.
    ApprovalVoided {
        /// Why.
        because: String,
    },
    /// The fix was found on a public branch before its time.
    Leaked {
        /// The branch.
        branch: BranchName,
        /// Its tip then.
        tip: CommitId,
    },
    /// A publication begins: this and nothing else will be pushed.
    Frozen {
        /// The plan.
        plan: Plan,
        /// When.
        at: Timestamp,
    },
    /// The push did not take effect; the plan is void and everything is decided afresh.
    Thawed {
        /// Why.
        because: String,
    },
    /// A step took effect.
    StepTaken {
        /// The step.
        step: Step,
        /// When.
        at: Timestamp,
        /// What exactly.
        detail: String,
    },
    /// A mail is about to be handed over: after this, only its receipt says that it was.
    MailStarted {
        /// The list.
        list: String,
    },
    /// A step cannot be finished without a person.
    StepStuck {
        /// The step.
        step: Step,
        /// Why.
        because: String,
    },
    /// Somebody at the server settled a stuck step.
    StepSettled {
        /// The step.
        step: Step,
        /// Whether it is to be tried again; else it counts as done.
        again: bool,
    },
    /// The embargo got new terms, or ended.
    EmbargoChanged {
        /// How it stands now.
        embargo: Embargo,
    },
    /// Somebody proposed what others must agree on.
    Proposed {
        /// The proposal.
        proposal: Proposal,
    },
    /// Somebody answered the proposal.
    Voted {
        /// Who.
        by: String,
        /// Why they object; nothing where they agree.
        objection: Option<String>,
    },
    /// The proposal is not open any more, whatever came of it.
    ProposalEnded,
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
        /// When.
        at: Timestamp,
        /// Why, where a command ended it.
        #[serde(default)]
        because: Option<String>,
    },
    /// The case ended in another one, of which it is a duplicate.
    MergedInto {
        /// The other one.
        case: CaseId,
    },
    /// Another case ended in this one.
    Merged {
        /// The other one.
        case: CaseId,
        /// Its report.
        report: Option<Report>,
    },
    /// A part of the case is to become one of its own.
    SplitOff {
        /// Which part, from 1.
        number: u32,
        /// Why.
        because: String,
    },
    /// That part has an issue and a case.
    SplitDone {
        /// Which part.
        number: u32,
        /// Its issue.
        issue: u64,
    },
    /// The case was a part of another one.
    SplitFrom {
        /// The other one.
        case: CaseId,
        /// Its report.
        report: Option<Report>,
    },
    /// The fix series comes from elsewhere than the security branch of main.
    FixSourceChanged {
        /// From where; nothing for main's security branch again.
        source: Option<FixSource>,
    },
    /// A branch became a maintained one after the case was opened.
    TargetAdded {
        /// The branch.
        branch: BranchName,
    },
    /// The mail server did not take a mail for now: it was not handed over and will be tried again.
    MailDeferred {
        /// The list.
        list: String,
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

/// How long an issue was to be seen by everybody, and what came of it meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposure {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The comments that were written meanwhile: who wrote on it has seen it.
    pub comments: usize,
}

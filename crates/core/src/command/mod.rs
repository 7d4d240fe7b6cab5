//! The commands that people write in comments: one grammar on every forge.
//!
//! A command is a line that starts with `/embargo` and a verb, outside quotes and code. Everything else in a comment is
//! talk and is never looked at. The text comes from outside: it is parsed narrowly, and what is refused is refused with
//! the reason that the person will read.

mod read;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::names::{BranchName, CaseId};
use crate::roster::Membership;

pub use read::commands;

/// How many commands one comment may hold; a longer list is refused whole rather than executed in part.
pub const MAX_COMMANDS: usize = 10;
/// The longest reason, in characters.
pub const MAX_REASON: usize = 2_000;
/// The longest reply, in characters: as much as a comment holds on GitHub.
pub const MAX_REPLY: usize = 65_536;

/// A command as its author meant it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub enum Command {
    /// `until INSTANT because …`: sets the end of the embargo.
    Until {
        /// The new end.
        ends_at: Timestamp,
        /// Why.
        because: String,
    },
    /// `extend INSTANT because …`: proposes a later end.
    Extend {
        /// The later end.
        ends_at: Timestamp,
        /// Why.
        because: String,
    },
    /// `restart because …`: proposes that the clock starts again, because the patch had to be made anew.
    Restart {
        /// Why.
        because: String,
    },
    /// `lift because …`: the end of the embargo at once, because the flaw is public.
    Lift {
        /// The evidence.
        because: String,
    },
    /// `agree`: agrees to what is proposed.
    Agree,
    /// `object because …`: objects to what is proposed, or withdraws one's own proposal.
    Object {
        /// Why.
        because: String,
    },
    /// `confirm because …`: an embargo for an issue that everybody could see.
    Confirm {
        /// Why there should be one.
        because: String,
    },
    /// `cve CVE-YYYY-NNNN`: records the CVE.
    Cve {
        /// The id, upper case.
        id: String,
    },
    /// `cve waive because …`: records that there will be no CVE.
    CveWaive {
        /// Why.
        because: String,
    },
    /// `approve`: approves the patches and texts as they are now.
    Approve,
    /// `publish`: a standing request to publish when the embargo ends; `publish now` needs the end to have passed.
    Publish {
        /// Whether `now` was said.
        now: bool,
    },
    /// `abort because …`: withdraws approval and request.
    Abort {
        /// Why.
        because: String,
    },
    /// `not-affected BRANCH because …`: waives the fix on a branch.
    NotAffected {
        /// The target branch.
        branch: BranchName,
        /// Why.
        because: String,
    },
    /// `ack BRANCH`: accepts an adapted backport.
    Ack {
        /// The target branch.
        branch: BranchName,
    },
    /// `not-a-vulnerability because …`: the case ends.
    NotAVulnerability {
        /// Why.
        because: String,
    },
    /// `duplicate CASE`: the case ends in another one.
    Duplicate {
        /// The other one.
        of: CaseId,
    },
    /// `split because …`: a part of it becomes a case of its own.
    Split {
        /// Why.
        because: String,
    },
    /// `fix-source BRANCH`: the fix series is taken from there.
    FixSource {
        /// The target branch.
        branch: BranchName,
    },
    /// `fix SHA…`: the fix is public on main already.
    Fix {
        /// The commits, oldest first: 7 to 40 hexadecimal digits each, or whole once they were looked up.
        commits: Vec<String>,
    },
    /// `notify-vendors`: every vendor is told at the same moment, with the patches.
    NotifyVendors,
    /// `accept`: a report that is held is none that should not have come.
    Accept,
    /// `reject because …`: it is spam, or no report.
    Reject {
        /// Why.
        because: String,
    },
    /// `reply …`: the rest of the comment goes to whoever reported it.
    Reply {
        /// The text.
        text: String,
    },
    /// `reporter ADDRESS`: replies go to a further address.
    Reporter {
        /// The address.
        address: String,
    },
    /// A command about members, on the roster's issue.
    Membership(Membership),
    /// `status`: asks for a fresh status comment.
    Status,
}

impl Command {
    /// The verb as it is written.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Until { .. } => "until",
            Self::Extend { .. } => "extend",
            Self::Restart { .. } => "restart",
            Self::Lift { .. } => "lift",
            Self::Agree => "agree",
            Self::Object { .. } => "object",
            Self::Confirm { .. } => "confirm",
            Self::Cve { .. } | Self::CveWaive { .. } => "cve",
            Self::Approve => "approve",
            Self::Publish { .. } => "publish",
            Self::Abort { .. } => "abort",
            Self::NotAffected { .. } => "not-affected",
            Self::Ack { .. } => "ack",
            Self::NotAVulnerability { .. } => "not-a-vulnerability",
            Self::Duplicate { .. } => "duplicate",
            Self::Split { .. } => "split",
            Self::FixSource { .. } => "fix-source",
            Self::Fix { .. } => "fix",
            Self::NotifyVendors => "notify-vendors",
            Self::Accept => "accept",
            Self::Reject { .. } => "reject",
            Self::Reply { .. } => "reply",
            Self::Reporter { .. } => "reporter",
            Self::Membership(membership) => membership.verb(),
            Self::Status => "status",
        }
    }
}

/// Why a line that starts with `/embargo` is no command. The text is the answer that its author reads; it repeats
/// nothing of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CommandError {
    /// No such verb.
    #[error(
        "there is no such command. The commands are: until, extend, restart, lift, agree, object, confirm, cve, approve, publish, abort, not-affected, ack, fix-source, fix, not-a-vulnerability, duplicate, split, notify-vendors, accept, reject, reply, reporter, member, vouch, consent, decline, leave and status"
    )]
    UnknownVerb,
    /// The instant cannot be read.
    #[error(
        "the end must be one instant with its time zone, such as 2026-12-01T14:00Z or 2026-12-01T15:00+01:00: `/embargo until 2026-12-01T14:00Z because …`"
    )]
    Instant,
    /// No reason was given.
    #[error("say why: end the command with `because` and the reason")]
    Reason,
    /// The reason is too long.
    #[error("the reason is too long: at most {MAX_REASON} characters")]
    ReasonTooLong,
    /// Not a CVE id.
    #[error("a CVE id has the form CVE-2026-1234; to record that there will be none: `/embargo cve waive because …`")]
    Cve,
    /// No branch, or not a branch name.
    #[error("name one target branch, such as `/embargo ack v9.0-maint`")]
    Branch,
    /// Nothing to send.
    #[error(
        "write the reply below the line `/embargo reply`: everything up to the end of the comment goes to the reporter"
    )]
    Reply,
    /// The reply is too long.
    #[error("the reply is too long: at most {MAX_REPLY} characters; nothing was sent")]
    ReplyTooLong,
    /// Not a mail address.
    #[error("name one mail address, such as `/embargo reporter somebody@example.org`")]
    Address,
    /// No case, or not the id of one.
    #[error("name the other case, such as `/embargo duplicate 2026-0007`")]
    Case,
    /// No commits, or not their ids.
    #[error(
        "name the public commits of the fix, oldest first, by at least 7 digits each and at most 100 of them: `/embargo fix SHA…`"
    )]
    Commits,
    /// Nobody named, or not for whom.
    #[error(
        "`/embargo member propose NAME for ORGANISATION at ADDRESS` proposes somebody, `/embargo vouch NAME` vouches for them, and `/embargo member remove NAME because …` removes them"
    )]
    Member,
    /// Words after the end of the command.
    #[error("there is more on the line than this command takes")]
    TrailingWords,
    /// Too many commands in one comment.
    #[error("a comment may hold at most {MAX_COMMANDS} commands; none of these was executed")]
    TooMany,
}

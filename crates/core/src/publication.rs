//! The coordinated publication: a frozen plan of exact commit ids, then receipts.
//!
//! Before the push everything can be aborted; after it nothing is undone and the rest is done step by step. What is next
//! follows from the receipts alone, so that a crash at any point resumes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::case::{Case, Request};
use crate::gate::Gate;
use crate::names::{BranchName, CommitId};

/// How often fetch, rebuild and push are tried before a person is told.
pub const MAX_ROUNDS: u32 = 10;

/// One branch of the push: from the tip that was seen to the commit that was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The tip that the public branch must still have.
    pub from: CommitId,
    /// The commit that it gets.
    pub to: CommitId,
}

/// What will be pushed, all of it at once or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Every branch that moves.
    pub moves: BTreeMap<BranchName, Move>,
    /// The digest that the approval was given for.
    pub approval_digest: String,
    /// The advisory's facts as they were approved, JSON: what will be published, whatever becomes of the issue.
    pub advisory: String,
}

/// The right to push a plan: it exists only for an embargo that ended, a request that stands and a gate that is open.
#[derive(Debug)]
pub struct PublishPermit<'a> {
    plan: &'a Plan,
}

impl<'a> PublishPermit<'a> {
    /// The only way to a permit. `None`: something is missing, and the push must not happen.
    pub fn grant(plan: &'a Plan, case: &Case, gate: &Gate, grace: SignedDuration, now: Timestamp) -> Option<Self> {
        let same_approval = case
            .approval
            .as_ref()
            .is_some_and(|approval| approval.digest == plan.approval_digest);
        let due = matches!(readiness(case, gate, grace, now), Readiness::Publish);
        (due && same_approval && !plan.moves.is_empty()).then_some(Self { plan })
    }

    /// What may be pushed.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }
}

/// Whether the publication is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// Nobody asked for it.
    NotRequested,
    /// The embargo lasts until then; look again at that instant.
    Embargoed(Option<Timestamp>),
    /// The embargo ended and the gate is closed; it may still open until then.
    Closed(Timestamp),
    /// The gate did not open in time.
    Lapsed,
    /// It is due.
    Publish,
}

/// Whether the publication of a case is due now. The grace counts from the end of the embargo, downtime included, or from
/// the request where that came later.
pub fn readiness(case: &Case, gate: &Gate, grace: SignedDuration, now: Timestamp) -> Readiness {
    let Some(Request { at, .. }) = case.request.as_ref() else {
        return Readiness::NotRequested;
    };
    let Some(end) = case.embargo.ends_at().filter(|end| *end <= now) else {
        return Readiness::Embargoed(case.embargo.ends_at());
    };
    let last = end.max(*at).checked_add(grace).unwrap_or(Timestamp::MAX);
    match (now > last, gate.open) {
        (true, _) => Readiness::Lapsed,
        (false, true) => Readiness::Publish,
        (false, false) => Readiness::Closed(last),
    }
}

/// What the public tips say of a push whose outcome is not on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// Every branch has its commit: the push took effect.
    Done,
    /// No branch has its commit: it did not, and everything must be decided afresh.
    NotDone,
    /// Only these branches have theirs. An atomic push cannot do that: somebody pushed by hand.
    Partial(BTreeSet<BranchName>),
}

/// Reads the outcome of a push from the world. `contains` says whether the public branch contains the commit: a branch
/// that has moved on since the push still does.
pub fn push_outcome(plan: &Plan, contains: impl Fn(&BranchName, &CommitId) -> bool) -> PushOutcome {
    let there: BTreeSet<_> = plan
        .moves
        .iter()
        .filter(|(branch, step)| contains(branch, &step.to))
        .map(|(branch, _)| branch.clone())
        .collect();
    if there.is_empty() {
        PushOutcome::NotDone
    } else if there.len() == plan.moves.len() {
        PushOutcome::Done
    } else {
        PushOutcome::Partial(there)
    }
}

/// A step after the push.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// The atomic push itself.
    Push,
    /// The advisory with its real text.
    Advisory,
    /// The announcement to one list.
    Announce {
        /// The list's address.
        list: String,
    },
    /// The mirror's branches follow, so that the pull requests show as merged.
    FollowInMirror,
    /// The comment on the issue.
    Comment,
    /// The issue is closed.
    CloseIssue,
    /// The security branches are deleted.
    DeleteSecurityBranches,
    /// Pipelines of the public branches that the forge did not start by itself.
    StartPipelines,
    /// The same branches in a further public repository.
    Follow {
        /// The repository, `github.NAME:owner/name`.
        repository: String,
    },
    /// The advisory's text as notes of a release.
    ReleaseNotes,
    /// The issue is shown to everybody.
    ShowIssue,
}

/// What a project wants to happen after the push, beside what always does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// The lists that are announced to.
    pub lists: Vec<String>,
    /// The further public repositories that follow.
    pub followers: Vec<String>,
    /// Whether a release carries the advisory's text.
    pub release_notes: bool,
    /// Whether the issue is shown to everybody.
    pub show_issue: bool,
}

/// The steps that can be taken now, given the receipts: independent ones side by side, so that one which is stuck (a mail
/// whose fate is unknown) holds up nothing but what needs it.
pub fn next_steps(wanted: &Wanted, receipts: &BTreeSet<Step>) -> Vec<Step> {
    if !receipts.contains(&Step::Push) {
        return vec![Step::Push];
    }
    let announcements = wanted
        .lists
        .iter()
        .map(|list| (Step::Announce { list: list.clone() }, Step::Push));
    let followers = wanted.followers.iter().map(|repository| {
        let repository = repository.clone();
        (Step::Follow { repository }, Step::Push)
    });
    let release_notes = wanted.release_notes.then_some((Step::ReleaseNotes, Step::Push));
    let show_issue = wanted.show_issue.then_some((Step::ShowIssue, Step::CloseIssue));
    let chain = [
        (Step::Advisory, Step::Push),
        (Step::FollowInMirror, Step::Push),
        (Step::Comment, Step::FollowInMirror),
        (Step::CloseIssue, Step::Comment),
        (Step::DeleteSecurityBranches, Step::CloseIssue),
        (Step::StartPipelines, Step::Push),
    ];
    let mut steps: Vec<_> = chain
        .into_iter()
        .chain(announcements)
        .chain(followers)
        .chain(release_notes)
        .chain(show_issue)
        .filter(|(step, needs)| receipts.contains(needs) && !receipts.contains(step))
        .map(|(step, _)| step)
        .collect();
    steps.sort();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Event;
    use crate::embargo::{Embargo, EmbargoPolicy};
    use crate::gate::Reason;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("in range")
    }

    fn gate(open: bool) -> Gate {
        Gate::of(vec![Reason::new("rule", open, "a reason")])
    }

    fn requested(at_second: i64) -> Case {
        let policy = EmbargoPolicy {
            default: SignedDuration::from_secs(100),
            maximum: SignedDuration::from_secs(100),
        };
        let embargo = Embargo::by_policy(at(0), &policy).expect("within the cap");
        let opened = Event::Opened {
            by: "p".into(),
            at: at(0),
            issue: 1,
            targets: vec![],
            embargo,
        };
        let mut case = Case::of("2026-0007".parse().expect("valid"), [opened]).expect("it opens");
        case.request = Some(Request {
            by: "p".into(),
            at: at(at_second),
        });
        case
    }

    const GRACE: SignedDuration = SignedDuration::from_secs(10);

    #[test]
    fn a_request_waits_for_the_end_then_for_the_gate_then_lapses() {
        let case = requested(1);
        let when = |now, open| readiness(&case, &gate(open), GRACE, at(now));
        assert_eq!(when(99, true), Readiness::Embargoed(Some(at(100))));
        assert_eq!(when(100, true), Readiness::Publish);
        assert_eq!(when(100, false), Readiness::Closed(at(110)));
        assert_eq!(when(110, true), Readiness::Publish);
        assert_eq!(when(111, true), Readiness::Lapsed);
        assert_eq!(
            readiness(&requested(200), &gate(true), GRACE, at(205)),
            Readiness::Publish
        );
        let nobody = Case {
            request: None,
            ..requested(1)
        };
        assert_eq!(readiness(&nobody, &gate(true), GRACE, at(100)), Readiness::NotRequested);
    }

    fn id(digit: char) -> CommitId {
        digit.to_string().repeat(40).parse().expect("valid")
    }

    fn plan() -> Plan {
        let moves = [("master", 'a'), ("v9.0-maint", 'b')].map(|(name, to)| {
            (
                name.parse().expect("valid"),
                Move {
                    from: id('0'),
                    to: id(to),
                },
            )
        });
        Plan {
            moves: moves.into(),
            approval_digest: "digest".into(),
            advisory: String::new(),
        }
    }

    #[test]
    fn a_permit_needs_everything_at_once() {
        let plan = plan();
        let mut case = requested(1);
        let granted = |case: &Case, open, now| PublishPermit::grant(&plan, case, &gate(open), GRACE, at(now)).is_some();
        assert!(!granted(&case, true, 100), "without an approval");
        let approval = |digest: &str| {
            Some(crate::case::Approval {
                by: "p".into(),
                at: at(1),
                digest: digest.into(),
                heads: BTreeMap::new(),
            })
        };
        case.approval = approval("another");
        assert!(!granted(&case, true, 100), "approved was something else");
        case.approval = approval("digest");
        assert!(granted(&case, true, 100));
        assert!(!granted(&case, true, 99), "the embargo lasts");
        assert!(!granted(&case, false, 100), "the gate is closed");
        assert!(!granted(&case, true, 111), "the request lapsed");
    }

    #[test]
    fn the_world_says_whether_the_push_took_effect() {
        let plan = plan();
        assert_eq!(push_outcome(&plan, |_, _| true), PushOutcome::Done);
        assert_eq!(push_outcome(&plan, |_, _| false), PushOutcome::NotDone);
        let master: BranchName = "master".parse().expect("valid");
        assert_eq!(
            push_outcome(&plan, |branch, _| *branch == master),
            PushOutcome::Partial([master.clone()].into())
        );
    }

    /// Law 7: whatever order the receipts come in, every step is taken once, the push first, and all end.
    #[test]
    fn every_order_of_receipts_ends_with_everything_done_once() {
        let wanted = Wanted {
            lists: vec!["a@lists.example.org".to_owned(), "b@lists.example.org".to_owned()],
            followers: vec!["gitlab.main:example/copy".to_owned()],
            release_notes: true,
            show_issue: true,
        };
        for take_last in [false, true] {
            let mut receipts = BTreeSet::new();
            let mut taken = Vec::new();
            loop {
                let mut steps = next_steps(&wanted, &receipts);
                let Some(step) = (if take_last {
                    steps.pop()
                } else {
                    steps.into_iter().next()
                }) else {
                    break;
                };
                assert!(receipts.insert(step.clone()), "twice: {step:?}");
                taken.push(step);
            }
            assert_eq!(taken.first(), Some(&Step::Push));
            assert_eq!(taken.len(), 12, "{taken:?}");
        }
    }

    #[test]
    fn a_stuck_mail_holds_up_nothing_else() {
        let list = "a@lists.example.org".to_owned();
        let wanted = Wanted {
            lists: vec![list.clone()],
            ..Wanted::default()
        };
        let stuck = Step::Announce { list };
        let mut receipts = BTreeSet::from([Step::Push]);
        while let Some(step) = next_steps(&wanted, &receipts).into_iter().find(|step| *step != stuck) {
            receipts.insert(step);
        }
        assert_eq!(next_steps(&wanted, &receipts), [stuck]);
        assert!(receipts.contains(&Step::DeleteSecurityBranches));
    }
}

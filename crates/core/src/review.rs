//! A look back: what the policy would have said of a disclosure that is over.
//!
//! The facts become a case, and the commands that its dates stand for are given to it: what is refused here is refused by the
//! same code that refuses it on the day.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::case::{Advisory, Case, CaseView, Event, Policy, TargetView, Verdict, evaluate, execute, first_embargo};
use crate::command::Command;
use crate::names::{BranchName, CaseId, CommitId};
use crate::roles::{Person, Role};

/// A disclosure that is over, as its notice tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// Its number.
    pub id: CaseId,
    /// When it was reported.
    pub reported: Date,
    /// When it was made public.
    pub published: Date,
    /// When main got its fix.
    pub fixed: Date,
    /// Whether it has a CVE.
    pub has_cve: bool,
    /// Its main branch.
    pub main: BranchName,
    /// The branches that were vulnerable, and whether each has a fix.
    pub branches: Vec<(BranchName, bool)>,
}

/// What the policy would have flagged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "kebab-case")]
pub enum Finding {
    /// It was public before it was reported: one of the dates is wrong, and nobody saw it.
    DatesContradict {
        /// By how many days.
        days: i64,
    },
    /// It lasted longer than the policy's length: the quorum would have had to agree.
    NeededAgreement {
        /// How many days it lasted.
        days: i64,
    },
    /// It lasted longer than the cap: refused when it is proposed.
    RefusedAtProposal {
        /// How many days it lasted.
        days: i64,
        /// The refusal.
        because: String,
    },
    /// Main got its fix later: the gate was closed on the day.
    FixAfterPublication {
        /// By how many days.
        days: i64,
    },
    /// Vulnerable branches without a fix: the gate is closed until each is waived by name.
    BranchesWithoutFix {
        /// Which.
        branches: Vec<BranchName>,
    },
    /// There is no CVE: the gate is closed until that is waived.
    NoCve,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DatesContradict { days } => {
                write!(
                    formatter,
                    "published {days} days before it was reported: one of the dates is wrong"
                )
            }
            Self::NeededAgreement { days } => {
                write!(
                    formatter,
                    "under embargo for {days} days: the quorum must agree to that"
                )
            }
            Self::RefusedAtProposal { days, because } => {
                write!(
                    formatter,
                    "under embargo for {days} days: refused when it is proposed ({because})"
                )
            }
            Self::FixAfterPublication { days } => {
                write!(
                    formatter,
                    "fixed on main {days} days after the publication: the gate is closed on the day"
                )
            }
            Self::BranchesWithoutFix { branches } => {
                let names: Vec<_> = branches.iter().map(ToString::to_string).collect();
                write!(
                    formatter,
                    "{} vulnerable branches without a fix, each of which needs a waiver: {}",
                    branches.len(),
                    names.join(", ")
                )
            }
            Self::NoCve => write!(formatter, "no CVE, which must be waived on record"),
        }
    }
}

/// What came of the look at one disclosure.
#[derive(Debug, Clone)]
pub struct Review {
    /// The case as it stood on the day of the publication.
    pub case: Case,
    /// How many days it was under embargo; none where it was public when it was reported.
    pub days: Option<i64>,
    /// What the policy would have flagged.
    pub findings: Vec<Finding>,
}

/// Reviews a disclosure by a policy; nothing where the policy allows no embargo to begin. Days begin at midnight, UTC.
pub fn review(disclosure: &Disclosure, policy: &Policy) -> Option<Review> {
    let (reported, published) = (midnight(disclosure.reported), midnight(disclosure.published));
    let days = days(disclosure.reported, disclosure.published);
    let mut findings = Vec::new();
    if days < 0 {
        findings.push(Finding::DatesContradict { days: -days });
    }
    let exposed = days <= 0;
    let mut case = opened(disclosure, policy, exposed, reported)?;
    if !exposed && case.embargo.ends_at().is_some_and(|end| end < published) {
        match extend(&mut case, policy, published, reported) {
            Ok(()) => findings.push(Finding::NeededAgreement { days }),
            Err(because) => findings.push(Finding::RefusedAtProposal { days, because }),
        }
    }
    let late = self::days(disclosure.published, disclosure.fixed);
    if late > 0 && !exposed {
        findings.push(Finding::FixAfterPublication { days: late });
    }
    findings.extend(closed(&case, disclosure, policy, published.max(reported)));
    Some(Review {
        case,
        days: (!exposed).then_some(days),
        findings,
    })
}

fn days(from: Date, to: Date) -> i64 {
    midnight(to).duration_since(midnight(from)).as_hours() / 24
}

fn midnight(date: Date) -> Timestamp {
    Offset::UTC
        .to_timestamp(date.at(0, 0, 0, 0))
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

fn opened(disclosure: &Disclosure, policy: &Policy, exposed: bool, at: Timestamp) -> Option<Case> {
    let event = Event::Opened {
        by: "the team".to_owned(),
        at,
        issue: 0,
        targets: disclosure.branches.iter().map(|(branch, _)| branch.clone()).collect(),
        embargo: first_embargo(policy, exposed, at).ok()?,
    };
    Case::of(disclosure.id, [event])
}

/// The command that the later date stands for, and as many agreements as the quorum asks for.
fn extend(case: &mut Case, policy: &Policy, ends_at: Timestamp, now: Timestamp) -> Result<(), String> {
    let view = CaseView::empty(case.targets.first().cloned().ok_or("no branch")?);
    let member = |number: usize| Person {
        name: format!("member {number}"),
        has_access: true,
        roles: BTreeSet::from([Role::SecurityTeam]),
    };
    let because = "the date of the notice".to_owned();
    let now = now.checked_add(SignedDuration::from_secs(1)).unwrap_or(now);
    let extend = Command::Extend { ends_at, because };
    for number in 0..policy.agreement.quorum {
        let command = if number == 0 { &extend } else { &Command::Agree };
        let (events, _) = execute(command, &member(number), case, &view, policy, now)?;
        events.iter().for_each(|event| case.apply(event));
    }
    Ok(())
}

/// What closes the gate on the day for good: what a person can do in a moment (approve, ask for it) is not held against it.
fn closed(case: &Case, disclosure: &Disclosure, policy: &Policy, now: Timestamp) -> Vec<Finding> {
    let mut case = case.clone();
    if disclosure.has_cve {
        case.apply(&Event::CveDecided {
            cve: crate::case::Cve::Id(String::new()),
        });
    }
    let Some(commit) = "0".repeat(40).parse::<CommitId>().ok() else {
        return Vec::new();
    };
    let target = |has_fix: &bool| TargetView {
        head: commit.clone(),
        public_tip: commit.clone(),
        on_public_tip: true,
        patches: Vec::new(),
        verdict: if *has_fix { Verdict::Present } else { Verdict::Missing },
        checks: Vec::new(),
        findings: Vec::new(),
        remarks: Vec::new(),
        differences: String::new(),
        leaked: false,
    };
    let view = CaseView {
        targets: disclosure
            .branches
            .iter()
            .map(|(branch, has_fix)| (branch.clone(), target(has_fix)))
            .collect(),
        advisory: Advisory {
            digest: String::new(),
            missing: Vec::new(),
        },
        ..CaseView::empty(disclosure.main.clone())
    };
    let gate = evaluate(&case, &view, policy, now);
    let mut findings = Vec::new();
    for reason in gate.reasons.iter().filter(|reason| !reason.holds) {
        match reason.rule.as_str() {
            "verdicts" => {
                let lacking = disclosure.branches.iter().filter(|(_, has_fix)| !has_fix);
                let branches: Vec<_> = lacking.map(|(branch, _)| branch.clone()).collect();
                // Without a fix on main the whole gate is closed; that is another finding.
                if !branches.is_empty() {
                    findings.push(Finding::BranchesWithoutFix { branches });
                }
            }
            "cve" => findings.push(Finding::NoCve),
            _ => {}
        }
    }
    findings
}

/// The figures of many reviews.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How many disclosures.
    pub disclosures: usize,
    /// How many were under embargo.
    pub embargoed: usize,
    /// Their median length in days.
    pub median_days: Option<f64>,
    /// How many of them were longer than the policy's length.
    pub over_default: usize,
    /// How many of them were longer than its cap.
    pub over_maximum: usize,
    /// In how many of them main got its fix after the publication.
    pub fixed_after_publication: usize,
    /// How many were published before they were reported.
    pub contradicting_dates: usize,
    /// How many left a vulnerable branch without a fix.
    pub with_unfixed_branches: usize,
    /// How many have no CVE.
    pub without_cve: usize,
    /// How many branches all of them have together.
    pub branches: usize,
    /// The median number of branches.
    pub median_branches: Option<f64>,
    /// The most branches that one has.
    pub most_branches: usize,
    /// How many the policy would have flagged for anything.
    pub flagged: usize,
}

/// Counts what the reviews of disclosures found.
pub fn figures(reviewed: &[(Disclosure, Review)]) -> Figures {
    let mut days: Vec<_> = reviewed.iter().filter_map(|(_, review)| review.days).collect();
    let mut branches: Vec<_> = reviewed
        .iter()
        .map(|(disclosure, _)| i64::try_from(disclosure.branches.len()).unwrap_or(i64::MAX))
        .collect();
    let with = |fits: fn(&Finding) -> bool| {
        let found = |(_, review): &&(Disclosure, Review)| review.findings.iter().any(fits);
        reviewed.iter().filter(found).count()
    };
    let over_maximum = with(|finding| matches!(finding, Finding::RefusedAtProposal { .. }));
    Figures {
        disclosures: reviewed.len(),
        embargoed: days.len(),
        median_days: median(&mut days),
        over_default: over_maximum + with(|finding| matches!(finding, Finding::NeededAgreement { .. })),
        over_maximum,
        fixed_after_publication: with(|finding| matches!(finding, Finding::FixAfterPublication { .. })),
        contradicting_dates: with(|finding| matches!(finding, Finding::DatesContradict { .. })),
        with_unfixed_branches: with(|finding| matches!(finding, Finding::BranchesWithoutFix { .. })),
        without_cve: with(|finding| matches!(finding, Finding::NoCve)),
        branches: reviewed.iter().map(|(disclosure, _)| disclosure.branches.len()).sum(),
        most_branches: branches
            .iter()
            .max()
            .map_or(0, |most| usize::try_from(*most).unwrap_or_default()),
        median_branches: median(&mut branches),
        flagged: with(|_| true),
    }
}

fn median(values: &mut [i64]) -> Option<f64> {
    values.sort_unstable();
    let middle = values.len() / 2;
    let (low, high) = match values.len() % 2 {
        0 => (values.get(middle.checked_sub(1)?)?, values.get(middle)?),
        _ => (values.get(middle)?, values.get(middle)?),
    };
    #[allow(clippy::cast_precision_loss, reason = "days and branches are few")]
    Some((low + high) as f64 / 2.0)
}

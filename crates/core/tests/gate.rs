//! The gate over a whole case, and the laws that commands must not break, whoever gives them and when.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{DAY, at, branch, case, commit, policy, view};
use embargod_core::case::{
    Case, CaseView, Event, Exposure, PatchIdentity, TargetView, Verdict, evaluate, execute, lapse,
};
use embargod_core::command::Command;
use embargod_core::embargo::Embargo;
use embargod_core::findings::Finding;
use embargod_core::roles::{Person, Role};
use jiff::SignedDuration;
use proptest::prelude::*;

fn everybody() -> Person {
    let roles = BTreeSet::from([Role::SecurityTeam, Role::ReleaseManager, Role::CveCoordinator]);
    Person {
        name: "p".into(),
        has_access: true,
        roles,
    }
}

fn give(case: &mut Case, view: &CaseView, text: &str, now: i64) -> Result<String, String> {
    let command = embargod_core::command::commands(&format!("/embargo {text}"))
        .remove(0)
        .expect("a command");
    let (events, answer) = execute(&command, &everybody(), case, view, &policy(), at(now))?;
    events.iter().for_each(|event| case.apply(event));
    Ok(answer)
}

fn ready() -> (Case, CaseView) {
    let (mut case, view) = (case(), view());
    for text in ["cve CVE-2026-1234", "ack v9.0-maint", "approve", "publish"] {
        give(&mut case, &view, text, 1).expect(text);
    }
    (case, view)
}

fn open(case: &Case, view: &CaseView, now: i64) -> bool {
    evaluate(case, view, &policy(), at(now)).open
}

#[test]
fn a_ready_case_opens_at_the_end_and_not_a_second_before() {
    let (case, view) = ready();
    assert!(!open(&case, &view, 14 * DAY - 1));
    assert!(open(&case, &view, 14 * DAY));
}

#[test]
fn a_rebuild_that_keeps_the_patches_keeps_everything() {
    let (case, mut view) = ready();
    view.targets.values_mut().for_each(|target| target.head = commit('c'));
    assert!(open(&case, &view, 14 * DAY));
}

#[test]
fn each_condition_closes_the_gate_alone() {
    let maint = branch("v9.0-maint");
    type Change = fn(&mut TargetView);
    let changes: [(&str, Change); 8] = [
        ("a late push", |target| {
            target.patches.push(PatchIdentity("late".into()))
        }),
        ("a changed patch", |target| target.patches[0].0.push('x')),
        ("missing", |target| target.verdict = Verdict::Missing),
        ("partial", |target| target.verdict = Verdict::Partial),
        ("reverted", |target| target.verdict = Verdict::Reverted),
        ("unproven", |target| target.verdict = Verdict::Unproven),
        ("behind", |target| target.on_public_tip = false),
        ("a finding", |target| target.findings.push(Finding::CaseId)),
    ];
    for (what, change) in changes {
        let (case, mut view) = ready();
        change(view.targets.get_mut(&maint).expect("a target"));
        assert!(!open(&case, &view, 14 * DAY), "{what}");
    }
    let (case, mut changed) = ready();
    changed.advisory.digest.push('x');
    assert!(!open(&case, &changed, 14 * DAY), "a changed text");
    for role in [Some(false), None] {
        let (case, mut view) = ready();
        view.approver_may = role;
        assert!(!open(&case, &view, 14 * DAY), "the approver's role: {role:?}");
    }
    let (case, mut view) = ready();
    view.issue_open = false;
    assert!(!open(&case, &view, 14 * DAY), "a closed issue");
    let (case, mut view) = ready();
    view.obstacles.push("a rule".into());
    assert!(!open(&case, &view, 14 * DAY), "an obstacle");
    let (case, mut view) = ready();
    view.targets = BTreeMap::new();
    assert!(!open(&case, &view, 14 * DAY), "no targets");
}

#[test]
fn a_branch_without_the_fix_says_what_to_do() {
    let maint = branch("v9.0-maint");
    for (verdict, text) in [
        (Verdict::Unproven, "unproven: a person must look"),
        (Verdict::Partial, "partial: pick the rest of the fix"),
        (Verdict::Reverted, "reverted: pick the fix again"),
        (Verdict::Missing, "missing: pick the fix"),
    ] {
        let (case, mut view) = ready();
        view.targets.get_mut(&maint).expect("a target").verdict = verdict;
        let said = evaluate(&case, &view, &policy(), at(14 * DAY)).to_markdown();
        let waive = "where the branch does not need it, `/embargo not-affected v9.0-maint because …` waives it";
        assert!(said.contains(&format!("v9.0-maint: {text}; {waive}")), "{said}");
    }
}

#[test]
fn an_abort_withdraws_approval_and_request() {
    let (mut case, view) = ready();
    give(&mut case, &view, "abort because a regression", 2).expect("allowed");
    assert!(case.request.is_none());
    assert!(!open(&case, &view, 14 * DAY));
}

#[test]
fn a_waiver_lapses_when_the_fix_changes() {
    let (mut case, mut view) = (case(), view());
    let maint = branch("v9.0-maint");
    view.targets.get_mut(&maint).expect("a target").verdict = Verdict::Missing;
    for text in [
        "cve waive because of no impact",
        "not-affected v9.0-maint because the code is newer",
        "approve",
    ] {
        give(&mut case, &view, text, 1).expect(text);
    }
    assert!(open(&case, &view, 14 * DAY));
    view.targets.get_mut(&branch("master")).expect("a target").patches[0]
        .0
        .push('2');
    give(&mut case, &view, "approve", 2).expect("approved again");
    assert!(!open(&case, &view, 14 * DAY));
}

#[test]
fn refusals_change_nothing_and_say_why() {
    let (mut case, view) = (case(), view());
    let before = case.clone();
    for (text, wanted) in [
        (
            "until 1970-02-01T00:00Z because it is hard",
            "the embargo may last until 1970-01-31T00:00:00Z at most",
        ),
        (
            "until 1969-12-31T00:00Z because of haste",
            "the end must lie in the future",
        ),
        (
            "publish now",
            "the embargo has not ended: `/embargo publish` asks for the publication at its end",
        ),
        (
            "ack master",
            "the backport on master is not adapted: there is nothing to acknowledge",
        ),
        (
            "not-affected master because x",
            "the fix comes from master: it cannot be waived there",
        ),
        (
            "ack v1.0",
            "v1.0 is not a target branch of this case; these are: master, v9.0-maint",
        ),
    ] {
        assert_eq!(give(&mut case, &view, text, 1), Err(wanted.to_owned()), "{text}");
        assert_eq!(case, before, "{text}");
    }
}

/// A step is what one person says, and how many seconds after the one before. It is read from the bits of a number: a strategy
/// for each part would take longer than the million steps themselves.
fn step(mut bits: u64) -> (Command, Person, i64) {
    let mut take = |choices: u64| {
        let taken = bits % choices;
        bits /= choices;
        taken
    };
    let because = || "a reason".to_owned();
    let end = i64::try_from(take(60 * 24)).expect("small") * 3_600;
    let command = match take(23) {
        0 => Command::Until {
            ends_at: at(end),
            because: because(),
        },
        1 => Command::Extend {
            ends_at: at(end),
            because: because(),
        },
        2 => Command::Restart { because: because() },
        3 => Command::Lift { because: because() },
        4 | 5 => Command::Agree,
        6 => Command::Object { because: because() },
        7 => Command::Confirm { because: because() },
        8 => Command::Cve {
            id: "CVE-2026-1234".into(),
        },
        9 => Command::Approve,
        10 => Command::Publish { now: take(2) == 1 },
        11 => Command::Abort { because: because() },
        12 => Command::Ack {
            branch: branch("v9.0-maint"),
        },
        13 => Command::NotAffected {
            branch: branch("v9.0-maint"),
            because: because(),
        },
        14 => Command::NotifyVendors,
        15 => Command::Fix {
            commits: vec!["a".repeat(40)],
        },
        16 => Command::FixSource {
            branch: branch("v9.0-maint"),
        },
        17 => Command::Split { because: because() },
        18 => Command::Reply { text: because() },
        19 => Command::Accept,
        20 => Command::Reject { because: because() },
        // These end the case, after which there is little to see.
        21 if take(10) == 0 => Command::NotAVulnerability { because: because() },
        21 if take(10) == 0 => Command::Duplicate {
            of: "2026-0008".parse().expect("a valid id"),
        },
        _ => Command::Status,
    };
    let person = Person {
        name: ["a", "b", "c"][usize::try_from(take(3)).expect("small")].into(),
        has_access: take(10) > 0,
        roles: Role::ALL.into_iter().filter(|_| take(2) == 1).collect(),
    };
    let most = [1, 3_600, 3 * 86_400][usize::try_from(take(3)).expect("small")];
    (command, person, i64::try_from(take(most)).expect("small"))
}

/// What the answers to the open proposal are worth, kept by the test itself.
#[derive(Default)]
struct Tally {
    of_team: BTreeSet<String>,
    managers: BTreeSet<String>,
}

impl Tally {
    fn note(&mut self, command: &Command, person: &Person) {
        match command {
            Command::Until { .. } | Command::Extend { .. } | Command::Restart { .. } | Command::Lift { .. } => {
                *self = Self::default();
                self.count(person);
            }
            Command::Agree => self.count(person),
            Command::Object { .. } => {
                self.of_team.remove(&person.name);
            }
            _ => {}
        }
    }

    fn count(&mut self, person: &Person) {
        if person.roles.contains(&Role::SecurityTeam) {
            self.of_team.insert(person.name.clone());
        }
        if person.roles.contains(&Role::ReleaseManager) {
            self.managers.insert(person.name.clone());
        }
    }
}

fn hold_the_laws(mut case: Case, steps: &[u64]) -> Result<(), TestCaseError> {
    let (view, policy) = (view(), policy());
    let (mut now, mut tally) = (0, Tally::default());
    for (command, person, later) in steps.iter().copied().map(step) {
        now += later;
        lapse(&case, at(now)).iter().for_each(|event| case.apply(event));
        let before = case.clone();
        if let Ok((events, _)) = execute(&command, &person, &case, &view, &policy, at(now)) {
            prop_assert!(person.has_access);
            events.iter().for_each(|event| case.apply(event));
            tally.note(&command, &person);
            if case.approval.is_some() && case.approval != before.approval {
                prop_assert!(person.roles.contains(&Role::SecurityTeam));
            }
            if case.fix_source != before.fix_source {
                prop_assert!(case.approval.is_none(), "another fix was not approved");
            }
            if case.notice != before.notice {
                let end = before.embargo.ends_at().expect("told during an embargo");
                let window = end - SignedDuration::from_secs(14 * DAY)..end;
                prop_assert!(window.contains(&at(now)), "told outside the window");
            }
            if case.closed != before.closed {
                prop_assert!(person.roles.contains(&Role::SecurityTeam));
            }
        } else {
            prop_assert_eq!(&case, &before, "refused, and something changed");
        }
        let (was, is) = (before.embargo.ends_at(), case.embargo.ends_at());
        prop_assert!(is.is_none_or(|end| end <= case.embargo.started_at + SignedDuration::from_secs(30 * DAY)));
        prop_assert!(
            !before.embargo.has_ended(at(now)) || case.embargo.has_ended(at(now)),
            "an end is an end"
        );
        match (was, is) {
            (Some(was), Some(is)) if is > was => prop_assert!(tally.of_team.len() >= 2, "a later end needs a quorum"),
            (Some(was), Some(is)) if is < was => {
                prop_assert!(tally.managers.len() >= 2, "an earlier end needs a second one")
            }
            (Some(_), None) => prop_assert!(false, "an agreed end does not vanish"),
            (None, Some(_)) => prop_assert!(person.roles.contains(&Role::SecurityTeam), "confirmed by the team"),
            _ => {}
        }
        prop_assert!(
            case.proposal
                .as_ref()
                .is_none_or(|proposal| proposal.until <= at(now + 2 * DAY))
        );
        if evaluate(&case, &view, &policy, at(now)).open {
            prop_assert!(is.is_some_and(|end| end <= at(now)));
            prop_assert!(case.approval.is_some() && case.cve.is_some() && case.closed.is_none());
        }
    }
    Ok(())
}

proptest! {
    // More than a million steps.
    #![proptest_config(ProptestConfig::with_cases(21_000))]

    /// Laws 6 and 8, the cap, the quorum and the second release manager: whoever says what and when, the gate is closed while
    /// the embargo lasts, no end lies past the cap or moves without those who must agree, and an ended embargo stays ended.
    #[test]
    fn no_sequence_of_commands_breaks_the_laws(
        steps in prop::collection::vec(any::<u64>(), 1..100),
        exposed in prop::bool::weighted(0.2),
    ) {
        let mut case = case();
        if exposed {
            let exposure = Exposure { since: at(0), until: at(0), comments: 0 };
            case.apply(&Event::Exposed { exposure });
            case.apply(&Event::EmbargoChanged { embargo: Embargo::none(at(0)) });
        }
        hold_the_laws(case, &steps)?;
    }
}

//! The gate over a whole case, and the laws that commands must not break, whoever gives them and when.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};

use embargod_core::case::{
    Advisory, Case, CaseView, Event, PatchIdentity, Policy, TargetView, Verdict, evaluate, execute,
};
use embargod_core::command::Command;
use embargod_core::embargo::{Embargo, EmbargoPolicy};
use embargod_core::findings::Finding;
use embargod_core::roles::{Person, Role};
use embargod_core::{BranchName, CommitId};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const DAY: i64 = 86_400;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("in range")
}

fn branch(name: &str) -> BranchName {
    name.parse().expect("a valid branch name")
}

fn commit(digit: char) -> CommitId {
    digit.to_string().repeat(40).parse().expect("a valid commit id")
}

fn policy() -> Policy {
    Policy {
        embargo: EmbargoPolicy {
            default: SignedDuration::from_secs(14 * DAY),
            maximum: SignedDuration::from_secs(30 * DAY),
        },
        required_checks: vec![],
        publish_grace: SignedDuration::from_hours(1),
    }
}

fn case() -> Case {
    let embargo = Embargo::by_policy(at(0), &policy().embargo).expect("within the cap");
    let opened = Event::Opened {
        by: "p".into(),
        at: at(0),
        issue: 1,
        targets: vec![],
        embargo,
    };
    Case::of("2026-0007".parse().expect("a valid id"), [opened]).expect("it opens")
}

fn target(patch: &str, verdict: Verdict) -> TargetView {
    TargetView {
        head: commit('a'),
        public_tip: commit('b'),
        on_public_tip: true,
        patches: vec![PatchIdentity(patch.into())],
        verdict,
        checks: vec![],
        findings: vec![],
        remarks: vec![],
        differences: String::new(),
        leaked: false,
    }
}

fn view() -> CaseView {
    let targets = [
        ("master", "fix", Verdict::Present),
        ("v9.0-maint", "backport", Verdict::Adapted),
    ];
    CaseView {
        main: branch("master"),
        targets: targets
            .into_iter()
            .map(|(name, patch, verdict)| (branch(name), target(patch, verdict)))
            .collect(),
        advisory: Advisory {
            digest: "texts".into(),
            missing: vec![],
        },
        approver_may: Some(true),
        requester_may: Some(true),
        issue_open: true,
        obstacles: vec![],
    }
}

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
            "the fix comes from the main branch: it cannot be waived there",
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

fn command() -> impl Strategy<Value = Command> {
    let because = || "a reason".to_owned();
    prop_oneof![
        (0..60 * DAY).prop_map(move |end| Command::Until {
            ends_at: at(end),
            because: because()
        }),
        Just(Command::Cve {
            id: "CVE-2026-1234".into()
        }),
        Just(Command::Approve),
        Just(Command::Publish { now: false }),
        Just(Command::Publish { now: true }),
        Just(Command::Abort {
            because: "a reason".into()
        }),
        Just(Command::Ack {
            branch: branch("v9.0-maint")
        }),
        Just(Command::NotAffected {
            branch: branch("v9.0-maint"),
            because: "a reason".into()
        }),
        Just(Command::Status),
    ]
}

fn roles() -> impl Strategy<Value = BTreeSet<Role>> {
    prop::collection::btree_set(
        prop_oneof![
            Just(Role::SecurityTeam),
            Just(Role::ReleaseManager),
            Just(Role::CveCoordinator)
        ],
        0..=3,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Laws 6 and 8: whoever says what and when, the gate is closed while the embargo lasts, no end lies past the cap,
    /// an approval needs the role, and an ended embargo stays ended.
    #[test]
    fn no_sequence_of_commands_breaks_the_laws(
        steps in prop::collection::vec((command(), roles(), any::<bool>(), 0..2 * DAY), 1..40),
    ) {
        let (mut case, view) = (case(), view());
        let mut now = 0;
        for (command, roles, has_access, later) in steps {
            now += later;
            let ended = case.embargo.has_ended(at(now));
            let person = Person { name: "p".into(), has_access, roles: roles.clone() };
            if let Ok((events, _)) = execute(&command, &person, &case, &view, &policy(), at(now)) {
                prop_assert!(has_access);
                let approved_before = case.approval.clone();
                events.iter().for_each(|event| case.apply(event));
                if case.approval.is_some() && case.approval != approved_before {
                    prop_assert!(roles.contains(&Role::SecurityTeam));
                }
            }
            let end = case.embargo.ends_at().expect("a case has an embargo");
            prop_assert!(end <= at(30 * DAY));
            prop_assert!(!ended || case.embargo.has_ended(at(now)));
            if evaluate(&case, &view, &policy(), at(now)).open {
                prop_assert!(end <= at(now));
                prop_assert!(case.approval.is_some() && case.cve.is_some());
            }
        }
    }
}

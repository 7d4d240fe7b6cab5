//! A case, what was observed of it, and a policy, as the tests of the core need them.

#![allow(dead_code, reason = "each test uses what it needs")]

use embargod_core::calendar::Calendar;
use embargod_core::case::{
    Advisory, AgreementPolicy, Case, CaseView, Event, PatchIdentity, Policy, TargetView, VendorPolicy, Verdict,
};
use embargod_core::embargo::{Embargo, EmbargoPolicy};
use embargod_core::{BranchName, CommitId};
use jiff::{SignedDuration, Timestamp};

pub const DAY: i64 = 86_400;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("in range")
}

pub fn branch(name: &str) -> BranchName {
    name.parse().expect("a valid branch name")
}

pub fn commit(digit: char) -> CommitId {
    digit.to_string().repeat(40).parse().expect("a valid commit id")
}

pub fn policy() -> Policy {
    Policy {
        embargo: EmbargoPolicy {
            default: SignedDuration::from_secs(14 * DAY),
            maximum: SignedDuration::from_secs(30 * DAY),
        },
        agreement: AgreementPolicy {
            quorum: 2,
            window: SignedDuration::from_secs(2 * DAY),
            second_release_manager: true,
        },
        vendors: VendorPolicy {
            vendors: ["Debian".to_owned()].into(),
            earliest: SignedDuration::from_secs(14 * DAY),
            latest: SignedDuration::from_secs(DAY),
        },
        calendar: Calendar::default(),
        required_checks: vec![],
        publish_grace: SignedDuration::from_hours(1),
    }
}

pub fn case() -> Case {
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

pub fn target(patch: &str, verdict: Verdict) -> TargetView {
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

pub fn view() -> CaseView {
    let targets = [
        ("master", "fix", Verdict::Present),
        ("v9.0-maint", "backport", Verdict::Adapted),
    ];
    CaseView {
        main: branch("master"),
        public_fix: None,
        others: ["2026-0008".parse().expect("a valid id")].into(),
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

//! What was observed of a case on the forge and in git, as plain data, and the project's policy for it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{AgreementPolicy, VendorPolicy};
use crate::calendar::Calendar;
use crate::checks::Check;
use crate::embargo::EmbargoPolicy;
use crate::findings::Finding;
use crate::names::{BranchName, CaseId, CommitId};

/// What a commit changes, apart from where it stands: a digest of author, message without trailers of ours, and patch id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatchIdentity(pub String);

/// What the backport engine says of the fix on a branch; later values are worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The branch never had the flaw.
    NotAffected,
    /// In effect, identical.
    Present,
    /// In effect, with differences.
    Adapted,
    /// A person must look.
    Unproven,
    /// Some of it is in effect.
    Partial,
    /// It was there and was taken out.
    Reverted,
    /// It is not there.
    Missing,
}

/// A target branch as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetView {
    /// The head of its security branch.
    pub head: CommitId,
    /// The tip of the public branch.
    pub public_tip: CommitId,
    /// Whether the public tip is an ancestor of the head.
    pub on_public_tip: bool,
    /// The commits of the security branch that are not public, oldest first.
    pub patches: Vec<PatchIdentity>,
    /// What the engine says of the fix series here.
    pub verdict: Verdict,
    /// The forge's checks on the approved head (on this head where nothing is approved).
    pub checks: Vec<Check>,
    /// What its commits have that must not become public.
    pub findings: Vec<Finding>,
    /// What a person reads of the verdict, such as the files in conflict; may be empty.
    pub remarks: Vec<String>,
    /// How an adapted backport differs from the fix, as a range-diff shows it; bounded, and untrusted text. May be empty.
    pub differences: String,
    /// Whether the fix is public here already, before its time.
    pub leaked: bool,
}

/// The advisory block of the issue as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// Digest of its facts.
    pub digest: String,
    /// What is missing or wrong, each with its remedy; empty when it is complete.
    pub missing: Vec<String>,
}

/// A case as it was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseView {
    /// The branch whose security branch holds the fix series: main, unless the case says otherwise.
    pub main: BranchName,
    /// The patches of the fix series, where it is public already and on no security branch.
    pub public_fix: Option<Vec<PatchIdentity>>,
    /// The other open cases of the project, where a command asks for them.
    pub others: BTreeSet<CaseId>,
    /// Every target branch.
    pub targets: BTreeMap<BranchName, TargetView>,
    /// The advisory block.
    pub advisory: Advisory,
    /// Whether the approver still has the role; `None` where the forge could not be asked.
    pub approver_may: Option<bool>,
    /// Whether the requester still has the role; `None` where the forge could not be asked.
    pub requester_may: Option<bool>,
    /// Whether the issue is open.
    pub issue_open: bool,
    /// What stands in the way on the forges: a mirror that others see, rules that would refuse the push.
    pub obstacles: Vec<String>,
}

/// The project's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// For embargoes.
    pub embargo: EmbargoPolicy,
    /// What more than one person must agree on.
    pub agreement: AgreementPolicy,
    /// When an embargo may end.
    pub calendar: Calendar,
    /// Who is told early, and when.
    pub vendors: VendorPolicy,
    /// Checks that must be green.
    pub required_checks: Vec<String>,
    /// How long after the end the gate may still open.
    pub publish_grace: SignedDuration,
}

impl CaseView {
    /// Nothing observed: for what is decided without looking at branches.
    pub fn empty(main: BranchName) -> Self {
        Self {
            main,
            public_fix: None,
            others: BTreeSet::new(),
            targets: BTreeMap::new(),
            advisory: Advisory {
                digest: String::new(),
                missing: Vec::new(),
            },
            approver_may: None,
            requester_may: None,
            issue_open: true,
            obstacles: Vec::new(),
        }
    }

    /// The fix series: the patches of its branch's security branch, or of the public commits that it is.
    pub fn fix_series(&self) -> &[PatchIdentity] {
        match &self.public_fix {
            Some(patches) => patches,
            None => self.targets.get(&self.main).map_or(&[], |target| &target.patches),
        }
    }

    /// What an approval binds: the patches of every target in their order, and the advisory's facts. Commit ids are left
    /// out, so that a rebuild which keeps every patch keeps the approval.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        // Every part carries its length, so that no two different views give the same bytes.
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        };
        for (branch, target) in &self.targets {
            part(branch.as_str());
            part(&target.patches.len().to_string());
            for patch in &target.patches {
                part(&patch.0);
            }
        }
        part(&self.advisory.digest);
        hex::encode(hash.finalize())
    }
}

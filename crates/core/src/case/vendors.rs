//! The notice to vendors: who is told early, when that is allowed, and what is on record of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::agreement::Judge;
use super::{CaseView, Delivery, Event, Letter, Verdict};
use crate::embargo::State;
use crate::names::{BranchName, CommitId};

/// When vendors may be told, counted back from the end of the embargo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorPolicy {
    /// The vendors by name.
    pub vendors: BTreeSet<String>,
    /// Not before: linux-distros, for one, takes no embargo of more than 14 days.
    pub earliest: SignedDuration,
    /// Later than this is too short to build packages in: it is said, and not refused.
    pub latest: SignedDuration,
}

/// A notice that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Who asked for it.
    pub by: String,
    /// When. Every vendor gets the same one.
    pub at: Timestamp,
    /// The heads whose patches it carries.
    pub heads: BTreeMap<BranchName, CommitId>,
}

/// What became of the notice for one vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case")]
pub enum Told {
    /// A letter carries it.
    Letter {
        /// The letter's id.
        id: String,
    },
    /// There is none: never in the clear.
    Gap {
        /// Why.
        because: String,
    },
}

impl Judge<'_> {
    /// The notice to all vendors, within the window that the policy gives.
    pub fn notify_vendors(&self, view: &CaseView) -> Result<(Vec<Event>, String), String> {
        let policy = &self.policy.vendors;
        if policy.vendors.is_empty() {
            return Err("the configuration names no vendors: [[project.vendors]]".into());
        }
        let terms = match &self.case.embargo.state {
            State::Active { terms } | State::Revise { terms, .. } if self.now < terms.ends_at => terms,
            _ => return Err("there is no embargo that they could keep: the notice goes out during one".into()),
        };
        let before = |length: SignedDuration| terms.ends_at.checked_sub(length).unwrap_or(Timestamp::MIN);
        let from = before(policy.earliest);
        if self.now < from {
            return Err(format!(
                "too early: vendors take no longer embargo than the policy's, and may be told from {from} on"
            ));
        }
        if view.fix_series().is_empty() {
            return Err("there is no fix yet that they could build".into());
        }
        let waived = |branch: &BranchName| {
            let waiver = self.case.waivers.get(branch);
            waiver.is_some_and(|waiver| waiver.patches == view.fix_series())
        };
        let lacking: Vec<_> = view
            .targets
            .iter()
            .filter(|(branch, target)| {
                let good = matches!(
                    target.verdict,
                    Verdict::Present | Verdict::Adapted | Verdict::NotAffected
                );
                !good && !waived(branch)
            })
            .map(|(branch, _)| branch.to_string())
            .collect();
        if !lacking.is_empty() {
            return Err(format!(
                "the notice carries the patches for every branch, and these lack the fix: {}",
                lacking.join(", ")
            ));
        }
        let heads: BTreeMap<_, _> = view
            .targets
            .iter()
            .filter(|(_, target)| !target.patches.is_empty())
            .map(|(branch, target)| (branch.clone(), target.head.clone()))
            .collect();
        if self.case.notice.as_ref().is_some_and(|notice| notice.heads == heads) {
            return Err("the vendors have these patches already".into());
        }
        let notice = Notice {
            by: self.person.name.clone(),
            at: self.now,
            heads,
        };
        let late = match self.now > before(policy.latest) {
            true => format!(
                ". That is later than the policy wants ({} was the last moment): they have little time to build",
                before(policy.latest)
            ),
            false => String::new(),
        };
        let answer = format!(
            "{} vendors are told at the same moment, each encrypted to their key{late}",
            policy.vendors.len()
        );
        Ok((vec![Event::NoticeAsked { notice }], answer))
    }
}

impl super::Case {
    /// The vendors that the standing notice has neither a letter nor a gap for.
    pub fn untold<'a>(&'a self, vendors: &'a BTreeSet<String>) -> impl Iterator<Item = &'a String> {
        let asked = self.notice.is_some();
        vendors
            .iter()
            .filter(move |name| asked && !self.told.contains_key(*name))
    }

    /// The letter to a vendor; its text is armoured.
    pub fn vendor_letter(
        &self,
        place: usize,
        vendor: &str,
        to: String,
        subject: String,
        armoured: String,
    ) -> (String, Letter) {
        let secret = format!(
            "{vendor}{}",
            self.notice.as_ref().map_or(0, |notice| notice.at.as_nanosecond())
        );
        let id = self.numbered_letter_id(self.letters.len() + 1 + place, &secret);
        let mut letter = Letter::new(vec![to], subject, armoured, Vec::new(), false);
        letter.encrypted = true;
        (id, letter)
    }

    /// How it stands with each vendor, in words; empty where nobody has asked for a notice.
    pub fn vendor_standing(&self) -> Vec<(String, String)> {
        let words = |told: &Told| match told {
            Told::Gap { because } => format!("**not told**: {because}"),
            Told::Letter { id } => match self.letters.get(id).map(|letter| &letter.delivery) {
                Some(Delivery::Sent { at }) => format!("told at {at}"),
                Some(Delivery::Stuck { because }) => format!("**not told, or unknown**: {because}"),
                _ => "on its way".to_owned(),
            },
        };
        self.told
            .iter()
            .map(|(name, told)| (name.clone(), words(told)))
            .collect()
    }
}

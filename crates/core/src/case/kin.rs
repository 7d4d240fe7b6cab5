//! Cases that belong together: a report that was made twice, and one that was two flaws.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::agreement::with_end;
use super::{Case, CaseView, Event, Policy, Report};
use crate::names::CaseId;
use crate::roles::Person;

/// A part of a case that became one of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Why.
    pub because: String,
    /// The issue of the new case, once there is one.
    pub issue: Option<u64>,
}

type Answer = Result<(Vec<Event>, String), String>;

impl Case {
    /// It is no vulnerability: the case ends, with the reason.
    pub(super) fn dismiss(&self, by: &Person, because: &str, now: Timestamp) -> Answer {
        self.not_public()?;
        let answer = "closed: it is no vulnerability. Nothing is published; the label opens a new case";
        Ok((vec![self.ending(by, because.to_owned(), now)], answer.into()))
    }

    /// Somebody else reported it already: this case ends in the other one.
    pub(super) fn merge_into(&self, other: CaseId, by: &Person, view: &CaseView, now: Timestamp) -> Answer {
        self.not_public()?;
        if other == self.id {
            return Err("a case is no duplicate of itself".into());
        }
        if !view.others.contains(&other) {
            return Err(format!("there is no open case {other} of this project"));
        }
        let events = vec![
            Event::MergedInto { case: other },
            self.ending(by, format!("it is a duplicate of {other}"), now),
        ];
        let answer =
            format!("closed as a duplicate of {other}, which takes the reporters and, if it is earlier, the date");
        Ok((events, answer))
    }

    /// A part of it becomes a case of its own.
    pub(super) fn split(&self, because: &str) -> Answer {
        self.not_public()?;
        let number = u32::try_from(self.splits.len() + 1).unwrap_or(u32::MAX);
        let event = Event::SplitOff {
            number,
            because: because.to_owned(),
        };
        let answer = "a second issue is made, with the same reporters; its label opens the second case";
        Ok((vec![event], answer.into()))
    }

    /// What a case takes from one that ended in it: the reporters, and the date if it is earlier and still to come.
    pub fn take_over(&self, other: &Case, policy: &Policy, now: Timestamp) -> Vec<Event> {
        let mut events = vec![Event::Merged {
            case: other.id,
            report: other.report.clone(),
        }];
        let ends = (other.embargo.ends_at(), self.embargo.ends_at());
        if let (Some(earlier), Some(end)) = ends
            && now < earlier
            && earlier < end
        {
            let because = format!("{} was merged into it: the earlier date wins", other.id);
            if let Ok(embargo) = with_end(&self.embargo, earlier, &because, policy, now) {
                events.push(Event::EmbargoChanged { embargo });
                events.extend(self.proposal.is_some().then_some(Event::ProposalEnded));
            }
        }
        events
    }

    fn ending(&self, by: &Person, because: String, now: Timestamp) -> Event {
        Event::Closed {
            by: by.name.clone(),
            at: now,
            because: Some(because),
        }
    }

    fn not_public(&self) -> Result<(), String> {
        match self.publication.is_some() {
            true => Err("its publication has begun".into()),
            false => Ok(()),
        }
    }
}

impl Report {
    /// Takes in whoever made another report, and its thread.
    pub(super) fn absorb(&mut self, other: Report) {
        for address in other.reporters {
            if !self.knows(&address) {
                self.reporters.push(address);
            }
        }
        self.messages.extend(other.messages);
        self.deliveries.extend(other.deliveries);
        let known: BTreeSet<_> = self.references.iter().cloned().collect();
        let new = other.references.into_iter().filter(|id| !known.contains(id));
        self.references.extend(new);
    }
}

//! The end of the embargo, and what more than one person must agree on: a later end, a restart, an earlier end.
//!
//! A later end needs a quorum of the security team within a window; no answer counts as no. An earlier one cannot be undone
//! once it is reached, and needs a second release manager. Of two open proposals the one with the earlier end counts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Case, Event, Policy};
use crate::embargo::{Embargo, Refusal, State, Terms};
use crate::roles::{Person, Role};

/// The project's rules for agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementPolicy {
    /// How many of the security team must agree to a later end, whoever proposed it included where they are of the team.
    pub quorum: usize,
    /// How long an answer is waited for.
    pub window: SignedDuration,
    /// Whether an earlier end needs a second release manager.
    pub second_release_manager: bool,
}

/// What is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// A later end.
    Later,
    /// The clock starts again, because the patch had to be made anew.
    Rework,
    /// An earlier end.
    Earlier,
    /// No embargo any more, from the agreement on.
    Lift,
}

/// A proposal that waits for answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// What.
    pub matter: Matter,
    /// The end that it would bring; none for the end at once.
    pub ends_at: Option<Timestamp>,
    /// Why.
    pub because: String,
    /// Who proposed it.
    pub by: String,
    /// Who agreed.
    pub agreed: BTreeSet<String>,
    /// Who objected, and why.
    pub objected: BTreeMap<String, String>,
    /// How long answers count.
    pub until: Timestamp,
}

impl Proposal {
    /// The role whose answers count.
    pub fn asks(&self) -> Role {
        match self.matter {
            Matter::Later | Matter::Rework => Role::SecurityTeam,
            Matter::Earlier | Matter::Lift => Role::ReleaseManager,
        }
    }

    /// How many must agree.
    pub fn needs(&self, policy: &AgreementPolicy) -> usize {
        match self.matter {
            Matter::Later | Matter::Rework => policy.quorum,
            // The second one.
            Matter::Earlier | Matter::Lift => 1,
        }
    }

    fn is_reached(&self, policy: &AgreementPolicy) -> bool {
        self.agreed.len() >= self.needs(policy) && self.agreed.len() > self.objected.len()
    }

    /// The proposal in words.
    pub fn describe(&self) -> String {
        match (self.matter, self.ends_at) {
            (Matter::Lift, _) | (_, None) => "the embargo ends at once".to_owned(),
            (Matter::Later, Some(end)) => format!("the embargo ends later, at {end}"),
            (Matter::Rework, Some(end)) => format!("the clock starts again, and the embargo ends at {end}"),
            (Matter::Earlier, Some(end)) => format!("the embargo ends earlier, at {end}"),
        }
    }
}

/// Events and an answer, or the reason of a refusal.
type Answer = Result<(Vec<Event>, String), String>;

/// What a command about the end of an embargo is judged by.
pub(super) struct Judge<'a> {
    pub case: &'a Case,
    pub person: &'a Person,
    pub policy: &'a Policy,
    pub now: Timestamp,
}

const UNCONFIRMED: &str = "everybody could see this issue, and there is no embargo: somebody of the security team must confirm one \
                           first, with the reason: `/embargo confirm because …`";

impl Judge<'_> {
    /// A new end, earlier or later than the agreed one.
    pub fn until(&self, ends_at: Timestamp, because: &str) -> Answer {
        self.ready()?;
        if let Some(refusal) = self.policy.calendar.refuses(ends_at) {
            return Err(refusal);
        }
        match self.case.embargo.ends_at() {
            Some(end) if end == ends_at => Err("the embargo ends then already".into()),
            Some(end) if end < ends_at => self.propose(Matter::Later, Some(ends_at), because),
            Some(_) if self.policy.agreement.second_release_manager => {
                self.propose(Matter::Earlier, Some(ends_at), because)
            }
            _ => self.set(ends_at, because),
        }
    }

    /// A later end, which must be later.
    pub fn extend(&self, ends_at: Timestamp, because: &str) -> Answer {
        self.ready()?;
        match self.case.embargo.ends_at() {
            Some(end) if end < ends_at => self.until(ends_at, because),
            _ => Err("an extension ends later than the embargo does now".into()),
        }
    }

    /// The clock starts again: the project's length from now on, under the same cap.
    pub fn restart(&self, because: &str) -> Answer {
        self.ready()?;
        let embargo = &self.case.embargo;
        let length = self.policy.embargo.default;
        let cap = embargo
            .started_at
            .checked_add(self.policy.embargo.maximum)
            .unwrap_or(Timestamp::MAX);
        let end = self.now.checked_add(length).unwrap_or(Timestamp::MAX).min(cap);
        let end = self.allowed(whole(end));
        match embargo.ends_at() {
            Some(agreed) if agreed < end => self.propose(Matter::Rework, Some(end), because),
            _ => Err("the cap leaves no later end: nothing would be gained".into()),
        }
    }

    /// No embargo any more.
    pub fn lift(&self, because: &str) -> Answer {
        self.ready()?;
        if self.policy.agreement.second_release_manager {
            return self.propose(Matter::Lift, None, because);
        }
        let embargo = self.lifted(because)?;
        Ok((self.changed(embargo), "the embargo has ended".into()))
    }

    /// The project's default terms for an issue that was to be seen, because somebody says why there should be an embargo.
    pub fn confirm(&self, because: &str) -> Answer {
        if !self.is_unconfirmed() {
            return Err("there is an embargo: nothing is to be confirmed".into());
        }
        let start = whole(self.now);
        let end = start
            .checked_add(self.policy.embargo.default)
            .map_err(|error| error.to_string())?;
        let terms = self.terms(self.allowed(end), because);
        let embargo = agreed(&Embargo::none(start), terms, self.policy, self.now)?;
        let answer = format!("the embargo is confirmed and ends at {}", self.allowed(end));
        Ok((self.changed(embargo), answer))
    }

    /// Agrees to what is proposed.
    pub fn agree(&self) -> Answer {
        self.ready()?;
        let proposal = self.open_proposal()?;
        let by = &self.person.name;
        if matches!(proposal.matter, Matter::Earlier | Matter::Lift) && proposal.by == *by {
            return Err("this needs a second release manager: not the one who proposed it".into());
        }
        if proposal.agreed.contains(by) {
            return Err("you have agreed already".into());
        }
        let mut after = proposal.clone();
        after.objected.remove(by);
        after.agreed.insert(by.clone());
        let mut events = vec![Event::Voted {
            by: by.clone(),
            objection: None,
        }];
        if !after.is_reached(&self.policy.agreement) {
            let lacking = after.needs(&self.policy.agreement).saturating_sub(after.agreed.len());
            let answer = match lacking {
                0 => "on record; as many object, so it is not agreed".to_owned(),
                lacking => format!("on record; {lacking} more must agree until {}", proposal.until),
            };
            return Ok((events, answer));
        }
        let embargo = self.accepted(&after)?;
        events.extend(self.changed(embargo));
        Ok((events, format!("agreed: {}", after.describe())))
    }

    /// Objects to what is proposed; whoever proposed it withdraws it that way.
    pub fn object(&self, because: &str) -> Answer {
        let proposal = self.open_proposal()?;
        let by = &self.person.name;
        if proposal.by == *by {
            return Ok((rejected(self.case), "the proposal is withdrawn".into()));
        }
        let event = Event::Voted {
            by: by.clone(),
            objection: Some(because.to_owned()),
        };
        Ok((vec![event], "the objection is on record".into()))
    }

    fn ready(&self) -> Result<(), String> {
        if self.is_unconfirmed() {
            return Err(UNCONFIRMED.into());
        }
        if self.case.embargo.has_ended(self.now) {
            return Err("the embargo has ended; there is no new one for this case".into());
        }
        Ok(())
    }

    fn is_unconfirmed(&self) -> bool {
        self.case.exposed.is_some() && self.case.embargo.state == State::None
    }

    fn terms(&self, ends_at: Timestamp, because: &str) -> Terms {
        Terms {
            ends_at,
            because: because.to_owned(),
            by: self.person.name.clone(),
        }
    }

    /// The last end that the calendar allows up to this one; it itself where there is none.
    fn allowed(&self, end: Timestamp) -> Timestamp {
        self.policy.calendar.last(end, self.now).unwrap_or(end)
    }

    /// An end that one person may set: it takes the place of whatever is proposed.
    fn set(&self, ends_at: Timestamp, because: &str) -> Answer {
        let clear = settled(&self.case.embargo);
        let embargo = agreed(&clear, self.terms(ends_at, because), self.policy, self.now)?;
        Ok((self.changed(embargo), format!("the embargo ends at {ends_at}")))
    }

    fn propose(&self, matter: Matter, ends_at: Option<Timestamp>, because: &str) -> Answer {
        let earlier = |open: &&Proposal| open.ends_at.is_none_or(|open| ends_at.is_some_and(|new| open <= new));
        if let Some(open) = self.case.proposal.as_ref().filter(earlier) {
            return Err(format!(
                "a shorter one is proposed already: {}. Of two open proposals the shorter counts",
                open.describe()
            ));
        }
        let mut embargo = settled(&self.case.embargo);
        if let Some(end) = ends_at {
            embargo = embargo
                .propose(self.terms(end, because), &self.policy.embargo, self.now)
                .map_err(|refusal| refusal.to_string())?;
        }
        let of_team = self.person.roles.contains(&Role::SecurityTeam);
        let counts = of_team && matches!(matter, Matter::Later | Matter::Rework);
        let window = self.policy.agreement.window;
        let proposal = Proposal {
            matter,
            ends_at,
            because: because.to_owned(),
            by: self.person.name.clone(),
            agreed: counts.then(|| self.person.name.clone()).into_iter().collect(),
            objected: BTreeMap::new(),
            until: self.now.checked_add(window).unwrap_or(Timestamp::MAX),
        };
        let mut events = vec![
            Event::EmbargoChanged {
                embargo: embargo.clone(),
            },
            Event::Proposed {
                proposal: proposal.clone(),
            },
        ];
        if proposal.is_reached(&self.policy.agreement) {
            let after = embargo.accept().map_err(|refusal| refusal.to_string())?;
            events.extend([Event::EmbargoChanged { embargo: after }, Event::ProposalEnded]);
            return Ok((events, format!("agreed: {}", proposal.describe())));
        }
        let lacking = proposal
            .needs(&self.policy.agreement)
            .saturating_sub(proposal.agreed.len());
        let answer = format!(
            "proposed: {}. {lacking} of {} must agree until {}: `/embargo agree`; no answer counts as no",
            proposal.describe(),
            proposal.asks(),
            proposal.until
        );
        Ok((events, answer))
    }

    /// The open proposal, if this person's answer counts and comes in time.
    fn open_proposal(&self) -> Result<&Proposal, String> {
        let proposal = self.case.proposal.as_ref().ok_or("nothing is proposed")?;
        if !self.person.roles.contains(&proposal.asks()) {
            return Err(format!("the answer to this proposal is for {}", proposal.asks()));
        }
        if self.now > proposal.until {
            return Err("the time for answers is over".into());
        }
        Ok(proposal)
    }

    fn accepted(&self, proposal: &Proposal) -> Result<Embargo, String> {
        match proposal.matter {
            Matter::Lift => self.lifted(&proposal.because),
            _ => self.case.embargo.accept().map_err(|refusal| refusal.to_string()),
        }
    }

    fn lifted(&self, because: &str) -> Result<Embargo, String> {
        let ended = self.case.embargo.terminate(self.now, because.to_owned());
        ended.map_err(|refusal| refusal.to_string())
    }

    fn changed(&self, embargo: Embargo) -> Vec<Event> {
        let mut events = vec![Event::EmbargoChanged { embargo }];
        events.extend(self.case.proposal.is_some().then_some(Event::ProposalEnded));
        events
    }
}

/// The embargo of a case that opens now: the project's default terms, up to the last end that the calendar allows. What
/// everybody could see is under none, unless somebody confirms one.
pub fn first_embargo(policy: &Policy, exposed: bool, now: Timestamp) -> Result<Embargo, Refusal> {
    if exposed {
        return Ok(Embargo::none(whole(now)));
    }
    let embargo = Embargo::by_policy(whole(now), &policy.embargo)?;
    let end = embargo
        .ends_at()
        .and_then(|end| Some((end, policy.calendar.last(end, now)?)));
    match (end, &embargo.state) {
        (Some((end, allowed)), State::Active { terms }) if allowed < end => {
            let terms = Terms {
                ends_at: allowed,
                ..terms.clone()
            };
            embargo.propose(terms, &policy.embargo, whole(now))?.accept()
        }
        _ => Ok(embargo),
    }
}

/// The embargo with another end that nobody has to agree on, whatever is proposed.
pub(super) fn with_end(
    embargo: &Embargo,
    ends_at: Timestamp,
    because: &str,
    policy: &Policy,
    now: Timestamp,
) -> Result<Embargo, String> {
    let terms = Terms {
        ends_at,
        because: because.to_owned(),
        by: "the process".to_owned(),
    };
    agreed(&settled(embargo), terms, policy, now)
}

/// What becomes of a proposal whose time for answers is over: it is rejected. Nothing where none is.
pub fn lapse(case: &Case, now: Timestamp) -> Vec<Event> {
    match &case.proposal {
        Some(proposal) if now > proposal.until => rejected(case),
        _ => Vec::new(),
    }
}

fn rejected(case: &Case) -> Vec<Event> {
    let embargo = settled(&case.embargo);
    vec![Event::EmbargoChanged { embargo }, Event::ProposalEnded]
}

/// The embargo without what is proposed: agreed terms stay.
fn settled(embargo: &Embargo) -> Embargo {
    match embargo.state {
        State::Proposed { .. } | State::Revise { .. } => embargo.reject().unwrap_or_else(|_| embargo.clone()),
        _ => embargo.clone(),
    }
}

fn agreed(embargo: &Embargo, terms: Terms, policy: &Policy, now: Timestamp) -> Result<Embargo, String> {
    let proposed = embargo.propose(terms, &policy.embargo, now);
    proposed
        .and_then(|embargo| embargo.accept())
        .map_err(|refusal| refusal.to_string())
}

/// People set ends to the second at most; those that are computed have no fractions either.
fn whole(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

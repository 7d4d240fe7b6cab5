//! The embargo of a case: its states (after CERT/CC Vultron), its one end, and who agreed to it.
//!
//! Only the transitions of the table in the policy exist as methods; every other one is an error that says why.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The project's rules for embargoes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbargoPolicy {
    /// How long an embargo lasts unless somebody sets another end.
    pub default: SignedDuration,
    /// The longest an embargo may last, counted from its start.
    pub maximum: SignedDuration,
}

/// The agreed or proposed terms: one unambiguous end, with the reason and the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The end, in UTC.
    pub ends_at: Timestamp,
    /// Why this end.
    pub because: String,
    /// Who set it: a person's name on the forge, or `policy` for the project's default.
    pub by: String,
}

/// The five states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// There is no embargo.
    None,
    /// Terms were proposed and nobody has agreed yet.
    Proposed {
        /// The proposed terms.
        proposal: Terms,
    },
    /// Terms are agreed and bind everybody.
    Active {
        /// The agreed terms.
        terms: Terms,
    },
    /// Terms bind, and others are proposed; the old ones stay until the new ones are accepted.
    Revise {
        /// The agreed terms.
        terms: Terms,
        /// The proposed ones.
        proposal: Terms,
    },
    /// The embargo is over. There is no way back.
    Exited {
        /// When it ended.
        at: Timestamp,
        /// Why.
        because: String,
    },
}

/// Why a transition was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The table of states has no such transition.
    #[error("the embargo is {0}: this is not possible now")]
    NotAllowed(&'static str),
    /// The end lies beyond the cap.
    #[error("the embargo may last until {latest} at most")]
    BeyondMaximum {
        /// The latest end that the policy allows.
        latest: Timestamp,
    },
    /// The end lies in the past.
    #[error("the end must lie in the future")]
    InThePast,
}

/// An embargo and when its clock started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Embargo {
    /// The instant from which the cap is counted.
    pub started_at: Timestamp,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
}

impl Embargo {
    /// No embargo yet; the cap will be counted from `started_at`.
    pub fn none(started_at: Timestamp) -> Self {
        Self {
            started_at,
            state: State::None,
        }
    }

    /// The project's default terms, which count as proposed and accepted when a case opens.
    pub fn by_policy(started_at: Timestamp, policy: &EmbargoPolicy) -> Result<Self, Refusal> {
        let ends_at = started_at
            .checked_add(policy.default)
            .map_err(|_| Refusal::BeyondMaximum { latest: started_at })?;
        let terms = Terms {
            ends_at,
            because: "the project's default".into(),
            by: "policy".into(),
        };
        Self::none(started_at).propose(terms, policy, started_at)?.accept()
    }

    /// Proposes terms. Past the cap they are refused now, not when somebody accepts them. Of two open proposals the
    /// shorter stays.
    pub fn propose(&self, new: Terms, policy: &EmbargoPolicy, now: Timestamp) -> Result<Self, Refusal> {
        if new.ends_at <= now {
            return Err(Refusal::InThePast);
        }
        let latest = self.started_at.checked_add(policy.maximum).unwrap_or(Timestamp::MAX);
        if new.ends_at > latest {
            return Err(Refusal::BeyondMaximum { latest });
        }
        let shorter = |old: &Terms, new: Terms| if old.ends_at <= new.ends_at { old.clone() } else { new };
        let state = match &self.state {
            State::None => State::Proposed { proposal: new },
            State::Proposed { proposal } => State::Proposed {
                proposal: shorter(proposal, new),
            },
            State::Active { terms } => State::Revise {
                terms: terms.clone(),
                proposal: new,
            },
            State::Revise { terms, proposal } => State::Revise {
                terms: terms.clone(),
                proposal: shorter(proposal, new),
            },
            State::Exited { .. } => return Err(self.not_allowed()),
        };
        Ok(Self { state, ..self.clone() })
    }

    /// Accepts what is proposed.
    pub fn accept(&self) -> Result<Self, Refusal> {
        match &self.state {
            State::Proposed { proposal } | State::Revise { proposal, .. } => Ok(Self {
                state: State::Active {
                    terms: proposal.clone(),
                },
                ..self.clone()
            }),
            _ => Err(self.not_allowed()),
        }
    }

    /// Rejects what is proposed; agreed terms stay.
    pub fn reject(&self) -> Result<Self, Refusal> {
        let state = match &self.state {
            State::Proposed { .. } => State::None,
            State::Revise { terms, .. } => State::Active { terms: terms.clone() },
            _ => return Err(self.not_allowed()),
        };
        Ok(Self { state, ..self.clone() })
    }

    /// Ends the embargo.
    pub fn terminate(&self, at: Timestamp, because: String) -> Result<Self, Refusal> {
        match &self.state {
            State::Active { .. } | State::Revise { .. } => Ok(Self {
                state: State::Exited { at, because },
                ..self.clone()
            }),
            _ => Err(self.not_allowed()),
        }
    }

    /// The end that binds: of the agreed terms, or when it ended. Without agreed terms there is none.
    pub fn ends_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Active { terms } | State::Revise { terms, .. } => Some(terms.ends_at),
            State::Exited { at, .. } => Some(*at),
            State::None | State::Proposed { .. } => None,
        }
    }

    /// Whether the end has come. An embargo on which nobody agreed has no end and has therefore not ended.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.ends_at().is_some_and(|end| end <= now)
    }

    /// The name of the state, as in the policy.
    pub fn state_name(&self) -> &'static str {
        match self.state {
            State::None => "none",
            State::Proposed { .. } => "proposed",
            State::Active { .. } => "active",
            State::Revise { .. } => "revise",
            State::Exited { .. } => "exited",
        }
    }

    fn not_allowed(&self) -> Refusal {
        Refusal::NotAllowed(self.state_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("in range")
    }

    fn policy() -> EmbargoPolicy {
        EmbargoPolicy {
            default: SignedDuration::from_hours(14 * 24),
            maximum: SignedDuration::from_hours(30 * 24),
        }
    }

    fn terms(ends_at: i64) -> Terms {
        Terms {
            ends_at: at(ends_at),
            because: "a reason".into(),
            by: "a person".into(),
        }
    }

    #[test]
    fn a_case_opens_with_the_default_terms_active() {
        let embargo = Embargo::by_policy(at(0), &policy()).expect("within the cap");
        assert_eq!(embargo.state_name(), "active");
        assert_eq!(embargo.ends_at(), Some(at(14 * 86_400)));
        assert!(!embargo.has_ended(at(14 * 86_400 - 1)));
        assert!(embargo.has_ended(at(14 * 86_400)));
    }

    #[test]
    fn an_end_past_the_cap_is_refused_when_it_is_proposed() {
        let embargo = Embargo::by_policy(at(0), &policy()).expect("within the cap");
        let latest = at(30 * 86_400);
        assert_eq!(
            embargo.propose(terms(30 * 86_400 + 1), &policy(), at(1)),
            Err(Refusal::BeyondMaximum { latest })
        );
        assert!(embargo.propose(terms(30 * 86_400), &policy(), at(1)).is_ok());
        assert_eq!(embargo.propose(terms(1), &policy(), at(1)), Err(Refusal::InThePast));
    }

    #[test]
    fn old_terms_bind_until_new_ones_are_accepted() {
        let active = Embargo::by_policy(at(0), &policy()).expect("within the cap");
        let revise = active.propose(terms(86_400), &policy(), at(1)).expect("allowed");
        assert_eq!(revise.ends_at(), active.ends_at());
        assert_eq!(revise.reject().expect("allowed"), active);
        assert_eq!(revise.accept().expect("allowed").ends_at(), Some(at(86_400)));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Propose(i64),
        Accept,
        Reject,
        Terminate,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..40 * 86_400_i64).prop_map(Step::Propose),
            Just(Step::Accept),
            Just(Step::Reject),
            Just(Step::Terminate)
        ]
    }

    proptest! {
        /// Law 8, the cap and the table of states, whatever people do.
        #[test]
        fn no_sequence_leaves_the_table_or_the_cap(steps in proptest::collection::vec(step(), 1..60)) {
            let mut embargo = Embargo::none(at(0));
            for (now, step) in steps.into_iter().enumerate() {
                let now = at(i64::try_from(now).expect("small"));
                let before = embargo.state_name();
                let next = match step {
                    Step::Propose(end) => embargo.propose(terms(end), &policy(), now),
                    Step::Accept => embargo.accept(),
                    Step::Reject => embargo.reject(),
                    Step::Terminate => embargo.terminate(now, "a leak".into()),
                };
                if let Ok(next) = next {
                    let allowed = match before {
                        "none" => &["proposed"][..],
                        "proposed" => &["proposed", "none", "active"],
                        "active" => &["revise", "exited"],
                        "revise" => &["revise", "active", "exited"],
                        _ => &[],
                    };
                    prop_assert!(allowed.contains(&next.state_name()), "{before} -> {}", next.state_name());
                    embargo = next;
                }
                prop_assert!(embargo.ends_at().is_none_or(|end| end <= at(30 * 86_400)));
            }
        }
    }
}

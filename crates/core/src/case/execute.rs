//! What a command does to a case: events and an answer, or a refusal with the reason.

use jiff::Timestamp;

use super::{Approval, Case, CaseView, Cve, Event, Policy, Statement, Verdict};
use crate::command::Command;
use crate::embargo::{Embargo, State, Terms};
use crate::names::BranchName;
use crate::roles::Person;

/// Executes a command of a person. Refused, it changes nothing; the text either way is the answer on the forge.
pub fn execute(
    command: &Command,
    person: &Person,
    case: &Case,
    view: &CaseView,
    policy: &Policy,
    now: Timestamp,
) -> Result<(Vec<Event>, String), String> {
    person.may(command)?;
    if case.closed.is_some() && *command != Command::Status {
        return Err("the case is closed: put the label on again to open a new one".into());
    }
    let by = person.name.clone();
    let one = |event, answer: String| Ok((vec![event], answer));
    match command {
        Command::Until { .. } if unconfirmed(case) => Err(UNCONFIRMED.into()),
        Command::Confirm { because } => {
            let embargo = confirm(case, by, because, policy, now)?;
            let end = embargo.ends_at().map(|end| end.to_string()).unwrap_or_default();
            one(
                Event::EmbargoChanged { embargo },
                format!("the embargo is confirmed and ends at {end}"),
            )
        }
        Command::Until { ends_at, because } => {
            let terms = Terms {
                ends_at: *ends_at,
                because: because.clone(),
                by,
            };
            let embargo = set_end(&case.embargo, terms, policy, now)?;
            one(
                Event::EmbargoChanged { embargo },
                format!("the embargo ends at {ends_at}"),
            )
        }
        Command::Cve { id } => one(
            Event::CveDecided {
                cve: Cve::Id(id.clone()),
            },
            "the CVE is on record".into(),
        ),
        Command::CveWaive { because } => one(
            Event::CveDecided {
                cve: Cve::Waived(because.clone()),
            },
            "on record: there will be no CVE".into(),
        ),
        Command::Approve => {
            let approval = approve(by, view, now)?;
            let heads: Vec<_> = approval
                .heads
                .iter()
                .map(|(branch, head)| format!("{branch} at {head}"))
                .collect();
            let answer = format!("approved: {}", heads.join(", "));
            one(Event::Approved { approval }, answer)
        }
        Command::Publish { now: true } if !case.embargo.has_ended(now) => {
            Err("the embargo has not ended: `/embargo publish` asks for the publication at its end".into())
        }
        Command::Publish { .. } => one(
            Event::PublishRequested { by, at: now },
            "the branches will be published when the embargo has ended and the gate is open".into(),
        ),
        Command::Abort { because } => one(
            Event::Aborted {
                by,
                because: because.clone(),
            },
            "approval and request are withdrawn; nothing will be published".into(),
        ),
        Command::NotAffected { branch, because } => {
            known(branch, view)?;
            if *branch == view.main {
                return Err("the fix comes from the main branch: it cannot be waived there".into());
            }
            if view.fix_series().is_empty() {
                return Err("there is no fix yet that could be waived".into());
            }
            let statement = Statement {
                by,
                because: because.clone(),
                patches: view.fix_series().to_vec(),
            };
            one(
                Event::Waived {
                    branch: branch.clone(),
                    statement,
                },
                format!("on record: {branch} needs no fix"),
            )
        }
        Command::Ack { branch } => {
            let target = known(branch, view)?;
            if target.verdict != Verdict::Adapted {
                return Err(format!(
                    "the backport on {branch} is not adapted: there is nothing to acknowledge"
                ));
            }
            let statement = Statement {
                by,
                because: String::new(),
                patches: target.patches.clone(),
            };
            let answer = format!("on record: the adapted backport on {branch} is right");
            one(
                Event::Acknowledged {
                    branch: branch.clone(),
                    statement,
                },
                answer,
            )
        }
        Command::Status => Ok((vec![], "the status comment is fresh".into())),
    }
}

const UNCONFIRMED: &str = "everybody could see this issue, and there is no embargo: somebody of the security team must confirm one \
                           first, with the reason: `/embargo confirm because …`";

fn unconfirmed(case: &Case) -> bool {
    case.exposed.is_some() && case.embargo.state == State::None
}

/// The project's default terms for an issue that was to be seen, because somebody says why there should be an embargo.
fn confirm(case: &Case, by: String, because: &str, policy: &Policy, now: Timestamp) -> Result<Embargo, String> {
    if !unconfirmed(case) {
        return Err("there is an embargo: nothing is to be confirmed".into());
    }
    // People set ends to the second at most; this one has no fractions either.
    let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let terms = Terms {
        ends_at: whole
            .checked_add(policy.embargo.default)
            .map_err(|error| error.to_string())?,
        because: because.to_owned(),
        by,
    };
    let none = Embargo::none(whole);
    let agreed = none
        .propose(terms, &policy.embargo, now)
        .and_then(|embargo| embargo.accept());
    agreed.map_err(|refusal| refusal.to_string())
}

/// New terms by a release manager, proposed and accepted in one step.
fn set_end(embargo: &Embargo, terms: Terms, policy: &Policy, now: Timestamp) -> Result<Embargo, String> {
    if embargo.has_ended(now) {
        return Err("the embargo has ended; there is no new one for this case".into());
    }
    // A release manager's word replaces what is open: only between two open proposals would the shorter win.
    let clear = match embargo.state {
        State::Proposed { .. } | State::Revise { .. } => embargo.reject(),
        _ => Ok(embargo.clone()),
    };
    clear
        .and_then(|embargo| embargo.propose(terms, &policy.embargo, now))
        .and_then(|embargo| embargo.accept())
        .map_err(|refusal| refusal.to_string())
}

fn approve(by: String, view: &CaseView, now: Timestamp) -> Result<Approval, String> {
    if view.fix_series().is_empty() {
        return Err("there is no fix yet that could be approved".into());
    }
    let heads = view
        .targets
        .iter()
        .map(|(branch, target)| (branch.clone(), target.head.clone()))
        .collect();
    Ok(Approval {
        by,
        at: now,
        digest: view.digest(),
        heads,
    })
}

fn known<'a>(branch: &BranchName, view: &'a CaseView) -> Result<&'a super::TargetView, String> {
    view.targets.get(branch).ok_or_else(|| {
        let names: Vec<_> = view.targets.keys().map(ToString::to_string).collect();
        format!(
            "{branch} is not a target branch of this case; these are: {}",
            names.join(", ")
        )
    })
}

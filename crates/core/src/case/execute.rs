//! What a command does to a case: events and an answer, or a refusal with the reason.

use jiff::Timestamp;

use super::agreement::Judge;
use super::{Approval, Case, CaseView, Cve, Event, Policy, Statement, Verdict};
use crate::command::Command;
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
    // Whoever reported it may be told of that, too.
    let at_any_time = matches!(command, Command::Status | Command::Reply { .. });
    if case.closed.is_some() && !at_any_time {
        return Err("the case is closed: put the label on again to open a new one".into());
    }
    if let Command::Membership(_) = command {
        return Err("members are talked about on the roster's own issue, which the label of members stands on".into());
    }
    let of_report = matches!(
        command,
        Command::Accept
            | Command::Reject { .. }
            | Command::Reply { .. }
            | Command::Reporter { .. }
            | Command::NotAVulnerability { .. }
            | Command::Duplicate { .. }
            | Command::Split { .. }
            | Command::Status
    );
    if !case.is_confirmed() && !of_report {
        return Err(
            "this is a report, and no case yet: somebody of the security team opens one by putting the label on".into(),
        );
    }
    let by = person.name.clone();
    let judge = Judge {
        case,
        person,
        policy,
        now,
    };
    let one = |event, answer: String| Ok((vec![event], answer));
    match command {
        Command::Until { ends_at, because } => judge.until(*ends_at, because),
        Command::Extend { ends_at, because } => judge.extend(*ends_at, because),
        Command::Restart { because } => judge.restart(because),
        Command::Lift { because } => judge.lift(because),
        Command::Confirm { because } => judge.confirm(because),
        Command::Agree => judge.agree(),
        Command::Object { because } => judge.object(because),
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
            if *branch == view.main && view.public_fix.is_none() {
                return Err(format!("the fix comes from {branch}: it cannot be waived there"));
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
        Command::NotAVulnerability { because } => case.dismiss(person, because, now),
        Command::Duplicate { of } => case.merge_into(*of, person, view, now),
        Command::Split { because } => case.split(because),
        Command::FixSource { branch } => case.take_from(branch, view),
        Command::Fix { commits } => case.take_public(commits),
        Command::NotifyVendors => judge.notify_vendors(view),
        Command::Accept => case.accept(person, now),
        Command::Reject { because } => case.reject(person, because, now),
        Command::Reply { text } => case.reply(text),
        Command::Reporter { address } => case.add_reporter(address),
        Command::Membership(_) | Command::Status => Ok((vec![], "the status comment is fresh".into())),
    }
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

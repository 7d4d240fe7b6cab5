//! The publication: one atomic push of exactly what was approved, read back from the public repository.

mod aftermath;
mod followers;

use embargod_core::case::{Event, evaluate};
use embargod_core::gate::Gate;
use embargod_core::publication::{MAX_ROUNDS, Plan, PublishPermit, PushOutcome, Step, push_outcome};
use embargod_core::roles::Role;
use embargod_core::{BranchName, CommitId};
use embargod_forge::Thread;
use embargod_repo::{PushOutcome as Pushed, RefUpdate, is_ancestor, remote_branches};

pub(crate) use aftermath::{advisory_text, aftermath};

use crate::people::holds;
use crate::project::Project;
use crate::reconcile::{Branches, Journal, Look, Observation, PassError, Reconciler, tell, unhandled};

/// Goes on after a crash: a frozen plan without a receipt is looked up in the public repository, and so is one that was
/// given up, because a push can outlive the server that began it. True: something changed.
pub(crate) async fn recover(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    branches: &Branches,
) -> Result<bool, PassError> {
    let now = reconciler.clock.now();
    let pushed = |detail: &str| Event::StepTaken {
        step: Step::Push,
        at: now,
        detail: detail.to_owned(),
    };
    let frozen = journal
        .case
        .publication
        .as_ref()
        .filter(|publication| !publication.is_public());
    if let Some(plan) = frozen.map(|publication| publication.plan.clone()) {
        let event = match outcome(project, &plan, branches).await? {
            PushOutcome::Done => pushed("found in the public repository after a restart"),
            PushOutcome::NotDone => Event::Thawed {
                because: "the push had no effect before a restart".to_owned(),
            },
            PushOutcome::Partial(_) => Event::Thawed {
                because: "some branches were pushed by hand".to_owned(),
            },
        };
        journal.record(vec![event], now).await?;
        return Ok(true);
    }
    if let (None, Some(plan)) = (&journal.case.publication, journal.case.thawed.clone())
        && outcome(project, &plan, branches).await? == PushOutcome::Done
    {
        let events = vec![
            Event::Frozen { plan, at: now },
            pushed("a push that was given up took effect after all"),
        ];
        journal.record(events, now).await?;
        return Ok(true);
    }
    Ok(false)
}

async fn outcome(project: &Project, plan: &Plan, branches: &Branches) -> Result<PushOutcome, PassError> {
    let mut there = std::collections::BTreeSet::new();
    for (branch, step) in &plan.moves {
        if let Some(tip) = branches.public.get(branch)
            && is_ancestor(project.clone.path(), &step.to, tip).await?
        {
            there.insert(branch.clone());
        }
    }
    Ok(push_outcome(plan, |branch, _| there.contains(branch)))
}

/// Publishes what was observed, if it is still so: comments, label, issue, roles and heads are read once more right before.
pub(crate) async fn publish(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    seen: &Observation,
    gate: &Gate,
) -> Result<Look, PassError> {
    let issue = journal.case.issue;
    let requested = journal.case.request.as_ref().map(|request| request.at);
    let key = |what: &str| format!("{what}:{}", requested.unwrap_or_default());
    if journal.case.rounds >= MAX_ROUNDS {
        let text = "The public branches moved with every try to publish, or the push was refused each time: nothing was \
                    published. A person must look; `/embargo publish` begins again.";
        tell(project, Thread::Issue(issue), &key("rounds"), text).await?;
        return Ok(Look::Quiet(None));
    }
    if seen.moves.is_empty() {
        tell(
            project,
            Thread::Issue(issue),
            &key("nothing"),
            "There is nothing to publish: no branch would move.",
        )
        .await?;
        return Ok(Look::Quiet(None));
    }
    if !still_so(project, journal, seen).await? {
        return Ok(Look::Again);
    }
    let advisory = seen
        .advisory
        .as_ref()
        .and_then(|advisory| serde_json::to_string(advisory).ok());
    let plan = Plan {
        moves: seen.moves.clone(),
        approval_digest: seen.view.digest(),
        advisory: advisory.unwrap_or_default(),
    };
    let now = reconciler.clock.now();
    let fresh = evaluate(&journal.case, &seen.view, &project.policy, now);
    let grace = project.policy.publish_grace;
    let Some(permit) = PublishPermit::grant(&plan, &journal.case, &fresh, grace, now).filter(|_| gate.open) else {
        return Ok(Look::Again);
    };
    let updates = updates(&permit);
    journal
        .record(
            vec![Event::Frozen {
                plan: plan.clone(),
                at: now,
            }],
            now,
        )
        .await?;
    tracing::info!(case = %journal.case.id, branches = updates.len(), "publishing");
    let done = embargod_repo::publish(project.clone.path(), &project.public_remote().await?, &updates).await?;
    let now = reconciler.clock.now();
    let thawed = |because: &str| {
        vec![Event::Thawed {
            because: because.to_owned(),
        }]
    };
    match done {
        Pushed::Done => {
            let detail = format!("{} branches", updates.len());
            journal
                .record(
                    vec![Event::StepTaken {
                        step: Step::Push,
                        at: now,
                        detail,
                    }],
                    now,
                )
                .await?;
            Ok(Look::Again)
        }
        Pushed::NotForward(_) | Pushed::Stale(_) => {
            journal.record(thawed("a public branch moved"), now).await?;
            Ok(Look::Again)
        }
        Pushed::Refused => {
            let text = "The public repository refused the push: no branch was published. Look at the rules of its branches \
                        (the App must be able to bypass them); the bot tries again until the request lapses.";
            tell(project, Thread::Issue(issue), &key("refused"), text).await?;
            journal
                .record(thawed("the public repository refused the push"), now)
                .await?;
            Ok(Look::Quiet(requested.zip(journal.case.embargo.ends_at()).map(
                |(at, end)| at.max(end).checked_add(grace).unwrap_or(jiff::Timestamp::MAX),
            )))
        }
        Pushed::Torn(_) => {
            let text = "**Only some branches have what was to be published.** An atomic push cannot do that: somebody \
                        pushed by hand. A person must look now.";
            tell(project, Thread::Issue(issue), &key("torn"), text).await?;
            journal
                .record(thawed("somebody pushed some branches by hand"), now)
                .await?;
            Ok(Look::Again)
        }
    }
}

fn updates(permit: &PublishPermit<'_>) -> Vec<RefUpdate> {
    let update = |(branch, step): (&BranchName, &embargod_core::publication::Move)| RefUpdate {
        branch: branch.clone(),
        from: Some(step.from.clone()),
        to: Some(step.to.clone()),
    };
    permit.plan().moves.iter().map(update).collect()
}

/// Whether everything that could stop the push is as it was observed, read afresh. What cannot be read stops the push too.
async fn still_so(project: &Project, journal: &Journal, seen: &Observation) -> Result<bool, PassError> {
    let case = &journal.case;
    let mirror = remote_branches(project.clone.path(), &project.mirror_remote().await?).await?;
    let head = |target: &BranchName| mirror.get(&case.id.security_branch(target));
    let heads_stand = seen
        .view
        .targets
        .iter()
        .all(|(target, view)| head(target) == Some(&view.head));
    let issue = project.desk.issue(case.issue).await?;
    let facts = embargod_advisory::Advisory::from_issue(&issue.body).map(|advisory| advisory.digest());
    let texts_stand = facts.ok().as_ref() == Some(&seen.view.advisory.digest);
    let comments = project.desk.comments(Thread::Issue(case.issue)).await?;
    let nothing_said = unhandled(case, &comments, &seen.heard.bot).is_empty();
    let public = remote_branches(project.clone.path(), &project.public_remote().await?).await?;
    let tips_stand = seen
        .view
        .targets
        .iter()
        .all(|(target, view)| public.get(target) == Some(&view.public_tip));
    let labelled =
        issue.open && (issue.labels.contains(&project.label) || unlabelled_by_an_outsider(project, journal).await?);
    let approver = case.approval.as_ref().map(|approval| approval.by.as_str());
    let requester = case.request.as_ref().map(|request| request.by.as_str());
    let may = holds(project, approver, Role::SecurityTeam).await == Some(true)
        && holds(project, requester, Role::ReleaseManager).await == Some(true);
    Ok(heads_stand && texts_stand && nothing_said && tips_stand && labelled && may)
}

/// A label that was taken off by somebody without the role ends nothing; by anybody else it ends the case at the next look.
async fn unlabelled_by_an_outsider(project: &Project, journal: &Journal) -> Result<bool, PassError> {
    let events = project.desk.issue_events(journal.case.issue).await?;
    let off = embargod_forge::IssueEventKind::Unlabeled(project.label.clone());
    let Some(event) = events
        .iter()
        .filter(|event| event.kind == off)
        .max_by_key(|event| (event.at, event.id))
    else {
        return Ok(false);
    };
    Ok(holds(project, Some(&event.actor), Role::SecurityTeam).await == Some(false))
}

/// The commits that a plan made public on each branch.
pub(crate) fn published(plan: &Plan) -> impl Iterator<Item = (&BranchName, &CommitId, &CommitId)> {
    plan.moves.iter().map(|(branch, step)| (branch, &step.from, &step.to))
}

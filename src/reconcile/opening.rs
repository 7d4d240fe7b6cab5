//! How a case begins and ends: the label, who set it, and the ground that it stands on.

use std::collections::BTreeSet;

use embargod_advisory::Advisory;
use embargod_core::case::{Case, Event, Exposure, Source, first_embargo};
use embargod_core::roles::Role;
use embargod_core::{BranchName, CaseId, CommitId};
use embargod_forge::{AdvisoryText, IssueEvent, IssueEventKind, RepositoryFacts, Thread};
use embargod_repo::{PushOutcome, RefUpdate, Side, push, remote_branches};

use super::comments::tell;
use super::journal::bodies;
use super::{Journal, Look, PassError, Reconciler, exposure};
use crate::config::AdvisoryDraft;
use crate::people::person;
use crate::project::Project;
use crate::publish::advisory_text;

/// How long the branches of a closed case are kept.
const KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);
/// The mirror's default branch: one of the bot's own, so that followed commits close no issue there.
pub(super) const DEFAULT_BRANCH: &str = "embargod";

/// Opens a case for every labelled issue of the desk that has none.
pub(super) async fn open_cases(
    reconciler: &Reconciler,
    project: &Project,
    facts: &RepositoryFacts,
) -> Result<(), PassError> {
    for issue in project.desk.issues_labelled(&project.label).await? {
        let number = i64::try_from(issue.number).unwrap_or(i64::MAX);
        let begun = match reconciler.store.latest_case(&project.name, number).await? {
            None => Begun::Nothing,
            Some(id) => match Journal::open(&reconciler.store, id).await? {
                None => Begun::Reserved(id),
                Some(journal) if !journal.case.is_confirmed() && journal.case.closed.is_none() => {
                    Begun::Reported(Box::new(journal))
                }
                Some(journal) if journal.case.publication.is_none() => match journal.case.closed {
                    Some(at) => Begun::Ended(at),
                    None => continue,
                },
                Some(_) => continue,
            },
        };
        if issue.open {
            let exposure = match project.has_public_desk() {
                true => exposure::hide(reconciler, project, &issue).await?,
                false => None,
            };
            open(reconciler, project, facts, issue.number, begun, exposure).await?;
        }
    }
    Ok(())
}

/// How far a case is that is to be opened.
enum Begun {
    /// There is none.
    Nothing,
    /// Its number was taken before a crash.
    Reserved(CaseId),
    /// The last one ended then: a label from before opens nothing.
    Ended(jiff::Timestamp),
    /// Somebody outside reported it.
    Reported(Box<Journal>),
}

async fn open(
    reconciler: &Reconciler,
    project: &Project,
    facts: &RepositoryFacts,
    issue: u64,
    begun: Begun,
    exposure: Option<Exposure>,
) -> Result<(), PassError> {
    let events = project.desk.issue_events(issue).await?;
    let put_on = |event: &&IssueEvent| event.kind == IssueEventKind::Labeled(project.label.clone());
    let Some(labeled) = events.iter().filter(put_on).max_by_key(|event| (event.at, event.id)) else {
        return Ok(());
    };
    if matches!(begun, Begun::Ended(at) if labeled.at <= at) {
        return Ok(());
    }
    let who = person(project, &labeled.actor).await?;
    if !who.has_access || !who.roles.contains(&Role::SecurityTeam) {
        let text = "A case is opened by somebody of the security team: the label by anyone else changes nothing.";
        return tell(project, Thread::Issue(issue), &format!("label:{}", labeled.id), text).await;
    }
    if facts.fork || facts.forking_allowed == Some(true) {
        let text = "No case was opened: this repository is a fork or may be forked, and forks share their commits. \
                    Use a plain private repository, and forbid forking in its settings.";
        return tell(project, Thread::Issue(issue), &format!("ground:{}", labeled.id), text).await;
    }
    let public: BTreeSet<BranchName> = remote_branches(project.clone.path(), &project.public_remote().await?)
        .await?
        .into_keys()
        .collect();
    let now = reconciler.clock.now();
    let targets = project
        .maintained
        .targets(&public, jiff::tz::Offset::UTC.to_datetime(now).date());
    let embargo = first_embargo(&project.policy, exposure.is_some(), now);
    let (true, Ok(embargo)) = (targets.contains(project.main()), embargo) else {
        let text = "No case was opened: the main branch of the configuration is not in the public repository.";
        return tell(project, Thread::Issue(issue), &format!("ground:{}", labeled.id), text).await;
    };
    let number = i64::try_from(issue).unwrap_or(i64::MAX);
    let mut first = vec![Event::Opened {
        by: who.name,
        at: now,
        issue,
        targets,
        embargo,
    }];
    first.extend(exposure.map(|exposure| Event::Exposed { exposure }));
    let id = match begun {
        // What was said about the report is heard in its turn.
        Begun::Reported(mut journal) => {
            project.desk.set_label(issue, &project.moderation, false).await?;
            return journal.record(first, now).await;
        }
        Begun::Reserved(id) => id,
        Begun::Nothing | Begun::Ended(_) => reconciler.store.open_case(&project.name, number, now).await?,
    };
    // What was said before the label was put on is no command to this case.
    let earlier = project.desk.comments(Thread::Issue(issue)).await?;
    let earlier = earlier.iter().filter(|comment| comment.created_at < labeled.at);
    first.extend(earlier.map(|comment| Event::CommentHandled {
        id: comment.id,
        answer: String::new(),
    }));
    reconciler.store.append(id, 0, &bodies(&first)?, now).await?;
    Ok(())
}

/// Closes a case whose label was taken off by somebody who may.
pub(super) async fn closed_by_label(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
) -> Result<bool, PassError> {
    let issue = project.desk.issue(journal.case.issue).await?;
    let events = project.desk.issue_events(journal.case.issue).await?;
    let last = events.iter().max_by_key(|event| (event.at, event.id));
    if !issue.open && last.is_some_and(|event| event.kind == IssueEventKind::Closed { by_commit: true }) {
        project.desk.set_issue_open(issue.number, true).await?;
    }
    if issue.labels.contains(&project.label) {
        return Ok(false);
    }
    let off = |event: &&IssueEvent| event.kind == IssueEventKind::Unlabeled(project.label.clone());
    let Some(unlabeled) = events.iter().filter(off).max_by_key(|event| (event.at, event.id)) else {
        return Ok(false);
    };
    let who = person(project, &unlabeled.actor).await?;
    if !who.has_access || !who.roles.contains(&Role::SecurityTeam) {
        let text = "The label was taken off by somebody who is not of the security team: the case goes on.";
        tell(
            project,
            Thread::Issue(issue.number),
            &format!("unlabel:{}", unlabeled.id),
            text,
        )
        .await?;
        return Ok(false);
    }
    let now = reconciler.clock.now();
    journal
        .record(
            vec![Event::Closed {
                by: who.name,
                at: now,
                because: None,
            }],
            now,
        )
        .await?;
    let text = "The case is closed. Its branches and the draft are kept; put the label on again to open a new case.";
    tell(
        project,
        Thread::Issue(issue.number),
        &format!("closed:{}", unlabeled.id),
        text,
    )
    .await?;
    Ok(true)
}

/// Deletes the security branches of a case that was closed long ago; the bot's own clone keeps their heads.
pub(super) async fn tidy(reconciler: &Reconciler, project: &Project, case: &Case) -> Result<Look, PassError> {
    let Some(until) = case.closed.and_then(|at| at.checked_add(KEPT).ok()) else {
        return Ok(Look::Quiet(None));
    };
    let now = reconciler.clock.now();
    if now < until {
        return Ok(Look::Quiet(Some(until)));
    }
    let key = format!("tidied:{}", case.id);
    if reconciler.store.marked(&key).await? {
        return Ok(Look::Quiet(None));
    }
    let remote = project.mirror_remote().await?;
    let there = project.clone.fetch(&remote, Side::Mirror).await?;
    let mut updates = Vec::new();
    for target in &case.targets {
        let branch = case.id.security_branch(target);
        if let Some(head) = there.get(&branch) {
            project.clone.keep(case.id, head).await?;
            updates.push(RefUpdate {
                branch,
                from: Some(head.clone()),
                to: None,
            });
        }
    }
    if push(project.clone.path(), &remote, &updates).await? == PushOutcome::Done {
        reconciler.store.mark(&key, now).await?;
    }
    Ok(Look::Quiet(None))
}

/// The draft advisory and the mirror's own default branch.
pub(super) async fn prepare(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    facts: &RepositoryFacts,
) -> Result<bool, PassError> {
    if facts.default_branch != DEFAULT_BRANCH {
        own_default_branch(project).await;
    }
    if journal.case.draft.is_some() || !project.public.has_advisories() {
        return Ok(false);
    }
    if let Some(Source::Advisory { id, url }) = journal.case.report.as_ref().map(|report| report.source.clone()) {
        // The report itself is what will be published.
        project.public.settle_private_report(&id, true).await?;
        let written = Event::DraftWritten { id, url };
        journal.record(vec![written], reconciler.clock.now()).await?;
        return Ok(true);
    }
    let text = draft(project, &journal.case).await?;
    let draft = match project.public.find_draft(&text.summary).await? {
        Some(draft) => draft,
        None => project.public.create_draft(&text).await?,
    };
    let written = Event::DraftWritten {
        id: draft.id,
        url: draft.url,
    };
    journal.record(vec![written], reconciler.clock.now()).await?;
    Ok(true)
}

/// What a draft says before its time: nothing, or where the project wants it, what is complete in the issue by then.
async fn draft(project: &Project, case: &Case) -> Result<AdvisoryText, PassError> {
    if project.advisory.draft == AdvisoryDraft::Full {
        let issue = project.desk.issue(case.issue).await?;
        let facts = Advisory::from_issue(&issue.body)
            .ok()
            .filter(|facts| facts.missing().is_empty());
        if let Some(facts) = facts {
            return Ok(advisory_text(project, &facts, None));
        }
    }
    Ok(AdvisoryText {
        summary: format!("Placeholder {}", case.id),
        description: "The text follows with the publication.".to_owned(),
        severity: Some("medium".to_owned()),
        cvss: None,
        cwes: Vec::new(),
        cve: None,
        ecosystem: project.advisory.ecosystem.clone(),
        package: project.advisory.package.clone(),
    })
}

/// Best effort: an App without the permission leaves the default branch as it is, and the log says so.
async fn own_default_branch(project: &Project) {
    let done = async {
        let branch: BranchName = DEFAULT_BRANCH.parse().map_err(|_| "the name")?;
        let remote = project.mirror_remote().await.map_err(|_| "the credential")?;
        let there = remote_branches(project.clone.path(), &remote)
            .await
            .map_err(|_| "the branches")?;
        if !there.contains_key(&branch) {
            let commit: CommitId = embargod_repo::orphan(project.clone.path()).map_err(|_| "the commit")?;
            let update = RefUpdate {
                branch: branch.clone(),
                from: None,
                to: Some(commit),
            };
            push(project.clone.path(), &remote, &[update])
                .await
                .map_err(|_| "the push")?;
        }
        project
            .mirror
            .set_default_branch(&branch)
            .await
            .map_err(|_| "the setting")
    };
    if let Err(step) = done.await {
        tracing::warn!(
            project = project.name,
            step,
            "the mirror's default branch could not be made the bot's own"
        );
    }
}

//! What follows the push: only forward, each step with its receipt, the rest retried until it is done.

use embargod_advisory::{Advisory, PublishedBranch, announcement, release_notes};
use embargod_core::case::{Case, Cve, Event};
use embargod_core::publication::{Plan, Step, next_steps};
use embargod_forge::{AdvisoryText, Class, ReleaseNotes, Thread};
use embargod_repo::{RefUpdate, is_ancestor, patches, push, remote_branches};
use embargod_store::StoreError;

use super::followers::follow;
use super::published;
use crate::mail::{Body, MailError, Outgoing};
use crate::project::Project;
use crate::reconcile::{Journal, Look, PassError, Reconciler, facts, show_end, tell};

/// How a step went.
pub(super) enum Outcome {
    Done(String),
    /// Later, by itself.
    Later,
    /// A person must look.
    Stuck(&'static str),
}

/// Takes the steps that can be taken now.
pub(crate) async fn aftermath(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
) -> Result<Look, PassError> {
    let Some(publication) = journal.case.publication.clone() else {
        return Ok(Look::Quiet(None));
    };
    let receipts = publication.receipts.keys().cloned().collect();
    let (mut progress, mut failure) = (false, None);
    for step in next_steps(&project.wanted, &receipts) {
        if publication.stuck.contains_key(&step) {
            continue;
        }
        // One step that fails holds up none that does not need it.
        let outcome = match take(reconciler, project, journal, &step).await {
            Ok(outcome) => outcome,
            Err(PassError::Forge(error)) if matches!(error.class, Class::Permanent | Class::NotFound) => {
                Outcome::Stuck("the forge refuses it: look at the App's permissions, then `embargod effect retry`")
            }
            Err(error) => {
                failure = Some(error);
                continue;
            }
        };
        let now = reconciler.clock.now();
        match outcome {
            Outcome::Done(detail) => {
                journal
                    .record(vec![Event::StepTaken { step, at: now, detail }], now)
                    .await?;
                progress = true;
            }
            Outcome::Later => {}
            Outcome::Stuck(because) => {
                tracing::error!(case = %journal.case.id, because, "a step waits for a person");
                let text = format!("A step after the publication waits for a person at the server: {because}.");
                tell(
                    project,
                    Thread::Issue(journal.case.issue),
                    &format!("stuck:{}", name(&step)),
                    &text,
                )
                .await?;
                journal
                    .record(
                        vec![Event::StepStuck {
                            step,
                            because: because.to_owned(),
                        }],
                        now,
                    )
                    .await?;
                progress = true;
            }
        }
    }
    let now = reconciler.clock.now();
    // The last observation stands; what the events tell is newer.
    if progress && let Some(body) = reconciler.store.snapshot(journal.case.id).await? {
        let mut whole: serde_json::Value = serde_json::from_str(&body).map_err(|_| StoreError::Damaged)?;
        let fresh = facts(&project.name, &project.wanted, &journal.case);
        for key in ["state", "approval", "publication", "embargo", "cve"] {
            whole[key] = fresh[key].clone();
        }
        reconciler
            .store
            .put_snapshot(journal.case.id, &whole.to_string(), now)
            .await?;
    }
    match (progress, failure) {
        (true, _) => Ok(Look::Again),
        (false, Some(error)) => Err(error),
        (false, None) => Ok(Look::Quiet(None)),
    }
}

/// The name of a step without anything of the case.
fn name(step: &Step) -> String {
    match step {
        Step::Announce { list } => format!("announce-{}", list.replace(['<', '>'], "")),
        other => format!("{other:?}").to_lowercase(),
    }
}

async fn take(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    step: &Step,
) -> Result<Outcome, PassError> {
    match step {
        // Its receipt is what brought us here.
        Step::Push => Ok(Outcome::Later),
        Step::Advisory => publish_advisory(project, journal).await,
        Step::StartPipelines => start_pipelines(project, journal).await,
        Step::Announce { list } => announce(reconciler, project, journal, list).await,
        Step::FollowInMirror => follow_in_mirror(project, journal).await,
        Step::Comment => {
            let text = match &journal.case.draft {
                Some(draft) => format!("Published: every branch at once. The advisory: {}", draft.url),
                None => "Published: every branch at once.".to_owned(),
            };
            tell(project, Thread::Issue(journal.case.issue), "published", &text).await?;
            show_end(project, &journal.case, &text).await?;
            Ok(Outcome::Done("on the issue".to_owned()))
        }
        Step::CloseIssue => {
            project.desk.set_issue_open(journal.case.issue, false).await?;
            Ok(Outcome::Done("closed".to_owned()))
        }
        Step::DeleteSecurityBranches => delete_branches(project, journal).await,
        Step::Follow { repository } => follow(project, journal, repository).await,
        Step::ReleaseNotes => publish_release(project, journal).await,
        Step::ShowIssue => {
            project.desk.set_confidential(journal.case.issue, false).await?;
            Ok(Outcome::Done("shown to everybody".to_owned()))
        }
    }
}

/// The advisory as it was approved.
fn approved(journal: &Journal) -> Result<Advisory, PassError> {
    let plan = journal
        .case
        .publication
        .as_ref()
        .map(|publication| publication.plan.advisory.as_str());
    serde_json::from_str(plan.unwrap_or_default()).map_err(|_| StoreError::Damaged.into())
}

fn cve(journal: &Journal) -> Option<&str> {
    match &journal.case.cve {
        Some(Cve::Id(id)) => Some(id),
        _ => None,
    }
}

async fn publish_advisory(project: &Project, journal: &Journal) -> Result<Outcome, PassError> {
    if !project.public.has_advisories() {
        return Ok(Outcome::Done("none: the forge has no advisories".to_owned()));
    }
    let Some(draft) = &journal.case.draft else {
        return Ok(Outcome::Stuck("there is no draft advisory: publish it by hand"));
    };
    let known = project.public.advisory(&draft.id).await?;
    if !known.published {
        let text = advisory_text(project, &approved(journal)?, cve(journal));
        project.public.publish_advisory(&draft.id, &text).await?;
    }
    Ok(Outcome::Done(draft.id.clone()))
}

/// A forge may start fewer pipelines than a large push has branches. Every branch is tried before the first failure is told.
async fn start_pipelines(project: &Project, journal: &Journal) -> Result<Outcome, PassError> {
    let Some(publication) = &journal.case.publication else {
        return Ok(Outcome::Later);
    };
    let (mut branches, mut failure) = (0, None);
    for (branch, _, to) in published(&publication.plan) {
        branches += 1;
        failure = failure.or(project.public.start_pipeline(branch, to).await.err());
    }
    failure.map_or_else(
        || Ok(Outcome::Done(format!("{branches} branches"))),
        |error| Err(error.into()),
    )
}

/// The advisory in the forge's form.
pub(crate) fn advisory_text(project: &Project, facts: &Advisory, cve: Option<&str>) -> AdvisoryText {
    let sections = [("Impact", &facts.impact), ("Workarounds", &facts.workaround)];
    let extra: String = sections
        .iter()
        .filter_map(|(title, text)| text.as_ref().map(|text| format!("\n\n### {title}\n\n{text}")))
        .collect();
    AdvisoryText {
        summary: facts.summary.trim().to_owned(),
        description: format!("{}{extra}", facts.description),
        severity: facts
            .severity
            .map(|severity| severity.name().to_owned())
            .filter(|_| facts.cvss.is_none()),
        cvss: facts.cvss.clone(),
        cwes: facts.cwe.clone(),
        cve: cve.map(str::to_owned),
        ecosystem: project.advisory.ecosystem.clone(),
        package: project.advisory.package.clone(),
    }
}

/// The branches with the commits that fix the flaw there.
fn published_branches(project: &Project, case: &Case, plan: &Plan) -> Result<Vec<PublishedBranch>, PassError> {
    let mut branches = Vec::new();
    // What was public before is named too: it is the fix there.
    if let Some(commits) = case.public_fix() {
        branches.push(PublishedBranch {
            name: project.main().to_string(),
            commits: commits.iter().map(ToString::to_string).collect(),
        });
    }
    for (branch, from, to) in published(plan) {
        let commits = patches(project.clone.path(), from, to)?;
        branches.push(PublishedBranch {
            name: branch.to_string(),
            commits: commits.into_iter().map(|(commit, _)| commit.to_string()).collect(),
        });
    }
    Ok(branches)
}

/// The advisory as notes of a release on what main became, or on the first branch where main did not move.
async fn publish_release(project: &Project, journal: &Journal) -> Result<Outcome, PassError> {
    let (Some(publication), Some(tag)) = (&journal.case.publication, &project.advisory.release_tag) else {
        return Ok(Outcome::Later);
    };
    let moves = &publication.plan.moves;
    let Some(step) = moves.get(project.main()).or_else(|| moves.values().next()) else {
        return Ok(Outcome::Done("nothing moved".to_owned()));
    };
    let facts = approved(journal)?;
    let branches = published_branches(project, &journal.case, &publication.plan)?;
    let notes = ReleaseNotes {
        tag: tag.replace("{case}", &journal.case.id.to_string()),
        commit: step.to.clone(),
        name: facts.summary.trim().to_owned(),
        description: release_notes(&facts, cve(journal), &branches),
    };
    project.public.publish_release(&notes).await?;
    Ok(Outcome::Done(notes.tag))
}

async fn announce(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    list: &str,
) -> Result<Outcome, PassError> {
    let Some(publication) = journal.case.publication.clone() else {
        return Ok(Outcome::Later);
    };
    if publication.started.contains(list) {
        return Ok(Outcome::Stuck(
            "whether a mail was sent is unknown: look at the list's archive, then `embargod effect done` or `effect retry`",
        ));
    }
    let Some(mailer) = &reconciler.mailer else {
        return Ok(Outcome::Stuck("there is no [smtp] in the configuration"));
    };
    if !mailer.answers().await {
        tracing::warn!(case = %journal.case.id, "the mail server does not answer; the mail waits");
        return Ok(Outcome::Later);
    }
    let branches = published_branches(project, &journal.case, &publication.plan)?;
    let url = journal.case.draft.as_ref().map(|draft| draft.url.as_str());
    let (subject, body) = announcement(&project.name, &approved(journal)?, cve(journal), &branches, url);
    let now = reconciler.clock.now();
    let id = format!(
        "{}.{}",
        journal.case.id,
        project
            .wanted
            .lists
            .iter()
            .position(|known| known == list)
            .unwrap_or_default()
    );
    journal
        .record(vec![Event::MailStarted { list: list.to_owned() }], now)
        .await?;
    let mail = Outgoing {
        id: &id,
        from: None,
        to: &[list.to_owned()],
        subject: &subject,
        references: &[],
        automatic: false,
        body: Body::Text(body),
    };
    match mailer.send(mail, now).await {
        Ok(()) => Ok(Outcome::Done(list.to_owned())),
        Err(MailError::Deferred) => {
            journal
                .record(vec![Event::MailDeferred { list: list.to_owned() }], now)
                .await?;
            Ok(Outcome::Later)
        }
        Err(MailError::Unknown) => Ok(Outcome::Stuck(
            "whether a mail was sent is unknown: look at the list's archive, then `embargod effect done` or `effect retry`",
        )),
        Err(_) => Ok(Outcome::Stuck(
            "the mail server refused a mail: look at [smtp], then `embargod effect retry`",
        )),
    }
}

/// The mirror's branches get what is public, so that the pull requests show as merged.
async fn follow_in_mirror(project: &Project, journal: &Journal) -> Result<Outcome, PassError> {
    let Some(publication) = &journal.case.publication else {
        return Ok(Outcome::Later);
    };
    let clone = project.clone.path();
    let remote = project.mirror_remote().await?;
    let there = remote_branches(clone, &remote).await?;
    let mut updates = Vec::new();
    for (branch, _, to) in published(&publication.plan) {
        let tip = there.get(branch);
        let done = match tip {
            // A tip that the clone does not have yet is one that went on from here; the next fetch brings it.
            Some(tip) => is_ancestor(clone, to, tip).await.unwrap_or(false),
            None => false,
        };
        if !done {
            updates.push(RefUpdate {
                branch: branch.clone(),
                from: tip.cloned(),
                to: Some(to.clone()),
            });
        }
    }
    match push(clone, &remote, &updates).await? {
        embargod_repo::PushOutcome::Done => Ok(Outcome::Done("the mirror's branches".to_owned())),
        _ => Ok(Outcome::Later),
    }
}

async fn delete_branches(project: &Project, journal: &Journal) -> Result<Outcome, PassError> {
    let remote = project.mirror_remote().await?;
    let there = remote_branches(project.clone.path(), &remote).await?;
    let mut updates = Vec::new();
    for target in &journal.case.targets {
        let branch = journal.case.id.security_branch(target);
        if let Some(head) = there.get(&branch) {
            // What somebody pushed after the publication is kept; what the clone does not have stays where it is.
            if journal.case.memory.heads.get(target) == Some(head) {
                updates.push(RefUpdate {
                    branch,
                    from: Some(head.clone()),
                    to: None,
                });
            }
        }
    }
    match push(project.clone.path(), &remote, &updates).await? {
        embargod_repo::PushOutcome::Done => Ok(Outcome::Done(format!("{} branches", updates.len()))),
        _ => Ok(Outcome::Later),
    }
}

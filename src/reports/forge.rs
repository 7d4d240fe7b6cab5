//! Reports on the forge of the public repository: private vulnerability reports (GitHub), confidential issues that people
//! outside wrote (GitLab). They take the same path as mails.

use std::collections::BTreeSet;

use embargod_core::case::{Case, Event, Source};
use embargod_forge::{Access, PrivateReport, Thread};

use super::receive::reserve;
use super::words;
use crate::project::Project;
use crate::reconcile::{Journal, PassError, Reconciler, bodies, own_issue, said, tell};
use crate::texts::marked;

/// Takes in what people outside reported on the forge.
pub(crate) async fn take_in(reconciler: &Reconciler, project: &Project) -> Result<(), PassError> {
    let reports = match project.public.private_reports().await {
        // A repository without such reports has none.
        Err(error) if error.is_not_found() => return Ok(()),
        reports => reports?,
    };
    if reports.is_empty() {
        return Ok(());
    }
    let known = known(reconciler, project).await?;
    for report in reports {
        let Some(source) = source(project, &report) else {
            continue;
        };
        if known.contains(&report.id) || !is_from_outside(project, &report).await? {
            continue;
        }
        let issue = hold(project, &report, &source).await?;
        let now = reconciler.clock.now();
        let id = reserve(reconciler, project, issue, now).await?;
        // An issue of the team's own desk may be a case already.
        if Journal::open(&reconciler.store, id).await?.is_none() {
            let reported = Event::Reported { at: now, issue, source };
            reconciler.store.append(id, 0, &bodies(&[reported])?, now).await?;
        }
    }
    Ok(())
}

fn source(project: &Project, report: &PrivateReport) -> Option<Source> {
    match project.public.hides_issues() {
        false => Some(Source::Advisory {
            id: report.id.clone(),
            url: report.url.clone(),
        }),
        true => {
            let number = report.id.parse().ok()?;
            Some(Source::Issue { number })
        }
    }
}

/// The reports that have a case.
async fn known(reconciler: &Reconciler, project: &Project) -> Result<BTreeSet<String>, PassError> {
    let mut known = BTreeSet::new();
    for stored in reconciler.store.cases().await? {
        if stored.project != project.name {
            continue;
        }
        let journal = Journal::open(&reconciler.store, stored.id).await?;
        match journal
            .and_then(|journal| journal.case.report)
            .map(|report| report.source)
        {
            Some(Source::Advisory { id, .. }) => known.extend([id]),
            Some(Source::Issue { number }) => known.extend([number.to_string()]),
            Some(Source::Mail) | None => {}
        }
    }
    Ok(known)
}

/// A confidential issue of somebody with a role in the project, or who sees the mirror, is the project's own business.
async fn is_from_outside(project: &Project, report: &PrivateReport) -> Result<bool, PassError> {
    if !project.public.hides_issues() {
        return Ok(true);
    }
    match &report.author {
        Some(author) if *author == project.public.bot().await? => Ok(false),
        Some(author) => {
            let member = project.public.access(author).await? == Access::Yes;
            Ok(!member && project.mirror.access(author).await? != Access::Yes)
        }
        None => Ok(true),
    }
}

/// The private issue of a report.
async fn hold(project: &Project, report: &PrivateReport, source: &Source) -> Result<u64, PassError> {
    let key = format!("report:{}", report.id);
    let text = words::forge_report(report, source, &project.label);
    if let (Source::Issue { number }, true) = (source, project.has_public_desk()) {
        project.desk.set_label(*number, &project.moderation, true).await?;
        tell(project, Thread::Issue(*number), &key, &text).await?;
        return Ok(*number);
    }
    let title = words::title("Report", &report.title);
    let text = format!("{text}\n{}", words::quoted(&report.description));
    own_issue(project, &project.moderation, &key, &title, &text).await
}

/// Brings what the reporter wrote on their own issue to the private one.
pub(crate) async fn follow(project: &Project, case: &Case) -> Result<(), PassError> {
    let Some(Source::Issue { number }) = case.report.as_ref().map(|report| &report.source) else {
        return Ok(());
    };
    if project.has_public_desk() {
        return Ok(());
    }
    let theirs = project.public.comments(Thread::Issue(*number)).await?;
    let (public_bot, bot) = (project.public.bot().await?, project.desk.bot().await?);
    let thread = Thread::Issue(case.issue);
    let ours = project.desk.comments(thread).await?;
    for comment in theirs.iter().filter(|comment| comment.author != public_bot) {
        let key = format!("note:{}", comment.id);
        if !said(&ours, &bot, &key) {
            let text = marked(&key, &words::note(comment));
            project.desk.create_comment(thread, &text).await?;
        }
    }
    Ok(())
}

//! Cases that belong together: what ended in another is taken over there, and what was split off gets its issue and case.

use embargod_core::CaseId;
use embargod_core::case::{Case, Event, Source};
use embargod_forge::Thread;

use super::comments::{own_issue, tell};
use super::journal::bodies;
use super::{Journal, Look, PassError, Reconciler};
use crate::project::Project;
use crate::reports::reserve;
use crate::texts::fenced;

/// A case that a command ended: the label goes, the issue is closed, and the other case takes what is its.
pub(super) async fn ended(reconciler: &Reconciler, project: &Project, case: &Case) -> Result<(), PassError> {
    let Some(because) = &case.closed_because else {
        return Ok(());
    };
    let key = format!("ended:{}", case.id);
    if reconciler.store.marked(&key).await? {
        return Ok(());
    }
    if let Some(into) = case.merged_into {
        take_over(reconciler, project, case, into).await?;
    }
    for label in [&project.label, &project.moderation] {
        project.desk.set_label(case.issue, label, false).await?;
    }
    let text = format!(
        "The case is closed, because {}. Its branches and the draft are kept; the label opens a new case.",
        embargod_core::escape::inert(because)
    );
    tell(project, Thread::Issue(case.issue), "ended", &text).await?;
    project.desk.set_issue_open(case.issue, false).await?;
    reconciler.store.mark(&key, reconciler.clock.now()).await?;
    Ok(())
}

async fn take_over(reconciler: &Reconciler, project: &Project, case: &Case, into: CaseId) -> Result<(), PassError> {
    let Some(mut other) = Journal::open(&reconciler.store, into).await? else {
        return Ok(());
    };
    if other.case.merged.contains(&case.id) {
        return Ok(());
    }
    let now = reconciler.clock.now();
    let before = other.case.embargo.ends_at();
    let events = other.case.take_over(case, &project.policy, now);
    other.record(events, now).await?;
    let date = match (before, other.case.embargo.ends_at()) {
        (before, Some(end)) if before != Some(end) => format!(" **The embargo ends earlier now, at {end}.**"),
        _ => String::new(),
    };
    let text = format!(
        "Case {} was a duplicate and ended here.{date} Replies go to its reporters, too.",
        case.id
    );
    tell(
        project,
        Thread::Issue(other.case.issue),
        &format!("merged:{}", case.id),
        &text,
    )
    .await
}

/// Gives every part that was split off its issue and its case. True: something is on record that was not before.
pub(crate) async fn split(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
) -> Result<bool, PassError> {
    let waiting = journal.case.splits.iter().filter(|(_, split)| split.issue.is_none());
    let waiting: Vec<_> = waiting
        .map(|(number, split)| (*number, split.because.clone()))
        .collect();
    for (number, because) in &waiting {
        let issue = issue(project, &journal.case, *number, because).await?;
        let now = reconciler.clock.now();
        let id = reserve(reconciler, project, issue, now).await?;
        if Journal::open(&reconciler.store, id).await?.is_none() {
            let report = journal.case.report.clone();
            let source = report.as_ref().map_or(Source::Mail, |report| report.source.clone());
            let events = [
                Event::Reported { at: now, issue, source },
                Event::SplitFrom {
                    case: journal.case.id,
                    report,
                },
            ];
            reconciler.store.append(id, 0, &bodies(&events)?, now).await?;
        }
        let done = Event::SplitDone { number: *number, issue };
        journal.record(vec![done], now).await?;
        let text = format!(
            "The second issue is {}; the label `{}` there opens its case.",
            issue, project.label
        );
        tell(
            project,
            Thread::Issue(journal.case.issue),
            &format!("split:{number}"),
            &text,
        )
        .await?;
    }
    Ok(!waiting.is_empty())
}

/// The issue of a part.
async fn issue(project: &Project, case: &Case, number: u32, because: &str) -> Result<u64, PassError> {
    let key = format!("split:{}:{number}", case.id);
    let origin = project.desk.issue(case.issue).await?;
    let text = format!(
        "A part of case {}, because {}. Change title and description to what is meant; the label `{}` opens the case.\n\n\
         What the other issue said:\n\n{}\n",
        case.id,
        embargod_core::escape::inert(because),
        project.label,
        fenced(&origin.body.chars().take(40_000).collect::<String>())
    );
    let title = format!("Second part of case {}", case.id);
    own_issue(project, &project.moderation, &key, &title, &text).await
}

/// A look at a case that has ended.
pub(super) async fn look_at_ended(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
) -> Result<Look, PassError> {
    ended(reconciler, project, &journal.case).await?;
    super::opening::tidy(reconciler, project, &journal.case).await
}

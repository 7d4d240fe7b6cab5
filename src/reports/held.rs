//! A report that nobody has opened a case for: its comments are heard, and what moderators decide is shown.

use embargod_core::case::{CaseView, Moderation, Source};
use embargod_forge::Thread;

use super::{forge, letters};
use crate::project::Project;
use crate::reconcile::{Heard, Journal, Look, PassError, Reconciler, answer, facts, handle};

/// How long a rejected report is still listened to: spam must not cost requests for ever.
const HEARD: jiff::SignedDuration = jiff::SignedDuration::from_hours(30 * 24);

/// Brings a report to where it should be.
pub(crate) async fn look(reconciler: &Reconciler, project: &Project, journal: &mut Journal) -> Result<Look, PassError> {
    if let Some(Moderation::Rejected { at, .. }) = journal.case.report.as_ref().map(|report| &report.moderation)
        && at.checked_add(HEARD).is_ok_and(|end| end < reconciler.clock.now())
    {
        return Ok(Look::Quiet(None));
    }
    let thread = Thread::Issue(journal.case.issue);
    let heard = Heard {
        comments: project.desk.comments(thread).await?,
        bot: project.desk.bot().await?,
    };
    let view = CaseView::empty(project.main().clone());
    if handle(reconciler, project, journal, &heard, &view).await? {
        return Ok(Look::Again);
    }
    answer(project, &journal.case, &heard).await?;
    show(reconciler, project, journal).await?;
    forge::follow(project, &journal.case).await?;
    if letters::send(reconciler, project, journal).await? {
        return Ok(Look::Again);
    }
    let snapshot = facts(&project.name, &project.wanted, &journal.case).to_string();
    let now = reconciler.clock.now();
    reconciler.store.put_snapshot(journal.case.id, &snapshot, now).await?;
    Ok(Look::Quiet(None))
}

/// The label says that somebody must look; a rejected report is closed, once, and an accepted one opened again.
async fn show(reconciler: &Reconciler, project: &Project, journal: &Journal) -> Result<(), PassError> {
    let Some(report) = &journal.case.report else {
        return Ok(());
    };
    let (key, open) = match &report.moderation {
        Moderation::Held => return Ok(()),
        Moderation::Accepted { at, .. } => (format!("accepted:{}:{at}", journal.case.id), true),
        Moderation::Rejected { at, .. } => (format!("rejected:{}:{at}", journal.case.id), false),
    };
    if reconciler.store.marked(&key).await? {
        return Ok(());
    }
    let number = journal.case.issue;
    project.desk.set_label(number, &project.moderation, false).await?;
    if project.desk.issue(number).await?.open != open {
        project.desk.set_issue_open(number, open).await?;
    }
    let there = match &report.source {
        Source::Advisory { id, .. } => Some(id.clone()),
        Source::Issue { number } if !project.has_public_desk() => Some(number.to_string()),
        _ => None,
    };
    if let (Some(id), false) = (there, open) {
        project.public.settle_private_report(&id, false).await?;
    }
    reconciler.store.mark(&key, reconciler.clock.now()).await?;
    Ok(())
}

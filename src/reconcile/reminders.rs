//! What people are told because time passes: that the end comes near, that it has come and the gate is closed, and that a
//! proposal found no agreement.

use embargod_core::case::{Case, lapse};
use embargod_core::gate::Gate;
use embargod_core::reminders;
use embargod_forge::Thread;
use jiff::{SignedDuration, Timestamp};

use super::comments::{said, tell};
use super::{Journal, Observation, PassError};
use crate::project::Project;
use crate::texts::{self, marked};

/// Ends a proposal whose time for answers is over. True: it was ended.
pub(super) async fn lapsed(project: &Project, journal: &mut Journal, now: Timestamp) -> Result<bool, PassError> {
    let events = lapse(&journal.case, now);
    let Some(proposal) = journal.case.proposal.clone().filter(|_| !events.is_empty()) else {
        return Ok(false);
    };
    let thread = Thread::Issue(journal.case.issue);
    let key = format!("proposal:{}", proposal.until);
    tell(project, thread, &key, &texts::lapsed(&proposal)).await?;
    journal.record(events, now).await?;
    Ok(true)
}

/// Says once that the end comes near, and once that it has come, each with what still closes the gate.
pub(super) async fn remind(
    project: &Project,
    case: &Case,
    seen: &Observation,
    gate: &Gate,
    now: Timestamp,
) -> Result<(), PassError> {
    let Some(end) = case.embargo.ends_at() else {
        return Ok(());
    };
    let (key, text) = match reminders::due(end, now) {
        Some(words) => (format!("reminder:{end}:{words}"), texts::reminder(words, end, gate)),
        None if end <= now && !gate.open => (format!("ended:{end}"), texts::ended(end, gate)),
        None => return Ok(()),
    };
    if !said(&seen.heard.comments, &seen.heard.bot, &key) {
        let thread = Thread::Issue(case.issue);
        project.desk.create_comment(thread, &marked(&key, &text)).await?;
    }
    Ok(())
}

/// The next instant at which something is due by itself.
pub(super) fn next(case: &Case, now: Timestamp) -> Option<Timestamp> {
    // A moment later than the last instant at which an answer counts.
    let answers = case.proposal.as_ref();
    let answers = answers.and_then(|proposal| proposal.until.checked_add(SignedDuration::from_millis(1)).ok());
    let end = case.embargo.ends_at().filter(|end| *end > now);
    let reminder = end.and_then(|end| reminders::next(end, now));
    [answers, end, reminder]
        .into_iter()
        .flatten()
        .filter(|at| *at > now)
        .min()
}

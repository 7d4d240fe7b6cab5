//! Mails from the inbox become reports, or go on with one.

use std::sync::Arc;

use embargod_core::CaseId;
use embargod_core::case::{Automatic, Case, Event, Received, Source};
use embargod_forge::Thread;
use embargod_mail::{Limits, read};
use embargod_store::StoredDelivery;
use jiff::{SignedDuration, Timestamp};

use super::{files, words};
use crate::project::{Letterbox, Project};
use crate::reconcile::{Journal, PassError, Reconciler, bodies, own_issue, tell};
use crate::roster;

/// How many mails are looked at in one pass: mails are large, and the next pass goes on.
const BATCH: u32 = 5;
/// Among how many that wait these are looked for.
const WAITING: u32 = 50;
/// How much of a delivery's digest names it on the forge and on disk.
const SHORT: usize = 16;

/// Takes in mails that wait; whether there may be more. Each is finished only when it is on the forge and on record; one that
/// fails holds up no other, and is tried again.
pub(crate) async fn take_in(reconciler: &Reconciler, project: &Project) -> Result<bool, PassError> {
    let Some(letterbox) = &project.letterbox else {
        return Ok(false);
    };
    let waiting = reconciler
        .store
        .pending_from(&letterbox.mailbox.connection, WAITING)
        .await?;
    let (mut taken, mut failure) = (0, None);
    for id in waiting {
        if taken == BATCH {
            break;
        }
        let Some(stored) = reconciler.store.delivery(id).await? else {
            continue;
        };
        match take(reconciler, project, letterbox, stored).await {
            Ok(()) => {
                reconciler.store.finish_delivery(id, reconciler.clock.now()).await?;
                taken += 1;
            }
            Err(error) => {
                tracing::error!(project = project.name, %error, "a mail could not be taken in; it is tried again");
                failure = failure.or(Some(error));
            }
        }
    }
    failure.map_or(Ok(taken > 0), Err)
}

async fn take(
    reconciler: &Reconciler,
    project: &Project,
    letterbox: &Letterbox,
    stored: StoredDelivery,
) -> Result<(), PassError> {
    let delivery = &stored.delivery;
    let short = delivery
        .delivery_id
        .get(..SHORT)
        .unwrap_or(&delivery.delivery_id)
        .to_owned();
    let at = delivery.received_at;
    let (own, key) = (letterbox.own.clone(), letterbox.key.as_ref().map(Arc::clone));
    let (cut, raw) = (delivery.event == "beginning", delivery.body.clone());
    // A large mail takes a moment: not on a thread that others wait for.
    let read = tokio::task::spawn_blocking(move || {
        let limits = Limits::default();
        let mut mail = read(&raw, &own, &limits);
        mail.decrypt(&raw, key.as_deref(), &limits);
        if mail.encrypted {
            // What came encrypted is kept encrypted.
            mail.keep_only(raw);
        }
        if cut {
            mail.remarks
                .push("it is longer than is taken: this is its beginning, and the whole is in the mailbox".to_owned());
        }
        mail
    });
    let mail = read.await.map_err(|_| PassError::Interrupted)?;
    let received = Received {
        delivery: delivery.delivery_id.clone(),
        message_id: mail.message_id.clone(),
        references: mail.references.clone(),
        from: mail.answer_to.clone(),
        subject: mail.subject.clone(),
        at,
        automatic: mail.automatic,
    };
    if roster::answered(reconciler, project, &delivery.delivery_id, &mail).await? {
        return Ok(());
    }
    let (thread, answered) = find(reconciler, project, &received).await?;
    match thread {
        Some((_, true)) => return Ok(()),
        None if mail.automatic == Some(Automatic::Own) => {
            tracing::info!(
                project = project.name,
                "a mail in the mailbox is the project's own, and is left there"
            );
            return Ok(());
        }
        _ => {}
    }
    let folder = format!("reports/{short}");
    let (place, attachments) = (letterbox.files.join(&short), mail.attachments.clone());
    let kept = tokio::task::spawn_blocking(move || files::keep(&place, &attachments));
    let kept = kept
        .await
        .map_err(|_| PassError::Interrupted)?
        .map_err(PassError::Files)?;
    match thread {
        Some((mut journal, _)) => {
            let report = journal.case.report.as_ref();
            let known = report.is_none_or(|report| mail.answer_to.as_deref().is_some_and(|from| report.knows(from)));
            let text = words::answer(&mail, &kept, &folder, known, at);
            tell(
                project,
                Thread::Issue(journal.case.issue),
                &format!("mail:{short}"),
                &text,
            )
            .await?;
            let returned = letter_of(&journal.case, &received).filter(|_| mail.automatic == Some(Automatic::Bounce));
            let mut events: Vec<_> = returned.map(|id| Event::LetterReturned { id }).into_iter().collect();
            events.push(Event::LetterReceived { mail: received });
            journal.record(events, reconciler.clock.now()).await
        }
        None => {
            let text = words::report(&mail, &kept, &folder, &project.label, at);
            let key = format!("report:{short}");
            let title = words::title("Report by mail", &mail.subject);
            let issue = own_issue(project, &project.moderation, &key, &title, &text).await?;
            begin(reconciler, project, issue, received, answered).await
        }
    }
}

async fn begin(
    reconciler: &Reconciler,
    project: &Project,
    issue: u64,
    mail: Received,
    answered: usize,
) -> Result<(), PassError> {
    let now = reconciler.clock.now();
    let id = reserve(reconciler, project, issue, now).await?;
    let source = Source::Mail;
    let mut events = vec![
        Event::Reported { at: now, issue, source },
        Event::LetterReceived { mail: mail.clone() },
    ];
    let held = Case::of(id, events.clone());
    events.extend(held.and_then(|case| case.holding_answer(&mail, &project.name, answered)));
    reconciler.store.append(id, 0, &bodies(&events)?, now).await?;
    Ok(())
}

/// The number of a report's case; after a crash the one that was taken before it.
pub(crate) async fn reserve(
    reconciler: &Reconciler,
    project: &Project,
    issue: u64,
    now: Timestamp,
) -> Result<CaseId, PassError> {
    let number = i64::try_from(issue).unwrap_or(i64::MAX);
    match reconciler.store.latest_case(&project.name, number).await? {
        Some(id) => Ok(id),
        None => Ok(reconciler.store.open_case(&project.name, number, now).await?),
    }
}

/// The letter of a case that a mail answers, or tells the return of.
fn letter_of(case: &Case, mail: &Received) -> Option<String> {
    let local = |id: &String| id.split('@').next().unwrap_or_default().to_owned();
    mail.references
        .iter()
        .map(local)
        .find(|id| case.letters.contains_key(id))
}

/// The case that a mail belongs to and whether it has it already, and how many mails its sender was answered by itself with
/// in the last day.
async fn find(
    reconciler: &Reconciler,
    project: &Project,
    mail: &Received,
) -> Result<(Option<(Journal, bool)>, usize), PassError> {
    let day = mail
        .at
        .checked_sub(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::MIN);
    let (mut found, mut answered) = (None, 0);
    for stored in reconciler.store.cases().await? {
        if stored.project != project.name {
            continue;
        }
        let Some(journal) = Journal::open(&reconciler.store, stored.id).await? else {
            continue;
        };
        let to_sender = |to: &String| mail.from.as_ref().is_some_and(|from| from.eq_ignore_ascii_case(to));
        if journal.case.opened_at > day {
            let letters = journal.case.letters.values();
            answered += letters
                .filter(|letter| letter.automatic && letter.to.iter().any(to_sender))
                .count();
        }
        let report = journal.case.report.as_ref();
        let has = report.is_some_and(|report| {
            report.deliveries.contains(&mail.delivery)
                || mail.message_id.as_ref().is_some_and(|id| report.messages.contains(id))
        });
        let belongs =
            report.is_some_and(|report| report.continued_by(mail)) || letter_of(&journal.case, mail).is_some();
        if has || belongs {
            found = Some((journal, has));
        }
    }
    Ok((found, answered))
}

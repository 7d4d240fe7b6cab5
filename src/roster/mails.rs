//! The terms by mail, and what comes back.

use embargod_core::case::Delivery;
use embargod_core::roster::{Event, answered_by_mail};
use embargod_forge::Thread;
use embargod_mail::Incoming;

use super::Ledger;
use crate::project::Project;
use crate::reconcile::{PassError, Reconciler, tell};
use crate::reports::{HandedOver, hand_over};

/// Sends what waits, each at most once.
pub(super) async fn send(reconciler: &Reconciler, project: &Project, ledger: &mut Ledger) -> Result<(), PassError> {
    for (id, (_, letter)) in ledger.roster.letters.clone() {
        if !matches!(letter.delivery, Delivery::Waiting | Delivery::Started) {
            continue;
        }
        let moved = |delivery| {
            let id = id.clone();
            vec![Event::LetterMoved { id, delivery }]
        };
        let now = reconciler.clock.now();
        let done = match letter.delivery {
            Delivery::Started => HandedOver::unknown(),
            _ => {
                if !reconciler.mail_leaves().await {
                    continue;
                }
                ledger.record(moved(Delivery::Started), now).await?;
                hand_over(reconciler, project, &id, &letter).await
            }
        };
        let delivery = match done {
            HandedOver::Sent => Delivery::Sent { at: now },
            HandedOver::Later => Delivery::Waiting,
            HandedOver::Stuck(because) => Delivery::Stuck {
                because: because.to_owned(),
            },
        };
        ledger.record(moved(delivery), now).await?;
    }
    Ok(())
}

/// Takes a mail that answers the terms; whether it was one.
pub(crate) async fn answered(
    reconciler: &Reconciler,
    project: &Project,
    delivery: &str,
    mail: &Incoming,
) -> Result<bool, PassError> {
    let (Some(policy), Some(mut ledger)) = (&project.roster, Ledger::open(&reconciler.store, &project.name).await?)
    else {
        return Ok(false);
    };
    let local = |id: &String| id.split('@').next().unwrap_or_default().to_owned();
    let to = mail.references.iter().map(local);
    let found = to
        .filter_map(|id| ledger.roster.letters.get(&id))
        .map(|(name, _)| name.clone())
        .next_back();
    let Some(name) = found else { return Ok(false) };
    if ledger.roster.deliveries.contains(delivery) {
        return Ok(true);
    }
    let now = reconciler.clock.now();
    // What a machine sends, such as word of a holiday, is no consent.
    let done = match mail.automatic {
        Some(_) => None,
        None => answered_by_mail(&mail.text, &name, &ledger.roster, policy, now),
    };
    let mut events = Vec::new();
    let said = match done {
        Some(Ok((new, answer))) => {
            events = new;
            answer
        }
        Some(Err(why)) => format!("not taken: {why}"),
        None => "no answer to the terms in it: a line must say `/embargo consent` or `/embargo decline`".to_owned(),
    };
    let short = delivery.get(..16).unwrap_or(delivery);
    let text = format!(
        "**A mail in answer to the terms for {}**: {said}.\n\n{}\n",
        embargod_core::escape::inert(&name),
        crate::texts::fenced(&mail.text)
    );
    tell(
        project,
        Thread::Issue(ledger.roster.issue),
        &format!("mail:{short}"),
        &text,
    )
    .await?;
    events.push(Event::MailHandled {
        delivery: delivery.to_owned(),
    });
    ledger.record(events, now).await?;
    Ok(true)
}

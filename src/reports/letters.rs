//! Letters leave: each at most once, and what nobody knows of is told.

use embargod_core::case::{Delivery, Event, Letter, Source};
use embargod_forge::Thread;

use crate::mail::{Body, MailError, Outgoing};
use crate::project::Project;
use crate::reconcile::{Journal, PassError, Reconciler, tell};

/// How it went with a letter.
enum Outcome {
    Sent,
    /// Later, by itself.
    Later,
    /// A person must look.
    Stuck(&'static str),
}

const UNKNOWN: &str =
    "whether a mail was sent is unknown: ask its receiver, then `embargod effect done` or `effect retry`";

/// Sends what waits. True: something is on record that was not before.
pub(crate) async fn send(reconciler: &Reconciler, project: &Project, journal: &mut Journal) -> Result<bool, PassError> {
    let waiting: Vec<_> = journal
        .case
        .letters
        .iter()
        .filter(|(_, letter)| matches!(letter.delivery, Delivery::Waiting | Delivery::Started))
        .map(|(id, letter)| (id.clone(), letter.clone()))
        .collect();
    let mut progress = false;
    for (id, letter) in waiting {
        let outcome = match journal.case.report.as_ref().map(|report| report.source.clone()) {
            Some(Source::Issue { number }) => {
                let text = quoted(&letter.text);
                project.public.answer_reporter(number, &id, &text).await?;
                Outcome::Sent
            }
            _ => hand_over(reconciler, project, journal, &id, &letter).await?,
        };
        let at = reconciler.clock.now();
        let event = match outcome {
            Outcome::Later => continue,
            Outcome::Sent => Event::LetterSent { id, at },
            Outcome::Stuck(because) => {
                tracing::error!(case = %journal.case.id, because, "a letter waits for a person");
                let text = format!("A mail to the reporter waits for a person at the server: {because}.");
                let thread = Thread::Issue(journal.case.issue);
                tell(project, thread, &format!("letter:{id}"), &text).await?;
                Event::LetterStuck {
                    id,
                    because: because.to_owned(),
                }
            }
        };
        journal.record(vec![event], at).await?;
        progress = true;
    }
    Ok(progress)
}

async fn hand_over(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    id: &str,
    letter: &Letter,
) -> Result<Outcome, PassError> {
    if letter.delivery == Delivery::Started {
        return Ok(Outcome::Stuck(UNKNOWN));
    }
    let Some(mailer) = &reconciler.mailer else {
        return Ok(Outcome::Stuck("there is no [smtp] in the configuration"));
    };
    if !mailer.answers().await {
        tracing::warn!(case = %journal.case.id, "the mail server does not answer; a letter waits");
        return Ok(Outcome::Later);
    }
    let now = reconciler.clock.now();
    let started = Event::LetterStarted {
        id: id.to_owned(),
        message_id: mailer.message_id(id),
    };
    journal.record(vec![started], now).await?;
    let mail = Outgoing {
        id,
        from: project
            .letterbox
            .as_ref()
            .map(|letterbox| letterbox.own.address.as_str()),
        to: &letter.to,
        subject: &letter.subject,
        references: &letter.references,
        automatic: letter.automatic,
        body: Body::Text(letter.text.clone()),
    };
    match mailer.send(mail, now).await {
        Ok(()) => Ok(Outcome::Sent),
        Err(MailError::Deferred) => {
            journal
                .record(vec![Event::LetterDeferred { id: id.to_owned() }], now)
                .await?;
            Ok(Outcome::Later)
        }
        Err(MailError::Unknown) => Ok(Outcome::Stuck(UNKNOWN)),
        Err(_) => Ok(Outcome::Stuck(
            "the mail server refused a mail: look at the address and at [smtp], then `embargod effect retry`",
        )),
    }
}

/// Text of a person's as a quotation: no line of it is a command to the forge.
fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}

//! Letters leave: each at most once, and what nobody knows of is told.

use embargod_core::case::{Delivery, Event, Letter, Source};
use embargod_forge::Thread;

use crate::mail::{Body, MailError, Outgoing};
use crate::project::Project;
use crate::reconcile::{Journal, PassError, Reconciler, tell};

/// How it went with a letter.
pub(crate) enum HandedOver {
    /// The mail server has it.
    Sent,
    /// Later, by itself.
    Later,
    /// A person must look.
    Stuck(&'static str),
}

impl HandedOver {
    /// It was begun, and nobody knows how it ended.
    pub fn unknown() -> Self {
        Self::Stuck(
            "whether a mail was sent is unknown: ask its receiver, then `embargod effect done` or `effect retry`",
        )
    }
}

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
        let on_forge = match journal.case.report.as_ref().map(|report| &report.source) {
            Some(Source::Issue { number }) if letter.to.is_empty() => Some(*number),
            _ => None,
        };
        let done = match (on_forge, &letter.delivery) {
            (Some(number), _) => {
                let text = quoted(&letter.text);
                project.public.answer_reporter(number, &id, &text).await?;
                HandedOver::Sent
            }
            (None, Delivery::Started) => HandedOver::unknown(),
            (None, _) => {
                if !reconciler.mail_leaves().await {
                    continue;
                }
                let message_id = reconciler
                    .mailer
                    .as_ref()
                    .map_or_else(String::new, |mailer| mailer.message_id(&id));
                let started = Event::LetterStarted {
                    id: id.clone(),
                    message_id,
                };
                journal.record(vec![started], reconciler.clock.now()).await?;
                hand_over(reconciler, project, &id, &letter).await
            }
        };
        let at = reconciler.clock.now();
        let event = match done {
            HandedOver::Sent => Event::LetterSent { id, at },
            HandedOver::Later => Event::LetterDeferred { id },
            HandedOver::Stuck(because) => {
                tracing::error!(case = %journal.case.id, because, "a letter waits for a person");
                let text = format!("A mail waits for a person at the server: {because}.");
                let thread = Thread::Issue(journal.case.issue);
                tell(project, thread, &format!("letter:{id}"), &text).await?;
                Event::LetterStuck {
                    id,
                    because: because.to_owned(),
                }
            }
        };
        progress |= !matches!(event, Event::LetterDeferred { .. });
        journal.record(vec![event], at).await?;
    }
    Ok(progress)
}

/// Hands a letter to the mail server. Whoever calls has written down that it begins.
pub(crate) async fn hand_over(reconciler: &Reconciler, project: &Project, id: &str, letter: &Letter) -> HandedOver {
    let Some(mailer) = &reconciler.mailer else {
        return HandedOver::Stuck("there is no [smtp] in the configuration");
    };
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
        body: match letter.encrypted {
            true => Body::Encrypted(letter.text.clone()),
            false => Body::Text(letter.text.clone()),
        },
    };
    match mailer.send(mail, reconciler.clock.now()).await {
        Ok(()) => HandedOver::Sent,
        Err(MailError::Deferred) => HandedOver::Later,
        Err(MailError::Unknown) => HandedOver::unknown(),
        Err(_) => HandedOver::Stuck(
            "the mail server refused a mail: look at the address and at [smtp], then `embargod effect retry`",
        ),
    }
}

/// Text of a person's as a quotation: no line of it is a command to the forge.
fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}\n")).collect()
}

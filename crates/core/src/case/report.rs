//! A report that came from outside: held until somebody has looked at it, and then talked about with whoever sent it.
//!
//! Whether a mail is answered by itself follows RFC 3834: never what a machine, a list or a crowd was the sender or the
//! receiver of, and never one sender again and again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::letters::Letter;
use super::{Case, Event};
use crate::roles::Person;

/// How many mails of one sender are answered by themselves in a day: more would be a loop of two machines.
pub const MOST_ANSWERS: usize = 4;

/// Where a report came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "kebab-case")]
pub enum Source {
    /// A mail.
    Mail,
    /// A private report on the forge of the public repository.
    Advisory {
        /// The forge's id of it, such as `GHSA-…`.
        id: String,
        /// Where it is read.
        url: String,
    },
    /// A confidential issue that an outsider wrote in the public project.
    Issue {
        /// Its number there.
        number: u64,
    },
}

/// What was decided about a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "moderation", rename_all = "kebab-case")]
pub enum Moderation {
    /// Nobody has looked at it.
    Held,
    /// It is no spam: the security team looks at it.
    Accepted {
        /// The moderator.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It is none.
    Rejected {
        /// The moderator.
        by: String,
        /// Why.
        because: String,
        /// When.
        at: Timestamp,
    },
}

/// Why a mail is not answered by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Automatic {
    /// `Auto-Submitted` says so (RFC 3834), or a header of the mail systems that came before it.
    AutoSubmitted,
    /// It is about a mail that could not be delivered (RFC 3464), or has no sender.
    Bounce,
    /// `Precedence` names many receivers.
    Bulk,
    /// It went over a mailing list (RFC 2369, RFC 2919).
    List,
    /// The bot itself sent it.
    Own,
}

/// A mail as it came, as far as decisions need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Which delivery of the mailbox it was.
    pub delivery: String,
    /// Its `Message-ID`, without the angle brackets.
    pub message_id: Option<String>,
    /// The mails that it answers, the nearest last.
    pub references: Vec<String>,
    /// The address to answer to; none where the mail names none.
    pub from: Option<String>,
    /// Its subject, on one line.
    pub subject: String,
    /// When it came.
    pub at: Timestamp,
    /// Why it is not to be answered by itself.
    pub automatic: Option<Automatic>,
}

/// A report and the talk about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Where it came from.
    pub source: Source,
    /// What was decided about it.
    pub moderation: Moderation,
    /// The addresses of whoever reported it.
    pub reporters: Vec<String>,
    /// The subject of the first mail.
    pub subject: String,
    /// The ids of the mails that belong to it.
    pub messages: BTreeSet<String>,
    /// The deliveries of the mailbox that it took in.
    pub deliveries: BTreeSet<String>,
    /// The mails that an answer continues, the nearest last.
    pub references: Vec<String>,
}

/// How many mails an answer names as those it continues.
const MOST_REFERENCES: usize = 20;

impl Report {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            moderation: Moderation::Held,
            reporters: Vec::new(),
            subject: String::new(),
            messages: BTreeSet::new(),
            deliveries: BTreeSet::new(),
            references: Vec::new(),
        }
    }

    pub(super) fn take(&mut self, mail: &Received) {
        if self.deliveries.is_empty() {
            self.subject.clone_from(&mail.subject);
            self.reporters.extend(mail.from.clone());
        }
        self.deliveries.insert(mail.delivery.clone());
        if let Some(id) = &mail.message_id {
            self.messages.insert(id.clone());
            self.references.push(id.clone());
        }
        let surplus = self.references.len().saturating_sub(MOST_REFERENCES);
        // The first one is kept: by it the reporter's mail program finds the thread.
        self.references.drain(1.min(surplus)..surplus + 1.min(surplus));
    }

    /// Whether somebody is known as a reporter.
    pub fn knows(&self, address: &str) -> bool {
        self.reporters.iter().any(|known| known.eq_ignore_ascii_case(address))
    }

    /// Whether a mail belongs to this report, by the mails that it answers.
    pub fn continued_by(&self, mail: &Received) -> bool {
        mail.references.iter().any(|id| self.messages.contains(id))
    }
}

impl Case {
    /// The answer that a first mail gets by itself, unless it must not have one. `recent`: how many mails its sender got so
    /// in the last day.
    pub fn holding_answer(&self, mail: &Received, project: &str, recent: usize) -> Option<Event> {
        let to = mail.from.clone()?;
        if mail.automatic.is_some() || recent >= MOST_ANSWERS {
            return None;
        }
        let text = format!(
            "Thank you for your mail to the security team of {project}.\n\nIt is held until one of the team's moderators has looked \
             at it; nobody else sees it. If it is a report, the security team will read it, in private, and somebody will \
             answer you. Please do not make it public meanwhile.\n\nWhatever you add in answer to this mail is put beside your \
             first one. Its number is {}.\n\nThis answer was written by a machine.\n",
            self.id
        );
        Some(self.letter(vec![to], text, true))
    }

    pub(super) fn accept(&self, by: &Person, now: Timestamp) -> Result<(Vec<Event>, String), String> {
        let report = self.report()?;
        if let Moderation::Accepted { by, .. } = &report.moderation {
            return Err(format!("{by} has accepted it already"));
        }
        let moderation = Moderation::Accepted {
            by: by.name.clone(),
            at: now,
        };
        let answer = "accepted: the security team looks at it; its label opens a case, and `/embargo reply` writes to the reporter";
        Ok((vec![Event::Moderated { moderation }], answer.into()))
    }

    pub(super) fn reject(&self, by: &Person, because: &str, now: Timestamp) -> Result<(Vec<Event>, String), String> {
        let report = self.report()?;
        if self.is_confirmed() {
            return Err("a case was opened for it: take the label off to close the case".into());
        }
        if matches!(report.moderation, Moderation::Rejected { .. }) {
            return Err("it was rejected already".into());
        }
        let moderation = Moderation::Rejected {
            by: by.name.clone(),
            because: because.to_owned(),
            at: now,
        };
        let answer = "rejected; nobody outside is told. `/embargo accept` takes it up after all";
        Ok((vec![Event::Moderated { moderation }], answer.into()))
    }

    pub(super) fn reply(&self, text: &str) -> Result<(Vec<Event>, String), String> {
        let report = self.report()?;
        if let Source::Advisory { url, .. } = &report.source {
            return Err(format!(
                "this forge lets nobody but people answer such a report: answer at {url}"
            ));
        }
        if report.source == Source::Mail && report.reporters.is_empty() {
            return Err("the report names no address: `/embargo reporter ADDRESS` adds one".into());
        }
        let letter = self.letter(report.reporters.clone(), format!("{}\n", text.trim()), false);
        let answer = match report.reporters.len() {
            0 | 1 => "the reply goes to the reporter".to_owned(),
            more => format!("the reply goes to the {more} reporters"),
        };
        Ok((vec![letter], answer))
    }

    pub(super) fn add_reporter(&self, address: &str) -> Result<(Vec<Event>, String), String> {
        let report = self.report()?;
        if report.source != Source::Mail {
            return Err("this report did not come by mail".into());
        }
        if report.knows(address) {
            return Err("this address is a reporter's already".into());
        }
        let event = Event::ReporterAdded {
            address: address.to_owned(),
        };
        Ok((vec![event], "on record: replies go there too".into()))
    }

    fn report(&self) -> Result<&Report, String> {
        self.report
            .as_ref()
            .ok_or_else(|| "this case began here: nobody outside reported it".to_owned())
    }

    /// A letter in the thread of the report.
    fn letter(&self, to: Vec<String>, text: String, automatic: bool) -> Event {
        let report = self.report.as_ref();
        let subject = report.map_or("", |report| &report.subject).trim();
        let subject = match subject.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:")) {
            true => subject.to_owned(),
            false => format!("Re: {subject}"),
        };
        let references = report.map_or_else(Vec::new, |report| report.references.clone());
        let id = self.letter_id(references.first().map_or("", String::as_str));
        Event::LetterWritten {
            id,
            letter: Letter::new(to, subject, text, references, automatic),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Event;

    fn mail(id: &str) -> Received {
        Received {
            delivery: id.into(),
            message_id: Some(format!("{id}@reporter.example")),
            references: vec![],
            from: Some("r@reporter.example".into()),
            subject: "a flaw".into(),
            at: Timestamp::UNIX_EPOCH,
            automatic: None,
        }
    }

    fn held() -> Case {
        let events = [
            Event::Reported {
                at: Timestamp::UNIX_EPOCH,
                issue: 7,
                source: Source::Mail,
            },
            Event::LetterReceived { mail: mail("one") },
        ];
        Case::of("2026-0007".parse().expect("an id"), events).expect("it begins")
    }

    #[test]
    fn machines_lists_and_crowds_are_never_answered_by_itself() {
        let case = held();
        assert!(case.holding_answer(&mail("one"), "example", 0).is_some());
        for automatic in [
            Automatic::AutoSubmitted,
            Automatic::Bounce,
            Automatic::Bulk,
            Automatic::List,
            Automatic::Own,
        ] {
            let mail = Received {
                automatic: Some(automatic),
                ..mail("one")
            };
            assert_eq!(case.holding_answer(&mail, "example", 0), None, "{automatic:?}");
        }
        let nameless = Received {
            from: None,
            ..mail("one")
        };
        assert_eq!(case.holding_answer(&nameless, "example", 0), None);
        assert_eq!(case.holding_answer(&mail("one"), "example", MOST_ANSWERS), None);
    }

    #[test]
    fn a_thread_stays_bounded_and_keeps_its_first_mail() {
        let mut case = held();
        for number in 0..100 {
            case.apply(&Event::LetterReceived {
                mail: mail(&number.to_string()),
            });
        }
        let report = case.report.expect("a report");
        assert_eq!(report.references.len(), MOST_REFERENCES);
        assert_eq!(report.references[0], "one@reporter.example");
        assert_eq!(report.references.last().expect("some"), "99@reporter.example");
        assert_eq!(report.messages.len(), 101);
    }

    #[test]
    fn an_answer_to_any_mail_of_the_thread_belongs_to_it() {
        let mut case = held();
        let (events, _) = case.reply("which version?").expect("sent");
        events.iter().for_each(|event| case.apply(event));
        let sent = case.letters.keys().next().expect("a letter").clone();
        case.apply(&Event::LetterStarted {
            id: sent.clone(),
            message_id: format!("{sent}@project.example"),
        });
        let report = case.report.expect("a report");
        let answer = |id: String| Received {
            references: vec![id],
            ..mail("two")
        };
        assert!(report.continued_by(&answer(format!("{sent}@project.example"))));
        assert!(report.continued_by(&answer("one@reporter.example".into())));
        assert!(!report.continued_by(&answer("three@reporter.example".into())));
    }
}

//! What people read of a report on the forge. All of it comes from outside: it is fenced or made inert.

use std::fmt::Write as _;

use embargod_core::case::Source;
use embargod_core::escape::inert;
use embargod_forge::{Comment, PrivateReport};
use embargod_mail::Incoming;
use jiff::Timestamp;

use super::files::Kept;
use crate::texts::fenced;

/// The longest title, in characters.
const TITLE: usize = 150;

/// The title of a report's issue: how it came, and what it calls itself.
pub fn title(way: &str, subject: &str) -> String {
    let subject: String = inert(subject).chars().take(TITLE).collect();
    match subject.is_empty() {
        true => way.to_owned(),
        false => format!("{way}: {subject}"),
    }
}

/// What is said of a report that came over the forge.
pub fn forge_report(report: &PrivateReport, source: &Source, label: &str) -> String {
    let author = report.author.as_deref().map_or("somebody".to_owned(), code);
    let (what, reply) = match source {
        Source::Issue { number } => (
            format!("A confidential issue by {author} in the public project, number {number}"),
            "sends what stands below that line, down to the end of the comment, to the reporter, on that issue"
                .to_owned(),
        ),
        _ => (
            format!("A private report by {author}"),
            format!("cannot be used here: answer at {}", report.url),
        ),
    };
    format!(
        "**{what}**, written at {}, is held until somebody has looked at it.\n\n\
         - `/embargo accept` takes it up; `/embargo reject because …` ends it, and closes it there.\n\
         - `/embargo reply` {reply}.\n\
         - The label `{label}`, put on by somebody of the security team, opens a case.\n",
        report.created_at
    )
}

/// A reporter's comment on their own issue.
pub fn note(comment: &Comment) -> String {
    format!(
        "**{} wrote on the reported issue**, at {}:\n\n{}\n",
        code(&comment.author),
        comment.created_at,
        quoted(&comment.body)
    )
}

/// Text from outside as it was written, within what an issue takes.
pub fn quoted(text: &str) -> String {
    /// Characters; an issue takes 65,536 on GitHub.
    const MOST: usize = 40_000;
    let cut: String = text.chars().take(MOST).collect();
    let rest = if cut.len() < text.len() {
        "\nNote: the rest is there.\n"
    } else {
        ""
    };
    format!("{}\n{rest}", fenced(&cut))
}

/// The description of a report's issue.
pub fn report(mail: &Incoming, kept: &[Kept], folder: &str, label: &str, at: Timestamp) -> String {
    format!(
        "**A report by mail from {}**, received at {at}, is held here until somebody has looked at it.\n\n\
         - `/embargo accept` takes it up; `/embargo reject because …` ends it, and nobody outside is told.\n\
         - `/embargo reply` sends what stands below that line, down to the end of the comment, to the reporter.\n\
         - The label `{label}`, put on by somebody of the security team, opens a case.\n\n{}",
        sender(mail),
        content(mail, kept, folder)
    )
}

/// A further mail of a report's thread.
pub fn answer(mail: &Incoming, kept: &[Kept], folder: &str, known: bool, at: Timestamp) -> String {
    let stranger = match (known, mail.answer_to.as_deref()) {
        (false, Some(address)) => format!(
            " This is not an address of a reporter's so far: replies do not go there. `/embargo reporter {}` changes that.",
            code(address).trim_matches('`')
        ),
        _ => String::new(),
    };
    let machine = match mail.automatic {
        Some(embargod_core::case::Automatic::Bounce) => " **A mail could not be delivered.**",
        Some(_) => " A machine wrote it.",
        None => "",
    };
    format!(
        "**A mail from {}**, received at {at}.{machine}{stranger}\n\n{}",
        sender(mail),
        content(mail, kept, folder)
    )
}

fn sender(mail: &Incoming) -> String {
    let address = mail.from.as_deref().map_or("nobody who says so".to_owned(), code);
    let other = match &mail.answer_to {
        Some(to) if Some(to) != mail.from.as_ref() => format!(" (answers go to {})", code(to)),
        _ => String::new(),
    };
    format!("{} {address}{other}", inert(&mail.name)).trim().to_owned()
}

fn content(mail: &Incoming, kept: &[Kept], folder: &str) -> String {
    let mut text = String::new();
    if !mail.text.trim().is_empty() {
        text = fenced(&mail.text) + "\n";
    }
    if !kept.is_empty() {
        let _ = write!(
            text,
            "\nAttachments are at the server, below `{folder}` of its data folder. They come from outside: open none without \
             care.\n\n| file | said to be | bytes | SHA-256 |\n|---|---|---|---|\n"
        );
        for file in kept {
            let _ = writeln!(
                text,
                "| {} | {} | {} | `{}` |",
                code(&file.name),
                inert(&file.media_type),
                file.bytes,
                file.digest
            );
        }
    }
    for remark in &mail.remarks {
        let _ = write!(text, "\nNote: {remark}.\n");
    }
    text
}

/// Text as inline code, which no forge acts on; inert where it could leave it.
pub fn code(text: &str) -> String {
    match text.contains(['`', '\n', '|']) {
        true => inert(text),
        false => format!("`{text}`"),
    }
}

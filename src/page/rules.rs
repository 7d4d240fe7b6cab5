//! The rules of the process in sentences, each made from the values that the bot acts on.

use jiff::SignedDuration;
use jiff::civil::Weekday;

use super::inert;
use super::process::{ForgeReports, Process};

/// A rule of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is about, as tests and readers of the code name it.
    pub name: &'static str,
    /// The chapter of the page.
    pub chapter: &'static str,
    /// The sentences, Markdown.
    pub text: String,
}

const REPORTING: &str = "How to report";
const TEAM: &str = "Who reads it";
const EMBARGO: &str = "Under embargo";
const PUBLICATION: &str = "Publication";

/// The rules of a process, in the order of the page.
pub fn rules(process: &Process) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut rule = |name, chapter, text: String| rules.push(Rule { name, chapter, text });
    rule("where-to-report", REPORTING, where_to_report(process));
    rule("moderation", REPORTING, moderation(process));
    rule(
        "team",
        TEAM,
        "Reports are read by the project's security team alone: members of the project, and engineers whom vendors have named. \
         Nobody else sees them, and what is written about them is kept in a private place."
            .to_owned(),
    );
    rule("joining", TEAM, joining(process));
    rule(
        "consent",
        TEAM,
        "Everybody who sees a report has agreed to keep the embargo before they saw anything, and the agreement is on record. Who \
         cannot keep it declines, and can leave at any time; access ends with it."
            .to_owned(),
    );
    rule(
        "triage",
        TEAM,
        "The team finds out whether there is a vulnerability and how severe it is (CVSS), and tells whoever reported it."
            .to_owned(),
    );
    rule(
        "embargo",
        EMBARGO,
        "Every vulnerability that is not public yet gets a date, with time and time zone, and nobody who knows of it discloses \
         anything before. The bot that runs this process is bound by the date like everybody else."
            .to_owned(),
    );
    rule("length", EMBARGO, length(process));
    rule("restart", EMBARGO, restart(process));
    rule("extension", EMBARGO, extension(process));
    rule("earlier", EMBARGO, earlier(process));
    rule(
        "already-public",
        EMBARGO,
        "What is public already gets no embargo, and an embargo ends when the vulnerability becomes known elsewhere."
            .to_owned(),
    );
    if let Some(text) = calendar(process) {
        rule("calendar", EMBARGO, text);
    }
    rule("vendors", EMBARGO, vendors(process));
    rule(
        "cve",
        PUBLICATION,
        "Each vulnerability has a CVE; without one nothing is published, unless it is on record that there will be none.".to_owned(),
    );
    rule("branches", PUBLICATION, branches(process));
    rule(
        "at-once",
        PUBLICATION,
        "When the embargo has ended, the fixes of all branches are made public in one step: all of them, or none."
            .to_owned(),
    );
    rule("announcement", PUBLICATION, announcement(process));
    rule(
        "source",
        PUBLICATION,
        "This page is made from the configuration that the process runs with.".to_owned(),
    );
    rules
}

fn where_to_report(process: &Process) -> String {
    let mut ways: Vec<String> = process
        .mailbox
        .iter()
        .map(|address| format!("by mail to {}", inert(address)))
        .collect();
    let others = process.reports.contact.iter().filter(|contact| {
        let address = contact.strip_prefix("mailto:");
        address.is_none_or(|address| process.mailbox.as_deref() != Some(address))
    });
    ways.extend(others.map(|contact| match contact.strip_prefix("mailto:") {
        Some(address) => format!("by mail to {}", inert(address)),
        None => format!("at <{contact}>"),
    }));
    ways.push(match process.forge {
        ForgeReports::Private => format!(
            "by a private vulnerability report to {} on GitHub",
            inert(&process.repository)
        ),
        ForgeReports::Confidential => format!("by a confidential issue of {} on GitLab", inert(&process.repository)),
    });
    let key = process.reports.encryption.as_ref().map_or_else(String::new, |key| {
        format!(" Mail can be encrypted to the key at <{key}>.")
    });
    format!(
        "Please report a vulnerability in private: {}. Never in a public issue, list or chat.{key}",
        either(&ways)
    )
}

fn moderation(process: &Process) -> String {
    match process.mailbox {
        Some(_) => "A mail is answered by itself: it is held until one of the moderators has looked at it, which keeps spam away from \
                    the team. What the team writes about it is sent to whoever reported it, and answers come back to the team."
            .to_owned(),
        None => "A report is held until one of the moderators has looked at it. What the team answers is sent to whoever reported it."
            .to_owned(),
    }
}

fn joining(process: &Process) -> String {
    match process.vouches {
        Some(vouches) => format!(
            "The team is by invitation. {} must vouch for a new member; then the terms are sent, and only who consents to them sees \
             anything.",
            people(vouches, "existing member", "existing members")
        ),
        None => "The team is by invitation, and an existing member vouches for a new one.".to_owned(),
    }
}

fn length(process: &Process) -> String {
    format!(
        "An embargo lasts {} unless it is agreed otherwise, and never longer than {}.",
        long(process.default),
        long(process.maximum)
    )
}

fn restart(process: &Process) -> String {
    format!(
        "When a proposed patch has a problem, the clock may start again, within the same {}.",
        long(process.maximum)
    )
}

fn extension(process: &Process) -> String {
    format!(
        "A later date needs a reason, and {} of the security team must agree within {}; no answer counts as no.",
        people(process.quorum, "member", "members"),
        long(process.window)
    )
}

fn earlier(process: &Process) -> String {
    match process.second_release_manager {
        true => "An earlier date, or the end at once, needs two release managers, because what is public cannot be taken back.".to_owned(),
        false => "An earlier date, or the end at once, is for a release manager to set, with the reason on record.".to_owned(),
    }
}

fn calendar(process: &Process) -> Option<String> {
    let calendar = &process.calendar;
    let mut parts = Vec::new();
    let zone = calendar.time_zone.iana_name().unwrap_or("UTC");
    if let Some(hour) = calendar.hour {
        parts.push(format!("at {} ({zone})", hour.strftime("%H:%M")));
    }
    if !calendar.not_on.is_empty() {
        let days: Vec<_> = calendar
            .not_on
            .iter()
            .map(|day| format!("a {}", day_name(*day)))
            .collect();
        parts.push(format!("never on {}", either(&days)));
    }
    if !calendar.holidays.is_empty() {
        let days: Vec<_> = calendar.holidays.iter().map(ToString::to_string).collect();
        parts.push(format!("not on {}", either(&days)));
    }
    (!parts.is_empty()).then(|| format!("Embargoes end {}.", parts.join(", ")))
}

fn vendors(process: &Process) -> String {
    match process.vendors {
        (0, _) => {
            "Vendors whose engineers are in the team see the fixes while they are made; nobody else is told before the \
                   announcement."
                .to_owned()
        }
        (count, earliest) => format!(
            "{} told before the announcement, all at the same moment and at most {} before it, with the patches for every branch, \
             encrypted to each. With them they can fix branches that we do not maintain any more.",
            match count {
                1 => "One vendor is".to_owned(),
                more => format!("{more} vendors are"),
            },
            long(earliest)
        ),
    }
}

fn branches(process: &Process) -> String {
    let today = jiff::tz::Offset::UTC.to_datetime(process.now).date();
    let kept = process
        .stable
        .iter()
        .filter(|(_, end)| end.is_none_or(|end| today < end));
    let names: Vec<_> = kept
        .map(|(name, end)| match end {
            Some(end) => format!("{} (until {end})", inert(name)),
            None => inert(name),
        })
        .collect();
    let main = inert(&process.main);
    match names.is_empty() {
        true => format!("The fix is made for {main}."),
        false => format!(
            "The fix is made for {main} and carried to every maintained stable branch: {}. That it arrived is checked by content.",
            names.join(", ")
        ),
    }
}

fn announcement(process: &Process) -> String {
    let lists: Vec<_> = process.lists.iter().map(|list| inert(list)).collect();
    let shown = match process.shows_issue {
        true => " The issue is shown to everybody.",
        false => "",
    };
    match lists.is_empty() {
        true => format!("The advisory is published with it.{shown}"),
        false => format!(
            "The advisory is published with it, and announced on {}.{shown}",
            both(&lists)
        ),
    }
}

fn people(count: usize, one: &str, more: &str) -> String {
    match count {
        1 => format!("one {one}"),
        2 => format!("two {more}"),
        3 => format!("three {more}"),
        count => format!("{count} {more}"),
    }
}

/// A length of time in the largest unit that gives a whole number.
fn long(length: SignedDuration) -> String {
    let unit = |count: i64, unit: &str| match count {
        1 => format!("one {unit}"),
        count => format!("{count} {unit}s"),
    };
    let seconds = length.as_secs();
    match seconds {
        _ if seconds % 86_400 == 0 && seconds > 0 => unit(seconds / 86_400, "day"),
        _ if seconds % 3_600 == 0 => unit(seconds / 3_600, "hour"),
        _ if seconds % 60 == 0 => unit(seconds / 60, "minute"),
        _ => unit(seconds, "second"),
    }
}

fn either(parts: &[String]) -> String {
    joined(parts, "or")
}

fn both(parts: &[String]) -> String {
    joined(parts, "and")
}

fn joined(parts: &[String], word: &str) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} {word} {last}", rest.join(", ")),
    }
}

fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

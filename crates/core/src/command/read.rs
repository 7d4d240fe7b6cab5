//! Reading commands: the lines of a comment that are some, each narrowly.

use jiff::Timestamp;
use pulldown_cmark::{Event, Parser, Tag};

use super::{Command, CommandError, MAX_COMMANDS, MAX_REASON, MAX_REPLY};
use crate::roster::Membership;

/// The commands of a comment in the order in which they were written. Empty when the comment is only talk.
pub fn commands(comment: &str) -> Vec<Result<Command, CommandError>> {
    let hidden = quoted_or_code(comment);
    let mut found = Vec::new();
    let mut offset = 0;
    for line in comment.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        if hidden.iter().any(|range| range.contains(&start)) {
            continue;
        }
        let mut words = line.trim_end().splitn(2, char::is_whitespace);
        if words.next() == Some("/embargo") {
            let rest = words.next().unwrap_or_default().trim();
            if let ("reply", text) = first_word(rest) {
                // Everything below it is the letter, whatever it looks like.
                found.push(reply(&format!("{text}\n{}", &comment[offset..])));
                break;
            }
            found.push(parse(rest));
        }
    }
    if found.len() > MAX_COMMANDS {
        vec![Err(CommandError::TooMany)]
    } else {
        found
    }
}

/// The byte ranges of a comment that are quotes, code or raw HTML.
fn quoted_or_code(comment: &str) -> Vec<std::ops::Range<usize>> {
    Parser::new(comment)
        .into_offset_iter()
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::CodeBlock(_) | Tag::BlockQuote(_) | Tag::HtmlBlock) | Event::Code(_) => Some(range),
            _ => None,
        })
        .collect()
}

fn parse(text: &str) -> Result<Command, CommandError> {
    let (verb, rest) = first_word(text);
    match verb {
        "until" => {
            let (instant, rest) = first_word(rest);
            Ok(Command::Until {
                ends_at: parse_instant(instant)?,
                because: reason(rest)?,
            })
        }
        "extend" => {
            let (instant, rest) = first_word(rest);
            Ok(Command::Extend {
                ends_at: parse_instant(instant)?,
                because: reason(rest)?,
            })
        }
        "restart" => Ok(Command::Restart { because: reason(rest)? }),
        "lift" => Ok(Command::Lift { because: reason(rest)? }),
        "agree" => nothing_more(rest).map(|()| Command::Agree),
        "object" => Ok(Command::Object { because: reason(rest)? }),
        "confirm" => Ok(Command::Confirm { because: reason(rest)? }),
        "cve" => match first_word(rest) {
            ("waive", rest) => Ok(Command::CveWaive { because: reason(rest)? }),
            (id, rest) => {
                let id = cve_id(id)?;
                nothing_more(rest)?;
                Ok(Command::Cve { id })
            }
        },
        "approve" => nothing_more(rest).map(|()| Command::Approve),
        "publish" => match first_word(rest) {
            ("", _) => Ok(Command::Publish { now: false }),
            ("now", rest) => nothing_more(rest).map(|()| Command::Publish { now: true }),
            _ => Err(CommandError::TrailingWords),
        },
        "abort" => Ok(Command::Abort { because: reason(rest)? }),
        "not-affected" => {
            let (branch, rest) = first_word(rest);
            let branch = branch.parse().map_err(|_| CommandError::Branch)?;
            Ok(Command::NotAffected {
                branch,
                because: reason(rest)?,
            })
        }
        "ack" => {
            let (branch, rest) = first_word(rest);
            let branch = branch.parse().map_err(|_| CommandError::Branch)?;
            nothing_more(rest)?;
            Ok(Command::Ack { branch })
        }
        "not-a-vulnerability" => Ok(Command::NotAVulnerability { because: reason(rest)? }),
        "duplicate" => {
            let (of, rest) = first_word(rest);
            let of = of.parse().map_err(|_| CommandError::Case)?;
            nothing_more(rest)?;
            Ok(Command::Duplicate { of })
        }
        "split" => Ok(Command::Split { because: reason(rest)? }),
        "fix-source" => {
            let (branch, rest) = first_word(rest);
            let branch = branch.parse().map_err(|_| CommandError::Branch)?;
            nothing_more(rest)?;
            Ok(Command::FixSource { branch })
        }
        "fix" => commit_ids(rest).map(|commits| Command::Fix { commits }),
        "notify-vendors" => nothing_more(rest).map(|()| Command::NotifyVendors),
        "accept" => nothing_more(rest).map(|()| Command::Accept),
        "reject" => Ok(Command::Reject { because: reason(rest)? }),
        "reporter" => {
            let (address, rest) = first_word(rest);
            nothing_more(rest)?;
            let address = mail_address(address).ok_or(CommandError::Address)?;
            Ok(Command::Reporter { address })
        }
        "member" | "vouch" | "consent" | "decline" | "leave" => membership(verb, rest).map(Command::Membership),
        "status" => nothing_more(rest).map(|()| Command::Status),
        _ => Err(CommandError::UnknownVerb),
    }
}

fn first_word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

fn nothing_more(rest: &str) -> Result<(), CommandError> {
    if rest.trim().is_empty() {
        Ok(())
    } else {
        Err(CommandError::TrailingWords)
    }
}

fn reason(rest: &str) -> Result<String, CommandError> {
    let ("because", why) = first_word(rest) else {
        return Err(CommandError::Reason);
    };
    // An ellipsis alone is the placeholder of the help text, not a reason.
    let why = why.trim();
    if why.chars().all(|c| !c.is_alphanumeric()) {
        return Err(CommandError::Reason);
    }
    if why.chars().count() > MAX_REASON {
        Err(CommandError::ReasonTooLong)
    } else {
        Ok(why.to_owned())
    }
}

fn commit_ids(rest: &str) -> Result<Vec<String>, CommandError> {
    let fits = |word: &&str| (7..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words: Vec<_> = rest.split_whitespace().collect();
    match (1..=100).contains(&words.len()) && words.iter().all(fits) {
        true => Ok(words.iter().map(|word| word.to_ascii_lowercase()).collect()),
        false => Err(CommandError::Commits),
    }
}

fn membership(verb: &str, rest: &str) -> Result<Membership, CommandError> {
    match verb {
        "member" => match first_word(rest) {
            ("propose", rest) => propose(rest),
            ("remove", rest) => {
                let (name, rest) = first_word(rest);
                let name = person_name(name)?;
                let because = reason(rest)?;
                Ok(Membership::Remove { name, because })
            }
            _ => Err(CommandError::Member),
        },
        "vouch" => {
            let (name, rest) = first_word(rest);
            nothing_more(rest)?;
            let name = person_name(name)?;
            Ok(Membership::Vouch { name })
        }
        "consent" => nothing_more(rest).map(|()| Membership::Consent),
        "decline" => nothing_more(rest).map(|()| Membership::Decline),
        _ => nothing_more(rest).map(|()| Membership::Leave),
    }
}

/// `NAME for ORGANISATION` and, where they cannot comment yet, `at ADDRESS`.
fn propose(rest: &str) -> Result<Membership, CommandError> {
    let (name, rest) = first_word(rest);
    let name = person_name(name)?;
    let ("for", rest) = first_word(rest) else {
        return Err(CommandError::Member);
    };
    let (organisation, address) = match rest.rsplit_once(" at ") {
        Some((organisation, address)) => {
            let address = mail_address(address.trim()).ok_or(CommandError::Address)?;
            (organisation, Some(address))
        }
        None => (rest, None),
    };
    let organisation = organisation.trim().to_owned();
    if organisation.is_empty() || organisation.chars().count() > 100 {
        return Err(CommandError::Member);
    }
    Ok(Membership::Propose {
        name,
        organisation,
        address,
    })
}

/// A name on a forge; the sign that people put before it is left out.
fn person_name(text: &str) -> Result<String, CommandError> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    match (1..=100).contains(&name.len()) && name.chars().all(fits) {
        true => Ok(name.to_owned()),
        false => Err(CommandError::Member),
    }
}

fn reply(text: &str) -> Result<Command, CommandError> {
    let text = text.replace('\r', "");
    let text = text.trim();
    match text.chars().count() {
        0 => Err(CommandError::Reply),
        1..=MAX_REPLY => Ok(Command::Reply { text: text.to_owned() }),
        _ => Err(CommandError::ReplyTooLong),
    }
}

/// As much of an address as keeps a header whole; the mail server judges the rest. People put it into angle brackets.
fn mail_address(text: &str) -> Option<String> {
    let text = text.trim_start_matches('<').trim_end_matches('>');
    let (local, domain) = text.rsplit_once('@')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c);
    let fits = (1..=64).contains(&local.len())
        && local.chars().all(plain)
        && (1..=190).contains(&domain.len())
        && domain.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c))
        && !domain.starts_with(['.', '-']);
    fits.then(|| text.to_owned())
}

/// An instant in RFC 3339, where the seconds may be left out as people do. Without a zone it is no instant.
fn parse_instant(text: &str) -> Result<Timestamp, CommandError> {
    text.parse().map_err(|_| CommandError::Instant)
}

fn cve_id(text: &str) -> Result<String, CommandError> {
    let id = text.to_ascii_uppercase();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = id.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'));
    match numbers {
        Some((year, number))
            if year.len() == 4 && (4..=19).contains(&number.len()) && digits(year) && digits(number) =>
        {
            Ok(id)
        }
        _ => Err(CommandError::Cve),
    }
}

//! The commands that people write in comments: one grammar on every forge.
//!
//! A command is a line that starts with `/embargo` and a verb, outside quotes and code. Everything else in a comment is
//! talk and is never looked at. The text comes from outside: it is parsed narrowly, and what is refused is refused with
//! the reason that the person will read.

use jiff::Timestamp;
use pulldown_cmark::{Event, Parser, Tag};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::names::{BranchName, CaseId};
use crate::roster::Membership;

/// How many commands one comment may hold; a longer list is refused whole rather than executed in part.
pub const MAX_COMMANDS: usize = 10;
/// The longest reason, in characters.
pub const MAX_REASON: usize = 2_000;
/// The longest reply, in characters: as much as a comment holds on GitHub.
pub const MAX_REPLY: usize = 65_536;

/// A command as its author meant it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "kebab-case")]
pub enum Command {
    /// `until INSTANT because …`: sets the end of the embargo.
    Until {
        /// The new end.
        ends_at: Timestamp,
        /// Why.
        because: String,
    },
    /// `extend INSTANT because …`: proposes a later end.
    Extend {
        /// The later end.
        ends_at: Timestamp,
        /// Why.
        because: String,
    },
    /// `restart because …`: proposes that the clock starts again, because the patch had to be made anew.
    Restart {
        /// Why.
        because: String,
    },
    /// `lift because …`: the end of the embargo at once, because the flaw is public.
    Lift {
        /// The evidence.
        because: String,
    },
    /// `agree`: agrees to what is proposed.
    Agree,
    /// `object because …`: objects to what is proposed, or withdraws one's own proposal.
    Object {
        /// Why.
        because: String,
    },
    /// `confirm because …`: an embargo for an issue that everybody could see.
    Confirm {
        /// Why there should be one.
        because: String,
    },
    /// `cve CVE-YYYY-NNNN`: records the CVE.
    Cve {
        /// The id, upper case.
        id: String,
    },
    /// `cve waive because …`: records that there will be no CVE.
    CveWaive {
        /// Why.
        because: String,
    },
    /// `approve`: approves the patches and texts as they are now.
    Approve,
    /// `publish`: a standing request to publish when the embargo ends; `publish now` needs the end to have passed.
    Publish {
        /// Whether `now` was said.
        now: bool,
    },
    /// `abort because …`: withdraws approval and request.
    Abort {
        /// Why.
        because: String,
    },
    /// `not-affected BRANCH because …`: waives the fix on a branch.
    NotAffected {
        /// The target branch.
        branch: BranchName,
        /// Why.
        because: String,
    },
    /// `ack BRANCH`: accepts an adapted backport.
    Ack {
        /// The target branch.
        branch: BranchName,
    },
    /// `not-a-vulnerability because …`: the case ends.
    NotAVulnerability {
        /// Why.
        because: String,
    },
    /// `duplicate CASE`: the case ends in another one.
    Duplicate {
        /// The other one.
        of: CaseId,
    },
    /// `split because …`: a part of it becomes a case of its own.
    Split {
        /// Why.
        because: String,
    },
    /// `fix-source BRANCH`: the fix series is taken from there.
    FixSource {
        /// The target branch.
        branch: BranchName,
    },
    /// `fix SHA…`: the fix is public on main already.
    Fix {
        /// The commits, oldest first: 7 to 40 hexadecimal digits each, or whole once they were looked up.
        commits: Vec<String>,
    },
    /// `notify-vendors`: every vendor is told at the same moment, with the patches.
    NotifyVendors,
    /// `accept`: a report that is held is none that should not have come.
    Accept,
    /// `reject because …`: it is spam, or no report.
    Reject {
        /// Why.
        because: String,
    },
    /// `reply …`: the rest of the comment goes to whoever reported it.
    Reply {
        /// The text.
        text: String,
    },
    /// `reporter ADDRESS`: replies go to a further address.
    Reporter {
        /// The address.
        address: String,
    },
    /// A command about members, on the roster's issue.
    Membership(Membership),
    /// `status`: asks for a fresh status comment.
    Status,
}

impl Command {
    /// The verb as it is written.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Until { .. } => "until",
            Self::Extend { .. } => "extend",
            Self::Restart { .. } => "restart",
            Self::Lift { .. } => "lift",
            Self::Agree => "agree",
            Self::Object { .. } => "object",
            Self::Confirm { .. } => "confirm",
            Self::Cve { .. } | Self::CveWaive { .. } => "cve",
            Self::Approve => "approve",
            Self::Publish { .. } => "publish",
            Self::Abort { .. } => "abort",
            Self::NotAffected { .. } => "not-affected",
            Self::Ack { .. } => "ack",
            Self::NotAVulnerability { .. } => "not-a-vulnerability",
            Self::Duplicate { .. } => "duplicate",
            Self::Split { .. } => "split",
            Self::FixSource { .. } => "fix-source",
            Self::Fix { .. } => "fix",
            Self::NotifyVendors => "notify-vendors",
            Self::Accept => "accept",
            Self::Reject { .. } => "reject",
            Self::Reply { .. } => "reply",
            Self::Reporter { .. } => "reporter",
            Self::Membership(membership) => membership.verb(),
            Self::Status => "status",
        }
    }
}

/// Why a line that starts with `/embargo` is no command. The text is the answer that its author reads; it repeats
/// nothing of what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CommandError {
    /// No such verb.
    #[error(
        "there is no such command. The commands are: until, extend, restart, lift, agree, object, confirm, cve, approve, publish, abort, not-affected, ack, fix-source, fix, not-a-vulnerability, duplicate, split, notify-vendors, accept, reject, reply, reporter, member, vouch, consent, decline, leave and status"
    )]
    UnknownVerb,
    /// The instant cannot be read.
    #[error(
        "the end must be one instant with its time zone, such as 2026-12-01T14:00Z or 2026-12-01T15:00+01:00: `/embargo until 2026-12-01T14:00Z because …`"
    )]
    Instant,
    /// No reason was given.
    #[error("say why: end the command with `because` and the reason")]
    Reason,
    /// The reason is too long.
    #[error("the reason is too long: at most {MAX_REASON} characters")]
    ReasonTooLong,
    /// Not a CVE id.
    #[error("a CVE id has the form CVE-2026-1234; to record that there will be none: `/embargo cve waive because …`")]
    Cve,
    /// No branch, or not a branch name.
    #[error("name one target branch, such as `/embargo ack v9.0-maint`")]
    Branch,
    /// Nothing to send.
    #[error(
        "write the reply below the line `/embargo reply`: everything up to the end of the comment goes to the reporter"
    )]
    Reply,
    /// The reply is too long.
    #[error("the reply is too long: at most {MAX_REPLY} characters; nothing was sent")]
    ReplyTooLong,
    /// Not a mail address.
    #[error("name one mail address, such as `/embargo reporter somebody@example.org`")]
    Address,
    /// No case, or not the id of one.
    #[error("name the other case, such as `/embargo duplicate 2026-0007`")]
    Case,
    /// No commits, or not their ids.
    #[error(
        "name the public commits of the fix, oldest first, by at least 7 digits each and at most 100 of them: `/embargo fix SHA…`"
    )]
    Commits,
    /// Nobody named, or not for whom.
    #[error(
        "`/embargo member propose NAME for ORGANISATION at ADDRESS` proposes somebody, `/embargo vouch NAME` vouches for them, and `/embargo member remove NAME because …` removes them"
    )]
    Member,
    /// Words after the end of the command.
    #[error("there is more on the line than this command takes")]
    TrailingWords,
    /// Too many commands in one comment.
    #[error("a comment may hold at most {MAX_COMMANDS} commands; none of these was executed")]
    TooMany,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Result<Command, CommandError> {
        let mut found = commands(text);
        assert_eq!(found.len(), 1, "{text:?}");
        found.remove(0)
    }

    fn branch(name: &str) -> BranchName {
        name.parse().expect("a valid branch name")
    }

    #[test]
    fn every_command_of_the_contract_is_understood() {
        let ends_at: Timestamp = "2026-12-01T14:00:00Z".parse().expect("a valid instant");
        let because = || "the patch is ready".to_owned();
        for (text, wanted) in [
            (
                "until 2026-12-01T14:00Z because the patch is ready",
                Command::Until {
                    ends_at,
                    because: because(),
                },
            ),
            (
                "until 2026-12-01T15:00:00+01:00 because the patch is ready",
                Command::Until {
                    ends_at,
                    because: because(),
                },
            ),
            (
                "extend 2026-12-01T14:00Z because the patch is ready",
                Command::Extend {
                    ends_at,
                    because: because(),
                },
            ),
            (
                "restart because the patch is ready",
                Command::Restart { because: because() },
            ),
            ("lift because the patch is ready", Command::Lift { because: because() }),
            ("agree", Command::Agree),
            (
                "object because the patch is ready",
                Command::Object { because: because() },
            ),
            (
                "confirm because the patch is ready",
                Command::Confirm { because: because() },
            ),
            (
                "cve cve-2026-1234",
                Command::Cve {
                    id: "CVE-2026-1234".into(),
                },
            ),
            (
                "cve waive because the patch is ready",
                Command::CveWaive { because: because() },
            ),
            ("approve", Command::Approve),
            ("publish", Command::Publish { now: false }),
            ("publish now", Command::Publish { now: true }),
            (
                "abort because the patch is ready",
                Command::Abort { because: because() },
            ),
            (
                "not-affected v9.0-maint because the patch is ready",
                Command::NotAffected {
                    branch: branch("v9.0-maint"),
                    because: because(),
                },
            ),
            (
                "ack  v9.0-maint",
                Command::Ack {
                    branch: branch("v9.0-maint"),
                },
            ),
            (
                "not-a-vulnerability because the patch is ready",
                Command::NotAVulnerability { because: because() },
            ),
            (
                "duplicate 2026-0008",
                Command::Duplicate {
                    of: "2026-0008".parse().expect("a valid id"),
                },
            ),
            (
                "split because the patch is ready",
                Command::Split { because: because() },
            ),
            (
                "fix-source v9.0-maint",
                Command::FixSource {
                    branch: branch("v9.0-maint"),
                },
            ),
            (
                "fix ABCDEF0 0123456789",
                Command::Fix {
                    commits: vec!["abcdef0".into(), "0123456789".into()],
                },
            ),
            ("notify-vendors", Command::NotifyVendors),
            ("accept", Command::Accept),
            (
                "reject because the patch is ready",
                Command::Reject { because: because() },
            ),
            (
                "reporter <r.e+x@reporter.example>",
                Command::Reporter {
                    address: "r.e+x@reporter.example".into(),
                },
            ),
            (
                "member propose @vera for The Debian Project at vera@vendor.example",
                Command::Membership(Membership::Propose {
                    name: "vera".into(),
                    organisation: "The Debian Project".into(),
                    address: Some("vera@vendor.example".into()),
                }),
            ),
            (
                "member propose vera for Debian",
                Command::Membership(Membership::Propose {
                    name: "vera".into(),
                    organisation: "Debian".into(),
                    address: None,
                }),
            ),
            (
                "member remove vera because the patch is ready",
                Command::Membership(Membership::Remove {
                    name: "vera".into(),
                    because: because(),
                }),
            ),
            (
                "vouch vera",
                Command::Membership(Membership::Vouch { name: "vera".into() }),
            ),
            ("consent", Command::Membership(Membership::Consent)),
            ("decline", Command::Membership(Membership::Decline)),
            ("leave", Command::Membership(Membership::Leave)),
            ("status", Command::Status),
        ] {
            assert_eq!(one(&format!("/embargo {text}\r\n")), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn what_is_no_command_is_refused_with_its_reason() {
        for (text, wanted) in [
            ("", CommandError::UnknownVerb),
            ("aprove", CommandError::UnknownVerb),
            ("until tomorrow because x", CommandError::Instant),
            (
                "until 2026-12-01T14:00 because a zone is missing",
                CommandError::Instant,
            ),
            ("until 2026-12-01 because a time is missing", CommandError::Instant),
            ("until 2026-12-01T14:00Z", CommandError::Reason),
            ("confirm", CommandError::Reason),
            ("lift", CommandError::Reason),
            ("restart", CommandError::Reason),
            ("object", CommandError::Reason),
            ("agree with it", CommandError::TrailingWords),
            ("extend 2026-12-01T14:00Z", CommandError::Reason),
            ("abort", CommandError::Reason),
            ("abort because", CommandError::Reason),
            ("abort because …", CommandError::Reason),
            ("cve CVE-2026-12", CommandError::Cve),
            ("cve", CommandError::Cve),
            ("ack", CommandError::Branch),
            ("ack a..b", CommandError::Branch),
            ("ack master please", CommandError::TrailingWords),
            ("publish tomorrow", CommandError::TrailingWords),
            ("approve everything", CommandError::TrailingWords),
            ("reply", CommandError::Reply),
            ("reply \r\n \n", CommandError::Reply),
            ("reporter", CommandError::Address),
            ("reporter a@b\u{7}c", CommandError::Address),
            ("reporter a@b,c@d", CommandError::Address),
            ("reject", CommandError::Reason),
            ("duplicate", CommandError::Case),
            ("duplicate 7", CommandError::Case),
            ("split", CommandError::Reason),
            ("fix", CommandError::Commits),
            ("fix abcdef", CommandError::Commits),
            ("fix master", CommandError::Commits),
            ("fix-source", CommandError::Branch),
            ("not-a-vulnerability", CommandError::Reason),
            ("member", CommandError::Member),
            ("member vera", CommandError::Member),
            ("member propose vera", CommandError::Member),
            ("member propose vera for", CommandError::Member),
            ("member propose vera for Debian at home", CommandError::Address),
            ("member remove vera", CommandError::Reason),
            ("vouch", CommandError::Member),
            ("vouch a/b", CommandError::Member),
            ("consent to all", CommandError::TrailingWords),
        ] {
            assert_eq!(one(&format!("/embargo {text}")), Err(wanted), "{text:?}");
        }
    }

    #[test]
    fn quotes_code_and_talk_are_not_commands() {
        for text in [
            "please /embargo approve",
            "> /embargo approve",
            "> quoted\n/embargo approve",
            "```\n/embargo approve\n```",
            "~~~~ text\n```\n/embargo approve\n~~~~",
            "    /embargo approve",
            " /embargo approve",
            "`\n/embargo approve\n`",
            "<!--\n/embargo approve\n-->",
            "/embargoed approve",
            "/Embargo approve",
            "```\n/embargo approve",
        ] {
            assert_eq!(commands(text), vec![], "{text:?}");
        }
    }

    #[test]
    fn a_reply_is_everything_below_it() {
        let found = commands("/embargo accept\n/embargo reply\r\nWhich version?\r\n\r\n> quoted\n/embargo approve\n");
        let text = "Which version?\n\n> quoted\n/embargo approve".to_owned();
        assert_eq!(found, vec![Ok(Command::Accept), Ok(Command::Reply { text })]);
        let text = "On one line".to_owned();
        assert_eq!(one("/embargo reply On one line"), Ok(Command::Reply { text }));
        let long = format!("/embargo reply\n{}", "x".repeat(MAX_REPLY + 1));
        assert_eq!(one(&long), Err(CommandError::ReplyTooLong));
    }

    #[test]
    fn several_commands_keep_their_order() {
        let found = commands("We are ready.\n/embargo approve\nand then\n/embargo publish\n");
        assert_eq!(found, vec![Ok(Command::Approve), Ok(Command::Publish { now: false })]);
        assert_eq!(
            commands(&"/embargo approve\n".repeat(11)),
            vec![Err(CommandError::TooMany)]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(?s).{0,200}") {
            let _ = commands(&text);
            let _ = commands(&format!("/embargo {text}"));
        }
    }
}

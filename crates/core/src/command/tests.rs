//! What is a command, and what is none.

use jiff::Timestamp;

use super::*;
use crate::names::BranchName;
use crate::roster::Membership;

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

//! The table of commands, roles and states of a case in `docs/commands.md` is what the code does.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use common::{DAY, at, case, policy, view};
use embargod_core::case::{Case, Event, Exposure, Received, Source, execute};
use embargod_core::command::{Command, commands};
use embargod_core::embargo::Embargo;
use embargod_core::roles::{Person, Role, needed};
use embargod_core::roster::{self, Roster, RosterPolicy, Standing};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/commands.md");

/// Every command, as somebody writes it, and what it does.
const COMMANDS: [(&str, &str); 28] = [
    (
        "until 1970-01-10T00:00Z because …",
        "an earlier end (or, later than the agreed one, what `extend` does)",
    ),
    (
        "extend 1970-01-20T00:00Z because …",
        "proposes a later end, up to the cap",
    ),
    (
        "restart because …",
        "proposes that the clock starts again after rework, up to the cap",
    ),
    (
        "lift because …",
        "the end at once, because the flaw is public: the reason is the evidence",
    ),
    ("agree", "agrees to what is proposed"),
    (
        "object because …",
        "objects to what is proposed; who proposed it withdraws it",
    ),
    ("confirm because …", "an embargo for an issue that everybody could see"),
    ("cve CVE-2026-1234", "records the CVE"),
    ("cve waive because …", "records that there will be none"),
    (
        "approve",
        "approves the patches and texts as they are now; the answer names every head",
    ),
    ("publish", "a standing request to publish when the embargo ends"),
    ("publish now", "the same, once it has ended"),
    ("abort because …", "withdraws approval and request"),
    ("not-affected v9.0-maint because …", "a waiver: the branch needs no fix"),
    ("ack v9.0-maint", "accepts an adapted backport"),
    (
        "fix-source v9.0-maint",
        "takes the fix series from that security branch: a flaw that main does not have",
    ),
    (
        "fix aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "the fix is public on main already: these commits are carried to the other branches",
    ),
    (
        "not-a-vulnerability because …",
        "ends the case, or the report, with the reason",
    ),
    (
        "duplicate 2026-0008",
        "ends it in the other case, which takes the reporters and the earlier date",
    ),
    ("split because …", "makes a second issue with the same reporters"),
    (
        "notify-vendors",
        "tells every vendor at the same moment, with the patches, each encrypted to their key",
    ),
    ("accept", "takes up a report that is held"),
    (
        "reject because …",
        "ends a report that is spam or none; nobody outside is told",
    ),
    (
        "reply …",
        "sends the rest of the comment, down to its end, to whoever reported it",
    ),
    ("reporter r@example.org", "replies go to this address too"),
    ("status", "a fresh status comment"),
    ("ack master", "refused: the backport there is not adapted"),
    ("not-affected master because …", "refused: the fix comes from there"),
];

fn person(name: &str) -> Person {
    Person {
        name: name.into(),
        has_access: true,
        roles: BTreeSet::from(Role::ALL),
    }
}

fn read(text: &str) -> Command {
    let text = format!("/embargo {}", text.replace('…', "of a reason"));
    commands(&text).remove(0).expect("a command")
}

fn say(case: &mut Case, name: &str, text: &str, now: i64) {
    let (events, _) = execute(&read(text), &person(name), case, &view(), &policy(), at(now)).expect(text);
    events.iter().for_each(|event| case.apply(event));
}

/// A report by mail that nobody has looked at.
fn reported() -> Case {
    let mail = Received {
        delivery: "1".into(),
        message_id: Some("1@reporter.example".into()),
        references: vec![],
        from: Some("reporter@reporter.example".into()),
        subject: "a flaw".into(),
        at: at(0),
        automatic: None,
    };
    let reported = Event::Reported {
        at: at(0),
        issue: 1,
        source: Source::Mail,
    };
    let id = "2026-0007".parse().expect("a valid id");
    Case::of(id, [reported, Event::LetterReceived { mail }]).expect("it begins")
}

/// A case in each state, and the time.
fn states() -> [(&'static str, Case, i64); 8] {
    let open = case();
    let with = |change: &dyn Fn(&mut Case)| {
        let mut case = open.clone();
        change(&mut case);
        case
    };
    let exposed = with(&|case| {
        case.apply(&Event::EmbargoChanged {
            embargo: Embargo::none(at(0)),
        });
        let exposure = Exposure {
            since: at(0),
            until: at(0),
            comments: 0,
        };
        case.apply(&Event::Exposed { exposure });
    });
    let proposed = with(&|case| say(case, "b", "extend 1970-01-25T00:00Z because …", 1));
    let approved = with(&|case| {
        say(case, "a", "approve", 1);
        say(case, "a", "publish", 1);
    });
    let closed = with(&|case| {
        case.apply(&Event::Closed {
            by: "a".into(),
            at: at(1),
            because: None,
        });
    });
    let held = reported();
    let mut confirmed = held.clone();
    confirmed.apply(&Event::Opened {
        by: "a".into(),
        at: at(0),
        issue: 1,
        targets: vec![],
        embargo: open.embargo.clone(),
    });
    [
        ("report held", held, 2),
        ("reported and open", confirmed, 2),
        ("open", open.clone(), 2),
        ("exposed", exposed, 2),
        ("something proposed", proposed, 2),
        ("approved", approved, 2),
        ("embargo ended", open, 14 * DAY),
        ("closed", closed, 2),
    ]
}

fn table() -> String {
    let states = states();
    let mut text = String::from("| `/embargo …` | what it does | who |");
    for (name, ..) in &states {
        let _ = write!(text, " {name} |");
    }
    text += "\n|---|---|---|";
    text += &"---|".repeat(states.len());
    text.push('\n');
    for (command, does) in COMMANDS {
        let roles: Vec<_> = needed(&read(command)).iter().map(ToString::to_string).collect();
        let who = match roles.is_empty() {
            true => "anyone with access".to_owned(),
            false => roles.join(" or "),
        };
        let _ = write!(text, "| `{command}` | {does} | {who} |");
        for (_, case, now) in &states {
            let done = execute(&read(command), &person("a"), case, &view(), &policy(), at(*now));
            let _ = write!(text, " {} |", if done.is_ok() { "yes" } else { "no" });
        }
        text.push('\n');
    }
    text
}

/// Every command about members, and what it does.
const MEMBERSHIP: [(&str, &str); 6] = [
    (
        "member propose x for Debian at x@vendor.example",
        "proposes somebody, and vouches for them",
    ),
    ("vouch proposed", "vouches; when enough do, the terms are sent"),
    ("consent", "agrees to the terms; access follows"),
    ("decline", "does not"),
    ("leave", "ends one's own membership, and access with it"),
    (
        "member remove proposed because …",
        "ends somebody's, and access with it",
    ),
];

/// A roster with somebody in every standing.
fn roster() -> Roster {
    let begun = roster::Event::Begun { issue: 1, at: at(0) };
    let mut roster = Roster::of([begun]).expect("it begins");
    let signatory = Standing::Signatory {
        at: at(0),
        way: roster::Way::Comment,
        terms: String::new(),
    };
    for (name, standing) in [
        ("proposed", Standing::Proposed),
        ("invited", Standing::Invited { at: at(0) }),
        ("signatory", signatory),
    ] {
        roster.apply(&roster::Event::Proposed {
            name: name.into(),
            organisation: "Debian".into(),
            address: None,
            by: "a".into(),
        });
        let name = name.to_owned();
        roster.apply(&roster::Event::Stands { name, standing });
    }
    roster
}

fn members_table() -> String {
    let policy = RosterPolicy {
        vouches: 2,
        terms: "the terms".into(),
        project: "example".into(),
    };
    let people = [
        ("the security team", "team", true),
        ("a member", "signatory", true),
        ("who is invited", "invited", true),
        ("who is proposed", "proposed", true),
        ("anyone else with access", "else", true),
        ("without access", "signatory", false),
    ];
    let mut text = String::from("| `/embargo …` | what it does |");
    for (title, ..) in people {
        let _ = write!(text, " {title} |");
    }
    text += "\n|---|---|";
    text += &"---|".repeat(people.len());
    text.push('\n');
    for (command, does) in MEMBERSHIP {
        let _ = write!(text, "| `{command}` | {does} |");
        let Command::Membership(read) = read(command) else {
            unreachable!("it is about members")
        };
        for (_, name, has_access) in people {
            let roles = (name == "team").then_some(Role::SecurityTeam).into_iter().collect();
            let person = Person {
                name: name.into(),
                has_access,
                roles,
            };
            let done = roster::execute(&read, &person, &roster(), &policy, at(1));
            let _ = write!(text, " {} |", if done.is_ok() { "yes" } else { "no" });
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_tables_in_the_documentation_are_what_the_code_does() {
    let document = std::fs::read_to_string(PATH).expect("docs/commands.md");
    let tables = [
        ("<!-- the table -->", table()),
        ("<!-- the members' table -->", members_table()),
    ];
    if tables.iter().all(|(_, table)| document.contains(table)) {
        return;
    }
    assert!(
        std::env::var_os("UPDATE").is_some(),
        "run this test with UPDATE=1; the tables should be:\n{}\n{}",
        tables[0].1,
        tables[1].1
    );
    let rows = |line: &&str| !line.starts_with('|');
    let rest: Vec<_> = document.lines().filter(rows).collect();
    let mut text = rest.join("\n");
    for (marker, table) in tables {
        text = text.replace(marker, &format!("{marker}\n{}", table.trim_end()));
    }
    std::fs::write(PATH, text + "\n").expect("written");
}

#[test]
fn every_verb_is_in_the_table() {
    let verbs: BTreeSet<_> = COMMANDS.iter().map(|(command, _)| read(command).verb()).collect();
    let help = commands("/embargo nothing")
        .remove(0)
        .expect_err("no such verb")
        .to_string();
    let (_, named) = help.split_once("The commands are: ").expect("the verbs");
    let of_members = MEMBERSHIP.iter().map(|(command, _)| read(command).verb());
    let verbs: BTreeSet<_> = verbs.into_iter().chain(of_members).collect();
    let named: BTreeSet<_> = named
        .split([',', ' '])
        .filter(|word| !word.is_empty() && *word != "and")
        .collect();
    assert_eq!(verbs, named);
}

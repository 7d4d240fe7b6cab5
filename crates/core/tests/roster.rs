//! Nobody sees anything before enough members vouched and they themselves consented, whatever is said in which order.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use embargod_core::roles::{Person, Role};
use embargod_core::roster::{Access, Event, Membership, Roster, RosterPolicy, Standing, answered_by_mail, execute};
use jiff::Timestamp;
use proptest::prelude::*;

const NAMES: [&str; 6] = ["alice", "erin", "vera", "Vera", "olaf", "mallory"];

fn policy() -> RosterPolicy {
    RosterPolicy {
        vouches: 2,
        terms: "Keep it to yourself.".into(),
        project: "example".into(),
    }
}

fn person(name: &str) -> Person {
    let team = ["alice", "erin"].contains(&name);
    Person {
        name: name.into(),
        has_access: name != "mallory",
        roles: team.then_some(Role::SecurityTeam).into_iter().collect(),
    }
}

fn roster() -> Roster {
    let begun = Event::Begun {
        issue: 1,
        at: Timestamp::UNIX_EPOCH,
    };
    Roster::of([begun]).expect("it begins")
}

fn say(roster: &mut Roster, by: &str, command: &Membership) -> Result<String, String> {
    let done = execute(command, &person(by), roster, &policy(), Timestamp::UNIX_EPOCH);
    done.map(|(events, answer)| {
        events.iter().for_each(|event| roster.apply(event));
        answer
    })
}

fn propose(name: &str) -> Membership {
    Membership::Propose {
        name: name.into(),
        organisation: "Debian".into(),
        address: Some("vera@vendor.example".into()),
    }
}

fn vouch(name: &str) -> Membership {
    Membership::Vouch { name: name.into() }
}

#[test]
fn a_member_is_vouched_for_consents_and_leaves() {
    let mut roster = roster();
    say(&mut roster, "alice", &propose("vera")).expect("proposed");
    assert_eq!(
        say(&mut roster, "alice", &vouch("vera")),
        Err("you have vouched for vera already".into())
    );
    assert_eq!(
        say(&mut roster, "vera", &Membership::Consent),
        Err("not enough members have vouched yet: the terms come then".into())
    );
    say(&mut roster, "erin", &vouch("Vera")).expect("vouched");
    let (id, (to, letter)) = roster.letters.iter().next().expect("the terms");
    assert!(id.starts_with("terms.1.") && to == "vera");
    assert!(letter.text.contains("Keep it to yourself."), "{}", letter.text);
    let quoted = answered_by_mail(&letter.text, "vera", &roster, &policy(), Timestamp::UNIX_EPOCH);
    assert_eq!(quoted, None, "a quotation is no consent");
    assert_eq!(roster.member("VERA").expect("known").wants_access(), None);

    assert_eq!(
        answered_by_mail("thanks!", "vera", &roster, &policy(), Timestamp::UNIX_EPOCH),
        None
    );
    let said = "Hello,\n\n/embargo consent\n\n> /embargo decline";
    let (events, _) = answered_by_mail(said, "vera", &roster, &policy(), Timestamp::UNIX_EPOCH)
        .expect("an answer")
        .expect("taken");
    events.iter().for_each(|event| roster.apply(event));
    assert_eq!(roster.member("vera").expect("known").wants_access(), Some(true));
    roster.apply(&Event::AccessChanged {
        name: "vera".into(),
        access: Access::Given {
            at: Timestamp::UNIX_EPOCH,
        },
    });
    assert_eq!(roster.member("vera").expect("known").wants_access(), None);

    // A member vouches for others; leaving takes the access away.
    say(&mut roster, "vera", &propose("olaf")).expect("proposed");
    say(&mut roster, "vera", &Membership::Leave).expect("left");
    assert_eq!(roster.member("vera").expect("known").wants_access(), Some(false));
    assert!(say(&mut roster, "vera", &vouch("olaf")).is_err());
    say(&mut roster, "alice", &propose("vera")).expect("proposed anew");
    assert_eq!(roster.member("vera").expect("known").standing, Standing::Proposed);
}

#[test]
fn nobody_vouches_for_themselves_and_strangers_do_nothing() {
    let mut roster = roster();
    assert!(say(&mut roster, "olaf", &propose("olaf")).is_err());
    assert!(say(&mut roster, "mallory", &propose("vera")).is_err());
    say(&mut roster, "alice", &propose("erin")).expect("proposed");
    assert_eq!(
        say(&mut roster, "erin", &vouch("erin")),
        Err("nobody vouches for themselves".into())
    );
    let remove = Membership::Remove {
        name: "erin".into(),
        because: "x".into(),
    };
    assert!(say(&mut roster, "olaf", &remove).is_err());
}

fn command() -> impl Strategy<Value = Membership> {
    let name = || (0..NAMES.len()).prop_map(|place| NAMES[place].to_owned());
    prop_oneof![
        name().prop_map(|name| propose(&name)),
        name().prop_map(|name| vouch(&name)),
        Just(Membership::Consent),
        Just(Membership::Decline),
        Just(Membership::Leave),
        name().prop_map(|name| Membership::Remove {
            name,
            because: "x".into()
        }),
    ]
}

proptest! {
    #[test]
    fn access_is_never_wanted_without_vouches_and_consent(
        steps in proptest::collection::vec((0..NAMES.len(), command(), any::<bool>()), 0..60)
    ) {
        let mut roster = roster();
        let mut consented = BTreeSet::new();
        for (by, command, by_mail) in steps {
            let by = NAMES[by];
            let before = roster.clone();
            let done = match by_mail {
                true => answered_by_mail(&format!("/embargo {}", command.verb()), by, &roster, &policy(), Timestamp::UNIX_EPOCH)
                    .unwrap_or(Err(String::new())),
                false => execute(&command, &person(by), &roster, &policy(), Timestamp::UNIX_EPOCH),
            };
            match done {
                Ok((events, _)) => {
                    for event in &events {
                        if let Event::Stands { name, standing: Standing::Signatory { .. } } = event {
                            prop_assert!(name.eq_ignore_ascii_case(by), "{by} consented for {name}");
                            consented.insert(name.to_lowercase());
                        }
                        roster.apply(event);
                    }
                }
                Err(_) => prop_assert_eq!(&before, &roster),
            }
            for (key, member) in &roster.members {
                if member.wants_access() == Some(true) {
                    prop_assert!(consented.contains(key));
                    prop_assert!(member.vouched.len() >= policy().vouches);
                    prop_assert!(!member.vouched.contains(key));
                }
            }
        }
    }
}

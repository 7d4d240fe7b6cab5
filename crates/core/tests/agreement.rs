//! Who must agree to a new end of the embargo, and what an answer that does not come means.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::collections::BTreeSet;

use common::{DAY, at, case, policy, view};
use embargod_core::calendar::Calendar;
use embargod_core::case::{AgreementPolicy, Case, Policy, execute, first_embargo, lapse};
use embargod_core::roles::{Person, Role};
use jiff::civil::Weekday;

/// Alice and Erin are the team, Bob and Frank the release managers.
fn say(case: &mut Case, policy: &Policy, name: &str, text: &str, now: i64) -> Result<String, String> {
    let roles = match name {
        "alice" | "erin" | "gina" => BTreeSet::from([Role::SecurityTeam]),
        _ => BTreeSet::from([Role::ReleaseManager]),
    };
    let person = Person {
        name: name.into(),
        has_access: true,
        roles,
    };
    let commands = embargod_core::command::commands(&format!("/embargo {text}"));
    let command = commands.into_iter().next().expect("one").expect("a command");
    let (events, answer) = execute(&command, &person, case, &view(), policy, at(now))?;
    events.iter().for_each(|event| case.apply(event));
    Ok(answer)
}

fn end(case: &Case) -> i64 {
    case.embargo.ends_at().expect("an end").as_second()
}

#[test]
fn a_later_end_needs_the_quorum() {
    let (mut case, policy) = (case(), policy());
    let answer = say(
        &mut case,
        &policy,
        "bob",
        "extend 1970-01-20T00:00Z because a vendor needs a week",
        1,
    );
    assert!(answer.expect("proposed").contains("2 of the security team must agree"));
    assert_eq!((end(&case), case.embargo.state_name()), (14 * DAY, "revise"));
    say(&mut case, &policy, "alice", "agree", 2).expect("counted");
    assert_eq!(
        say(&mut case, &policy, "alice", "agree", 3),
        Err("you have agreed already".into())
    );
    let not_asked = say(&mut case, &policy, "frank", "agree", 3).expect_err("not of the team");
    assert!(not_asked.contains("for the security team"), "{not_asked}");
    assert_eq!(end(&case), 14 * DAY);
    say(&mut case, &policy, "erin", "agree", 4).expect("reached");
    assert_eq!((end(&case), case.embargo.state_name()), (19 * DAY, "active"));
    assert!(case.proposal.is_none());
}

#[test]
fn no_answer_in_time_is_a_no() {
    let (mut case, policy) = (case(), policy());
    say(
        &mut case,
        &policy,
        "alice",
        "extend 1970-01-20T00:00Z because of a regression",
        0,
    )
    .expect("proposed");
    assert!(lapse(&case, at(2 * DAY)).is_empty());
    let late = say(&mut case, &policy, "erin", "agree", 2 * DAY + 1);
    assert_eq!(late, Err("the time for answers is over".into()));
    lapse(&case, at(2 * DAY + 1)).iter().for_each(|event| case.apply(event));
    assert_eq!((end(&case), case.embargo.state_name()), (14 * DAY, "active"));
    assert_eq!(
        say(&mut case, &policy, "erin", "agree", 2 * DAY + 2),
        Err("nothing is proposed".into())
    );
}

#[test]
fn as_many_objections_as_agreements_agree_to_nothing() {
    let (mut case, policy) = (case(), policy());
    say(
        &mut case,
        &policy,
        "alice",
        "extend 1970-01-20T00:00Z because of a regression",
        0,
    )
    .expect("proposed");
    say(&mut case, &policy, "erin", "object because it is long enough", 1).expect("on record");
    say(&mut case, &policy, "gina", "agree", 2).expect("reached, two to one");
    assert_eq!(end(&case), 19 * DAY);
}

#[test]
fn of_two_open_proposals_the_shorter_counts() {
    let (mut case, policy) = (case(), policy());
    say(
        &mut case,
        &policy,
        "alice",
        "extend 1970-01-20T00:00Z because of a regression",
        0,
    )
    .expect("proposed");
    let longer = say(
        &mut case,
        &policy,
        "erin",
        "extend 1970-01-25T00:00Z because of holidays",
        1,
    );
    assert!(longer.expect_err("longer").contains("the shorter counts"));
    say(
        &mut case,
        &policy,
        "erin",
        "extend 1970-01-18T00:00Z because it suffices",
        2,
    )
    .expect("shorter");
    say(&mut case, &policy, "alice", "agree", 3).expect("reached");
    assert_eq!(end(&case), 17 * DAY);
}

#[test]
fn a_restart_gives_the_whole_length_again_under_the_same_cap() {
    let (mut case, policy) = (case(), policy());
    say(
        &mut case,
        &policy,
        "alice",
        "restart because the patch broke migration",
        10 * DAY,
    )
    .expect("proposed");
    say(&mut case, &policy, "erin", "agree", 10 * DAY).expect("reached");
    assert_eq!(end(&case), 24 * DAY);
    say(&mut case, &policy, "alice", "restart because it broke again", 20 * DAY).expect("proposed");
    say(&mut case, &policy, "erin", "agree", 20 * DAY).expect("reached");
    assert_eq!(end(&case), 30 * DAY, "the cap");
    let more = say(&mut case, &policy, "alice", "restart because of a third time", 29 * DAY);
    assert_eq!(more, Err("the cap leaves no later end: nothing would be gained".into()));
}

#[test]
fn an_earlier_end_needs_a_second_release_manager() {
    let (mut case, policy) = (case(), policy());
    for (text, ended) in [
        ("until 1970-01-03T00:00Z because the fix is out", 2 * DAY),
        ("lift because it is public", 100),
    ] {
        let mut case = case.clone();
        say(&mut case, &policy, "bob", text, 90).expect("proposed");
        assert_eq!(end(&case), 14 * DAY);
        let alone = say(&mut case, &policy, "bob", "agree", 95);
        assert!(alone.expect_err("alone").contains("second release manager"));
        assert!(say(&mut case, &policy, "alice", "agree", 96).is_err(), "another role");
        say(&mut case, &policy, "frank", "agree", 100).expect("reached");
        assert_eq!(end(&case), ended);
    }
    let single = Policy {
        agreement: AgreementPolicy {
            second_release_manager: false,
            ..policy.agreement.clone()
        },
        ..policy
    };
    say(&mut case, &single, "bob", "lift because it is public", 100).expect("there is no second one");
    assert_eq!((end(&case), case.embargo.state_name()), (100, "exited"));
}

#[test]
fn whoever_proposed_may_withdraw() {
    let (mut case, policy) = (case(), policy());
    say(&mut case, &policy, "bob", "lift because it is public", 1).expect("proposed");
    say(&mut case, &policy, "bob", "object because it was another flaw", 2).expect("withdrawn");
    assert!(case.proposal.is_none());
    assert!(say(&mut case, &policy, "frank", "agree", 3).is_err());
}

#[test]
fn a_case_opens_with_the_last_end_that_the_calendar_allows() {
    let plain = policy();
    assert_eq!(
        first_embargo(&plain, false, at(5)).expect("terms").ends_at(),
        Some(at(14 * DAY + 5))
    );
    // Fourteen days from Friday, 2 January, is a Friday.
    let policy = Policy {
        calendar: Calendar {
            not_on: vec![Weekday::Friday],
            hour: Some(jiff::civil::Time::constant(15, 0, 0, 0)),
            ..Calendar::default()
        },
        ..plain
    };
    let embargo = first_embargo(&policy, false, at(DAY)).expect("terms");
    assert_eq!(
        (embargo.ends_at(), embargo.state_name()),
        (Some(at(14 * DAY + 15 * 3_600)), "active")
    );
}

#[test]
fn the_calendar_refuses_an_end_when_it_is_proposed() {
    let (mut case, plain) = (case(), policy());
    let policy = Policy {
        calendar: Calendar {
            not_on: vec![Weekday::Friday],
            ..Calendar::default()
        },
        ..plain
    };
    let friday = say(
        &mut case,
        &policy,
        "alice",
        "extend 1970-01-16T12:00Z because of a vendor",
        1,
    );
    assert!(friday.expect_err("a Friday").contains("1970-01-17T00:00:00Z"));
    // Fourteen days from Friday, 2 January, is a Friday: the day before counts.
    say(&mut case, &policy, "alice", "restart because of rework", DAY).expect("proposed");
    say(&mut case, &policy, "erin", "agree", DAY).expect("reached");
    assert_eq!(end(&case), 15 * DAY - 1);
}

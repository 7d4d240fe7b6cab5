//! Stories of the embargo itself: how its end moves, who must agree, and what people are told as it comes near.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::Tale;
use embargod_sandbox::Flavour::{self, Github, Gitlab};
use embargod_sandbox::Order;
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;

const ALL: [&str; 3] = ["master", "v8.0-maint", "v9.0-maint"];

#[rstest]
#[tokio::test]
async fn a_later_end_needs_two_of_the_team_and_binds_everybody(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    let first = tale.end().await;
    let later = first + SignedDuration::from_hours(5 * 24);
    tale.say(
        "alice",
        &format!("/embargo extend {later} because a vendor needs the week"),
    )
    .await;
    assert_eq!(tale.end().await, first, "the old end stays until it is agreed");
    assert!(
        tale.comments().contains("1 of the security team must agree"),
        "{}",
        tale.comments()
    );
    assert!(tale.comments().contains("**Proposed by alice:"), "shown in the status");
    assert_eq!(tale.facts().await["embargo"]["state"], "revise");
    tale.say("dave", "/embargo agree").await;
    assert_eq!(tale.end().await, first, "not of the team");
    tale.say("erin", "/embargo agree").await;
    assert_eq!(tale.end().await, later);
    tale.stage.clock.move_to(first);
    tale.settle().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
}

#[rstest]
#[tokio::test]
async fn a_proposal_without_an_answer_is_over_and_the_old_end_holds(
    #[values(Github, Gitlab)] forge: Flavour,
    #[values(Order::AsHappened, Order::Lost)] order: Order,
) {
    let mut tale = Tale::ready(forge, "").await;
    tale.order = order;
    let first = tale.end().await;
    let later = first + SignedDuration::from_hours(24);
    tale.say("alice", &format!("/embargo extend {later} because a vendor asked"))
        .await;
    tale.stage.pass_seconds(48 * 3_600 + 1);
    tale.settle().await;
    assert!(tale.comments().contains("Not agreed in time"), "{}", tale.comments());
    tale.say("erin", "/embargo agree").await;
    assert!(tale.comments().contains("nothing is proposed"), "{}", tale.comments());
    assert_eq!(tale.end().await, first);
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
}

#[rstest]
#[tokio::test]
async fn the_embargo_is_lifted_by_two_release_managers_and_everything_follows_at_once(
    #[values(Github, Gitlab)] forge: Flavour,
) {
    let tale = Tale::ready(forge, "").await;
    tale.say("bob", "/embargo lift because the flaw is described on a public list")
        .await;
    tale.say("bob", "/embargo agree").await;
    tale.say("alice", "/embargo agree").await;
    tale.assert_silent().await;
    tale.say("frank", "/embargo agree").await;
    tale.assert_published(&ALL).await;
    assert_eq!(tale.facts().await["embargo"]["state"], "exited");
}

#[rstest]
#[tokio::test]
async fn the_end_is_announced_four_times_with_what_closes_the_gate(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::opened(forge, "").await;
    tale.fix().await;
    let end = tale.end().await;
    let hours = [10 * 24, 7 * 24, 7 * 24 - 1, 3 * 24, 24, 2, 1];
    for before in hours {
        tale.stage.clock.move_to(end - SignedDuration::from_hours(before));
        tale.settle().await;
    }
    let said = tale.comments();
    let reminders: Vec<_> = said
        .lines()
        .filter(|line| line.contains("until the embargo ends"))
        .collect();
    assert_eq!(reminders.len(), 4, "{reminders:#?}");
    for (reminder, words) in reminders.iter().zip(["7 days", "3 days", "24 hours", "1 hour"]) {
        assert!(reminder.contains(words), "{reminder}");
    }
    assert!(said.contains("nobody of the security team has approved"), "{said}");
    tale.stage.clock.move_to(end);
    tale.settle().await;
    tale.assert_silent().await;
    let ended = "and nothing was published";
    assert_eq!(tale.comments().matches(ended).count(), 1, "{}", tale.comments());
    tale.settle().await;
    assert_eq!(tale.comments().matches(ended).count(), 1, "said once");
}

#[rstest]
#[tokio::test]
async fn the_calendar_moves_the_first_end_and_refuses_others(#[values(Github, Gitlab)] forge: Flavour) {
    // Fourteen days from Friday, 1 May 2026, is a Friday.
    let now: Timestamp = "2026-05-01T10:00:00Z".parse().expect("an instant");
    let extra = "[project.embargo]\nhour = \"15:00\"\ntime_zone = \"UTC\"\nnot_on = [\"friday\", \"monday\"]\n";
    let mut tale = Tale::begin_at(forge, extra, now).await;
    tale.open().await;
    let end: Timestamp = "2026-05-14T15:00:00Z".parse().expect("an instant");
    assert_eq!(tale.end().await, end);
    tale.say("alice", "/embargo extend 2026-05-18T15:00Z because it is hard")
        .await;
    assert!(tale.comments().contains("2026-05-19T15:00:00Z"), "{}", tale.comments());
    assert_eq!(tale.end().await, end);
}

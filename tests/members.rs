//! Membership: vouched for, consented, let in; left, and out again, as the forge sees it.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::Tale;
use embargod::rehearsal::MIRROR;
use embargod_sandbox::{Flavour, Permission};
use rstest::rstest;

use Flavour::{Github, Gitlab};

const ADDRESS: &str = "vera@vendor.example";

/// A tale told on the roster's issue.
async fn tale(forge: Flavour) -> Tale {
    let mut tale = Tale::begin(forge, "members = {}").await;
    tale.settle().await;
    let rosters = tale.issues_titled("Members of the security team");
    assert_eq!(rosters.len(), 1);
    tale.issue = rosters[0];
    tale
}

/// The terms that were mailed: their text, and how an answer to them begins.
fn terms(tale: &Tale, place: usize) -> (String, String) {
    let mails = tale.stage.sandbox.mails_to(ADDRESS);
    let mail = mails.get(place).expect("the terms").clone();
    let id = mail
        .lines()
        .find_map(|line| line.strip_prefix("Message-ID: "))
        .expect("an id");
    let answer = format!("From: Vera <{ADDRESS}>\r\nSubject: Re: terms\r\nIn-Reply-To: {id}\r\n");
    (mail, answer)
}

async fn answer(tale: &Tale, headers: &str, text: &str) {
    let raw = format!("Message-ID: <{}@vendor.example>\r\n{headers}\r\n{text}\r\n", text.len());
    tale.stage.sandbox.receive_mail(raw.as_bytes());
    tale.settle().await;
}

#[rstest]
#[tokio::test]
async fn a_vendors_engineer_joins_and_leaves(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = tale(forge).await;
    let sees = || tale.stage.sandbox.permission(MIRROR, "vera");
    tale.say(
        "carol",
        "/embargo member propose vera for Debian at vera@vendor.example",
    )
    .await;
    assert!(
        tale.comments().contains("for the security team and for members"),
        "{}",
        tale.comments()
    );
    tale.say(
        "alice",
        "/embargo member propose vera for Debian at vera@vendor.example",
    )
    .await;
    assert!(tale.stage.sandbox.mails_to(ADDRESS).is_empty(), "one vouched");
    tale.say("erin", "/embargo vouch vera").await;
    let (mail, headers) = terms(&tale, 0);
    assert!(
        mail.contains("under embargo") && mail.contains("/embargo consent"),
        "{mail}"
    );
    assert_eq!(sees(), None);

    // Neither a holiday, nor talk, nor somebody who does not know the thread is consent.
    answer(
        &tale,
        &format!("Auto-Submitted: auto-replied\r\n{headers}"),
        "/embargo consent",
    )
    .await;
    answer(&tale, &headers, "What is this?").await;
    answer(
        &tale,
        "From: mallory@vendor.example\r\nSubject: x\r\n",
        " /embargo consent ",
    )
    .await;
    assert_eq!(sees(), None);
    answer(&tale, &headers, "I do.\r\n\r\n/embargo consent\r\n").await;
    if forge == Github {
        assert_eq!(sees(), None, "an invitation waits for them");
        assert!(tale.stage.sandbox.accept_invitation(MIRROR, "vera"));
        tale.settle().await;
    }
    assert_eq!(sees(), Some(Permission::Read));
    assert!(tale.comments().contains("to read, since"), "{}", tale.comments());

    // Somebody else must vouch for the next one; then she leaves, and sees nothing any more.
    tale.say("vera", "/embargo vouch vera").await;
    tale.say("vera", "/embargo leave").await;
    assert_eq!(sees(), None);
    assert!(tale.comments().contains("withdrawn at"), "{}", tale.comments());
    assert!(tale.stage.server.store.audit().await.expect("read").broken.is_empty());
}

#[rstest]
#[tokio::test]
async fn access_that_comes_another_way_is_told(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = tale(forge).await;
    // Dave has the mirror through his own role, and joins the roster all the same: in a comment.
    tale.say("alice", "/embargo member propose dave for Example").await;
    tale.say("dave", "/embargo consent").await;
    assert!(
        tale.comments().contains("not enough members have vouched yet"),
        "{}",
        tale.comments()
    );
    tale.say("erin", "/embargo vouch dave").await;
    tale.say("dave", "/embargo consent").await;
    assert!(
        tale.comments().contains("consented in a comment"),
        "{}",
        tale.comments()
    );
    tale.say("alice", "/embargo member remove dave because he changed jobs")
        .await;
    assert_eq!(tale.stage.sandbox.permission(MIRROR, "dave"), None);
    assert!(tale.comments().contains("ended by alice"), "{}", tale.comments());
}

#[tokio::test]
async fn an_open_invitation_is_taken_back() {
    let tale = tale(Github).await;
    tale.say(
        "alice",
        "/embargo member propose vera for Debian at vera@vendor.example",
    )
    .await;
    tale.say("erin", "/embargo vouch vera").await;
    let (_, headers) = terms(&tale, 0);
    answer(&tale, &headers, "/embargo consent").await;
    tale.say("alice", "/embargo member remove vera because Debian asked for it")
        .await;
    assert!(
        !tale.stage.sandbox.accept_invitation(MIRROR, "vera"),
        "nothing is left to accept"
    );
    // Proposed anew, she declines.
    tale.say(
        "alice",
        "/embargo member propose vera for Debian at vera@vendor.example",
    )
    .await;
    tale.say("erin", "/embargo vouch vera").await;
    let (_, headers) = terms(&tale, 1);
    answer(&tale, &headers, "No, thank you.\r\n\r\n/embargo decline").await;
    assert!(tale.comments().contains("declined at"), "{}", tale.comments());
    assert!(!tale.stage.sandbox.accept_invitation(MIRROR, "vera"));
}

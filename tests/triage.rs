//! What becomes of a report: no vulnerability, one that was reported twice, two in one; and fixes that come another way.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::Tale;
use embargod::rehearsal::{LABEL, MIRROR, PUBLIC, git};
use embargod_sandbox::{Flavour, Surface};
use rstest::rstest;

use Flavour::{Github, Gitlab};

const REPORTER: &str = "reporter@reporter.example";

fn mail(id: &str, text: &str) -> String {
    format!("Message-ID: <{id}@reporter.example>\r\nFrom: {REPORTER}\r\nSubject: canary {id}\r\n\r\n{text}\r\n")
}

#[rstest]
#[tokio::test]
async fn what_is_no_vulnerability_ends_with_its_reason(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::ready(forge, "").await;
    let first = tale.id();
    tale.say("bob", "/embargo not-a-vulnerability because it is meant so")
        .await;
    assert_eq!(
        tale.is_open(),
        Some(true),
        "a release manager alone does not decide that"
    );
    tale.say("alice", "/embargo not-a-vulnerability because it is meant so")
        .await;
    assert_eq!(tale.is_open(), Some(false));
    assert!(tale.labels().is_empty());
    assert!(
        tale.comments().contains("because it is meant so"),
        "{}",
        tale.comments()
    );
    tale.stage.pass_seconds(20 * 86_400);
    tale.settle().await;
    tale.assert_silent().await;
    // The label opens a new case, with a new number.
    tale.stage.sandbox.set_issue_open(MIRROR, "alice", tale.issue, true);
    tale.open().await;
    assert_ne!(tale.id(), first);
}

#[rstest]
#[tokio::test]
async fn of_two_cases_that_are_one_the_earlier_date_wins(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::opened(forge, "").await;
    let (kept, end) = (tale.issue, tale.end().await);
    tale.stage.sandbox.receive_mail(mail("one", "the same").as_bytes());
    tale.settle().await;
    tale.issue = tale.issues_titled("Report by mail")[0];
    tale.open().await;
    let earlier = end - jiff::SignedDuration::from_hours(5 * 24);
    tale.say(
        "bob",
        &format!("/embargo until {earlier} because it is found by others"),
    )
    .await;
    tale.say("frank", "/embargo agree").await;
    tale.say("alice", "/embargo duplicate 2099-0001").await;
    assert!(
        tale.comments().contains("there is no open case 2099-0001"),
        "{}",
        tale.comments()
    );
    let number = i64::try_from(kept).expect("small");
    let of = tale
        .stage
        .server
        .store
        .latest_case("example", number)
        .await
        .expect("read")
        .expect("a case");
    tale.say("alice", &format!("/embargo duplicate {of}")).await;
    assert_eq!(tale.is_open(), Some(false));
    (tale.issue, tale.case) = (kept, Some(of));
    assert_eq!(tale.end().await, earlier);
    assert!(tale.comments().contains("ends earlier now"), "{}", tale.comments());
    // The reporter of the one is answered from the other, and answers into it.
    tale.say("alice", "/embargo reply\nIt is known.").await;
    let mails = tale.stage.sandbox.mails_to(REPORTER);
    let reply = mails.last().expect("a reply");
    assert!(reply.contains("It is known."), "{reply}");
    let id = reply
        .lines()
        .find_map(|line| line.strip_prefix("Message-ID: "))
        .expect("an id");
    let answer = mail("two", "Good to hear.").replace("Subject:", &format!("In-Reply-To: {id}\r\nSubject:"));
    tale.stage.sandbox.receive_mail(answer.as_bytes());
    tale.settle().await;
    assert!(tale.comments().contains("Good to hear."), "{}", tale.comments());
}

#[rstest]
#[tokio::test]
async fn a_report_that_is_two_flaws_becomes_two_cases(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::begin(forge, "").await;
    tale.stage.sandbox.receive_mail(mail("one", "two flaws").as_bytes());
    tale.settle().await;
    tale.issue = tale.issues_titled("Report by mail")[0];
    tale.open().await;
    let first = tale.id();
    tale.say("alice", "/embargo split because the second length is another flaw")
        .await;
    let parts = tale.issues_titled(&format!("Second part of case {first}"));
    assert_eq!(parts.len(), 1);
    tale.issue = parts[0];
    assert!(tale.issue_body().contains("two flaws"), "{}", tale.issue_body());
    tale.open().await;
    assert_ne!(tale.id(), first);
    tale.say("alice", "/embargo reply\nWe made two of it.").await;
    let mails = tale.stage.sandbox.mails_to(REPORTER);
    assert!(mails.last().expect("a reply").contains("We made two of it."));
}

#[rstest]
#[tokio::test]
async fn a_flaw_that_only_stable_branches_have_is_fixed_from_there(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::opened(forge, "").await;
    tale.say("alice", "/embargo fix-source v7.0-maint").await;
    assert!(
        tale.comments().contains("is not a target branch"),
        "{}",
        tale.comments()
    );
    tale.say("alice", "/embargo fix-source v9.0-maint").await;
    let branch = tale.branch("v9.0-maint");
    let file = tale
        .stage
        .public
        .git(PUBLIC, &["show", "v9.0-maint:copy.c"])
        .await
        .expect("read");
    let fixed = format!("{file}\n/* length > 64 is refused */\n");
    tale.commit("dave", MIRROR, &branch, "copy.c", &fixed, "copy: check the length")
        .await;
    tale.settle().await;
    tale.say("alice", "/embargo not-affected master because it was rewritten there")
        .await;
    tale.agree().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&["v8.0-maint", "v9.0-maint"]).await;
}

#[rstest]
#[tokio::test]
async fn a_fix_that_is_public_on_main_is_carried_to_the_others(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = Tale::opened(forge, "").await;
    let desk = tale.stage.clone_for("dave", PUBLIC).await.expect("a clone");
    tale.fetch_fix(&desk).await;
    git(&desk, &["push", "--quiet", "origin", "FETCH_HEAD:refs/heads/master"])
        .await
        .expect("pushed");
    let fix = tale.stage.tip(PUBLIC, "master").await.expect("a tip");
    tale.settle().await;
    tale.say("alice", "/embargo fix 0000000").await;
    assert!(
        tale.comments().contains("is no single commit of the public master"),
        "{}",
        tale.comments()
    );
    tale.say("alice", &format!("/embargo fix {}", &fix[..12])).await;
    let before = tale.stage.public.timeline().len();
    tale.agree().await;
    tale.at_the_end().await;
    for branch in ["master", "v8.0-maint", "v9.0-maint"] {
        assert!(tale.is_fixed(branch).await, "{branch}: {}", tale.comments());
    }
    let pushes = tale
        .stage
        .public
        .timeline()
        .into_iter()
        .skip(before)
        .filter(|entry| entry.kind == "git.push" && entry.surface == Surface::Public);
    let moved: Vec<_> = pushes
        .map(|entry| entry.details["refs"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(moved, [2], "{}", tale.comments());
    let mails = tale.stage.sandbox.mails_to("devel@lists.example.org");
    assert!(mails[0].contains(&fix), "{}", mails[0]);
}

#[tokio::test]
async fn a_branch_whose_end_of_life_comes_is_not_lost_in_silence() {
    let now = "2019-12-25T12:00:00Z".parse().expect("an instant");
    let mut tale = Tale::begin_at(Github, "", now).await;
    tale.open().await;
    tale.fix().await;
    assert!(!tale.comments().contains("end of life"), "{}", tale.comments());
    tale.stage.pass_seconds(8 * 86_400);
    tale.settle().await;
    assert!(
        tale.comments().contains("`v5.0-maint` reached its end of life"),
        "{}",
        tale.comments()
    );
    tale.say(
        "alice",
        "/embargo not-affected v5.0-maint because it is not maintained any more",
    )
    .await;
    tale.agree().await;
    tale.at_the_end().await;
    tale.assert_published(&["master", "v8.0-maint", "v9.0-maint"]).await;
}

/// A crash between the command and what follows from it opens no second case.
#[tokio::test]
async fn an_old_label_opens_nothing_after_the_end() {
    let mut tale = Tale::opened(Github, "").await;
    let first = tale.id();
    tale.say("alice", "/embargo not-a-vulnerability because it is meant so")
        .await;
    // Somebody without the role puts it back; and the clock of the label is what counts.
    tale.stage.sandbox.label(MIRROR, "dave", tale.issue, LABEL, true);
    tale.stage.sandbox.set_issue_open(MIRROR, "dave", tale.issue, true);
    tale.settle().await;
    let number = i64::try_from(tale.issue).expect("small");
    let last = tale
        .stage
        .server
        .store
        .latest_case("example", number)
        .await
        .expect("read");
    assert_eq!(last, Some(first));
    tale.case = last;
}

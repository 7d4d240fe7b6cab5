//! Set-ups over several repositories and forges: the public project here and the mirror there, repositories that follow, and
//! cases in confidential issues of the public project.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::Tale;
use embargod::rehearsal::{LABEL, MIRROR, PUBLIC};
use embargod_sandbox::Flavour::{self, Github, Gitlab};
use embargod_sandbox::{NewRepository, Order, Permission, Surface};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;

const ALL: [&str; 3] = ["master", "v8.0-maint", "v9.0-maint"];
const FOLLOWER: &str = "example/copy";

#[rstest]
#[tokio::test]
async fn the_public_repository_and_the_mirror_may_be_on_different_forges(
    #[values((Gitlab, Github), (Github, Gitlab))] forges: (Flavour, Flavour),
    #[values(Order::AsHappened, Order::Lost)] order: Order,
) {
    let mut tale = Tale::begin_on(forges, MIRROR, "", Timestamp::now()).await;
    tale.order = order;
    tale.open().await;
    tale.fix().await;
    tale.agree().await;
    tale.stage
        .clock
        .move_to(tale.end().await - SignedDuration::from_secs(1));
    tale.settle().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
    assert!(tale.is_fixed("v8.0-maint").await);
}

/// A further public repository with the branches as they are now.
async fn follower(tale: &Tale) {
    let people = [("alice".to_owned(), Permission::Admin)];
    let new = NewRepository {
        people: people.into(),
        ..NewRepository::default()
    };
    let sandbox = &tale.stage.sandbox;
    sandbox.create_repository(FOLLOWER, new).await.expect("made");
    let to = sandbox.repository_dir(FOLLOWER);
    let arguments = [
        "push",
        "--quiet",
        to.to_str().expect("text"),
        "refs/heads/*:refs/heads/*",
    ];
    sandbox.git(PUBLIC, &arguments).await.expect("copied");
}

fn follows(forge: Flavour) -> String {
    let connection = match forge {
        Github => "github.main",
        Gitlab => "gitlab.main",
    };
    format!("followers = [{{ connection = \"{connection}\", repo = \"{FOLLOWER}\" }}]")
}

#[rstest]
#[tokio::test]
async fn a_further_public_repository_follows_after_the_push_and_never_leads(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::begin_at(forge, &follows(forge), Timestamp::now()).await;
    follower(&tale).await;
    let mut tale = tale;
    tale.open().await;
    tale.fix().await;
    tale.agree().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    let public = tale.public_by_bot();
    let pushed: Vec<_> = public
        .iter()
        .filter(|entry| entry.kind == "git.push")
        .map(|entry| entry.details["repository"].as_str().expect("a name"))
        .collect();
    assert_eq!(pushed, [PUBLIC, FOLLOWER]);
    assert_eq!(tale.state().await, "published");
    for branch in ALL {
        assert_eq!(
            tale.stage.tip(FOLLOWER, branch).await,
            tale.stage.tip(PUBLIC, branch).await,
            "{branch}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_further_repository_that_went_another_way_holds_up_nothing_and_waits_for_a_person(
    #[values(Github, Gitlab)] forge: Flavour,
) {
    let tale = Tale::begin_at(forge, &follows(forge), Timestamp::now()).await;
    follower(&tale).await;
    tale.commit("alice", FOLLOWER, "v8.0-maint", "own.c", "own\n", "its own")
        .await;
    let own = tale.stage.tip(FOLLOWER, "v8.0-maint").await;
    let mut tale = tale;
    tale.open().await;
    tale.fix().await;
    tale.agree().await;
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
    assert_eq!(
        tale.stage.tip(FOLLOWER, "v8.0-maint").await,
        own,
        "nobody's commit is lost"
    );
    assert_ne!(
        tale.stage.tip(FOLLOWER, "master").await,
        tale.stage.tip(PUBLIC, "master").await,
        "all of them or none"
    );
    assert!(tale.comments().contains("went another way"), "{}", tale.comments());
}

const DESK: &str = "cases = \"public\"\nshow_issue_afterwards = true";

async fn at_the_public_desk(extra: &str) -> Tale {
    Tale::begin_on((Gitlab, Gitlab), PUBLIC, extra, Timestamp::now()).await
}

#[tokio::test]
async fn a_case_lives_in_a_confidential_issue_of_the_public_project() {
    let mut tale = at_the_public_desk(DESK).await;
    tale.open().await;
    tale.fix().await;
    assert!(
        tale.comments().contains("gitlab_path: \"example/example\""),
        "the request for a CVE"
    );
    tale.agree().await;
    tale.assert_silent().await;
    let looks = ["canary-title".to_owned(), "check the length".to_owned()];
    tale.stage
        .sandbox
        .look_around(Some("mallory"), PUBLIC, &looks, &[])
        .await
        .expect("looked");
    let shown = tale.stage.sandbox.access();
    let shown = shown.iter().filter_map(|access| access.response.as_ref());
    assert!(!shown.clone().any(|response| response.to_string().contains("canary")));
    assert!(shown.count() > 10);
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
    assert_eq!(tale.stage.sandbox.is_confidential(PUBLIC, tale.issue), Some(false));
    let releases: Vec<_> = tale
        .public_by_bot()
        .into_iter()
        .filter(|entry| entry.kind == "release")
        .collect();
    assert_eq!(releases.len(), 1);
    assert_eq!(releases[0].details["tag"], format!("security/{}", tale.id()));
    let notes = releases[0].details["description"].as_str().expect("text");
    assert!(
        notes.contains("larger than the buffer") && notes.contains("`v8.0-maint`: "),
        "{notes}"
    );
    // What the bot wrote stays among the members.
    tale.stage
        .sandbox
        .look_around(None, PUBLIC, &[], &[])
        .await
        .expect("looked");
    let last = tale.stage.sandbox.access();
    let notes = last
        .iter()
        .rfind(|access| access.path.ends_with("/issues/1/notes"))
        .expect("asked");
    assert!(
        notes.status == 200
            && !notes
                .response
                .as_ref()
                .expect("kept")
                .to_string()
                .contains("<!-- embargod:")
    );
}

#[tokio::test]
async fn an_issue_that_everybody_could_see_is_hidden_and_gets_no_embargo_until_one_is_confirmed() {
    let mut tale = at_the_public_desk("cases = \"public\"").await;
    let sandbox = tale.stage.sandbox.clone();
    sandbox.set_confidential(PUBLIC, "alice", tale.issue, false);
    sandbox.comment(PUBLIC, "dave", tale.issue, "me too").expect("written");
    tale.stage.pass_seconds(3_600);
    tale.open().await;
    assert_eq!(sandbox.is_confidential(PUBLIC, tale.issue), Some(true));
    let facts = tale.facts().await;
    assert_eq!(
        (&facts["embargo"]["state"], &facts["embargo"]["ends_at"]),
        (&"none".into(), &().into())
    );
    assert_eq!(facts["exposed"]["comments"], 1);
    assert_eq!(
        tale.comments().matches("**Exposed.**").count(),
        1,
        "{}",
        tale.comments()
    );
    tale.fix().await;
    tale.agree().await;
    let soon = tale.now() + SignedDuration::from_secs(60);
    tale.say("bob", &format!("/embargo until {soon} because it was public"))
        .await;
    tale.stage.pass_seconds(100 * 86_400);
    tale.settle().await;
    tale.assert_silent().await;
    tale.say("bob", "/embargo confirm because nobody understood it").await;
    assert!(
        tale.comments().contains("`/embargo confirm` is for the security team"),
        "{}",
        tale.comments()
    );
    tale.say("alice", "/embargo confirm because nobody understood it").await;
    assert_eq!(tale.facts().await["embargo"]["state"], "active");
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
}

#[tokio::test]
async fn an_issue_that_somebody_shows_while_its_case_goes_on_is_hidden_again() {
    let mut tale = at_the_public_desk("cases = \"public\"").await;
    tale.open().await;
    tale.fix().await;
    tale.stage.sandbox.set_confidential(PUBLIC, "alice", tale.issue, false);
    tale.settle().await;
    assert_eq!(tale.stage.sandbox.is_confidential(PUBLIC, tale.issue), Some(true));
    assert_eq!(
        tale.comments().matches("**Exposed.**").count(),
        1,
        "{}",
        tale.comments()
    );
}

#[tokio::test]
async fn the_label_on_a_public_issue_hides_it_where_the_forge_can() {
    let tale = Tale::begin(Gitlab, "").await;
    let sandbox = tale.stage.sandbox.clone();
    let public = sandbox.open_issue(PUBLIC, "dave", "a flaw", "").expect("an issue");
    sandbox.label(PUBLIC, "dave", public, LABEL, true);
    tale.settle().await;
    assert_eq!(sandbox.is_confidential(PUBLIC, public), Some(true));
    let alarms = sandbox.timeline();
    let opened = |entry: &&embargod_sandbox::Entry| entry.kind == "issue.opened" && entry.by == "embargod-bot";
    let alarm = alarms.iter().find(opened).expect("an alarm");
    assert_eq!(alarm.surface, Surface::Private);
    assert!(
        alarm.details["body"]
            .as_str()
            .expect("text")
            .contains("Everybody could see it from")
    );
}

#[tokio::test]
async fn pipelines_that_a_large_push_did_not_create_are_started() {
    let mut tale = Tale::begin(Gitlab, "").await;
    for name in ["v10-maint", "v11-maint", "v12-maint"] {
        let arguments = ["branch", name, "v9.0-maint"];
        tale.stage.public.git(PUBLIC, &arguments).await.expect("branched");
    }
    tale.open().await;
    tale.fix().await;
    tale.agree().await;
    tale.stage.public.set_ci(PUBLIC, true);
    tale.at_the_end().await;
    assert_eq!(tale.state().await, "published", "{}", tale.comments());
    let pipelines = tale.stage.public.pipelines(PUBLIC);
    let by = |source: &str| pipelines.iter().filter(|(.., known)| *known == source).count();
    assert_eq!((by("push"), by("api")), (4, 2), "{pipelines:?}");
}

#[tokio::test]
async fn a_webhook_that_gitlab_switched_off_is_shown_and_holds_up_nothing() {
    let mut tale = Tale::opened(Gitlab, "").await;
    tale.stage.sandbox.set_webhook_url("http://127.0.0.1:1/nobody");
    for number in 0..4 {
        let text = format!("talk {number}");
        tale.stage
            .sandbox
            .comment(MIRROR, "dave", tale.issue, &text)
            .expect("written");
    }
    tale.settle().await;
    assert!(
        tale.comments().contains("Webhooks that the forge has switched off"),
        "{}",
        tale.comments()
    );
    tale.fix().await;
    tale.agree().await;
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
}

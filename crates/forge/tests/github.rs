//! The adapter over real HTTP against a forge held to GitHub's contract.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use embargod_contract::Watch;
use embargod_core::CommitId;
use embargod_core::checks::{Check, CheckState};
use embargod_forge::github::App;
use embargod_forge::{Access, AdvisoryText, CheckRun, Class, Forge, IssueEventKind, PullState, Team, Thread};
use embargod_sandbox::{AppFacts, Fault, NewRepository, Permission, Ruleset, Sandbox, WallClock, When, app_keys};
use secrecy::SecretString;

const REPOSITORY: &str = "example/example";

struct World {
    sandbox: Sandbox,
    forge: Box<dyn Forge>,
    watch: Watch,
    _folder: tempfile::TempDir,
}

/// Every test ends with the question whether GitHub would have understood it.
impl Drop for World {
    fn drop(&mut self) {
        let breaches = self.watch.breaches();
        assert!(std::thread::panicking() || breaches.is_empty(), "{breaches:#?}");
    }
}

async fn world() -> World {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (private, public) = app_keys().expect("keys");
    let app = AppFacts {
        id: 7,
        slug: "embargod".into(),
        public_key: public,
        webhook_secret: "secret".into(),
        webhook_url: "http://127.0.0.1:1/".into(),
    };
    let sandbox = Sandbox::start(folder.path(), Arc::new(WallClock), app, vec![])
        .await
        .expect("started");
    let people = BTreeMap::from([("alice".to_owned(), Permission::Write)]);
    let new = NewRepository {
        private: true,
        people,
        ..NewRepository::default()
    };
    sandbox.create_repository(REPOSITORY, new).await.expect("made");
    let key = SecretString::from(private);
    let app = App::new(&sandbox.api_url(), &sandbox.git_url(), 7, &key).expect("an App");
    let forge = Box::new(app.repository(REPOSITORY).expect("a repository"));
    World {
        watch: embargod_contract::watch(&sandbox),
        sandbox,
        forge,
        _folder: folder,
    }
}

impl World {
    async fn commit(&self, branch: &str, message: &str) -> CommitId {
        let run = async |arguments: &[&str]| self.sandbox.git(REPOSITORY, arguments).await.expect("git works");
        let tree = run(&["hash-object", "-t", "tree", "-w", "/dev/null"]).await;
        let parent = run(&[
            "for-each-ref",
            "--format=%(objectname)",
            &format!("refs/heads/{branch}"),
        ])
        .await;
        let mut arguments = vec!["commit-tree", "-m", message, &tree];
        if !parent.is_empty() {
            arguments.extend(["-p", &parent]);
        }
        let commit = run(&arguments).await;
        run(&["update-ref", &format!("refs/heads/{branch}"), &commit]).await;
        commit.parse().expect("an id")
    }
}

#[tokio::test]
async fn who_the_bot_is_and_who_sees_what() {
    let world = world().await;
    assert_eq!(world.forge.bot().await.expect("a name"), "embargod[bot]");
    let facts = world.forge.repository().await.expect("facts");
    assert!(facts.private && !facts.fork && facts.forking_allowed == Some(false));
    assert_eq!(world.forge.audience().await.expect("an audience").people, ["alice"]);
    assert_eq!(world.forge.access("alice").await.expect("an answer"), Access::Yes);
    for nobody in ["mallory", "../../x", "", "a b"] {
        assert_eq!(
            world.forge.access(nobody).await.expect("an answer"),
            Access::No,
            "{nobody:?}"
        );
    }
    world.sandbox.set_team("example", "security", &["alice"]);
    let team = Team {
        organisation: "example".into(),
        slug: "security".into(),
    };
    assert!(world.forge.is_member(&team, "alice").await.expect("an answer"));
    assert!(!world.forge.is_member(&team, "mallory").await.expect("an answer"));
}

#[tokio::test]
async fn issues_events_and_comments_over_several_pages() {
    let world = world().await;
    let number = world
        .forge
        .create_issue("title", "body", &["a label"])
        .await
        .expect("written");
    world
        .sandbox
        .label(REPOSITORY, "alice", number, "security::confirmed", true);
    let labelled = world
        .forge
        .issues_labelled("security::confirmed")
        .await
        .expect("listed");
    assert_eq!(labelled.iter().map(|issue| issue.number).collect::<Vec<_>>(), [number]);
    assert_eq!(labelled[0].labels, ["a label", "security::confirmed"]);
    let events = world.forge.issue_events(number).await.expect("read");
    assert_eq!(events[0].kind, IssueEventKind::Labeled("a label".into()));
    assert_eq!(events[1].actor, "alice");
    assert_eq!(events[1].kind, IssueEventKind::Labeled("security::confirmed".into()));
    for index in 0..230 {
        world
            .sandbox
            .comment(REPOSITORY, "alice", number, &format!("{index}"))
            .expect("written");
    }
    let comments = world.forge.comments(Thread::Issue(number)).await.expect("read");
    assert_eq!(comments.len(), 230);
    assert!(comments.windows(2).all(|pair| pair[0].id < pair[1].id));
    let mine = world
        .forge
        .create_comment(Thread::Issue(number), "mine")
        .await
        .expect("written");
    world
        .forge
        .edit_comment(Thread::Issue(number), mine, "changed")
        .await
        .expect("changed");
    let last = world
        .forge
        .comments(Thread::Issue(number))
        .await
        .expect("read")
        .pop()
        .expect("a comment");
    assert!(last.body == "changed" && last.author == "embargod[bot]");
    world.forge.set_issue_open(number, false).await.expect("closed");
    assert!(!world.forge.issue(number).await.expect("read").open);
}

#[tokio::test]
async fn pull_requests_are_found_by_their_branch() {
    let world = world().await;
    world.commit("main", "start").await;
    world
        .sandbox
        .git(REPOSITORY, &["branch", "embargo/2026-0001/main", "main"])
        .await
        .expect("branched");
    let (head, base) = (
        "embargo/2026-0001/main".parse().expect("valid"),
        "main".parse().expect("valid"),
    );
    let refused = world
        .forge
        .open_pull_request(&head, &base, "t", "b")
        .await
        .expect_err("no commits between");
    assert_eq!(refused.class, Class::Permanent);
    let commit = world.commit("embargo/2026-0001/main", "fix").await;
    let number = world
        .forge
        .open_pull_request(&head, &base, "t", "b")
        .await
        .expect("opened");
    let pulls = world.forge.pull_requests(&head).await.expect("listed");
    assert_eq!(pulls.len(), 1);
    assert!(pulls[0].number == number && pulls[0].head == commit && pulls[0].state == PullState::Open);
    assert!(world.forge.pull_requests(&base).await.expect("listed").is_empty());
}

#[tokio::test]
async fn checks_of_others_are_read_and_ours_are_written_once() {
    let world = world().await;
    let commit = world.commit("main", "start").await;
    for (name, conclusion) in [
        ("ci", Some("failure")),
        ("ci", Some("success")),
        ("docs", None),
        ("odd", Some("neutral")),
    ] {
        world.sandbox.set_check(REPOSITORY, commit.as_str(), name, conclusion);
    }
    world.sandbox.set_status(REPOSITORY, commit.as_str(), "old", "pending");
    world.sandbox.set_status(REPOSITORY, commit.as_str(), "old", "success");
    let mut checks = world.forge.checks(&commit).await.expect("read");
    checks.sort_by(|one, other| one.name.cmp(&other.name));
    let wanted = [
        ("ci", CheckState::Passed),
        ("docs", CheckState::Pending),
        ("odd", CheckState::Skipped),
        ("old", CheckState::Passed),
    ];
    assert_eq!(
        checks,
        wanted.map(|(name, state)| Check {
            name: name.into(),
            state
        })
    );
    let run = |passed| CheckRun {
        name: "embargod/embargo",
        passed,
        title: "t".into(),
        summary: "s".into(),
    };
    let written = Arc::new(AtomicUsize::new(0));
    for method in ["POST", "PATCH", "POST", "PATCH"] {
        let written = Arc::clone(&written);
        let count = move || {
            written.fetch_add(1, Ordering::SeqCst);
        };
        world
            .sandbox
            .fail(Fault::call(method, "/check-runs", When::Before, Arc::new(count)));
    }
    for passed in [false, false, true, true] {
        world.forge.set_check(&commit, &run(passed)).await.expect("written");
    }
    assert_eq!(written.load(Ordering::SeqCst), 2);
    let (conclusion, _) = world
        .sandbox
        .check(REPOSITORY, commit.as_str(), "embargod/embargo")
        .expect("there");
    assert_eq!(conclusion, "success");
}

#[tokio::test]
async fn a_rule_that_the_app_cannot_bypass_is_an_obstacle_with_its_remedy() {
    let world = world().await;
    let branch = "master".parse().expect("valid");
    assert!(world.forge.obstacles(&branch).await.expect("read").is_empty());
    let ruleset = |apps: &[u64]| Ruleset {
        branches: "m*".into(),
        rules: vec!["pull_request".into(), "non_fast_forward".into()],
        checks: vec![],
        apps: apps.iter().copied().collect(),
        administrators: true,
    };
    world.sandbox.add_ruleset(REPOSITORY, ruleset(&[7]));
    assert!(world.forge.obstacles(&branch).await.expect("read").is_empty());
    world.sandbox.add_ruleset(REPOSITORY, ruleset(&[8]));
    let obstacles = world.forge.obstacles(&branch).await.expect("read");
    assert_eq!(
        obstacles
            .iter()
            .map(|obstacle| obstacle.rule.as_str())
            .collect::<Vec<_>>(),
        ["pull_request"]
    );
    let classic = "stable".parse().expect("valid");
    world.sandbox.protect(REPOSITORY, "stable", &["ci"]);
    let obstacles = world.forge.obstacles(&classic).await.expect("read");
    assert!(
        obstacles[0].rule.contains("classic") && obstacles[0].remedy.contains("ruleset"),
        "{obstacles:?}"
    );
}

#[tokio::test]
async fn an_advisory_is_published_once() {
    let world = world().await;
    let text = |summary: &str| AdvisoryText {
        summary: summary.into(),
        description: "d".into(),
        severity: Some("high".into()),
        cvss: None,
        cwes: vec![],
        cve: Some("CVE-2026-1234".into()),
        ecosystem: "other".into(),
        package: "example".into(),
    };
    let draft = world.forge.create_draft(&text("2026-0001")).await.expect("written");
    assert!(!draft.published);
    // More than one page of them, and these have no numbers.
    for index in 0..120 {
        let other = text(&format!("2026-1{index:03}"));
        world.forge.create_draft(&other).await.expect("written");
    }
    let last = world.forge.find_draft("2026-1119").await.expect("read");
    assert!(last.is_some() && world.forge.find_draft("absent").await.expect("read").is_none());
    let found = world.forge.find_draft("2026-0001").await.expect("read").expect("there");
    assert_eq!(found.id, draft.id);
    for _ in 0..2 {
        assert!(
            world
                .forge
                .publish_advisory(&draft.id, &text("real"))
                .await
                .expect("published")
                .published
        );
    }
    let published = world
        .sandbox
        .timeline()
        .iter()
        .filter(|entry| entry.kind == "advisory.published")
        .count();
    assert_eq!(published, 1);
    assert!(world.forge.find_draft("real").await.expect("read").is_none());
}

#[tokio::test]
async fn failures_say_what_may_be_done_next_and_nothing_else() {
    let world = world().await;
    let number = world
        .forge
        .create_issue("canary-title", "b", &[])
        .await
        .expect("written");
    let path = format!("/issues/{number}");
    world.sandbox.fail(Fault::status("GET", &path, When::Before, 502));
    let error = world.forge.issue(number).await.err().expect("failed");
    assert!(matches!(error.class, Class::Transient(_)), "{error}");
    let pause = Fault {
        answer: Some((429, Some(17))),
        ..Fault::status("GET", &path, When::Before, 429)
    };
    world.sandbox.fail(pause);
    let error = world.forge.issue(number).await.err().expect("failed");
    assert_eq!(error.class, Class::Transient(std::time::Duration::from_secs(17)));
    world.sandbox.fail(Fault::status("POST", "/comments", When::After, 500));
    let error = world
        .forge
        .create_comment(Thread::Issue(number), "canary-text")
        .await
        .expect_err("failed");
    assert_eq!(error.class, Class::Ambiguous);
    assert!(
        !error.to_string().contains("canary") && !error.to_string().contains("issues"),
        "{error}"
    );
    assert_eq!(
        world.sandbox.comments(REPOSITORY, number).len(),
        1,
        "not sent again by itself"
    );
    assert!(world.forge.issue(999).await.err().expect("failed").is_not_found());
}

#[tokio::test]
async fn labels_are_put_on_and_taken_off_once() {
    let world = world().await;
    let number = world
        .forge
        .create_issue("t", "b", &["first label"])
        .await
        .expect("written");
    for (label, on) in [
        ("security::x", true),
        ("security::x", true),
        ("first label", false),
        ("first label", false),
    ] {
        world.forge.set_label(number, label, on).await.expect("set");
    }
    assert_eq!(world.forge.issue(number).await.expect("read").labels, ["security::x"]);
}

#[tokio::test]
async fn people_are_invited_and_taken_out_again() {
    let world = world().await;
    let sees = async || world.forge.access("vera").await.expect("read");
    world.forge.let_in("vera").await.expect("invited");
    assert_eq!(sees().await, Access::No, "she has not accepted");
    world.forge.take_out("vera").await.expect("taken back");
    assert!(!world.sandbox.accept_invitation(REPOSITORY, "vera"));
    world.forge.let_in("vera").await.expect("invited");
    assert!(world.sandbox.accept_invitation(REPOSITORY, "vera"));
    assert_eq!(sees().await, Access::Yes);
    world.forge.let_in("vera").await.expect("harmless");
    for _ in 0..2 {
        world.forge.take_out("vera").await.expect("taken out");
        assert_eq!(sees().await, Access::No);
    }
    let error = world.forge.let_in("../vera").await.expect_err("no name");
    assert_eq!(error.class, Class::Permanent);
}

#[tokio::test]
async fn private_reports_are_listed_until_they_are_settled() {
    let world = world().await;
    let report = |summary: &str| {
        let reported = world.sandbox.report_privately(REPOSITORY, "stranger", summary, "text");
        reported.expect("reported")
    };
    let (good, spam) = (report("a flaw"), report("spam"));
    let found = world.forge.private_reports().await.expect("listed");
    assert_eq!(found.len(), 2);
    let first = found.iter().find(|found| found.id == good).expect("listed");
    assert_eq!((&*first.title, first.author.as_deref()), ("a flaw", Some("stranger")));
    for _ in 0..2 {
        world.forge.settle_private_report(&good, true).await.expect("accepted");
        world.forge.settle_private_report(&spam, false).await.expect("closed");
    }
    assert_eq!(world.forge.private_reports().await.expect("listed").len(), 0);
    assert!(world.forge.answer_reporter(1, "key", "text").await.is_err());
}

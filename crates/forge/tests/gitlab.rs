//! The adapter for GitLab over real HTTP against a forge held to GitLab's contract.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;

use embargod_contract::Watch;
use embargod_core::checks::{Check, CheckState};
use embargod_core::{BranchName, CommitId};
use embargod_forge::gitlab::Instance;
use embargod_forge::{Access, CheckRun, Class, Forge, IssueEventKind, PullState, Team, Thread};
use embargod_sandbox::{BotFacts, Fault, NewRepository, Permission, Sandbox, Scope, WallClock, When};
use secrecy::SecretString;

const PUBLIC: &str = "example/example";
const MIRROR: &str = "example/deep/example-security";

struct World {
    sandbox: Sandbox,
    public: Box<dyn Forge>,
    mirror: Box<dyn Forge>,
    watch: Watch,
    _folder: tempfile::TempDir,
}

/// Every test ends with the question whether GitLab would have understood it.
impl Drop for World {
    fn drop(&mut self) {
        let breaches = self.watch.breaches();
        assert!(std::thread::panicking() || breaches.is_empty(), "{breaches:#?}");
    }
}

fn instance(sandbox: &Sandbox, token: &str) -> Instance {
    Instance::new(&sandbox.git_url(), &SecretString::from(token.to_owned())).expect("an instance")
}

async fn world() -> World {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bot = BotFacts {
        username: "embargod-bot".to_owned(),
        token: "glpat-bot".to_owned(),
        ..BotFacts::default()
    };
    let sandbox = Sandbox::start_gitlab(folder.path(), Arc::new(WallClock), bot, vec![])
        .await
        .expect("started");
    for (name, private) in [(PUBLIC, false), (MIRROR, true)] {
        let new = NewRepository {
            private,
            people: BTreeMap::from([("alice".to_owned(), Permission::Write)]),
            ..NewRepository::default()
        };
        sandbox.create_repository(name, new).await.expect("made");
    }
    let instance = instance(&sandbox, "glpat-bot");
    World {
        watch: embargod_contract::watch(&sandbox),
        public: Box::new(instance.repository(PUBLIC)),
        mirror: Box::new(instance.repository(MIRROR)),
        sandbox,
        _folder: folder,
    }
}

impl World {
    async fn commit(&self, project: &str, branch: &str, message: &str) -> CommitId {
        let run = async |arguments: &[&str]| self.sandbox.git(project, arguments).await.expect("git works");
        let tree = run(&["hash-object", "-t", "tree", "-w", "/dev/null"]).await;
        let reference = format!("refs/heads/{branch}");
        let parent = run(&["for-each-ref", "--format=%(objectname)", &reference]).await;
        let mut arguments = vec!["commit-tree", "-m", message, &tree];
        if !parent.is_empty() {
            arguments.extend(["-p", &parent]);
        }
        let commit = run(&arguments).await;
        run(&["update-ref", &reference, &commit]).await;
        commit.parse().expect("an id")
    }

    /// How many requests of a kind come while something is done.
    async fn counted<T>(&self, method: &str, path: &str, of: impl Future<Output = T>) -> (usize, T) {
        let before = self.sandbox.access().len();
        let done = of.await;
        let access = self.sandbox.access().split_off(before);
        let fits = access
            .iter()
            .filter(|access| access.method == method && access.path.contains(path));
        (fits.count(), done)
    }
}

fn branch(name: &str) -> BranchName {
    name.parse().expect("a name")
}

#[tokio::test]
async fn who_the_bot_is_and_who_sees_what() {
    let world = world().await;
    assert_eq!(world.mirror.bot().await.expect("a name"), "embargod-bot");
    let facts = world.mirror.repository().await.expect("facts");
    assert!(facts.private && !facts.fork && facts.forking_allowed == Some(false));
    assert!(!world.public.repository().await.expect("facts").private);
    let audience = world.mirror.audience().await.expect("an audience");
    assert_eq!(
        (audience.people, audience.hooks),
        (vec!["alice".to_owned(), "embargod-bot".to_owned()], Some(1))
    );
    assert_eq!(world.mirror.access("Alice").await.expect("an answer"), Access::Yes);
    for nobody in ["mallory", "../../x", "", "a b", "ali"] {
        assert_eq!(
            world.mirror.access(nobody).await.expect("an answer"),
            Access::No,
            "{nobody:?}"
        );
    }
    world.sandbox.set_team("example", "", &["alice"]);
    world.sandbox.set_team("example", "security", &["alice"]);
    for slug in ["", "security"] {
        let team = Team {
            organisation: "example".into(),
            slug: slug.into(),
        };
        assert!(world.mirror.is_member(&team, "alice").await.expect("an answer"));
        assert!(!world.mirror.is_member(&team, "ali").await.expect("an answer"));
    }
    let unknown = Team {
        organisation: "nowhere".into(),
        slug: String::new(),
    };
    assert!(!world.mirror.is_member(&unknown, "alice").await.expect("an answer"));
    assert!(!world.public.has_advisories());
}

#[tokio::test]
async fn issues_events_and_comments_over_several_pages() {
    let world = world().await;
    let number = world.mirror.create_issue("title", "body", &[]).await.expect("written");
    world
        .sandbox
        .label(MIRROR, "alice", number, "security::confirmed", true);
    world.sandbox.set_issue_open(MIRROR, "alice", number, false);
    let labelled = world
        .mirror
        .issues_labelled("security::confirmed")
        .await
        .expect("listed");
    assert_eq!(
        labelled
            .iter()
            .map(|issue| (issue.number, issue.open))
            .collect::<Vec<_>>(),
        [(number, false)]
    );
    let events = world.mirror.issue_events(number).await.expect("read");
    let kinds: Vec<_> = events
        .iter()
        .map(|event| (&event.actor[..], event.kind.clone()))
        .collect();
    let labeled = IssueEventKind::Labeled("security::confirmed".into());
    let closed = IssueEventKind::Closed { by_commit: false };
    assert_eq!(kinds, [("alice", labeled), ("alice", closed)]);
    world.mirror.set_issue_open(number, true).await.expect("reopened");
    assert!(world.mirror.issue(number).await.expect("read").open);
    for index in 0..230 {
        world
            .sandbox
            .comment(MIRROR, "alice", number, &format!("{index}"))
            .expect("written");
    }
    let thread = Thread::Issue(number);
    let mine = world.mirror.create_comment(thread, "mine").await.expect("written");
    world
        .mirror
        .edit_comment(thread, mine, "changed")
        .await
        .expect("changed");
    let comments = world.mirror.comments(thread).await.expect("read");
    assert_eq!(comments.len(), 231, "what the forge writes of itself is none");
    assert!(comments.windows(2).all(|pair| pair[0].id < pair[1].id));
    let last = comments.last().expect("a comment");
    assert!(last.body == "changed" && last.author == "embargod-bot");
    let swallowed = world
        .mirror
        .create_comment(thread, "/close")
        .await
        .expect_err("no comment");
    assert!(
        swallowed.class == Class::Permanent && swallowed.problem.contains("command"),
        "{swallowed}"
    );
}

#[tokio::test]
async fn on_a_public_project_what_the_bot_writes_is_for_members_alone() {
    let world = world().await;
    let number = world
        .public
        .create_issue("alarm", "canary", &[])
        .await
        .expect("written");
    assert_eq!(world.sandbox.is_confidential(PUBLIC, number), Some(true));
    let thread = Thread::Issue(number);
    world.public.create_comment(thread, "canary").await.expect("written");
    world.public.set_confidential(number, false).await.expect("shown");
    assert!(!world.public.issue(number).await.expect("read").confidential);
    let url = format!(
        "{}/projects/example%2Fexample/issues/{number}/notes",
        world.sandbox.api_url()
    );
    let seen = reqwest::get(url).await.expect("an answer").text().await.expect("text");
    assert!(!seen.contains("canary"), "{seen}");
}

#[tokio::test]
async fn merge_requests_are_found_by_their_branch() {
    let world = world().await;
    world.commit(MIRROR, "main", "start").await;
    let (head, base) = (branch("embargo/2026-0001/main"), branch("main"));
    let absent = world.mirror.open_pull_request(&head, &base, "t", "b").await;
    assert_eq!(absent.expect_err("no such branch").class, Class::Permanent);
    world
        .sandbox
        .git(MIRROR, &["branch", head.as_str(), "main"])
        .await
        .expect("branched");
    let commit = world.commit(MIRROR, head.as_str(), "fix").await;
    let number = world
        .mirror
        .open_pull_request(&head, &base, "t", "b")
        .await
        .expect("opened");
    let pulls = world.mirror.pull_requests(&head).await.expect("listed");
    assert_eq!(pulls.len(), 1);
    assert!(pulls[0].number == number && pulls[0].head == commit && pulls[0].state == PullState::Open);
    assert!(world.mirror.pull_requests(&base).await.expect("listed").is_empty());
    // Issues and merge requests have numbers of their own: a comment lands where it is meant to.
    let issue = world.mirror.create_issue("title", "body", &[]).await.expect("written");
    assert_eq!(issue, number);
    let thread = Thread::PullRequest(number);
    world.mirror.create_comment(thread, "here").await.expect("written");
    assert_eq!(world.mirror.comments(thread).await.expect("read").len(), 1);
    assert!(
        world
            .mirror
            .comments(Thread::Issue(issue))
            .await
            .expect("read")
            .is_empty()
    );
}

#[tokio::test]
async fn statuses_of_others_are_read_and_ours_are_written_once() {
    let world = world().await;
    let commit = world.commit(MIRROR, "main", "start").await;
    for (name, state) in [
        ("ci", "failed"),
        ("ci", "success"),
        ("docs", "pending"),
        ("odd", "skipped"),
    ] {
        world.sandbox.set_status(MIRROR, commit.as_str(), name, state);
    }
    let mut checks = world.mirror.checks(&commit).await.expect("read");
    checks.sort_by(|one, other| one.name.cmp(&other.name));
    let wanted = [
        ("ci", CheckState::Passed),
        ("docs", CheckState::Pending),
        ("odd", CheckState::Skipped),
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
        title: "t".repeat(300),
        summary: "s".into(),
    };
    let write = async {
        for passed in [false, false, true, true] {
            world.mirror.set_check(&commit, &run(passed)).await.expect("written");
        }
    };
    assert_eq!(world.counted("POST", "/statuses/", write).await.0, 2);
    let written = world.sandbox.check(MIRROR, commit.as_str(), "embargod/embargo");
    assert_eq!(written.expect("there"), ("success".to_owned(), "t".repeat(255)));
    world.sandbox.conflict_next_status(MIRROR);
    let error = world
        .mirror
        .set_check(&commit, &run(false))
        .await
        .expect_err("a conflict");
    assert!(matches!(error.class, Class::Transient(_)), "{error}");
}

#[tokio::test]
async fn the_mirror_is_guarded_once_and_what_is_lacking_is_named() {
    let world = world().await;
    let branches = [branch("main"), branch("v9.0-maint")];
    world.sandbox.protect_branch(MIRROR, "v*-maint", 30, 40);
    let guard = async { world.mirror.guard(&branches).await.expect("guarded") };
    let (written, lacks) = world.counted("POST", "/protected_branches", guard).await;
    assert_eq!(written, 2, "a rule of its own for each");
    assert_eq!(lacks.len(), 1, "Developers push to one: {lacks:?}");
    assert!(lacks[0].rule.contains("v*-maint"));
    world.sandbox.unprotect_branch(MIRROR, "v*-maint");
    let guard = async { world.mirror.guard(&branches).await.expect("guarded") };
    assert_eq!(world.counted("POST", "/protected_branches", guard).await, (0, vec![]));
    let people = BTreeMap::from([("alice".to_owned(), Permission::Admin)]);
    let new = NewRepository {
        private: true,
        people,
        ..NewRepository::default()
    };
    world
        .sandbox
        .create_repository("example/other", new)
        .await
        .expect("made");
    let other = instance(&world.sandbox, "glpat-bot").repository("example/other");
    let lacks = other.guard(&[branch("main")]).await.expect("guarded");
    assert!(lacks.len() == 1 && lacks[0].remedy.contains("alice"), "{lacks:?}");
    world.sandbox.add_token("alice", "glpat-alice", Scope::Api);
    let weak = instance(&world.sandbox, "glpat-alice").repository(MIRROR);
    let lacks = weak.guard(&branches).await.expect("an answer");
    assert!(lacks[0].remedy.contains("role of a Maintainer"), "{lacks:?}");
}

#[tokio::test]
async fn a_rule_that_keeps_the_bot_out_is_an_obstacle_with_its_remedy() {
    let world = world().await;
    let main = branch("main");
    assert!(
        world.public.obstacles(&main).await.expect("read").is_empty(),
        "no such branch yet"
    );
    world.commit(PUBLIC, "main", "start").await;
    assert!(world.public.obstacles(&main).await.expect("read").is_empty());
    world.sandbox.protect_branch(PUBLIC, "m*", 0, 40);
    let found = world.public.obstacles(&main).await.expect("read");
    assert!(
        found.len() == 1 && found[0].remedy.contains("Allowed to push"),
        "{found:?}"
    );
    assert!(found[0].rule.contains("m*"), "{found:?}");
    world.sandbox.let_push(PUBLIC, "m*", "embargod-bot");
    assert!(world.public.obstacles(&main).await.expect("read").is_empty());
    // Rules are for Maintainers to read; whether one may push, everybody is told.
    world.sandbox.add_token("alice", "glpat-alice", Scope::Api);
    let developer = instance(&world.sandbox, "glpat-alice").repository(PUBLIC);
    assert_eq!(developer.obstacles(&main).await.expect("read").len(), 1);
    world.sandbox.let_push(PUBLIC, "m*", "alice");
    assert!(developer.obstacles(&main).await.expect("read").is_empty());
}

#[tokio::test]
async fn a_pipeline_is_started_where_there_is_none_and_something_to_run() {
    let world = world().await;
    let main = branch("main");
    let commit = world.commit(PUBLIC, "main", "start").await;
    world
        .public
        .start_pipeline(&main, &commit)
        .await
        .expect("nothing to run");
    assert!(world.sandbox.pipelines(PUBLIC).is_empty());
    world.sandbox.set_ci(PUBLIC, true);
    for _ in 0..2 {
        world.public.start_pipeline(&main, &commit).await.expect("started");
    }
    assert_eq!(
        world.sandbox.pipelines(PUBLIC),
        [("main".to_owned(), commit.to_string(), "api")]
    );
}

#[tokio::test]
async fn errors_have_their_class_and_carry_nothing_of_the_forge() {
    let world = world().await;
    let wrong = instance(&world.sandbox, "glpat-forged").repository(MIRROR);
    assert_eq!(
        wrong.repository().await.expect_err("refused").class,
        Class::Unauthorized
    );
    world.sandbox.add_token("alice", "glpat-narrow", Scope::ReadApi);
    let narrow = instance(&world.sandbox, "glpat-narrow").repository(MIRROR);
    let error = narrow.create_issue("canary", "canary", &[]).await.expect_err("refused");
    assert!(
        error.class == Class::Permanent && error.to_string().contains("scope"),
        "{error}"
    );
    assert!(!error.to_string().contains("canary"));
    world.sandbox.fail(Fault::status("POST", "/issues", When::After, 502));
    let error = world.mirror.create_issue("t", "b", &[]).await.expect_err("lost");
    assert_eq!(error.class, Class::Ambiguous, "it may have happened");
    let elsewhere = instance(&world.sandbox, "glpat-bot").repository("example/nothing");
    assert_eq!(elsewhere.issue(1).await.err().expect("absent").class, Class::NotFound);
}

#[tokio::test]
async fn every_pipeline_of_a_commit_has_the_status() {
    let world = world().await;
    let commit = world.commit(MIRROR, "main", "start").await;
    world.commit(MIRROR, "other", "start").await;
    world.sandbox.set_ci(MIRROR, true);
    let run = CheckRun {
        name: "embargod/embargo",
        passed: false,
        title: "closed".into(),
        summary: String::new(),
    };
    world.mirror.set_check(&commit, &run).await.expect("written");
    // A pipeline that came after the status does not have it.
    let url = format!(
        "{}/projects/example%2Fdeep%2Fexample-security/pipeline",
        world.sandbox.api_url()
    );
    let started = reqwest::Client::new()
        .post(url)
        .bearer_auth("glpat-bot")
        .json(&serde_json::json!({ "ref": "main" }));
    assert_eq!(started.send().await.expect("an answer").status().as_u16(), 201);
    let write = async { world.mirror.set_check(&commit, &run).await.expect("written") };
    assert_eq!(world.counted("POST", "/statuses/", write).await.0, 1);
    let checks = world.mirror.checks(&commit).await.expect("read");
    let ours = checks.iter().filter(|check| check.name == "embargod/embargo");
    assert_eq!(ours.count(), 2, "{checks:?}");
    let write = async { world.mirror.set_check(&commit, &run).await.expect("written") };
    assert_eq!(world.counted("POST", "/statuses/", write).await.0, 0);
}

#[tokio::test]
async fn labels_are_put_on_and_taken_off_once() {
    let world = world().await;
    let number = world
        .mirror
        .create_issue("t", "b", &["first label"])
        .await
        .expect("written");
    for (label, on) in [
        ("security::x", true),
        ("security::x", true),
        ("first label", false),
        ("first label", false),
    ] {
        world.mirror.set_label(number, label, on).await.expect("set");
    }
    assert_eq!(world.mirror.issue(number).await.expect("read").labels, ["security::x"]);
}

#[tokio::test]
async fn people_are_let_in_and_taken_out_again() {
    let world = world().await;
    let sees = async || world.mirror.access("vera").await.expect("read");
    for _ in 0..2 {
        world.mirror.let_in("vera").await.expect("let in");
        assert_eq!(sees().await, Access::Yes);
    }
    for _ in 0..2 {
        world.mirror.take_out("vera").await.expect("taken out");
        assert_eq!(sees().await, Access::No);
    }
}

#[tokio::test]
async fn confidential_issues_are_reports_and_answered_where_their_author_reads() {
    let world = world().await;
    let report = world
        .sandbox
        .open_confidential_issue(PUBLIC, "stranger", "a flaw", "text")
        .expect("written");
    world
        .sandbox
        .open_issue(PUBLIC, "stranger", "no report", "text")
        .expect("written");
    let found = world.public.private_reports().await.expect("listed");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].id.as_str(), found[0].author.as_deref()),
        (report.to_string().as_str(), Some("stranger"))
    );
    for _ in 0..2 {
        world
            .public
            .answer_reporter(report, "key", "> Which version?")
            .await
            .expect("answered");
    }
    let seen = world.sandbox.comments_seen_by(PUBLIC, "stranger", report);
    assert_eq!(seen.len(), 1, "{seen:?}");
    // What everybody could read is not written.
    world.sandbox.set_confidential(PUBLIC, "alice", report, false);
    assert!(world.public.answer_reporter(report, "other", "canary").await.is_err());
    assert_eq!(world.sandbox.comments_seen_by(PUBLIC, "stranger", report).len(), 1);
    world.sandbox.set_confidential(PUBLIC, "alice", report, true);
    world
        .public
        .settle_private_report(&report.to_string(), true)
        .await
        .expect("nothing to do");
    assert_eq!(world.public.private_reports().await.expect("listed").len(), 1);
    world
        .public
        .settle_private_report(&report.to_string(), false)
        .await
        .expect("closed");
    assert_eq!(world.public.private_reports().await.expect("listed").len(), 0);
}

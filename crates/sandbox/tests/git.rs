//! Git over HTTP as a person uses it, and what the sandbox makes of it.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use embargod_sandbox::{AppFacts, NewRepository, Permission, Ruleset, Sandbox, Surface, WallClock, app_keys};
use tokio::process::Command;

struct World {
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

async fn git(dir: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(arguments)
        .envs([
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
        ])
        .envs([("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.org")])
        .envs([("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@example.org")])
        .output()
        .await
        .expect("git runs");
    let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

impl World {
    async fn new(private: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let app = AppFacts {
            id: 7,
            slug: "bot".into(),
            public_key: app_keys().expect("keys").1,
            webhook_secret: "s".into(),
            webhook_url: "http://127.0.0.1:1/".into(),
        };
        let sandbox = Sandbox::start(folder.path(), Arc::new(WallClock), app, vec![])
            .await
            .expect("started");
        let people = [
            ("alice", Permission::Write),
            ("root", Permission::Admin),
            ("reader", Permission::Read),
        ];
        let people: BTreeMap<_, _> = people.map(|(name, permission)| (name.to_owned(), permission)).into();
        let new = NewRepository {
            private,
            people,
            ..NewRepository::default()
        };
        sandbox.create_repository("o/r", new).await.expect("made");
        let work = folder.path().join("work");
        std::fs::create_dir(&work).expect("made");
        git(&work, &["init", "--quiet", "--initial-branch=main"])
            .await
            .expect("made");
        let world = Self { sandbox, folder };
        world.commit("start").await;
        world
    }

    async fn git(&self, arguments: &[&str]) -> Result<String, String> {
        git(&self.folder.path().join("work"), arguments).await
    }

    async fn commit(&self, message: &str) -> String {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message])
            .await
            .expect("committed");
        self.git(&["rev-parse", "HEAD"]).await.expect("an id")
    }

    fn url(&self, person: &str) -> String {
        self.sandbox.clone_url("o/r", person).expect("a person")
    }

    fn anonymous(&self) -> String {
        format!("{}/o/r.git", self.sandbox.git_url())
    }
}

#[tokio::test]
async fn people_push_and_strangers_read_what_is_public() {
    let world = World::new(false).await;
    world.git(&["push", &world.url("alice"), "main"]).await.expect("pushed");
    let seen = world
        .git(&["ls-remote", &world.anonymous(), "main"])
        .await
        .expect("public");
    assert!(seen.contains("refs/heads/main"));
    world
        .git(&["push", &world.url("reader"), "main:other"])
        .await
        .expect_err("may only read");
    world
        .git(&["push", &world.anonymous(), "main:other"])
        .await
        .expect_err("a stranger");
    let pushes: Vec<_> = world
        .sandbox
        .timeline()
        .into_iter()
        .filter(|entry| entry.kind == "git.push")
        .collect();
    assert_eq!(pushes.len(), 1);
    assert_eq!((pushes[0].surface, pushes[0].by.as_str()), (Surface::Public, "alice"));
    assert_eq!(pushes[0].details["refs"][0]["ref"], "refs/heads/main");
}

#[tokio::test]
async fn what_is_private_is_not_there_for_strangers() {
    let world = World::new(true).await;
    world.git(&["push", &world.url("alice"), "main"]).await.expect("pushed");
    world.git(&["ls-remote", &world.anonymous()]).await.expect_err("hidden");
    world.git(&["ls-remote", &world.url("alice")]).await.expect("seen");
    assert!(
        world
            .sandbox
            .timeline()
            .iter()
            .all(|entry| entry.surface == Surface::Private)
    );
}

#[tokio::test]
async fn one_reference_that_a_rule_refuses_stops_an_atomic_push_whole() {
    let world = World::new(false).await;
    let ruleset = Ruleset {
        branches: "main".into(),
        rules: vec!["pull_request".into()],
        checks: vec![],
        apps: [7].into(),
        administrators: true,
    };
    world.sandbox.add_ruleset("o/r", ruleset);
    let (alice, root) = (world.url("alice"), world.url("root"));
    let refused = ["push", "--atomic", &alice, "main:main", "main:other"];
    let error = world.git(&refused).await.expect_err("refused");
    assert!(error.contains("GH013"), "{error}");
    assert_eq!(world.git(&["ls-remote", &world.anonymous()]).await.expect("read"), "");
    let allowed = ["push", "--atomic", &root, "main:main", "main:other"];
    world.git(&allowed).await.expect("an administrator may");
}

#[tokio::test]
async fn a_fix_in_the_default_branch_closes_its_issue() {
    let world = World::new(true).await;
    let number = world.sandbox.open_issue("o/r", "alice", "t", "b").expect("written");
    world.commit(&format!("x\n\nFixes #{number}.")).await;
    world
        .git(&["push", &world.url("alice"), "main:elsewhere"])
        .await
        .expect("pushed");
    assert_eq!(world.sandbox.issue_is_open("o/r", number), Some(true));
    world
        .git(&["push", &world.url("alice"), "main:main"])
        .await
        .expect("pushed");
    assert_eq!(world.sandbox.issue_is_open("o/r", number), Some(false));
}

//! The sandbox as a GitLab: who sees what, what texts do, what statuses may become, and what becomes of a failing webhook.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use embargod_sandbox::{BotFacts, Clock, NewRepository, Order, Permission, Sandbox, Scope};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const PUBLIC: &str = "group/project";
const PRIVATE: &str = "group/project-security";

#[derive(Clone)]
struct Time(Arc<Mutex<Timestamp>>);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no panic holds it")
    }
}

struct World {
    sandbox: Sandbox,
    time: Time,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

async fn world() -> World {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let time = Time(Arc::new(Mutex::new(Timestamp::UNIX_EPOCH)));
    let bot = BotFacts {
        username: "bot".to_owned(),
        token: "glpat-bot".to_owned(),
        webhook_token: Some("secret".to_owned()),
        signing_token: None,
        webhook_url: "http://127.0.0.1:1/".to_owned(),
    };
    let sandbox = Sandbox::start_gitlab(folder.path(), Arc::new(time.clone()), bot, vec![])
        .await
        .expect("started");
    let people = [
        ("dave", Permission::Write),
        ("rita", Permission::Read),
        ("alice", Permission::Admin),
    ];
    let people: BTreeMap<_, _> = people.map(|(name, permission)| (name.to_owned(), permission)).into();
    for (name, private) in [(PUBLIC, false), (PRIVATE, true)] {
        let new = NewRepository {
            private,
            people: people.clone(),
            ..NewRepository::default()
        };
        sandbox.create_repository(name, new).await.expect("made");
    }
    // Somebody with an account and no role.
    sandbox.add_token("mallory", "glpat-mallory", Scope::Api);
    World {
        sandbox,
        time,
        http: reqwest::Client::new(),
        _folder: folder,
    }
}

impl World {
    fn token(&self, person: &str) -> Option<String> {
        match person {
            "" => None,
            "mallory" => Some("glpat-mallory".to_owned()),
            person => self.sandbox.token_of(person),
        }
    }

    /// What somebody hears: status and body.
    async fn ask(&self, person: &str, method: &str, project: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let url = format!(
            "{}/projects/{}{path}",
            self.sandbox.api_url(),
            project.replace('/', "%2F")
        );
        let mut request = self.http.request(method.parse().expect("a method"), url);
        if let Some(token) = self.token(person) {
            request = request.header("private-token", token);
        }
        if !form.is_empty() {
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(form)
                .finish();
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("text");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    async fn get(&self, person: &str, project: &str, path: &str) -> (u16, Value) {
        self.ask(person, "GET", project, path, &[]).await
    }

    async fn commit(&self, project: &str, branch: &str, message: &str) -> String {
        let run = async |arguments: &[&str]| self.sandbox.git(project, arguments).await.expect("git works");
        let tree = run(&["hash-object", "-t", "tree", "-w", "/dev/null"]).await;
        let commit = run(&["commit-tree", "-m", message, &tree]).await;
        run(&["update-ref", &format!("refs/heads/{branch}"), &commit]).await;
        commit
    }
}

#[tokio::test]
async fn a_confidential_issue_is_for_its_author_and_reporters_upwards_in_every_view() {
    let world = world().await;
    let number = world
        .sandbox
        .open_confidential_issue(PUBLIC, "mallory", "canary", "canary")
        .expect("an issue");
    let note = format!("/issues/{number}/notes");
    let (status, _) = world
        .ask(
            "dave",
            "POST",
            PUBLIC,
            &note,
            &[("body", "canary inside"), ("internal", "true")],
        )
        .await;
    assert_eq!(status, 201);
    let one = format!("/issues/{number}");
    let views = [
        "/issues?scope=all".to_owned(),
        "/search?scope=issues&search=canary".to_owned(),
        "/search?scope=notes&search=canary".to_owned(),
        "/events".to_owned(),
        one.clone(),
        note.clone(),
    ];
    for view in &views {
        for (person, sees) in [("", false), ("rita", true), ("dave", true)] {
            let (_, body) = world.get(person, PUBLIC, view).await;
            assert_eq!(body.to_string().contains("canary"), sees, "{person:?} at {view}");
        }
    }
    assert_eq!(world.get("", PUBLIC, &one).await.0, 404, "as if it were not there");
    let (_, own) = world.get("mallory", PUBLIC, &one).await;
    assert_eq!(own["title"], "canary", "its author sees it");
    let (_, notes) = world.get("mallory", PUBLIC, &note).await;
    assert_eq!(notes, json!([]), "and no internal note");
    let (_, shown) = world
        .ask("rita", "PUT", PUBLIC, &one, &[("confidential", "false")])
        .await;
    assert_eq!(shown["confidential"], false);
    let (_, body) = world.get("", PUBLIC, &note).await;
    assert!(
        !body.to_string().contains("canary"),
        "internal notes stay internal: {body}"
    );
}

#[tokio::test]
async fn a_private_project_is_not_there_for_strangers_and_tokens_have_scopes() {
    let world = world().await;
    let commit = world.commit(PRIVATE, "main", "canary").await;
    for path in ["", "/issues", "/events", &format!("/repository/commits/{commit}")] {
        for person in ["", "mallory"] {
            assert_eq!(world.get(person, PRIVATE, path).await.0, 404, "{person:?} at {path}");
        }
        assert_eq!(world.get("rita", PRIVATE, path).await.0, 200, "{path}");
    }
    world.sandbox.add_token("alice", "glpat-narrow", Scope::ReadApi);
    let url = format!(
        "{}/projects/{}/issues",
        world.sandbox.api_url(),
        PRIVATE.replace('/', "%2F")
    );
    let narrow = async |method: reqwest::Method| {
        let request = world
            .http
            .request(method, &url)
            .header("authorization", "Bearer glpat-narrow");
        let answer = request.body("{}").header("content-type", "application/json");
        answer.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(narrow(reqwest::Method::GET).await, 200);
    assert_eq!(narrow(reqwest::Method::POST).await, 403);
    let wrong = world.http.get(&url).header("private-token", "glpat-forged");
    assert_eq!(wrong.send().await.expect("an answer").status().as_u16(), 401);
}

#[tokio::test]
async fn quick_actions_are_swallowed_and_obeyed_and_ours_is_text() {
    let world = world().await;
    let number = world
        .sandbox
        .open_issue(PRIVATE, "dave", "t", "text\n/label ~bug\nmore")
        .expect("an issue");
    let (_, issue) = world.get("dave", PRIVATE, &format!("/issues/{number}")).await;
    assert_eq!(
        (&issue["description"], &issue["labels"]),
        (&json!("text\nmore"), &json!(["bug"]))
    );
    let notes = format!("/issues/{number}/notes");
    let say = async |body: &str| world.ask("dave", "POST", PRIVATE, &notes, &[("body", body)]).await;
    let (status, said) = say("/embargo approve\n/close\n```\n/reopen\n```").await;
    assert_eq!(status, 201);
    assert_eq!(said["body"], "/embargo approve\n```\n/reopen\n```");
    assert_eq!(
        world.sandbox.issue_is_open(PRIVATE, number),
        Some(false),
        "closed by /close"
    );
    let (status, said) = say("/reopen").await;
    assert_eq!(
        (status, said["id"].is_null()),
        (202, true),
        "a note of commands alone never exists"
    );
    assert_eq!(world.sandbox.issue_is_open(PRIVATE, number), Some(true));
    assert_eq!(world.sandbox.comments(PRIVATE, number).len(), 1);
}

#[tokio::test]
async fn a_merge_request_of_the_private_project_closes_the_public_issue() {
    let world = world().await;
    let number = world.sandbox.open_issue(PUBLIC, "dave", "t", "").expect("an issue");
    let start = world.commit(PRIVATE, "main", "start").await;
    world.sandbox.set_default_branch(PRIVATE, "main");
    let tree = format!("{start}^{{tree}}");
    let fix = world
        .sandbox
        .git(PRIVATE, &["commit-tree", &tree, "-p", &start, "-m", "fix"])
        .await
        .expect("a commit");
    let arguments = ["update-ref", "refs/heads/fix", &fix];
    world.sandbox.git(PRIVATE, &arguments).await.expect("a branch");
    let form = [
        ("source_branch", "fix"),
        ("target_branch", "main"),
        ("title", "t"),
        ("description", &format!("Closes {PUBLIC}#{number}")),
    ];
    let (status, request) = world.ask("dave", "POST", PRIVATE, "/merge_requests", &form).await;
    assert_eq!(status, 201, "{request}");
    assert_eq!(
        world.ask("dave", "POST", PRIVATE, "/merge_requests", &form).await.0,
        409
    );
    let merge = format!("/merge_requests/{}/merge", request["iid"]);
    assert_eq!(
        world.ask("dave", "PUT", PRIVATE, &merge, &[]).await.0,
        400,
        "without the head"
    );
    assert_eq!(
        world.ask("dave", "PUT", PRIVATE, &merge, &[("sha", &start)]).await.0,
        409,
        "another head"
    );
    assert_eq!(world.sandbox.issue_is_open(PUBLIC, number), Some(true));
    assert_eq!(world.ask("dave", "PUT", PRIVATE, &merge, &[("sha", &fix)]).await.0, 200);
    assert_eq!(world.sandbox.issue_is_open(PUBLIC, number), Some(false));
}

#[tokio::test]
async fn a_status_cannot_become_what_it_is_waiting_for() {
    let world = world().await;
    let commit = world.commit(PRIVATE, "main", "start").await;
    let path = format!("/statuses/{commit}");
    let set = async |state: &str| {
        world
            .ask("dave", "POST", PRIVATE, &path, &[("state", state), ("name", "ci")])
            .await
    };
    assert_eq!(set("pending").await.0, 201);
    let (status, refusal) = set("pending").await;
    assert_eq!(status, 400);
    assert!(
        refusal["message"]
            .as_str()
            .expect("text")
            .starts_with("Cannot transition status via :enqueue from :pending")
    );
    world.sandbox.conflict_next_status(PRIVATE);
    assert_eq!(set("success").await.0, 409, "another update is under way");
    assert_eq!(set("success").await.0, 201);
    assert_eq!(set("success").await.0, 201);
    let (_, listed) = world
        .get("dave", PRIVATE, &format!("/repository/commits/{commit}/statuses"))
        .await;
    assert_eq!(
        listed.as_array().map(Vec::len),
        Some(1),
        "the latest of a name: {listed}"
    );
    let (_, pipelines) = world.get("dave", PRIVATE, "/pipelines").await;
    assert_eq!(
        (&pipelines[0]["source"], &pipelines[0]["status"]),
        (&json!("external"), &json!("success"))
    );
    assert_eq!(
        world
            .ask("rita", "POST", PRIVATE, &path, &[("state", "failed")])
            .await
            .0,
        403
    );
    let nowhere = format!("/statuses/{}", "0".repeat(40));
    assert_eq!(
        world
            .ask("dave", "POST", PRIVATE, &nowhere, &[("state", "failed")])
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn a_protected_branch_takes_pushes_from_whom_its_rule_names() {
    let world = world().await;
    let commit = world.commit(PRIVATE, "main", "start").await;
    world.sandbox.protect_branch(PRIVATE, "ma*", 40, 40);
    let push = async |person: &str, what: &str| {
        let url = world.sandbox.clone_url(PRIVATE, person).expect("a URL");
        let mut command = tokio::process::Command::new("git");
        let command = command.arg("-C").arg(world.sandbox.repository_dir(PRIVATE));
        let output = command
            .args(["push", "--porcelain", &url, what])
            .output()
            .await
            .expect("git runs");
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let tree = format!("{commit}^{{tree}}");
    let next = world
        .sandbox
        .git(PRIVATE, &["commit-tree", &tree, "-p", &commit, "-m", "next"])
        .await
        .expect("a commit");
    let (done, said) = push("dave", &format!("{next}:refs/heads/main")).await;
    assert!(
        !done && said.contains("GitLab: You are not allowed to push code to protected branches"),
        "{said}"
    );
    let (done, said) = push("alice", &format!("{next}:refs/heads/main")).await;
    assert!(done, "{said}");
    let (done, said) = push("alice", &format!("+{commit}:refs/heads/main")).await;
    assert!(!done && said.contains("not allowed to force push"), "{said}");
    assert!(
        push("dave", &format!("{next}:refs/heads/other")).await.0,
        "others are open"
    );
}

#[tokio::test]
async fn a_webhook_that_fails_is_paused_longer_and_longer() {
    let world = world().await;
    world.sandbox.set_webhook_url("http://127.0.0.1:1/nobody");
    let failed = async |count: usize| {
        for _ in 0..count {
            world.sandbox.open_issue(PUBLIC, "dave", "t", "").expect("an issue");
        }
        world.sandbox.deliver(Order::AsHappened).await.failed
    };
    let hook = async || {
        let (_, hooks) = world.get("alice", PUBLIC, "/hooks").await;
        (hooks[0]["alert_status"].clone(), hooks[0]["disabled_until"].clone())
    };
    assert_eq!(failed(3).await, 3);
    assert_eq!(hook().await, (json!("executable"), Value::Null));
    failed(1).await;
    assert_eq!(
        hook().await,
        (json!("temporarily_disabled"), json!("1970-01-01T00:01:00Z"))
    );
    *world.time.0.lock().expect("free") += SignedDuration::from_secs(60);
    assert_eq!(hook().await.0, "executable");
    failed(1).await;
    assert_eq!(hook().await.1, json!("1970-01-01T00:03:00Z"), "twice as long");
    assert_eq!(
        world.get("dave", PUBLIC, "/hooks").await.0,
        403,
        "for Maintainers alone"
    );
}

//! `serve` killed with SIGKILL around each step of the publication, and started again: the same end, nothing done twice.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use common::Tale;
use embargod::rehearsal::{MIRROR, PUBLIC};
use embargod_sandbox::Flavour::{self, Github, Gitlab};
use embargod_sandbox::{Entry, Fault, Surface, When};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;

const ALL: [&str; 3] = ["master", "v8.0-maint", "v9.0-maint"];

/// A server in a process of its own, on the wall clock, with every log line that there is.
struct Serve {
    child: Arc<Mutex<Child>>,
}

impl Serve {
    fn start(tale: &Tale) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_embargod"))
            .arg("serve")
            .arg("--config")
            .arg(tale.stage.dir.join("embargod.toml"))
            .env("RUST_LOG", "trace")
            .stdin(Stdio::null())
            .stderr(Stdio::from(
                std::fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(tale.stage.dir.join("serve.log"))
                    .expect("a log"),
            ))
            .spawn()
            .expect("started");
        Self {
            child: Arc::new(Mutex::new(child)),
        }
    }

    fn killer(&self) -> Arc<dyn Fn() + Send + Sync> {
        let child = Arc::clone(&self.child);
        Arc::new(move || {
            let mut child = child.lock().unwrap_or_else(PoisonError::into_inner);
            child.kill().expect("killed");
            child.wait().expect("gone");
        })
    }

    fn kill(&self) {
        (self.killer())();
    }
}

/// A case that is due: everything is agreed, and its embargo ended a minute ago by the wall clock.
async fn due(forge: Flavour) -> Tale {
    let past = Timestamp::now() - SignedDuration::from_hours(14 * 24) - SignedDuration::from_secs(60);
    let mut tale = Tale::begin_at(forge, "", past).await;
    tale.open().await;
    tale.fix().await;
    tale.agree().await;
    tale.assert_silent().await;
    tale.stage.clock.move_to(Timestamp::now());
    tale
}

fn ended(entries: &[Entry]) -> bool {
    let deleted = |entry: &Entry| {
        let refs = entry.details["refs"].as_array();
        refs.is_some_and(|refs| refs.iter().any(|step| step["new"].is_null()))
    };
    let mails = entries.iter().filter(|entry| entry.kind == "mail").count();
    entries.iter().any(|entry| entry.kind == "git.push" && deleted(entry)) && mails == 2
}

/// No line of the log, at any level, has anything of the fix, the branches or the title.
fn assert_no_canary(tale: &Tale) {
    let mut log = String::new();
    let mut file = std::fs::File::open(tale.stage.dir.join("serve.log")).expect("a log");
    file.read_to_string(&mut log).expect("text");
    assert!(log.contains("ready"), "the server wrote its log");
    for canary in [
        "canary",
        "embargo/",
        "v9.0-maint",
        "check the length",
        "copy.c",
        "A length",
        "CVE-2026-1234",
    ] {
        assert!(!log.contains(canary), "{canary:?} in {log}");
    }
}

/// Starts the server, kills it where the fault strikes, starts it again, and sees the case to its end.
async fn killed_by(tale: &Tale, fault: Fault) {
    let dead = Arc::new(tokio::sync::Notify::new());
    let server = Serve::start(tale);
    let (kill, told) = (server.killer(), Arc::clone(&dead));
    let strike: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
        kill();
        told.notify_one();
    });
    tale.stage.sandbox.fail(Fault {
        then: Some(strike),
        ..fault
    });
    dead.notified().await;
    let again = Serve::start(tale);
    tale.stage.sandbox.wait_until(ended).await;
    again.kill();
    tale.settle().await;
    tale.assert_published(&ALL).await;
}

/// Kills the server at the request that fits, the n-th one; with `effect` off the request has none.
async fn killed_at(forge: Flavour, method: &'static str, path: &str, nth: usize, effect: bool) {
    let tale = due(forge).await;
    let nothing: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
    for _ in 1..nth {
        let passes = Fault::call(method, path, When::Before, Arc::clone(&nothing));
        tale.stage.sandbox.fail(passes);
    }
    let when = if effect { When::After } else { When::Before };
    let fault = Fault {
        answer: (!effect).then_some((503, None)),
        ..Fault::call(method, path, when, nothing)
    };
    killed_by(&tale, fault).await;
    let said = tale.comments().matches("embargod:published").count();
    assert_eq!(said, 1, "the comment is there once");
    assert_no_canary(&tale);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn around_the_push(#[values(Github, Gitlab)] forge: Flavour) {
    let path = format!("{PUBLIC}.git/git-receive-pack");
    for effect in [false, true] {
        killed_at(forge, "POST", &path, 1, effect).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn around_the_advisory(#[values(Github)] forge: Flavour) {
    for effect in [false, true] {
        killed_at(forge, "PATCH", "security-advisories", 1, effect).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn around_the_pushes_to_the_mirror(#[values(Github, Gitlab)] forge: Flavour) {
    let path = format!("{MIRROR}.git/git-receive-pack");
    for nth in [1, 2] {
        for effect in [false, true] {
            killed_at(forge, "POST", &path, nth, effect).await;
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn around_the_comment_and_the_end_of_the_issue(#[values(Github, Gitlab)] forge: Flavour) {
    for effect in [false, true] {
        let (comments, change) = match forge {
            Github => ("/issues/1/comments", "PATCH"),
            Gitlab => ("/issues/1/notes", "PUT"),
        };
        killed_at(forge, "POST", comments, 1, effect).await;
        killed_at(forge, change, "/issues/1", 1, effect).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_whose_fate_is_unknown_is_reported_and_not_sent_again(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = due(forge).await;
    killed_by(&tale, Fault::call("SMTP", "DATA", When::After, Arc::new(|| {}))).await;
    assert!(
        tale.comments().contains("whether a mail was sent is unknown"),
        "{}",
        tale.comments()
    );
    let effect = |arguments: &[&str]| {
        let config = tale.stage.dir.join("embargod.toml");
        let mut command = Command::new(env!("CARGO_BIN_EXE_embargod"));
        let output = command
            .arg("--config")
            .arg(config)
            .arg("effect")
            .args(arguments)
            .output()
            .expect("run");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, listed) = effect(&["list"]);
    let id = listed.split_whitespace().next().expect("one waits").to_owned();
    assert!(code == Some(0) && id.contains(":announce:"), "{listed}");
    assert_eq!(effect(&["done", "nothing"]).0, Some(1));
    assert_eq!(effect(&["done", &id]).0, Some(0));
    assert_eq!(effect(&["list"]), (Some(0), String::new()));
    assert_no_canary(&tale);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embargo_that_ends_seconds_ahead_on_the_wall_clock_needs_no_delivery(
    #[values(Github, Gitlab)] forge: Flavour,
) {
    let mut tale = Tale::begin(forge, "").await;
    tale.open().await;
    tale.fix().await;
    let end = Timestamp::now() + SignedDuration::from_secs(10);
    tale.say("bob", &format!("/embargo until {end} because this is a story"))
        .await;
    tale.say("frank", "/embargo agree").await;
    tale.agree().await;
    tale.assert_silent().await;
    let before = tale.stage.sandbox.timeline().len();
    let server = Serve::start(&tale);
    let push = |entry: &Entry| entry.surface == Surface::Public && entry.kind == "git.push";
    let pushed = |entries: &[Entry]| entries[before..].iter().any(push);
    tale.stage.sandbox.wait_until(pushed).await;
    let late = Timestamp::now().duration_since(end);
    assert!(!late.is_negative(), "not before the end");
    println!("the first public push came {late:#} after the end of the embargo");
    tale.stage.sandbox.wait_until(ended).await;
    server.kill();
    tale.stage.clock.move_to(Timestamp::now());
    tale.settle().await;
    tale.assert_published(&ALL).await;
}

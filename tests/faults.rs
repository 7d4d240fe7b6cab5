//! A forge that fails: whatever goes wrong around a request, the case comes to the same end, with nothing done twice.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod common;

use std::os::unix::fs::PermissionsExt as _;

use common::Tale;
use embargod::rehearsal::{MIRROR, PUBLIC};
use embargod_sandbox::Flavour::{self, Github, Gitlab};
use embargod_sandbox::{Fault, When};
use rstest::rstest;

const ALL: [&str; 3] = ["master", "v8.0-maint", "v9.0-maint"];

/// Lets the server try until it comes to rest, as the worker does; returns how many passes failed.
async fn persist(tale: &Tale) -> usize {
    for failed in 0..20 {
        if tale.stage.settle().await.is_ok() {
            let waiting = tale.stage.sandbox.waiting_faults();
            let waiting: Vec<_> = waiting
                .iter()
                .map(|fault| (fault.method, &fault.path, fault.when))
                .collect();
            assert!(waiting.is_empty(), "not met: {waiting:?}");
            return failed;
        }
    }
    panic!("it never came to rest: {:?}", tale.stage.settle().await.err());
}

fn fail(tale: &Tale, faults: &[(&'static str, &str, When, u16)]) {
    for (method, path, when, status) in faults {
        tale.stage.sandbox.fail(Fault::status(method, path, *when, *status));
    }
}

async fn once(tale: &Tale, person: &str, text: &str) {
    tale.stage
        .sandbox
        .comment(MIRROR, person, tale.issue, text)
        .expect("written");
    persist(tale).await;
}

#[rstest]
#[tokio::test]
async fn server_errors_before_and_after_the_effect_delay_a_case_and_do_nothing_twice(
    #[values(Github, Gitlab)] forge: Flavour,
) {
    use When::{After, Before};
    let mut tale = Tale::begin(forge, "").await;
    let mirror = format!("{MIRROR}.git/git-receive-pack");
    let public = format!("{PUBLIC}.git/git-receive-pack");
    // What differs by name alone.
    let (comments, change, pulls, status) = match forge {
        Github => ("/comments", "PATCH", "/pulls", "/check-runs"),
        Gitlab => ("/notes", "PUT", "/merge_requests", "/statuses/"),
    };
    let drafts = usize::from(forge == Github);
    let advisories = format!("/repos/{PUBLIC}/security-advisories");
    fail(
        &tale,
        &[
            ("GET", "/issues", Before, 502),
            ("POST", &mirror, Before, 503),
            ("POST", &mirror, After, 500),
            ("POST", comments, After, 502),
        ],
    );
    if forge == Github {
        fail(&tale, &[("POST", &advisories, After, 500)]);
    } else {
        fail(
            &tale,
            &[
                ("POST", "/protected_branches", After, 500),
                ("POST", "/protected_branches", Before, 502),
            ],
        );
    }
    tale.stage
        .sandbox
        .label(MIRROR, "alice", tale.issue, embargod::rehearsal::LABEL, true);
    assert!(persist(&tale).await > 0);
    tale.open().await;
    assert_eq!(tale.stage.sandbox.advisories(PUBLIC).len(), drafts, "one draft");
    tale.push_fix().await;
    fail(
        &tale,
        &[
            ("POST", pulls, After, 500),
            ("POST", pulls, Before, 502),
            ("POST", status, After, 500),
            (change, comments, Before, 503),
            ("POST", &mirror, After, 504),
        ],
    );
    persist(&tale).await;
    assert_eq!(tale.stage.sandbox.pulls(MIRROR).len(), 3, "one a branch");
    for (person, text) in [
        ("carol", "/embargo cve CVE-2026-1234"),
        ("alice", "/embargo approve"),
        ("bob", "/embargo publish"),
    ] {
        fail(&tale, &[("GET", comments, Before, 500), ("POST", comments, After, 500)]);
        once(&tale, person, text).await;
    }
    tale.assert_silent().await;
    fail(
        &tale,
        &[
            ("POST", &public, Before, 503),
            ("POST", &public, After, 502),
            ("POST", &mirror, Before, 500),
            ("POST", comments, After, 500),
            (change, "/issues", After, 502),
        ],
    );
    if forge == Github {
        fail(
            &tale,
            &[("PATCH", &advisories, After, 500), ("PATCH", &advisories, Before, 500)],
        );
    }
    tale.stage.clock.move_to(tale.end().await);
    persist(&tale).await;
    tale.assert_published(&ALL).await;
    let comments = tale.stage.sandbox.comments(MIRROR, tale.issue);
    let different: std::collections::BTreeSet<_> = comments.iter().collect();
    assert_eq!(
        different.len(),
        comments.len(),
        "something was said twice: {comments:#?}"
    );
    assert_eq!(tale.comments().matches("### Case").count(), 1, "one status comment");
}

#[rstest]
#[tokio::test]
async fn a_token_that_loses_its_worth_is_replaced(#[values(Github)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    tale.stage.sandbox.expire_tokens();
    assert_eq!(persist(&tale).await, 0, "no pass fails for it");
    tale.stage.sandbox.expire_tokens();
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
}

#[rstest]
#[tokio::test]
async fn a_pause_that_the_forge_asks_for_only_delays(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = Tale::ready(forge, "").await;
    let pause = Fault {
        answer: Some((429, Some(90))),
        ..Fault::status("GET", "/issues", When::Before, 429)
    };
    tale.stage.sandbox.fail(pause);
    let error = tale.stage.settle().await.expect_err("asked to pause").to_string();
    assert!(error.contains("pause") && error.contains("429"), "{error}");
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&ALL).await;
}

#[rstest]
#[tokio::test]
async fn a_refusal_that_no_rule_announces_keeps_all_branches_closed_until_it_is_gone(
    #[values(Github, Gitlab)] forge: Flavour,
) {
    let tale = Tale::ready(forge, "").await;
    let hook = tale.stage.sandbox.repository_dir(PUBLIC).join("hooks").join("update");
    let usual = std::fs::read(&hook).unwrap_or_else(|_| b"#!/bin/sh\n".to_vec());
    std::fs::write(&hook, "#!/bin/sh\ntest \"$1\" != refs/heads/v9.0-maint\n").expect("written");
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).expect("made a program");
    tale.at_the_end().await;
    tale.assert_silent().await;
    assert!(tale.comments().contains("refused the push"), "{}", tale.comments());
    assert_eq!(tale.comments().matches("refused the push").count(), 1, "said once");
    std::fs::write(&hook, usual).expect("written");
    tale.stage.pass_seconds(60);
    tale.settle().await;
    tale.assert_published(&ALL).await;
}

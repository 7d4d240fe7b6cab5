//! The command line as a person meets it: answers, refusals and exit codes of the real binary.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::path::Path;
use std::process::{Command, Output};

use rstest::rstest;

fn embargod(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_embargod"))
        .args(arguments)
        .env_remove("EMBARGOD_CONFIG")
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// The worked example with secrets beside it.
fn libvirt(folder: &Path) -> String {
    let path = folder.join("embargod.toml");
    std::fs::write(&path, include_str!("../config/libvirt.toml")).expect("written");
    for secret in [
        "app.pem",
        "webhook.secret",
        "gitlab.token",
        "smtp.password",
        "imap.password",
    ] {
        std::fs::write(folder.join(secret), "canary-5d3f\n").expect("written");
    }
    let signing = "whsec_Y2FuYXJ5LTVkM2YgaXMgbm90IHRvIGJlIHNob3du\n";
    std::fs::write(folder.join("webhook.signing"), signing).expect("written");
    path.display().to_string()
}

#[test]
fn the_worked_example_passes_the_check() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = libvirt(folder.path());
    let output = embargod(&["--config", &path, "config", "check", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(facts["ok"], true);
    assert_eq!(facts["projects"], serde_json::json!(["libvirt"]));
}

#[test]
fn a_missing_secret_is_refused_and_no_secret_is_shown() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = libvirt(folder.path());
    std::fs::remove_file(folder.path().join("webhook.secret")).expect("removed");
    let output = embargod(&["config", "check", "--config", &path]);
    assert_eq!(output.status.code(), Some(2));
    let refusal = text(&output.stderr);
    assert!(
        refusal.contains("embargod.toml:20: github.copy.webhook_secret_file: "),
        "{refusal}"
    );
    assert!(!refusal.contains("canary"), "{refusal}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_signing_secret_that_is_none_is_refused_before_gitlab_notices() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = libvirt(folder.path());
    std::fs::write(folder.path().join("webhook.signing"), "canary-5d3f\n").expect("written");
    let output = embargod(&["config", "check", "--config", &path]);
    assert_eq!(output.status.code(), Some(2));
    let refusal = text(&output.stderr);
    let named = "embargod.toml:13: gitlab.main.webhook_signing_secret_file: ";
    assert!(refusal.contains(named) && refusal.contains("whsec_"), "{refusal}");
    assert!(!refusal.contains("canary"), "{refusal}");
}

#[test]
fn a_missing_file_and_a_wrong_word_are_usage_errors() {
    let missing = embargod(&["config", "check", "--config", "no-such-file.toml"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("remedy: "));
    assert_eq!(embargod(&["frobnicate"]).status.code(), Some(2));
    assert_eq!(embargod(&["--help"]).status.code(), Some(0));
}

#[test]
fn a_rehearsal_of_nothing_says_what_is_missing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("text");
    let refused = embargod(&[
        "rehearse",
        "--out",
        out,
        "--repo",
        "/nonexistent",
        "--main",
        "main",
        "--fix",
        "HEAD",
    ]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        text(&refused.stderr).contains("name a git repository with --repo"),
        "{}",
        text(&refused.stderr)
    );
    let full = embargod(&["rehearse", "--out", out]);
    assert_eq!(full.status.code(), Some(2), "the folder is not empty any more");
    assert_eq!(
        embargod(&["rehearse", "--main", "main"]).status.code(),
        Some(2),
        "without --repo"
    );
}

#[rstest]
fn the_rehearsal_leaves_everything_behind_and_case_show_reads_it(#[values("github", "gitlab")] forge: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let at = out.to_str().expect("text");
    let done = embargod(&["rehearse", "--forge", forge, "--json", "--out", at]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(report["published"], true);
    assert_eq!(report["public_pushes"], 1);
    assert_eq!(report["shown_to_outsiders"], serde_json::json!([]));
    assert!(
        report["shown_afterwards"].as_u64() > Some(2),
        "the look that found nothing can see: {report}"
    );
    let access = std::fs::read_to_string(out.join("access.jsonl")).expect("read");
    let outsiders = access.lines().filter(|line| line.contains("\"has_role\":false"));
    assert!(outsiders.count() > 50);
    for name in [
        "public.git/HEAD",
        "private.git/HEAD",
        "mail",
        "advisories",
        "embargod.db",
    ] {
        assert!(out.join(name).exists(), "{name}");
    }
    let timeline = std::fs::read(out.join("timeline.json")).expect("read");
    let timeline: Vec<serde_json::Value> = serde_json::from_slice(&timeline).expect("JSON");
    assert!(timeline.iter().all(|entry| entry["case"] == report["case"]));
    let config = out.join("embargod.toml");
    let config = config.to_str().expect("text");
    let case = report["case"].as_str().expect("an id");
    let shown = embargod(&["case", "show", case, "--json", "--config", config]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(shown["state"], "published");
    assert_eq!(shown["targets"].as_array().map(Vec::len), Some(3));
    let steps = if forge == "github" { 9 } else { 10 };
    assert_eq!(shown["publication"]["receipts"].as_array().map(Vec::len), Some(steps));
    let audit = embargod(&["audit", "verify", "--json", "--config", config]);
    let facts: serde_json::Value = serde_json::from_slice(&audit.stdout).expect("JSON");
    assert_eq!((audit.status.code(), &facts["ok"]), (Some(0), &true.into()));
    let head = facts["head"].as_str().expect("a hash");
    for (noted, code) in [(head, 0), ("00", 1)] {
        let asked = embargod(&["audit", "verify", "--contains", noted, "--config", config]);
        assert_eq!(asked.status.code(), Some(code), "{noted}");
    }
    let exported = embargod(&["audit", "export", "--config", config]);
    assert_eq!(
        Some(text(&exported.stdout).lines().count() as u64),
        facts["events"].as_u64()
    );
    assert_eq!(
        embargod(&["case", "show", "2026-9999", "--config", config])
            .status
            .code(),
        Some(1)
    );
}

//! `embargod policy`: the page states every rule of the process, and past notices are judged by the code of the present.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::process::{Command, Output};

use embargod::config::{Config, read};
use embargod::page::{Process, html, markdown, rules, security_txt};
use jiff::Timestamp;

const LIBVIRT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/libvirt.toml");
const NOTICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/notices.jsonl");

fn now() -> Timestamp {
    "2026-03-01T12:30:00Z".parse().expect("an instant")
}

fn process(config: &Config) -> Process {
    Process::of(config, &config.project[0], now())
}

fn libvirt() -> Process {
    process(&read(std::path::Path::new(LIBVIRT)).expect("the worked example"))
}

/// The worked example with some of its lines changed.
fn changed(changes: &[(&str, &str)]) -> Process {
    let mut text = std::fs::read_to_string(LIBVIRT).expect("read");
    for (from, to) in changes {
        assert!(text.contains(from), "the example has no {from:?}");
        text = text.replace(from, to);
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    process(&read(file.path()).unwrap_or_else(|error| panic!("{error}")))
}

fn rule(process: &Process, name: &str) -> String {
    let all = rules(process);
    let found = all.iter().find(|rule| rule.name == name);
    found.unwrap_or_else(|| panic!("no rule {name}")).text.clone()
}

/// One by one, the rules of libvirt's security process of 2013, and the words with which the page states each.
#[test]
fn the_worked_example_states_every_rule_of_libvirts_page() {
    let process = libvirt();
    for (libvirts, name, words) in [
        (
            "a dedicated address",
            "where-to-report",
            "by mail to security@lists.libvirt.example",
        ),
        (
            "held for moderation, with an answer that says so",
            "moderation",
            "answered by itself: it is held until one of the moderators",
        ),
        (
            "the reporter is copied on replies",
            "moderation",
            "is sent to whoever reported it",
        ),
        ("invitation-only", "team", "read by the project's security team alone"),
        (
            "core team and vendors' engineers",
            "team",
            "engineers whom vendors have named",
        ),
        (
            "an existing member vouches",
            "joining",
            "one existing member must vouch",
        ),
        (
            "members honour the embargo",
            "consent",
            "agreed to keep the embargo before they saw anything",
        ),
        ("who cannot, declines", "consent", "cannot keep it declines"),
        (
            "existence and severity",
            "triage",
            "whether there is a vulnerability and how severe",
        ),
        (
            "an embargo date for what is not public",
            "embargo",
            "not public yet gets a date",
        ),
        (
            "nobody discloses before",
            "embargo",
            "nobody who knows of it discloses anything before",
        ),
        ("two weeks or less", "length", "lasts 14 days"),
        ("one month at most", "length", "never longer than 30 days"),
        (
            "the clock may be restarted",
            "restart",
            "When a proposed patch has a problem, the clock may start again",
        ),
        ("longer, by agreement", "extension", "must agree within 2 days"),
        (
            "public already: none",
            "already-public",
            "What is public already gets no embargo",
        ),
        ("vendors at the same moment", "vendors", "all at the same moment"),
        ("with the patches", "vendors", "with the patches for every branch"),
        (
            "distributions backport to other branches",
            "vendors",
            "branches that we do not maintain any more",
        ),
        ("a CVE", "cve", "Each vulnerability has a CVE"),
        (
            "git master and each maintained stable branch",
            "branches",
            "made for master and carried to every maintained stable branch: v\\*-maint",
        ),
        (
            "both lists",
            "announcement",
            "devel@lists.libvirt.example and announce@lists.libvirt.example",
        ),
        ("documented on the web site", "source", "made from the configuration"),
    ] {
        let text = rule(&process, name);
        assert!(
            text.to_lowercase().contains(&words.to_lowercase()),
            "{libvirts}: {words:?} is not in {text:?}"
        );
        assert!(markdown(&process).contains(&text), "{name} is not on the page");
    }
}

#[test]
fn another_configuration_is_another_page() {
    let process = changed(&[
        (
            "default = \"14d\"",
            "default = \"7d\"\nquorum = 3\nagree_within = \"24h\"\nsecond_release_manager = false\nhour = \"15:00\"\nnot_on = [\"friday\"]\nholidays = [\"2026-12-25\"]",
        ),
        ("maximum = \"30d\"", "maximum = \"21d\""),
        ("vouches = 1", "vouches = 4"),
        (", \"announce@lists.libvirt.example\"", ""),
        ("earliest = \"14d\"", "earliest = \"5d\""),
        (
            "{ glob = \"v*-maint\" }",
            "{ glob = \"v*-maint\" }, { name = \"v5.0-maint\", end_of_life = \"2026-01-01\" }, { name = \"v6_<b>\", end_of_life = \"2027-01-01\" }",
        ),
    ]);
    for (name, words) in [
        (
            "length",
            "lasts 7 days unless it is agreed otherwise, and never longer than 21 days",
        ),
        (
            "extension",
            "three members of the security team must agree within one day",
        ),
        ("earlier", "for a release manager to set"),
        ("joining", "4 existing members must vouch"),
        ("announcement", "announced on devel@lists.libvirt.example."),
        ("vendors", "at most 5 days before it"),
        (
            "calendar",
            "Embargoes end at 15:00 (UTC), never on a Friday, not on 2026-12-25.",
        ),
        ("branches", "v6\\_\\<b\\> (until 2027-01-01)"),
    ] {
        let text = rule(&process, name);
        assert!(text.contains(words), "{words:?} is not in {text:?}");
    }
    assert!(
        !rule(&process, "branches").contains("v5.0-maint"),
        "it is not maintained any more"
    );
    assert!(!html(&process).contains("v6_<b>"));
}

#[test]
fn the_html_page_is_a_whole_document() {
    let page = html(&libvirt());
    for wanted in [
        "<!DOCTYPE html>\n<html lang=\"en\">",
        "<meta charset=\"utf-8\">",
        "<title>Security process of libvirt</title>",
        "<h2>How to report</h2>",
        "</html>\n",
    ] {
        assert!(page.contains(wanted), "{wanted} is not in {page}");
    }
    assert!(!page.contains("<script"));
}

/// RFC 9116, field by field.
#[test]
fn security_txt_follows_its_standard() {
    let text = security_txt(&libvirt()).expect("a contact");
    let lines: Vec<_> = text.split_terminator("\r\n").collect();
    assert!(
        !text.replace("\r\n", "").contains(['\r', '\n']),
        "every line ends as the standard has it"
    );
    assert_eq!(lines[0], "# Security contact of libvirt");
    assert_eq!(
        lines[1..],
        [
            "Contact: mailto:security@lists.libvirt.example",
            "Expires: 2026-08-28T12:30:00Z",
            "Policy: https://libvirt.example/securityprocess.html",
            "Preferred-Languages: en",
        ]
    );
    // Without a contact of its own the mailbox is one; without either there is no file.
    let mailbox = changed(&[("contact = [\"mailto:security@lists.libvirt.example\"]\n", "")]);
    assert!(
        security_txt(&mailbox)
            .expect("a contact")
            .contains("Contact: mailto:security@lists.libvirt.example\r\n")
    );
    let mut nothing = mailbox;
    nothing.mailbox = None;
    assert!(
        security_txt(&nothing)
            .expect_err("no contact")
            .to_string()
            .contains("[project.reports] contact")
    );
}

fn embargod(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_embargod"))
        .args(arguments)
        .env_remove("EMBARGOD_CONFIG")
        .current_dir(tempfile::tempdir().expect("a folder").path())
        .output()
        .expect("run")
}

#[test]
fn the_page_needs_no_secret() {
    for format in ["markdown", "html", "security-txt"] {
        let output = embargod(&["--config", LIBVIRT, "policy", "render", "--format", format]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("libvirt"));
    }
    let output = embargod(&["--config", LIBVIRT, "policy", "render", "--project", "qemu"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("name one with --project: libvirt"));
}

#[test]
fn past_notices_are_judged_by_the_code_of_the_present() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    let output = embargod(&["policy", "review", NOTICES, "--advisories", &path]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let expected = "\
2024-0002
  under embargo for 15 days: the quorum must agree to that
2024-0003
  under embargo for 31 days: refused when it is proposed (the embargo may last until 2024-03-16T00:00:00Z at most)
  fixed on main 3 days after the publication: the gate is closed on the day
  1 vulnerable branches without a fix, each of which needs a waiver: v1-maint
2024-0004
  published 9 days before it was reported: one of the dates is wrong
  no CVE, which must be waived on record
5 notices, 4 of them flagged. ";
    assert!(
        text.starts_with(&expected.replace("5 notices, 4", "5 notices, 3")),
        "{text}"
    );
    assert!(
        text.contains(
            "Under embargo: 3, median 15 days; 2 longer than the policy's length, 1 of these longer than its cap"
        ),
        "{text}"
    );
    assert!(text.contains("Branches: 73, median 2 a notice, at most 67."), "{text}");
    let document = std::fs::read_to_string(folder.path().join("2024-0003.xml")).expect("written");
    let notice = embargod_advisory::LibvirtNotice::from_xml(&document).expect("read");
    assert_eq!(
        (notice.id.as_str(), notice.products[0].branches.len()),
        ("2024-0003", 2)
    );

    let output = embargod(&["policy", "review", NOTICES, "--json"]);
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(facts["figures"]["over_maximum"], 1);
    assert_eq!(facts["notices"][2]["findings"][0]["finding"], "refused-at-proposal");
}

#[test]
fn a_line_that_is_no_notice_is_named() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let first = std::fs::read_to_string(NOTICES)
        .expect("read")
        .lines()
        .next()
        .expect("a line")
        .to_owned();
    for (line, wanted) in [
        ("{}", "missing field `notice`"),
        ("not json", "expected ident"),
        (&first.replace("2024-02-29", "2024-02-30"), ":2: "),
        (
            &first.replace("\"name\":\"master\"", "\"name\":\"a..b\""),
            "not a valid branch name",
        ),
        (
            r#"{"notice":"2024-0001","reported":"2024-01-01","published":"2024-01-01","fixed":"2024-01-01","products":[]}"#,
            "names no branch",
        ),
    ] {
        std::fs::write(file.path(), format!("{first}\n{line}\n")).expect("written");
        let output = embargod(&["policy", "review", &file.path().display().to_string()]);
        assert_eq!(output.status.code(), Some(2), "{line}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            text.contains(":2: ") && text.contains(wanted) && text.contains("write one object a line"),
            "{line}: {text}"
        );
    }
}

//! Reports from outside: by mail, through a mailbox that is really read, and answered by mails that are really sent.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::Tale;
use embargod::rehearsal::{MIRROR, PUBLIC};
use embargod_sandbox::{Fault, Flavour, When};
use rstest::rstest;

use Flavour::{Github, Gitlab};

const REPORTER: &str = "reporter@reporter.example";

fn mail(id: &str, headers: &str, text: &str) -> Vec<u8> {
    format!(
        "Message-ID: <{id}@reporter.example>\r\nFrom: A Reporter <{REPORTER}>\r\nTo: security@example.org\r\n\
         Subject: canary-flaw in copy\r\n{headers}\r\n{text}\r\n"
    )
    .into_bytes()
}

/// A story whose own issue plays no part.
async fn tale(forge: Flavour) -> Tale {
    Tale::begin(forge, "").await
}

/// The issues that hold reports.
fn reports(tale: &Tale) -> Vec<u64> {
    tale.issues_titled("Report by mail")
}

fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    mail.lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix(&format!("{name}: ")))
}

#[rstest]
#[tokio::test]
async fn a_report_is_held_accepted_answered_and_becomes_a_case(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = tale(forge).await;
    tale.stage.sandbox.receive_mail(&mail(
        "one",
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "--b\r\n\r\nThe length is not checked. /close @alice #7\r\n```\r\n/embargo approve\r\n--b\r\n\
         Content-Disposition: attachment; filename=\"poc.html\"\r\n\r\n<script>canary-script</script>\r\n--b--",
    ));
    tale.settle().await;
    let issues = reports(&tale);
    assert_eq!(issues.len(), 1);
    tale.issue = issues[0];
    let body = tale.issue_body();
    assert!(body.contains("The length is not checked."), "{body}");
    assert!(body.contains("poc.html") && !body.contains("canary-script"), "{body}");
    assert_eq!(tale.labels(), ["security::moderation"]);

    // It is answered once, says by whom it is read, and that a machine wrote it.
    let answers = tale.stage.sandbox.mails_to(REPORTER);
    assert_eq!(answers.len(), 1);
    assert!(
        answers[0].contains("held until one of the team's moderators"),
        "{}",
        answers[0]
    );
    assert_eq!(header(&answers[0], "Auto-Submitted"), Some("auto-replied"));
    assert_eq!(header(&answers[0], "In-Reply-To"), Some("<one@reporter.example>"));

    // Whoever may not moderate changes nothing; a moderator accepts and asks back.
    tale.say("carol", "/embargo accept").await;
    assert!(
        tale.comments().contains("is for the moderators or the security team"),
        "{}",
        tale.comments()
    );
    tale.say("dave", "/embargo approve").await;
    assert!(
        tale.comments().contains("`/embargo approve` is for"),
        "{}",
        tale.comments()
    );
    tale.say(
        "dave",
        "/embargo accept\n/embargo reply\nWhich version?\n\n- all of them?",
    )
    .await;
    assert!(tale.labels().is_empty());
    let answers = tale.stage.sandbox.mails_to(REPORTER);
    assert_eq!(answers.len(), 2);
    let reply = &answers[1];
    assert!(reply.contains("Which version?\r\n\r\n- all of them?"), "{reply}");
    assert_eq!(header(reply, "Subject"), Some("Re: canary-flaw in copy"));
    assert_eq!(header(reply, "Auto-Submitted"), None);
    let sent = header(reply, "Message-ID").expect("an id").to_owned();

    // The answer comes back into the issue, and is not answered by itself.
    let answer = mail("two", &format!("In-Reply-To: {sent}\r\n"), "Since 7.0.");
    tale.stage.sandbox.receive_mail(&answer);
    tale.settle().await;
    assert_eq!(reports(&tale).len(), 1);
    assert!(tale.comments().contains("Since 7.0."), "{}", tale.comments());
    assert_eq!(tale.stage.sandbox.mails_to(REPORTER).len(), 2);

    // Opened, the case keeps its number and its thread, and goes its way.
    tale.describe().await;
    tale.open().await;
    assert_eq!(tale.state().await, "open");
    tale.say("alice", "/embargo reply\nWe work on it.").await;
    let answers = tale.stage.sandbox.mails_to(REPORTER);
    assert_eq!(answers.len(), 3);
    let references = header(&answers[2], "References").expect("a thread");
    assert!(references.starts_with("<one@reporter.example>"), "{references}");
    assert!(references.ends_with("<two@reporter.example>"), "{references}");
    tale.fix().await;
    tale.agree().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&["master", "v8.0-maint", "v9.0-maint"]).await;
}

#[rstest]
#[tokio::test]
async fn spam_is_rejected_in_silence_and_can_be_taken_up_after_all(#[values(Github, Gitlab)] forge: Flavour) {
    let mut tale = tale(forge).await;
    tale.stage.sandbox.receive_mail(&mail("one", "", "Buy now."));
    tale.settle().await;
    tale.issue = reports(&tale)[0];
    let before = tale.stage.sandbox.mails_to(REPORTER).len();
    tale.say("dave", "/embargo reject because it is spam").await;
    assert_eq!(tale.is_open(), Some(false));
    assert!(tale.labels().is_empty());
    assert_eq!(tale.stage.sandbox.mails_to(REPORTER).len(), before);
    // Nobody can open a case for it by answering.
    tale.stage
        .sandbox
        .receive_mail(&mail("two", "In-Reply-To: <one@reporter.example>\r\n", "Buy it!"));
    tale.settle().await;
    assert_eq!(tale.is_open(), Some(false));
    tale.say("alice", "/embargo accept").await;
    assert_eq!(tale.is_open(), Some(true));
}

#[rstest]
#[tokio::test]
async fn machines_are_held_too_and_never_answered(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = tale(forge).await;
    for (id, headers) in [
        ("a", "Auto-Submitted: auto-replied\r\n"),
        ("b", "Precedence: bulk\r\n"),
        ("c", "List-Id: <news.example.org>\r\n"),
        ("d", "Return-Path: <>\r\n"),
    ] {
        tale.stage.sandbox.receive_mail(&mail(id, headers, "text"));
    }
    // What the bot itself sent comes back over a list: it is left where it is.
    tale.stage
        .sandbox
        .receive_mail(b"Message-ID: <x@example.org>\r\nFrom: security@example.org\r\nSubject: own\r\n\r\ntext\r\n");
    tale.settle().await;
    assert_eq!(reports(&tale).len(), 4);
    assert_eq!(tale.stage.sandbox.mails_to(REPORTER).len(), 0);
    assert_eq!(tale.stage.sandbox.mails_to("security@example.org").len(), 0);
}

#[tokio::test]
async fn two_machines_that_answer_each_other_come_to_rest() {
    let tale = tale(Github).await;
    for round in 0..12 {
        // Each has a subject and a thread of its own, and no header that gives the machine away.
        tale.stage
            .sandbox
            .receive_mail(&mail(&round.to_string(), "", "I am on holiday."));
        tale.settle().await;
    }
    assert_eq!(tale.stage.sandbox.mails_to(REPORTER).len(), 4);
    assert_eq!(reports(&tale).len(), 12, "nothing is lost");
}

#[tokio::test]
async fn the_same_mail_over_two_ways_is_one_report() {
    let tale = tale(Github).await;
    let one = mail("one", "", "text");
    let again = [b"Received: from elsewhere\r\n".to_vec(), one.clone()].concat();
    for raw in [&one, &again, &one] {
        tale.stage.sandbox.receive_mail(raw);
        tale.settle().await;
    }
    assert_eq!(reports(&tale).len(), 1);
    assert_eq!(tale.stage.sandbox.mails_to(REPORTER).len(), 1);
}

/// A crash between any two steps leaves one issue, one case and one answer.
#[rstest]
#[tokio::test]
async fn a_report_that_is_cut_off_is_taken_in_once(#[values(Github, Gitlab)] forge: Flavour) {
    let tale = tale(forge).await;
    let path = match forge {
        Github => "/api/v3/repos/example/example-security/issues",
        Gitlab => "/api/v4/projects/example%2Fexample-security/issues",
    };
    // The issue is written, and the bot never hears of it.
    tale.stage.sandbox.fail(Fault::status("POST", path, When::After, 502));
    tale.stage.sandbox.receive_mail(&mail("one", "", "text"));
    let _ = tale.stage.settle().await;
    assert!(tale.stage.sandbox.waiting_faults().is_empty(), "the fault was met");
    tale.settle().await;
    assert_eq!(reports(&tale).len(), 1);
    assert_eq!(tale.stage.sandbox.mails_to(REPORTER).len(), 1);
}

#[tokio::test]
async fn an_answer_whose_fate_is_unknown_waits_for_a_person() {
    let mut tale = tale(Github).await;
    tale.stage.sandbox.fail(Fault {
        method: "SMTP",
        path: "DATA".into(),
        when: When::After,
        answer: None,
        then: None,
    });
    tale.stage.sandbox.receive_mail(&mail("one", "", "text"));
    tale.settle().await;
    tale.issue = reports(&tale)[0];
    assert!(
        tale.comments().contains("whether a mail was sent is unknown"),
        "{}",
        tale.comments()
    );
    tale.settle().await;
    assert_eq!(tale.stage.sandbox.mails_to(REPORTER).len(), 1, "it is not sent again");
}

#[tokio::test]
async fn several_reporters_are_answered_together() {
    let mut tale = tale(Github).await;
    tale.stage.sandbox.receive_mail(&mail("one", "", "text"));
    tale.settle().await;
    tale.issue = reports(&tale)[0];
    let other = String::from_utf8(mail("two", "References: <one@reporter.example>\r\n", "me too")).expect("text");
    tale.stage
        .sandbox
        .receive_mail(other.replace(REPORTER, "second@reporter.example").as_bytes());
    tale.settle().await;
    assert!(
        tale.comments().contains("`/embargo reporter second@reporter.example`"),
        "{}",
        tale.comments()
    );
    tale.say(
        "dave",
        "/embargo reporter second@reporter.example\n/embargo reply\nThank you both.",
    )
    .await;
    for address in [REPORTER, "second@reporter.example"] {
        let mails = tale.stage.sandbox.mails_to(address);
        assert!(mails.iter().any(|mail| mail.contains("Thank you both.")), "{address}");
    }
}

#[tokio::test]
async fn a_mail_that_is_too_long_is_taken_at_its_beginning() {
    let mut tale = tale(Github).await;
    let long = mail("one", "", &"0123456789abcde\n".repeat(300_000));
    assert!(long.len() > 4 << 20);
    tale.stage.sandbox.receive_mail(&long);
    tale.settle().await;
    tale.issue = reports(&tale)[0];
    let body = tale.issue_body();
    assert!(body.contains("this is its beginning"), "{body}");
    assert!(body.chars().count() < 65_536);
    assert_eq!(tale.stage.sandbox.mails_to(REPORTER).len(), 1);
}

#[tokio::test]
async fn a_private_report_on_github_takes_the_same_path() {
    let mut tale = tale(Github).await;
    let public = &tale.stage.public;
    let report = public
        .report_privately(
            PUBLIC,
            "stranger",
            "canary-flaw in copy",
            "The length is not checked. @alice",
        )
        .expect("reported");
    let spam = public
        .report_privately(PUBLIC, "stranger", "canary-spam", "Buy now.")
        .expect("reported");
    tale.settle().await;
    tale.settle().await;
    let found = tale.issues_titled("Report: ");
    assert_eq!(found.len(), 2);
    let state = |tale: &Tale, id: &str| {
        let advisories = tale.stage.public.advisories(PUBLIC);
        let found = advisories.iter().find(|advisory| advisory["ghsa_id"] == id);
        found.expect("there")["state"].as_str().expect("a state").to_owned()
    };
    tale.issue = found[1];
    tale.say("dave", "/embargo reject because it is spam").await;
    assert_eq!((tale.is_open(), &*state(&tale, &spam)), (Some(false), "closed"));
    tale.issue = found[0];
    tale.say("dave", "/embargo accept\n/embargo reply\nThank you.").await;
    assert!(tale.comments().contains("answer at http"), "{}", tale.comments());
    assert_eq!(state(&tale, &report), "triage");
    tale.describe().await;
    tale.open().await;
    assert_eq!(state(&tale, &report), "draft");
    tale.fix().await;
    tale.agree().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&["master", "v8.0-maint", "v9.0-maint"]).await;
    assert_eq!(state(&tale, &report), "published");
    assert_eq!(tale.stage.public.advisories(PUBLIC).len(), 2, "no second advisory");
}

/// GitLab: with the cases in the mirror, and with the cases in the public project itself.
#[rstest]
#[tokio::test]
async fn a_confidential_issue_by_an_outsider_takes_the_same_path(#[values(false, true)] public_desk: bool) {
    let (desk, extra) = match public_desk {
        true => (PUBLIC, "cases = \"public\""),
        false => (MIRROR, ""),
    };
    let mut tale = Tale::begin_on((Gitlab, Gitlab), desk, extra, jiff::Timestamp::now()).await;
    let public = tale.stage.public.clone();
    let theirs = public
        .open_confidential_issue(PUBLIC, "stranger", "canary-flaw in copy", "The length is not checked.")
        .expect("reported");
    tale.settle().await;
    tale.issue = match public_desk {
        true => theirs,
        false => tale.issues_titled("Report: ")[0],
    };
    assert_eq!(tale.labels(), ["security::moderation"]);
    tale.say("dave", "/embargo accept\n/embargo reply\nWhich version?\n\nAnd where?")
        .await;
    let seen = public.comments_seen_by(PUBLIC, "stranger", theirs);
    // In the public project they read what people write there, too; of the bot's words only the answer.
    let by_bot: Vec<_> = seen.iter().filter(|text| text.contains("<!-- embargod:")).collect();
    assert_eq!(by_bot.len(), 1, "{seen:?}");
    assert!(by_bot[0].contains("> Which version?\n> \n> And where?"), "{seen:?}");
    public
        .comment(PUBLIC, "stranger", theirs, "Since 7.0.\n/embargo approve")
        .expect("written");
    tale.settle().await;
    assert!(tale.comments().contains("Since 7.0."), "{}", tale.comments());
    tale.describe().await;
    tale.open().await;
    tale.fix().await;
    tale.agree().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&["master", "v8.0-maint", "v9.0-maint"]).await;
}

//! Rehearsals with people outside: reporters, new members, vendors.

use embargod_mail::{Limits, Own, PrivateKey, read};
use jiff::SignedDuration;

use super::play::Play;
use super::scenarios::{Figures, ending, finish};
use super::script::seed;
use super::stage::{MIRROR, Stage, StageError};

const REPORTER: &str = "reporter@reporter.example";
const MEMBER: &str = "vera@vendor.example";
/// The vendor that has a key.
pub(super) const VENDOR: &str = "security@vendor.example";

fn mail(id: &str, headers: &str, text: &str) -> String {
    format!(
        "Message-ID: <{id}@reporter.example>\r\nFrom: A Reporter <{REPORTER}>\r\nSubject: a flaw in copy\r\n{headers}\r\n{text}\r\n"
    )
}

/// A header of a mail.
fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let mut lines = mail.lines().take_while(|line| !line.is_empty());
    lines
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_default()
        .trim()
}

pub(super) async fn report_by_mail(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let play = Play::hold(stage, &mail("one", "", "The length is not checked.")).await?;
    let mails = || play.stage.sandbox.mails_to(REPORTER);
    figures.note(
        "the report",
        play.facts().await?["state"].as_str().unwrap_or_default(),
        "pending",
    );
    figures.note(
        "answers that say that it is held",
        mails().iter().filter(|mail| mail.contains("held")).count(),
        1,
    );
    let marked = mails()
        .first()
        .is_some_and(|mail| header(mail, "Auto-Submitted:") == "auto-replied");
    figures.note("the answer says that a machine wrote it", marked, true);
    play.receive(&mail(
        "away",
        "Auto-Submitted: auto-replied\r\nIn-Reply-To: <one@reporter.example>\r\n",
        "I am away.",
    ))
    .await?;
    figures.note("answers after a machine's answer", mails().len(), 1);
    play.say("dave", "accept").await?;
    play.say("dave", "reply\nWhich version?").await?;
    figures.note(
        "replies to the reporter",
        mails().iter().filter(|mail| mail.contains("Which version?")).count(),
        1,
    );
    let id = mails()
        .last()
        .map(|mail| header(mail, "Message-ID:").to_owned())
        .unwrap_or_default();
    play.receive(&mail("two", &format!("In-Reply-To: {id}\r\n"), "Since 7.0."))
        .await?;
    figures.note("times that the answer is on the issue", play.said("Since 7.0."), 1);
    play.confirm().await?;
    play.fix().await?;
    play.agree().await?;
    play.wait_until(ending(&play).await?).await?;
    figures.note("public pushes", play.pushes(), 1);
    figures.note("published", play.is_published().await?, true);
    finish(&play)
}

pub(super) async fn vendor_joins(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    seed(&stage).await?;
    stage.settle().await?;
    let issue = stage
        .sandbox
        .issues_titled(MIRROR, "Members of the security team")
        .first()
        .copied();
    let issue = issue.ok_or_else(|| StageError::Server("there is no roster".into()))?;
    let say = async |person: &str, command: &str| -> Result<(), StageError> {
        let text = format!("/embargo {command}");
        stage.sandbox.comment(MIRROR, person, issue, &text)?;
        stage.settle().await
    };
    let sees = || stage.sandbox.permission(MIRROR, "vera").is_some();
    let terms = || stage.sandbox.mails_to(MEMBER);
    say("alice", &format!("member propose vera for Debian at {MEMBER}")).await?;
    figures.note("terms sent after one member vouched", terms().len(), 0);
    say("erin", "vouch vera").await?;
    figures.note("terms sent after two", terms().len(), 1);
    figures.note("she sees the mirror before she consented", sees(), false);
    let id = terms()
        .first()
        .map(|mail| header(mail, "Message-ID:").to_owned())
        .unwrap_or_default();
    let answer = format!("From: {MEMBER}\r\nSubject: Re: terms\r\nIn-Reply-To: {id}\r\n\r\n/embargo consent\r\n");
    stage.sandbox.receive_mail(answer.as_bytes());
    stage.settle().await?;
    // On GitHub an invitation waits until she accepts it.
    stage.sandbox.accept_invitation(MIRROR, "vera");
    stage.settle().await?;
    figures.note("she sees the mirror after it", sees(), true);
    say("vera", "leave").await?;
    figures.note("she sees the mirror after she left", sees(), false);
    super::script::leave_behind(&stage, "none")
}

/// What the configuration says of the two vendors, the first of which has this key.
pub(super) fn vendors(key: &PrivateKey, folder: &std::path::Path) -> Result<String, StageError> {
    let wrong = |error: embargod_mail::KeyError| StageError::Server(error.to_string().into());
    let armoured = key.public().and_then(|public| public.armoured()).map_err(wrong)?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("vendor.asc"), armoured)?;
    Ok(format!(
        "vendors = [{{ name = \"Example Linux\", contact = \"{VENDOR}\", key_file = \"vendor.asc\" }}, {{ name = \"Keyless\", \
         contact = \"security@keyless.example\" }}]\nvendor_notice = {{ earliest = \"7d\" }}"
    ))
}

pub(super) async fn vendors_told(stage: Stage, figures: &mut Figures, key: &PrivateKey) -> Result<(), StageError> {
    let play = Play::open(stage, MIRROR, false).await?;
    play.fix().await?;
    let told = || play.stage.sandbox.mails_to(VENDOR);
    play.say("bob", "notify-vendors").await?;
    figures.note("vendors told before the window opens", told().len(), 0);
    figures.note("times that it was refused as too early", play.said("too early"), 1);
    play.wait_until(ending(&play).await? - SignedDuration::from_hours(6 * 24))
        .await?;
    play.say("bob", "notify-vendors").await?;
    figures.note("notices to the vendor with a key", told().len(), 1);
    figures.note(
        "notices to the one without",
        play.stage.sandbox.mails_to("security@keyless.example").len(),
        0,
    );
    let raw = told().first().cloned().unwrap_or_default();
    figures.note("the flaw is named in the clear", raw.contains("length"), false);
    let limits = Limits::default();
    let mut notice = read(raw.as_bytes(), &Own::default(), &limits);
    notice.decrypt(raw.as_bytes(), Some(key), &limits);
    let patches = notice.attachments.iter().filter(|file| file.name.ends_with(".mbox"));
    figures.note("branches with patches", patches.count(), 3);
    let bundles = notice.attachments.iter().filter(|file| file.name.ends_with(".bundle"));
    figures.note("bundles with all of them", bundles.count(), 1);
    figures.note("the gap is seen", play.said("Vendor Keyless: **not told**") > 0, true);
    play.agree().await?;
    play.wait_until(ending(&play).await?).await?;
    figures.note("public pushes", play.pushes(), 1);
    finish(&play)
}

pub(super) async fn duplicate(stage: Stage, figures: &mut Figures) -> Result<(), StageError> {
    let mut play = Play::hold(stage, &mail("one", "", "The length is not checked.")).await?;
    play.confirm().await?;
    let (kept, case, end) = (play.issue(), play.case, ending(&play).await?);
    play.receive(&mail("other", "", "Lengths are not looked at.")).await?;
    let second = play
        .stage
        .sandbox
        .issues_titled(MIRROR, "Report by mail")
        .into_iter()
        .find(|issue| *issue != kept);
    let second = second.ok_or_else(|| StageError::Server("the second report was not held".into()))?;
    let number = i64::try_from(second).unwrap_or_default();
    let other = play.stage.server.store.latest_case("example", number).await;
    let other = other.map_err(crate::reconcile::PassError::from)?;
    play.turn_to(second, other.unwrap_or(case));
    play.confirm().await?;
    let earlier = end - SignedDuration::from_hours(48);
    play.say("bob", &format!("until {earlier} because others know of it"))
        .await?;
    play.say("frank", "agree").await?;
    play.say("alice", &format!("duplicate {case}")).await?;
    figures.note("the second issue is open", play.is_open(), false);
    play.turn_to(kept, case);
    figures.note("the end of the first case", ending(&play).await?, earlier);
    play.fix().await?;
    play.agree().await?;
    play.wait_until(earlier).await?;
    figures.note("public pushes", play.pushes(), 1);
    finish(&play)
}

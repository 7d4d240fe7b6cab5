//! Vendors are told at the same moment, each encrypted to their key, within the window, and with every branch's patches.

#![allow(clippy::expect_used, reason = "a test may panic")]

mod common;

use common::Tale;
use embargod::rehearsal::{PUBLIC, git};
use embargod_mail::{Limits, Own, PrivateKey, read};
use embargod_sandbox::Flavour;
use rstest::rstest;

use Flavour::{Github, Gitlab};

/// The key of a vendor: its secret half, and the file of its public half.
fn key(folder: &std::path::Path, name: &str) -> (PrivateKey, String) {
    let secret = PrivateKey::generate(name).expect("a key");
    let path = folder.join(format!("{name}.asc"));
    std::fs::write(&path, secret.public().expect("public").armoured().expect("armoured")).expect("written");
    (secret, path.display().to_string())
}

struct Vendors {
    tale: Tale,
    debian: PrivateKey,
    suse: PrivateKey,
    _keys: tempfile::TempDir,
}

/// Three vendors, one of them without a key; the window is from seven days to one before the end.
async fn vendors(forge: Flavour) -> Vendors {
    let keys = tempfile::tempdir().expect("a folder");
    let ((debian, first), (suse, second)) = (key(keys.path(), "debian"), key(keys.path(), "suse"));
    let extra = format!(
        "vendor_notice = {{ earliest = \"7d\" }}\nvendors = [{{ name = \"Debian\", contact = \"team@debian.example\", key_file = \
         {first:?} }}, {{ name = \"SUSE\", contact = \"team@suse.example\", key_file = {second:?}, branches = [\"v8.0-*\", \
         \"v5.0-maint\"] }}, {{ name = \"Nokey\", contact = \"team@nokey.example\" }}]"
    );
    let tale = Tale::opened(forge, &extra).await;
    Vendors {
        tale,
        debian,
        suse,
        _keys: keys,
    }
}

fn opened(raw: &str, key: &PrivateKey) -> embargod_mail::Incoming {
    let limits = Limits::default();
    let mut mail = read(raw.as_bytes(), &Own::default(), &limits);
    assert!(mail.encrypted, "{raw}");
    mail.decrypt(raw.as_bytes(), Some(key), &limits);
    mail
}

#[rstest]
#[tokio::test]
async fn every_vendor_is_told_at_the_same_moment_with_its_patches(#[values(Github, Gitlab)] forge: Flavour) {
    let Vendors {
        mut tale,
        debian,
        suse,
        _keys,
    } = vendors(forge).await;
    tale.say("bob", "/embargo notify-vendors").await;
    assert!(tale.comments().contains("too early"), "{}", tale.comments());
    tale.stage.pass_seconds(8 * 86_400);
    tale.say("bob", "/embargo notify-vendors").await;
    assert!(tale.comments().contains("there is no fix yet"), "{}", tale.comments());
    tale.fix().await;
    tale.say("carol", "/embargo notify-vendors").await;
    assert!(tale.stage.sandbox.mails_to("team@debian.example").is_empty());
    tale.say("bob", "/embargo notify-vendors").await;

    let mails = ["debian", "suse"].map(|name| tale.stage.sandbox.mails_to(&format!("team@{name}.example")));
    assert_eq!(mails.each_ref().map(Vec::len), [1, 1], "{}", tale.comments());
    assert_eq!(tale.stage.sandbox.mails_to("team@nokey.example").len(), 0);
    for mail in mails.iter().flatten() {
        for canary in ["canary", "length", "guest", "copy.c", "embargo/"] {
            assert!(!mail.contains(canary), "{canary} in the clear: {mail}");
        }
    }
    let at = |mail: &str| {
        mail.lines()
            .find(|line| line.starts_with("Date: "))
            .expect("a date")
            .to_owned()
    };
    assert_eq!(at(&mails[0][0]), at(&mails[1][0]));

    let notice = opened(&mails[0][0], &debian);
    assert!(
        notice
            .text
            .contains(&format!("under embargo until {}", tale.end().await)),
        "{}",
        notice.text
    );
    assert!(
        notice.text.contains("A length is not checked before a copy"),
        "{}",
        notice.text
    );
    let names: Vec<_> = notice.attachments.iter().map(|file| file.name.as_str()).collect();
    let id = tale.id();
    assert_eq!(
        names,
        [
            "1-master.mbox",
            "2-v8.0-maint.mbox",
            "3-v9.0-maint.mbox",
            &format!("4-{id}.bundle")
        ]
    );
    // Whoever has the public repository fetches the fixed branches from the bundle.
    let desk = tale.stage.clone_for("dave", PUBLIC).await.expect("a clone");
    let file = desk.join("notice.bundle");
    std::fs::write(&file, &notice.attachments[3].bytes).expect("written");
    git(&desk, &["fetch", "--quiet", file.to_str().expect("text"), "v8.0-maint"])
        .await
        .expect("fetched");
    let fixed = git(&desk, &["show", "FETCH_HEAD:copy.c"]).await.expect("read");
    assert!(fixed.contains("length > 64"), "{fixed}");
    assert!(String::from_utf8_lossy(&notice.attachments[1].bytes).contains("length > 64"));
    let narrow = opened(&mails[1][0], &suse);
    let names: Vec<_> = narrow.attachments.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["1-master.mbox", "2-v8.0-maint.mbox", &format!("3-{id}.bundle")]);
    assert!(narrow.text.contains("not fixed by us: v5.0-maint"), "{}", narrow.text);
    let stranger = opened(&mails[1][0], &debian);
    assert!(
        stranger.remarks[0].contains("could not be decrypted"),
        "{:?}",
        stranger.remarks
    );

    // All of it is on record, and seen before the publication; asked twice, nobody is told twice.
    let facts = tale.facts().await;
    assert!(
        facts["vendors"]["Nokey"].as_str().expect("a gap").contains("no key"),
        "{facts}"
    );
    assert!(
        tale.comments().contains("Vendor Debian: told at"),
        "{}",
        tale.comments()
    );
    tale.say("bob", "/embargo notify-vendors").await;
    assert_eq!(tale.stage.sandbox.mails_to("team@debian.example").len(), 1);

    // A notice that comes back is seen, too.
    let id = mails[0][0]
        .lines()
        .find_map(|line| line.strip_prefix("Message-ID: "))
        .expect("an id");
    let bounce = format!(
        "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nNo such user.\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\nMessage-ID: {id}\r\n\r\nx\r\n--b--\r\n"
    );
    tale.stage.sandbox.receive_mail(bounce.as_bytes());
    tale.settle().await;
    assert!(tale.comments().contains("it came back"), "{}", tale.comments());

    tale.agree().await;
    tale.assert_silent().await;
    tale.at_the_end().await;
    tale.assert_published(&["master", "v8.0-maint", "v9.0-maint"]).await;
}

//! Mails that are made to break what reads them: each has a clear outcome, and nothing of it is lost.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod_core::case::Automatic;
use embargod_mail::{Incoming, Limits, Own, read};
use proptest::prelude::*;

fn own() -> Own {
    Own {
        address: "security@project.example".into(),
        lists: vec![],
    }
}

fn parse(raw: impl AsRef<[u8]>) -> Incoming {
    read(raw.as_ref(), &own(), &Limits::default())
}

fn whole_is_attached(mail: &Incoming, raw: &[u8]) -> bool {
    mail.attachments.iter().any(|attachment| attachment.bytes == raw)
}

#[test]
fn an_ordinary_mail_is_read_as_a_person_would() {
    let mail = parse(
        "Message-ID: <one@reporter.example>\r\nReferences: <a@x> <b@x>\r\nIn-Reply-To: <c@x>\r\n\
         From: =?utf-8?q?R=C3=A9my?= <r@reporter.example>\r\nReply-To: <team@reporter.example>\r\n\
         Subject: =?utf-8?b?RWluZSBMw7xja2U=?=\r\n in the copy\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nL=E4nge is not checked.\r\n--b\r\n\
         Content-Type: text/x-c; name=\"../../poc.c\"\r\nContent-Disposition: attachment; filename=\"../../poc.c\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\naW50IG1haW47Cg==\r\n--b--\r\n",
    );
    assert_eq!(mail.message_id.as_deref(), Some("one@reporter.example"));
    assert_eq!(mail.references, ["a@x", "b@x", "c@x"]);
    assert_eq!(mail.name, "Rémy");
    assert_eq!(mail.from.as_deref(), Some("r@reporter.example"));
    assert_eq!(mail.answer_to.as_deref(), Some("team@reporter.example"));
    assert_eq!(mail.subject, "Eine Lücke in the copy");
    assert!(mail.text.starts_with("Länge is not checked."), "{:?}", mail.text);
    assert_eq!(mail.automatic, None);
    let [attachment] = &mail.attachments[..] else {
        panic!("{} attachments", mail.attachments.len())
    };
    assert_eq!(
        (&*attachment.name, &*attachment.media_type),
        ("1-_.._poc.c", "text/x-c")
    );
    assert_eq!(attachment.bytes, b"int main;\n");
}

#[test]
fn html_becomes_plain_text() {
    let mail = parse(
        "From: r@reporter.example\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><p>a <b>flaw</b></p>\
         <img src=\"https://reporter.example/track.png\">\r\n",
    );
    assert!(mail.text.contains("a flaw"), "{:?}", mail.text);
    assert!(
        !mail.text.contains('<') && !mail.text.contains("track"),
        "{:?}",
        mail.text
    );
}

#[test]
fn nested_bombs_are_attached_and_not_opened() {
    let level = "Content-Type: message/rfc822\r\n\r\n";
    let raw = format!("From: r@reporter.example\r\nSubject: deep\r\n{}", level.repeat(200_000));
    let mail = parse(&raw);
    assert_eq!(
        (mail.from.as_deref(), &*mail.subject),
        (Some("r@reporter.example"), "deep")
    );
    assert!(whole_is_attached(&mail, raw.as_bytes()));
    assert!(mail.remarks[0].contains("not like those"), "{:?}", mail.remarks);

    let mut raw = "From: r@reporter.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    raw.push_str(&"--b\r\n\r\nx\r\n".repeat(500_000));
    let mail = parse(&raw);
    assert!(whole_is_attached(&mail, raw.as_bytes()));

    let mut raw = "From: r@reporter.example\r\n".to_owned();
    for depth in 0..900 {
        raw.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n"
        ));
    }
    raw.push_str("\r\nthe core\r\n");
    assert_eq!(parse(&raw).from.as_deref(), Some("r@reporter.example"));
}

/// The library that reads mails panics over this one.
#[test]
fn a_mail_that_ends_within_its_nested_parts_is_attached() {
    let raw = "From: r@reporter.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
               Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n\r\n--b--\r\n";
    let mail = parse(raw);
    assert_eq!(mail.from.as_deref(), Some("r@reporter.example"));
    assert!(whole_is_attached(&mail, raw.as_bytes()), "{:?}", mail.remarks);
}

#[test]
fn large_attachments_are_taken_whole() {
    use std::io::Write as _;
    let mut raw =
        b"From: r@reporter.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee there\r\n--b\r\n\
        Content-Disposition: attachment; filename=dump\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            .to_vec();
    for _ in 0..700_000 {
        raw.write_all(&[b'A'; 76]).expect("memory");
        raw.write_all(b"\r\n").expect("memory");
    }
    raw.write_all(b"--b--\r\n").expect("memory");
    assert!(raw.len() > 50 << 20);
    let mail = parse(&raw);
    assert_eq!(mail.attachments.len(), 1);
    assert_eq!(mail.attachments[0].bytes.len(), 700_000 * 57);
    assert!(mail.text.starts_with("see there"));
}

#[test]
fn a_long_text_is_cut_and_attached_whole() {
    let text = "ä".repeat(100_000);
    let mail = parse(format!(
        "From: r@reporter.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}"
    ));
    assert_eq!(mail.text.chars().count(), Limits::default().text);
    assert_eq!(mail.attachments[0].bytes, text.as_bytes());
    assert!(mail.remarks[0].contains("is long"), "{:?}", mail.remarks);
}

#[test]
fn more_attachments_than_a_person_sends_stay_in_the_mail() {
    let mut raw =
        "From: r@reporter.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n".to_owned();
    raw.push_str(&"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n".repeat(120));
    raw.push_str("--b--\r\n");
    let mail = parse(&raw);
    assert_eq!(mail.attachments.len(), Limits::default().attachments);
    assert!(mail.remarks[0].starts_with("70 more"), "{:?}", mail.remarks);
}

#[test]
fn wrong_charsets_are_read_as_far_as_they_go() {
    for charset in ["utf-8", "us-ascii", "utf-16", "no-such-charset", "\"", "iso-2022-jp"] {
        let mut raw = format!("From: r@reporter.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\nflaw ")
            .into_bytes();
        raw.extend([0xff, 0xfe, 0x80, 0x00, 0xd8, b'\r', b'\n']);
        let mail = parse(&raw);
        assert_eq!(mail.from.as_deref(), Some("r@reporter.example"), "{charset}");
        assert!(!mail.text.contains('\0'), "{charset}: {:?}", mail.text);
    }
}

#[test]
fn headers_cannot_be_smuggled_into_an_answer() {
    for from in [
        "\"a\\r\\nBcc: x@y\" <r@reporter.example>",
        "=?utf-8?q?a=0D=0ABcc:_x@y?= <r@reporter.example>",
        "<r@reporter.example\u{0}>",
        "<r@reporter.example, x@y>",
        "<\"r@reporter.example> <x\"@y>",
        "=?utf-8?q?r=40reporter.example=0D=0ABcc:_x@y?=",
    ] {
        let mail = parse(format!(
            "From: {from}\r\nSubject: =?utf-8?q?a=0D=0ABcc:_x@y?=\r\nMessage-ID: <a=0D\u{1}b@x>\r\n\r\ntext\r\n"
        ));
        let all = [
            Some(mail.subject.clone()),
            Some(mail.name.clone()),
            mail.from.clone(),
            mail.answer_to.clone(),
        ];
        for text in all.into_iter().flatten().chain(mail.message_id.clone()) {
            assert!(!text.contains(['\r', '\n', '\0', '\u{1}']), "{from}: {text:?}");
        }
        if let Some(address) = &mail.answer_to {
            assert!(!address.contains([',', ' ', '<', '>', '"']), "{from}: {address:?}");
        }
    }
}

#[test]
fn what_is_no_mail_is_kept_whole() {
    for raw in [&b""[..], b"\r\n", b"no colon at all", b"\xff\xfe\x00", b":", b"From:"] {
        let mail = parse(raw);
        assert_eq!(mail.from, None, "{raw:?}");
        let kept = whole_is_attached(&mail, raw) || raw.len() < 8 || !mail.text.is_empty();
        assert!(kept, "{raw:?}: {:?}", mail.remarks);
    }
}

#[test]
fn a_mail_that_came_back_belongs_to_the_one_that_was_sent() {
    let mail = parse(
        "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nNo such user.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nStatus: 5.1.1\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\nMessage-ID: <2026-0007.1.ab@project.example>\r\n\r\nhello\r\n--b--\r\n",
    );
    assert_eq!(mail.automatic, Some(Automatic::Bounce));
    assert!(
        mail.references.contains(&"2026-0007.1.ab@project.example".to_owned()),
        "{:?}",
        mail.references
    );
    let mail = parse(
        "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\
         Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <2026-0007.1.ab@project.example>\r\n\r\n--b--\r\n",
    );
    assert!(
        mail.references.contains(&"2026-0007.1.ab@project.example".to_owned()),
        "{:?}",
        mail.references
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn no_bytes_make_the_reader_panic(raw in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let mail = parse(&raw);
        prop_assert!(mail.text.chars().count() <= Limits::default().text);
    }

    /// Pieces of mails in any order: closer to what a parser trips over than mere bytes.
    #[test]
    fn no_mail_makes_the_reader_panic(pieces in proptest::collection::vec(0..PIECES.len(), 0..60)) {
        let raw: Vec<u8> = pieces.iter().flat_map(|piece| PIECES[*piece].to_vec()).collect();
        let mail = parse(&raw);
        prop_assert!(mail.attachments.len() <= Limits::default().attachments + 1);
        prop_assert!(mail.references.len() <= 50);
        for attachment in &mail.attachments {
            prop_assert!(!attachment.name.contains(['/', '\\', '\0', ' ']));
        }
    }
}

const PIECES: [&[u8]; 22] = [
    b"From: r@reporter.example\r\n",
    b"From: \"",
    b"Subject: =?utf-8?b?////?=\r\n",
    b"Subject: =?",
    b"References: <<<<>>><a\r\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: multipart/mixed; boundary=\"\"\r\n",
    b"Content-Type: multipart/encrypted; boundary=b\r\n",
    b"Content-Type: multipart/report; boundary=b\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: text/html; charset=\xff\r\n",
    b"Content-Type: application/octet-stream; name*0*=x'y'%zz; name*9999999999=a\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Disposition: attachment; filename=\"..\"\r\n",
    b"\r\n",
    b"--b\r\n",
    b"--b--\r\n",
    b"=ZZ=\r\n",
    b"-----BEGIN PGP MESSAGE-----\r\n",
    b"-----END PGP MESSAGE-----\r\n",
    b"<html><body><table></b>&#x110000;",
];

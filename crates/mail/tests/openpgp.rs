//! What is encrypted to a key can be read with it, by nobody else, and within bounds.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod_mail::{KeyError, Limits, Own, PrivateKey, PublicKey, read};
use jiff::Timestamp;
use pgp::composed::{
    ArmorOptions, Deserializable as _, EncryptionCaps, KeyType, MessageBuilder, SecretKeyParamsBuilder,
    SignedPublicKey, SubkeyParamsBuilder,
};
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::types::CompressionAlgorithm;
use rand::rngs::OsRng;
use secrecy::SecretString;

/// A key as people have them: one part to sign with, and one to encrypt to unless `encrypt` is off.
fn key(passphrase: Option<&str>, encrypt: bool) -> SecretString {
    let mut parameters = SecretKeyParamsBuilder::default();
    parameters
        .key_type(KeyType::Ed25519Legacy)
        .can_certify(true)
        .can_sign(true)
        .primary_user_id("Security <security@project.example>".into())
        .passphrase(passphrase.map(str::to_owned));
    if encrypt {
        let subkey = SubkeyParamsBuilder::default()
            .key_type(KeyType::ECDH(pgp::crypto::ecc_curve::ECCCurve::Curve25519Legacy))
            .can_encrypt(EncryptionCaps::All)
            .passphrase(passphrase.map(str::to_owned))
            .build()
            .expect("parameters");
        parameters.subkeys(vec![subkey]);
    }
    let key = parameters.build().expect("parameters").generate(OsRng).expect("a key");
    SecretString::from(key.to_armored_string(ArmorOptions::default()).expect("armoured"))
}

fn now() -> Timestamp {
    Timestamp::now()
}

#[test]
fn a_report_is_read_with_the_key_it_was_encrypted_to() {
    let secret = PrivateKey::read(&key(None, true), None).expect("a key");
    let public = secret.public().expect("its public half");
    let inner = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nThe length is not checked.\r\n--b\r\n\
                 Content-Disposition: attachment; filename=poc.c\r\n\r\nint main;\r\n--b--\r\n";
    let armoured = public.encrypt(inner.as_bytes(), now()).expect("encrypted");
    assert!(armoured.starts_with("-----BEGIN PGP MESSAGE-----"));
    let mime = format!(
        "From: r@reporter.example\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=x\r\n\
         \r\n--x\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--x\r\n\
         Content-Type: application/octet-stream\r\n\r\n{armoured}\r\n--x--\r\n"
    );
    let inline = format!(
        "From: r@reporter.example\r\n\r\nplease read\r\n\r\n{}",
        public.encrypt(b"The length is not checked.", now()).expect("encrypted")
    );
    for (raw, attachments) in [(mime, 1), (inline, 0)] {
        let (limits, own) = (Limits::default(), Own::default());
        let mut mail = read(raw.as_bytes(), &own, &limits);
        assert!(mail.encrypted && !mail.text.contains("length"));
        let locked = mail.clone();
        mail.decrypt(raw.as_bytes(), Some(&secret), &limits);
        assert!(mail.text.starts_with("The length is not checked."), "{:?}", mail.text);
        assert_eq!(mail.attachments.len(), attachments);
        assert_eq!(mail.remarks, ["it came encrypted"]);

        let other = PrivateKey::read(&key(None, true), None).expect("a key");
        let mut mail = locked.clone();
        mail.decrypt(raw.as_bytes(), Some(&other), &limits);
        assert!(mail.remarks[0].contains("could not be decrypted"), "{:?}", mail.remarks);
        let mut mail = locked;
        mail.decrypt(raw.as_bytes(), None, &limits);
        assert!(mail.remarks[0].contains("openpgp_key_file"), "{:?}", mail.remarks);
    }
}

#[test]
fn a_passphrase_must_open_the_key() {
    let armoured = key(Some("sesame"), true);
    let with = |text: &str| PrivateKey::read(&armoured, Some(&SecretString::from(text))).map(|_| ());
    assert_eq!(with("sesame"), Ok(()));
    assert_eq!(with("simsim"), Err(KeyError::Passphrase));
    assert_eq!(PrivateKey::read(&armoured, None).map(|_| ()), Err(KeyError::Passphrase));
    let nothing = SecretString::from("no key");
    assert_eq!(PrivateKey::read(&nothing, None).map(|_| ()), Err(KeyError::Unreadable));
}

#[test]
fn a_key_without_a_part_to_encrypt_to_is_refused() {
    let secret = PrivateKey::read(&key(None, false), None).expect("a key");
    let public = secret.public().expect("its public half");
    assert_eq!(public.usable(now()), Err(KeyError::CannotEncrypt));
    assert_eq!(public.encrypt(b"x", now()), Err(KeyError::CannotEncrypt));
    assert_eq!(PublicKey::read(b"no key").map(|_| ()), Err(KeyError::Unreadable));
}

/// A few kilobytes that become hundreds of megabytes.
#[test]
fn a_compressed_bomb_ends_at_the_bound() {
    let secret = PrivateKey::read(&key(None, true), None).expect("a key");
    let public = secret.public().expect("its public half");
    let armoured = public.armoured().expect("armoured");
    let (certificate, _) = SignedPublicKey::from_string(&armoured).expect("a key");
    let mut builder =
        MessageBuilder::from_bytes("", vec![0_u8; 200 << 20]).seipd_v1(OsRng, SymmetricKeyAlgorithm::AES256);
    builder.compression(CompressionAlgorithm::ZLIB);
    builder
        .encrypt_to_key(OsRng, &certificate.public_subkeys[0])
        .expect("a part to encrypt to");
    let bomb = builder
        .to_armored_string(OsRng, ArmorOptions::default())
        .expect("encrypted");
    assert!(bomb.len() < 2 << 20, "{} bytes", bomb.len());
    assert_eq!(secret.decrypt(bomb.as_bytes(), 1 << 20), Err(KeyError::TooLarge));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    /// Messages that were tampered with, and what is none: a remark, and never a panic.
    #[test]
    fn no_ciphertext_makes_the_reader_panic(
        place in 0..2_000_usize,
        byte in proptest::prelude::any::<u8>(),
        noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        static KEY: std::sync::OnceLock<(PrivateKey, String)> = std::sync::OnceLock::new();
        let (key, armoured) = KEY.get_or_init(|| {
            let key = PrivateKey::generate("x").expect("a key");
            let armoured = key.public().expect("public").encrypt(&[b'a'; 800], now()).expect("encrypted");
            (key, armoured)
        });
        let mut bytes = armoured.clone().into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        let _ = key.decrypt(&bytes, 1 << 20);
        let _ = key.decrypt(&noise, 1 << 20);
        let raw = [b"From: r@reporter.example\r\n\r\n", &bytes[..]].concat();
        let limits = Limits::default();
        let mut mail = read(&raw, &Own::default(), &limits);
        mail.decrypt(&raw, Some(key), &limits);
        proptest::prop_assert_eq!(mail.from.as_deref(), Some("r@reporter.example"));
    }
}

//! What proves GitLab's deliveries: a signature in the form of Standard Webhooks, or the plain token of older hooks.
//!
//! A connection with a signing secret takes nothing unsigned, even when the token fits: whoever saw the token once, which
//! travels with every delivery, must not be able to go around the signature. Where such a connection also has a token,
//! the token may be absent (a hook needs no token beside its signature), but one that is sent must fit: a wrong one means
//! that the hook is set up for somebody else.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;
use thiserror::Error;

/// The longest delivery id and event name that are taken; GitLab's have 36 and some 30 characters.
const MAX_NAME: usize = 100;
/// How far the time of a signed delivery may be from the clock, either way, as Standard Webhooks has it.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// The shortest key that Standard Webhooks allows; GitLab's have 32 bytes.
const MIN_KEY: usize = 24;

/// Why a connection's webhook secrets cannot be used. The text never repeats a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GitlabSecretsError {
    /// There is nothing to check deliveries with.
    #[error("there is neither a webhook token nor a signing secret, so no delivery could be told from a forged one")]
    Missing,
    /// The signing secret does not begin as one.
    #[error("the signing secret does not begin with whsec_; copy the whole signing token of the webhook")]
    Prefix,
    /// What follows is not base64.
    #[error("the signing secret is not base64 after whsec_; copy the whole signing token of the webhook")]
    Base64,
    /// The key can be guessed.
    #[error("the signing secret's key is shorter than {MIN_KEY} bytes; let GitLab generate the signing token")]
    Short,
}

/// The webhook secrets of a GitLab connection: at least one of them.
#[derive(Debug)]
pub struct GitlabSecrets {
    token: Option<SecretString>,
    key: Option<SecretSlice<u8>>,
}

/// A delivery that was found authentic. There is no other way to make one.
#[derive(Debug)]
pub struct GitlabDelivery<'a> {
    id: &'a str,
    event: &'a str,
    body: &'a [u8],
}

/// Why a delivery was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is authentic and does not say what it is: no delivery id or event, or not in the form of one.
    Malformed,
    /// Its signature fits and its time does not: it is a replay, or one of the clocks is wrong.
    Untimely,
    /// It has no proof, or one that does not fit.
    Forged,
}

impl GitlabSecrets {
    /// From the token that `X-Gitlab-Token` must carry and the signing secret, `whsec_` and base64.
    pub fn new(
        token: Option<&SecretString>,
        signing_secret: Option<&SecretString>,
    ) -> Result<Self, GitlabSecretsError> {
        if token.is_none() && signing_secret.is_none() {
            return Err(GitlabSecretsError::Missing);
        }
        Ok(Self {
            token: token.cloned(),
            key: signing_secret.map(key_of).transpose()?,
        })
    }

    /// Checks what proves the delivery, in constant time, before anything else of it is looked at.
    pub(super) fn verify<'a>(
        &self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        now: Timestamp,
    ) -> Result<GitlabDelivery<'a>, Refused> {
        let token = headers.get("x-gitlab-token").map(|value| value.as_bytes());
        let fits = match (&self.token, token) {
            (Some(ours), Some(theirs)) => same(ours.expose_secret().as_bytes(), theirs),
            // With nothing to compare, it is for the signature alone to decide.
            _ => self.key.is_some(),
        };
        if !fits {
            return Err(Refused::Forged);
        }
        if let Some(key) = &self.key {
            signed(headers, body, key.expose_secret(), now)?;
        }
        // A signed delivery always has the first of these, and the signature covers it: sent again under another id, it
        // would not fit. X-Gitlab-Webhook-UUID is none of them: it names the hook, and is the same in all its deliveries.
        let id = ["webhook-id", "idempotency-key", "x-gitlab-event-uuid"]
            .into_iter()
            .find_map(|name| headers.get(name))
            .and_then(|value| value.to_str().ok())
            .filter(|id| narrow(id, b"-_."))
            .ok_or(Refused::Malformed)?;
        let event = headers
            .get("x-gitlab-event")
            .and_then(|value| value.to_str().ok())
            .filter(|event| narrow(event, b" "))
            .ok_or(Refused::Malformed)?;
        Ok(GitlabDelivery { id, event, body })
    }
}

impl GitlabDelivery<'_> {
    /// The forge's id of the delivery; a repeated delivery has the same.
    pub fn id(&self) -> &str {
        self.id
    }

    /// The kind of event, such as `Issue Hook`.
    pub fn event(&self) -> &str {
        self.event
    }

    /// The raw body.
    pub fn body(&self) -> &[u8] {
        self.body
    }
}

fn key_of(secret: &SecretString) -> Result<SecretSlice<u8>, GitlabSecretsError> {
    let text = secret
        .expose_secret()
        .strip_prefix("whsec_")
        .ok_or(GitlabSecretsError::Prefix)?;
    // The decoder's own error names a byte of the secret: it is dropped.
    let key = SecretSlice::from(STANDARD.decode(text).map_err(|_| GitlabSecretsError::Base64)?);
    if key.expose_secret().len() < MIN_KEY {
        return Err(GitlabSecretsError::Short);
    }
    Ok(key)
}

/// Whether two tokens are the same, without telling by the time it takes how much of them is.
fn same(ours: &[u8], theirs: &[u8]) -> bool {
    // `hmac` compares in constant time, and digests are of one length, so that not even the token's length shows.
    let digest = |message: &[u8]| Hmac::<Sha256>::new_from_slice(ours).map(|mac| mac.chain_update(message));
    match (digest(ours), digest(theirs)) {
        (Ok(ours), Ok(theirs)) => theirs.verify(&ours.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}

/// Checks the signature over id, time and body, then the time.
fn signed(headers: &HeaderMap, body: &[u8], key: &[u8], now: Timestamp) -> Result<(), Refused> {
    let header = |name: &str| headers.get(name).map(|value| value.as_bytes()).ok_or(Refused::Forged);
    let id = header("webhook-id")?;
    let timestamp = header("webhook-timestamp")?;
    let signatures = std::str::from_utf8(header("webhook-signature")?).map_err(|_| Refused::Forged)?;
    let mac = Hmac::<Sha256>::new_from_slice(key)
        .map_err(|_| Refused::Forged)?
        .chain_update(id)
        .chain_update(b".")
        .chain_update(timestamp)
        .chain_update(b".")
        .chain_update(body);
    // While a secret is being replaced, there is one signature by each of the two; other versions are other algorithms.
    let fits = signatures
        .split(' ')
        .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
        .any(|signature| mac.clone().verify_slice(&signature).is_ok());
    if !fits {
        return Err(Refused::Forged);
    }
    // Digits alone: with ids that may hold dots, a looser form could move the border between id, time and body.
    let sent = std::str::from_utf8(timestamp)
        .ok()
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(Refused::Untimely)?;
    if now.duration_since(sent).abs() > MAX_SKEW {
        return Err(Refused::Untimely);
    }
    Ok(())
}

/// Whether a name from outside is bounded and made of letters, digits and these.
fn narrow(name: &str, others: &[u8]) -> bool {
    (1..=MAX_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    // The signatures were computed with Python's hmac module: base64 of the HMAC-SHA256 of id, time and body under the
    // key bytes(range(32)), and bytes(32) for the one of another key.
    const SIGNING_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const TOKEN: &str = "canary-token";
    const ID: &str = "msg_1.a-B";
    const TIME: &str = "1700000000";
    const BODY: &[u8] = br#"{"object_kind":"issue"}"#;
    const SIGNATURE: &str = "v1,ZKQjbETQdsUosiXRZ68vuEzOVVV/BDKQlSA4qUGIIjo=";
    const OF_ANOTHER_KEY: &str = "v1,9hdEq8GblNd7d/uWcf6pl5Jo7eUaclp41PT578H810w=";

    fn secrets(token: Option<&str>, signing_secret: Option<&str>) -> Result<GitlabSecrets, GitlabSecretsError> {
        let (token, signing_secret) = (token.map(SecretString::from), signing_secret.map(SecretString::from));
        GitlabSecrets::new(token.as_ref(), signing_secret.as_ref())
    }

    fn plain() -> GitlabSecrets {
        secrets(Some(TOKEN), None).expect("usable")
    }

    fn signing() -> GitlabSecrets {
        secrets(None, Some(SIGNING_SECRET)).expect("usable")
    }

    fn both() -> GitlabSecrets {
        secrets(Some(TOKEN), Some(SIGNING_SECRET)).expect("usable")
    }

    /// The id under which a delivery at 1700000000 is taken.
    fn verify(secrets: &GitlabSecrets, pairs: &[(&'static str, &[u8])], body: &[u8]) -> Result<String, Refused> {
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| {
                let value = HeaderValue::from_bytes(value).expect("a value");
                (HeaderName::from_static(name), value)
            })
            .collect();
        let now = Timestamp::from_second(1_700_000_000).expect("an instant");
        let delivery = secrets.verify(&headers, body, now)?;
        assert_eq!(delivery.body(), body);
        Ok(delivery.id().to_owned())
    }

    fn with_token(secrets: &GitlabSecrets, token: &str) -> Result<String, Refused> {
        let pairs: [(_, &[u8]); 3] = [
            ("x-gitlab-token", token.as_bytes()),
            ("x-gitlab-event", b"Issue Hook"),
            ("idempotency-key", b"a-1"),
        ];
        verify(secrets, &pairs, BODY)
    }

    fn with_signature(id: &[u8], time: &str, signature: &str, body: &[u8]) -> Result<String, Refused> {
        let pairs: [(_, &[u8]); 4] = [
            ("webhook-id", id),
            ("webhook-timestamp", time.as_bytes()),
            ("webhook-signature", signature.as_bytes()),
            ("x-gitlab-event", b"Confidential Note Hook"),
        ];
        verify(&signing(), &pairs, body)
    }

    #[test]
    fn the_token_must_be_whole() {
        assert_eq!(with_token(&plain(), TOKEN), Ok("a-1".into()));
        for token in ["", "another", "canary-toke", "canary-token2", "Canary-token"] {
            assert_eq!(with_token(&plain(), token), Err(Refused::Forged), "{token:?}");
        }
        let without: [(_, &[u8]); 2] = [("x-gitlab-event", b"Issue Hook"), ("idempotency-key", b"a-1")];
        assert_eq!(verify(&plain(), &without, BODY), Err(Refused::Forged));
    }

    #[test]
    fn a_signature_that_fits_is_accepted() {
        assert_eq!(with_signature(ID.as_bytes(), TIME, SIGNATURE, BODY), Ok(ID.into()));
    }

    #[test]
    fn the_published_example_of_standard_webhooks_is_accepted() {
        let example = secrets(None, Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).expect("usable");
        let pairs = [
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
            ("x-gitlab-event", "Issue Hook"),
        ];
        let headers: HeaderMap = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        let now = Timestamp::from_second(1_614_265_330).expect("an instant");
        let delivery = example
            .verify(&headers, br#"{"test": 2432232314}"#, now)
            .expect("accepted");
        assert_eq!(delivery.event(), "Issue Hook");
    }

    #[test]
    fn a_signature_over_anything_else_is_refused() {
        let id = ID.as_bytes();
        for outcome in [
            with_signature(id, TIME, SIGNATURE, br#"{"object_kind":"note"}"#),
            with_signature(id, "1700000001", SIGNATURE, BODY),
            with_signature(b"msg_2", TIME, SIGNATURE, BODY),
            with_signature(id, TIME, OF_ANOTHER_KEY, BODY),
        ] {
            assert_eq!(outcome, Err(Refused::Forged));
        }
    }

    #[test]
    fn one_fitting_signature_of_several_is_enough_and_only_v1_counts() {
        let list = |signatures: &[&str]| with_signature(ID.as_bytes(), TIME, &signatures.join(" "), BODY);
        let v2 = SIGNATURE.replace("v1,", "v2,");
        assert_eq!(list(&[OF_ANOTHER_KEY, SIGNATURE]), Ok(ID.into()));
        assert_eq!(list(&[SIGNATURE, OF_ANOTHER_KEY]), Ok(ID.into()));
        assert_eq!(list(&[&v2, "v1,", "nonsense", "", SIGNATURE]), Ok(ID.into()));
        for refused in [
            &[v2.as_str()][..],
            &[&v2, OF_ANOTHER_KEY],
            &[],
            &["v1,"],
            &[&SIGNATURE[3..]],
            &[&SIGNATURE[..43]],
            &[&SIGNATURE[..46]],
        ] {
            assert_eq!(list(refused), Err(Refused::Forged), "{refused:?}");
        }
    }

    #[test]
    fn a_signed_time_may_be_five_minutes_off_and_no_more() {
        let at = |time, signature| with_signature(ID.as_bytes(), time, signature, BODY);
        for (time, signature) in [
            ("1699999700", "v1,DOE7oHnRTiOiqqdrePnJx7sPIkyL8GgJDvalv+VkqsQ="),
            ("1700000300", "v1,/j7jSvCJrK19EoqugIWZYOzTpkwkMmGXO43StyakToI="),
        ] {
            assert_eq!(at(time, signature), Ok(ID.into()), "{time}");
        }
        for (time, signature) in [
            ("1699999699", "v1,q9tPXaXoQHs7Dh1aNOsvJtSHiY0dyDyMgtEHjiMu0O8="),
            ("1700000301", "v1,LydDHVvsSagmRUSbKiNnM9K9QmCDpNMhXK/h4QZZlv4="),
            ("+1700000000", "v1,/mwv8DiH84ieFKiHC1F9tfuiWVM7qbWyjW/9HCvvaTA="),
            ("99999999999999", "v1,yDumOWOOyq/Pqs6iQeQQM0WZyxnafvW0HibwaofCLXQ="),
            ("", "v1,OBGVPbGpyXwr6i/PvAQ5xIHI95/3QcWhMZtko4lN1pw="),
        ] {
            assert_eq!(at(time, signature), Err(Refused::Untimely), "{time:?}");
        }
    }

    #[test]
    fn a_signing_secret_refuses_what_is_unsigned_even_with_the_token() {
        assert_eq!(with_token(&signing(), TOKEN), Err(Refused::Forged));
        assert_eq!(with_token(&both(), TOKEN), Err(Refused::Forged));
        let pairs: [(_, &[u8]); 4] = [
            ("webhook-id", ID.as_bytes()),
            ("webhook-timestamp", TIME.as_bytes()),
            ("webhook-signature", SIGNATURE.as_bytes()),
            ("x-gitlab-event", b"Issue Hook"),
        ];
        for missing in 0..3 {
            let mut pairs = pairs.to_vec();
            pairs.remove(missing);
            assert_eq!(verify(&signing(), &pairs, BODY), Err(Refused::Forged), "{missing}");
        }
    }

    #[test]
    fn beside_a_signature_the_token_may_be_absent_and_must_not_be_wrong() {
        let with = |secrets: &GitlabSecrets, token: Option<&'static str>, signature: &str| {
            let mut pairs: Vec<(_, &[u8])> = vec![
                ("webhook-id", ID.as_bytes()),
                ("webhook-timestamp", TIME.as_bytes()),
                ("webhook-signature", signature.as_bytes()),
                ("x-gitlab-event", b"Issue Hook"),
            ];
            pairs.extend(token.map(|token| ("x-gitlab-token", token.as_bytes())));
            verify(secrets, &pairs, BODY)
        };
        assert_eq!(with(&both(), Some(TOKEN), SIGNATURE), Ok(ID.into()));
        assert_eq!(with(&both(), None, SIGNATURE), Ok(ID.into()));
        assert_eq!(with(&both(), Some("another"), SIGNATURE), Err(Refused::Forged));
        assert_eq!(with(&both(), Some(""), SIGNATURE), Err(Refused::Forged));
        assert_eq!(with(&both(), Some(TOKEN), OF_ANOTHER_KEY), Err(Refused::Forged));
        // A connection without a token has nothing to compare with.
        assert_eq!(with(&signing(), Some("another"), SIGNATURE), Ok(ID.into()));
        // A connection without a signing secret cannot check a signature, and goes by the token alone.
        assert_eq!(with(&plain(), Some(TOKEN), SIGNATURE), Ok(ID.into()));
        assert_eq!(with(&plain(), None, SIGNATURE), Err(Refused::Forged));
    }

    #[test]
    fn the_first_id_that_is_there_counts() {
        let mut pairs: Vec<(_, &[u8])> = vec![
            ("x-gitlab-token", TOKEN.as_bytes()),
            ("x-gitlab-event", b"Push Hook"),
            ("x-gitlab-webhook-uuid", b"of-the-hook"),
        ];
        assert_eq!(verify(&plain(), &pairs, BODY), Err(Refused::Malformed));
        for (name, id) in [
            ("x-gitlab-event-uuid", "of-the-event"),
            ("idempotency-key", "of-the-retries"),
            ("webhook-id", "of-the-delivery"),
        ] {
            pairs.push((name, id.as_bytes()));
            assert_eq!(verify(&plain(), &pairs, BODY), Ok(id.into()));
        }
    }

    #[test]
    fn names_from_outside_are_bounded() {
        let (fits, long) = ("x".repeat(100), "x".repeat(101));
        let plainly = |id: &[u8], event: &[u8]| {
            let token = ("x-gitlab-token", TOKEN.as_bytes());
            verify(
                &plain(),
                &[token, ("idempotency-key", id), ("x-gitlab-event", event)],
                BODY,
            )
        };
        assert_eq!(plainly(fits.as_bytes(), fits.as_bytes()), Ok(fits.clone()));
        for name in [b"".as_slice(), b"a/b", b"m\xc3\xa9", b"m\xe9", long.as_bytes()] {
            assert_eq!(plainly(name, b"Issue Hook"), Err(Refused::Malformed), "{name:?}");
            assert_eq!(plainly(b"a-1", name), Err(Refused::Malformed), "{name:?}");
        }
        assert_eq!(plainly(b"a b", b"Issue Hook"), Err(Refused::Malformed));
    }

    #[test]
    fn signed_ids_are_as_narrow() {
        let long = "x".repeat(101);
        for (id, signature) in [
            (
                b"m\xc3\xa9".as_slice(),
                "v1,yIwiM+diZPS3FKyfjU7B+zZGivpXZsOrfB4vpdsTIxw=",
            ),
            (b"m\xe9", "v1,Gl6hkMZCEi+ddUz2uJ20FIcTFcVaEhRZjQ1fUZvkV+4="),
            (b"a b", "v1,i6Y7i1BmAq33abNf9162iQdzRRtaYAYTr6GMGRbcvJw="),
            (b"", "v1,tpBO77Vuj8ckiwtcdxiVW+WS/u8BPOX+rsSjBhiSaIU="),
            (long.as_bytes(), "v1,nYBAs7wkeYt1Jp53DB4BtDeisNnFFnQRzORKsXhEMB0="),
        ] {
            assert_eq!(
                with_signature(id, TIME, signature, BODY),
                Err(Refused::Malformed),
                "{id:?}"
            );
        }
    }

    #[test]
    fn secrets_that_cannot_be_used_are_told_without_being_shown() {
        for (secret, problem) in [
            (
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                GitlabSecretsError::Prefix,
            ),
            (
                "WHSEC_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                GitlabSecretsError::Prefix,
            ),
            ("whsec_canary!canary", GitlabSecretsError::Base64),
            (
                "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                GitlabSecretsError::Base64,
            ),
            ("whsec_", GitlabSecretsError::Short),
            ("whsec_AAECAwQFBgc=", GitlabSecretsError::Short),
        ] {
            let error = secrets(Some(TOKEN), Some(secret)).expect_err("refused");
            assert_eq!(error, problem, "{secret}");
            let bare = secret.trim_start_matches("whsec_");
            assert!(bare.is_empty() || !error.to_string().contains(bare));
        }
        assert_eq!(secrets(None, None).expect_err("refused"), GitlabSecretsError::Missing);
        let shown = format!("{:?}", both());
        assert!(!shown.contains(TOKEN) && !shown.contains("[0, 1, 2"), "{shown}");
    }
}

//! The signature of GitHub's deliveries: HMAC-SHA256 over the raw body, in `X-Hub-Signature-256`.

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The longest delivery id and event name that are taken; GitHub's have 36 and some 30 characters.
const MAX_NAME: usize = 100;

/// A delivery whose signature was checked. There is no other way to make one.
#[derive(Debug)]
pub struct VerifiedDelivery<'a> {
    id: &'a str,
    event: &'a str,
    body: &'a [u8],
}

/// Why a delivery was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It does not say what it is: no delivery id or event, or not in the form of one.
    Malformed,
    /// It has no signature, or one that does not fit.
    Forged,
}

impl<'a> VerifiedDelivery<'a> {
    /// Checks the signature, in constant time, before anything else of the delivery is looked at.
    pub(super) fn verify(headers: &'a HeaderMap, body: &'a [u8], secret: &SecretString) -> Result<Self, Refused> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let signature = header("x-hub-signature-256")
            .and_then(|value| value.strip_prefix("sha256="))
            .and_then(|digits| hex::decode(digits).ok())
            .ok_or(Refused::Forged)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map_err(|_| Refused::Forged)?;
        mac.update(body);
        mac.verify_slice(&signature).map_err(|_| Refused::Forged)?;
        let name = |name| {
            let fits = |value: &&str| {
                (1..=MAX_NAME).contains(&value.len())
                    && value
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            };
            header(name).filter(fits).ok_or(Refused::Malformed)
        };
        Ok(Self {
            id: name("x-github-delivery")?,
            event: name("x-github-event")?,
            body,
        })
    }

    /// The forge's id of the delivery; a repeated delivery has the same.
    pub fn id(&self) -> &str {
        self.id
    }

    /// The kind of event.
    pub fn event(&self) -> &str {
        self.event
    }

    /// The raw body.
    pub fn body(&self) -> &[u8] {
        self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of GitHub's documentation ("Validating webhook deliveries").
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")))
            .collect()
    }

    fn verify(pairs: &[(&'static str, &str)], body: &[u8]) -> Result<(), Refused> {
        VerifiedDelivery::verify(&headers(pairs), body, &SecretString::from(SECRET)).map(|_| ())
    }

    #[test]
    fn githubs_own_example_is_accepted() {
        let pairs = [
            ("x-hub-signature-256", SIGNATURE),
            ("x-github-delivery", "a-1"),
            ("x-github-event", "ping"),
        ];
        assert_eq!(verify(&pairs, BODY), Ok(()));
        assert_eq!(verify(&pairs, b"Hello, World?"), Err(Refused::Forged));
        assert_eq!(verify(&pairs[1..], BODY), Err(Refused::Forged));
        assert_eq!(verify(&pairs[..2], BODY), Err(Refused::Malformed));
    }

    #[test]
    fn nothing_but_a_whole_signature_passes() {
        for signature in [
            "",
            "sha256=",
            "sha256=75",
            &SIGNATURE[7..],
            &SIGNATURE[..70],
            "sha1=00",
            "sha256=zz",
        ] {
            let pairs = [
                ("x-hub-signature-256", signature),
                ("x-github-delivery", "a"),
                ("x-github-event", "ping"),
            ];
            assert_eq!(verify(&pairs, BODY), Err(Refused::Forged), "{signature:?}");
        }
    }

    #[test]
    fn names_from_outside_are_bounded() {
        let long = "x".repeat(101);
        for id in ["", "a b", "a\u{e9}", long.as_str()] {
            let Ok(value) = axum::http::HeaderValue::from_bytes(id.as_bytes()) else {
                continue;
            };
            let mut headers = headers(&[("x-hub-signature-256", SIGNATURE), ("x-github-event", "ping")]);
            headers.insert("x-github-delivery", value);
            let outcome = VerifiedDelivery::verify(&headers, BODY, &SecretString::from(SECRET)).map(|_| ());
            assert_eq!(outcome, Err(Refused::Malformed), "{id:?}");
        }
    }
}

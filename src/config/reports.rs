//! What the public page and `security.txt` say of reports.

use jiff::SignedDuration;
use serde::Deserialize;

use super::error::{ConfigError, Source};
use super::values::Duration;

/// What the public page and `security.txt` (RFC 9116) say of reports.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reports {
    /// Where reports go, the best way first: `mailto:`, `https:` or `tel:`. Left out: the mailbox of `[intake.imap]`.
    pub contact: Vec<String>,
    /// Where the key is that reports can be encrypted to.
    pub encryption: Option<String>,
    /// The languages that are read, as RFC 5646 names them.
    pub languages: Vec<String>,
    /// Where the process page is.
    pub policy_url: Option<String>,
    /// Where reporters are thanked.
    pub acknowledgments_url: Option<String>,
    /// Where `security.txt` is.
    pub security_txt_url: Option<String>,
    /// How long `security.txt` is good for, from when it is made; RFC 9116 recommends less than a year.
    pub expires_in: Duration,
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            contact: Vec::new(),
            encryption: None,
            languages: Vec::new(),
            policy_url: None,
            acknowledgments_url: None,
            security_txt_url: None,
            expires_in: Duration(SignedDuration::from_hours(180 * 24)),
        }
    }
}

pub(super) fn check(source: &Source<'_>, reports: &Reports, key: impl Fn(&str) -> String) -> Result<(), ConfigError> {
    let fits = |uri: &str, schemes: &[&str]| {
        uri.bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>')
            && url::Url::parse(uri).is_ok_and(|url| schemes.contains(&url.scheme()))
    };
    for (index, contact) in reports.contact.iter().enumerate() {
        if !fits(contact, &["mailto", "https", "tel"]) {
            let remedy = "write a URI: mailto:security@example.org, https://… or tel:…";
            return Err(source.wrong(&key(&format!("reports.contact[{index}]")), "not a contact", remedy));
        }
    }
    for (name, value) in [
        ("encryption", &reports.encryption),
        ("policy_url", &reports.policy_url),
        ("acknowledgments_url", &reports.acknowledgments_url),
        ("security_txt_url", &reports.security_txt_url),
    ] {
        let schemes: &[&str] = if name == "encryption" {
            &["https", "dns", "openpgp4fpr"]
        } else {
            &["https"]
        };
        if value.as_ref().is_some_and(|value| !fits(value, schemes)) {
            let remedy = "write it whole, with https://";
            return Err(source.wrong(&key(&format!("reports.{name}")), "not an address of the web", remedy));
        }
    }
    let language = |tag: &String| {
        !tag.is_empty() && tag.len() <= 35 && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !reports.languages.iter().all(language) {
        let remedy = "write tags such as \"en\" or \"pt-BR\"";
        return Err(source.wrong(&key("reports.languages"), "not a language", remedy));
    }
    if reports.expires_in.0.is_zero() {
        let remedy = "180d is the default; RFC 9116 recommends less than a year";
        return Err(source.wrong(&key("reports.expires_in"), "it would expire at once", remedy));
    }
    Ok(())
}

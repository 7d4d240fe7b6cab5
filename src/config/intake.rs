//! Where reports come from, beside the forges: the form of the tables, and what no single value shows.

use std::path::PathBuf;

use embargod_mail::PrivateKey;
use serde::Deserialize;

use super::check::on_loopback;
use super::error::{ConfigError, Source};
use super::file::Config;
use super::secrets::Secrets;

/// Where reports come from, beside the forges.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Intake {
    /// A mailbox.
    pub imap: Option<Imap>,
}

/// A mailbox to which people send reports. It is only read: what came stays there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imap {
    /// `imaps://USER@HOST:993`, or `imap+plain://` on loopback.
    pub url: String,
    /// The password of the URL's user.
    pub password_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub password_env: Option<String>,
    /// The certificate of an authority of one's own that the server's is signed by, PEM.
    pub ca_file: Option<PathBuf>,
    /// The folder.
    #[serde(default = "default_folder")]
    pub folder: String,
    /// The address that people write to, and that answers come from; the sender of `[smtp]` where it is left out.
    pub address: Option<String>,
    /// The project that the reports are about; it may be left out where there is one project.
    pub project: Option<String>,
    /// The `List-Id`s of the team's own lists: mail over them is no list's.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Mails of more megabytes (2^20 bytes) are taken up to their first 64 kilobytes; the rest stays in the mailbox.
    #[serde(default = "default_megabytes")]
    pub max_megabytes: u32,
    /// The project's OpenPGP key, with which encrypted reports are read.
    pub openpgp_key_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub openpgp_key_env: Option<String>,
    /// What opens the key.
    pub openpgp_passphrase_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub openpgp_passphrase_env: Option<String>,
}

fn default_folder() -> String {
    "INBOX".to_owned()
}

fn default_megabytes() -> u32 {
    30
}

impl Imap {
    /// The project that its reports are about.
    pub fn project<'a>(&'a self, config: &'a Config) -> Option<&'a str> {
        match (&self.project, &config.project[..]) {
            (Some(name), _) => Some(name),
            (None, [only]) => Some(&only.name),
            (None, _) => None,
        }
    }

    /// The address that people write to.
    pub fn address(&self, config: &Config) -> Option<String> {
        let sender = || {
            let from = config.smtp.as_ref()?.from.parse::<lettre::message::Mailbox>().ok()?;
            Some(from.email.to_string())
        };
        self.address.clone().or_else(sender)
    }

    /// The OpenPGP key, if there is one.
    pub fn key(secrets: &Secrets) -> Result<Option<PrivateKey>, embargod_mail::KeyError> {
        let Some(key) = secrets.get("intake.imap.openpgp_key") else {
            return Ok(None);
        };
        PrivateKey::read(key, secrets.get("intake.imap.openpgp_passphrase")).map(Some)
    }
}

pub(super) fn check(source: &Source<'_>, config: &Config) -> Result<(), ConfigError> {
    let Some(imap) = &config.intake.imap else {
        return Ok(());
    };
    let wrong = |key: &str, problem: &str, remedy: &str| {
        let key = format!("intake.imap.{key}");
        Err(source.wrong(&key, problem, remedy))
    };
    let forms = "use imaps://USER@HOST:993, or imap+plain:// on loopback";
    let Ok(url) = url::Url::parse(&imap.url) else {
        return wrong("url", "not a URL", forms);
    };
    if url.password().is_some() {
        return wrong(
            "url",
            "a password in a URL",
            "put it into a file and name it: password_file",
        );
    }
    if url.username().is_empty() || url.host_str().is_none() {
        return wrong("url", "no user or no host", forms);
    }
    match url.scheme() {
        "imaps" => {}
        "imap+plain" if on_loopback(&url) => {}
        "imap+plain" => return wrong("url", "mail in the clear from another machine", forms),
        _ => return wrong("url", "not a way to a mailbox", forms),
    }
    if config.smtp.is_none() {
        return wrong("url", "reports could not be answered", "add [smtp]");
    }
    if imap
        .address
        .as_ref()
        .is_some_and(|address| address.parse::<lettre::Address>().is_err())
    {
        return wrong("address", "not a mail address", "write it as security@example.org");
    }
    if !(1..=1_000).contains(&imap.max_megabytes) {
        return wrong("max_megabytes", "must lie between 1 and 1000", "30 is the default");
    }
    match imap.project(config) {
        Some(name) if config.project.iter().any(|project| project.name == name) => Ok(()),
        Some(_) => wrong(
            "project",
            "no such project in this file",
            "name one of its [[project]] tables",
        ),
        None => wrong("project", "about which project?", "name one of the [[project]] tables"),
    }
}

/// A key that cannot be used would be noticed only when the first encrypted report comes.
pub(super) fn check_secrets(source: &Source<'_>, config: &Config, secrets: &Secrets) -> Result<(), ConfigError> {
    if config.intake.imap.is_none() {
        return Ok(());
    }
    Imap::key(secrets).map(drop).map_err(|error| {
        let remedy = "export it with `gpg --armor --export-secret-keys`, and name its passphrase's file: openpgp_passphrase_file";
        source.wrong("intake.imap.openpgp_key_file", error.to_string(), remedy)
    })
}

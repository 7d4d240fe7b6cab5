//! Secrets: named by `*_file` (relative to the configuration's folder) or `*_env`, read once, never printed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::error::{ConfigError, Source};
use super::file::Config;

/// The secrets by the key that names them, without its ending: `github.main.private_key`.
#[derive(Debug)]
pub struct Secrets(BTreeMap<String, SecretString>);

impl Secrets {
    /// The secret of a key such as `github.main.webhook_secret`.
    pub fn get(&self, key: &str) -> Option<&SecretString> {
        self.0.get(key)
    }

    pub(super) fn read(source: &Source<'_>, config: &Config, folder: &Path) -> Result<Self, ConfigError> {
        let mut reader = Reader {
            source,
            folder,
            found: BTreeMap::new(),
        };
        for (name, github) in &config.github {
            let key = |rest: &str| format!("github.{name}.{rest}");
            reader.need(key("private_key"), &github.private_key_file, &github.private_key_env)?;
            reader.need(
                key("webhook_secret"),
                &github.webhook_secret_file,
                &github.webhook_secret_env,
            )?;
        }
        for (name, gitlab) in &config.gitlab {
            let key = |rest: &str| format!("gitlab.{name}.{rest}");
            reader.need(key("token"), &gitlab.token_file, &gitlab.token_env)?;
            let signing = (&gitlab.webhook_signing_secret_file, &gitlab.webhook_signing_secret_env);
            let signed = reader.may(key("webhook_signing_secret"), signing.0, signing.1)?;
            if signed {
                reader.may(
                    key("webhook_token"),
                    &gitlab.webhook_token_file,
                    &gitlab.webhook_token_env,
                )?;
            } else {
                reader.need(
                    key("webhook_token"),
                    &gitlab.webhook_token_file,
                    &gitlab.webhook_token_env,
                )?;
            }
        }
        if let Some(smtp) = &config.smtp {
            reader.may("smtp.password".into(), &smtp.password_file, &smtp.password_env)?;
        }
        if let Some(imap) = &config.intake.imap {
            let key = |rest: &str| format!("intake.imap.{rest}");
            reader.need(key("password"), &imap.password_file, &imap.password_env)?;
            reader.may(key("openpgp_key"), &imap.openpgp_key_file, &imap.openpgp_key_env)?;
            let passphrase = (&imap.openpgp_passphrase_file, &imap.openpgp_passphrase_env);
            reader.may(key("openpgp_passphrase"), passphrase.0, passphrase.1)?;
        }
        Ok(Self(reader.found))
    }
}

struct Reader<'a> {
    source: &'a Source<'a>,
    folder: &'a Path,
    found: BTreeMap<String, SecretString>,
}

impl Reader<'_> {
    fn need(&mut self, key: String, file: &Option<PathBuf>, env: &Option<String>) -> Result<(), ConfigError> {
        let named = format!("{key}_file");
        if self.may(key, file, env)? {
            return Ok(());
        }
        let remedy =
            format!("put the secret into a file and set {named}, or name a variable by the same key with _env");
        Err(self.source.wrong(&named, "the secret is missing", remedy))
    }

    /// Whether the secret is there.
    fn may(&mut self, key: String, file: &Option<PathBuf>, env: &Option<String>) -> Result<bool, ConfigError> {
        let text = match (file, env) {
            (None, None) => return Ok(false),
            (Some(_), Some(_)) => {
                let named = format!("{key}_env");
                return Err(self
                    .source
                    .wrong(&named, "the secret is named twice", "keep either _file or _env"));
            }
            (Some(file), None) => std::fs::read_to_string(self.folder.join(file)).map_err(|error| {
                let remedy =
                    "the path is relative to the configuration's folder; the file must be readable by the server";
                self.source
                    .wrong(&format!("{key}_file"), format!("{}: {error}", file.display()), remedy)
            })?,
            (None, Some(variable)) => std::env::var(variable).map_err(|_| {
                self.source.wrong(
                    &format!("{key}_env"),
                    format!("{variable} is not set"),
                    "set it for the server",
                )
            })?,
        };
        let secret = text.trim();
        if secret.is_empty() {
            let named = format!("{key}_{}", if file.is_some() { "file" } else { "env" });
            return Err(self.source.wrong(&named, "the secret is empty", "write it there"));
        }
        self.found.insert(key, SecretString::from(secret.to_owned()));
        Ok(true)
    }
}

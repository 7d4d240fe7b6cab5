//! A repository elsewhere, and the credential for it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

/// Where a repository is, and with what the bot gets in.
#[derive(Clone)]
pub struct Remote {
    url: String,
    credential: Option<(String, SecretString)>,
}

impl Remote {
    /// A repository that anyone may read, or a local path.
    pub fn open(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            credential: None,
        }
    }

    /// A repository that asks for a user and a token over HTTP.
    pub fn with_token(url: impl Into<String>, user: impl Into<String>, token: SecretString) -> Self {
        Self {
            url: url.into(),
            credential: Some((user.into(), token)),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The environment that gives git the credential: never an argument, which every process of the machine can read.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let Some((user, token)) = &self.credential else {
            return Vec::new();
        };
        let pair = STANDARD.encode(format!("{user}:{}", token.expose_secret()));
        vec![
            ("GIT_CONFIG_COUNT", "1".to_owned()),
            ("GIT_CONFIG_KEY_0", "http.extraHeader".to_owned()),
            ("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {pair}")),
        ]
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Remote")
    }
}

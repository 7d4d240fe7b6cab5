//! The configuration: one TOML file, read once, refused whole when anything in it is wrong.
//!
//! What lives here: the file's form, its values' narrow types, and the checks across keys, each with file, line, key and
//! remedy. What may not: anything that asks a forge or the network (`doctor` does that).

mod check;
mod error;
mod file;
mod intake;
mod reports;
mod secrets;
mod values;
mod vendors;

pub use error::ConfigError;
pub use file::{
    AdvisoryDraft, AdvisorySettings, Announce, Cases, Config, EmbargoSettings, Github, Gitlab, Labels, MembersSettings,
    Place, Project, PublishMode, Roles, Smtp, StableRule,
};
pub use intake::{Imap, Intake};
pub use reports::Reports;
pub use secrets::Secrets;
pub use values::{ConnectionName, Day, Duration, ServiceUrl, Zone};
pub use vendors::{Vendor, VendorNotice};

use std::path::{Path, PathBuf};

/// A configuration that passed every check, with its secrets.
#[derive(Debug)]
pub struct Loaded {
    /// What the file says.
    pub config: Config,
    /// What its `*_file` and `*_env` keys name.
    pub secrets: Secrets,
    /// The file.
    pub path: PathBuf,
}

/// Reads, checks and completes a configuration.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::unreadable(path, &source))?;
    let source = error::Source { path, text: &text };
    let config = parse(&source)?;
    check::check(&source, &config)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let secrets = Secrets::read(&source, &config, folder)?;
    check::check_secrets(&source, &config, &secrets)?;
    Ok(Loaded {
        config,
        secrets,
        path: path.to_owned(),
    })
}

/// Reads and checks a configuration without its secrets: for what needs none.
pub fn read(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::unreadable(path, &source))?;
    let source = error::Source { path, text: &text };
    let config = parse(&source)?;
    check::check(&source, &config)?;
    Ok(config)
}

fn parse(source: &error::Source<'_>) -> Result<Config, ConfigError> {
    let deserializer = toml::Deserializer::parse(source.text).map_err(|error| source.syntax(&error))?;
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let key = error.path().to_string();
        source.value(&key, error.inner())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of the refusal of the example with one change, as a person reads it.
    fn refusal(from: &str, to: &str) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let example = include_str!("../../config/embargod.example.toml");
        assert!(example.contains(from), "the example has no {from:?}");
        for secret in ["app.pem", "webhook.secret", "smtp.password"] {
            std::fs::write(folder.path().join(secret), "a secret\n").expect("written");
        }
        let path = folder.path().join("embargod.toml");
        std::fs::write(&path, example.replacen(from, to, 1)).expect("written");
        let error = load(&path).expect_err("must be refused").to_string();
        error.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn the_example_is_accepted() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for secret in ["app.pem", "webhook.secret", "smtp.password"] {
            std::fs::write(folder.path().join(secret), "a secret\n").expect("written");
        }
        let path = folder.path().join("embargod.toml");
        std::fs::write(&path, include_str!("../../config/embargod.example.toml")).expect("written");
        let loaded = load(&path).expect("accepted");
        assert_eq!(loaded.config.project.len(), 1);
        assert!(
            !format!("{loaded:?}").contains("a secret"),
            "a secret must not be printable"
        );
    }

    #[test]
    fn refusals_name_file_line_key_and_remedy() {
        for (from, to, wanted) in [
            ("resync_seconds", "resync_second", "resync_second"),
            (
                "default = \"14d\"",
                "default = \"14 days\"",
                "project[0].embargo.default",
            ),
            ("default = \"14d\"", "default = \"31d\"", "project[0].embargo.default"),
            (
                "connection = \"github.main\"",
                "connection = \"github.other\"",
                "project[0].public.connection",
            ),
            (
                "\"https://api.github.com\"",
                "\"http://api.github.com\"",
                "github.main.api_url",
            ),
            ("quorum = 2", "quorum = 0", "project[0].embargo.quorum"),
            (
                "agree_within = \"48h\"",
                "agree_within = \"0s\"",
                "project[0].embargo.agree_within",
            ),
            (
                "time_zone = \"UTC\"",
                "time_zone = \"Mars\"",
                "project[0].embargo.time_zone",
            ),
            ("not_on = []", "not_on = [\"someday\"]", "project[0].embargo.not_on"),
            (
                "not_on = []",
                "not_on = [\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\", \"saturday\", \"sunday\"]",
                "project[0].embargo.not_on",
            ),
            ("app.pem", "missing.pem", "github.main.private_key_file"),
            ("publish = \"rebase\"", "publish = \"squash\"", "project[0].publish"),
            ("glob = \"v*-maint\"", "glob = \"\"", "project[0].stable[0]"),
            (
                "team:example/security",
                "group:example/security",
                "project[0].roles.security_team[1]",
            ),
            ("cases = \"private\"", "cases = \"public\"", "project[0].cases"),
            (
                "show_issue_afterwards = false",
                "show_issue_afterwards = true",
                "project[0].show_issue_afterwards",
            ),
            (
                "followers = []",
                "followers = [{ connection = \"github.main\", repo = \"example/example\" }]",
                "project[0].followers[0].repo",
            ),
            ("# release_tag", "release_tag", "project[0].advisory.release_tag"),
            (
                "# A project. Any",
                "[intake.imap]\nurl = \"imap://u@mail.example.org\"\npassword_file = \"smtp.password\"\n#",
                "intake.imap.url",
            ),
            (
                "# A project. Any",
                "[intake.imap]\nurl = \"imap+plain://u@mail.example.org\"\npassword_file = \"smtp.password\"\n#",
                "intake.imap.url",
            ),
            (
                "# A project. Any",
                "[intake.imap]\nurl = \"imaps://u:secret@mail.example.org\"\npassword_file = \"smtp.password\"\n#",
                "intake.imap.url",
            ),
            (
                "# A project. Any",
                "[intake.imap]\nurl = \"imaps://u@mail.example.org\"\npassword_file = \"smtp.password\"\nproject = \"x\"\n#",
                "intake.imap.project",
            ),
            (
                "# A project. Any",
                "[intake.imap]\nurl = \"imaps://u@mail.example.org\"\npassword_file = \"smtp.password\"\n\
                 openpgp_key_file = \"app.pem\"\n#",
                "intake.imap.openpgp_key_file",
            ),
            (
                "[project.labels]",
                "[[project.vendors]]\nname = \"a\"\ncontact = \"nobody\"\n[project.labels]",
                "project[0].vendors[0].contact",
            ),
            (
                "[project.labels]",
                "[[project.vendors]]\nname = \"a\"\ncontact = \"a@b.example\"\nkey_file = \"app.pem\"\n[project.labels]",
                "project[0].vendors[0].key_file",
            ),
            (
                "[project.labels]",
                "[project.vendor_notice]\nearliest = \"1h\"\n[project.labels]",
                "project[0].vendor_notice.earliest",
            ),
            (
                "[project.labels]",
                "[project.members]\nvouches = 0\n[project.labels]",
                "project[0].members.vouches",
            ),
            (
                "[project.labels]",
                "[project.reports]\ncontact = [\"security@example.org\"]\n[project.labels]",
                "project[0].reports.contact[0]",
            ),
            (
                "[project.labels]",
                "[project.reports]\npolicy_url = \"http://example.org\"\n[project.labels]",
                "project[0].reports.policy_url",
            ),
            (
                "[project.labels]",
                "[project.reports]\nexpires_in = \"0s\"\n[project.labels]",
                "project[0].reports.expires_in",
            ),
        ] {
            let text = refusal(from, to);
            assert!(text.starts_with("embargod.toml:"), "{text}");
            assert!(text.contains(wanted), "{wanted:?} is not named: {text}");
            assert!(text.contains("\n  remedy: "), "{text}");
        }
    }
}

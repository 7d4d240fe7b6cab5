//! Vendors: who is told before the announcement, and when.

use std::path::PathBuf;

use embargod_mail::PublicKey;
use jiff::SignedDuration;
use serde::Deserialize;

use super::error::{ConfigError, Source};
use super::file::Project;
use super::values::Duration;

/// A vendor that is told before the announcement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Its name.
    pub name: String,
    /// The address that the notice goes to.
    pub contact: String,
    /// Its OpenPGP key. Without one it is told nothing, and everybody sees that.
    pub key_file: Option<PathBuf>,
    /// Patterns of the branches that it cares about; empty: all. The main branch's patches are always there.
    #[serde(default)]
    pub branches: Vec<String>,
}

/// When vendors are told, counted back from the end of the embargo.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VendorNotice {
    /// Not before.
    pub earliest: Duration,
    /// Later is too short.
    pub latest: Duration,
}

impl Default for VendorNotice {
    /// What linux-distros takes: at most fourteen days, and at least one.
    fn default() -> Self {
        Self {
            earliest: Duration(SignedDuration::from_hours(14 * 24)),
            latest: Duration(SignedDuration::from_hours(24)),
        }
    }
}

pub(super) fn check(source: &Source<'_>, project: &Project, key: impl Fn(&str) -> String) -> Result<(), ConfigError> {
    for (index, vendor) in project.vendors.iter().enumerate() {
        let key = |rest: &str| key(&format!("vendors[{index}].{rest}"));
        if project.vendors[..index].iter().any(|other| other.name == vendor.name) {
            return Err(source.wrong(&key("name"), "another vendor has this name", "give each its own"));
        }
        if vendor.contact.parse::<lettre::Address>().is_err() {
            let remedy = "write it as security@vendor.example";
            return Err(source.wrong(&key("contact"), "not a mail address", remedy));
        }
        if let Some(file) = &vendor.key_file {
            let path = source.path.parent().unwrap_or(std::path::Path::new(".")).join(file);
            let wrong = |problem: String| {
                let remedy = "export it with `gpg --armor --export ADDRESS` into this file";
                Err(source.wrong(&key("key_file"), format!("{}: {problem}", file.display()), remedy))
            };
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) => return wrong(error.to_string()),
            };
            let key = PublicKey::read(&bytes).and_then(|key| key.usable(jiff::Timestamp::now()));
            if let Err(error) = key {
                return wrong(error.to_string());
            }
        }
    }
    if project.vendor_notice.earliest <= project.vendor_notice.latest {
        let remedy = "earliest lies before latest, counted back from the end: 14d and 1d are linux-distros's";
        return Err(source.wrong(&key("vendor_notice.earliest"), "no moment is left", remedy));
    }
    Ok(())
}

//! The form of the file. Field names are the keys of the contract; unknown keys are errors.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use embargod_core::BranchName;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::intake::Intake;
use super::reports::Reports;
use super::values::{ConnectionName, Day, Duration, ServiceUrl, Zone};
use super::vendors::{Vendor, VendorNotice};

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where the forges reach it.
    pub public_url: ServiceUrl,
    /// Mirrors and what else the bot makes for itself.
    pub data_dir: PathBuf,
    /// `sqlite:PATH`.
    pub database_url: String,
    /// Seconds between two looks at everything, whatever deliveries told.
    #[serde(default = "default_resync")]
    pub resync_seconds: u32,
    /// Connections to GitHub, by name.
    #[serde(default)]
    pub github: BTreeMap<String, Github>,
    /// Connections to GitLab, by name.
    #[serde(default)]
    pub gitlab: BTreeMap<String, Gitlab>,
    /// How mail leaves.
    pub smtp: Option<Smtp>,
    /// Where reports come from, beside the forges.
    #[serde(default)]
    pub intake: Intake,
    /// The projects.
    #[serde(default)]
    pub project: Vec<Project>,
}

/// A GitHub App on github.com or on an enterprise server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Github {
    /// The REST API: `https://api.github.com`, or `https://HOST/api/v3`.
    pub api_url: ServiceUrl,
    /// Clone URLs are this, `/owner/name.git`.
    pub git_url: ServiceUrl,
    /// The App's id.
    pub app_id: u64,
    /// The App's private key, PEM.
    pub private_key_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub private_key_env: Option<String>,
    /// The secret that signs deliveries.
    pub webhook_secret_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub webhook_secret_env: Option<String>,
}

/// A GitLab instance.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gitlab {
    /// The instance; `/api/v4` and clone URLs follow from it.
    pub url: ServiceUrl,
    /// The bot's token.
    pub token_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub token_env: Option<String>,
    /// What `X-Gitlab-Token` must carry.
    pub webhook_token_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub webhook_token_env: Option<String>,
    /// The signing secret (`whsec_…`); when set, unsigned deliveries are refused.
    pub webhook_signing_secret_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub webhook_signing_secret_env: Option<String>,
}

/// The mail server that announcements go through.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// `smtps://`, `smtp://` (STARTTLS required), or `smtp+plain://` on loopback.
    pub url: String,
    /// The password of the URL's user.
    pub password_file: Option<PathBuf>,
    /// The variable that holds it instead.
    pub password_env: Option<String>,
    /// The sender, `Name <address>`.
    pub from: String,
}

/// A project whose disclosures the bot runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Its name in commands and listings.
    pub name: String,
    /// The main branch.
    pub main: BranchName,
    /// The maintained stable branches.
    #[serde(default)]
    pub stable: Vec<StableRule>,
    /// The authoritative public repository.
    pub public: Place,
    /// The private mirror.
    pub private: Place,
    /// Further public repositories: they get the same branches after the push, and never lead.
    #[serde(default)]
    pub followers: Vec<Place>,
    /// Where the issues of cases are.
    #[serde(default)]
    pub cases: Cases,
    /// Whether the issue of a case is shown to everybody when all is public; only for cases in the public project.
    #[serde(default)]
    pub show_issue_afterwards: bool,
    /// How approved commits become public.
    #[serde(default)]
    pub publish: PublishMode,
    /// Checks that must be green; empty: every check on the head but the bot's own.
    #[serde(default)]
    pub required_checks: Vec<String>,
    /// Checks that must pass again after a patch-identical rebuild.
    #[serde(default)]
    pub checks_after_rebuild: Vec<String>,
    /// How long after the end the gate may still open before the request lapses.
    #[serde(default = "default_grace")]
    pub publish_grace: Duration,
    /// The labels.
    #[serde(default)]
    pub labels: Labels,
    /// Who may do what.
    pub roles: Roles,
    /// How people become members; without it nobody is invited by the bot.
    pub members: Option<MembersSettings>,
    /// What the public page says of reports.
    #[serde(default)]
    pub reports: Reports,
    /// Who is told before the announcement.
    #[serde(default)]
    pub vendors: Vec<Vendor>,
    /// When they are told.
    #[serde(default)]
    pub vendor_notice: VendorNotice,
    /// How long embargoes last.
    #[serde(default)]
    pub embargo: EmbargoSettings,
    /// What advisories say of the package.
    pub advisory: AdvisorySettings,
    /// Where announcements go.
    #[serde(default)]
    pub announce: Announce,
}

/// Which stable branches are maintained.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StableRule {
    /// A pattern of branch names, or
    pub glob: Option<String>,
    /// one branch.
    pub name: Option<BranchName>,
    /// The day from which it is no longer maintained. A rule with a name goes before a pattern.
    pub end_of_life: Option<jiff::civil::Date>,
}

/// A repository on a connection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The connection.
    pub connection: ConnectionName,
    /// `owner/name`.
    pub repo: String,
}

/// How approved commits become public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublishMode {
    /// Rebuilt on the public tip.
    #[default]
    Rebase,
    /// Merged into the public tip.
    Merge,
    /// As they are, when the public tip has not moved.
    FfOnly,
}

/// The labels that the bot reads.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Labels {
    /// Opens a case.
    pub confirmed: String,
    /// Stands on a report from outside until a moderator has looked at it.
    pub moderation: String,
    /// Stands on the one issue on which members are talked about.
    pub members: String,
}

/// Names, `team:org/slug` (GitHub) or `group:path` (GitLab).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Confirms, approves, acknowledges, waives.
    pub security_team: Vec<String>,
    /// Sets the date, triggers and aborts the publication.
    pub release_manager: Vec<String>,
    /// Records CVEs.
    #[serde(default)]
    pub cve_coordinator: Vec<String>,
    /// Looks first at what comes from outside; the security team may do so too.
    #[serde(default)]
    pub moderator: Vec<String>,
    /// Engineers of vendors who see the mirror by the forge's own means, beside the members on the roster.
    #[serde(default)]
    pub vendor: Vec<String>,
}

/// How people become members.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MembersSettings {
    /// How many members must vouch for a new one.
    #[serde(default = "default_vouches")]
    pub vouches: usize,
    /// What a new member consents to.
    #[serde(default = "default_terms")]
    pub terms: String,
}

/// Where the issues of cases are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cases {
    /// Issues of the private mirror.
    #[default]
    Private,
    /// Confidential issues of the public project, which GitLab alone has.
    Public,
}

/// How long embargoes last.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmbargoSettings {
    /// Unless somebody sets another end.
    pub default: Duration,
    /// The cap.
    pub maximum: Duration,
    /// How many of the security team must agree to a later end.
    pub quorum: usize,
    /// How long an answer to a proposal is waited for.
    pub agree_within: Duration,
    /// Whether an earlier end needs a second release manager.
    pub second_release_manager: bool,
    /// The only time of the day at which an embargo ends.
    pub hour: Option<Time>,
    /// The zone of the hour and of the days.
    pub time_zone: Zone,
    /// Days of the week on which none ends.
    pub not_on: Vec<Day>,
    /// Days on which none ends.
    pub holidays: Vec<Date>,
}

/// What advisories say of the package.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdvisorySettings {
    /// GitHub's name of the ecosystem.
    pub ecosystem: String,
    /// The package.
    pub package: String,
    /// What the draft says before the publication.
    #[serde(default)]
    pub draft: AdvisoryDraft,
    /// The tag of a release whose notes carry the advisory where the forge has no advisories; `{case}` stands for the case.
    pub release_tag: Option<String>,
}

/// What the draft says before the publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdvisoryDraft {
    /// Nothing but the case id.
    #[default]
    Placeholder,
    /// The real text: GitHub shows drafts to the public repository's administrators.
    Full,
}

/// Where announcements go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announce {
    /// Addresses, one mail each.
    #[serde(default)]
    pub lists: Vec<String>,
}

impl Config {
    /// The path of the SQLite file that `database_url` names; `None` where it names another database.
    pub fn sqlite_path(&self) -> Option<&std::path::Path> {
        self.database_url
            .strip_prefix("sqlite:")
            .filter(|path| !path.is_empty())
            .map(std::path::Path::new)
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self {
            confirmed: "security::confirmed".to_owned(),
            moderation: "security::moderation".to_owned(),
            members: "security::members".to_owned(),
        }
    }
}

impl Default for EmbargoSettings {
    fn default() -> Self {
        Self {
            default: Duration(SignedDuration::from_hours(14 * 24)),
            maximum: Duration(SignedDuration::from_hours(30 * 24)),
            quorum: 2,
            agree_within: Duration(SignedDuration::from_hours(48)),
            second_release_manager: true,
            hour: None,
            time_zone: Zone(TimeZone::UTC),
            not_on: Vec::new(),
            holidays: Vec::new(),
        }
    }
}

fn default_resync() -> u32 {
    60
}

fn default_vouches() -> usize {
    2
}

fn default_terms() -> String {
    "What you see here is under embargo. You tell nobody who has not consented to the same terms, you use it for nothing but \
     fixing and testing, and you publish nothing (no code, no text, no package, no hint) before the embargo has ended, which \
     every case says with date, time and time zone. If it becomes known elsewhere, you tell the team at once. Who cannot keep \
     this for a case, declines."
        .to_owned()
}

fn default_grace() -> Duration {
    Duration(SignedDuration::from_hours(1))
}

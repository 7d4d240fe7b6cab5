//! The values of a project's process, in one place: everything that the page says comes from here.

use embargod_core::calendar::Calendar;
use jiff::{SignedDuration, Timestamp};

use crate::config::{Cases, Config, ConnectionName, Project as Settings, Reports};
use crate::policy::{policy, roster};

/// How a report can be made on the forge of the public repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgeReports {
    /// GitHub's private vulnerability reports.
    Private,
    /// GitLab's confidential issues.
    Confidential,
}

/// The values of a project's process.
#[derive(Debug, Clone)]
pub struct Process {
    /// The project.
    pub project: String,
    /// Where reports go, and what `security.txt` says of it.
    pub reports: Reports,
    /// The address of the mailbox that is read, where one is.
    pub mailbox: Option<String>,
    /// How a report can be made on the forge.
    pub forge: ForgeReports,
    /// The public repository, `owner/name`.
    pub repository: String,
    /// The main branch.
    pub main: String,
    /// The maintained stable branches: patterns and names, each with its end of life.
    pub stable: Vec<(String, Option<jiff::civil::Date>)>,
    /// How many members must vouch for a new one; nothing where the bot invites nobody.
    pub vouches: Option<usize>,
    /// How long an embargo lasts.
    pub default: SignedDuration,
    /// How long it may last.
    pub maximum: SignedDuration,
    /// How many must agree to a later end.
    pub quorum: usize,
    /// How long their answers are waited for.
    pub window: SignedDuration,
    /// Whether an earlier end needs a second release manager.
    pub second_release_manager: bool,
    /// When an embargo may end.
    pub calendar: Calendar,
    /// How many vendors are told, and how long before the end at the earliest.
    pub vendors: (usize, SignedDuration),
    /// The lists of the announcement.
    pub lists: Vec<String>,
    /// Whether the issue is shown afterwards.
    pub shows_issue: bool,
    /// Now.
    pub now: Timestamp,
}

impl Process {
    /// The process of a project of a configuration.
    pub fn of(config: &Config, settings: &Settings, now: Timestamp) -> Self {
        let rules = policy(settings);
        let mailbox = config
            .intake
            .imap
            .as_ref()
            .filter(|imap| imap.project(config) == Some(&settings.name))
            .and_then(|imap| imap.address(config));
        let stable = |rule: &crate::config::StableRule| {
            let name = rule.name.as_ref().map(ToString::to_string);
            Some((name.or_else(|| rule.glob.clone())?, rule.end_of_life))
        };
        Self {
            project: settings.name.clone(),
            reports: settings.reports.clone(),
            mailbox,
            forge: match settings.public.connection {
                ConnectionName::Github(_) => ForgeReports::Private,
                ConnectionName::Gitlab(_) => ForgeReports::Confidential,
            },
            repository: settings.public.repo.clone(),
            main: settings.main.to_string(),
            stable: settings.stable.iter().filter_map(stable).collect(),
            vouches: roster(settings).map(|roster| roster.vouches),
            default: rules.embargo.default,
            maximum: rules.embargo.maximum,
            quorum: rules.agreement.quorum,
            window: rules.agreement.window,
            second_release_manager: rules.agreement.second_release_manager,
            calendar: rules.calendar,
            vendors: (rules.vendors.vendors.len(), rules.vendors.earliest),
            lists: settings.announce.lists.clone(),
            shows_issue: settings.cases == Cases::Public && settings.show_issue_afterwards,
            now,
        }
    }
}

//! What a project of GitLab has beside what every repository has.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::people::Permission;

/// The user that the bot is, and its webhook.
#[derive(Debug, Clone, Default)]
pub struct BotFacts {
    /// Its user name.
    pub username: String,
    /// Its access token, with the scope `api`.
    pub token: String,
    /// What `X-Gitlab-Token` carries, where a secret token is set.
    pub webhook_token: Option<String>,
    /// The signing token, `whsec_` and base64, where one is set.
    pub signing_token: Option<String>,
    /// Where deliveries go.
    pub webhook_url: String,
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything that its owner may do.
    Api,
    /// Reading only.
    ReadApi,
}

/// Who may push to or merge into a protected branch: one of these is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody with at least this level; 0 is nobody.
    Level(u64),
    /// One user.
    User(u64),
}

pub(crate) struct Protection {
    pub id: u64,
    pub push: Vec<Access>,
    pub merge: Vec<Access>,
    pub allow_force_push: bool,
}

pub(crate) struct Pipeline {
    pub id: u64,
    pub iid: u64,
    pub sha: String,
    pub branch: String,
    pub source: &'static str,
    pub by: String,
    pub at: Timestamp,
}

pub(crate) struct Job {
    pub id: u64,
    pub pipeline: u64,
    pub sha: String,
    pub branch: String,
    pub name: String,
    pub state: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub author: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

pub(crate) struct Release {
    pub name: String,
    pub description: String,
    pub author: String,
    pub at: Timestamp,
}

/// One line of a project's activity.
pub(crate) struct Activity {
    pub id: u64,
    pub by: String,
    pub at: Timestamp,
    pub action: &'static str,
    pub target: Target,
}

/// What an activity is about.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    Issue(u64),
    IssueNote(u64, u64),
    Merge(u64),
    MergeNote(u64, u64),
}

/// A webhook: what it wants, and how it has fared.
pub(crate) struct Hook {
    pub id: u64,
    pub confidential_issues: bool,
    pub confidential_notes: bool,
    pub failures: u32,
    pub disabled_until: Option<Timestamp>,
}

/// After so many failures in a row a webhook pauses.
const PAUSES_AFTER: u32 = 4;
/// After so many it stops until a person switches it on.
const STOPS_AFTER: u32 = 40;

impl Hook {
    pub fn is_off(&self, now: Timestamp) -> bool {
        self.failures >= STOPS_AFTER || self.disabled_until.is_some_and(|until| now < until)
    }

    /// Notes how a delivery went. The pauses double from a minute to a day.
    pub fn note(&mut self, taken: bool, now: Timestamp) {
        if taken {
            (self.failures, self.disabled_until) = (0, None);
            return;
        }
        self.failures += 1;
        if let Some(doublings) = self.failures.checked_sub(PAUSES_AFTER) {
            let minutes = (1_i64 << doublings.min(11)).min(24 * 60);
            self.disabled_until = now.checked_add(SignedDuration::from_mins(minutes)).ok();
        }
    }

    pub fn alert(&self, now: Timestamp) -> &'static str {
        match self.failures {
            STOPS_AFTER.. => "disabled",
            _ if self.is_off(now) => "temporarily_disabled",
            _ => "executable",
        }
    }
}

/// What belongs to one project.
pub(crate) struct Project {
    pub forking: String,
    pub issues: String,
    pub pipeline_must_succeed: bool,
    pub skipped_is_enough: bool,
    /// Whether it has a CI configuration, so that pushes create pipelines.
    pub ci: bool,
    pub protected: BTreeMap<String, Protection>,
    pub pipelines: Vec<Pipeline>,
    pub jobs: Vec<Job>,
    pub releases: BTreeMap<String, Release>,
    pub activity: Vec<Activity>,
    pub hook: Hook,
    /// The last number of a merge request: their sequence is their own.
    pub merge_number: u64,
    /// Label events and state events count apart.
    pub label_events: u64,
    pub state_events: u64,
    /// The next status is answered with 409.
    pub conflict: bool,
}

impl Project {
    pub fn new(hook: u64, allow_forking: bool) -> Self {
        Self {
            forking: if allow_forking { "enabled" } else { "disabled" }.to_owned(),
            issues: "enabled".to_owned(),
            pipeline_must_succeed: false,
            skipped_is_enough: false,
            ci: false,
            protected: BTreeMap::new(),
            pipelines: Vec::new(),
            jobs: Vec::new(),
            releases: BTreeMap::new(),
            activity: Vec::new(),
            hook: Hook {
                id: hook,
                confidential_issues: true,
                confidential_notes: true,
                failures: 0,
                disabled_until: None,
            },
            merge_number: 0,
            label_events: 0,
            state_events: 0,
            conflict: false,
        }
    }

    pub fn act(&mut self, id: u64, by: &str, at: Timestamp, action: &'static str, target: Target) {
        self.activity.push(Activity {
            id,
            by: by.to_owned(),
            at,
            action,
            target,
        });
    }

    pub fn next_label_event(&mut self) -> u64 {
        self.label_events += 1;
        self.label_events
    }

    pub fn next_state_event(&mut self) -> u64 {
        self.state_events += 1;
        self.state_events
    }

    /// The rules for a branch; the most generous of them decides.
    pub fn rules(&self, branch: &str) -> impl Iterator<Item = &Protection> {
        self.protected
            .iter()
            .filter(move |(pattern, _)| fits(pattern, branch))
            .map(|(_, rule)| rule)
    }

    /// The state of a pipeline, from the latest job of each name.
    pub fn status(&self, pipeline: u64) -> &str {
        let mut latest: BTreeMap<&str, &str> = BTreeMap::new();
        for job in self.jobs.iter().filter(|job| job.pipeline == pipeline) {
            latest.insert(&job.name, &job.state);
        }
        let has = |state: &str| latest.values().any(|known| *known == state);
        let first = ["running", "pending", "failed", "canceled", "success", "skipped"];
        first.into_iter().find(|state| has(state)).unwrap_or("created")
    }
}

/// A star in a protected branch's name stands for anything, slashes too.
fn fits(pattern: &str, branch: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = branch.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// The access level that GitLab gives for what somebody may do.
pub(crate) fn level(permission: Permission) -> u64 {
    match permission {
        Permission::Read => 20,
        Permission::Write => 30,
        Permission::Admin => 40,
    }
}

/// A number that is the same for the same name.
pub(crate) fn user_id(name: &str) -> u64 {
    name.bytes()
        .fold(7_u64, |id, byte| (id * 31 + u64::from(byte)) % 1_000_000_007)
}

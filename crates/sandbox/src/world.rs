//! What the sandbox knows: repositories, people, the App, and everything in them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use serde_json::Value;

use crate::access::Access;
use crate::deliveries::Delivery;
use crate::gitlab::state::{BotFacts, Project, Scope};
use crate::people::Permission;
use crate::timeline::Entry;
use crate::{AppFacts, Flavour, SandboxError};

pub(crate) struct World {
    pub flavour: Flavour,
    /// On GitLab it has only a name and the address of deliveries.
    pub app: AppFacts,
    /// The key of the App; on GitLab there is none.
    pub app_key: Option<DecodingKey>,
    /// The user that the bot is on GitLab.
    pub user: BotFacts,
    /// Further tokens of people on GitLab, with their scopes.
    pub scoped: BTreeMap<String, (String, Scope)>,
    pub repositories: BTreeMap<String, Repository>,
    /// Tokens of people.
    pub people: BTreeMap<String, String>,
    /// Members by organisation and team.
    pub teams: BTreeMap<(String, String), BTreeSet<String>>,
    /// The App's tokens and the instants (of the machine's clock) at which they expire.
    pub tokens: BTreeMap<String, Timestamp>,
    pub timeline: Vec<Entry>,
    pub mailbox: Vec<Vec<u8>>,
    pub access: Vec<Access>,
    pub deliveries: VecDeque<Delivery>,
    next_id: u64,
}

pub(crate) struct Repository {
    pub id: u64,
    pub created_at: Timestamp,
    pub private: bool,
    pub fork: bool,
    pub allow_forking: bool,
    pub default_branch: String,
    pub people: BTreeMap<String, Permission>,
    /// Open invitations of a GitHub, and whom they are for.
    pub invitations: BTreeMap<u64, String>,
    pub issues: BTreeMap<u64, Issue>,
    pub pulls: BTreeMap<u64, Pull>,
    pub runs: Vec<Run>,
    pub statuses: Vec<Status>,
    pub advisories: BTreeMap<String, Advisory>,
    pub rulesets: BTreeMap<u64, Ruleset>,
    /// Branches under classic protection, and their required checks. No App can bypass that.
    pub protected: BTreeMap<String, Vec<String>>,
    pub number: u64,
    /// What only a project of GitLab has.
    pub lab: Project,
}

pub(crate) struct Issue {
    pub id: u64,
    pub number: u64,
    pub author: String,
    pub title: String,
    pub body: String,
    pub open: bool,
    /// Whether only its people see it; never on GitHub.
    pub confidential: bool,
    pub assignees: BTreeSet<String>,
    pub labels: BTreeSet<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub events: Vec<Event>,
    pub comments: Vec<Comment>,
}

pub(crate) struct Event {
    pub id: u64,
    pub actor: String,
    pub at: Timestamp,
    pub event: &'static str,
    pub label: Option<String>,
    pub commit: Option<String>,
}

pub(crate) struct Comment {
    pub id: u64,
    pub author: String,
    pub body: String,
    /// Whether only members see it; never on GitHub.
    pub internal: bool,
    /// Whether the forge wrote it of itself; never on GitHub.
    pub system: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

pub(crate) struct Pull {
    pub id: u64,
    pub number: u64,
    pub author: String,
    pub title: String,
    pub body: String,
    pub head: String,
    pub head_sha: String,
    pub base: String,
    pub base_sha: String,
    pub open: bool,
    pub merged_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub size: Size,
    /// Its notes on GitLab; on GitHub comments belong to the issue of the same number.
    pub notes: Vec<Comment>,
}

/// How much a pull request changes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Size {
    pub commits: u64,
    pub files: u64,
    pub additions: u64,
    pub deletions: u64,
}

pub(crate) struct Run {
    pub id: u64,
    pub name: String,
    pub sha: String,
    pub status: String,
    pub conclusion: Option<String>,
    pub output: Value,
    pub app: u64,
    pub slug: String,
    pub at: Timestamp,
}

pub(crate) struct Status {
    pub id: u64,
    pub sha: String,
    pub context: String,
    pub state: String,
    pub at: Timestamp,
}

pub(crate) struct Advisory {
    pub id: String,
    pub author: String,
    pub body: Value,
    pub state: String,
    pub created_at: Timestamp,
    pub published_at: Option<Timestamp>,
}

/// A ruleset of a repository.
#[derive(Debug, Clone)]
pub struct Ruleset {
    /// The branches that it is for, a pattern.
    pub branches: String,
    /// The rules, such as `pull_request`.
    pub rules: Vec<String>,
    /// The checks that must have passed on a pull request's head before it can be merged.
    pub checks: Vec<String>,
    /// The Apps that may always bypass it.
    pub apps: BTreeSet<u64>,
    /// Whether administrators may always bypass it.
    pub administrators: bool,
}

impl World {
    pub fn new(app: AppFacts) -> Result<Self, SandboxError> {
        let app_key = DecodingKey::from_rsa_pem(app.public_key.as_bytes()).map_err(|_| SandboxError::Key)?;
        let user = BotFacts::default();
        Ok(Self::with(Flavour::Github, app, Some(app_key), user))
    }

    /// A GitLab, where the bot is a user like others.
    pub fn gitlab(user: BotFacts) -> Self {
        let app = AppFacts {
            id: 0,
            slug: user.username.clone(),
            public_key: String::new(),
            webhook_secret: user.webhook_token.clone().unwrap_or_default(),
            webhook_url: user.webhook_url.clone(),
        };
        let person = (user.username.clone(), user.token.clone());
        let mut world = Self::with(Flavour::Gitlab, app, None, user);
        world.people.extend([person]);
        world
    }

    fn with(flavour: Flavour, app: AppFacts, app_key: Option<DecodingKey>, user: BotFacts) -> Self {
        Self {
            flavour,
            app,
            app_key,
            user,
            scoped: BTreeMap::new(),
            repositories: BTreeMap::new(),
            people: BTreeMap::new(),
            teams: BTreeMap::new(),
            tokens: BTreeMap::new(),
            timeline: Vec::new(),
            mailbox: Vec::new(),
            access: Vec::new(),
            deliveries: VecDeque::new(),
            next_id: 1_000,
        }
    }

    pub fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub fn bot(&self) -> String {
        match self.flavour {
            Flavour::Github => format!("{}[bot]", self.app.slug),
            Flavour::Gitlab => self.app.slug.clone(),
        }
    }
}

impl Repository {
    pub fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// Whether all required checks of a branch have passed on a commit, or somebody may go past them.
    pub fn may_merge(&self, person: &str, branch: &str, head: &str) -> bool {
        let admin = self.people.get(person) == Some(&Permission::Admin);
        let passed = |name: &String| {
            let latest = self.runs.iter().rev().find(|run| run.sha == head && run.name == *name);
            latest.is_some_and(|run| run.conclusion.as_deref() == Some("success"))
        };
        let rulesets = self
            .rulesets
            .values()
            .filter(|ruleset| glob_match::glob_match(&ruleset.branches, branch));
        let ruled = rulesets
            .filter(|ruleset| !(ruleset.administrators && admin))
            .flat_map(|ruleset| &ruleset.checks);
        ruled
            .chain(self.protected.get(branch).into_iter().flatten())
            .all(passed)
    }

    /// Whether somebody may push to a branch, as the rulesets and the protection say.
    pub fn may_push(&self, actor: &Actor, branch: &str, app: u64) -> bool {
        if self.protected.contains_key(branch) {
            return false;
        }
        self.rulesets
            .values()
            .filter(|ruleset| glob_match::glob_match(&ruleset.branches, branch))
            .all(|ruleset| match actor {
                Actor::App => ruleset.apps.contains(&app),
                Actor::Person(name) => ruleset.administrators && self.people.get(name) == Some(&Permission::Admin),
                Actor::Nobody => false,
            })
    }

    /// Whether somebody can see the repository.
    pub fn can_see(&self, actor: &Actor) -> bool {
        !self.private || self.can_write_or_read(actor)
    }

    fn can_write_or_read(&self, actor: &Actor) -> bool {
        match actor {
            Actor::App => true,
            Actor::Person(name) => self.people.contains_key(name),
            Actor::Nobody => false,
        }
    }

    /// Whether somebody may push at all.
    pub fn can_write(&self, actor: &Actor) -> bool {
        match actor {
            Actor::App => true,
            Actor::Person(name) => self
                .people
                .get(name)
                .is_some_and(|permission| *permission >= Permission::Write),
            Actor::Nobody => false,
        }
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The App, through its installation.
    App,
    /// A person with a token.
    Person(String),
    /// A stranger.
    Nobody,
}

impl Actor {
    pub fn name(&self, bot: &str) -> String {
        match self {
            Self::App => bot.to_owned(),
            Self::Person(name) => name.clone(),
            Self::Nobody => "anonymous".to_owned(),
        }
    }
}

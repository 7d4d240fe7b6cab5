//! What people do, in process: the same changes that the API makes, with the same consequences.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::consequences::Change;
use crate::git;
use crate::gitlab::state::Project;
use crate::world::{Repository, Ruleset, Run, Status};
use crate::{Flavour, Sandbox, SandboxError};

/// What a person may do in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// See it.
    Read,
    /// Push to it.
    Write,
    /// Everything.
    Admin,
}

impl Permission {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// A repository that is to be made.
#[derive(Debug, Clone, Default)]
pub struct NewRepository {
    /// Whether strangers see nothing of it.
    pub private: bool,
    /// Whether it is a fork.
    pub fork: bool,
    /// Whether it may be forked.
    pub allow_forking: bool,
    /// Who may do what.
    pub people: BTreeMap<String, Permission>,
}

impl Sandbox {
    /// Makes a repository, `owner/name`.
    pub async fn create_repository(&self, name: &str, new: NewRepository) -> Result<(), SandboxError> {
        git::create(&self.shared.repository_dir(name), self.shared.flavour).await?;
        let mut world = self.world();
        let (id, hook) = (world.id(), world.id());
        let mut people = new.people;
        let prefix = match world.flavour {
            Flavour::Github => "ghp_",
            Flavour::Gitlab => {
                people.entry(world.bot()).or_insert(Permission::Admin);
                "glpat-"
            }
        };
        for person in people.keys() {
            let token = format!("{prefix}{person}{}", world.id());
            world.people.entry(person.clone()).or_insert(token);
        }
        let repository = Repository {
            id,
            created_at: self.shared.now(),
            private: new.private,
            fork: new.fork,
            allow_forking: new.allow_forking,
            default_branch: "main".to_owned(),
            people,
            invitations: BTreeMap::new(),
            issues: BTreeMap::new(),
            pulls: BTreeMap::new(),
            runs: Vec::new(),
            statuses: Vec::new(),
            advisories: BTreeMap::new(),
            rulesets: BTreeMap::new(),
            protected: BTreeMap::new(),
            number: 0,
            lab: Project::new(hook, new.allow_forking),
        };
        world.repositories.insert(name.to_owned(), repository);
        Ok(())
    }

    /// Where a repository is on this machine.
    pub fn repository_dir(&self, name: &str) -> PathBuf {
        self.shared.repository_dir(name)
    }

    /// Runs git in a repository of the sandbox, as its administrator on the machine.
    pub async fn git(&self, repository: &str, arguments: &[&str]) -> Result<String, SandboxError> {
        git::run(&self.shared.repository_dir(repository), arguments).await
    }

    /// Sets the default branch.
    pub fn set_default_branch(&self, repository: &str, branch: &str) {
        if let Some(known) = self.world().repositories.get_mut(repository) {
            known.default_branch = branch.to_owned();
        }
    }

    /// The default branch.
    pub fn default_branch(&self, repository: &str) -> Option<String> {
        self.world()
            .repositories
            .get(repository)
            .map(|known| known.default_branch.clone())
    }

    /// Puts a branch of GitHub's under classic protection with required checks.
    pub fn protect(&self, repository: &str, branch: &str, checks: &[&str]) {
        if let Some(known) = self.world().repositories.get_mut(repository) {
            let checks = checks.iter().map(|name| (*name).to_owned()).collect();
            known.protected.insert(branch.to_owned(), checks);
        }
    }

    /// Adds a ruleset.
    pub fn add_ruleset(&self, repository: &str, ruleset: Ruleset) {
        let mut world = self.world();
        let id = world.id();
        if let Some(known) = world.repositories.get_mut(repository) {
            known.rulesets.insert(id, ruleset);
        }
    }

    /// Puts people into a team.
    pub fn set_team(&self, organisation: &str, team: &str, members: &[&str]) {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        self.world()
            .teams
            .insert((organisation.to_owned(), team.to_owned()), members);
    }

    /// Takes a person's access away.
    pub fn remove_person(&self, repository: &str, person: &str) {
        if let Some(known) = self.world().repositories.get_mut(repository) {
            known.people.remove(person);
        }
    }

    /// The URL by which a person clones and pushes, with their token.
    pub fn clone_url(&self, repository: &str, person: &str) -> Result<String, SandboxError> {
        let world = self.world();
        let token = world.people.get(person).ok_or(SandboxError::Absent("person"))?;
        let rest = self.shared.url.strip_prefix("http://").unwrap_or_default();
        Ok(format!("http://{person}:{token}@{rest}/{repository}.git"))
    }

    /// Every token of the App's loses its worth before its time. The token of GitLab's bot does not end of itself.
    pub fn expire_tokens(&self) {
        self.world().tokens.clear();
    }

    /// A person writes an issue.
    pub fn open_issue(&self, repository: &str, by: &str, title: &str, body: &str) -> Result<u64, SandboxError> {
        self.shared
            .new_issue(repository, by, title, body, false)
            .ok_or(SandboxError::Absent("repository"))
    }

    /// A person changes an issue's description.
    pub fn edit_issue(&self, repository: &str, number: u64, body: &str) {
        let mut world = self.world();
        if let Some(issue) = world
            .repositories
            .get_mut(repository)
            .and_then(|known| known.issues.get_mut(&number))
        {
            issue.body = body.to_owned();
        }
    }

    /// A person puts a label on an issue, or takes it off.
    pub fn label(&self, repository: &str, by: &str, number: u64, label: &str, on: bool) {
        self.shared.change_issue(
            repository,
            by,
            number,
            Change::Label {
                name: label.to_owned(),
                on,
            },
        );
    }

    /// A person closes or opens an issue.
    pub fn set_issue_open(&self, repository: &str, by: &str, number: u64, open: bool) {
        self.shared
            .change_issue(repository, by, number, Change::State { open, commit: None });
    }

    /// A person writes a comment.
    pub fn comment(&self, repository: &str, by: &str, number: u64, body: &str) -> Result<u64, SandboxError> {
        self.shared
            .new_comment(repository, by, number, body)
            .ok_or(SandboxError::Absent("issue"))
    }

    /// A person edits a comment.
    pub fn edit_comment(&self, repository: &str, by: &str, id: u64, body: &str) -> bool {
        self.shared.edit_comment(repository, by, id, body)
    }

    /// Somebody reports a vulnerability privately on a GitHub.
    pub fn report_privately(
        &self,
        repository: &str,
        by: &str,
        summary: &str,
        description: &str,
    ) -> Result<String, SandboxError> {
        let (at, mut world) = (self.shared.now(), self.world());
        let id = format!("GHSA-sand-box1-{:04}", world.id() % 10_000);
        let known = world
            .repositories
            .get_mut(repository)
            .ok_or(SandboxError::Absent("repository"))?;
        let vulnerabilities = serde_json::json!([]);
        let advisory = crate::world::Advisory {
            id: id.clone(),
            author: by.to_owned(),
            body: serde_json::json!({ "summary": summary, "description": description, "vulnerabilities": vulnerabilities }),
            state: "triage".to_owned(),
            created_at: at,
            published_at: None,
        };
        known.advisories.insert(id.clone(), advisory);
        Ok(id)
    }

    /// Somebody accepts an invitation to a repository of a GitHub; whether there was one.
    pub fn accept_invitation(&self, repository: &str, person: &str) -> bool {
        let mut world = self.world();
        let token = format!("ghp_{person}{}", world.id());
        let Some(known) = world.repositories.get_mut(repository) else {
            return false;
        };
        let before = known.invitations.len();
        known.invitations.retain(|_, invitee| invitee != person);
        let accepted = known.invitations.len() < before;
        if accepted {
            known.people.insert(person.to_owned(), Permission::Read);
            world.people.entry(person.to_owned()).or_insert(token);
        }
        accepted
    }

    /// What a person may do in a repository.
    pub fn permission(&self, repository: &str, person: &str) -> Option<Permission> {
        self.world().repositories.get(repository)?.people.get(person).copied()
    }

    /// The issues whose titles start like this, in their order.
    pub fn issues_titled(&self, repository: &str, start: &str) -> Vec<u64> {
        let world = self.world();
        let issues = world.repositories.get(repository).map(|known| &known.issues);
        let fits = |issue: &&crate::world::Issue| issue.title.starts_with(start);
        issues
            .into_iter()
            .flat_map(|issues| issues.values())
            .filter(fits)
            .map(|issue| issue.number)
            .collect()
    }

    /// The description and the labels of an issue.
    pub fn issue(&self, repository: &str, number: u64) -> Option<(String, Vec<String>)> {
        let world = self.world();
        let issue = world.repositories.get(repository)?.issues.get(&number)?;
        Some((issue.body.clone(), issue.labels.iter().cloned().collect()))
    }

    /// The comments of an issue or pull request: author and text.
    pub fn comments(&self, repository: &str, number: u64) -> Vec<(String, String)> {
        let world = self.world();
        let issue = world
            .repositories
            .get(repository)
            .and_then(|known| known.issues.get(&number));
        let comments = issue.into_iter().flat_map(|issue| &issue.comments);
        comments
            .filter(|comment| !comment.system)
            .map(|comment| (comment.author.clone(), comment.body.clone()))
            .collect()
    }

    /// The comments by others that somebody reads who wrote an issue and has no role in the project.
    pub fn comments_seen_by(&self, repository: &str, author: &str, number: u64) -> Vec<String> {
        let world = self.world();
        let Some(known) = world.repositories.get(repository) else {
            return Vec::new();
        };
        let actor = crate::world::Actor::Person(author.to_owned());
        let issue = known
            .issues
            .get(&number)
            .filter(|issue| known.sees_issue(&actor, issue));
        let comments = issue.into_iter().flat_map(|issue| &issue.comments);
        comments
            .filter(|comment| !comment.system && comment.author != author && known.sees_note(&actor, comment))
            .map(|comment| comment.body.clone())
            .collect()
    }

    /// Whether an issue is open.
    pub fn issue_is_open(&self, repository: &str, number: u64) -> Option<bool> {
        let world = self.world();
        world
            .repositories
            .get(repository)
            .and_then(|known| known.issues.get(&number))
            .map(|issue| issue.open)
    }

    /// A person merges a pull request.
    pub async fn merge_pull(&self, repository: &str, by: &str, number: u64) -> Result<String, SandboxError> {
        self.shared.merge_pull(repository, by, number).await
    }

    /// The pull requests: number, head branch, and whether it is open and merged.
    pub fn pulls(&self, repository: &str) -> Vec<(u64, String, bool, bool)> {
        let world = self.world();
        let pulls = world
            .repositories
            .get(repository)
            .into_iter()
            .flat_map(|known| known.pulls.values());
        pulls
            .map(|pull| (pull.number, pull.head.clone(), pull.open, pull.merged_at.is_some()))
            .collect()
    }

    /// Another App's check finishes (`success`, `failure` …), or starts (`None`).
    pub fn set_check(&self, repository: &str, sha: &str, name: &str, conclusion: Option<&str>) {
        if self.flavour() == Flavour::Gitlab {
            let state = match conclusion {
                None => "running",
                Some("success") => "success",
                Some("neutral" | "skipped") => "skipped",
                Some(_) => "failed",
            };
            return self.set_job(repository, sha, name, state);
        }
        let at = self.shared.now();
        let mut world = self.world();
        let id = world.id();
        if let Some(known) = world.repositories.get_mut(repository) {
            known.runs.push(Run {
                id,
                name: name.to_owned(),
                sha: sha.to_owned(),
                status: if conclusion.is_some() {
                    "completed"
                } else {
                    "in_progress"
                }
                .to_owned(),
                conclusion: conclusion.map(str::to_owned),
                output: serde_json::Value::Null,
                app: 99,
                slug: "ci".to_owned(),
                at,
            });
        }
    }

    /// A status is set on a commit.
    pub fn set_status(&self, repository: &str, sha: &str, context: &str, state: &str) {
        if self.flavour() == Flavour::Gitlab {
            let state = if matches!(state, "failure" | "error") {
                "failed"
            } else {
                state
            };
            return self.set_job(repository, sha, context, state);
        }
        let at = self.shared.now();
        let mut world = self.world();
        let id = world.id();
        if let Some(known) = world.repositories.get_mut(repository) {
            let (sha, context, state) = (sha.to_owned(), context.to_owned(), state.to_owned());
            known.statuses.push(Status {
                id,
                sha,
                context,
                state,
                at,
            });
        }
    }

    /// The conclusion and summary of the bot's check of this name on a commit.
    pub fn check(&self, repository: &str, sha: &str, name: &str) -> Option<(String, String)> {
        if self.flavour() == Flavour::Gitlab {
            return self.job(repository, sha, name);
        }
        let world = self.world();
        let known = world.repositories.get(repository)?;
        let run = known.runs.iter().rev().find(|run| run.sha == sha && run.name == name)?;
        let summary = run.output["summary"].as_str().unwrap_or_default().to_owned();
        Some((run.conclusion.clone().unwrap_or_default(), summary))
    }

    /// The advisories of a repository, whole, with their states.
    pub fn advisories(&self, repository: &str) -> Vec<serde_json::Value> {
        let world = self.world();
        let known = world
            .repositories
            .get(repository)
            .into_iter()
            .flat_map(|known| known.advisories.values());
        known
            .map(|advisory| crate::github::json::advisory(&self.shared.url, repository, advisory))
            .collect()
    }
}

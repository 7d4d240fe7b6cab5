//! What people do on a GitLab alone, in process.

use super::state::{Access, Protection, Scope};
use super::statuses::NewStatus;
use crate::consequences::Change;
use crate::{Sandbox, SandboxError};

impl Sandbox {
    /// A person writes a confidential issue.
    pub fn open_confidential_issue(
        &self,
        project: &str,
        by: &str,
        title: &str,
        body: &str,
    ) -> Result<u64, SandboxError> {
        self.shared
            .new_issue(project, by, title, body, true)
            .ok_or(SandboxError::Absent("project"))
    }

    /// A person hides an issue, or shows it to everybody.
    pub fn set_confidential(&self, project: &str, by: &str, number: u64, on: bool) {
        self.shared.change_issue(project, by, number, Change::Confidential(on));
    }

    /// Whether an issue is confidential.
    pub fn is_confidential(&self, project: &str, number: u64) -> Option<bool> {
        let world = self.world();
        let issue = world.repositories.get(project)?.issues.get(&number)?;
        Some(issue.confidential)
    }

    /// The notes of a merge request: author and text.
    pub fn merge_request_notes(&self, project: &str, number: u64) -> Vec<(String, String)> {
        let world = self.world();
        let pull = world
            .repositories
            .get(project)
            .and_then(|known| known.pulls.get(&number));
        let notes = pull.into_iter().flat_map(|pull| &pull.notes);
        notes.map(|note| (note.author.clone(), note.body.clone())).collect()
    }

    /// Gives a person a further token, with a scope.
    pub fn add_token(&self, person: &str, token: &str, scope: Scope) {
        let token = token.to_owned();
        self.world().scoped.insert(token, (person.to_owned(), scope));
    }

    /// The token that a person works with.
    pub fn token_of(&self, person: &str) -> Option<String> {
        self.world().people.get(person).cloned()
    }

    /// Protects the branches of a name, in which `*` stands for anything, at these levels for pushing and merging; 0 is
    /// nobody.
    pub fn protect_branch(&self, project: &str, name: &str, push: u64, merge: u64) {
        let mut world = self.world();
        let id = world.id();
        if let Some(known) = world.repositories.get_mut(project) {
            let rule = Protection {
                id,
                push: vec![Access::Level(push)],
                merge: vec![Access::Level(merge)],
                allow_force_push: false,
            };
            known.lab.protected.insert(name.to_owned(), rule);
        }
    }

    /// Takes the protection of a name away.
    pub fn unprotect_branch(&self, project: &str, name: &str) {
        if let Some(known) = self.world().repositories.get_mut(project) {
            known.lab.protected.remove(name);
        }
    }

    /// Lets one person push to the branches of a rule, beside those whom it lets already.
    pub fn let_push(&self, project: &str, name: &str, person: &str) {
        let mut world = self.world();
        let rule = world
            .repositories
            .get_mut(project)
            .and_then(|known| known.lab.protected.get_mut(name));
        if let Some(rule) = rule {
            rule.push.push(Access::User(super::state::user_id(person)));
        }
    }

    /// Gives a project a CI configuration: from now on pushes create pipelines.
    pub fn set_ci(&self, project: &str, on: bool) {
        if let Some(known) = self.world().repositories.get_mut(project) {
            known.lab.ci = on;
        }
    }

    /// The pipelines of a project: branch, commit and what created them.
    pub fn pipelines(&self, project: &str) -> Vec<(String, String, &'static str)> {
        let world = self.world();
        let known = world.repositories.get(project).into_iter();
        let pipelines = known.flat_map(|known| &known.lab.pipelines);
        pipelines
            .map(|pipeline| (pipeline.branch.clone(), pipeline.sha.clone(), pipeline.source))
            .collect()
    }

    /// The next status of a project meets another that is being written.
    pub fn conflict_next_status(&self, project: &str) {
        if let Some(known) = self.world().repositories.get_mut(project) {
            known.lab.conflict = true;
        }
    }

    /// Says which confidential events a project's webhook wants.
    pub fn set_hook(&self, project: &str, confidential_issues: bool, confidential_notes: bool) {
        if let Some(known) = self.world().repositories.get_mut(project) {
            known.lab.hook.confidential_issues = confidential_issues;
            known.lab.hook.confidential_notes = confidential_notes;
        }
    }

    /// Another's job on a commit finishes, or starts.
    pub(crate) fn set_job(&self, project: &str, sha: &str, name: &str, state: &str) {
        let branch = {
            let world = self.world();
            let known = world.repositories.get(project);
            let pipelines = known.into_iter().flat_map(|known| known.lab.pipelines.iter().rev());
            let of_commit = pipelines.filter(|pipeline| pipeline.sha == sha);
            of_commit.map(|pipeline| pipeline.branch.clone()).next()
        };
        let new = NewStatus {
            sha,
            pipeline: None,
            branch: branch.unwrap_or_else(|| "detached".to_owned()),
            name: name.to_owned(),
            state: state.to_owned(),
            description: None,
            target_url: None,
            author: "ci".to_owned(),
        };
        // What cannot follow on the state before is no change.
        let _ = self.shared.set_job(project, new);
    }

    /// The state, as a conclusion, and the description of the latest job of this name on a commit.
    pub(crate) fn job(&self, project: &str, sha: &str, name: &str) -> Option<(String, String)> {
        let world = self.world();
        let jobs = &world.repositories.get(project)?.lab.jobs;
        let job = jobs.iter().rev().find(|job| job.sha == sha && job.name == name)?;
        let conclusion = match job.state.as_str() {
            "failed" => "failure",
            state => state,
        };
        Some((conclusion.to_owned(), job.description.clone().unwrap_or_default()))
    }
}

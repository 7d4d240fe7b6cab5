//! The adapter for GitHub: a GitHub App on github.com or on an enterprise server.

mod advisories;
mod audience;
mod checks;
mod client;
mod issues;
mod pulls;
mod rules;

pub use client::{App, GithubRepository};

use async_trait::async_trait;
use embargod_core::checks::Check;
use embargod_core::{BranchName, CommitId};

use crate::error::{Class, ForgeError};
use crate::port::{
    Access, AdvisoryDraft, AdvisoryText, Audience, CheckRun, Comment, Credential, Forge, Issue, IssueEvent, Obstacle,
    PrivateReport, PullRequest, ReleaseNotes, RepositoryFacts, Team, Thread,
};

// The trait is one list; each concern has its own file, and this only hands over.
#[async_trait]
impl Forge for GithubRepository {
    async fn bot(&self) -> Result<String, ForgeError> {
        self.app().bot().await
    }

    async fn repository(&self) -> Result<RepositoryFacts, ForgeError> {
        self.read_repository().await
    }

    async fn audience(&self) -> Result<Audience, ForgeError> {
        self.read_audience().await
    }

    async fn obstacles(&self, branch: &BranchName) -> Result<Vec<Obstacle>, ForgeError> {
        self.read_obstacles(branch).await
    }

    async fn guard(&self, _branches: &[BranchName]) -> Result<Vec<Obstacle>, ForgeError> {
        Ok(Vec::new())
    }

    async fn set_default_branch(&self, branch: &BranchName) -> Result<(), ForgeError> {
        self.write_default_branch(branch).await
    }

    async fn credential(&self) -> Result<Credential, ForgeError> {
        self.mint_credential().await
    }

    async fn issue(&self, number: u64) -> Result<Issue, ForgeError> {
        self.read_issue(number).await
    }

    async fn issues_labelled(&self, label: &str) -> Result<Vec<Issue>, ForgeError> {
        self.list_issues(label).await
    }

    async fn issue_events(&self, number: u64) -> Result<Vec<IssueEvent>, ForgeError> {
        self.list_events(number).await
    }

    async fn create_issue(&self, title: &str, body: &str, labels: &[&str]) -> Result<u64, ForgeError> {
        self.write_issue(title, body, labels).await
    }

    async fn set_label(&self, number: u64, label: &str, on: bool) -> Result<(), ForgeError> {
        self.write_label(number, label, on).await
    }

    async fn set_issue_open(&self, number: u64, open: bool) -> Result<(), ForgeError> {
        self.write_issue_state(number, open).await
    }

    async fn set_confidential(&self, _number: u64, _confidential: bool) -> Result<(), ForgeError> {
        let problem = "GitHub has no confidential issues: a private repository is the protection";
        Err(ForgeError::new("change who sees the issue", Class::Permanent, problem))
    }

    async fn comments(&self, thread: Thread) -> Result<Vec<Comment>, ForgeError> {
        self.list_comments(number(thread)).await
    }

    async fn create_comment(&self, thread: Thread, body: &str) -> Result<u64, ForgeError> {
        self.write_comment(number(thread), body).await
    }

    async fn edit_comment(&self, _thread: Thread, id: u64, body: &str) -> Result<(), ForgeError> {
        self.change_comment(id, body).await
    }

    async fn private_reports(&self) -> Result<Vec<PrivateReport>, ForgeError> {
        self.list_private_reports().await
    }

    async fn settle_private_report(&self, id: &str, accepted: bool) -> Result<(), ForgeError> {
        self.write_private_report(id, accepted).await
    }

    async fn answer_reporter(&self, _: u64, _: &str, _: &str) -> Result<(), ForgeError> {
        let problem = "it has no issues that only their author and the team see";
        Err(ForgeError::new("answer a reporter", Class::Permanent, problem))
    }

    async fn pull_requests(&self, head: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.list_pulls(head).await
    }

    async fn open_pull_request(
        &self,
        head: &BranchName,
        base: &BranchName,
        title: &str,
        body: &str,
    ) -> Result<u64, ForgeError> {
        self.write_pull(head, base, title, body).await
    }

    async fn checks(&self, commit: &CommitId) -> Result<Vec<Check>, ForgeError> {
        self.list_checks(commit).await
    }

    async fn set_check(&self, commit: &CommitId, run: &CheckRun) -> Result<(), ForgeError> {
        self.write_check(commit, run).await
    }

    /// GitHub starts what a push asks for, however many branches it has.
    async fn start_pipeline(&self, _branch: &BranchName, _commit: &CommitId) -> Result<(), ForgeError> {
        Ok(())
    }

    async fn access(&self, person: &str) -> Result<Access, ForgeError> {
        self.read_access(person).await
    }

    async fn let_in(&self, person: &str) -> Result<(), ForgeError> {
        self.write_reader(person).await
    }

    async fn take_out(&self, person: &str) -> Result<(), ForgeError> {
        self.delete_reader(person).await
    }

    async fn is_member(&self, team: &Team, person: &str) -> Result<bool, ForgeError> {
        self.read_membership(team, person).await
    }

    async fn publish_release(&self, _notes: &ReleaseNotes) -> Result<(), ForgeError> {
        let problem = "on GitHub the advisory itself is published";
        Err(ForgeError::new("publish a release", Class::Permanent, problem))
    }

    fn hides_issues(&self) -> bool {
        false
    }

    fn has_advisories(&self) -> bool {
        true
    }

    async fn find_draft(&self, summary: &str) -> Result<Option<AdvisoryDraft>, ForgeError> {
        self.search_draft(summary).await
    }

    async fn create_draft(&self, text: &AdvisoryText) -> Result<AdvisoryDraft, ForgeError> {
        self.write_draft(text).await
    }

    async fn advisory(&self, id: &str) -> Result<AdvisoryDraft, ForgeError> {
        self.read_advisory(id).await
    }

    async fn publish_advisory(&self, id: &str, text: &AdvisoryText) -> Result<AdvisoryDraft, ForgeError> {
        self.write_publication(id, text).await
    }
}

/// GitHub numbers issues and pull requests together.
fn number(thread: Thread) -> u64 {
    match thread {
        Thread::Issue(number) | Thread::PullRequest(number) => number,
    }
}

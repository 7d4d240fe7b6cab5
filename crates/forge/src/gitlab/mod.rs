//! The adapter for GitLab: an account with a token, on gitlab.com or on an instance of one's own.

mod client;
mod issues;
mod members;
mod merge_requests;
mod notes;
mod protection;
mod releases;
mod statuses;

pub use client::{GitlabRepository, Instance};

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
impl Forge for GitlabRepository {
    async fn bot(&self) -> Result<String, ForgeError> {
        Ok(self.instance().bot().await?.username.clone())
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

    async fn guard(&self, branches: &[BranchName]) -> Result<Vec<Obstacle>, ForgeError> {
        self.guard_branches(branches).await
    }

    async fn set_default_branch(&self, branch: &BranchName) -> Result<(), ForgeError> {
        self.write_default_branch(branch).await
    }

    async fn credential(&self) -> Result<Credential, ForgeError> {
        Ok(self.git_credential())
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

    async fn set_confidential(&self, number: u64, confidential: bool) -> Result<(), ForgeError> {
        self.write_confidential(number, confidential).await
    }

    async fn comments(&self, thread: Thread) -> Result<Vec<Comment>, ForgeError> {
        self.list_notes(thread).await
    }

    async fn create_comment(&self, thread: Thread, body: &str) -> Result<u64, ForgeError> {
        self.write_note(thread, body).await
    }

    async fn edit_comment(&self, thread: Thread, id: u64, body: &str) -> Result<(), ForgeError> {
        self.edit_note(thread, id, body).await
    }

    async fn private_reports(&self) -> Result<Vec<PrivateReport>, ForgeError> {
        self.list_private_reports().await
    }

    async fn settle_private_report(&self, id: &str, accepted: bool) -> Result<(), ForgeError> {
        self.write_private_report(id, accepted).await
    }

    async fn answer_reporter(&self, number: u64, key: &str, body: &str) -> Result<(), ForgeError> {
        self.write_answer(number, key, body).await
    }

    async fn pull_requests(&self, head: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        self.list_merge_requests(head).await
    }

    async fn open_pull_request(
        &self,
        head: &BranchName,
        base: &BranchName,
        title: &str,
        body: &str,
    ) -> Result<u64, ForgeError> {
        self.write_merge_request(head, base, title, body).await
    }

    async fn checks(&self, commit: &CommitId) -> Result<Vec<Check>, ForgeError> {
        self.list_checks(commit).await
    }

    async fn set_check(&self, commit: &CommitId, run: &CheckRun) -> Result<(), ForgeError> {
        self.write_status(commit, run).await
    }

    async fn start_pipeline(&self, branch: &BranchName, commit: &CommitId) -> Result<(), ForgeError> {
        self.run_pipeline(branch, commit).await
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

    async fn publish_release(&self, notes: &ReleaseNotes) -> Result<(), ForgeError> {
        self.write_release(notes).await
    }

    fn hides_issues(&self) -> bool {
        true
    }

    fn has_advisories(&self) -> bool {
        false
    }

    async fn find_draft(&self, _: &str) -> Result<Option<AdvisoryDraft>, ForgeError> {
        Err(no_advisories())
    }

    async fn create_draft(&self, _: &AdvisoryText) -> Result<AdvisoryDraft, ForgeError> {
        Err(no_advisories())
    }

    async fn advisory(&self, _: &str) -> Result<AdvisoryDraft, ForgeError> {
        Err(no_advisories())
    }

    async fn publish_advisory(&self, _: &str, _: &AdvisoryText) -> Result<AdvisoryDraft, ForgeError> {
        Err(no_advisories())
    }
}

fn no_advisories() -> ForgeError {
    ForgeError::new("use an advisory", Class::Permanent, "GitLab has none")
}

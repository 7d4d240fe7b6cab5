//! The port: what the bot asks of a forge, in words that fit every forge.

use async_trait::async_trait;
use embargod_core::checks::Check;
use embargod_core::{BranchName, CommitId};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::error::ForgeError;

/// What a repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// Whether only people with access see it.
    pub private: bool,
    /// Whether it is a fork, and so shares objects with another.
    pub fork: bool,
    /// Whether people may fork it; `None` where the forge does not say.
    pub forking_allowed: Option<bool>,
    /// The default branch, as the forge writes it.
    pub default_branch: String,
}

/// Who can see a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audience {
    /// People by name.
    pub people: Vec<String>,
    /// Teams.
    pub teams: Vec<String>,
    /// How many webhooks send its events elsewhere.
    pub hooks: Option<usize>,
    /// How many of these the forge has switched off, for a while or for good, because they failed.
    pub paused_hooks: usize,
    /// What could not be read.
    pub unreadable: Vec<&'static str>,
}

/// What would make the forge refuse the bot's push to a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The rule.
    pub rule: String,
    /// What somebody must do.
    pub remedy: String,
}

/// An issue. Embargoed: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its description.
    pub body: String,
    /// Whether it is open.
    pub open: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether only people with a role in the repository see it. On GitHub no issue is: there a private repository is the
    /// protection.
    pub confidential: bool,
}

/// Where comments stand. Forges may number issues and pull requests separately, and address a comment below its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread {
    /// An issue.
    Issue(u64),
    /// A pull request.
    PullRequest(u64),
}

/// Something that happened to an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueEvent {
    /// Stable and unique, but not in order: of two events the later one has the higher instant, then the higher id.
    pub id: u64,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: IssueEventKind,
}

/// What happened to an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueEventKind {
    /// This label was put on.
    Labeled(String),
    /// This label was taken off.
    Unlabeled(String),
    /// It was closed: by a commit or a pull request, or by a person.
    Closed {
        /// Whether a commit did it.
        by_commit: bool,
    },
}

/// A comment. Embargoed: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Comment {
    /// The forge's id of it; later ones are higher.
    pub id: u64,
    /// Who wrote it.
    pub author: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was changed last; the same instant where it never was.
    pub updated_at: Timestamp,
    /// The text.
    pub body: String,
}

/// Where a pull request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    /// Open.
    Open,
    /// Closed without a merge.
    Closed,
    /// Merged.
    Merged,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Where it stands.
    pub state: PullState,
    /// The commit at its head.
    pub head: CommitId,
    /// The branch that it would be merged into.
    pub base: String,
}

/// A check of the bot's own on a commit.
#[derive(Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// `embargod/embargo` or `embargod/backports`.
    pub name: &'static str,
    /// Whether it passed.
    pub passed: bool,
    /// One line.
    pub title: String,
    /// The reasons, Markdown.
    pub summary: String,
}

/// Whether a person can see a repository now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Yes.
    Yes,
    /// No.
    No,
    /// The forge has no answer to this question.
    Unknown,
}

/// A team of a forge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Team {
    /// The organisation or group.
    pub organisation: String,
    /// The team in it.
    pub slug: String,
}

/// What an advisory says. Embargoed until it is published: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct AdvisoryText {
    /// One line.
    pub summary: String,
    /// Markdown.
    pub description: String,
    /// The severity in the forge's word, where there is no vector.
    pub severity: Option<String>,
    /// The CVSS vector.
    pub cvss: Option<String>,
    /// `CWE-` and a number.
    pub cwes: Vec<String>,
    /// The CVE.
    pub cve: Option<String>,
    /// The ecosystem of the package.
    pub ecosystem: String,
    /// The package.
    pub package: String,
}

/// Notes of a release. Embargoed until they are published: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct ReleaseNotes {
    /// The tag; it is made where there is none.
    pub tag: String,
    /// The commit that a new tag is put on.
    pub commit: CommitId,
    /// One line.
    pub name: String,
    /// Markdown.
    pub description: String,
}

/// A draft or published advisory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisoryDraft {
    /// The forge's id, such as `GHSA-…`.
    pub id: String,
    /// Whether it is public.
    pub published: bool,
    /// Where people read it.
    pub url: String,
}

/// What somebody outside wrote on the forge for the team alone. Embargoed: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateReport {
    /// The forge's id of it: `GHSA-…` (GitHub), or the number of a confidential issue (GitLab).
    pub id: String,
    /// Where it is read.
    pub url: String,
    /// Who wrote it; nobody where the forge does not say.
    pub author: Option<String>,
    /// One line.
    pub title: String,
    /// Markdown.
    pub description: String,
    /// When.
    pub created_at: Timestamp,
}

/// What git asks for at a repository.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The clone URL.
    pub url: String,
    /// The user.
    pub user: String,
    /// The token; short-lived.
    pub token: SecretString,
}

/// One repository on a forge.
#[async_trait]
pub trait Forge: Send + Sync {
    /// The name under which the bot writes.
    async fn bot(&self) -> Result<String, ForgeError>;
    /// What the repository is.
    async fn repository(&self) -> Result<RepositoryFacts, ForgeError>;
    /// Who can see it, as far as the forge says.
    async fn audience(&self) -> Result<Audience, ForgeError>;
    /// What would make the forge refuse the bot's push to a branch.
    async fn obstacles(&self, branch: &BranchName) -> Result<Vec<Obstacle>, ForgeError>;
    /// On the mirror: makes sure that nobody but the bot can push to these branches and merge into them, as far as the
    /// forge lets it, and tells what is lacking. GitHub's required checks are looked at elsewhere: there it is nothing.
    async fn guard(&self, branches: &[BranchName]) -> Result<Vec<Obstacle>, ForgeError>;
    /// Makes a branch the default one.
    async fn set_default_branch(&self, branch: &BranchName) -> Result<(), ForgeError>;
    /// What git asks for.
    async fn credential(&self) -> Result<Credential, ForgeError>;

    /// An issue.
    async fn issue(&self, number: u64) -> Result<Issue, ForgeError>;
    /// Open and closed issues with a label.
    async fn issues_labelled(&self, label: &str) -> Result<Vec<Issue>, ForgeError>;
    /// What happened to an issue, oldest first.
    async fn issue_events(&self, number: u64) -> Result<Vec<IssueEvent>, ForgeError>;
    /// Writes an issue with these labels; where strangers see the repository, one that they do not.
    async fn create_issue(&self, title: &str, body: &str, labels: &[&str]) -> Result<u64, ForgeError>;
    /// Puts a label on an issue or takes it off; harmless where it is so already.
    async fn set_label(&self, number: u64, label: &str, on: bool) -> Result<(), ForgeError>;
    /// Opens or closes an issue.
    async fn set_issue_open(&self, number: u64, open: bool) -> Result<(), ForgeError>;
    /// Shows an issue to people with a role alone, or to everybody who sees the repository.
    async fn set_confidential(&self, number: u64, confidential: bool) -> Result<(), ForgeError>;
    /// The comments of an issue or pull request, oldest first.
    async fn comments(&self, thread: Thread) -> Result<Vec<Comment>, ForgeError>;
    /// Writes a comment.
    async fn create_comment(&self, thread: Thread, body: &str) -> Result<u64, ForgeError>;
    /// Changes a comment of the bot's.
    async fn edit_comment(&self, thread: Thread, id: u64, body: &str) -> Result<(), ForgeError>;

    /// What people outside wrote here for the team alone, and nobody has closed: private vulnerability reports (GitHub),
    /// confidential issues (GitLab).
    async fn private_reports(&self) -> Result<Vec<PrivateReport>, ForgeError>;
    /// Tells the forge what became of such a report: it is worked on, or it was none. Harmless where the forge knows.
    async fn settle_private_report(&self, id: &str, accepted: bool) -> Result<(), ForgeError>;
    /// Answers whoever wrote a confidential issue in this public project, where they read it; once for each key. GitHub has
    /// no such issues.
    async fn answer_reporter(&self, number: u64, key: &str, body: &str) -> Result<(), ForgeError>;

    /// The pull requests from a branch of this repository, oldest first.
    async fn pull_requests(&self, head: &BranchName) -> Result<Vec<PullRequest>, ForgeError>;
    /// Opens a pull request.
    async fn open_pull_request(
        &self,
        head: &BranchName,
        base: &BranchName,
        title: &str,
        body: &str,
    ) -> Result<u64, ForgeError>;
    /// The latest run of every check on a commit, the bot's own included.
    async fn checks(&self, commit: &CommitId) -> Result<Vec<Check>, ForgeError>;
    /// Puts a check of the bot's on a commit; harmless when it is there already.
    async fn set_check(&self, commit: &CommitId, run: &CheckRun) -> Result<(), ForgeError>;

    /// Starts the pipeline of a branch at a commit where the forge did not do so by itself; harmless when there is one.
    async fn start_pipeline(&self, branch: &BranchName, commit: &CommitId) -> Result<(), ForgeError>;

    /// Whether a person can see the repository now.
    async fn access(&self, person: &str) -> Result<Access, ForgeError>;
    /// Lets a person read this private repository; harmless where they see it. They may have to accept first.
    async fn let_in(&self, person: &str) -> Result<(), ForgeError>;
    /// Takes away what [`Forge::let_in`] gave, an open invitation too; harmless where there is nothing.
    async fn take_out(&self, person: &str) -> Result<(), ForgeError>;
    /// Whether a person is in a team now.
    async fn is_member(&self, team: &Team, person: &str) -> Result<bool, ForgeError>;

    /// Publishes a release with these notes; harmless when there is one for the tag. Asked only of a forge without advisories.
    async fn publish_release(&self, notes: &ReleaseNotes) -> Result<(), ForgeError>;

    /// Whether the forge can hide an issue of a public repository from strangers.
    fn hides_issues(&self) -> bool;
    /// Whether the forge has advisories at all. Where it has none, nothing below is asked of it.
    fn has_advisories(&self) -> bool;
    /// The draft advisory with this summary, if there is one.
    async fn find_draft(&self, summary: &str) -> Result<Option<AdvisoryDraft>, ForgeError>;
    /// Writes a draft advisory.
    async fn create_draft(&self, text: &AdvisoryText) -> Result<AdvisoryDraft, ForgeError>;
    /// An advisory.
    async fn advisory(&self, id: &str) -> Result<AdvisoryDraft, ForgeError>;
    /// Gives an advisory its real text and makes it public.
    async fn publish_advisory(&self, id: &str, text: &AdvisoryText) -> Result<AdvisoryDraft, ForgeError>;
}

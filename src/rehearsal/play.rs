//! A case on the stage, moved on by what people say and push.

use embargod_core::CaseId;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::script::{ISSUE, LABEL, public_pushes, seed, snapshot};
use super::stage::{MIRROR, PUBLIC, Stage, StageError, git};

/// A case under way, and how far the timeline was when it began.
pub(super) struct Play {
    pub stage: Stage,
    pub case: CaseId,
    issue: u64,
    desk: &'static str,
    before: usize,
    fix: (std::path::PathBuf, String),
}

impl Play {
    /// A seeded public repository, an issue at the desk, and the label on it.
    pub async fn open(stage: Stage, desk: &'static str, confidential: bool) -> Result<Self, StageError> {
        let fix = seed(&stage).await?;
        let before = stage.at(PUBLIC).timeline().len();
        let sandbox = stage.at(desk);
        let issue = match confidential {
            true => sandbox.open_confidential_issue(desk, "alice", "A report", ISSUE)?,
            false => sandbox.open_issue(desk, "alice", "A report", ISSUE)?,
        };
        sandbox.label(desk, "alice", issue, LABEL, true);
        stage.settle().await?;
        let number = i64::try_from(issue).unwrap_or_default();
        let case = stage.server.store.latest_case("example", number).await;
        let case = case.map_err(crate::reconcile::PassError::from)?;
        let case = case.ok_or_else(|| StageError::Server("the case was not opened".into()))?;
        Ok(Self {
            stage,
            case,
            issue,
            desk,
            before,
            fix,
        })
    }

    /// A seeded public repository, and a report that comes by mail and is held.
    pub async fn hold(stage: Stage, mail: &str) -> Result<Self, StageError> {
        let fix = seed(&stage).await?;
        let before = stage.at(PUBLIC).timeline().len();
        stage.sandbox.receive_mail(mail.as_bytes());
        stage.settle().await?;
        let issue = stage.sandbox.issues_titled(MIRROR, "Report by mail").first().copied();
        let issue = issue.ok_or_else(|| StageError::Server("the report was not held".into()))?;
        let number = i64::try_from(issue).unwrap_or_default();
        let case = stage.server.store.latest_case("example", number).await;
        let case = case.map_err(crate::reconcile::PassError::from)?;
        let case = case.ok_or_else(|| StageError::Server("the report has no number".into()))?;
        Ok(Self {
            stage,
            case,
            issue,
            desk: MIRROR,
            before,
            fix,
        })
    }

    /// Somebody of the team writes the advisory into the issue, and puts the label on.
    pub async fn confirm(&self) -> Result<(), StageError> {
        let sandbox = self.stage.at(self.desk);
        let body = sandbox
            .issue(self.desk, self.issue)
            .map(|(body, _)| body)
            .unwrap_or_default();
        sandbox.edit_issue(self.desk, self.issue, &format!("{body}\n\n{ISSUE}"));
        sandbox.label(self.desk, "alice", self.issue, LABEL, true);
        self.stage.settle().await
    }

    /// A mail comes in.
    pub async fn receive(&self, mail: &str) -> Result<(), StageError> {
        self.stage.sandbox.receive_mail(mail.as_bytes());
        self.stage.settle().await
    }

    /// The case in another issue than this one's.
    pub fn turn_to(&mut self, issue: u64, case: CaseId) {
        (self.issue, self.case) = (issue, case);
    }

    /// The issue of the case.
    pub fn issue(&self) -> u64 {
        self.issue
    }

    /// Whether the issue is open.
    pub fn is_open(&self) -> bool {
        self.stage.at(self.desk).issue_is_open(self.desk, self.issue) == Some(true)
    }

    /// Dave pushes the fix.
    pub async fn fix(&self) -> Result<(), StageError> {
        let desk = self.stage.clone_for("dave", MIRROR).await?;
        let (from, name) = (self.fix.0.to_str().unwrap_or_default(), &self.fix.1);
        git(&desk, &["fetch", "--quiet", from, name]).await?;
        let to = format!("+FETCH_HEAD:refs/heads/embargo/{}/master", self.case);
        git(&desk, &["push", "--quiet", "origin", &to]).await?;
        self.stage.settle().await
    }

    /// What is needed before a publication, apart from the date.
    pub async fn agree(&self) -> Result<(), StageError> {
        self.say("carol", "cve waive because this is a rehearsal").await?;
        self.say("alice", "approve").await?;
        self.say("bob", "publish").await
    }

    /// A person gives a command.
    pub async fn say(&self, person: &str, command: &str) -> Result<(), StageError> {
        let text = format!("/embargo {command}");
        self.stage.at(self.desk).comment(self.desk, person, self.issue, &text)?;
        self.stage.settle().await
    }

    /// The clock moves to an instant.
    pub async fn wait_until(&self, at: Timestamp) -> Result<(), StageError> {
        self.stage.clock.move_to(at);
        self.stage.settle().await
    }

    /// The clock moves by so many hours.
    pub async fn wait_hours(&self, hours: i64) -> Result<(), StageError> {
        use crate::clock::Clock as _;
        self.wait_until(self.stage.clock.now() + SignedDuration::from_hours(hours))
            .await
    }

    /// What the bot knows.
    pub async fn facts(&self) -> Result<Value, StageError> {
        snapshot(&self.stage, self.case).await
    }

    /// The end of the embargo, if there is one.
    pub async fn end(&self) -> Result<Option<Timestamp>, StageError> {
        let facts = self.facts().await?;
        Ok(facts["embargo"]["ends_at"].as_str().and_then(|end| end.parse().ok()))
    }

    /// Whether every branch that is to be public is.
    pub async fn is_published(&self) -> Result<bool, StageError> {
        Ok(self.facts().await?["state"] == "published")
    }

    /// How many pushes the public repository saw since the case began.
    pub fn pushes(&self) -> usize {
        public_pushes(&self.stage, self.before)
    }

    /// How often the bot said something on the issue.
    pub fn said(&self, words: &str) -> usize {
        let comments = self.stage.at(self.desk).comments(self.desk, self.issue);
        comments.iter().filter(|(_, text)| text.contains(words)).count()
    }

    /// Whether a public branch has the fix.
    pub async fn is_fixed(&self, branch: &str) -> bool {
        let file = self
            .stage
            .at(PUBLIC)
            .git(PUBLIC, &["show", &format!("{branch}:copy.c")])
            .await;
        file.is_ok_and(|file| file.contains("length > 64"))
    }
}

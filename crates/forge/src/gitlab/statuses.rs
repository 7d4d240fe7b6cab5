//! Commit statuses, among which GitLab lists the jobs of its pipelines; and pipelines that are to be started.

use embargod_core::checks::{Check, CheckState};
use embargod_core::{BranchName, CommitId};
use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::client::{ALREADY_SO, GitlabRepository, NO_PIPELINE, encoded};
use crate::error::ForgeError;
use crate::port::CheckRun;

/// GitLab's limit for a description, in characters.
const MAX_DESCRIPTION: usize = 255;

#[derive(Deserialize)]
struct RawStatus {
    name: String,
    status: String,
    description: Option<String>,
    #[serde(default)]
    allow_failure: bool,
    pipeline_id: Option<u64>,
}

#[derive(Deserialize)]
struct RawPipeline {
    id: u64,
}

impl RawStatus {
    fn state(&self) -> CheckState {
        match self.status.as_str() {
            "success" => CheckState::Passed,
            // The project's own word is that the outcome of this one does not matter.
            "failed" | "manual" if self.allow_failure => CheckState::Skipped,
            "skipped" => CheckState::Skipped,
            "failed" | "canceled" => CheckState::Failed,
            _ => CheckState::Pending,
        }
    }
}

impl GitlabRepository {
    async fn statuses(&self, commit: &CommitId, filter: &str) -> Result<Vec<RawStatus>, ForgeError> {
        let path = format!("/repository/commits/{commit}/statuses{filter}");
        self.list("read the statuses", &path).await
    }

    pub(super) async fn list_checks(&self, commit: &CommitId) -> Result<Vec<Check>, ForgeError> {
        let read = |status: RawStatus| Check {
            state: status.state(),
            name: status.name,
        };
        // Several pipelines of one commit have a job of the same name each: all of them count.
        Ok(self.statuses(commit, "").await?.into_iter().map(read).collect())
    }

    /// A closed gate is `failed`, not `pending`: a pending pipeline could be told to merge as soon as it succeeds.
    ///
    /// A commit may have several pipelines (of a branch, of a merge request, started by hand), and the one that decides over a
    /// merge is the newest: each has the status.
    pub(super) async fn write_status(&self, commit: &CommitId, run: &CheckRun) -> Result<(), ForgeError> {
        let state = if run.passed { "success" } else { "failed" };
        let description: String = run.title.chars().take(MAX_DESCRIPTION).collect();
        let known = self.statuses(commit, &format!("?name={}", encoded(run.name))).await?;
        let path = format!("/pipelines?sha={commit}");
        let pipelines: Vec<RawPipeline> = self.list("list the pipelines", &path).await?;
        let has = |pipeline: Option<u64>| {
            let mut of_pipeline = known
                .iter()
                .filter(|known| known.name == run.name && (pipeline.is_none() || known.pipeline_id == pipeline));
            of_pipeline.any(|known| known.status == state && known.description.as_deref() == Some(&*description))
        };
        // Where there is no pipeline GitLab makes one for the status.
        let all: Vec<_> = match pipelines.is_empty() {
            true => vec![None],
            false => pipelines.into_iter().map(|pipeline| Some(pipeline.id)).collect(),
        };
        for pipeline in all.into_iter().filter(|pipeline| !has(*pipeline)) {
            let mut form = vec![
                ("state", state.to_owned()),
                ("name", run.name.to_owned()),
                ("description", description.clone()),
            ];
            form.extend(pipeline.map(|id| ("pipeline_id", id.to_string())));
            let written = self
                .send::<Value>("write a status", Method::POST, &format!("/statuses/{commit}"), &form)
                .await;
            done_already(written, ALREADY_SO)?;
        }
        Ok(())
    }

    /// A project without pipelines has none to start.
    pub(super) async fn run_pipeline(&self, branch: &BranchName, commit: &CommitId) -> Result<(), ForgeError> {
        let path = format!("/pipelines?sha={commit}&ref={}", encoded(branch.as_str()));
        let known: Vec<Value> = self.list("list the pipelines", &path).await?;
        if !known.is_empty() {
            return Ok(());
        }
        let form = [("ref", branch.to_string())];
        let started = self
            .send::<Value>("start a pipeline", Method::POST, "/pipeline", &form)
            .await;
        done_already(started, NO_PIPELINE)
    }
}

/// A refusal that says that nothing is left to do is no failure.
fn done_already(answer: Result<Value, ForgeError>, because: &str) -> Result<(), ForgeError> {
    match answer {
        Err(error) if !error.problem.starts_with(because) => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;

    #[test]
    fn a_job_that_may_fail_proves_nothing_and_closes_nothing() {
        for (status, allow_failure, expected) in [
            ("success", false, CheckState::Passed),
            ("failed", false, CheckState::Failed),
            ("failed", true, CheckState::Skipped),
            ("canceled", false, CheckState::Failed),
            ("skipped", false, CheckState::Skipped),
            ("manual", true, CheckState::Skipped),
            ("manual", false, CheckState::Pending),
            ("running", false, CheckState::Pending),
            ("waiting_for_resource", false, CheckState::Pending),
        ] {
            let raw = RawStatus {
                name: String::new(),
                status: status.to_owned(),
                description: None,
                allow_failure,
                pipeline_id: None,
            };
            assert_eq!(raw.state(), expected, "{status}");
        }
    }

    #[test]
    fn only_the_refusal_that_is_meant_is_no_failure() {
        let refused = |problem: &str| Err(ForgeError::new("try", Class::Permanent, problem));
        assert!(done_already(refused("the status is so already (HTTP 400)"), ALREADY_SO).is_ok());
        assert!(done_already(refused("it refused (HTTP 400)"), ALREADY_SO).is_err());
        assert!(done_already(Ok(Value::Null), NO_PIPELINE).is_ok());
    }
}

//! Checks: those of others, read; the bot's own, written as completed check runs.

use std::collections::BTreeMap;

use embargod_core::CommitId;
use embargod_core::checks::{Check, CheckState};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GithubRepository;
use crate::error::ForgeError;
use crate::port::CheckRun;

/// GitHub's limit for a summary, in bytes.
const MAX_SUMMARY: usize = 65_000;

#[derive(Deserialize)]
struct Owner {
    id: u64,
}

#[derive(Deserialize)]
struct Output {
    title: Option<String>,
    summary: Option<String>,
}

#[derive(Deserialize)]
struct RawRun {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    app: Option<Owner>,
    output: Option<Output>,
}

#[derive(Deserialize)]
struct RawStatus {
    context: String,
    state: String,
}

impl RawRun {
    fn state(&self) -> CheckState {
        match (self.status.as_str(), self.conclusion.as_deref()) {
            ("completed", Some("success")) => CheckState::Passed,
            ("completed", Some("neutral" | "skipped")) => CheckState::Skipped,
            ("completed", _) => CheckState::Failed,
            _ => CheckState::Pending,
        }
    }
}

impl GithubRepository {
    async fn runs(&self, commit: &CommitId, filter: &str) -> Result<Vec<RawRun>, ForgeError> {
        let path = self.path(&format!("/commits/{commit}/check-runs?filter=latest{filter}"));
        self.list("read the checks", &path, Some("check_runs")).await
    }

    pub(super) async fn list_checks(&self, commit: &CommitId) -> Result<Vec<Check>, ForgeError> {
        let runs = self.runs(commit, "").await?;
        let path = self.path(&format!("/commits/{commit}/statuses"));
        let statuses: Vec<RawStatus> = match self.list("read the statuses", &path, None).await {
            Err(error) if error.is_not_found() => Vec::new(),
            statuses => statuses?,
        };
        let mut checks: Vec<_> = runs
            .iter()
            .map(|run| Check {
                name: run.name.clone(),
                state: run.state(),
            })
            .collect();
        // The list has every status ever set, the latest of each context first.
        let mut latest = BTreeMap::new();
        for status in statuses {
            latest.entry(status.context).or_insert(match status.state.as_str() {
                "success" => CheckState::Passed,
                "pending" => CheckState::Pending,
                _ => CheckState::Failed,
            });
        }
        checks.extend(latest.into_iter().map(|(name, state)| Check { name, state }));
        Ok(checks)
    }

    pub(super) async fn write_check(&self, commit: &CommitId, run: &CheckRun) -> Result<(), ForgeError> {
        let conclusion = if run.passed { "success" } else { "failure" };
        let mut cut = run.summary.len().min(MAX_SUMMARY);
        while !run.summary.is_char_boundary(cut) {
            cut -= 1;
        }
        let summary = &run.summary[..cut];
        let name: String = url::form_urlencoded::byte_serialize(run.name.as_bytes()).collect();
        let ours =
            |known: &RawRun| known.name == run.name && known.app.as_ref().is_some_and(|app| app.id == self.app().id());
        let known = self
            .runs(commit, &format!("&check_name={name}"))
            .await?
            .into_iter()
            .find(ours);
        let same = |known: &RawRun| {
            let output = known.output.as_ref();
            known.conclusion.as_deref() == Some(conclusion)
                && output.and_then(|output| output.title.as_deref()) == Some(run.title.as_str())
                && output.and_then(|output| output.summary.as_deref()) == Some(summary)
        };
        let mut body = json!({
            "name": run.name,
            "status": "completed",
            "conclusion": conclusion,
            "output": { "title": run.title, "summary": summary },
        });
        let action = "write a check";
        match known {
            Some(known) if same(&known) => Ok(()),
            Some(known) => {
                let path = self.path(&format!("/check-runs/{}", known.id));
                self.send::<Value>(action, Method::PATCH, &path, &body)
                    .await
                    .map(|_| ())
            }
            None => {
                body["head_sha"] = json!(commit);
                self.send::<Value>(action, Method::POST, &self.path("/check-runs"), &body)
                    .await
                    .map(|_| ())
            }
        }
    }
}

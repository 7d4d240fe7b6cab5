//! Commit statuses, which GitLab keeps as jobs of pipelines, its own and those that it makes for them.

use axum::http::Method;
use serde_json::json;

use super::state::{Job, Pipeline};
use super::{Call, Reply, shapes};
use crate::git;

/// The latest of every name in every pipeline, or all.
pub(crate) fn list(call: &Call<'_>, method: &Method, sha: &str) -> Reply {
    if *method != Method::GET {
        return Reply::absent("");
    }
    let (name, branch, all) = (
        call.text("name"),
        call.text("ref"),
        call.flag("all").unwrap_or_default(),
    );
    let found = call.look(|known| {
        let fits = |job: &&Job| {
            job.sha == sha
                && name.as_ref().is_none_or(|name| *name == job.name)
                && branch.as_ref().is_none_or(|branch| *branch == job.branch)
        };
        let jobs = || known.lab.jobs.iter().filter(fits);
        let superseded = |job: &Job| {
            jobs().any(|other| other.id > job.id && other.name == job.name && other.pipeline == job.pipeline)
        };
        let shown = jobs().filter(|job| all || !superseded(job));
        shown
            .map(|job| shapes::status(&call.shared.url, job))
            .collect::<Vec<_>>()
    });
    Reply::list(found.unwrap_or_default().into_iter())
}

const STATES: [&str; 6] = ["pending", "running", "success", "failed", "canceled", "skipped"];

pub(crate) async fn write(call: &Call<'_>, method: &Method, sha: &str) -> Reply {
    if *method != Method::POST {
        return Reply::absent("");
    }
    if call.level() < 30 {
        return Reply::forbidden();
    }
    let state = match call.text("state") {
        None => return Reply::missing("state"),
        Some(state) if STATES.contains(&state.as_str()) => state,
        Some(_) => return Reply::with(400, json!({ "error": "state does not have a valid value" })),
    };
    let dir = call.shared.repository_dir(call.project);
    let object = format!("{sha}^{{commit}}");
    if git::run(&dir, &["cat-file", "-e", &object]).await.is_err() {
        return Reply::absent("Commit ");
    }
    if call.change(|known| std::mem::take(&mut known.lab.conflict)) == Some(true) {
        return Reply::message(409, "409 Conflict: another status update is in progress");
    }
    let pipeline = call.text("pipeline_id").map(|id| id.parse().unwrap_or_default());
    let named = pipeline.map(|id| {
        let found = call.look(|known| {
            let mut pipelines = known.lab.pipelines.iter();
            pipelines
                .find(|known| known.id == id && known.sha == sha)
                .map(|known| known.branch.clone())
        });
        found.flatten()
    });
    let branch = match (named, call.text("ref")) {
        (Some(None), _) => return Reply::absent("Pipeline for pipeline_id, sha and ref "),
        (Some(Some(branch)), _) | (None, Some(branch)) => Some(branch),
        (None, None) => branch_with(call, sha).await,
    };
    let Some(branch) = branch else {
        return Reply::absent("References for commit ");
    };
    let name = call.text("name").or_else(|| call.text("context"));
    let new = NewStatus {
        sha,
        pipeline,
        branch,
        name: name.unwrap_or_else(|| "default".to_owned()),
        state,
        description: call.text("description"),
        target_url: call.text("target_url"),
        author: call.by(),
    };
    match call.shared.set_job(call.project, new) {
        Some(Ok(job)) => {
            let found = call.look(|known| {
                let job = known.lab.jobs.iter().find(|known| known.id == job);
                job.map(|job| shapes::status(&call.shared.url, job))
            });
            found.flatten().map_or_else(|| Reply::absent(""), Reply::created)
        }
        Some(Err(problem)) => Reply::message(400, &problem),
        None => Reply::absent("Project "),
    }
}

/// The branch of the latest pipeline of a commit, or one that contains it.
async fn branch_with(call: &Call<'_>, sha: &str) -> Option<String> {
    let known = call.look(|known| {
        let mut pipelines = known.lab.pipelines.iter().rev();
        pipelines
            .find(|known| known.sha == sha)
            .map(|known| known.branch.clone())
    });
    if let Some(branch) = known.flatten() {
        return Some(branch);
    }
    let dir = call.shared.repository_dir(call.project);
    let (contains, format) = (format!("--contains={sha}"), "--format=%(refname:short)");
    let arguments = ["for-each-ref", "--count=1", &contains, format, "refs/heads/"];
    let found = git::run(&dir, &arguments).await.ok()?;
    (!found.is_empty()).then_some(found)
}

/// A status that is to be written.
pub(crate) struct NewStatus<'a> {
    pub sha: &'a str,
    /// The pipeline that it is for; else it is the latest of the commit and branch.
    pub pipeline: Option<u64>,
    pub branch: String,
    pub name: String,
    pub state: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub author: String,
}

impl crate::Shared {
    /// Writes a job of a commit's latest pipeline, or of one that is made for it. The error is GitLab's text where the
    /// state cannot follow on the one before.
    pub(crate) fn set_job(&self, project: &str, new: NewStatus<'_>) -> Option<Result<u64, String>> {
        let at = self.now();
        let mut world = self.world();
        let (id, fresh) = (world.id(), world.id());
        let lab = &mut world.repositories.get_mut(project)?.lab;
        let mut pipelines = lab.pipelines.iter().rev();
        let known = pipelines.find(|known| match new.pipeline {
            Some(id) => known.id == id,
            None => known.sha == new.sha && known.branch == new.branch,
        });
        let pipeline = match known {
            Some(known) => known.id,
            None => {
                let iid = lab.pipelines.len() as u64 + 1;
                lab.pipelines.push(Pipeline {
                    id: fresh,
                    iid,
                    sha: new.sha.to_owned(),
                    branch: new.branch.clone(),
                    source: "external",
                    by: new.author.clone(),
                    at,
                });
                fresh
            }
        };
        let unfinished = lab.jobs.iter_mut().rev().find(|job| {
            let same = job.pipeline == pipeline && job.name == new.name;
            same && matches!(job.state.as_str(), "pending" | "running")
        });
        if let Some(job) = unfinished {
            let event = match (job.state.as_str(), new.state.as_str()) {
                (_, "pending") => Some("enqueue"),
                ("running", "running") => Some("run"),
                _ => None,
            };
            if let Some(event) = event {
                let reason = format!("(Reason(s): Status cannot transition via \"{event}\")");
                return Some(Err(format!(
                    "Cannot transition status via :{event} from :{} {reason}",
                    job.state
                )));
            }
            (job.state, job.updated_at) = (new.state, at);
            job.description = new.description.or(job.description.take());
            return Some(Ok(job.id));
        }
        lab.jobs.push(Job {
            id,
            pipeline,
            sha: new.sha.to_owned(),
            branch: new.branch,
            name: new.name,
            state: new.state,
            description: new.description,
            target_url: new.target_url,
            author: new.author,
            created_at: at,
            updated_at: at,
        });
        Some(Ok(id))
    }
}

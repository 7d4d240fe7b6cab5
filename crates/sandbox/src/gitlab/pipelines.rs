//! Pipelines: which there are, and starting one.

use axum::http::Method;
use serde_json::json;

use super::state::{Job, Pipeline};
use super::{Call, Reply, shapes};
use crate::pushes::Moved;
use crate::{Shared, git};

/// A push creates pipelines for so many branches at most.
const MOST: usize = 4;

pub(crate) fn answer(call: &Call<'_>, method: &Method, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::GET, []) => list(call),
        (&Method::GET, [id]) => one(call, id.parse().unwrap_or_default(), 200),
        _ => Reply::absent(""),
    }
}

fn one(call: &Call<'_>, id: u64, status: u16) -> Reply {
    let found = call.look(|known| {
        let found = known.lab.pipelines.iter().find(|known| known.id == id)?;
        Some(shapes::pipeline(&call.shared.url, call.project, known, found))
    });
    let found = found.flatten();
    found.map_or_else(|| Reply::absent(""), |pipeline| Reply::with(status, pipeline))
}

fn list(call: &Call<'_>) -> Reply {
    let (sha, branch) = (call.text("sha"), call.text("ref"));
    let found = call.look(|known| {
        let fits = |pipeline: &&Pipeline| {
            sha.as_ref().is_none_or(|sha| *sha == pipeline.sha)
                && branch.as_ref().is_none_or(|branch| *branch == pipeline.branch)
        };
        let found = known.lab.pipelines.iter().rev().filter(fits);
        let shape = |pipeline| shapes::pipeline(&call.shared.url, call.project, known, pipeline);
        found.map(shape).collect::<Vec<_>>()
    });
    Reply::list(found.unwrap_or_default().into_iter())
}

pub(crate) async fn start(call: &Call<'_>, method: &Method) -> Reply {
    if *method != Method::POST {
        return Reply::absent("");
    }
    let Some(branch) = call.text("ref") else {
        return Reply::missing("ref");
    };
    if call.level() < 30 {
        return Reply::forbidden();
    }
    let branches = git::branches(&call.shared.repository_dir(call.project)).await;
    let Some(sha) = branches.get(&branch) else {
        return Reply::with(400, json!({ "message": { "base": ["Reference not found"] } }));
    };
    if call.look(|known| known.lab.ci) != Some(true) {
        return Reply::with(400, json!({ "message": { "base": ["Missing CI config file"] } }));
    }
    match call.shared.new_pipeline(call.project, &call.by(), "api", &branch, sha) {
        Some(id) => one(call, id, 201),
        None => Reply::absent("Project "),
    }
}

impl Shared {
    /// A pipeline with one job, which waits.
    fn new_pipeline(&self, project: &str, by: &str, source: &'static str, branch: &str, sha: &str) -> Option<u64> {
        let at = self.now();
        let mut world = self.world();
        let (id, job) = (world.id(), world.id());
        let lab = &mut world.repositories.get_mut(project)?.lab;
        let iid = lab.pipelines.len() as u64 + 1;
        lab.pipelines.push(Pipeline {
            id,
            iid,
            sha: sha.to_owned(),
            branch: branch.to_owned(),
            source,
            by: by.to_owned(),
            at,
        });
        lab.jobs.push(Job {
            id: job,
            pipeline: id,
            sha: sha.to_owned(),
            branch: branch.to_owned(),
            name: "build".to_owned(),
            state: "pending".to_owned(),
            description: None,
            target_url: None,
            author: by.to_owned(),
            created_at: at,
            updated_at: at,
        });
        Some(id)
    }

    /// What a push starts, where the project has a CI configuration.
    pub(crate) fn start_pipelines(&self, project: &str, by: &str, moved: &[Moved]) {
        let has_ci = self.world().repositories.get(project).is_some_and(|known| known.lab.ci);
        let heads = moved
            .iter()
            .filter_map(|moved| Some((&moved.reference, moved.new.as_ref()?)));
        for (reference, sha) in heads.filter(|_| has_ci).take(MOST) {
            let branch = reference.trim_start_matches("refs/heads/");
            self.new_pipeline(project, by, "push", branch, sha);
        }
    }
}

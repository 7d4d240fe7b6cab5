//! Check runs, which only Apps write, and commit statuses.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Reply, Request};
use crate::github::json;
use crate::world::{Actor, Run, Status};

pub(crate) fn answer(request: &Request<'_>, method: &Method, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::POST, ["check-runs"]) => create(request),
        (&Method::PATCH, ["check-runs", id]) => change(request, id),
        (&Method::GET, ["commits", sha, "check-runs"]) => list(request, sha),
        (&Method::GET, ["commits", sha, "statuses"]) => statuses(request, sha),
        (&Method::POST, ["statuses", sha]) => set_status(request, sha),
        _ => Reply::not_found(),
    }
}

fn create(request: &Request<'_>) -> Reply {
    if *request.actor != Actor::App {
        return Reply::forbidden();
    }
    let (Some(name), Some(sha)) = (request.text("name"), request.text("head_sha")) else {
        return Reply::invalid("CheckRun", "name and head_sha are needed");
    };
    let at = request.shared.now();
    let mut world = request.shared.world();
    let (id, app, slug) = (world.id(), world.app.id, world.app.slug.clone());
    let Some(known) = world.repositories.get_mut(request.repository) else {
        return Reply::not_found();
    };
    let run = Run {
        id,
        name: name.to_owned(),
        sha: sha.to_owned(),
        status: request.text("status").unwrap_or("queued").to_owned(),
        conclusion: request.text("conclusion").map(str::to_owned),
        output: request.body["output"].clone(),
        app,
        slug,
        at,
    };
    let body = json::run(&request.shared.url, request.repository, &run);
    known.runs.push(run);
    Reply::created(body)
}

fn change(request: &Request<'_>, id: &str) -> Reply {
    if *request.actor != Actor::App {
        return Reply::forbidden();
    }
    let at = request.shared.now();
    let mut world = request.shared.world();
    let app = world.app.id;
    let Some(known) = world.repositories.get_mut(request.repository) else {
        return Reply::not_found();
    };
    let Some(run) = known
        .runs
        .iter_mut()
        .find(|run| run.id.to_string() == id && run.app == app)
    else {
        return Reply::not_found();
    };
    run.status = request.text("status").unwrap_or(&run.status).to_owned();
    run.conclusion = request.text("conclusion").map(str::to_owned).or(run.conclusion.take());
    if !request.body["output"].is_null() {
        run.output = request.body["output"].clone();
    }
    run.at = at;
    Reply::ok(json::run(&request.shared.url, request.repository, run))
}

fn list(request: &Request<'_>, sha: &str) -> Reply {
    let world = request.shared.world();
    let Some(known) = world.repositories.get(request.repository) else {
        return Reply::not_found();
    };
    let name = request.query("check_name");
    let mut latest: Vec<&Run> = Vec::new();
    for run in known
        .runs
        .iter()
        .filter(|run| run.sha == sha && name.is_none_or(|name| name == run.name))
    {
        // The latest of each name and App, as with the filter that is the default.
        latest.retain(|known| known.name != run.name || known.app != run.app);
        latest.push(run);
    }
    let runs: Vec<Value> = latest
        .into_iter()
        .map(|run| json::run(&request.shared.url, request.repository, run))
        .collect();
    let total = runs.len();
    let page = Reply::page(runs, request.query);
    Reply {
        body: json!({ "total_count": total, "check_runs": page.body }),
        ..page
    }
}

fn statuses(request: &Request<'_>, sha: &str) -> Reply {
    let world = request.shared.world();
    let Some(known) = world.repositories.get(request.repository) else {
        return Reply::not_found();
    };
    let found = known.statuses.iter().rev().filter(|status| status.sha == sha);
    Reply::page(
        found
            .map(|status| json::status(&request.shared.url, request.repository, status))
            .collect(),
        request.query,
    )
}

fn set_status(request: &Request<'_>, sha: &str) -> Reply {
    let Some(state) = request.text("state") else {
        return Reply::invalid("CheckRun", "state is needed");
    };
    let at = request.shared.now();
    let mut world = request.shared.world();
    let id = world.id();
    let Some(known) = world.repositories.get_mut(request.repository) else {
        return Reply::not_found();
    };
    let context = request.text("context").unwrap_or("default").to_owned();
    let status = Status {
        id,
        sha: sha.to_owned(),
        context,
        state: state.to_owned(),
        at,
    };
    let body = json::status(&request.shared.url, request.repository, &status);
    known.statuses.push(status);
    Reply::created(body)
}

//! Security advisories: drafts are seen by the App and by administrators, published ones by everybody.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Reply, Request};
use crate::github::json;
use crate::people::Permission;
use crate::world::{Actor, Advisory};

pub(crate) fn answer(request: &Request<'_>, method: &Method, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::GET, []) => list(request),
        (&Method::POST, []) => create(request),
        (&Method::GET, [id]) => one(request, id),
        (&Method::PATCH, [id]) => change(request, id),
        _ => Reply::not_found(),
    }
}

fn sees_drafts(request: &Request<'_>) -> bool {
    match request.actor {
        Actor::App => true,
        Actor::Person(name) => {
            let world = request.shared.world();
            let known = world.repositories.get(request.repository);
            known.is_some_and(|known| known.people.get(name) == Some(&Permission::Admin))
        }
        Actor::Nobody => false,
    }
}

fn list(request: &Request<'_>) -> Reply {
    let drafts = sees_drafts(request);
    let world = request.shared.world();
    let Some(known) = world.repositories.get(request.repository) else {
        return Reply::not_found();
    };
    let wanted = request.query("state");
    let found = known.advisories.values().filter(|advisory| {
        (drafts || advisory.state == "published") && wanted.is_none_or(|state| state == advisory.state)
    });
    Reply::page_by_cursor(
        found
            .map(|found| json::advisory(&request.shared.url, request.repository, found))
            .collect(),
        request.query,
    )
}

fn one(request: &Request<'_>, id: &str) -> Reply {
    let drafts = sees_drafts(request);
    let world = request.shared.world();
    let found = world
        .repositories
        .get(request.repository)
        .and_then(|known| known.advisories.get(id));
    match found.filter(|advisory| drafts || advisory.state == "published") {
        Some(found) => Reply::ok(json::advisory(&request.shared.url, request.repository, found)),
        None => Reply::not_found(),
    }
}

/// What is wrong with the fields of an advisory, if anything is.
fn wrong(body: &Value) -> Option<&'static str> {
    if !body["severity"].is_null() && !body["cvss_vector_string"].is_null() {
        return Some("severity and cvss_vector_string exclude each other");
    }
    let ecosystems = [
        "rubygems", "npm", "pip", "maven", "nuget", "composer", "go", "rust", "erlang", "actions", "pub", "other",
        "swift",
    ];
    let known = |vulnerability: &Value| {
        vulnerability["package"]["ecosystem"]
            .as_str()
            .is_some_and(|name| ecosystems.contains(&name))
    };
    let vulnerabilities = body["vulnerabilities"].as_array();
    (!vulnerabilities.is_none_or(|list| list.iter().all(known))).then_some("ecosystem is not one of GitHub's")
}

fn create(request: &Request<'_>) -> Reply {
    let texts = ["summary", "description"]
        .iter()
        .all(|key| request.text(key).is_some_and(|text| !text.is_empty()));
    if !texts || !request.body["vulnerabilities"].is_array() {
        return Reply::invalid(
            "RepositoryAdvisory",
            "summary, description and vulnerabilities are needed",
        );
    }
    if let Some(wrong) = wrong(request.body) {
        return Reply::invalid("RepositoryAdvisory", wrong);
    }
    let (at, by) = (request.shared.now(), request.by());
    let (reply, id) = {
        let mut world = request.shared.world();
        let id = format!("GHSA-sand-box0-{:04}", world.id() % 10_000);
        let Some(known) = world.repositories.get_mut(request.repository) else {
            return Reply::not_found();
        };
        let body = request.body.clone();
        let advisory = Advisory {
            id: id.clone(),
            author: by.clone(),
            body,
            state: "draft".into(),
            created_at: at,
            published_at: None,
        };
        let reply = Reply::created(json::advisory(&request.shared.url, request.repository, &advisory));
        known.advisories.insert(id.clone(), advisory);
        (reply, id)
    };
    // A draft is invisible from outside, also in a public repository.
    request.shared.record(
        true,
        "advisory.draft",
        &by,
        json!({ "repository": request.repository, "id": id }),
    );
    reply
}

fn change(request: &Request<'_>, id: &str) -> Reply {
    if let Some(wrong) = wrong(request.body) {
        return Reply::invalid("RepositoryAdvisory", wrong);
    }
    let (at, by) = (request.shared.now(), request.by());
    let (reply, published) = {
        let mut world = request.shared.world();
        let found = world
            .repositories
            .get_mut(request.repository)
            .and_then(|known| known.advisories.get_mut(id));
        let Some(advisory) = found else {
            return Reply::not_found();
        };
        for (key, value) in request
            .body
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| *key != "state")
        {
            advisory.body[key] = value.clone();
        }
        let published = request.text("state") == Some("published") && advisory.state != "published";
        if let Some(state) = request.text("state") {
            advisory.state = state.to_owned();
        }
        if published {
            advisory.published_at = Some(at);
        }
        (
            Reply::ok(json::advisory(&request.shared.url, request.repository, advisory)),
            published,
        )
    };
    if published {
        let details = json!({ "repository": request.repository, "id": id, "advisory": reply.body });
        request.shared.record(false, "advisory.published", &by, details);
    }
    reply
}

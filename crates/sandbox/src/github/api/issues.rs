//! Issues, labels, events and comments. Writing here is open to everybody who can see the repository, as on GitHub; labels
//! and states need more.

use axum::http::Method;
use serde_json::Value;

use super::{Reply, Request};
use crate::consequences::Change;
use crate::github::json;
use crate::world::Actor;

pub(crate) fn answer(request: &Request<'_>, method: &Method, rest: &[&str]) -> Reply {
    if *method != Method::GET && *request.actor == Actor::Nobody {
        return Reply::forbidden();
    }
    match (method, rest) {
        (&Method::GET, []) => list(request),
        (&Method::POST, []) => {
            let (Some(title), body) = (request.text("title"), request.text("body").unwrap_or_default()) else {
                return Reply::invalid("Issue", "title is missing");
            };
            let number = request
                .shared
                .new_issue(request.repository, &request.by(), title, body, false);
            let Some(number) = number else {
                return Reply::not_found();
            };
            // Who may not set labels sets none, and hears nothing of it.
            if request.may_write() {
                put_labels(request, number);
            }
            one(request, number, Reply::created)
        }
        (&Method::PATCH, ["comments", id]) => edit(request, id),
        (&Method::GET, [number]) => with_number(number, |number| one(request, number, Reply::ok)),
        (&Method::PATCH, [number]) => with_number(number, |number| {
            if !request.may_write() {
                return Reply::forbidden();
            }
            if let Some(state) = request.text("state") {
                let change = Change::State {
                    open: state == "open",
                    commit: None,
                };
                request
                    .shared
                    .change_issue(request.repository, &request.by(), number, change);
            }
            one(request, number, Reply::ok)
        }),
        (&Method::POST, [number, "labels"]) => with_number(number, |number| {
            if !request.may_write() {
                return Reply::forbidden();
            }
            put_labels(request, number);
            labels(request, number)
        }),
        (&Method::DELETE, [number, "labels", name]) => with_number(number, |number| {
            if !request.may_write() {
                return Reply::forbidden();
            }
            let (name, known) = ((*name).to_owned(), labels_of(request, number));
            if !known.contains(&name) {
                return Reply::not_found();
            }
            let change = Change::Label { name, on: false };
            request
                .shared
                .change_issue(request.repository, &request.by(), number, change);
            labels(request, number)
        }),
        (&Method::GET, [number, "events" | "timeline"]) => with_number(number, |number| {
            let world = request.shared.world();
            let issue = world
                .repositories
                .get(request.repository)
                .and_then(|known| known.issues.get(&number));
            let Some(issue) = issue else { return Reply::not_found() };
            let event = |event| json::event(&request.shared.url, request.repository, event);
            Reply::page(issue.events.iter().map(event).collect(), request.query)
        }),
        (&Method::GET, [number, "comments"]) => with_number(number, |number| {
            let world = request.shared.world();
            let known = world.repositories.get(request.repository);
            let Some(issue) = known.and_then(|known| known.issues.get(&number)) else {
                // A pull request has comments too, and at first none.
                return match known.is_some_and(|known| known.pulls.contains_key(&number)) {
                    true => Reply::page(Vec::new(), request.query),
                    false => Reply::not_found(),
                };
            };
            let comment = |comment| json::comment(&request.shared.url, request.repository, number, comment);
            Reply::page(issue.comments.iter().map(comment).collect(), request.query)
        }),
        (&Method::POST, [number, "comments"]) => with_number(number, |number| {
            let Some(body) = request.text("body") else {
                return Reply::invalid("Issue", "body is missing");
            };
            let id = request
                .shared
                .new_comment(request.repository, &request.by(), number, body);
            let world = request.shared.world();
            let issue = world
                .repositories
                .get(request.repository)
                .and_then(|known| known.issues.get(&number));
            let comment = issue.and_then(|issue| issue.comments.iter().find(|comment| Some(comment.id) == id));
            comment.map_or_else(Reply::not_found, |comment| {
                Reply::created(json::comment(&request.shared.url, request.repository, number, comment))
            })
        }),
        _ => Reply::not_found(),
    }
}

fn put_labels(request: &Request<'_>, number: u64) {
    let names = request.body["labels"].as_array();
    for name in names.into_iter().flatten().filter_map(Value::as_str) {
        let (name, on) = (name.to_owned(), true);
        let change = Change::Label { name, on };
        request
            .shared
            .change_issue(request.repository, &request.by(), number, change);
    }
}

fn labels_of(request: &Request<'_>, number: u64) -> Vec<String> {
    let world = request.shared.world();
    let known = world.repositories.get(request.repository);
    let issue = known.and_then(|known| known.issues.get(&number));
    issue.map_or_else(Vec::new, |issue| issue.labels.iter().cloned().collect())
}

fn labels(request: &Request<'_>, number: u64) -> Reply {
    let labels = labels_of(request, number);
    Reply::ok(
        labels
            .iter()
            .map(|name| json::label(&request.shared.url, request.repository, name))
            .collect(),
    )
}

fn with_number(text: &str, then: impl FnOnce(u64) -> Reply) -> Reply {
    text.parse().map_or_else(|_| Reply::not_found(), then)
}

fn one(request: &Request<'_>, number: u64, reply: impl FnOnce(Value) -> Reply) -> Reply {
    let world = request.shared.world();
    let issue = world
        .repositories
        .get(request.repository)
        .and_then(|known| known.issues.get(&number));
    match issue.map(|issue| json::issue(&request.shared.url, request.repository, issue)) {
        Some(issue) => {
            drop(world);
            reply(issue)
        }
        None => Reply::not_found(),
    }
}

fn list(request: &Request<'_>) -> Reply {
    let world = request.shared.world();
    let Some(known) = world.repositories.get(request.repository) else {
        return Reply::not_found();
    };
    let labels: Vec<_> = request
        .query("labels")
        .unwrap_or_default()
        .split(',')
        .filter(|label| !label.is_empty())
        .collect();
    let state = request.query("state").unwrap_or("open");
    let issues = known.issues.values().rev();
    let wanted = issues.filter(|issue| {
        let fits = state == "all" || (state == "open") == issue.open;
        fits && labels.iter().all(|label| issue.labels.contains(*label))
    });
    let issues = wanted.map(|issue| json::issue(&request.shared.url, request.repository, issue));
    Reply::page(issues.collect(), request.query)
}

fn edit(request: &Request<'_>, id: &str) -> Reply {
    let Some(body) = request.text("body") else {
        return Reply::invalid("Issue", "body is missing");
    };
    let Ok(id) = id.parse() else { return Reply::not_found() };
    if !request.shared.edit_comment(request.repository, &request.by(), id, body) {
        return Reply::not_found();
    }
    let world = request.shared.world();
    let issues = world.repositories.get(request.repository).map(|known| &known.issues);
    let mut comments = issues
        .into_iter()
        .flat_map(|issues| issues.values())
        .flat_map(|issue| issue.comments.iter().map(|comment| (issue.number, comment)));
    match comments.find(|(_, comment)| comment.id == id) {
        Some((number, comment)) => Reply::ok(json::comment(&request.shared.url, request.repository, number, comment)),
        None => Reply::not_found(),
    }
}

//! Pull requests.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::{Reply, Request};
use crate::deliveries::About;
use crate::git;
use crate::github::json;
use crate::world::Pull;

pub(crate) async fn answer(request: &Request<'_>, method: &Method, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::GET, []) => list(request),
        (&Method::POST, []) => open(request).await,
        (&Method::GET, [number]) => one(request, number, StatusCode::OK),
        _ => Reply::not_found(),
    }
}

fn list(request: &Request<'_>) -> Reply {
    let world = request.shared.world();
    let Some(known) = world.repositories.get(request.repository) else {
        return Reply::not_found();
    };
    let owner = request.repository.split('/').next().unwrap_or_default();
    let state = request.query("state").unwrap_or("open");
    let head = request.query("head");
    let wanted = known.pulls.values().filter(|pull| {
        let fits = state == "all" || (state == "open") == pull.open;
        fits && head.is_none_or(|head| head == format!("{owner}:{}", pull.head))
    });
    let pulls = wanted.map(|pull| json::pull(&request.shared.url, request.repository, known, pull));
    Reply::page(pulls.collect(), request.query)
}

fn one(request: &Request<'_>, number: &str, status: StatusCode) -> Reply {
    let world = request.shared.world();
    let Some(known) = world.repositories.get(request.repository) else {
        return Reply::not_found();
    };
    match number.parse().ok().and_then(|number: u64| known.pulls.get(&number)) {
        Some(pull) => Reply::with(
            status,
            json::pull_whole(&request.shared.url, request.repository, known, pull),
        ),
        None => Reply::not_found(),
    }
}

async fn open(request: &Request<'_>) -> Reply {
    let (Some(head), Some(base), Some(title)) = (request.text("head"), request.text("base"), request.text("title"))
    else {
        return Reply::invalid("PullRequest", "head, base and title are needed");
    };
    let dir = request.shared.repository_dir(request.repository);
    let branches = git::branches(&dir).await;
    let (Some(head_sha), Some(base_sha)) = (branches.get(head), branches.get(base)) else {
        return Reply::invalid("PullRequest", "head or base is not a branch");
    };
    let range = format!("{base_sha}..{head_sha}");
    let commits = git::run(&dir, &["rev-list", "--count", &range])
        .await
        .unwrap_or_default();
    if commits == "0" || commits.is_empty() {
        return Reply::invalid("PullRequest", &format!("No commits between {base} and {head}"));
    }
    let size = git::size(&dir, base_sha, head_sha).await;
    let (by, at) = (request.by(), request.shared.now());
    let (number, private) = {
        let mut world = request.shared.world();
        let id = world.id();
        let Some(known) = world.repositories.get_mut(request.repository) else {
            return Reply::not_found();
        };
        if known
            .pulls
            .values()
            .any(|pull| pull.open && pull.head == head && pull.base == base)
        {
            return Reply::invalid("PullRequest", &format!("A pull request already exists for {head}."));
        }
        let number = known.next_number();
        let pull = Pull {
            id,
            number,
            author: by.clone(),
            title: title.to_owned(),
            body: request.text("body").unwrap_or_default().to_owned(),
            head: head.to_owned(),
            head_sha: head_sha.clone(),
            base: base.to_owned(),
            base_sha: base_sha.clone(),
            open: true,
            merged_at: None,
            created_at: at,
            size,
            notes: Vec::new(),
        };
        known.pulls.insert(number, pull);
        (number, known.private)
    };
    let details =
        json!({ "repository": request.repository, "number": number, "head": head, "base": base, "title": title });
    request.shared.record(private, "pull_request.opened", &by, details);
    let about = About::Pull { number, moved: None };
    request
        .shared
        .announce(request.repository, &by, "pull_request", "opened", &about);
    one(request, &number.to_string(), StatusCode::CREATED)
}

//! What the App may do with its key: say who it is, find its installation, mint a token.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Reply;
use crate::Shared;

pub(crate) fn with_key(shared: &Arc<Shared>, method: &Method, parts: &[&str]) -> Reply {
    let url = &shared.url;
    let mut world = shared.world();
    let (id, slug) = (world.app.id, world.app.slug.clone());
    let installation = json!({
        "id": 1, "account": crate::github::json::user(url, "sandbox"), "repository_selection": "selected", "app_id": id,
        "access_tokens_url": format!("{url}/api/v3/app/installations/1/access_tokens"),
        "repositories_url": format!("{url}/api/v3/installation/repositories"), "html_url": url, "target_id": 1,
        "target_type": "Organization", "permissions": { "contents": "write" }, "events": ["push"],
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "single_file_name": null,
        "app_slug": slug, "suspended_at": null, "suspended_by": null,
    });
    match (method, parts) {
        (&Method::GET, ["app"]) => Reply::ok(json!({
            "id": id, "slug": slug, "node_id": format!("A_{id}"), "name": slug, "description": null,
            "owner": crate::github::json::user(url, "sandbox"), "external_url": url, "html_url": format!("{url}/apps/{slug}"),
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "permissions": { "checks": "write" }, "events": ["push"],
        })),
        (&Method::GET, ["repos", owner, name, "installation"]) => {
            match world.repositories.contains_key(&format!("{owner}/{name}")) {
                true => Reply::ok(installation),
                false => Reply::not_found(),
            }
        }
        (&Method::POST, ["app", "installations", "1", "access_tokens"]) => {
            let token = format!("ghs_sandbox{}", world.id());
            // octocrab measures with the clock of the machine, and so does this.
            let end = Timestamp::now() + SignedDuration::from_hours(1);
            world.tokens.insert(token.clone(), end);
            let body = json!({ "token": token, "expires_at": end, "permissions": { "contents": "write" }, "repository_selection": "selected" });
            Reply::with(StatusCode::CREATED, body)
        }
        _ => Reply::not_found(),
    }
}

//! Answers in GitHub's form: the fields that its published description demands of each object.

mod pull;
mod repository;

use serde_json::{Value, json};

use crate::world::{Advisory, Comment, Event, Issue, Run, Status};

pub(crate) use pull::{pull, pull_whole};
pub(crate) use repository::{repository, repository_in_payload};

pub(crate) fn user(url: &str, login: &str) -> Value {
    // Square brackets are not for addresses.
    let name = &login.replace('[', "%5B").replace(']', "%5D");
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    // A number that is the same for the same name.
    let id = login
        .bytes()
        .fold(7_u64, |id, byte| (id * 31 + u64::from(byte)) % 1_000_000_007);
    json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "type": kind, "site_admin": false,
        "avatar_url": format!("{url}/avatars/{id}"), "gravatar_id": "", "url": format!("{url}/api/v3/users/{name}"),
        "html_url": format!("{url}/{name}"), "followers_url": format!("{url}/api/v3/users/{name}/followers"),
        "following_url": format!("{url}/api/v3/users/{name}/following"),
        "gists_url": format!("{url}/api/v3/users/{name}/gists"),
        "starred_url": format!("{url}/api/v3/users/{name}/starred"),
        "subscriptions_url": format!("{url}/api/v3/users/{name}/subscriptions"),
        "organizations_url": format!("{url}/api/v3/users/{name}/orgs"),
        "repos_url": format!("{url}/api/v3/users/{name}/repos"),
        "events_url": format!("{url}/api/v3/users/{name}/events"),
        "received_events_url": format!("{url}/api/v3/users/{name}/received_events"),
    })
}

/// An invitation to read a repository, which is given without what only the repository's own page shows.
pub(crate) fn invitation(url: &str, repository: &Value, id: u64, invitee: &str, at: jiff::Timestamp) -> Value {
    json!({
        "id": id, "node_id": format!("RI_{id}"), "permissions": "read", "inviter": null, "invitee": user(url, invitee),
        "repository": repository, "url": format!("{url}/api/v3/user/repository_invitations/{id}"),
        "html_url": format!("{url}/invitations/{id}"), "created_at": at, "expired": false,
    })
}

/// Nobody has put a smile or a heart on it.
fn reactions(of: &str) -> Value {
    let kinds = ["+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket"];
    let mut value = json!({ "url": format!("{of}/reactions"), "total_count": 0 });
    for kind in kinds {
        value[kind] = json!(0);
    }
    value
}

pub(crate) fn label(url: &str, repository: &str, name: &str) -> Value {
    json!({
        "id": name.len(), "node_id": format!("L_{name}"), "url": format!("{url}/api/v3/repos/{repository}/labels/{}", name.replace(' ', "%20")),
        "name": name, "description": null, "color": "ededed", "default": false,
    })
}

pub(crate) fn issue(url: &str, repository: &str, issue: &Issue) -> Value {
    let api = format!("{url}/api/v3/repos/{repository}");
    let base = format!("{api}/issues/{}", issue.number);
    let labels: Vec<_> = issue.labels.iter().map(|name| label(url, repository, name)).collect();
    json!({
        "id": issue.id, "node_id": format!("I_{}", issue.id), "url": base, "repository_url": api,
        "labels_url": format!("{base}/labels{{/name}}"), "comments_url": format!("{base}/comments"),
        "events_url": format!("{base}/events"), "html_url": format!("{url}/{repository}/issues/{}", issue.number),
        "number": issue.number, "state": if issue.open { "open" } else { "closed" }, "state_reason": null,
        "title": issue.title, "body": issue.body, "user": user(url, &issue.author), "labels": labels,
        "assignee": null, "assignees": [], "milestone": null, "locked": false, "active_lock_reason": null,
        "comments": issue.comments.len(), "closed_at": null, "created_at": issue.created_at,
        "updated_at": issue.updated_at, "author_association": "MEMBER", "reactions": reactions(&base),
    })
}

pub(crate) fn event(url: &str, repository: &str, event: &Event) -> Value {
    let mut value = json!({
        "id": event.id, "node_id": format!("E_{}", event.id),
        "url": format!("{url}/api/v3/repos/{repository}/issues/events/{}", event.id),
        "actor": user(url, &event.actor), "event": event.event, "commit_id": event.commit, "commit_url": null,
        "created_at": event.at, "performed_via_github_app": null,
    });
    if let Some(label) = &event.label {
        value["label"] = json!({ "name": label, "color": "ededed" });
    }
    value
}

pub(crate) fn comment(url: &str, repository: &str, number: u64, comment: &Comment) -> Value {
    let base = format!("{url}/api/v3/repos/{repository}/issues/comments/{}", comment.id);
    json!({
        "id": comment.id, "node_id": format!("C_{}", comment.id), "url": base,
        "html_url": format!("{url}/{repository}/issues/{number}#issuecomment-{}", comment.id),
        "issue_url": format!("{url}/api/v3/repos/{repository}/issues/{number}"),
        "body": comment.body, "user": user(url, &comment.author), "created_at": comment.created_at,
        "updated_at": comment.updated_at, "author_association": "MEMBER", "reactions": reactions(&base),
        "performed_via_github_app": null,
    })
}

pub(crate) fn run(url: &str, repository: &str, run: &Run) -> Value {
    let at = |condition: bool| condition.then_some(run.at);
    json!({
        "id": run.id, "node_id": format!("CR_{}", run.id), "head_sha": run.sha, "external_id": "", "name": run.name,
        "url": format!("{url}/api/v3/repos/{repository}/check-runs/{}", run.id),
        "html_url": format!("{url}/{repository}/runs/{}", run.id), "details_url": null,
        "status": run.status, "conclusion": run.conclusion, "started_at": run.at,
        "completed_at": at(run.conclusion.is_some()), "check_suite": { "id": run.app }, "pull_requests": [],
        "output": {
            "title": run.output["title"], "summary": run.output["summary"], "text": run.output["text"],
            "annotations_count": 0,
            "annotations_url": format!("{url}/api/v3/repos/{repository}/check-runs/{}/annotations", run.id),
        },
        "app": {
            "id": run.app, "slug": run.slug, "node_id": format!("A_{}", run.app), "name": run.slug, "description": null,
            "owner": user(url, "sandbox"), "external_url": url, "html_url": format!("{url}/apps/{}", run.slug),
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "permissions": { "checks": "write" }, "events": ["push"],
        },
    })
}

pub(crate) fn status(url: &str, repository: &str, status: &Status) -> Value {
    json!({
        "id": status.id, "node_id": format!("S_{}", status.id), "avatar_url": null, "state": status.state,
        "url": format!("{url}/api/v3/repos/{repository}/statuses/{}", status.sha), "context": status.context,
        "description": null, "target_url": null, "created_at": status.at, "updated_at": status.at,
        "creator": user(url, "ci"),
    })
}

pub(crate) fn advisory(url: &str, repository: &str, advisory: &Advisory) -> Value {
    let vulnerabilities = advisory.body["vulnerabilities"].as_array().cloned().unwrap_or_default();
    let vulnerabilities: Vec<_> = vulnerabilities
        .into_iter()
        .map(|known| {
            json!({
                "package": known["package"], "vulnerable_version_range": known["vulnerable_version_range"],
                "patched_versions": known["patched_versions"], "vulnerable_functions": null,
            })
        })
        .collect();
    let vector = &advisory.body["cvss_vector_string"];
    json!({
        "ghsa_id": advisory.id, "cve_id": advisory.body["cve_id"],
        "url": format!("{url}/api/v3/repos/{repository}/security-advisories/{}", advisory.id),
        "html_url": format!("{url}/{repository}/security/advisories/{}", advisory.id),
        "summary": advisory.body["summary"], "description": advisory.body["description"],
        "severity": advisory.body["severity"], "author": user(url, &advisory.author), "publisher": null,
        "identifiers": [{ "type": "GHSA", "value": advisory.id }], "state": advisory.state,
        "created_at": advisory.created_at, "updated_at": advisory.created_at, "published_at": advisory.published_at,
        "closed_at": null, "withdrawn_at": null, "submission": null, "vulnerabilities": vulnerabilities,
        "cvss": if vector.is_null() { Value::Null } else { json!({ "vector_string": vector, "score": null }) },
        "cwes": [], "cwe_ids": advisory.body["cwe_ids"], "credits": null, "credits_detailed": null,
        "collaborating_users": null, "collaborating_teams": null, "private_fork": null,
    })
}

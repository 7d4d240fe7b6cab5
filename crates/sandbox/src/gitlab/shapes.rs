//! Answers in GitLab's form.

use serde_json::{Value, json};

use super::state::user_id;
use crate::world::{Comment, Event, Issue};

pub(crate) fn user(url: &str, name: &str) -> Value {
    json!({
        "id": user_id(name), "username": name, "public_email": null, "name": name, "state": "active", "locked": false,
        "avatar_url": null, "web_url": format!("{url}/{name}"),
    })
}

pub(crate) fn issue(url: &str, path: &str, project: u64, issue: &Issue) -> Value {
    let assignees: Vec<_> = issue.assignees.iter().map(|name| user(url, name)).collect();
    let reference = format!("#{}", issue.number);
    let api = format!("{url}/api/v4/projects/{project}/issues/{}", issue.number);
    let closed = issue
        .events
        .iter()
        .rev()
        .find(|event| event.event == "closed")
        .filter(|_| !issue.open);
    json!({
        "id": issue.id, "iid": issue.number, "project_id": project, "title": issue.title, "description": issue.body,
        "state": if issue.open { "opened" } else { "closed" }, "created_at": issue.created_at,
        "updated_at": issue.updated_at, "closed_at": closed.map(|event| event.at),
        "closed_by": closed.map(|event| user(url, &event.actor)), "labels": issue.labels, "milestone": null,
        "assignees": assignees, "assignee": assignees.first(), "author": user(url, &issue.author), "type": "ISSUE",
        "issue_type": "issue", "confidential": issue.confidential, "discussion_locked": null, "due_date": null,
        "user_notes_count": issue.comments.iter().filter(|note| !note.system).count(), "upvotes": 0, "downvotes": 0,
        "merge_requests_count": 0, "web_url": format!("{url}/{path}/-/issues/{}", issue.number),
        "time_stats": { "time_estimate": 0, "total_time_spent": 0, "human_time_estimate": null, "human_total_time_spent": null },
        "task_completion_status": { "count": 0, "completed_count": 0 }, "blocking_issues_count": 0, "has_tasks": false,
        "_links": { "self": api, "notes": format!("{api}/notes"), "award_emoji": format!("{api}/award_emoji"),
            "project": format!("{url}/api/v4/projects/{project}"), "closed_as_duplicate_of": null },
        "references": { "short": reference, "relative": reference, "full": format!("{path}{reference}") },
        "moved_to_id": null, "service_desk_reply_to": null, "severity": "UNKNOWN",
    })
}

/// A note of an issue or of a merge request.
pub(crate) fn note(url: &str, project: u64, kind: &str, (id, iid): (u64, u64), note: &Comment) -> Value {
    json!({
        "id": note.id, "type": null, "body": note.body, "attachment": null, "author": user(url, &note.author),
        "created_at": note.created_at, "updated_at": note.updated_at, "system": note.system, "noteable_id": id,
        "noteable_type": kind, "noteable_iid": iid, "project_id": project, "resolvable": false, "confidential": note.internal,
        "internal": note.internal, "imported": false, "imported_from": "none", "commands_changes": {},
    })
}

/// A label event, or a state event.
pub(crate) fn event(url: &str, issue: u64, event: &Event) -> Value {
    let mut value = json!({
        "id": event.id, "user": user(url, &event.actor), "created_at": event.at, "resource_type": "Issue",
        "resource_id": issue,
    });
    match &event.label {
        Some(label) => {
            value["action"] = json!(if event.event == "labeled" { "add" } else { "remove" });
            value["label"] = json!({ "id": user_id(label), "name": label, "color": "#ededed", "description": null });
        }
        None => value["state"] = json!(event.event),
    }
    value
}

//! What GitLab sends to webhooks: payloads of issues, notes, merge requests and pushes, and the headers around them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::shapes;
use super::state::{BotFacts, user_id};
use crate::deliveries::{About, Delivery};
use crate::world::{Issue, Pull, Repository};
use crate::{SandboxError, Seen, Shared};

impl Shared {
    /// Queues a delivery where the project's webhook wants it. Words are those of the caller, which are GitHub's.
    pub(crate) fn queue_hook(&self, project: &str, by: &str, action: &str, about: &About) {
        let made = {
            let mut world = self.world();
            let id = world.id();
            let Some(known) = world.repositories.get(project) else {
                return;
            };
            let hook = &known.lab.hook;
            let Some((event, payload)) = payload(&self.url, project, known, by, action, about) else {
                return;
            };
            let wanted = match event {
                "Confidential Issue Hook" => hook.confidential_issues,
                "Confidential Note Hook" => hook.confidential_notes,
                _ => true,
            };
            if !wanted {
                return;
            }
            world.deliveries.push_back(Delivery {
                id: format!("{}-sandbox", uuid(id)),
                event: event.to_owned(),
                body: payload.to_string(),
                repository: project.to_owned(),
            });
            (event, payload)
        };
        self.show(&Seen::Delivery {
            event: made.0,
            payload: &made.1,
        });
    }

    /// The headers of a delivery, with the token, the signature or both. None where the webhook is switched off.
    pub(crate) fn hook_headers(
        &self,
        delivery: &Delivery,
    ) -> Option<Result<Vec<(&'static str, String)>, SandboxError>> {
        let now = self.now();
        let (facts, hook) = {
            let world = self.world();
            let hook = &world.repositories.get(&delivery.repository)?.lab.hook;
            if hook.is_off(now) {
                return None;
            }
            (world.user.clone(), hook.id)
        };
        let mut headers = vec![
            ("x-gitlab-event", delivery.event.clone()),
            ("x-gitlab-instance", self.url.clone()),
            ("x-gitlab-event-uuid", delivery.id.clone()),
            ("x-gitlab-webhook-uuid", uuid(hook)),
            ("idempotency-key", delivery.id.clone()),
            ("user-agent", "GitLab/19.0.0".to_owned()),
        ];
        headers.extend(facts.webhook_token.clone().map(|token| ("x-gitlab-token", token)));
        if facts.signing_token.is_some() {
            let time = now.as_second().to_string();
            let signature = match signature(&facts, &delivery.id, &time, &delivery.body) {
                Ok(signature) => signature,
                Err(error) => return Some(Err(error)),
            };
            headers.extend([
                ("webhook-id", delivery.id.clone()),
                ("webhook-timestamp", time),
                ("webhook-signature", signature),
            ]);
        }
        Some(Ok(headers))
    }

    /// How a delivery went.
    pub(crate) fn note_hook(&self, delivery: &Delivery, taken: bool) {
        let now = self.now();
        if let Some(known) = self.world().repositories.get_mut(&delivery.repository) {
            known.lab.hook.note(taken, now);
        }
    }
}

/// As Standard Webhooks have it: version 1 is HMAC-SHA256 over id, time and body.
fn signature(facts: &BotFacts, id: &str, time: &str, body: &str) -> Result<String, SandboxError> {
    let secret = facts
        .signing_token
        .as_deref()
        .and_then(|token| token.strip_prefix("whsec_"));
    let key = secret
        .and_then(|secret| STANDARD.decode(secret).ok())
        .ok_or(SandboxError::Key)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| SandboxError::Key)?;
    mac.update(format!("{id}.{time}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

fn uuid(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

fn payload(
    url: &str,
    path: &str,
    known: &Repository,
    by: &str,
    action: &str,
    about: &About,
) -> Option<(&'static str, Value)> {
    let (event, mut payload) = match about {
        About::Issue { number, label } => {
            let issue = known.issues.get(number)?;
            let event = if issue.confidential {
                "Confidential Issue Hook"
            } else {
                "Issue Hook"
            };
            let changes = label.as_ref().map(|label| {
                let mut before: Vec<_> = issue.labels.iter().filter(|known| *known != label).collect();
                if action == "unlabeled" {
                    before.push(label);
                }
                let labels = |names: Vec<&String>| names.into_iter().map(|name| self::label(name)).collect::<Vec<_>>();
                json!({ "labels": { "previous": labels(before), "current": labels(issue.labels.iter().collect()) } })
            });
            let mut attributes = issue_attributes(url, path, known, issue);
            attributes["action"] = json!(match action {
                "opened" => "open",
                "closed" => "close",
                "reopened" => "reopen",
                _ => "update",
            });
            let payload = json!({
                "object_kind": "issue",
                "event_type": if issue.confidential { "confidential_issue" } else { "issue" },
                "object_attributes": attributes, "changes": changes.unwrap_or_else(|| json!({})),
                "labels": issue.labels.iter().map(|name| self::label(name)).collect::<Vec<_>>(),
            });
            (event, payload)
        }
        About::Comment { number, id } => note(url, path, known, *number, *id)?,
        About::Pull { number, moved } => {
            let pull = known.pulls.get(number)?;
            let mut attributes = merge_attributes(url, path, known, pull);
            attributes["action"] = json!(match (action, pull.merged_at) {
                ("opened", _) => "open",
                ("closed", Some(_)) => "merge",
                ("closed", None) => "close",
                _ => "update",
            });
            if let Some((before, _)) = moved {
                attributes["oldrev"] = json!(before);
            }
            let payload = json!({
                "object_kind": "merge_request", "event_type": "merge_request", "object_attributes": attributes,
                "labels": [], "changes": {},
            });
            ("Merge Request Hook", payload)
        }
        About::Push(push) => {
            let commits: Vec<_> = push["commits"].as_array().into_iter().flatten().map(commit).collect();
            let count = commits.len();
            let payload = json!({
                "object_kind": "push", "event_name": "push", "before": push["before"], "after": push["after"],
                "ref": push["ref"], "ref_protected": false, "checkout_sha": push["after"], "message": null,
                "user_id": user_id(by), "user_name": by, "user_username": by, "user_email": null, "user_avatar": null,
                "commits": commits, "total_commits_count": count, "push_options": {},
            });
            ("Push Hook", payload)
        }
    };
    payload["user"] =
        json!({ "id": user_id(by), "name": by, "username": by, "avatar_url": null, "email": "[REDACTED]" });
    payload["project_id"] = json!(known.id);
    payload["project"] = project(url, path, known);
    payload["repository"] = json!({ "name": path, "url": format!("{url}/{path}.git"), "description": null,
        "homepage": format!("{url}/{path}") });
    Some((event, payload))
}

/// A commit of a push as GitLab tells of it.
fn commit(pushed: &Value) -> Value {
    let message = pushed["message"].as_str().unwrap_or_default();
    json!({
        "id": pushed["id"], "message": message, "title": message.lines().next().unwrap_or_default(),
        "timestamp": pushed["timestamp"], "url": pushed["url"], "added": pushed["added"], "modified": pushed["modified"],
        "removed": pushed["removed"],
        "author": { "name": pushed["author"]["name"], "email": pushed["author"]["email"] },
    })
}

fn note(url: &str, path: &str, known: &Repository, number: u64, id: u64) -> Option<(&'static str, Value)> {
    let issue = known
        .issues
        .get(&number)
        .filter(|issue| issue.comments.iter().any(|note| note.id == id));
    let pull = known
        .pulls
        .get(&number)
        .filter(|pull| pull.notes.iter().any(|note| note.id == id));
    let notes = issue
        .map(|issue| &issue.comments)
        .or_else(|| pull.map(|pull| &pull.notes))?;
    let note = notes.iter().find(|note| note.id == id)?;
    let hidden = note.internal || issue.is_some_and(|issue| issue.confidential);
    let kind = if issue.is_some() { "Issue" } else { "MergeRequest" };
    let mut payload = json!({
        "object_kind": "note", "event_type": if hidden { "confidential_note" } else { "note" },
        "object_attributes": {
            "id": note.id, "note": note.body, "noteable_type": kind, "author_id": user_id(&note.author),
            "created_at": note.created_at, "updated_at": note.updated_at, "project_id": known.id, "attachment": null,
            "line_code": null, "commit_id": "", "noteable_id": issue.map(|issue| issue.id).or(pull.map(|pull| pull.id)),
            "system": note.system, "internal": note.internal, "st_diff": null, "action": "create",
            "url": format!("{url}/{path}/-/issues/{number}#note_{id}"),
        },
    });
    match (issue, pull) {
        (Some(issue), _) => payload["issue"] = issue_attributes(url, path, known, issue),
        (None, Some(pull)) => payload["merge_request"] = merge_attributes(url, path, known, pull),
        (None, None) => return None,
    }
    let event = if hidden { "Confidential Note Hook" } else { "Note Hook" };
    Some((event, payload))
}

fn label(name: &str) -> Value {
    json!({ "id": user_id(name), "title": name, "color": "#ededed", "project_id": null, "template": false,
        "description": null, "type": "ProjectLabel", "group_id": null })
}

fn issue_attributes(url: &str, path: &str, known: &Repository, issue: &Issue) -> Value {
    json!({
        "id": issue.id, "iid": issue.number, "title": issue.title, "description": issue.body, "project_id": known.id,
        "author_id": user_id(&issue.author), "confidential": issue.confidential, "created_at": issue.created_at,
        "updated_at": issue.updated_at, "state": if issue.open { "opened" } else { "closed" }, "type": "Issue",
        "labels": issue.labels.iter().map(|name| label(name)).collect::<Vec<_>>(), "discussion_locked": null,
        "url": format!("{url}/{path}/-/issues/{}", issue.number),
    })
}

fn merge_attributes(url: &str, path: &str, known: &Repository, pull: &Pull) -> Value {
    let shape = shapes::merge(url, path, known, pull);
    json!({
        "id": pull.id, "iid": pull.number, "title": pull.title, "description": pull.body, "author_id": user_id(&pull.author),
        "source_branch": pull.head, "target_branch": pull.base, "source_project_id": known.id, "target_project_id": known.id,
        "state": shape["state"], "created_at": pull.created_at, "updated_at": shape["updated_at"], "draft": false,
        "detailed_merge_status": shape["detailed_merge_status"], "last_commit": { "id": pull.head_sha },
        "url": shape["web_url"], "source": project(url, path, known), "target": project(url, path, known),
    })
}

fn project(url: &str, path: &str, known: &Repository) -> Value {
    let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
    json!({
        "id": known.id, "name": name, "description": null, "web_url": format!("{url}/{path}"), "avatar_url": null,
        "git_ssh_url": format!("git@sandbox:{path}.git"), "git_http_url": format!("{url}/{path}.git"), "namespace": group,
        "visibility_level": if known.private { 0 } else { 20 }, "path_with_namespace": path,
        "default_branch": known.default_branch, "ci_config_path": null, "homepage": format!("{url}/{path}"),
        "url": format!("{url}/{path}.git"), "ssh_url": format!("git@sandbox:{path}.git"), "http_url": format!("{url}/{path}.git"),
    })
}

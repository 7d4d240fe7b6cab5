//! Answers in GitLab's form.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::{Access, Job, Pipeline, Protection, user_id};
use crate::world::{Comment, Event, Issue, Pull, Repository};

pub(crate) fn user(url: &str, name: &str) -> Value {
    json!({
        "id": user_id(name), "username": name, "public_email": null, "name": name, "state": "active", "locked": false,
        "avatar_url": format!("{url}/uploads/-/system/user/avatar/{}/avatar.png", user_id(name)),
        "web_url": format!("{url}/{name}"),
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

pub(crate) fn merge(url: &str, path: &str, known: &Repository, pull: &Pull) -> Value {
    let id = known.id;
    let state = match (pull.open, pull.merged_at) {
        (_, Some(_)) => "merged",
        (true, None) => "opened",
        (false, None) => "closed",
    };
    let pipeline = known
        .lab
        .pipelines
        .iter()
        .rev()
        .find(|found| found.sha == pull.head_sha);
    let pipeline = pipeline.map(|found| self::pipeline(url, path, known, found));
    let ready = pull.open && known.pipeline_allows(pull);
    let detailed = match (pull.open, ready) {
        (false, _) => "not_open",
        (true, true) => "mergeable",
        (true, false) => "ci_must_pass",
    };
    let mut value = json!({
        "id": pull.id, "iid": pull.number, "project_id": id, "title": pull.title, "description": pull.body,
        "state": state, "created_at": pull.created_at, "updated_at": pull.merged_at.unwrap_or(pull.created_at),
        "merged_by": null, "merge_user": null, "merged_at": pull.merged_at, "closed_by": null, "closed_at": null,
        "target_branch": pull.base, "source_branch": pull.head, "upvotes": 0, "downvotes": 0,
        "author": user(url, &pull.author), "assignees": [], "assignee": null, "reviewers": [], "source_project_id": id,
        "target_project_id": id, "labels": [], "draft": false, "work_in_progress": false, "milestone": null,
        "merge_when_pipeline_succeeds": false, "merge_status": if pull.open { "can_be_merged" } else { "unchecked" },
        "detailed_merge_status": detailed, "sha": pull.head_sha, "merge_commit_sha": null, "squash_commit_sha": null,
        "discussion_locked": null, "should_remove_source_branch": null, "force_remove_source_branch": null,
        "has_conflicts": false, "blocking_discussions_resolved": true, "squash": false,
    });
    let number = format!("!{}", pull.number);
    value["references"] = json!({ "short": number, "relative": number, "full": format!("{path}{number}") });
    value["reference"] = json!(number);
    value["user_notes_count"] = json!(pull.notes.iter().filter(|note| !note.system).count());
    value["web_url"] = json!(format!("{url}/{path}/-/merge_requests/{}", pull.number));
    value["head_pipeline"] = json!(pipeline);
    value["diff_refs"] = json!({ "base_sha": pull.base_sha, "head_sha": pull.head_sha, "start_sha": pull.base_sha });
    value["time_stats"] = json!({
        "time_estimate": 0, "total_time_spent": 0, "human_time_estimate": null, "human_total_time_spent": null,
    });
    value["task_completion_status"] = json!({ "count": 0, "completed_count": 0 });
    value
}

pub(crate) fn pipeline(url: &str, path: &str, known: &Repository, pipeline: &Pipeline) -> Value {
    json!({
        "id": pipeline.id, "iid": pipeline.iid, "project_id": known.id, "sha": pipeline.sha, "ref": pipeline.branch,
        "status": known.lab.status(pipeline.id), "source": pipeline.source, "created_at": pipeline.at,
        "updated_at": pipeline.at, "web_url": format!("{url}/{path}/-/pipelines/{}", pipeline.id), "name": null,
        "user": user(url, &pipeline.by),
    })
}

pub(crate) fn status(url: &str, job: &Job) -> Value {
    let done = matches!(job.state.as_str(), "success" | "failed" | "canceled" | "skipped");
    json!({
        "id": job.id, "sha": job.sha, "ref": job.branch, "status": job.state, "name": job.name,
        "target_url": job.target_url, "description": job.description, "created_at": job.created_at,
        "started_at": (job.state != "pending").then_some(job.created_at), "finished_at": done.then_some(job.updated_at),
        "allow_failure": false, "coverage": null, "pipeline_id": job.pipeline, "author": user(url, &job.author),
    })
}

pub(crate) fn project(url: &str, path: &str, known: &Repository, level: u64) -> Value {
    let access = (level > 0).then(|| json!({ "access_level": level, "notification_level": 3 }));
    let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
    let open = known.issues.values().filter(|issue| issue.open).count();
    json!({
        "id": known.id, "name": name, "path": name, "name_with_namespace": path, "path_with_namespace": path,
        "description": null, "created_at": known.created_at, "default_branch": known.default_branch, "tag_list": [],
        "topics": [], "ssh_url_to_repo": format!("git@sandbox:{path}.git"),
        "http_url_to_repo": format!("{url}/{path}.git"), "web_url": format!("{url}/{path}"), "readme_url": null,
        "forks_count": 0, "avatar_url": null, "star_count": 0, "last_activity_at": known.created_at,
        "namespace": { "id": user_id(group), "name": group, "path": group, "kind": "group", "full_path": group,
            "parent_id": null, "avatar_url": null, "web_url": format!("{url}/groups/{group}") },
        "visibility": if known.private { "private" } else { "public" }, "archived": false, "empty_repo": false,
        "forking_access_level": known.lab.forking, "issues_access_level": known.lab.issues,
        "issues_enabled": known.lab.issues != "disabled", "open_issues_count": open,
        "forked_from_project": known.fork.then(|| json!({ "id": 1 })),
        "only_allow_merge_if_pipeline_succeeds": known.lab.pipeline_must_succeed,
        "allow_merge_on_skipped_pipeline": known.lab.skipped_is_enough,
        "only_allow_merge_if_all_discussions_are_resolved": false, "merge_method": "merge",
        "shared_with_groups": [], "permissions": { "project_access": access, "group_access": null },
    })
}

pub(crate) fn member(url: &str, name: &str, level: u64) -> Value {
    let mut value = user(url, name);
    value["access_level"] = json!(level);
    value["created_at"] = json!("2020-01-01T00:00:00.000Z");
    value["expires_at"] = json!(null);
    value["membership_state"] = json!("active");
    value
}

pub(crate) fn protection(name: &str, rule: &Protection) -> Value {
    let level = |access: &Access| match access {
        Access::Level(level) => json!({
            "id": rule.id, "access_level": level, "access_level_description": described(*level), "user_id": null,
            "group_id": null, "deploy_key_id": null,
        }),
        Access::User(id) => json!({
            "id": rule.id, "access_level": 40, "access_level_description": "A user", "user_id": id, "group_id": null,
            "deploy_key_id": null,
        }),
    };
    let levels = |all: &[Access]| all.iter().map(level).collect::<Vec<_>>();
    json!({
        "id": rule.id, "name": name, "push_access_levels": levels(&rule.push), "merge_access_levels": levels(&rule.merge),
        "unprotect_access_levels": [], "allow_force_push": rule.allow_force_push, "code_owner_approval_required": false,
        "inherited": false,
    })
}

fn described(level: u64) -> &'static str {
    match level {
        0 => "No one",
        30 => "Developers + Maintainers",
        _ => "Maintainers",
    }
}

/// The webhook of a project, with how it has fared.
pub(crate) fn hook(known: &Repository, url: &str, now: Timestamp) -> Value {
    let hook = &known.lab.hook;
    json!({
        "id": hook.id, "url": url, "project_id": known.id, "created_at": known.created_at, "push_events": true,
        "issues_events": true, "confidential_issues_events": hook.confidential_issues, "note_events": true,
        "confidential_note_events": hook.confidential_notes, "merge_requests_events": true, "tag_push_events": false,
        "job_events": false, "pipeline_events": false, "wiki_page_events": false, "deployment_events": false,
        "releases_events": false, "emoji_events": false, "repository_update_events": false,
        "push_events_branch_filter": null, "custom_webhook_template": null, "enable_ssl_verification": true, "alert_status": hook.alert(now),
        "disabled_until": hook.disabled_until, "url_variables": [], "custom_headers": [],
    })
}

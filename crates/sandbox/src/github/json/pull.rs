//! A pull request: as lists have it, and whole.

use serde_json::{Value, json};

use super::{repository_in_payload, user};
use crate::world::{Pull, Repository};

pub(crate) fn pull(url: &str, name: &str, repository: &Repository, pull: &Pull) -> Value {
    let owner = name.split('/').next().unwrap_or_default();
    let side = |branch: &str, sha: &str| {
        json!({
            "label": format!("{owner}:{branch}"), "ref": branch, "sha": sha, "user": user(url, owner),
            "repo": repository_in_payload(url, name, repository),
        })
    };
    let api = format!("{url}/api/v3/repos/{name}");
    let base = format!("{api}/pulls/{}", pull.number);
    let html = format!("{url}/{name}/pull/{}", pull.number);
    let mut value = json!({
        "id": pull.id, "node_id": format!("PR_{}", pull.id), "url": base, "html_url": html,
        "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
        "issue_url": format!("{api}/issues/{}", pull.number), "commits_url": format!("{base}/commits"),
        "review_comments_url": format!("{base}/comments"), "review_comment_url": format!("{api}/pulls/comments{{/number}}"),
        "comments_url": format!("{api}/issues/{}/comments", pull.number),
        "statuses_url": format!("{api}/statuses/{}", pull.head_sha),
        "number": pull.number, "state": if pull.open { "open" } else { "closed" }, "locked": false,
        "active_lock_reason": null, "title": pull.title, "body": pull.body, "user": user(url, &pull.author),
        "labels": [], "milestone": null,
        "assignee": null, "assignees": [], "requested_reviewers": [], "requested_teams": [],
        "created_at": pull.created_at, "updated_at": pull.created_at,
        "closed_at": if pull.open { None } else { pull.merged_at.or(Some(pull.created_at)) },
        "merged_at": pull.merged_at, "merge_commit_sha": null, "draft": false, "auto_merge": null,
        "head": side(&pull.head, &pull.head_sha), "base": side(&pull.base, &pull.base_sha),
        "author_association": "MEMBER",
    });
    value["_links"] = json!({
            "self": { "href": base }, "html": { "href": html },
            "issue": { "href": format!("{api}/issues/{}", pull.number) },
            "comments": { "href": format!("{api}/issues/{}/comments", pull.number) },
            "review_comments": { "href": format!("{base}/comments") },
            "review_comment": { "href": format!("{api}/pulls/comments{{/number}}") },
            "commits": { "href": format!("{base}/commits") },
            "statuses": { "href": format!("{api}/statuses/{}", pull.head_sha) },
    });
    value
}

/// With what lists leave out.
pub(crate) fn pull_whole(url: &str, name: &str, repository: &Repository, pull: &Pull) -> Value {
    let mut value = self::pull(url, name, repository, pull);
    let comments = repository
        .issues
        .get(&pull.number)
        .map_or(0, |issue| issue.comments.len());
    let merged = pull.merged_at.is_some();
    let more = json!({
        "merged": merged, "merged_by": merged.then(|| user(url, &pull.author)), "mergeable": null,
        "mergeable_state": "unknown", "rebaseable": null, "comments": comments, "review_comments": 0,
        "maintainer_can_modify": false, "commits": pull.size.commits, "additions": pull.size.additions,
        "deletions": pull.size.deletions, "changed_files": pull.size.files,
    });
    for (key, field) in more.as_object().into_iter().flatten() {
        value[key] = field.clone();
    }
    value
}

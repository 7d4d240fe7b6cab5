//! A repository, with all its addresses.

use serde_json::{Value, json};

use super::user;
use crate::world::Repository;

/// What has an address of its own below a repository: the field without `_url`, and the path.
const ADDRESSES: [(&str, &str); 37] = [
    ("archive", "/{archive_format}{/ref}"),
    ("assignees", "/assignees{/user}"),
    ("blobs", "/git/blobs{/sha}"),
    ("branches", "/branches{/branch}"),
    ("collaborators", "/collaborators{/collaborator}"),
    ("comments", "/comments{/number}"),
    ("commits", "/commits{/sha}"),
    ("compare", "/compare/{base}...{head}"),
    ("contents", "/contents/{+path}"),
    ("contributors", "/contributors"),
    ("deployments", "/deployments"),
    ("downloads", "/downloads"),
    ("events", "/events"),
    ("forks", "/forks"),
    ("git_commits", "/git/commits{/sha}"),
    ("git_refs", "/git/refs{/sha}"),
    ("git_tags", "/git/tags{/sha}"),
    ("hooks", "/hooks"),
    ("issue_comment", "/issues/comments{/number}"),
    ("issue_events", "/issues/events{/number}"),
    ("issues", "/issues{/number}"),
    ("keys", "/keys{/key_id}"),
    ("labels", "/labels{/name}"),
    ("languages", "/languages"),
    ("merges", "/merges"),
    ("milestones", "/milestones{/number}"),
    ("notifications", "/notifications{?since,all,participating}"),
    ("pulls", "/pulls{/number}"),
    ("releases", "/releases{/id}"),
    ("stargazers", "/stargazers"),
    ("statuses", "/statuses/{sha}"),
    ("subscribers", "/subscribers"),
    ("subscription", "/subscription"),
    ("tags", "/tags"),
    ("teams", "/teams"),
    ("trees", "/git/trees{/sha}"),
    ("svn", ""),
];

pub(crate) fn repository(url: &str, full_name: &str, repository: &Repository) -> Value {
    let (owner, name) = full_name.split_once('/').unwrap_or((full_name, ""));
    let api = format!("{url}/api/v3/repos/{full_name}");
    let host = url.split_once("://").map_or(url, |(_, host)| host);
    let open = repository.issues.values().filter(|issue| issue.open).count();
    let mut value = json!({
        "id": repository.id, "node_id": format!("R_{}", repository.id), "name": name, "full_name": full_name,
        "owner": user(url, owner), "private": repository.private, "fork": repository.fork,
        "visibility": if repository.private { "private" } else { "public" },
        "allow_forking": repository.allow_forking, "default_branch": repository.default_branch,
        "html_url": format!("{url}/{full_name}"), "url": api, "clone_url": format!("{url}/{full_name}.git"),
        "git_url": format!("git://{host}/{full_name}.git"), "ssh_url": format!("git@{host}:{full_name}.git"),
        "mirror_url": null, "description": null, "homepage": null, "language": null, "license": null,
        "archived": false, "disabled": false, "is_template": false, "topics": [], "size": 0,
        "has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false,
    });
    value["has_discussions"] = json!(false);
    value["has_downloads"] = json!(false);
    value["web_commit_signoff_required"] = json!(false);
    for count in ["forks", "stargazers", "watchers", "network", "subscribers"] {
        value[format!("{count}_count")] = json!(0);
    }
    (value["forks"], value["watchers"]) = (json!(0), json!(0));
    (value["open_issues"], value["open_issues_count"]) = (json!(open), json!(open));
    for at in ["created_at", "updated_at", "pushed_at"] {
        value[at] = json!(repository.created_at);
    }
    for (field, path) in ADDRESSES {
        value[format!("{field}_url")] = json!(format!("{api}{path}"));
    }
    value
}

/// The same as a webhook has it: without the two counts that only a request for the one repository brings.
pub(crate) fn repository_in_payload(url: &str, full_name: &str, repository: &Repository) -> Value {
    let mut value = self::repository(url, full_name, repository);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("network_count");
        fields.remove("subscribers_count");
    }
    value
}

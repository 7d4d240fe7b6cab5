//! Branches and commits, for whoever sees the project's code.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Call, Reply};
use crate::git;

const FORMAT: &str = "--format=%H%n%P%n%aI%n%cI%n%an%n%ae%n%cn%n%ce%n%B";

pub(crate) async fn answer(call: &Call<'_>, method: &Method, rest: &[&str]) -> Reply {
    if *method != Method::GET {
        return Reply::absent("");
    }
    let dir = call.shared.repository_dir(call.project);
    match rest {
        ["commits"] => {
            let default = call.look(|known| known.default_branch.clone()).unwrap_or_default();
            let from = match call.flag("all") {
                Some(true) => "--branches".to_owned(),
                _ => call.text("ref_name").unwrap_or(default),
            };
            let found = git::run(&dir, &["log", "-z", "--max-count=1000", FORMAT, &from, "--"]).await;
            let found = found.unwrap_or_default();
            Reply::list(found.split('\0').filter_map(|entry| commit(call, entry)))
        }
        // By its id everything that the repository holds, whether a branch leads to it or not.
        ["commits", sha] => {
            let found = git::run(&dir, &["log", "--max-count=1", FORMAT, "--end-of-options", sha, "--"]).await;
            let found = found.ok().and_then(|entry| commit(call, &entry));
            found.map_or_else(|| Reply::absent("Commit "), Reply::ok)
        }
        ["branches"] => {
            let mut found = Vec::new();
            for (name, sha) in git::branches(&dir).await {
                found.extend(branch(call, &name, &sha).await);
            }
            Reply::list(found.into_iter())
        }
        ["branches", name] => {
            let found = match git::branches(&dir).await.get(*name) {
                Some(sha) => branch(call, name, sha).await,
                None => None,
            };
            found.map_or_else(|| Reply::absent("Branch "), Reply::ok)
        }
        _ => Reply::absent(""),
    }
}

async fn branch(call: &Call<'_>, name: &str, sha: &str) -> Option<Value> {
    let dir = call.shared.repository_dir(call.project);
    let entry = git::run(&dir, &["log", "--max-count=1", FORMAT, sha]).await.ok()?;
    let commit = commit(call, &entry)?;
    let page = format!("{}/{}/-/tree/{name}", call.shared.url, call.project);
    let (default, protected, force, push, merge) = call.look(|known| {
        let protected = known.lab.rules(name).next().is_some();
        let force = known.lab.rules(name).any(|rule| rule.allow_force_push);
        let (push, merge) = (known.lab_push(call.actor, name), known.lab_merge(call.actor, name));
        (known.default_branch == name, protected, force, push, merge)
    })?;
    Some(json!({
        "name": name, "merged": false, "protected": protected, "default": default, "can_push": push,
        "developers_can_push": push, "developers_can_merge": merge, "allow_force_push": force, "web_url": page,
        "commit": commit,
    }))
}

fn commit(call: &Call<'_>, entry: &str) -> Option<Value> {
    let mut lines = entry.splitn(9, '\n');
    let mut next = || lines.next();
    let (id, parents, authored, committed) = (next()?, next()?, next()?, next()?);
    let (author, author_email, committer, committer_email, message) = (next()?, next()?, next()?, next()?, next()?);
    Some(json!({
        "id": id, "short_id": id.get(..8)?, "created_at": committed, "parent_ids": parents.split_whitespace().collect::<Vec<_>>(),
        "title": message.lines().next().unwrap_or_default(), "message": format!("{}\n", message.trim_end()),
        "author_name": author, "author_email": author_email, "authored_date": authored, "committer_name": committer,
        "committer_email": committer_email, "committed_date": committed, "trailers": {}, "extended_trailers": {},
        "web_url": format!("{}/{}/-/commit/{id}", call.shared.url, call.project),
    }))
}

/// The commits on branches whose messages contain a text.
pub(crate) async fn said(call: &Call<'_>, text: &str) -> Vec<Value> {
    let dir = call.shared.repository_dir(call.project);
    let wanted = format!("--grep={text}");
    let arguments = [
        "log",
        "-z",
        "--fixed-strings",
        "--regexp-ignore-case",
        FORMAT,
        "--branches",
        &wanted,
    ];
    let found = git::run(&dir, &arguments).await.unwrap_or_default();
    found.split('\0').filter_map(|entry| commit(call, entry)).collect()
}

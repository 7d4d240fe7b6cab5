//! What a push brings with it: the entry in the timeline, pull requests that follow, closed issues, and a delivery a branch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::deliveries::About;
use crate::git::run;
use crate::{Flavour, Shared};

/// One reference of a push.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    pub reference: String,
    pub old: Option<String>,
    pub new: Option<String>,
}

/// What follows from branches that moved: the record, pull requests, closed issues, deliveries.
pub(crate) async fn pushed(
    shared: &Arc<Shared>,
    repository: &str,
    by: &str,
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) {
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let moved: Vec<_> = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| Moved {
            reference: format!("refs/heads/{name}"),
            old: before.get(name).cloned(),
            new: after.get(name).cloned(),
        })
        .collect();
    if moved.is_empty() {
        return;
    }
    let private = shared
        .world()
        .repositories
        .get(repository)
        .is_some_and(|known| known.private);
    let refs: Vec<_> = moved
        .iter()
        .map(|moved| json!({ "ref": moved.reference, "old": moved.old, "new": moved.new }))
        .collect();
    shared.record(
        private,
        "git.push",
        by,
        json!({ "repository": repository, "refs": refs }),
    );
    shared.follow_pulls(repository, by, after).await;
    shared.close_by_keyword(repository, by, &moved).await;
    if shared.flavour == Flavour::Gitlab {
        shared.start_pipelines(repository, by, &moved);
        if too_many_at_once(&moved) {
            return;
        }
    }
    for moved in moved {
        let payload = push_payload(shared, repository, by, &moved).await;
        shared.announce(repository, by, "push", "", &About::Push(payload));
    }
}

/// GitLab sends nothing of a push that creates, moves or deletes more than three branches.
fn too_many_at_once(moved: &[Moved]) -> bool {
    let kinds = moved.iter().map(|moved| (moved.old.is_some(), moved.new.is_some()));
    let counts = kinds.fold(BTreeMap::new(), |mut counts, kind| {
        *counts.entry(kind).or_insert(0_u32) += 1;
        counts
    });
    counts.into_values().any(|count| count > 3)
}

async fn push_payload(shared: &Shared, repository: &str, by: &str, moved: &Moved) -> Value {
    let dir = shared.repository_dir(repository);
    let zero = "0".repeat(40);
    let page = format!("{}/{repository}", shared.url);
    let forced = match (&moved.old, &moved.new) {
        (Some(old), Some(new)) => run(&dir, &["merge-base", "--is-ancestor", old, new]).await.is_err(),
        _ => false,
    };
    let commits = match &moved.new {
        Some(new) => {
            let known = moved
                .old
                .as_ref()
                .map_or_else(|| "--not".to_owned(), |old| format!("^{old}"));
            let others = moved.old.is_none().then(|| format!("--exclude={}", moved.reference));
            let mut arguments = vec!["log", "--reverse", "--max-count=20", "-z", COMMIT, new, &known];
            if let Some(others) = &others {
                arguments.extend([others, "--branches"]);
            }
            let log = run(&dir, &arguments).await.unwrap_or_default();
            log.split('\0')
                .filter_map(|entry| commit_in_payload(&page, entry))
                .collect()
        }
        None => Vec::new(),
    };
    let (before, after) = (moved.old.as_ref().unwrap_or(&zero), moved.new.as_ref().unwrap_or(&zero));
    json!({
        "ref": moved.reference, "before": before, "after": after, "created": moved.old.is_none(),
        "deleted": moved.new.is_none(), "forced": forced, "base_ref": null,
        "compare": format!("{page}/compare/{}...{}", &before[..12], &after[..12]),
        "head_commit": commits.last(), "commits": commits, "pusher": { "name": by, "email": null },
    })
}

const COMMIT: &str = "--format=%H%n%T%n%aI%n%cI%n%an%n%ae%n%cn%n%ce%n%B";

fn commit_in_payload(page: &str, entry: &str) -> Option<Value> {
    let mut lines = entry.splitn(9, '\n');
    let mut next = || lines.next();
    let (id, tree, authored, committed) = (next()?, next()?, next()?, next()?);
    let (author, author_email, committer, committer_email, message) = (next()?, next()?, next()?, next()?, next()?);
    Some(json!({
        "id": id, "tree_id": tree, "distinct": true, "message": message.trim_end(), "timestamp": committed,
        "url": format!("{page}/commit/{id}"),
        "author": { "name": author, "email": author_email, "date": authored },
        "committer": { "name": committer, "email": committer_email, "date": committed },
        "added": [], "removed": [], "modified": [],
    }))
}

//! A project's activity, and its search: each shows what the one who asks may see.

use axum::http::Method;
use serde_json::{Value, json};

use super::state::{Activity, Target};
use super::{Call, Reply, commits, issues, shapes};
use crate::git;
use crate::world::Repository;

pub(crate) fn events(call: &Call<'_>, method: &Method) -> Reply {
    if *method != Method::GET {
        return Reply::absent("");
    }
    let found = call.look(|known| {
        let newest_first = known.lab.activity.iter().rev();
        newest_first
            .filter_map(|activity| event(call, known, activity))
            .collect::<Vec<_>>()
    });
    Reply::list(found.unwrap_or_default().into_iter())
}

fn event(call: &Call<'_>, known: &Repository, activity: &Activity) -> Option<Value> {
    let url = &call.shared.url;
    let note = |number: u64, id: u64, merge: bool| {
        let (notes, about, kind) = if merge {
            let pull = known.pulls.get(&number)?;
            (&pull.notes, pull.id, "MergeRequest")
        } else {
            let issue = known
                .issues
                .get(&number)
                .filter(|issue| known.sees_issue(call.actor, issue))?;
            (&issue.comments, issue.id, "Issue")
        };
        let note = notes
            .iter()
            .find(|note| note.id == id && known.sees_note(call.actor, note))?;
        Some(shapes::note(url, known.id, kind, (about, number), note))
    };
    let mut value = json!({
        "id": activity.id, "project_id": known.id, "action_name": activity.action, "author_id": super::state::user_id(&activity.by),
        "author": shapes::user(url, &activity.by), "author_username": activity.by, "created_at": activity.at,
        "imported": false, "imported_from": "none",
    });
    let (kind, id, number, title) = match activity.target {
        Target::Issue(number) => {
            let issue = known
                .issues
                .get(&number)
                .filter(|issue| known.sees_issue(call.actor, issue))?;
            ("Issue", issue.id, number, issue.title.clone())
        }
        Target::Merge(number) => {
            let pull = known.pulls.get(&number)?;
            ("MergeRequest", pull.id, number, pull.title.clone())
        }
        Target::IssueNote(number, id) => {
            value["note"] = note(number, id, false)?;
            ("Note", id, number, known.issues.get(&number)?.title.clone())
        }
        Target::MergeNote(number, id) => {
            value["note"] = note(number, id, true)?;
            ("Note", id, number, known.pulls.get(&number)?.title.clone())
        }
    };
    value["target_type"] = json!(kind);
    value["target_id"] = json!(id);
    value["target_iid"] = json!(number);
    value["target_title"] = json!(title);
    Some(value)
}

pub(crate) async fn search(call: &Call<'_>, method: &Method) -> Reply {
    if *method != Method::GET {
        return Reply::absent("");
    }
    let (Some(scope), Some(text)) = (call.text("scope"), call.text("search")) else {
        return Reply::missing("scope");
    };
    let url = &call.shared.url;
    let lower = text.to_lowercase();
    match scope.as_str() {
        "issues" => {
            let found = call.look(|known| {
                let seen = issues::seen(known, call.actor, Some(&text));
                seen.map(|issue| shapes::issue(url, call.project, known.id, issue))
                    .collect::<Vec<_>>()
            });
            Reply::list(found.unwrap_or_default().into_iter())
        }
        "merge_requests" => {
            let found = call.look(|known| {
                let pulls = known.pulls.values().filter(|pull| {
                    pull.title.to_lowercase().contains(&lower) || pull.body.to_lowercase().contains(&lower)
                });
                pulls
                    .map(|pull| shapes::merge(url, call.project, known, pull))
                    .collect::<Vec<_>>()
            });
            Reply::list(found.unwrap_or_default().into_iter())
        }
        "notes" => Reply::list(notes(call, &lower).into_iter()),
        "commits" => Reply::list(commits::said(call, &text).await.into_iter()),
        "blobs" => {
            let dir = call.shared.repository_dir(call.project);
            let branch = call.look(|known| known.default_branch.clone()).unwrap_or_default();
            let arguments = [
                "grep",
                "--fixed-strings",
                "--ignore-case",
                "--line-number",
                "-e",
                &text,
                &branch,
                "--",
            ];
            let found = git::run(&dir, &arguments).await.unwrap_or_default();
            let blob = |line: &str| {
                let mut parts = line.splitn(4, ':').skip(1);
                let (path, start) = (parts.next()?.to_owned(), parts.next()?.parse::<u64>().ok()?);
                Some(
                    json!({ "basename": path, "data": parts.next()?, "path": path, "filename": path, "id": null,
                    "ref": branch, "startline": start, "project_id": call.look(|known| known.id) }),
                )
            };
            Reply::list(found.lines().filter_map(blob).collect::<Vec<_>>().into_iter())
        }
        _ => Reply::with(400, json!({ "error": "scope does not have a valid value" })),
    }
}

fn notes(call: &Call<'_>, lower: &str) -> Vec<Value> {
    let url = &call.shared.url;
    let found = call.look(|known| {
        let issues = known
            .issues
            .values()
            .filter(|issue| known.sees_issue(call.actor, issue));
        let on_issues = issues.flat_map(|issue| {
            issue
                .comments
                .iter()
                .map(move |note| (note, "Issue", issue.id, issue.number))
        });
        let pulls = known.pulls.values();
        let on_pulls = pulls.flat_map(|pull| {
            pull.notes
                .iter()
                .map(move |note| (note, "MergeRequest", pull.id, pull.number))
        });
        let fits = on_issues.chain(on_pulls).filter(|(note, ..)| {
            !note.system && known.sees_note(call.actor, note) && note.body.to_lowercase().contains(lower)
        });
        fits.map(|(note, kind, id, number)| shapes::note(url, known.id, kind, (id, number), note))
            .collect()
    });
    found.unwrap_or_default()
}

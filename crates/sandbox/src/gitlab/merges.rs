//! Merge requests. In a private project they are for Reporters; writing one needs Developer.

use axum::http::Method;
use serde_json::json;

use super::{Call, Reply, notes, shapes, texts};
use crate::deliveries::About;
use crate::git;
use crate::gitlab::state::Target;
use crate::world::{Pull, Repository};

pub(crate) async fn answer(call: &Call<'_>, method: &Method, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::GET, []) => list(call),
        (&Method::POST, []) => open(call).await,
        (_, [number, rest @ ..]) => {
            let number = number.parse().unwrap_or_default();
            if call.look(|known| known.pulls.contains_key(&number)) != Some(true) {
                return Reply::absent("Merge Request ");
            }
            match (method, rest) {
                (&Method::GET, []) => one(call, number, 200),
                (&Method::PUT, ["merge"]) => merge(call, number).await,
                (_, ["notes", rest @ ..]) => notes::answer(call, method, notes::On::Merge(number), rest),
                _ => Reply::absent(""),
            }
        }
        _ => Reply::absent(""),
    }
}

fn one(call: &Call<'_>, number: u64, status: u16) -> Reply {
    let url = &call.shared.url;
    let shape = |known: &Repository| Some(shapes::merge(url, call.project, known, known.pulls.get(&number)?));
    let found = call.look(shape).flatten();
    found.map_or_else(|| Reply::absent(""), |merge| Reply::with(status, merge))
}

fn list(call: &Call<'_>) -> Reply {
    let (state, source, target) = (
        call.text("state"),
        call.text("source_branch"),
        call.text("target_branch"),
    );
    let found = call.look(|known| {
        let fits = |pull: &&Pull| {
            let in_state = match state.as_deref() {
                Some("opened") => pull.open,
                Some("merged") => pull.merged_at.is_some(),
                Some("closed") => !pull.open && pull.merged_at.is_none(),
                _ => true,
            };
            in_state
                && source.as_ref().is_none_or(|source| *source == pull.head)
                && target.as_ref().is_none_or(|target| *target == pull.base)
        };
        let mut found: Vec<_> = known.pulls.values().filter(fits).collect();
        if call.text("sort").as_deref() != Some("asc") {
            found.reverse();
        }
        let shape = |pull: &Pull| shapes::merge(&call.shared.url, call.project, known, pull);
        found.into_iter().map(shape).collect::<Vec<_>>()
    });
    Reply::list(found.unwrap_or_default().into_iter())
}

async fn open(call: &Call<'_>) -> Reply {
    if call.level() < 30 {
        return Reply::forbidden();
    }
    let [source, target, title] = match ["source_branch", "target_branch", "title"].map(|key| call.text(key).ok_or(key))
    {
        [Ok(source), Ok(target), Ok(title)] => [source, target, title],
        parts => {
            let lacking = parts.into_iter().find_map(Result::err).unwrap_or_default();
            return Reply::missing(lacking);
        }
    };
    let dir = call.shared.repository_dir(call.project);
    let branches = git::branches(&dir).await;
    let absent = |name: &String, what: &str| {
        (!branches.contains_key(name)).then(|| format!("{what} branch \"{name}\" does not exist"))
    };
    let problems: Vec<_> = [absent(&source, "Source"), absent(&target, "Target")]
        .into_iter()
        .flatten()
        .collect();
    let (Some(head), Some(base)) = (branches.get(&source), branches.get(&target)) else {
        return Reply::with(400, json!({ "message": problems }));
    };
    let size = git::size(&dir, base, head).await;
    // Quick actions are taken out of a description as out of a note.
    let (body, actions) = texts::split(&call.text("description").unwrap_or_default());
    let (by, at, id) = (call.by(), call.shared.now(), call.shared.world().id());
    let made = call.change(|known| {
        let mut open = known.pulls.values().filter(|pull| pull.open);
        if let Some(pull) = open.find(|pull| pull.head == source && pull.base == target) {
            return Err(pull.number);
        }
        known.lab.merge_number += 1;
        let number = known.lab.merge_number;
        let pull = Pull {
            id,
            number,
            author: by.clone(),
            title: title.clone(),
            body,
            head: source.clone(),
            head_sha: head.clone(),
            base: target.clone(),
            base_sha: base.clone(),
            open: true,
            merged_at: None,
            created_at: at,
            size,
            notes: Vec::new(),
        };
        known.pulls.insert(number, pull);
        known.lab.act(id, &by, at, "opened", Target::Merge(number));
        Ok((number, known.private))
    });
    let (number, private) = match made {
        Some(Ok(made)) => made,
        Some(Err(other)) => {
            let problem = format!("Another open merge request already exists for this source branch: !{other}");
            return Reply::with(409, json!({ "message": [problem] }));
        }
        None => return Reply::absent("Project "),
    };
    let details =
        json!({ "repository": call.project, "number": number, "head": source, "base": target, "title": title });
    call.shared.record(private, "pull_request.opened", &by, details);
    let about = About::Pull { number, moved: None };
    call.shared
        .announce(call.project, &by, "pull_request", "opened", &about);
    call.shared.obey(call.project, &by, notes::On::Merge(number), &actions);
    one(call, number, 201)
}

/// GitLab wants to know which head is meant.
async fn merge(call: &Call<'_>, number: u64) -> Reply {
    let Some(sha) = call.text("sha") else {
        return Reply::missing("sha");
    };
    let facts = call.look(|known| {
        let pull = known.pulls.get(&number)?;
        let may = known.lab_merge(call.actor, &pull.base);
        Some((pull.head_sha.clone(), pull.open && known.pipeline_allows(pull), may))
    });
    match facts.flatten() {
        Some((_, _, false)) => Reply::message(401, "401 Unauthorized"),
        Some((head, ..)) if head != sha => Reply::message(409, "SHA does not match HEAD of source branch: "),
        Some((_, false, _)) => Reply::message(405, "405 Method Not Allowed"),
        Some(_) => match call.shared.merge_pull(call.project, &call.by(), number).await {
            Ok(_) => one(call, number, 200),
            Err(_) => Reply::message(422, "Branch cannot be merged"),
        },
        None => Reply::absent(""),
    }
}

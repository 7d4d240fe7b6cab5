//! Releases: a tag, made where there is none, with notes.

use axum::http::Method;
use serde_json::{Value, json};

use super::state::Release;
use super::{Call, Reply, shapes};
use crate::git;

pub(crate) async fn answer(call: &Call<'_>, method: &Method, rest: &[&str]) -> Reply {
    match (method, rest) {
        (&Method::GET, []) => {
            let found = call.look(|known| {
                let releases = known.lab.releases.iter().rev();
                releases
                    .map(|(tag, release)| shape(call, tag, release))
                    .collect::<Vec<_>>()
            });
            Reply::list(found.unwrap_or_default().into_iter())
        }
        (&Method::GET, [tag]) => one(call, tag, 200),
        (&Method::POST, []) => create(call).await,
        _ => Reply::absent(""),
    }
}

fn shape(call: &Call<'_>, tag: &str, release: &Release) -> Value {
    json!({
        "tag_name": tag, "name": release.name, "description": release.description, "created_at": release.at,
        "released_at": release.at, "upcoming_release": false, "author": shapes::user(&call.shared.url, &release.author),
    })
}

fn one(call: &Call<'_>, tag: &str, status: u16) -> Reply {
    let found = call.look(|known| known.lab.releases.get(tag).map(|release| shape(call, tag, release)));
    let found = found.flatten();
    found.map_or_else(|| Reply::absent(""), |release| Reply::with(status, release))
}

async fn create(call: &Call<'_>) -> Reply {
    let Some(tag) = call.text("tag_name") else {
        return Reply::missing("tag_name");
    };
    if call.level() < 30 {
        return Reply::forbidden();
    }
    if call.look(|known| known.lab.releases.contains_key(&tag)) == Some(true) {
        return Reply::message(409, "Release already exists");
    }
    let dir = call.shared.repository_dir(call.project);
    let reference = format!("refs/tags/{tag}");
    if git::run(&dir, &["rev-parse", "--quiet", "--verify", &reference])
        .await
        .is_err()
    {
        let Some(from) = call.text("ref") else {
            return Reply::message(422, "Ref is not specified");
        };
        if git::run(&dir, &["tag", &tag, &from]).await.is_err() {
            return Reply::message(400, "Target is invalid");
        }
    }
    let (by, at) = (call.by(), call.shared.now());
    let release = Release {
        name: call.text("name").unwrap_or_else(|| tag.clone()),
        description: call.text("description").unwrap_or_default(),
        author: by.clone(),
        at,
    };
    let details = json!({ "repository": call.project, "tag": tag, "description": release.description });
    let private = call.change(|known| {
        known.lab.releases.insert(tag.clone(), release);
        known.private
    });
    call.shared.record(private.unwrap_or_default(), "release", &by, details);
    one(call, &tag, 201)
}

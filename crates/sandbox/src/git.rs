//! Git over smart HTTP: `git http-backend` as a CGI program, and the rules around it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::pushes::pushed;
use crate::server::{basic, plain};
use crate::world::{Actor, Size};
use crate::{Flavour, SandboxError, Shared};

/// Refuses the references that the server names, as a forge's rules do: after the objects were received.
const UPDATE_HOOK: &str = "#!/bin/sh
case \" $SANDBOX_REFUSED \" in *\" $1 \"*)
  echo 'GH013: Repository rule violations found.' >&2
  exit 1
esac
";

/// Refuses the whole push where one of its references may not be moved, as GitLab does, or not like this.
const PRE_RECEIVE_HOOK: &str = "#!/bin/sh
if test -n \"$SANDBOX_REFUSED\"; then
  echo 'GitLab: You are not allowed to push code to protected branches on this project.' >&2
  exit 1
fi
while read -r old new reference; do
  case \" $SANDBOX_GUARDED \" in *\" $reference \"*)
    case $new in *[!0]*) ;; *)
      echo 'GitLab: You can only delete protected branches using the web interface.' >&2
      exit 1
    esac
    case $old in *[!0]*)
      if ! git merge-base --is-ancestor \"$old\" \"$new\"; then
        echo 'GitLab: You are not allowed to force push code to a protected branch on this project.' >&2
        exit 1
      fi
    esac
  esac
done
";

/// Makes a bare repository that can be pushed to over HTTP.
pub(crate) async fn create(dir: &Path, flavour: Flavour) -> Result<(), SandboxError> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(dir)?;
    run(dir, &["init", "--quiet", "--bare", "--initial-branch=main", "."]).await?;
    run(dir, &["config", "http.receivepack", "true"]).await?;
    // A forge serves every object of a repository by its id.
    run(dir, &["config", "uploadpack.allowAnySHA1InWant", "true"]).await?;
    let (name, text) = match flavour {
        Flavour::Github => ("update", UPDATE_HOOK),
        Flavour::Gitlab => ("pre-receive", PRE_RECEIVE_HOOK),
    };
    let hook = dir.join("hooks").join(name);
    std::fs::create_dir_all(dir.join("hooks"))?;
    std::fs::write(&hook, text)?;
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Runs git in a repository of the sandbox.
pub(crate) async fn run(dir: &Path, arguments: &[&str]) -> Result<String, SandboxError> {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs([
            ("GIT_AUTHOR_NAME", "sandbox"),
            ("GIT_AUTHOR_EMAIL", "sandbox@example.org"),
        ])
        .envs([
            ("GIT_COMMITTER_NAME", "sandbox"),
            ("GIT_COMMITTER_EMAIL", "sandbox@example.org"),
        ])
        .stdin(Stdio::null())
        .output()
        .await?;
    if !output.status.success() {
        return Err(SandboxError::Git(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// How much a branch changes since it left another.
pub(crate) async fn size(dir: &Path, base: &str, head: &str) -> Size {
    let commits = run(dir, &["rev-list", "--count", &format!("{base}..{head}")]).await;
    let lines = run(dir, &["diff", "--numstat", &format!("{base}...{head}")])
        .await
        .unwrap_or_default();
    let mut size = Size {
        commits: commits.ok().and_then(|count| count.parse().ok()).unwrap_or_default(),
        ..Size::default()
    };
    for line in lines.lines() {
        let mut counts = line.split('\t').map(|count| count.parse().unwrap_or_default());
        size.files += 1;
        size.additions += counts.next().unwrap_or(0);
        size.deletions += counts.next().unwrap_or(0);
    }
    size
}

/// The branches of a repository.
pub(crate) async fn branches(dir: &Path) -> BTreeMap<String, String> {
    let text = run(
        dir,
        &["for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/"],
    )
    .await;
    let pairs = text.unwrap_or_default();
    pairs
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect()
}

pub(crate) async fn answer(
    shared: &Arc<Shared>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let Some((repository, rest)) = uri.path().trim_start_matches('/').split_once(".git/") else {
        return plain(StatusCode::NOT_FOUND, "not found");
    };
    let writes = rest == "git-receive-pack" || uri.query() == Some("service=git-receive-pack");
    let credential = headers.get("authorization").and_then(|header| header.to_str().ok());
    let (bot, actor, visible, may_write) = {
        let world = shared.world();
        let actor = match credential.and_then(|header| header.split_once(' ')) {
            Some((_, secret)) => basic(&world, secret),
            None => Ok(Actor::Nobody),
        };
        let Ok(actor) = actor else { return unauthorized() };
        let known = world.repositories.get(repository);
        let visible = known.is_some_and(|known| known.can_see(&actor));
        let may_write = known.is_some_and(|known| known.can_write(&actor));
        (world.bot(), actor, visible, may_write)
    };
    let allowed = visible && (may_write || !writes);
    let status = match (allowed, &actor) {
        (true, _) => StatusCode::OK,
        // A stranger is asked who they are; somebody known hears that there is no such thing.
        (false, Actor::Nobody) => StatusCode::UNAUTHORIZED,
        (false, _) => StatusCode::NOT_FOUND,
    };
    shared.log_git(&actor, repository, method.as_str(), uri.path(), status.as_u16());
    match status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return unauthorized(),
        status => return plain(status, "Repository not found."),
    }
    let dir = shared.repository_dir(repository);
    if rest != "git-receive-pack" {
        return backend(shared, method, uri, headers, body, &Rules::default(), &bot).await;
    }
    let _one_at_a_time = shared.pushes.lock().await;
    let rules = rules(shared, repository, &actor, references(&body));
    let before = branches(&dir).await;
    let by = actor.name(&bot);
    let response = backend(shared, method, uri, headers, body, &rules, &by).await;
    let after = branches(&dir).await;
    pushed(shared, repository, &by, &before, &after).await;
    response
}

/// Which references of a push the rules stop.
#[derive(Default)]
struct Rules {
    /// Those that this person may not move.
    refused: Vec<String>,
    /// Those that may only go forward.
    guarded: Vec<String>,
}

fn rules(shared: &Shared, repository: &str, actor: &Actor, references: Vec<String>) -> Rules {
    let world = shared.world();
    let Some(known) = world.repositories.get(repository) else {
        return Rules::default();
    };
    let branch = |reference: &String| reference.strip_prefix("refs/heads/").unwrap_or(reference).to_owned();
    let allowed = |reference: &String| match shared.flavour {
        Flavour::Github => known.may_push(actor, &branch(reference), world.app.id),
        Flavour::Gitlab => known.lab_push(actor, &branch(reference)),
    };
    let guarded = |reference: &String| shared.flavour == Flavour::Gitlab && known.lab_guarded(&branch(reference));
    Rules {
        refused: references
            .iter()
            .filter(|reference| !allowed(reference))
            .cloned()
            .collect(),
        guarded: references.into_iter().filter(guarded).collect(),
    }
}

/// The references that a push asks to move, from the packet lines at its beginning.
fn references(body: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = body;
    while let Some(length) = rest
        .get(..4)
        .and_then(|head| std::str::from_utf8(head).ok())
        .and_then(|head| usize::from_str_radix(head, 16).ok())
    {
        let Some(line) = rest.get(4..length).filter(|_| length > 4) else {
            break;
        };
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        found.extend(text.trim_end().splitn(3, ' ').nth(2).map(str::to_owned));
        rest = &rest[length..];
    }
    found
}

async fn backend(
    shared: &Shared,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: Bytes,
    rules: &Rules,
    user: &str,
) -> Response<Body> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let child = Command::new("git")
        .arg("http-backend")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_PROJECT_ROOT", shared.dir.join("git"))
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", method.as_str())
        .env("PATH_INFO", uri.path())
        .env("QUERY_STRING", uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("REMOTE_USER", user)
        .env("SANDBOX_REFUSED", rules.refused.join(" "))
        .env("SANDBOX_GUARDED", rules.guarded.join(" "))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "no git");
    };
    let input = child.stdin.take();
    let feed = async {
        if let Some(mut input) = input {
            // A program that has read enough closes its end: what is left is of no use to it.
            let _ = input.write_all(&body).await;
        }
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    let Ok(output) = output else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "git failed");
    };
    let Some(end) = output.stdout.windows(4).position(|window| window == b"\r\n\r\n") else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "git failed");
    };
    let mut response = plain(StatusCode::OK, output.stdout[end + 4..].to_vec());
    for line in String::from_utf8_lossy(&output.stdout[..end]).lines() {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if name == "Status" {
            let status = value.split(' ').next().and_then(|status| status.parse().ok());
            *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        } else if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn unauthorized() -> Response<Body> {
    let mut response = plain(StatusCode::UNAUTHORIZED, "Who are you?");
    response
        .headers_mut()
        .insert("www-authenticate", HeaderValue::from_static("Basic realm=\"sandbox\""));
    response
}

//! The App's connection: authentication, one request, its class when it fails, and lists over several pages.
//!
//! octocrab is built without its retry feature, which would send a request again that may have had its effect.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use octocrab::Octocrab;
use octocrab::models::{AppId, InstallationId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use crate::error::{Class, ForgeError};
use crate::port::Credential;

/// GitHub asks for at least a minute where it does not say how long to wait.
const WAIT: Duration = Duration::from_secs(60);
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most pages that one list is read from: 10,000 entries.
const MAX_PAGES: u32 = 100;

/// A GitHub App on one server.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

struct Inner {
    octocrab: Octocrab,
    id: u64,
    git_url: String,
    bot: OnceCell<String>,
}

/// One repository, seen through the App's installation on it.
#[derive(Clone)]
pub struct GithubRepository {
    app: App,
    owner: String,
    name: String,
    // One client an installation: it keeps the token that it minted until the token is refused.
    client: Arc<Mutex<Option<Octocrab>>>,
}

pub(super) struct Reply {
    pub(super) body: Value,
    /// The query of the next page of a list.
    next: Option<String>,
}

impl App {
    /// Connects an App: `api_url` is `https://api.github.com` or `https://HOST/api/v3`, clone URLs are `git_url`,
    /// `/owner/name.git`; `key` is the App's private key as PEM. Nothing is sent yet. Call it within a Tokio runtime.
    pub fn new(api_url: &str, git_url: &str, id: u64, key: &SecretString) -> Result<Self, ForgeError> {
        let action = "take the App's key";
        let wrong = |problem: &str| ForgeError::new(action, Class::Permanent, problem);
        let key = jsonwebtoken::EncodingKey::from_rsa_pem(key.expose_secret().as_bytes())
            .map_err(|_| wrong("it is not an RSA key in PEM; download it again from the App's settings"))?;
        let octocrab = Octocrab::builder()
            .base_uri(api_url)
            .map_err(|_| wrong("api_url is not a URL"))?
            .set_connect_timeout(Some(PATIENCE))
            .set_read_timeout(Some(PATIENCE))
            .set_write_timeout(Some(PATIENCE))
            .app(AppId(id), key)
            .build()
            .map_err(|_| wrong("the HTTP client could not be built"))?;
        let git_url = git_url.trim_end_matches('/').to_owned();
        Ok(Self {
            inner: Arc::new(Inner {
                octocrab,
                id,
                git_url,
                bot: OnceCell::new(),
            }),
        })
    }

    /// One repository; `owner/name`.
    pub fn repository(&self, repository: &str) -> Result<GithubRepository, ForgeError> {
        let (owner, name) = repository
            .split_once('/')
            .ok_or_else(|| ForgeError::new("find the repository", Class::Permanent, "its name must be owner/name"))?;
        let client = Arc::default();
        Ok(GithubRepository {
            app: self.clone(),
            owner: owner.to_owned(),
            name: name.to_owned(),
            client,
        })
    }

    pub(super) fn id(&self) -> u64 {
        self.inner.id
    }

    pub(super) async fn bot(&self) -> Result<String, ForgeError> {
        #[derive(Deserialize)]
        struct Answer {
            slug: String,
        }
        let ask = async || {
            let action = "read the App's name";
            let reply = request(&self.inner.octocrab, action, Method::GET, "/app", None).await?;
            let answer: Answer = narrow(action, reply.body)?;
            Ok::<_, ForgeError>(format!("{}[bot]", answer.slug))
        };
        self.inner.bot.get_or_try_init(ask).await.cloned()
    }
}

impl GithubRepository {
    pub(super) fn app(&self) -> &App {
        &self.app
    }

    pub(super) fn owner(&self) -> &str {
        &self.owner
    }

    /// The path of something of this repository.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.owner, self.name)
    }

    async fn client(&self) -> Result<Octocrab, ForgeError> {
        #[derive(Deserialize)]
        struct Installation {
            id: u64,
        }
        let mut known = self.client.lock().await;
        if let Some(client) = &*known {
            return Ok(client.clone());
        }
        let action = "find the App's installation";
        let path = self.path("/installation");
        let reply = request(&self.app.inner.octocrab, action, Method::GET, &path, None).await?;
        let installation: Installation = narrow(action, reply.body)?;
        let client = self
            .app
            .inner
            .octocrab
            .installation(InstallationId(installation.id))
            .map_err(|_| ForgeError::new(action, Class::Permanent, "the client is not an App's"))?;
        *known = Some(client.clone());
        Ok(client)
    }

    /// One request as the installation. A token that is refused before its time (a key that was rotated, an installation
    /// that was suspended for a while) is forgotten and the request sent once more with a new one: a 401 had no effect.
    async fn ask(
        &self,
        action: &'static str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Reply, ForgeError> {
        let client = self.client().await?;
        match request(&client, action, method.clone(), path, body).await {
            Err(error) if error.class == Class::Unauthorized => {
                self.client.lock().await.take();
                request(&self.client().await?, action, method, path, body).await
            }
            answer => answer,
        }
    }

    pub(super) async fn mint_credential(&self) -> Result<Credential, ForgeError> {
        let action = "mint a token for git";
        let token = self
            .client()
            .await?
            .installation_token()
            .await
            .map_err(|error| transport(action, true, &error))?;
        let url = format!("{}/{}/{}.git", self.app.inner.git_url, self.owner, self.name);
        Ok(Credential {
            url,
            user: "x-access-token".to_owned(),
            token,
        })
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, action: &'static str, path: &str) -> Result<T, ForgeError> {
        narrow(action, self.ask(action, Method::GET, path, None).await?.body)
    }

    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        action: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<T, ForgeError> {
        narrow(action, self.ask(action, method, path, Some(body)).await?.body)
    }

    /// A request that takes no body, whose answer does not matter.
    pub(super) async fn delete(&self, action: &'static str, path: &str) -> Result<(), ForgeError> {
        self.ask(action, Method::DELETE, path, None).await.map(drop)
    }

    /// A whole list, page by page. `key` names the list within each page where a page is an object.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        action: &'static str,
        path: &str,
        key: Option<&str>,
    ) -> Result<Vec<T>, ForgeError> {
        let mut entries = Vec::new();
        let (plain, query) = path.split_once('?').unwrap_or((path, ""));
        let between = if query.is_empty() { "" } else { "&" };
        let mut query = format!("{query}{between}per_page=100");
        for _ in 0..MAX_PAGES {
            let path = format!("{plain}?{query}");
            let Reply { mut body, next } = self.ask(action, Method::GET, &path, None).await?;
            let list = key.map_or(Some(body.clone()), |key| body.get_mut(key).map(Value::take));
            let page: Vec<T> = narrow(action, list.unwrap_or_default())?;
            entries.extend(page);
            match next {
                Some(next) => query = next,
                None => return Ok(entries),
            }
        }
        Err(ForgeError::new(
            action,
            Class::Permanent,
            "the list is too long to be read whole",
        ))
    }
}

/// Reads an answer into a struct of ours.
pub(super) fn narrow<T: DeserializeOwned>(action: &'static str, body: Value) -> Result<T, ForgeError> {
    // The message of the parser may quote the answer: it is left out.
    serde_json::from_value(body)
        .map_err(|_| ForgeError::new(action, Class::Permanent, "it answered in a form that is not understood"))
}

async fn request(
    client: &Octocrab,
    action: &'static str,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Reply, ForgeError> {
    let harmless = method == Method::GET;
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("accept", "application/vnd.github+json")
        .header("content-type", "application/json")
        .header("x-github-api-version", "2022-11-28")
        .body(body.map_or_else(String::new, Value::to_string))
        .map_err(|_| ForgeError::new(action, Class::Permanent, "the request could not be written"))?;
    let response = client
        .execute(request)
        .await
        .map_err(|error| transport(action, harmless, &error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = client
        .body_to_string(response)
        .await
        .map_err(|error| transport(action, harmless, &error))?;
    if !status.is_success() {
        return Err(refused(action, harmless, status, &headers));
    }
    let next = headers.get("link").and_then(|link| next_page(link.to_str().ok()?));
    let body = if text.is_empty() {
        Ok(Value::Null)
    } else {
        serde_json::from_str(&text)
    };
    let body =
        body.map_err(|_| ForgeError::new(action, Class::Permanent, "it answered with something else than JSON"))?;
    Ok(Reply { body, next })
}

/// The query of the next page, from a `Link` header (RFC 8288). Some lists count pages and some have cursors, so the forge is
/// taken at its word; but only for the query: a link never sends us with our token to another place.
fn next_page(link: &str) -> Option<String> {
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let address = next.split_once('<')?.1.split_once('>')?.0;
    let (_, query) = address.split_once('?')?;
    Some(query.to_owned())
}

/// No answer, or none that could be read. octocrab's own message is left out: it may hold the answer or the path.
fn transport(action: &'static str, harmless: bool, error: &octocrab::Error) -> ForgeError {
    if let octocrab::Error::GitHub { source, .. } = error {
        let status = StatusCode::from_u16(source.status_code.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return refused(action, harmless, status, &HeaderMap::new());
    }
    let class = if harmless {
        Class::Transient(Duration::from_secs(1))
    } else {
        Class::Ambiguous
    };
    ForgeError::new(action, class, "there was no answer, or it could not be read")
}

fn refused(action: &'static str, harmless: bool, status: StatusCode, headers: &HeaderMap) -> ForgeError {
    let number = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok())
    };
    let exhausted = number("x-ratelimit-remaining") == Some(0);
    let limited = status == StatusCode::TOO_MANY_REQUESTS
        || status == StatusCode::FORBIDDEN && (exhausted || headers.contains_key("retry-after"));
    let (class, problem) = match status {
        _ if limited => {
            let now = jiff::Timestamp::now().as_second();
            let until = |reset: u64| u64::try_from(i64::try_from(reset).unwrap_or(i64::MAX).saturating_sub(now)).ok();
            let seconds = number("retry-after").or_else(|| number("x-ratelimit-reset").and_then(until));
            let wait = seconds.map_or(WAIT, |seconds| Duration::from_secs(seconds.clamp(1, 3_600)));
            (Class::Transient(wait), "it asks for a pause")
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => (Class::NotFound, "it is not there, or the App may not see it"),
        StatusCode::UNAUTHORIZED => (
            Class::Unauthorized,
            "the App's key or id is wrong, or it is not installed there: look at `private_key_file` and `app_id`",
        ),
        StatusCode::FORBIDDEN => (
            Class::Permanent,
            "the App lacks a permission (403): look at its settings",
        ),
        _ if status.is_server_error() && harmless => (Class::Transient(Duration::from_secs(1)), "it has a fault"),
        _ if status.is_server_error() => (Class::Ambiguous, "it has a fault; what was asked may have happened"),
        _ => (Class::Permanent, "it refused"),
    };
    ForgeError::new(action, class, format!("{problem} (HTTP {})", status.as_u16()))
}

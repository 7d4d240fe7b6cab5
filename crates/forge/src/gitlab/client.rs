//! The bot's connection: one request, its class when it fails, and lists over several pages.
//!
//! Requests are sent with reqwest itself: see decision 5.

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::form_urlencoded::{Serializer, byte_serialize};

use crate::error::{Class, ForgeError};
use crate::port::Credential;

/// GitLab does not always say how long to wait; its limits are counted by the minute.
const WAIT: Duration = Duration::from_secs(60);
/// Another update of the same thing is under way: it takes moments.
const CONFLICT: Duration = Duration::from_secs(1);
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most pages that one list is read from: 10,000 entries.
const MAX_PAGES: u32 = 100;

/// The bot's account on one GitLab.
#[derive(Clone)]
pub struct Instance {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    url: String,
    token: SecretString,
    bot: OnceCell<User>,
}

/// One project, seen by the bot's account.
#[derive(Clone)]
pub struct GitlabRepository {
    instance: Instance,
    /// The path of the project, `group/project`.
    name: String,
}

/// An account.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
    pub(super) username: String,
}

/// Keys and values of a request.
pub(super) type Form<'a> = [(&'a str, String)];

struct Reply {
    body: Value,
    /// The number of the next page of a list.
    next: Option<String>,
}

impl Instance {
    /// Connects an account: `url` is the instance's, such as `https://gitlab.com`; `token` is the bot's, with the scope
    /// `api`. Nothing is sent yet.
    pub fn new(url: &str, token: &SecretString) -> Result<Self, ForgeError> {
        let action = "take the token";
        let wrong = |problem: &str| ForgeError::new(action, Class::Permanent, problem);
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| wrong("it has characters that no token has; look at `token_file`"))?;
        bearer.set_sensitive(true);
        let http = reqwest::Client::builder()
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
            .timeout(PATIENCE)
            // The token goes nowhere but to the place that the configuration names.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| wrong("the HTTP client could not be built"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                url: url.trim_end_matches('/').to_owned(),
                token: token.clone(),
                bot: OnceCell::new(),
            }),
        })
    }

    /// One project by its path, `group/project`.
    pub fn repository(&self, path: &str) -> GitlabRepository {
        GitlabRepository {
            instance: self.clone(),
            name: path.to_owned(),
        }
    }

    pub(super) async fn bot(&self) -> Result<&User, ForgeError> {
        let action = "read the bot's name";
        let ask = async || narrow(action, self.ask(action, Method::GET, "/user", None).await?.body);
        self.inner.bot.get_or_try_init(ask).await
    }

    async fn ask(
        &self,
        action: &'static str,
        method: Method,
        path: &str,
        form: Option<&Form<'_>>,
    ) -> Result<Reply, ForgeError> {
        let harmless = method == Method::GET;
        let mut request = self
            .inner
            .http
            .request(method, format!("{}/api/v4{path}", self.inner.url));
        if let Some(form) = form {
            let body = Serializer::new(String::new()).extend_pairs(form).finish();
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body);
        }
        // The library's own messages are left out: they hold the path.
        let lost = |_: reqwest::Error| {
            let class = if harmless {
                Class::Transient(Duration::from_secs(1))
            } else {
                Class::Ambiguous
            };
            ForgeError::new(action, class, "there was no answer, or it could not be read")
        };
        let response = request.send().await.map_err(lost)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.map_err(lost)?;
        if !status.is_success() {
            return Err(refused(action, harmless, status, &headers, &text));
        }
        let next = headers.get("x-next-page").and_then(|next| next.to_str().ok());
        let next = next.filter(|next| !next.is_empty() && next.bytes().all(|byte| byte.is_ascii_digit()));
        let body = match text.as_str() {
            "" => Ok(Value::Null),
            text => serde_json::from_str(text),
        };
        let body =
            body.map_err(|_| ForgeError::new(action, Class::Permanent, "it answered with something else than JSON"))?;
        Ok(Reply {
            body,
            next: next.map(str::to_owned),
        })
    }

    /// A whole list, page by page.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        action: &'static str,
        path: &str,
    ) -> Result<Vec<T>, ForgeError> {
        let between = if path.contains('?') { '&' } else { '?' };
        let (mut entries, mut page) = (Vec::new(), "1".to_owned());
        for _ in 0..MAX_PAGES {
            let path = format!("{path}{between}per_page=100&page={page}");
            let Reply { body, next } = self.ask(action, Method::GET, &path, None).await?;
            entries.extend(narrow::<Vec<T>>(action, body)?);
            match next {
                Some(next) => page = next,
                None => return Ok(entries),
            }
        }
        let problem = "the list is too long to be read whole";
        Err(ForgeError::new(action, Class::Permanent, problem))
    }
}

impl GitlabRepository {
    pub(super) fn instance(&self) -> &Instance {
        &self.instance
    }

    /// The API's path of something of this project.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/projects/{}{rest}", encoded(&self.name))
    }

    pub(super) fn git_credential(&self) -> Credential {
        let inner = &self.instance.inner;
        Credential {
            url: format!("{}/{}.git", inner.url, self.name),
            user: "oauth2".to_owned(),
            token: inner.token.clone(),
        }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, action: &'static str, path: &str) -> Result<T, ForgeError> {
        let reply = self.instance.ask(action, Method::GET, &self.path(path), None).await?;
        narrow(action, reply.body)
    }

    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        action: &'static str,
        method: Method,
        path: &str,
        form: &Form<'_>,
    ) -> Result<T, ForgeError> {
        let reply = self.instance.ask(action, method, &self.path(path), Some(form)).await?;
        narrow(action, reply.body)
    }

    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        action: &'static str,
        path: &str,
    ) -> Result<Vec<T>, ForgeError> {
        self.instance.list(action, &self.path(path)).await
    }
}

/// A text as one part of a path or query.
pub(super) fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn narrow<T: DeserializeOwned>(action: &'static str, body: Value) -> Result<T, ForgeError> {
    // The message of the parser may quote the answer: it is left out.
    serde_json::from_value(body)
        .map_err(|_| ForgeError::new(action, Class::Permanent, "it answered in a form that is not understood"))
}

fn refused(action: &'static str, harmless: bool, status: StatusCode, headers: &HeaderMap, text: &str) -> ForgeError {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let (class, problem) = match status {
        StatusCode::TOO_MANY_REQUESTS => {
            let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
            let until = || Some(number("ratelimit-reset")?.saturating_sub(now));
            let seconds = number("retry-after").or_else(until);
            let wait = seconds.map_or(WAIT, |seconds| Duration::from_secs(seconds.clamp(1, 3_600)));
            (Class::Transient(wait), "it asks for a pause")
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => (Class::NotFound, "it is not there, or the bot may not see it"),
        StatusCode::UNAUTHORIZED => (
            Class::Unauthorized,
            "the token is wrong or has expired: look at `token_file`",
        ),
        StatusCode::FORBIDDEN => (
            Class::Permanent,
            "the bot's account lacks the role, or its token the scope `api` (403)",
        ),
        StatusCode::BAD_REQUEST if text.contains("Cannot transition status") => (Class::Permanent, ALREADY_SO),
        StatusCode::BAD_REQUEST if NO_JOBS.iter().any(|words| text.contains(words)) => (Class::Permanent, NO_PIPELINE),
        StatusCode::CONFLICT => (Class::Transient(CONFLICT), "something else changes it at this moment"),
        _ if status.is_redirection() => (
            Class::Permanent,
            "the project has another path now: write that into the configuration",
        ),
        _ if status.is_server_error() && harmless => (Class::Transient(Duration::from_secs(1)), "it has a fault"),
        _ if status.is_server_error() => (Class::Ambiguous, "it has a fault; what was asked may have happened"),
        _ => (Class::Permanent, "it refused"),
    };
    ForgeError::new(action, class, format!("{problem} (HTTP {})", status.as_u16()))
}

/// How GitLab says that nothing would run.
const NO_JOBS: [&str; 4] = [
    "Missing CI config file",
    "No stages",
    "would have been empty",
    "did not run",
];
/// What is said of a pipeline that would have nothing to run.
pub(super) const NO_PIPELINE: &str = "there is nothing to run";
/// What is said of a commit status that is asked to become what it is.
pub(super) const ALREADY_SO: &str = "the status is so already";

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, headers: &[(&'static str, &'static str)], harmless: bool) -> Class {
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.parse().expect("a name"), HeaderValue::from_static(value)));
        let headers = pairs.collect::<HeaderMap>();
        let status = StatusCode::from_u16(status).expect("a status");
        refused("try", harmless, status, &headers, "").class
    }

    #[test]
    fn what_may_be_sent_again_is_told_by_the_status_and_the_method() {
        assert_eq!(
            class(429, &[("retry-after", "7")], false),
            Class::Transient(Duration::from_secs(7))
        );
        assert_eq!(
            class(429, &[("ratelimit-reset", "1")], false),
            Class::Transient(Duration::from_secs(1))
        );
        assert_eq!(class(429, &[], true), Class::Transient(WAIT));
        assert_eq!(class(409, &[], false), Class::Transient(CONFLICT));
        assert_eq!(class(502, &[], false), Class::Ambiguous);
        assert_eq!(class(502, &[], true), Class::Transient(Duration::from_secs(1)));
        assert_eq!(class(404, &[], true), Class::NotFound);
        assert_eq!(class(401, &[], true), Class::Unauthorized);
        assert_eq!(class(301, &[], true), Class::Permanent);
        assert_eq!(class(400, &[], false), Class::Permanent);
    }

    #[test]
    fn a_project_is_one_part_of_a_path() {
        let token = SecretString::from("t");
        let instance = Instance::new("https://gitlab.example.org/", &token).expect("an instance");
        let project = instance.repository("group/sub group/project");
        assert_eq!(
            project.path("/issues"),
            "/projects/group%2Fsub%20group%2Fproject/issues"
        );
        let url = instance.repository("group/project").git_credential().url;
        assert_eq!(url, "https://gitlab.example.org/group/project.git");
        assert!(Instance::new("https://gitlab.example.org", &SecretString::from("a\nb")).is_err());
    }
}

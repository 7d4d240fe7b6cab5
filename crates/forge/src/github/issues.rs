//! Issues, what happened to them, and comments.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GithubRepository;
use crate::error::ForgeError;
use crate::port::{Comment, Issue, IssueEvent, IssueEventKind};

#[derive(Deserialize)]
struct Actor {
    login: String,
}

#[derive(Deserialize)]
struct Label {
    name: Option<String>,
}

#[derive(Deserialize)]
struct RawIssue {
    number: u64,
    title: String,
    body: Option<String>,
    state: String,
    created_at: Timestamp,
    #[serde(default)]
    labels: Vec<Label>,
    pull_request: Option<Value>,
}

#[derive(Deserialize)]
struct RawEvent {
    id: Option<u64>,
    event: String,
    actor: Option<Actor>,
    created_at: Option<Timestamp>,
    label: Option<Label>,
    commit_id: Option<String>,
}

#[derive(Deserialize)]
struct RawComment {
    id: u64,
    user: Option<Actor>,
    created_at: Timestamp,
    updated_at: Timestamp,
    body: Option<String>,
}

#[derive(Deserialize)]
struct Number {
    number: u64,
}

#[derive(Deserialize)]
struct Id {
    id: u64,
}

impl From<RawIssue> for Issue {
    fn from(raw: RawIssue) -> Self {
        Self {
            number: raw.number,
            title: raw.title,
            body: raw.body.unwrap_or_default(),
            open: raw.state == "open",
            created_at: raw.created_at,
            labels: raw.labels.into_iter().filter_map(|label| label.name).collect(),
            confidential: false,
        }
    }
}

impl GithubRepository {
    pub(super) async fn read_issue(&self, number: u64) -> Result<Issue, ForgeError> {
        let raw: RawIssue = self
            .get("read the issue", &self.path(&format!("/issues/{number}")))
            .await?;
        Ok(raw.into())
    }

    pub(super) async fn list_issues(&self, label: &str) -> Result<Vec<Issue>, ForgeError> {
        let label: String = url::form_urlencoded::byte_serialize(label.as_bytes()).collect();
        let path = self.path(&format!("/issues?state=all&labels={label}"));
        let raw: Vec<RawIssue> = self.list("list the labelled issues", &path, None).await?;
        // GitHub lists pull requests among the issues.
        Ok(raw
            .into_iter()
            .filter(|issue| issue.pull_request.is_none())
            .map(Issue::from)
            .collect())
    }

    pub(super) async fn list_events(&self, number: u64) -> Result<Vec<IssueEvent>, ForgeError> {
        let action = "read what happened to the issue";
        let events = self
            .list::<RawEvent>(action, &self.path(&format!("/issues/{number}/events")), None)
            .await;
        let events = match events {
            Err(error) if error.is_not_found() => {
                self.list(action, &self.path(&format!("/issues/{number}/timeline")), None)
                    .await?
            }
            events => events?,
        };
        let read = |raw: RawEvent| {
            let label = || raw.label.and_then(|label| label.name);
            let kind = match raw.event.as_str() {
                "labeled" => IssueEventKind::Labeled(label()?),
                "unlabeled" => IssueEventKind::Unlabeled(label()?),
                "closed" => IssueEventKind::Closed {
                    by_commit: raw.commit_id.is_some(),
                },
                _ => return None,
            };
            Some(IssueEvent {
                id: raw.id?,
                actor: raw.actor?.login,
                at: raw.created_at?,
                kind,
            })
        };
        Ok(events.into_iter().filter_map(read).collect())
    }

    pub(super) async fn write_issue(&self, title: &str, body: &str, labels: &[&str]) -> Result<u64, ForgeError> {
        let body = json!({ "title": title, "body": body, "labels": labels });
        let issue: Number = self
            .send("write an issue", Method::POST, &self.path("/issues"), &body)
            .await?;
        Ok(issue.number)
    }

    pub(super) async fn write_issue_state(&self, number: u64, open: bool) -> Result<(), ForgeError> {
        let state = if open { "open" } else { "closed" };
        let path = self.path(&format!("/issues/{number}"));
        let body = json!({ "state": state });
        self.send::<Value>("open or close the issue", Method::PATCH, &path, &body)
            .await
            .map(|_| ())
    }

    pub(super) async fn write_label(&self, number: u64, label: &str, on: bool) -> Result<(), ForgeError> {
        let path = self.path(&format!("/issues/{number}/labels"));
        if on {
            let labels = json!({ "labels": [label] });
            return self
                .send::<Value>("put a label on", Method::POST, &path, &labels)
                .await
                .map(drop);
        }
        let label: String = url::form_urlencoded::byte_serialize(label.as_bytes()).collect();
        // Spaces are plus signs in a form, and not in a path.
        let path = format!("{path}/{}", label.replace('+', "%20"));
        match self.delete("take a label off", &path).await {
            Err(error) if error.is_not_found() => Ok(()),
            done => done,
        }
    }

    pub(super) async fn list_comments(&self, number: u64) -> Result<Vec<Comment>, ForgeError> {
        let path = self.path(&format!("/issues/{number}/comments"));
        let raw: Vec<RawComment> = self.list("read the comments", &path, None).await?;
        let mut comments: Vec<_> = raw
            .into_iter()
            .map(|raw| Comment {
                id: raw.id,
                // The account of a deleted person has no name left, and no role either.
                author: raw.user.map(|user| user.login).unwrap_or_default(),
                created_at: raw.created_at,
                updated_at: raw.updated_at,
                body: raw.body.unwrap_or_default(),
            })
            .collect();
        comments.sort_by_key(|comment| comment.id);
        Ok(comments)
    }

    pub(super) async fn write_comment(&self, number: u64, body: &str) -> Result<u64, ForgeError> {
        let path = self.path(&format!("/issues/{number}/comments"));
        let comment: Id = self
            .send("write a comment", Method::POST, &path, &json!({ "body": body }))
            .await?;
        Ok(comment.id)
    }

    pub(super) async fn change_comment(&self, id: u64, body: &str) -> Result<(), ForgeError> {
        let path = self.path(&format!("/issues/comments/{id}"));
        self.send::<Value>("change a comment", Method::PATCH, &path, &json!({ "body": body }))
            .await
            .map(|_| ())
    }
}

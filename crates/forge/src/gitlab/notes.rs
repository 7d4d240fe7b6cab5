//! Comments: notes of issues and of merge requests.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::client::{GitlabRepository, User};
use crate::error::{Class, ForgeError};
use crate::port::{Comment, Thread};

#[derive(Deserialize)]
struct RawNote {
    id: u64,
    body: Option<String>,
    author: Option<User>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Whether GitLab wrote it by itself.
    #[serde(default)]
    system: bool,
}

#[derive(Deserialize)]
struct Written {
    /// Nothing where GitLab took every line for a command to itself.
    id: Option<u64>,
    internal: Option<bool>,
}

fn path(thread: Thread) -> String {
    match thread {
        Thread::Issue(number) => format!("/issues/{number}/notes"),
        Thread::PullRequest(number) => format!("/merge_requests/{number}/notes"),
    }
}

impl GitlabRepository {
    pub(super) async fn list_notes(&self, thread: Thread) -> Result<Vec<Comment>, ForgeError> {
        let path = format!("{}?sort=asc&order_by=created_at", path(thread));
        let notes: Vec<RawNote> = self.list("read the comments", &path).await?;
        let read = |note: RawNote| Comment {
            id: note.id,
            author: note.author.map(|author| author.username).unwrap_or_default(),
            created_at: note.created_at,
            updated_at: note.updated_at,
            body: note.body.unwrap_or_default(),
        };
        Ok(notes.into_iter().filter(|note| !note.system).map(read).collect())
    }

    /// On a project that strangers see, what the bot writes is an internal note: only members read it, also when the issue
    /// itself becomes public.
    pub(super) async fn write_note(&self, thread: Thread, body: &str) -> Result<u64, ForgeError> {
        let action = "write a comment";
        let internal = !self.read_repository().await?.private;
        let mut form = vec![("body", body.to_owned())];
        if internal {
            form.push(("internal", "true".to_owned()));
        }
        let path = path(thread);
        let written: Written = self.send(action, Method::POST, &path, &form).await?;
        let Some(id) = written.id else {
            let problem = "it took every line for a command to itself, and there is no comment";
            return Err(ForgeError::new(action, Class::Permanent, problem));
        };
        if internal && written.internal != Some(true) {
            let path = format!("{path}/{id}");
            let taken_back = self.send::<Value>(action, Method::DELETE, &path, &[]).await.is_ok();
            let problem = if taken_back {
                "it has no internal notes, and what was written has been deleted: keep cases in a private project"
            } else {
                "it has no internal notes, and what was written may be public: look at the issue at once"
            };
            return Err(ForgeError::new(action, Class::Permanent, problem));
        }
        Ok(id)
    }

    /// A note that the author of a confidential issue reads too; once for each key. An issue that others see gets none.
    pub(super) async fn write_answer(&self, number: u64, key: &str, body: &str) -> Result<(), ForgeError> {
        let action = "answer a reporter";
        if !self.read_issue(number).await?.confidential {
            let problem = "the issue is not confidential any more: everybody would read the answer";
            return Err(ForgeError::new(action, Class::Permanent, problem));
        }
        let marker = format!("<!-- embargod:answer:{key} -->");
        let thread = Thread::Issue(number);
        let known = self.list_notes(thread).await?;
        if known.iter().any(|note| note.body.starts_with(&marker)) {
            return Ok(());
        }
        let form = [("body", format!("{marker}\n{body}"))];
        self.send::<Value>(action, Method::POST, &path(thread), &form)
            .await
            .map(drop)
    }

    pub(super) async fn edit_note(&self, thread: Thread, id: u64, body: &str) -> Result<(), ForgeError> {
        let path = format!("{}/{id}", path(thread));
        let form = [("body", body.to_owned())];
        self.send::<Value>("change a comment", Method::PUT, &path, &form)
            .await
            .map(drop)
    }
}

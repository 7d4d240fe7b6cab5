//! Issues, and what happened to them.

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::client::{GitlabRepository, User, encoded};
use crate::error::{Class, ForgeError};
use crate::port::{Issue, IssueEvent, IssueEventKind, PrivateReport};

#[derive(Deserialize)]
struct RawIssue {
    iid: u64,
    title: String,
    description: Option<String>,
    state: String,
    created_at: Timestamp,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    confidential: bool,
    #[serde(default)]
    web_url: String,
    author: Option<User>,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

#[derive(Deserialize)]
struct LabelEvent {
    id: u64,
    user: Option<User>,
    created_at: Timestamp,
    /// Nothing where the label is gone.
    label: Option<Label>,
    action: String,
}

#[derive(Deserialize)]
struct StateEvent {
    id: u64,
    user: Option<User>,
    created_at: Timestamp,
    state: String,
    source_commit: Option<String>,
    source_merge_request_id: Option<u64>,
}

impl From<RawIssue> for Issue {
    fn from(raw: RawIssue) -> Self {
        Self {
            number: raw.iid,
            title: raw.title,
            body: raw.description.unwrap_or_default(),
            open: raw.state == "opened",
            created_at: raw.created_at,
            labels: raw.labels,
            confidential: raw.confidential,
        }
    }
}

impl LabelEvent {
    fn read(self) -> Option<IssueEvent> {
        let name = self.label?.name;
        let kind = match self.action.as_str() {
            "add" => IssueEventKind::Labeled(name),
            "remove" => IssueEventKind::Unlabeled(name),
            _ => return None,
        };
        Some(IssueEvent {
            // The two kinds are counted apart: even numbers for the one, odd ones for the other.
            id: self.id.checked_mul(2)?,
            actor: self.user?.username,
            at: self.created_at,
            kind,
        })
    }
}

impl StateEvent {
    fn read(self) -> Option<IssueEvent> {
        if self.state != "closed" {
            return None;
        }
        let by_commit = self.source_commit.is_some() || self.source_merge_request_id.is_some();
        Some(IssueEvent {
            id: self.id.checked_mul(2)?.checked_add(1)?,
            actor: self.user?.username,
            at: self.created_at,
            kind: IssueEventKind::Closed { by_commit },
        })
    }
}

impl GitlabRepository {
    pub(super) async fn read_issue(&self, number: u64) -> Result<Issue, ForgeError> {
        let raw: RawIssue = self.get("read the issue", &format!("/issues/{number}")).await?;
        Ok(raw.into())
    }

    pub(super) async fn list_issues(&self, label: &str) -> Result<Vec<Issue>, ForgeError> {
        // Without a scope GitLab lists issues of others too; the type leaves out incidents and tasks of the planning kind.
        let path = format!("/issues?scope=all&labels={}", encoded(label));
        let raw: Vec<RawIssue> = self.list("list the labelled issues", &path).await?;
        Ok(raw.into_iter().map(Issue::from).collect())
    }

    pub(super) async fn list_events(&self, number: u64) -> Result<Vec<IssueEvent>, ForgeError> {
        let action = "read what happened to the issue";
        let labels: Vec<LabelEvent> = self
            .list(action, &format!("/issues/{number}/resource_label_events"))
            .await?;
        let states: Vec<StateEvent> = self
            .list(action, &format!("/issues/{number}/resource_state_events"))
            .await?;
        let labels = labels.into_iter().filter_map(LabelEvent::read);
        let mut events: Vec<_> = labels.chain(states.into_iter().filter_map(StateEvent::read)).collect();
        events.sort_by_key(|event| (event.at, event.id));
        Ok(events)
    }

    pub(super) async fn write_issue(&self, title: &str, body: &str, labels: &[&str]) -> Result<u64, ForgeError> {
        // Where strangers see the project, nothing that the bot writes is for them.
        let confidential = !self.read_repository().await?.private;
        let form = [
            ("title", title.to_owned()),
            ("description", body.to_owned()),
            ("confidential", confidential.to_string()),
            ("labels", labels.join(",")),
        ];
        let issue: RawIssue = self.send("write an issue", Method::POST, "/issues", &form).await?;
        Ok(issue.iid)
    }

    /// The open confidential issues, whoever wrote them.
    pub(super) async fn list_private_reports(&self) -> Result<Vec<PrivateReport>, ForgeError> {
        let path = "/issues?scope=all&state=opened&confidential=true";
        let raw: Vec<RawIssue> = self.list("list the confidential issues", path).await?;
        let read = |raw: RawIssue| PrivateReport {
            id: raw.iid.to_string(),
            url: raw.web_url,
            author: raw.author.map(|author| author.username),
            title: raw.title,
            description: raw.description.unwrap_or_default(),
            created_at: raw.created_at,
        };
        Ok(raw.into_iter().map(read).collect())
    }

    pub(super) async fn write_private_report(&self, id: &str, accepted: bool) -> Result<(), ForgeError> {
        match id.parse() {
            // GitLab has no word for it.
            Ok(_) if accepted => Ok(()),
            Ok(number) => self.write_issue_state(number, false).await,
            Err(_) => {
                let problem = "its number is none";
                Err(ForgeError::new("settle a private report", Class::Permanent, problem))
            }
        }
    }

    pub(super) async fn write_issue_state(&self, number: u64, open: bool) -> Result<(), ForgeError> {
        let event = if open { "reopen" } else { "close" };
        self.change_issue("open or close the issue", number, ("state_event", event.to_owned()))
            .await
    }

    pub(super) async fn write_confidential(&self, number: u64, confidential: bool) -> Result<(), ForgeError> {
        let action = "change who sees the issue";
        self.change_issue(action, number, ("confidential", confidential.to_string()))
            .await
    }

    pub(super) async fn write_label(&self, number: u64, label: &str, on: bool) -> Result<(), ForgeError> {
        let key = if on { "add_labels" } else { "remove_labels" };
        self.change_issue("change the labels", number, (key, label.to_owned()))
            .await
    }

    async fn change_issue(
        &self,
        action: &'static str,
        number: u64,
        change: (&'static str, String),
    ) -> Result<(), ForgeError> {
        let path = format!("/issues/{number}");
        self.send::<Value>(action, Method::PUT, &path, &[change])
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
        serde_json::from_str(text).expect("JSON")
    }

    #[test]
    fn label_and_state_events_have_ids_of_their_own() {
        let label: LabelEvent = read(
            r#"{"id": 7, "user": {"id": 1, "username": "alice"}, "created_at": "2026-01-01T00:00:00.000Z",
                "label": {"name": "security::confirmed"}, "action": "add"}"#,
        );
        let label = label.read().expect("an event");
        assert_eq!((label.id, label.actor.as_str()), (14, "alice"));
        assert_eq!(label.kind, IssueEventKind::Labeled("security::confirmed".to_owned()));
        for (source, by_commit) in [
            (r#""source_commit": "abc""#, true),
            (r#""source_merge_request_id": 5"#, true),
            (r#""source_commit": null"#, false),
        ] {
            let text = format!(
                r#"{{"id": 7, "user": {{"id": 1, "username": "bob"}}, "created_at": "2026-01-01T00:00:00Z", "state": "closed", {source}}}"#
            );
            let event = read::<StateEvent>(&text).read().expect("an event");
            assert_eq!((event.id, event.kind), (15, IssueEventKind::Closed { by_commit }));
        }
    }

    #[test]
    fn what_says_nothing_of_a_label_is_no_event() {
        let gone = r#"{"id": 7, "user": null, "created_at": "2026-01-01T00:00:00Z", "label": null, "action": "add"}"#;
        assert!(read::<LabelEvent>(gone).read().is_none());
        let reopened = r#"{"id": 7, "user": {"id": 1, "username": "bob"}, "created_at": "2026-01-01T00:00:00Z", "state": "reopened"}"#;
        assert!(read::<StateEvent>(reopened).read().is_none());
    }
}

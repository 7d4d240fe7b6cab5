//! Notes, and what a change of an issue leaves behind: the notes that the forge writes of itself, and lines of activity.

use jiff::Timestamp;
use serde_json::json;

use super::notes::On;
use super::state::{Project, Target};
use super::texts;
use crate::Shared;
use crate::deliveries::About;
use crate::world::{Comment, Issue};

/// The system note of a change, and the activity where there is one.
pub(crate) fn note_event(
    lab: &mut Project,
    issue: &mut Issue,
    id: u64,
    by: &str,
    at: Timestamp,
    event: &str,
    label: Option<&str>,
) {
    let label = label.unwrap_or_default();
    let (text, action) = match event {
        "closed" => ("closed".to_owned(), Some("closed")),
        "reopened" => ("reopened".to_owned(), Some("reopened")),
        "made_confidential" => ("made the issue confidential".to_owned(), None),
        "made_public" => ("made the issue visible to everyone".to_owned(), None),
        "labeled" => (format!("added ~{label} label"), None),
        "unlabeled" => (format!("removed ~{label} label"), None),
        _ => ("changed the description".to_owned(), None),
    };
    // Labels have events, and no notes in the interface.
    if !event.ends_with("labeled") {
        issue.comments.push(Comment {
            id,
            author: by.to_owned(),
            body: text,
            internal: false,
            system: true,
            created_at: at,
            updated_at: at,
        });
    }
    if let Some(action) = action {
        lab.act(id, by, at, action, Target::Issue(issue.number));
    }
}

impl Shared {
    /// A note as its author typed it: quick actions are taken out and obeyed. None where nothing is left of it.
    pub(crate) fn new_note(&self, project: &str, by: &str, on: On, body: &str, internal: bool) -> Option<u64> {
        let (body, actions) = texts::split(body);
        let at = self.now();
        let written = if body.trim().is_empty() {
            None
        } else {
            let mut world = self.world();
            let id = world.id();
            let known = world.repositories.get_mut(project)?;
            let note = Comment {
                id,
                author: by.to_owned(),
                body: body.clone(),
                internal,
                system: false,
                created_at: at,
                updated_at: at,
            };
            let (hidden, number, target) = match on {
                On::Issue(number) => {
                    let issue = known.issues.get_mut(&number)?;
                    issue.comments.push(note);
                    (issue.confidential, number, Target::IssueNote(number, id))
                }
                On::Merge(number) => {
                    known.pulls.get_mut(&number)?.notes.push(note);
                    (false, number, Target::MergeNote(number, id))
                }
            };
            known.lab.act(id, by, at, "commented on", target);
            Some((id, number, known.private || hidden || internal))
        };
        if let Some((id, number, private)) = written {
            let details = json!({ "repository": project, "number": number, "body": body });
            self.record(private, "comment", by, details);
            let about = About::Comment { number, id };
            self.announce(project, by, "issue_comment", "created", &about);
        }
        self.obey(project, by, on, &actions);
        written.map(|(id, ..)| id)
    }
}

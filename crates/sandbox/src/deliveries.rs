//! Webhooks: deliveries are queued, and sent when the test or the rehearsal says so, in the order that it says.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::github::json;
use crate::world::Repository;
use crate::{Flavour, Sandbox, SandboxError, Seen, Shared};

/// A delivery that waits.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub id: String,
    pub event: String,
    pub body: String,
    pub repository: String,
}

/// In which order, and how often, deliveries are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they happened.
    AsHappened,
    /// Never: they are thrown away.
    Lost,
    /// Each twice, the last first.
    DoubledAndReversed,
}

/// How a round of deliveries went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivered {
    /// Answered with 2xx.
    pub taken: usize,
    /// Answered otherwise, or not at all.
    pub failed: usize,
}

/// What a delivery is about.
pub(crate) enum About {
    /// An issue, and the label that went on or off.
    Issue { number: u64, label: Option<String> },
    /// A comment on an issue or a pull request.
    Comment { number: u64, id: u64 },
    /// A pull request, and where its head went from and to.
    Pull {
        number: u64,
        moved: Option<(String, String)>,
    },
    /// A push.
    Push(Value),
}

impl Shared {
    /// Queues a delivery about something of a repository as it is now. An event without actions has the action "".
    pub(crate) fn announce(&self, repository: &str, by: &str, event: &str, action: &str, about: &About) {
        if self.flavour == Flavour::Gitlab {
            return self.queue_hook(repository, by, action, about);
        }
        let payload = {
            let mut world = self.world();
            let id = format!("sandbox-{}", world.id());
            let Some(mut payload) = world
                .repositories
                .get(repository)
                .and_then(|known| payload(&self.url, repository, known, about))
            else {
                return;
            };
            payload["sender"] = json::user(&self.url, by);
            payload["installation"] = json!({ "id": 1, "node_id": "I_1" });
            if !action.is_empty() {
                payload["action"] = json!(action);
            }
            world.deliveries.push_back(Delivery {
                id,
                event: event.to_owned(),
                body: payload.to_string(),
                repository: repository.to_owned(),
            });
            payload
        };
        self.show(&Seen::Delivery {
            event,
            payload: &payload,
        });
    }

    async fn send(self: &Arc<Self>, delivery: &Delivery) -> Result<bool, SandboxError> {
        let headers = match self.flavour {
            Flavour::Github => self.signed_headers(delivery)?,
            Flavour::Gitlab => match self.hook_headers(delivery) {
                Some(headers) => headers?,
                // A webhook that is switched off sends nothing.
                None => return Ok(false),
            },
        };
        let url = self.world().app.webhook_url.clone();
        let mut request = self.http.post(url).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.body(delivery.body.clone()).send().await;
        let taken = answer.as_ref().is_ok_and(|answer| answer.status().is_success());
        if self.flavour == Flavour::Gitlab {
            self.note_hook(delivery, taken);
        }
        answer?;
        Ok(taken)
    }

    fn signed_headers(&self, delivery: &Delivery) -> Result<Vec<(&'static str, String)>, SandboxError> {
        let secret = self.world().app.webhook_secret.clone();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| SandboxError::Key)?;
        mac.update(delivery.body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        Ok(vec![
            ("x-github-event", delivery.event.clone()),
            ("x-github-delivery", delivery.id.clone()),
            ("x-hub-signature-256", format!("sha256={signature}")),
        ])
    }
}

fn payload(url: &str, name: &str, known: &Repository, about: &About) -> Option<Value> {
    let mut payload = match about {
        About::Issue { number, label } => {
            let mut payload = json!({ "issue": json::issue(url, name, known.issues.get(number)?) });
            if let Some(label) = label {
                payload["label"] = json::label(url, name, label);
            }
            payload
        }
        About::Comment { number, id } => {
            let issue = known.issues.get(number)?;
            let comment = issue.comments.iter().find(|comment| comment.id == *id)?;
            json!({ "issue": json::issue(url, name, issue), "comment": json::comment(url, name, *number, comment) })
        }
        About::Pull { number, moved } => {
            let pull = json::pull_whole(url, name, known, known.pulls.get(number)?);
            let mut payload = json!({ "number": number, "pull_request": pull });
            if let Some((before, after)) = moved {
                (payload["before"], payload["after"]) = (json!(before), json!(after));
            }
            payload
        }
        About::Push(payload) => payload.clone(),
    };
    payload["repository"] = json::repository_in_payload(url, name, known);
    Some(payload)
}

impl Sandbox {
    /// Sends what waits.
    pub async fn deliver(&self, order: Order) -> Delivered {
        let mut waiting: Vec<_> = self.world().deliveries.drain(..).collect();
        match order {
            Order::AsHappened => {}
            Order::Lost => waiting.clear(),
            Order::DoubledAndReversed => {
                waiting.reverse();
                waiting = waiting
                    .into_iter()
                    .flat_map(|delivery| [delivery.clone(), delivery])
                    .collect();
            }
        }
        let mut delivered = Delivered::default();
        for delivery in waiting {
            match self.shared.send(&delivery).await {
                Ok(true) => delivered.taken += 1,
                Ok(false) | Err(_) => delivered.failed += 1,
            }
        }
        delivered
    }
}

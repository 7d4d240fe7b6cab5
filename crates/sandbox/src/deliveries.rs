//! Webhooks: deliveries are queued, and sent when the test or the rehearsal says so, in the order that it says.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{Sandbox, SandboxError, Shared};

/// A delivery that waits.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub id: String,
    pub event: String,
    pub body: String,
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

impl Shared {
    /// Queues a delivery about a repository.
    pub(crate) fn announce(&self, repository: &str, by: &str, event: &str, action: Option<&str>, mut payload: Value) {
        let mut world = self.world();
        let id = format!("sandbox-{}", world.id());
        let Some(known) = world.repositories.get(repository) else {
            return;
        };
        payload["repository"] = crate::json::repository(&self.url, repository, known);
        payload["sender"] = crate::json::user(&self.url, by);
        payload["installation"] = json!({ "id": 1 });
        if let Some(action) = action {
            payload["action"] = json!(action);
        }
        world.deliveries.push_back(Delivery {
            id,
            event: event.to_owned(),
            body: payload.to_string(),
        });
    }

    async fn send(self: &Arc<Self>, delivery: &Delivery) -> Result<bool, SandboxError> {
        let (url, secret) = {
            let world = self.world();
            (world.app.webhook_url.clone(), world.app.webhook_secret.clone())
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| SandboxError::Key)?;
        mac.update(delivery.body.as_bytes());
        let signature = hex::encode(mac.finalize().into_bytes());
        let response = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("x-github-event", &delivery.event)
            .header("x-github-delivery", &delivery.id)
            .header("x-hub-signature-256", format!("sha256={signature}"))
            .body(delivery.body.clone())
            .send()
            .await?;
        Ok(response.status().is_success())
    }
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

//! The HTTP side of intake: bounded, verified, stored durably, then answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use embargod_store::{NewDelivery, Store};
use secrecy::SecretString;
use tokio::sync::Notify;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::clock::Clock;

use super::github::{Refused, VerifiedDelivery};
use super::gitlab::{self, GitlabSecrets};

/// GitHub and GitLab cap their deliveries at 25 MB.
const MAX_BODY: usize = 25 * 1024 * 1024;
/// Both give up after 10 seconds: an answer after that would be one that nobody hears.
const PATIENCE: Duration = Duration::from_secs(9);

/// What the routes need.
pub struct Intake {
    /// Where deliveries are kept.
    pub store: Store,
    /// The webhook secrets of the GitHub connections, by connection name. A delivery belongs to the one whose secret
    /// fits.
    pub github: BTreeMap<String, SecretString>,
    /// The webhook secrets of the GitLab connections, by connection name. A delivery belongs to the first that it
    /// satisfies.
    pub gitlab: BTreeMap<String, GitlabSecrets>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Notified when a delivery was stored.
    pub inbox: Arc<Notify>,
}

/// The routes: `/webhooks/github`, `/webhooks/gitlab` and `/healthz`.
pub fn router(intake: Intake) -> Router {
    Router::new()
        .route("/webhooks/github", post(github))
        .route("/webhooks/gitlab", post(gitlab))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            PATIENCE,
        ))
        .layer(CatchPanicLayer::new())
        .with_state(Arc::new(intake))
}

async fn github(State(intake): State<Arc<Intake>>, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    let mut outcome = Err(Refused::Forged);
    for (connection, secret) in &intake.github {
        match VerifiedDelivery::verify(&headers, &body, secret) {
            Err(Refused::Forged) => {}
            verified => {
                outcome = verified.map(|delivery| (connection, delivery));
                break;
            }
        }
    }
    let (connection, delivery) = match outcome {
        Ok(found) => found,
        Err(Refused::Forged) => return (StatusCode::UNAUTHORIZED, "the signature is missing or does not fit\n"),
        Err(Refused::Malformed) => {
            return (
                StatusCode::BAD_REQUEST,
                "the delivery's headers are missing or malformed\n",
            );
        }
    };
    let delivery = NewDelivery {
        connection: format!("github.{connection}"),
        delivery_id: delivery.id().to_owned(),
        event: delivery.event().to_owned(),
        body: delivery.body().to_vec(),
        received_at: intake.clock.now(),
    };
    store(&intake, delivery).await
}

/// GitLab switches a hook off after four failures in a row, so that whatever is authentic gets a success, also what is
/// of no use. Only what could not be stored fails: GitLab's list of deliveries then shows it, and the resync finds what
/// it told.
async fn gitlab(State(intake): State<Arc<Intake>>, headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    let now = intake.clock.now();
    let mut untimely = false;
    for (connection, secrets) in &intake.gitlab {
        match secrets.verify(&headers, &body, now) {
            Ok(delivery) => {
                let delivery = NewDelivery {
                    connection: format!("gitlab.{connection}"),
                    delivery_id: delivery.id().to_owned(),
                    event: delivery.event().to_owned(),
                    body: delivery.body().to_vec(),
                    received_at: now,
                };
                return store(&intake, delivery).await;
            }
            Err(gitlab::Refused::Malformed) => {
                tracing::warn!(
                    connection,
                    "an authentic delivery has no usable id or event and is left out"
                );
                return (
                    StatusCode::ACCEPTED,
                    "left out: its id or event is missing or malformed\n",
                );
            }
            Err(gitlab::Refused::Untimely) => untimely = true,
            Err(gitlab::Refused::Forged) => {}
        }
    }
    // GitLab shows the answer beside the delivery: who runs a machine with a wrong clock finds it there.
    let answer = if untimely {
        "the signature's time is more than five minutes off\n"
    } else {
        "the signature or token is missing or does not fit\n"
    };
    (StatusCode::UNAUTHORIZED, answer)
}

async fn store(intake: &Intake, delivery: NewDelivery) -> (StatusCode, &'static str) {
    match intake.store.record_delivery(delivery).await {
        Ok(_) => {
            intake.inbox.notify_one();
            (StatusCode::ACCEPTED, "stored\n")
        }
        Err(error) => {
            tracing::error!(%error, "a delivery could not be stored; the forge will count it as failed");
            (StatusCode::SERVICE_UNAVAILABLE, "not stored; try again\n")
        }
    }
}

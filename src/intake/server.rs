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

/// GitHub caps its deliveries at 25 MB.
const MAX_BODY: usize = 25 * 1024 * 1024;
/// GitHub gives up after 10 seconds: an answer after that would be one that nobody hears.
const PATIENCE: Duration = Duration::from_secs(9);

/// What the routes need.
pub struct Intake {
    /// Where deliveries are kept.
    pub store: Store,
    /// The webhook secrets of the GitHub connections, by connection name. A delivery belongs to the one whose secret
    /// fits.
    pub github: BTreeMap<String, SecretString>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Notified when a delivery was stored.
    pub inbox: Arc<Notify>,
}

/// The routes: `/webhooks/github` and `/healthz`.
pub fn router(intake: Intake) -> Router {
    Router::new()
        .route("/webhooks/github", post(github))
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
    let stored = intake
        .store
        .record_delivery(NewDelivery {
            connection: format!("github.{connection}"),
            delivery_id: delivery.id().to_owned(),
            event: delivery.event().to_owned(),
            body: delivery.body().to_vec(),
            received_at: intake.clock.now(),
        })
        .await;
    match stored {
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

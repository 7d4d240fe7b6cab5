//! Deliveries over real HTTP into a real database: what is forged, malformed or too large changes nothing.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;

use embargod::clock::WallClock;
use embargod::intake::{Intake, router};
use embargod_store::Store;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::StatusCode;

const SECRETS: [(&str, &str); 2] = [("main", "canary-one"), ("enterprise", "canary-two")];

struct Server {
    url: String,
    store: Store,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("embargod.db")).await.expect("opened");
        let github: BTreeMap<_, _> = SECRETS.map(|(name, secret)| (name.to_owned(), secret.into())).into();
        let intake = Intake {
            store: store.clone(),
            github,
            clock: Arc::new(WallClock),
            inbox: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let url = format!("http://{}/webhooks/github", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router(intake)).await });
        Self {
            url,
            store,
            http: reqwest::Client::new(),
            _folder: folder,
        }
    }

    async fn post(&self, headers: &[(&str, &str)], body: Vec<u8>) -> StatusCode {
        let mut request = self.http.post(&self.url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("answered").status()
    }

    async fn signed(&self, secret: &str, id: &str, event: &str, body: &[u8]) -> StatusCode {
        let headers = [
            ("x-hub-signature-256", signature(secret, body)),
            ("x-github-delivery", id.to_owned()),
            ("x-github-event", event.to_owned()),
        ];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post(&headers, body.to_vec()).await
    }

    async fn pending(&self) -> usize {
        self.store.pending_deliveries(1_000).await.expect("read").len()
    }
}

fn signature(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("any length fits");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_signed_delivery_is_stored_before_it_is_answered_and_once() {
    let server = Server::start().await;
    for _ in 0..3 {
        assert_eq!(
            server.signed("canary-one", "a-1", "issues", b"{}").await,
            StatusCode::ACCEPTED
        );
        assert_eq!(server.pending().await, 1);
    }
    assert_eq!(
        server.signed("canary-two", "a-1", "issues", b"{}").await,
        StatusCode::ACCEPTED
    );
    let stored = server.store.pending_deliveries(10).await.expect("read");
    let connections: Vec<_> = stored
        .iter()
        .map(|stored| stored.delivery.connection.as_str())
        .collect();
    assert_eq!(connections, ["github.main", "github.enterprise"]);
}

#[tokio::test]
async fn unknown_events_and_bodies_that_are_no_json_are_stored_all_the_same() {
    let server = Server::start().await;
    assert_eq!(
        server
            .signed("canary-one", "b-1", "invented_event", b"not json \xff")
            .await,
        StatusCode::ACCEPTED
    );
    assert_eq!(server.pending().await, 1);
}

#[tokio::test]
async fn what_is_forged_unsigned_malformed_or_too_large_changes_nothing() {
    let server = Server::start().await;
    assert_eq!(
        server.signed("another secret", "c-1", "issues", b"{}").await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(server.post(&[], b"{}".to_vec()).await, StatusCode::UNAUTHORIZED);
    let other_body = signature("canary-one", b"{}");
    let headers = [
        ("x-hub-signature-256", other_body.as_str()),
        ("x-github-delivery", "c-2"),
    ];
    assert_eq!(server.post(&headers, b"{ }".to_vec()).await, StatusCode::UNAUTHORIZED);
    assert_eq!(server.post(&headers, b"{}".to_vec()).await, StatusCode::BAD_REQUEST);
    assert_eq!(
        server.signed("canary-one", "c 3", "issues", b"{}").await,
        StatusCode::BAD_REQUEST
    );
    let large = vec![b' '; 25 * 1024 * 1024 + 1];
    assert_eq!(
        server.signed("canary-one", "c-4", "issues", &large).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(server.pending().await, 0);
}

//! Deliveries over real HTTP into a real database: what is forged, malformed or too large changes nothing.

#![allow(clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::sync::Arc;

use embargod::clock::{Clock, WallClock};
use embargod::intake::{GitlabSecrets, Intake, router};
use embargod_store::Store;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::StatusCode;

const SECRETS: [(&str, &str); 2] = [("main", "canary-one"), ("enterprise", "canary-two")];

// The signature was computed with Python's hmac module over "msg_1.a-B.1700000000.{"object_kind":"issue"}" under the key
// bytes(range(32)).
const SIGNING_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const SIGNED_BODY: &[u8] = br#"{"object_kind":"issue"}"#;
const SIGNED: [(&str, &str); 4] = [
    ("webhook-id", "msg_1.a-B"),
    ("webhook-timestamp", "1700000000"),
    ("webhook-signature", "v1,ZKQjbETQdsUosiXRZ68vuEzOVVV/BDKQlSA4qUGIIjo="),
    ("x-gitlab-event", "Issue Hook"),
];

/// A clock that stands still.
struct Still(i64);

#[async_trait::async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0).expect("an instant")
    }

    async fn sleep_until(&self, _: Timestamp) {}
}

struct Server {
    url: String,
    store: Store,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Server {
    async fn start() -> Self {
        Self::at("github", Arc::new(WallClock)).await
    }

    /// With GitLab's hook pointed at it, at this second.
    async fn gitlab(now: i64) -> Self {
        Self::at("gitlab", Arc::new(Still(now))).await
    }

    async fn at(route: &str, clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("embargod.db")).await.expect("opened");
        let github: BTreeMap<_, _> = SECRETS.map(|(name, secret)| (name.to_owned(), secret.into())).into();
        let plain = GitlabSecrets::new(Some(&"canary-plain".into()), None).expect("usable");
        let signed = GitlabSecrets::new(Some(&"canary-both".into()), Some(&SIGNING_SECRET.into())).expect("usable");
        let intake = Intake {
            store: store.clone(),
            github,
            gitlab: [("plain".to_owned(), plain), ("signed".to_owned(), signed)].into(),
            clock,
            inbox: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let url = format!("http://{}/webhooks/{route}", listener.local_addr().expect("an address"));
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

#[tokio::test]
async fn gitlabs_deliveries_are_stored_once_in_either_form() {
    let server = Server::gitlab(1_700_000_010).await;
    let plain = [
        ("x-gitlab-token", "canary-plain"),
        ("x-gitlab-event", "Confidential Note Hook"),
        ("idempotency-key", "a-1"),
    ];
    for _ in 0..3 {
        assert_eq!(server.post(&plain, b"{}".to_vec()).await, StatusCode::ACCEPTED);
        assert_eq!(server.post(&SIGNED, SIGNED_BODY.to_vec()).await, StatusCode::ACCEPTED);
    }
    let stored = server.store.pending_deliveries(10).await.expect("read");
    let stored: Vec<_> = stored
        .iter()
        .map(|stored| {
            let delivery = &stored.delivery;
            (
                delivery.connection.as_str(),
                delivery.delivery_id.as_str(),
                delivery.event.as_str(),
            )
        })
        .collect();
    let expected = [
        ("gitlab.plain", "a-1", "Confidential Note Hook"),
        ("gitlab.signed", "msg_1.a-B", "Issue Hook"),
    ];
    assert_eq!(stored, expected);
}

#[tokio::test]
async fn what_gitlab_did_not_send_changes_nothing() {
    let server = Server::gitlab(1_700_000_010).await;
    let names = [("x-gitlab-event", "Issue Hook"), ("idempotency-key", "b-1")];
    assert_eq!(server.post(&names, b"{}".to_vec()).await, StatusCode::UNAUTHORIZED);
    // The token of the connection that also has a signing secret does not make up for the signature.
    for token in ["another", "canary-plai", "canary-both"] {
        let headers = [names[0], names[1], ("x-gitlab-token", token)];
        assert_eq!(server.post(&headers, b"{}".to_vec()).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(server.post(&SIGNED, b"{}".to_vec()).await, StatusCode::UNAUTHORIZED);
    let headers = [
        SIGNED[0],
        SIGNED[1],
        SIGNED[2],
        SIGNED[3],
        ("x-gitlab-token", "another"),
    ];
    assert_eq!(
        server.post(&headers, SIGNED_BODY.to_vec()).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(server.pending().await, 0);
    for now in [1_700_000_301, 1_699_999_699] {
        let server = Server::gitlab(now).await;
        assert_eq!(
            server.post(&SIGNED, SIGNED_BODY.to_vec()).await,
            StatusCode::UNAUTHORIZED
        );
        assert_eq!(server.pending().await, 0);
    }
}

#[tokio::test]
async fn whatever_gitlab_did_send_succeeds_so_that_the_hook_stays_on() {
    let server = Server::gitlab(1_700_000_010).await;
    let token = ("x-gitlab-token", "canary-plain");
    let unknown = [
        token,
        ("x-gitlab-event", "Invented Hook"),
        ("x-gitlab-event-uuid", "c-1"),
    ];
    assert_eq!(
        server.post(&unknown, b"not json \xff".to_vec()).await,
        StatusCode::ACCEPTED
    );
    assert_eq!(server.pending().await, 1);
    let malformed = [token, ("x-gitlab-event", "Issue Hook"), ("webhook-id", "c 2")];
    for headers in [&malformed[..], &malformed[..2], &malformed[..1]] {
        assert_eq!(server.post(headers, b"{}".to_vec()).await, StatusCode::ACCEPTED);
    }
    assert_eq!(server.pending().await, 1);
}

//! Cases and events over a real database file.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod_store::{Store, StoreError};
use jiff::Timestamp;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

async fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("embargod.db")).await.expect("opened");
    (folder, store)
}

#[tokio::test]
async fn numbers_run_within_the_year() {
    let (_folder, store) = store().await;
    let mut ids = Vec::new();
    for now in ["2026-12-31T23:59:58Z", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"] {
        ids.push(
            store
                .open_case("example", 7, at(now))
                .await
                .expect("opened")
                .to_string(),
        );
    }
    assert_eq!(ids, ["2026-0001", "2026-0002", "2027-0001"]);
}

#[tokio::test]
async fn of_two_writers_that_saw_the_same_one_must_read_again() {
    let (folder, store) = store().await;
    let now = at("2026-12-01T14:00:00Z");
    let case = store.open_case("example", 7, now).await.expect("opened");
    store
        .append(case, 0, &["{\"a\":1}".into(), "{\"a\":2}".into()], now)
        .await
        .expect("appended");
    assert!(matches!(
        store.append(case, 0, &["{}".into()], now).await,
        Err(StoreError::Conflict)
    ));
    store
        .append(case, 2, &["{\"a\":3}".into()], now)
        .await
        .expect("appended");
    let again = Store::open(&folder.path().join("embargod.db"))
        .await
        .expect("opened again");
    let events: Vec<_> = again
        .events(case)
        .await
        .expect("read")
        .into_iter()
        .map(|event| (event.seq, event.body))
        .collect();
    assert_eq!(
        events,
        [
            (1, "{\"a\":1}".into()),
            (2, "{\"a\":2}".into()),
            (3, "{\"a\":3}".into())
        ]
    );
}

#[tokio::test]
async fn a_case_that_there_is_not_gets_no_events() {
    let (_folder, store) = store().await;
    let case = "2026-0007".parse().expect("valid");
    let refused = store.append(case, 0, &["{}".into()], Timestamp::UNIX_EPOCH).await;
    assert!(matches!(refused, Err(StoreError::Database(_))));
    assert!(store.events(case).await.expect("read").is_empty());
}

#[tokio::test]
async fn no_statement_edits_or_deletes_an_event() {
    let (folder, store) = store().await;
    let case = store
        .open_case("example", 7, Timestamp::UNIX_EPOCH)
        .await
        .expect("opened");
    store
        .append(case, 0, &["{}".into()], Timestamp::UNIX_EPOCH)
        .await
        .expect("appended");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("embargod.db"));
    let database = sqlx::SqlitePool::connect_with(options).await.expect("connected");
    for statement in ["UPDATE events SET body = 'x'", "DELETE FROM events"] {
        assert!(sqlx::query(statement).execute(&database).await.is_err(), "{statement}");
    }
    assert_eq!(store.events(case).await.expect("read").len(), 1);
}

#[tokio::test]
async fn snapshots_are_replaced_and_marks_are_set_once() {
    let (_folder, store) = store().await;
    let now = Timestamp::UNIX_EPOCH;
    let case = store.open_case("example", 7, now).await.expect("opened");
    assert_eq!(store.snapshot(case).await.expect("read"), None);
    for body in ["1", "2"] {
        store.put_snapshot(case, body, now).await.expect("written");
    }
    assert_eq!(store.snapshot(case).await.expect("read").as_deref(), Some("2"));
    assert!(store.mark("key", now).await.expect("marked"));
    assert!(!store.mark("key", now).await.expect("marked"));
    assert_eq!(store.latest_case("example", 7).await.expect("read"), Some(case));
    assert_eq!(store.latest_case("example", 8).await.expect("read"), None);
}

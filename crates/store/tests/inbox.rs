//! The inbox over a real database file.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod_store::{NewDelivery, Recorded, Store};
use jiff::Timestamp;

fn delivery(connection: &str, id: &str) -> NewDelivery {
    NewDelivery {
        connection: connection.into(),
        delivery_id: id.into(),
        event: "issues".into(),
        body: b"{}".to_vec(),
        received_at: Timestamp::from_microsecond(1_764_000_000_123_456).expect("in range"),
    }
}

#[tokio::test]
async fn a_delivery_is_stored_once_and_outlives_the_process() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("embargod.db");
    let store = Store::open(&path).await.expect("opened");
    assert_eq!(
        store
            .record_delivery(delivery("github.main", "1"))
            .await
            .expect("stored"),
        Recorded::New
    );
    assert_eq!(
        store
            .record_delivery(delivery("github.main", "1"))
            .await
            .expect("stored"),
        Recorded::Duplicate
    );
    assert_eq!(
        store
            .record_delivery(delivery("github.other", "1"))
            .await
            .expect("stored"),
        Recorded::New
    );
    // No close: a process that was killed does not say goodbye either.
    let again = Store::open(&path).await.expect("opened again");
    let pending = again.pending_deliveries(10).await.expect("read");
    assert_eq!(pending.len(), 2);
    assert!(pending[0].delivery == delivery("github.main", "1"));
}

#[tokio::test]
async fn a_finished_delivery_is_gone_and_still_known() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("embargod.db")).await.expect("opened");
    store
        .record_delivery(delivery("github.main", "1"))
        .await
        .expect("stored");
    let id = store.pending_deliveries(10).await.expect("read")[0].id;
    store
        .finish_delivery(id, Timestamp::UNIX_EPOCH)
        .await
        .expect("finished");
    assert!(store.pending_deliveries(10).await.expect("read").is_empty());
    assert_eq!(
        store
            .record_delivery(delivery("github.main", "1"))
            .await
            .expect("stored"),
        Recorded::Duplicate
    );
}

#[tokio::test]
async fn deliveries_of_many_senders_at_once_are_each_stored_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("embargod.db")).await.expect("opened");
    let mut senders = tokio::task::JoinSet::new();
    for number in 0..100 {
        let store = store.clone();
        senders.spawn(async move {
            store
                .record_delivery(delivery("github.main", &(number % 50).to_string()))
                .await
        });
    }
    let mut new = 0;
    while let Some(recorded) = senders.join_next().await {
        new += usize::from(recorded.expect("no panic").expect("stored") == Recorded::New);
    }
    assert_eq!(new, 50);
    assert_eq!(store.pending_deliveries(100).await.expect("read").len(), 50);
}

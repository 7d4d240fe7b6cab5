//! Mails are durable together with how far their mailbox was read; members have a ledger in the same chain as the cases.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod_store::{NewDelivery, Read, Recorded, Store};
use jiff::Timestamp;

fn mail(id: &str) -> NewDelivery {
    NewDelivery {
        connection: "mailbox.example".into(),
        delivery_id: id.into(),
        event: "mail".into(),
        body: b"Subject: x\r\n\r\n".to_vec(),
        received_at: Timestamp::UNIX_EPOCH,
    }
}

#[tokio::test]
async fn a_mail_is_stored_once_and_the_mailbox_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("a.db")).await.expect("opened");
    let name = "mailbox.example";
    assert_eq!(store.mailbox(name).await.expect("read"), None);
    let read = |validity, last| Read { validity, last };
    let record = async |mail, read| store.record_mail(name, mail, read).await.expect("stored");
    assert_eq!(record(Some(mail("one")), read(1, 5)).await, Recorded::New);
    assert_eq!(record(Some(mail("two")), read(1, 6)).await, Recorded::New);
    // The server counts anew, and gives the same mails again.
    assert_eq!(record(Some(mail("one")), read(2, 1)).await, Recorded::Duplicate);
    assert_eq!(record(None, read(2, 9)).await, Recorded::Duplicate);
    assert_eq!(store.mailbox(name).await.expect("read"), Some(read(2, 9)));

    // Mails are no hints of a forge, and wait apart from them.
    assert!(store.pending_deliveries(10).await.expect("read").is_empty());
    let waiting = store.pending_from(name, 10).await.expect("read");
    assert_eq!(waiting.len(), 2);
    let first = store.delivery(waiting[0]).await.expect("read").expect("there");
    assert_eq!(first.delivery.delivery_id, "one");
    store
        .finish_delivery(waiting[0], Timestamp::UNIX_EPOCH)
        .await
        .expect("finished");
    assert!(store.delivery(waiting[0]).await.expect("read").is_none());
    assert_eq!(
        record(Some(mail("one")), read(2, 10)).await,
        Recorded::Duplicate,
        "it stays known"
    );
}

#[tokio::test]
async fn a_ledger_is_no_case_and_stands_in_the_chain() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("a.db")).await.expect("opened");
    let now = Timestamp::UNIX_EPOCH;
    for project in ["example", "other", "example"] {
        store.begin_ledger(project, 7, now).await.expect("begun");
    }
    let case = store.open_case("example", 8, now).await.expect("opened");
    store.append(case, 0, &["{}".to_owned()], now).await.expect("appended");
    for (project, seen) in [("example", 0), ("example", 1), ("other", 0)] {
        let body = [format!("{{\"n\":{seen}}}")];
        store
            .append_to_ledger(project, seen, &body, now)
            .await
            .expect("appended");
    }
    let stale = store.append_to_ledger("example", 1, &["{}".to_owned()], now).await;
    assert!(stale.is_err(), "somebody else wrote in between");
    assert_eq!(store.ledger("example").await.expect("read").len(), 2);
    assert_eq!(store.cases().await.expect("read").len(), 1, "a ledger is no case");
    assert_eq!(store.latest_case("example", 7).await.expect("read"), None);
    let audit = store.audit().await.expect("read");
    assert_eq!((audit.length, audit.broken.len()), (4, 0));
}

//! The chain over a real database, which somebody edits behind the program's back.

#![allow(clippy::expect_used, reason = "a test may panic")]

use embargod_store::{Audit, Store};
use jiff::Timestamp;
use sqlx::{Connection, SqliteConnection};

struct World {
    store: Store,
    folder: tempfile::TempDir,
}

/// Two cases whose events were recorded in turn.
async fn world() -> World {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("embargod.db")).await.expect("opened");
    let now = Timestamp::UNIX_EPOCH;
    let mut cases = Vec::new();
    for issue in [1, 2] {
        cases.push(store.open_case("example", issue, now).await.expect("opened"));
    }
    for round in 0..3 {
        for case in &cases {
            let bodies = [format!("{{\"round\":{round}}}"), "{}".to_owned()];
            store.append(*case, round * 2, &bodies, now).await.expect("appended");
        }
    }
    World { store, folder }
}

impl World {
    async fn audit(&self) -> Audit {
        self.store.audit().await.expect("read")
    }

    /// What somebody with the file does.
    async fn tamper(&self, statement: &'static str) {
        let path = self.folder.path().join("embargod.db");
        let url = format!("sqlite:{}", path.display());
        let mut connection = SqliteConnection::connect(&url).await.expect("opened");
        for trigger in [
            "events_are_not_edited",
            "events_are_not_deleted",
            "chain_is_not_edited",
            "chain_is_not_deleted",
        ] {
            let statement = sqlx::AssertSqlSafe(format!("DROP TRIGGER IF EXISTS {trigger}"));
            sqlx::query(statement).execute(&mut connection).await.expect("dropped");
        }
        sqlx::query("PRAGMA foreign_keys = OFF")
            .execute(&mut connection)
            .await
            .expect("off");
        let done = sqlx::query(statement).execute(&mut connection).await.expect("done");
        assert!(done.rows_affected() > 0, "{statement}");
        connection.close().await.expect("closed");
    }
}

#[tokio::test]
async fn an_untouched_chain_is_whole_and_goes_on_after_a_restart() {
    let world = world().await;
    let audit = world.audit().await;
    assert_eq!((audit.length, audit.broken.as_slice()), (12, &[][..]));
    let again = Store::open(&world.folder.path().join("embargod.db"))
        .await
        .expect("opened");
    let first = again.cases().await.expect("read")[0].id;
    again
        .append(first, 6, &["{}".to_owned()], Timestamp::UNIX_EPOCH)
        .await
        .expect("appended");
    let longer = again.audit().await.expect("read");
    assert!(longer.broken.is_empty() && longer.length == 13);
    assert!(longer.contains(&audit.head) && !audit.contains(&longer.head));
    let links = again.links().await.expect("read");
    assert_eq!(
        links.iter().map(|link| link.position).collect::<Vec<_>>(),
        (1..=13).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn tampering_with_any_row_is_found_and_the_row_is_named() {
    let of_case = "1970-0002";
    for (statement, named) in [
        (
            "UPDATE events SET body = '{\"round\":9}' WHERE case_id = '1970-0002' AND seq = 3",
            "event 3 of case 1970-0002",
        ),
        (
            "UPDATE events SET at = at + 1 WHERE case_id = '1970-0002' AND seq = 6",
            "event 6 of case 1970-0002",
        ),
        (
            "DELETE FROM events WHERE case_id = '1970-0002' AND seq = 4",
            "event 4 of case 1970-0002 (place 8) is missing",
        ),
        (
            "INSERT INTO events VALUES ('1970-0002', 7, 0, '{}')",
            "event 7 of case 1970-0002 is not in the chain",
        ),
        (
            "UPDATE chain SET hash = upper(hash) WHERE position = 7",
            "event 3 of case 1970-0002 (place 7)",
        ),
        ("DELETE FROM chain WHERE position = 7", "between the places 6 and 8"),
        ("UPDATE cases SET issue = 9 WHERE id = '1970-0002'", "of case 1970-0002"),
        (
            "UPDATE cases SET project = 'other' WHERE id = '1970-0002'",
            "of case 1970-0002",
        ),
    ] {
        let world = world().await;
        world.tamper(statement).await;
        let broken = world.audit().await.broken;
        assert!(
            !broken.is_empty() && broken.iter().any(|broken| broken.contains(named)),
            "{statement}: {broken:?}"
        );
        let others = broken.iter().filter(|broken| broken.contains("1970-0001"));
        assert_eq!(others.count(), 0, "only {of_case}: {broken:?}");
    }
}

#[tokio::test]
async fn what_was_cut_off_at_the_end_shows_against_a_noted_hash() {
    let world = world().await;
    let noted = world.audit().await.head;
    world
        .tamper("DELETE FROM events WHERE case_id = '1970-0002' AND seq = 6")
        .await;
    world.tamper("DELETE FROM chain WHERE position = 12").await;
    let audit = world.audit().await;
    assert!(audit.broken.is_empty(), "nothing inside shows it: {:?}", audit.broken);
    assert!(!audit.contains(&noted));
}

#[tokio::test]
async fn events_from_before_there_was_a_chain_begin_it() {
    let world = world().await;
    world.store.close().await;
    let path = world.folder.path().join("embargod.db");
    let url = format!("sqlite:{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.expect("opened");
    for statement in ["DROP TABLE chain", "DELETE FROM _sqlx_migrations WHERE version = 4"] {
        sqlx::query(statement)
            .execute(&mut connection)
            .await
            .expect("as it was before");
    }
    connection.close().await.expect("closed");
    let store = Store::open(&path).await.expect("brought up to date");
    let audit = store.audit().await.expect("read");
    assert_eq!((audit.length, audit.broken.as_slice()), (12, &[][..]));
}

//! `embargod serve`.

use std::path::Path;
use std::process::ExitCode;

use embargod_store::Store;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::config::load;
use crate::intake::{Intake, router};

pub(super) async fn run(path: &Path) -> Result<ExitCode, Failure> {
    let loaded = load(path)?;
    start_log();
    let database = loaded
        .config
        .sqlite_path()
        .ok_or("database_url must name a SQLite file")?;
    let store = Store::open(database).await.map_err(|error| {
        format!(
            "{}: {error}; make its folder, and let the server write there",
            database.display()
        )
    })?;
    let secret = |name: &String| loaded.secrets.get(&format!("github.{name}.webhook_secret")).cloned();
    let github = loaded
        .config
        .github
        .keys()
        .filter_map(|name| Some((name.clone(), secret(name)?)))
        .collect();
    let listener = TcpListener::bind(loaded.config.listen)
        .await
        .map_err(|error| format!("{}: {error}; choose another address with listen", loaded.config.listen))?;
    tracing::info!(listen = %listener.local_addr()?, projects = loaded.config.project.len(), "ready");
    let routes = router(Intake {
        store: store.clone(),
        github,
        now: Timestamp::now,
    });
    axum::serve(listener, routes)
        .with_graceful_shutdown(asked_to_stop())
        .await?;
    store.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// JSON lines on standard error; `RUST_LOG` sets the level.
fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

/// Resolves on SIGINT or SIGTERM. Where a signal cannot be listened to, its default (the end) stays in force.
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let wait = async |kind| match signal(kind) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    };
    tokio::select! {
        () = wait(SignalKind::interrupt()) => {}
        () = wait(SignalKind::terminate()) => {}
    }
}

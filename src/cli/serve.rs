//! `embargod serve`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::Failure;
use crate::clock::WallClock;
use crate::config::load;
use crate::server::Server;

pub(super) async fn run(path: &Path) -> Result<ExitCode, Failure> {
    let loaded = load(path)?;
    start_log();
    let _lock = lock(&loaded.config.data_dir)?;
    let server = Server::new(&loaded, Arc::new(WallClock)).await?;
    let listener = TcpListener::bind(loaded.config.listen)
        .await
        .map_err(|error| format!("{}: {error}; choose another address with listen", loaded.config.listen))?;
    tracing::info!(listen = %listener.local_addr()?, projects = loaded.config.project.len(), "ready");
    let worker = tokio::spawn(server.worker.run());
    axum::serve(listener, server.routes)
        .with_graceful_shutdown(asked_to_stop())
        .await?;
    // A pass that is cut off goes on from its events at the next start.
    worker.abort();
    server.store.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// One server at a time works with a data folder: two would rebuild against each other.
fn lock(data_dir: &Path) -> Result<std::fs::File, Failure> {
    let path = data_dir.join("lock");
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    std::fs::create_dir_all(data_dir).map_err(|error| wrong(&error))?;
    let file = std::fs::File::create(&path).map_err(|error| wrong(&error))?;
    file.try_lock()
        .map_err(|_| wrong(&"another server works with this folder; stop it first"))?;
    Ok(file)
}

/// JSON lines on standard error; `RUST_LOG` sets the level.
fn start_log() {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    use tracing_subscriber::{Layer as _, filter::filter_fn};
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    // Libraries log addresses, and an address can hold the name of a security branch: at no level are they heard.
    let own = filter_fn(|metadata| metadata.target().starts_with("embargod"));
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines.with_filter(own))
        .with(level)
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

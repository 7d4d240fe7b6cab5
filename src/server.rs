//! The server as one part: intake and workers over one store, with the clock that it is given.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use embargod_store::Store;
use tokio::sync::Notify;

use crate::cli::Failure;
use crate::clock::Clock;
use crate::config::Loaded;
use crate::intake::{GitlabSecrets, Intake, router};
use crate::mail::Mailer;
use crate::project::Project;
use crate::reconcile::Reconciler;
use crate::worker::Worker;

/// What `serve` and a rehearsal run.
pub struct Server {
    /// Where everything is kept.
    pub store: Store,
    /// The routes of intake.
    pub routes: Router,
    /// The workers; nothing happens until they run.
    pub worker: Arc<Worker>,
}

impl Server {
    /// Puts the server together. Asks no forge.
    pub async fn new(loaded: &Loaded, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let config = &loaded.config;
        let database = config.sqlite_path().ok_or("database_url must name a SQLite file")?;
        let store = Store::open(database).await.map_err(|error| {
            format!(
                "{}: {error}; make its folder, and let the server write there",
                database.display()
            )
        })?;
        let secret = |name: &String| loaded.secrets.get(&format!("github.{name}.webhook_secret")).cloned();
        let github = config
            .github
            .keys()
            .filter_map(|name| Some((name.clone(), secret(name)?)))
            .collect();
        let gitlab = gitlab_secrets(loaded)?;
        let password = loaded.secrets.get("smtp.password");
        let mailer = config
            .smtp
            .as_ref()
            .map(|smtp| Mailer::new(smtp, password))
            .transpose()?;
        let projects = Project::connect(loaded).await?;
        let inbox = Arc::new(Notify::new());
        let routes = router(Intake {
            store: store.clone(),
            github,
            gitlab,
            clock: Arc::clone(&clock),
            inbox: Arc::clone(&inbox),
        });
        let reconciler = Reconciler {
            store: store.clone(),
            clock,
            mailer,
            ground: Arc::default(),
            answers: Arc::default(),
        };
        let resync = Duration::from_secs(config.resync_seconds.into());
        Ok(Self {
            store,
            routes,
            worker: Worker::new(reconciler, projects, inbox, resync),
        })
    }
}

/// What proves the deliveries of every GitLab connection. A secret that cannot be used ends the start: a hook whose
/// deliveries are all refused would be switched off by GitLab, and nobody would notice.
fn gitlab_secrets(loaded: &Loaded) -> Result<BTreeMap<String, GitlabSecrets>, Failure> {
    let secrets = |name: &String| {
        let secret = |rest: &str| loaded.secrets.get(&format!("gitlab.{name}.{rest}"));
        GitlabSecrets::new(secret("webhook_token"), secret("webhook_signing_secret"))
            .map(|secrets| (name.clone(), secrets))
            .map_err(|error| format!("gitlab.{name}: {error}").into())
    };
    loaded.config.gitlab.keys().map(secrets).collect()
}

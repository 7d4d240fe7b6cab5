#![doc = include_str!("../README.md")]

mod access;
mod consequences;
mod deliveries;
mod faults;
mod git;
mod github;
mod gitlab;
mod imap;
mod keys;
mod mail;
mod observer;
mod people;
mod pulls;
mod pushes;
mod server;
mod timeline;
mod world;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use thiserror::Error;

pub use access::Access;
pub use deliveries::{Delivered, Order};
pub use faults::{Fault, When};
pub use gitlab::state::{BotFacts, Scope};
pub use keys::app_keys;
pub use observer::{Exchange, Observer, Seen};
pub use people::{NewRepository, Permission};
pub use timeline::{Entry, Surface};
pub use world::Ruleset;

use world::World;

/// What time it is in the sandbox.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// Why the sandbox could not do something.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// A file, a socket or a process.
    #[error("the sandbox could not use the machine: {0}")]
    Machine(#[from] std::io::Error),
    /// Git refused.
    #[error("git failed in the sandbox: {0}")]
    Git(String),
    /// The App's key is no RSA public key.
    #[error("the App's public key cannot be read")]
    Key,
    /// There is no such thing.
    #[error("the sandbox has no such {0}")]
    Absent(&'static str),
    /// A rule forbids it.
    #[error("the sandbox refuses: {0}")]
    Refused(&'static str),
    /// A delivery could not be sent.
    #[error("a delivery could not be sent: {0}")]
    Delivery(#[from] reqwest::Error),
}

/// Which forge the sandbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// GitHub, where the bot is an App.
    Github,
    /// GitLab, where the bot is a user with a token.
    Gitlab,
}

/// The App that the sandbox knows.
#[derive(Clone)]
pub struct AppFacts {
    /// Its id.
    pub id: u64,
    /// Its name in addresses; it writes as `SLUG[bot]`.
    pub slug: String,
    /// Its public key, PEM.
    pub public_key: String,
    /// The secret that signs deliveries.
    pub webhook_secret: String,
    /// Where deliveries go.
    pub webhook_url: String,
}

/// A running sandbox. It ends when it is dropped.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    flavour: Flavour,
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
    // Pushes go one after another, so that what changed is plain.
    pushes: tokio::sync::Mutex<()>,
    faults: Mutex<Vec<Fault>>,
    observer: std::sync::OnceLock<Observer>,
    recorded: tokio::sync::watch::Sender<usize>,
    url: String,
    smtp: String,
    imap: String,
    lists: Vec<String>,
    http: reqwest::Client,
    tasks: Vec<tokio::task::AbortHandle>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

impl Sandbox {
    /// Starts the forge and the mailbox on loopback addresses of their own. Repositories and mails go below `dir`; mail to
    /// one of `lists` is public.
    pub async fn start(
        dir: &Path,
        clock: Arc<dyn Clock>,
        app: AppFacts,
        lists: Vec<String>,
    ) -> Result<Self, SandboxError> {
        Self::start_world(dir, clock, World::new(app)?, lists).await
    }

    /// Starts a GitLab instead, with the bot as one of its users. The rest is as with [`Sandbox::start`].
    pub async fn start_gitlab(
        dir: &Path,
        clock: Arc<dyn Clock>,
        bot: BotFacts,
        lists: Vec<String>,
    ) -> Result<Self, SandboxError> {
        Self::start_world(dir, clock, World::gitlab(bot), lists).await
    }

    async fn start_world(
        dir: &Path,
        clock: Arc<dyn Clock>,
        world: World,
        lists: Vec<String>,
    ) -> Result<Self, SandboxError> {
        let flavour = world.flavour;
        std::fs::create_dir_all(dir.join("mail"))?;
        let web = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let post = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let inbox = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", web.local_addr()?);
        let smtp = post.local_addr()?.to_string();
        let imap = inbox.local_addr()?.to_string();
        let (web_start, web_ready) = tokio::sync::oneshot::channel::<std::sync::Weak<Shared>>();
        let (post_start, post_ready) = tokio::sync::oneshot::channel::<std::sync::Weak<Shared>>();
        let web = tokio::spawn(async move {
            if let Ok(shared) = web_ready.await {
                server::serve(web, shared).await;
            }
        });
        let post = tokio::spawn(async move {
            if let Ok(shared) = post_ready.await {
                mail::serve(post, shared).await;
            }
        });
        let (inbox_start, inbox_ready) = tokio::sync::oneshot::channel::<std::sync::Weak<Shared>>();
        let inbox = tokio::spawn(async move {
            if let Ok(shared) = inbox_ready.await {
                imap::serve(inbox, shared).await;
            }
        });
        let shared = Arc::new(Shared {
            flavour,
            dir: dir.to_owned(),
            clock,
            world: Mutex::new(world),
            pushes: tokio::sync::Mutex::new(()),
            faults: Mutex::new(Vec::new()),
            observer: std::sync::OnceLock::new(),
            recorded: tokio::sync::watch::Sender::new(0),
            url,
            smtp,
            imap,
            lists,
            http: reqwest::Client::new(),
            tasks: vec![web.abort_handle(), post.abort_handle(), inbox.abort_handle()],
        });
        // The servers hold no strong reference: dropping the sandbox ends them.
        let _ = web_start.send(Arc::downgrade(&shared));
        let _ = post_start.send(Arc::downgrade(&shared));
        let _ = inbox_start.send(Arc::downgrade(&shared));
        Ok(Self { shared })
    }

    /// Where the REST API is.
    pub fn api_url(&self) -> String {
        match self.shared.flavour {
            Flavour::Github => format!("{}/api/v3", self.shared.url),
            Flavour::Gitlab => format!("{}/api/v4", self.shared.url),
        }
    }

    /// Which forge it is.
    pub fn flavour(&self) -> Flavour {
        self.shared.flavour
    }

    /// Clone URLs are this, `/owner/name.git`.
    pub fn git_url(&self) -> String {
        self.shared.url.clone()
    }

    /// Where mail is taken: host and port.
    pub fn smtp_address(&self) -> &str {
        &self.shared.smtp
    }

    /// Where the mailbox of reports is read: host and port.
    pub fn imap_address(&self) -> &str {
        &self.shared.imap
    }

    /// Somebody's mail comes into the mailbox of reports.
    pub fn receive_mail(&self, raw: &[u8]) {
        let mut world = self.world();
        world.mailbox.push(raw.to_vec());
        drop(world);
        self.shared.record(
            true,
            "mail.received",
            "somebody",
            serde_json::json!({ "bytes": raw.len() }),
        );
    }

    /// The mails that were handed over for one party, oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<String> {
        let files = self.timeline().into_iter().filter(|entry| {
            let to = entry.details["to"].as_array().cloned().unwrap_or_default();
            entry.kind == "mail" && to.iter().any(|known| known == address)
        });
        let read = |entry: Entry| {
            let file = entry.details["file"].as_str()?.to_owned();
            std::fs::read_to_string(self.shared.dir.join("mail").join(file)).ok()
        };
        files.filter_map(read).collect()
    }

    /// Tells the sandbox where deliveries go.
    pub fn set_webhook_url(&self, url: &str) {
        self.world().app.webhook_url = url.to_owned();
    }

    /// What happened so far.
    pub fn timeline(&self) -> Vec<Entry> {
        self.world().timeline.clone()
    }

    /// Waits until what happened so far satisfies a condition.
    pub async fn wait_until(&self, holds: impl Fn(&[Entry]) -> bool) {
        let mut recorded = self.shared.recorded.subscribe();
        while !holds(&self.timeline()) {
            // The sender lives as long as the sandbox.
            if recorded.changed().await.is_err() {
                return;
            }
        }
    }

    /// Adds a fault to those that are waiting.
    pub fn fail(&self, fault: Fault) {
        self.shared
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(fault);
    }

    /// The faults that no request has met yet.
    pub fn waiting_faults(&self) -> Vec<Fault> {
        self.shared
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }
}

impl Shared {
    // A test that panicked while it held the lock has failed already; the others go on.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn repository_dir(&self, repository: &str) -> PathBuf {
        self.dir.join("git").join(format!("{repository}.git"))
    }
}

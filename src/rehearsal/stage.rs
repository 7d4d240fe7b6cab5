//! The stage: a sandbox with a public repository and its mirror, people with roles, and the server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use embargod_sandbox::{
    AppFacts, BotFacts, Flavour, NewRepository, Order, Permission, Sandbox, SandboxError, app_keys,
};
use jiff::Timestamp;
use thiserror::Error;

use super::MovableClock;
use crate::cli::Failure;
use crate::clock::Clock as _;
use crate::config::load;
use crate::reconcile::PassError;
use crate::server::Server;

/// The public repository of the stage.
pub const PUBLIC: &str = "example/example";
/// Its private mirror.
pub const MIRROR: &str = "example/example-security";
/// The name under which the bot writes on a GitLab.
pub const BOT: &str = "embargod-bot";
const SECRET: &str = "the-secret-of-the-rehearsal";
const SIGNING: &str = "whsec_dGhlIHNpZ25pbmcgc2VjcmV0IG9mIHRoZSByZWhlYXJzYWw=";
/// The lists that are announced to.
pub(super) const LISTS: [&str; 2] = ["devel@lists.example.org", "announce@lists.example.org"];

/// Why the stage could not be used.
#[derive(Debug, Error)]
pub enum StageError {
    /// The sandbox.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The machine.
    #[error("the machine could not be used: {0}")]
    Machine(#[from] std::io::Error),
    /// A pass of the server.
    #[error(transparent)]
    Pass(#[from] PassError),
    /// Git in somebody's work tree.
    #[error("git {0} failed: {1}")]
    Git(String, String),
    /// The server could not be put together.
    #[error("{0}")]
    Server(Failure),
}

/// Mail servers that take the place of the sandbox's.
#[derive(Debug, Clone)]
pub struct MailServers {
    /// `[smtp] url`.
    pub smtp: String,
    /// `[intake.imap] url`, with the user.
    pub imap: String,
    /// The certificate of the authority that signed theirs.
    pub ca_file: PathBuf,
    /// The address that people write to.
    pub address: String,
}

/// Everything that a rehearsal runs on.
pub struct Stage {
    /// Where it all is.
    pub dir: PathBuf,
    /// The mirror's forge, and the mailbox.
    pub sandbox: Sandbox,
    /// The public repository's forge: the same, unless the stage is mixed.
    pub public: Sandbox,
    /// The time.
    pub clock: MovableClock,
    /// The server under rehearsal.
    pub server: Server,
    listener: tokio::task::JoinHandle<()>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Stage {
    /// Puts the stage up below a folder, on a forge of this kind. `main` is the project's main branch, `stable` its rules
    /// for stable ones (TOML); `extra` goes into the project's configuration as it is.
    pub async fn build(
        dir: &Path,
        forge: Flavour,
        main: &str,
        stable: &str,
        extra: &str,
        now: Timestamp,
    ) -> Result<Self, StageError> {
        Self::build_mixed(dir, (forge, forge), main, stable, extra, now).await
    }

    /// The same with the public repository on one kind of forge and the mirror on another.
    pub async fn build_mixed(
        dir: &Path,
        forges: (Flavour, Flavour),
        main: &str,
        stable: &str,
        extra: &str,
        now: Timestamp,
    ) -> Result<Self, StageError> {
        Self::build_over(dir, forges, main, stable, extra, now, None).await
    }

    /// The same with other mail servers than the sandbox's.
    pub async fn build_over(
        dir: &Path,
        (public_forge, forge): (Flavour, Flavour),
        main: &str,
        stable: &str,
        extra: &str,
        now: Timestamp,
        mail: Option<&MailServers>,
    ) -> Result<Self, StageError> {
        std::fs::create_dir_all(dir)?;
        let dir = dir.canonicalize()?;
        let clock = MovableClock::at(now);
        let sandbox = start(&dir, &dir, forge, &clock).await?;
        let public = match public_forge == forge {
            true => sandbox.clone(),
            false => start(&dir, &dir.join("public-forge"), public_forge, &clock).await?,
        };
        let people = ["bob", "carol", "dave", "erin", "frank"].map(|name| (name, Permission::Write));
        let people = people.into_iter().chain([("alice", Permission::Admin)]);
        let plain = NewRepository {
            people: people.map(|(name, permission)| (name.to_owned(), permission)).collect(),
            ..NewRepository::default()
        };
        public.create_repository(PUBLIC, plain.clone()).await?;
        let mut mirror = NewRepository { private: true, ..plain };
        if forge == Flavour::Gitlab {
            // Nobody but the bot may be a Maintainer of a mirror there: Maintainers may change its rules.
            mirror.people.insert("alice".to_owned(), Permission::Write);
        }
        sandbox.create_repository(MIRROR, mirror).await?;
        public.set_default_branch(PUBLIC, main);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        std::fs::write(dir.join("imap.password"), "letmein")?;
        let path = dir.join("embargod.toml");
        std::fs::write(
            &path,
            configuration(
                (&public, &sandbox),
                &dir,
                &url,
                main,
                stable,
                extra,
                &post(&sandbox, mail),
            ),
        )?;
        let loaded = load(&path).map_err(|error| StageError::Server(error.into()))?;
        let server = Server::new(&loaded, Arc::new(clock.clone()))
            .await
            .map_err(StageError::Server)?;
        for sandbox in [&sandbox, &public] {
            sandbox.set_webhook_url(&format!("{url}/webhooks/{}", name(sandbox.flavour())));
        }
        let routes = server.routes.clone();
        let listener = tokio::spawn(async move {
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self {
            dir,
            sandbox,
            public,
            clock,
            server,
            listener,
        })
    }

    /// The forge of a repository of the stage.
    pub fn at(&self, repository: &str) -> &Sandbox {
        if repository == PUBLIC {
            &self.public
        } else {
            &self.sandbox
        }
    }

    /// Whether public repository and mirror are on different forges.
    fn is_mixed(&self) -> bool {
        self.public.git_url() != self.sandbox.git_url()
    }

    /// Delivers what happened, in this order, and lets the server come to rest.
    pub async fn settle_with(&self, order: Order) -> Result<(), StageError> {
        // What the bot does makes deliveries of its own: they are given too.
        for _ in 0..3 {
            self.sandbox.deliver(order).await;
            if self.is_mixed() {
                self.public.deliver(order).await;
            }
            self.server.worker.settle().await?;
        }
        Ok(())
    }

    /// Delivers what happened and lets the server come to rest.
    pub async fn settle(&self) -> Result<(), StageError> {
        self.settle_with(Order::AsHappened).await
    }

    /// Moves the clock by so many seconds.
    pub fn pass_seconds(&self, seconds: i64) {
        self.clock
            .move_to(self.clock.now() + jiff::SignedDuration::from_secs(seconds));
    }

    /// A person's clone of a repository.
    pub async fn clone_for(&self, person: &str, repository: &str) -> Result<PathBuf, StageError> {
        let path = self.dir.join("desks").join(person).join(repository.replace('/', "-"));
        let url = self.at(repository).clone_url(repository, person)?;
        if !path.exists() {
            std::fs::create_dir_all(&path)?;
            git(&path, &["clone", "--quiet", &url, "."]).await?;
        }
        git(&path, &["fetch", "--quiet", "--prune", "origin"]).await?;
        Ok(path)
    }

    /// The tip of a branch.
    pub async fn tip(&self, repository: &str, branch: &str) -> Option<String> {
        self.at(repository)
            .git(repository, &["rev-parse", &format!("refs/heads/{branch}")])
            .await
            .ok()
    }
}

fn name(forge: Flavour) -> &'static str {
    match forge {
        Flavour::Github => "github",
        Flavour::Gitlab => "gitlab",
    }
}

/// A forge below a folder, with what the bot needs to know of it in files beside the configuration.
async fn start(dir: &Path, below: &Path, forge: Flavour, clock: &MovableClock) -> Result<Sandbox, StageError> {
    let (clock, lists) = (Arc::new(clock.clone()), LISTS.map(str::to_owned).to_vec());
    let sandbox = match forge {
        Flavour::Github => {
            let (private, public) = app_keys()?;
            std::fs::write(dir.join("app.pem"), private)?;
            std::fs::write(dir.join("webhook.secret"), SECRET)?;
            let app = AppFacts {
                id: 7,
                slug: "embargod".to_owned(),
                public_key: public,
                webhook_secret: SECRET.to_owned(),
                webhook_url: String::new(),
            };
            Sandbox::start(below, clock, app, lists).await?
        }
        Flavour::Gitlab => {
            let token = format!("glpat-{SECRET}");
            std::fs::write(dir.join("webhook.signing"), SIGNING)?;
            std::fs::write(dir.join("gitlab.token"), &token)?;
            let bot = BotFacts {
                username: BOT.to_owned(),
                token,
                webhook_token: None,
                signing_token: Some(SIGNING.to_owned()),
                webhook_url: String::new(),
            };
            Sandbox::start_gitlab(below, clock, bot, lists).await?
        }
    };
    Ok(sandbox)
}

/// What the configuration says of a forge.
fn connection(sandbox: &Sandbox) -> String {
    match sandbox.flavour() {
        Flavour::Github => format!(
            r#"[github.main]
api_url = "{}"
git_url = "{}"
app_id = 7
private_key_file = "app.pem"
webhook_secret_file = "webhook.secret"
"#,
            sandbox.api_url(),
            sandbox.git_url()
        ),
        Flavour::Gitlab => format!(
            r#"[gitlab.main]
url = "{}"
token_file = "gitlab.token"
webhook_signing_secret_file = "webhook.signing"
"#,
            sandbox.git_url()
        ),
    }
}

/// What the configuration says of mail.
fn post(sandbox: &Sandbox, servers: Option<&MailServers>) -> String {
    let (smtp, imap, address, authority) = match servers {
        None => (
            format!("smtp+plain://{}", sandbox.smtp_address()),
            format!("imap+plain://security@{}", sandbox.imap_address()),
            "security@example.org",
            String::new(),
        ),
        Some(servers) => (
            servers.smtp.clone(),
            servers.imap.clone(),
            servers.address.as_str(),
            format!("ca_file = {:?}\n", servers.ca_file),
        ),
    };
    format!(
        r#"[smtp]
url = "{smtp}"
from = "Example Security <{address}>"

[intake.imap]
url = "{imap}"
password_file = "imap.password"
max_megabytes = 4
{authority}"#
    )
}

fn configuration(
    (public, mirror): (&Sandbox, &Sandbox),
    dir: &Path,
    url: &str,
    main: &str,
    stable: &str,
    extra: &str,
    post: &str,
) -> String {
    let mut connections = connection(mirror);
    if public.flavour() != mirror.flavour() {
        connections += &connection(public);
    }
    format!(
        r#"listen = "127.0.0.1:0"
public_url = "{url}"
data_dir = {data:?}
database_url = "sqlite:{dir}/embargod.db"
resync_seconds = 2

{connections}
{post}
[[project]]
name = "example"
main = {main:?}
stable = [{stable}]
public = {{ connection = "{public}.main", repo = "{PUBLIC}" }}
private = {{ connection = "{mirror}.main", repo = "{MIRROR}" }}
{extra}
[project.roles]
security_team = ["alice", "erin"]
release_manager = ["bob", "frank"]
cve_coordinator = ["carol"]
moderator = ["dave"]
[project.announce]
lists = {LISTS:?}
[project.advisory]
ecosystem = "other"
package = "example"
{release}"#,
        data = dir.join("data"),
        dir = dir.display(),
        // Without advisories their text goes into a release.
        release = match public.flavour() {
            Flavour::Github => "",
            Flavour::Gitlab => "release_tag = \"security/{case}\"\n",
        },
        public = name(public.flavour()),
        mirror = name(mirror.flavour()),
    )
}

/// Runs git as a person does, with an identity and without the machine's configuration.
pub async fn git(folder: &Path, arguments: &[&str]) -> Result<String, StageError> {
    let output = tokio::process::Command::new("git")
        .arg("-C")
        .arg(folder)
        .args([
            "-c",
            "user.name=A Developer",
            "-c",
            "user.email=developer@example.org",
            "-c",
            "advice.detachedHead=false",
        ])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .output()
        .await?;
    if !output.status.success() {
        let verb = arguments.first().copied().unwrap_or_default();
        return Err(StageError::Git(
            verb.to_owned(),
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

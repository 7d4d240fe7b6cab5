//! A project at work: its policy, and its two repositories reached through their forges.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use embargod_core::BranchName;
use embargod_core::case::Policy;
use embargod_core::publication::Wanted;
use embargod_core::roles::Role;
use embargod_core::roster::RosterPolicy;
use embargod_core::targets::Maintained;
use embargod_forge::github::App;
use embargod_forge::gitlab::Instance;
use embargod_forge::{Forge, ForgeError, Thread};
use embargod_mail::{KeyError, Own, PrivateKey, PublicKey};
use embargod_repo::{Clone, GitError, Remote};
use thiserror::Error;

use crate::config::{AdvisorySettings, Cases, ConnectionName, Imap, Loaded, Place, Project as Settings, PublishMode};
use crate::intake::{Mailbox, MailboxError};
use crate::policy::{Holder, follower, maintained, policy, roles, roster, wanted};
use crate::vendors::Vendor;

/// Why a project cannot be worked for.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The forge's settings are wrong.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// The bot's own clone cannot be made.
    #[error("the bot's own clone below data_dir: {0}")]
    Clone(#[from] GitError),
    /// The mailbox of reports.
    #[error(transparent)]
    Mailbox(#[from] MailboxError),
    /// An OpenPGP key: the one for reports, or a vendor's.
    #[error("an OpenPGP key: {0}; run `embargod config check`")]
    Key(#[from] KeyError),
    /// A key of the configuration names nothing.
    #[error("{0}: the secret or the connection is missing; run `embargod config check`")]
    Missing(String),
}

/// A project at work.
pub struct Project {
    /// Its name.
    pub name: String,
    /// Which branches are maintained.
    pub maintained: Maintained,
    /// How approved commits become public.
    pub publish: PublishMode,
    /// Its rules.
    pub policy: Policy,
    /// Checks that must pass again after a rebuild.
    pub checks_after_rebuild: Vec<String>,
    /// Who holds which role.
    pub roles: BTreeMap<Role, Vec<Holder>>,
    /// The label that opens a case.
    pub label: String,
    /// What happens after a publication.
    pub wanted: Wanted,
    /// What advisories say of the package.
    pub advisory: AdvisorySettings,
    /// The public repository.
    pub public: Arc<dyn Forge>,
    /// The private mirror.
    pub mirror: Arc<dyn Forge>,
    /// Where the issues of cases are: one of the two.
    pub desk: Arc<dyn Forge>,
    /// The further public repositories, by what [`Wanted`] calls them.
    pub followers: BTreeMap<String, Arc<dyn Forge>>,
    /// The public repository's name, `owner/name`.
    pub public_name: String,
    /// The mirror's name.
    pub mirror_name: String,
    /// The bot's own clone.
    pub clone: Clone,
    /// Who is told before the announcement.
    pub vendors: Vec<Vendor>,
    /// How reports by mail are read, where they are.
    pub letterbox: Option<Letterbox>,
    /// The label on a report that nobody has looked at.
    pub moderation: String,
    /// How people become members, where the bot invites any.
    pub roster: Option<RosterPolicy>,
    /// The label of the issue on which members are talked about.
    pub members: String,
}

/// How reports by mail are read.
pub struct Letterbox {
    /// Where they come in.
    pub mailbox: Mailbox,
    /// The address that people write to, and the lists that mail comes over.
    pub own: Own,
    /// The key with which encrypted reports are read.
    pub key: Option<Arc<PrivateKey>>,
    /// Where attachments are kept.
    pub files: PathBuf,
}

impl Project {
    /// Connects every project of a configuration. Nothing is asked of a forge yet.
    pub async fn connect(loaded: &Loaded) -> Result<Vec<Self>, ConnectError> {
        let connections = connections(loaded)?;
        let mut projects = Vec::new();
        for settings in &loaded.config.project {
            let forge = |place: &Place| match connections.get(&place.connection) {
                Some(connection) => connection.repository(&place.repo),
                None => Err(ConnectError::Missing(place.connection.to_string())),
            };
            let path = loaded
                .config
                .data_dir
                .join("clones")
                .join(format!("{}.git", settings.name));
            let (public, mirror) = (forge(&settings.public)?, forge(&settings.private)?);
            let followers = settings.followers.iter();
            let followers = followers.map(|place| Ok((follower(place), forge(place)?)));
            projects.push(Self {
                name: settings.name.clone(),
                maintained: maintained(settings),
                publish: settings.publish,
                policy: policy(settings),
                checks_after_rebuild: settings.checks_after_rebuild.clone(),
                roles: roles(settings),
                label: settings.labels.confirmed.clone(),
                wanted: wanted(settings),
                advisory: settings.advisory.clone(),
                desk: Arc::clone(match settings.cases {
                    Cases::Private => &mirror,
                    Cases::Public => &public,
                }),
                followers: followers.collect::<Result<_, ConnectError>>()?,
                public,
                mirror,
                public_name: settings.public.repo.clone(),
                mirror_name: settings.private.repo.clone(),
                clone: Clone::open(&path).await?,
                vendors: vendors(loaded, settings)?,
                letterbox: letterbox(loaded, &settings.name)?,
                moderation: settings.labels.moderation.clone(),
                roster: roster(settings),
                members: settings.labels.members.clone(),
            });
        }
        Ok(projects)
    }

    /// The main branch.
    pub fn main(&self) -> &BranchName {
        &self.maintained.main
    }

    /// Where a thread is.
    pub fn forge_of(&self, thread: Thread) -> &dyn Forge {
        match thread {
            Thread::Issue(_) => &*self.desk,
            Thread::PullRequest(_) => &*self.mirror,
        }
    }

    /// Whether cases are confidential issues of the public project.
    pub fn has_public_desk(&self) -> bool {
        Arc::ptr_eq(&self.desk, &self.public)
    }

    /// The public repository for git, with a fresh credential.
    pub async fn public_remote(&self) -> Result<Remote, ForgeError> {
        remote(&*self.public).await
    }

    /// The mirror for git, with a fresh credential.
    pub async fn mirror_remote(&self) -> Result<Remote, ForgeError> {
        remote(&*self.mirror).await
    }
}

/// The vendors of a project, with their keys.
fn vendors(loaded: &Loaded, settings: &Settings) -> Result<Vec<Vendor>, ConnectError> {
    let folder = loaded.path.parent().unwrap_or(Path::new("."));
    let vendor = |vendor: &crate::config::Vendor| {
        let wrong = || ConnectError::Missing(format!("the key of the vendor {}", vendor.name));
        let key = match &vendor.key_file {
            None => None,
            Some(file) => {
                let bytes = std::fs::read(folder.join(file)).map_err(|_| wrong())?;
                Some(PublicKey::read(&bytes)?)
            }
        };
        Ok(Vendor {
            name: vendor.name.clone(),
            contact: vendor.contact.clone(),
            key,
            branches: vendor.branches.clone(),
        })
    };
    settings.vendors.iter().map(vendor).collect()
}

/// The mailbox of a project, if it has one.
fn letterbox(loaded: &Loaded, project: &str) -> Result<Option<Letterbox>, ConnectError> {
    let config = &loaded.config;
    let Some(imap) = config
        .intake
        .imap
        .as_ref()
        .filter(|imap| imap.project(config) == Some(project))
    else {
        return Ok(None);
    };
    let missing = || ConnectError::Missing("intake.imap.password".to_owned());
    let password = loaded.secrets.get("intake.imap.password").ok_or_else(missing)?;
    let folder = loaded.path.parent().unwrap_or(Path::new("."));
    Ok(Some(Letterbox {
        mailbox: Mailbox::new(imap, password, project, folder)?,
        own: Own {
            address: imap.address(config).unwrap_or_default(),
            lists: imap.lists.clone(),
        },
        key: Imap::key(&loaded.secrets)?.map(Arc::new),
        files: config.data_dir.join("reports"),
    }))
}

/// A forge and who the bot is there.
enum Connection {
    Github(App),
    Gitlab(Instance),
}

impl Connection {
    fn repository(&self, path: &str) -> Result<Arc<dyn Forge>, ConnectError> {
        Ok(match self {
            Self::Github(app) => Arc::new(app.repository(path)?),
            Self::Gitlab(instance) => Arc::new(instance.repository(path)),
        })
    }
}

fn connections(loaded: &Loaded) -> Result<BTreeMap<ConnectionName, Connection>, ConnectError> {
    let secret = |key: String| loaded.secrets.get(&key).ok_or(ConnectError::Missing(key));
    let mut found = BTreeMap::new();
    for (name, settings) in &loaded.config.github {
        let app = App::new(
            settings.api_url.as_str(),
            settings.git_url.as_str(),
            settings.app_id,
            secret(format!("github.{name}.private_key"))?,
        )?;
        found.insert(ConnectionName::Github(name.clone()), Connection::Github(app));
    }
    for (name, settings) in &loaded.config.gitlab {
        let instance = Instance::new(settings.url.as_str(), secret(format!("gitlab.{name}.token"))?)?;
        found.insert(ConnectionName::Gitlab(name.clone()), Connection::Gitlab(instance));
    }
    Ok(found)
}

/// A forge for git, with a fresh credential.
pub async fn remote(forge: &dyn Forge) -> Result<Remote, ForgeError> {
    let credential = forge.credential().await?;
    Ok(Remote::with_token(credential.url, credential.user, credential.token))
}

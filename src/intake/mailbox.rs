//! The mailbox: each new mail is stored before anything else happens with it. The mailbox itself is only read: what came
//! stays there, as the archive that it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_imap::Session;
use embargod_store::{NewDelivery, Read, Store, StoreError};
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use crate::config::Imap;

/// How long one look at the mailbox may take, from the connection to the last mail.
const PATIENCE: Duration = Duration::from_secs(300);
/// How much of a mail is taken that is longer than the bound.
const BEGINNING: u32 = 65_536;
/// How many mails one look takes; the next one goes on.
const MOST: usize = 100;

/// Why the mailbox could not be read. The texts carry nothing of a mail.
#[derive(Debug, Error)]
pub enum MailboxError {
    /// The settings make no sense.
    #[error("the mailbox's settings make no sense: look at [intake.imap]")]
    Settings,
    /// The certificate of the configuration.
    #[error("{0}: no certificate can be read from it; ca_file of [intake.imap] names a PEM file")]
    Authority(PathBuf),
    /// The server cannot be reached, or not safely.
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(std::io::Error),
    /// It does not let us in.
    #[error("the mail server refuses the user or the password of [intake.imap]")]
    Refused,
    /// The folder.
    #[error("the mailbox has no such folder: folder of [intake.imap]")]
    Folder,
    /// It broke off.
    #[error("the mail server broke off; the next look goes on")]
    Broken,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A mailbox that reports of one project come to.
pub struct Mailbox {
    /// Its name in the inbox.
    pub connection: String,
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    user: String,
    password: SecretString,
    folder: String,
    most_bytes: u32,
}

impl Mailbox {
    /// Takes the settings; nothing is asked yet. Paths are relative to the configuration's folder.
    pub fn new(settings: &Imap, password: &SecretString, project: &str, folder: &Path) -> Result<Self, MailboxError> {
        let url = url::Url::parse(&settings.url).map_err(|_| MailboxError::Settings)?;
        let host = url.host_str().ok_or(MailboxError::Settings)?.to_owned();
        let (tls, port) = match url.scheme() {
            "imaps" => {
                let authority = settings.ca_file.as_ref().map(|file| folder.join(file));
                (Some(connector(authority.as_deref())?), 993)
            }
            // The configuration allows it for loopback alone.
            "imap+plain" => (None, 143),
            _ => return Err(MailboxError::Settings),
        };
        Ok(Self {
            connection: connection(project),
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(port),
            tls,
            // A user's name may be a whole address, whose sign is written %40 in a URL.
            user: percent_decoded(url.username()),
            password: password.clone(),
            folder: settings.folder.clone(),
            most_bytes: settings.max_megabytes.saturating_mul(1 << 20),
        })
    }

    /// Stores every mail that came since the last look; how many were new. The first look takes those that nobody has read.
    pub async fn look(&self, store: &Store, now: Timestamp) -> Result<usize, MailboxError> {
        let stream = async {
            let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
        let all = async {
            let stream = stream.await.map_err(MailboxError::Unreachable)?;
            match &self.tls {
                None => self.read(stream, store, now).await,
                Some(tls) => {
                    let name = ServerName::try_from(self.host.clone()).map_err(|_| MailboxError::Settings)?;
                    let stream = tls.connect(name, stream).await.map_err(MailboxError::Unreachable)?;
                    self.read(stream, store, now).await
                }
            }
        };
        tokio::time::timeout(PATIENCE, all)
            .await
            .unwrap_or(Err(MailboxError::Broken))
    }

    async fn read<S>(&self, stream: S, store: &Store, now: Timestamp) -> Result<usize, MailboxError>
    where
        S: AsyncRead + AsyncWrite + Unpin + std::fmt::Debug + Send,
    {
        let broken = |_: async_imap::error::Error| MailboxError::Broken;
        let mut client = async_imap::Client::new(stream);
        // The greeting comes before anything is asked.
        client
            .read_response()
            .await
            .ok()
            .flatten()
            .ok_or(MailboxError::Broken)?;
        let mut session = client
            .login(&self.user, self.password.expose_secret())
            .await
            .map_err(|_| MailboxError::Refused)?;
        let folder = session.examine(&self.folder).await.map_err(|_| MailboxError::Folder)?;
        let validity = folder.uid_validity.ok_or(MailboxError::Broken)?;
        let before = store.mailbox(&self.connection).await?;
        let known = before.filter(|read| read.validity == validity).map(|read| read.last);
        let query = match (known, before) {
            (Some(last), _) => format!("UID {}:*", last.saturating_add(1)),
            // The server counts anew: what was stored before is recognised by its content.
            (None, Some(_)) => "ALL".to_owned(),
            (None, None) => "UNSEEN".to_owned(),
        };
        let mut waiting: Vec<_> = session.uid_search(query).await.map_err(broken)?.into_iter().collect();
        // `n:*` names the last mail even where its number is lower.
        waiting.retain(|uid| known.is_none_or(|last| *uid > last));
        waiting.sort_unstable();
        let rest = waiting.len().saturating_sub(MOST);
        waiting.truncate(MOST);
        let mut new = 0;
        for uid in waiting {
            let mail = self.fetch(&mut session, uid, now).await?;
            let read = Read { validity, last: uid };
            if store.record_mail(&self.connection, mail, read).await? == embargod_store::Recorded::New {
                new += 1;
            }
        }
        if rest == 0 && known.is_none() {
            // What somebody has read before the first look is not ours to take.
            let last = folder.uid_next.unwrap_or(1).saturating_sub(1);
            let reached = store.mailbox(&self.connection).await?.map_or(0, |read| read.last);
            let read = Read {
                validity,
                last: last.max(reached),
            };
            store.record_mail(&self.connection, None, read).await?;
        }
        // It was stored: how the server says goodbye changes nothing.
        let _ = session.logout().await;
        Ok(new)
    }

    /// A mail, or the beginning of one that is too long; nothing where it is gone.
    async fn fetch<S>(
        &self,
        session: &mut Session<S>,
        uid: u32,
        now: Timestamp,
    ) -> Result<Option<NewDelivery>, MailboxError>
    where
        S: AsyncRead + AsyncWrite + Unpin + std::fmt::Debug + Send,
    {
        let size = ask(session, uid, "(UID RFC822.SIZE)")
            .await?
            .and_then(|found| found.size);
        let Some(size) = size else { return Ok(None) };
        let long = size > self.most_bytes;
        let query = if long {
            format!("(UID BODY.PEEK[]<0.{BEGINNING}>)")
        } else {
            "(UID BODY.PEEK[])".to_owned()
        };
        let Some(found) = ask(session, uid, &query).await? else {
            return Ok(None);
        };
        let Some(body) = found.body() else { return Ok(None) };
        Ok(Some(NewDelivery {
            connection: self.connection.clone(),
            // The content is its name: it is taken once, however the server numbers it.
            delivery_id: hex::encode(Sha256::digest(body)),
            event: if long { "beginning" } else { "mail" }.to_owned(),
            body: body.to_vec(),
            received_at: now,
        }))
    }
}

/// The name of a project's mailbox in the inbox.
pub fn connection(project: &str) -> String {
    format!("mailbox.{project}")
}

async fn ask<S>(
    session: &mut Session<S>,
    uid: u32,
    query: &str,
) -> Result<Option<async_imap::types::Fetch>, MailboxError>
where
    S: AsyncRead + AsyncWrite + Unpin + std::fmt::Debug + Send,
{
    let found: Result<Vec<_>, _> = match session.uid_fetch(uid.to_string(), query).await {
        Ok(stream) => stream.try_collect().await,
        Err(error) => Err(error),
    };
    let found = found.map_err(|_| MailboxError::Broken)?;
    Ok(found.into_iter().find(|fetch| fetch.uid == Some(uid)))
}

fn connector(authority: Option<&Path>) -> Result<TlsConnector, MailboxError> {
    let mut roots = RootCertStore::empty();
    match authority {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let wrong = || MailboxError::Authority(path.to_owned());
            let certificates = CertificateDer::pem_file_iter(path).map_err(|_| wrong())?;
            for certificate in certificates {
                let certificate = certificate.map_err(|_| wrong())?;
                roots.add(certificate).map_err(|_| wrong())?;
            }
            if roots.is_empty() {
                return Err(wrong());
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| MailboxError::Settings)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn percent_decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    let decoded = url::form_urlencoded::parse(pair.as_bytes()).next();
    decoded.map_or_else(String::new, |(_, value)| value.into_owned())
}

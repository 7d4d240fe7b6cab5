//! Mail out: one message to one list. SMTP cannot promise *once*, so the caller writes down that it begins.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::config::Smtp;

/// How long one mail may take, from the connection to the answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a mail was not sent. The texts name neither the mail nor what the server said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MailError {
    /// The settings make no sense.
    #[error("the mail settings make no sense: look at [smtp]")]
    Settings,
    /// An address or header cannot be written.
    #[error("the mail cannot be written: look at the addresses")]
    Message,
    /// The server does not take it for now: it was not sent.
    #[error("the mail server does not take the mail for now")]
    Deferred,
    /// The server refused it: it was not sent.
    #[error("the mail server refused the mail")]
    Refused,
    /// The connection broke in the middle: it may have been sent.
    #[error("the connection to the mail server broke: whether the mail was sent is unknown")]
    Unknown,
}

/// The way out.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// Takes the settings; nothing is sent yet.
    pub fn new(settings: &Smtp, password: Option<&SecretString>) -> Result<Self, MailError> {
        let url = url::Url::parse(&settings.url).map_err(|_| MailError::Settings)?;
        let host = url.host_str().ok_or(MailError::Settings)?;
        let (builder, port) = match url.scheme() {
            "smtps" => (
                AsyncSmtpTransport::<Tokio1Executor>::relay(host).map_err(|_| MailError::Settings)?,
                465,
            ),
            "smtp" => (
                AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host).map_err(|_| MailError::Settings)?,
                587,
            ),
            // The configuration allows it for loopback alone.
            "smtp+plain" => (AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host), 25),
            _ => return Err(MailError::Settings),
        };
        let mut builder = builder.port(url.port().unwrap_or(port)).timeout(Some(PATIENCE));
        if let Some(password) = password {
            let user = url.username().to_owned();
            builder = builder.credentials(Credentials::new(user, password.expose_secret().to_owned()));
        }
        let from = settings.from.parse().map_err(|_| MailError::Settings)?;
        Ok(Self {
            transport: builder.build(),
            from,
        })
    }

    /// Whether the server answers: asked before a mail is begun, so that a server which is down leaves nothing in doubt.
    pub async fn answers(&self) -> bool {
        matches!(
            tokio::time::timeout(PATIENCE, self.transport.test_connection()).await,
            Ok(Ok(true))
        )
    }

    /// Sends a mail to a list. `id` is the same for the same mail, whenever it is sent.
    pub async fn send(
        &self,
        list: &str,
        id: &str,
        subject: &str,
        body: String,
        now: Timestamp,
    ) -> Result<(), MailError> {
        let to: Mailbox = list.parse().map_err(|_| MailError::Message)?;
        let since = now.duration_since(Timestamp::UNIX_EPOCH);
        let sent = SystemTime::UNIX_EPOCH + Duration::try_from(since).unwrap_or_default();
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(subject)
            .date(sent)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .body(body)
            .map_err(|_| MailError::Message)?;
        // lettre's own timeout covers the single steps; this covers all of them.
        match tokio::time::timeout(PATIENCE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused),
            Ok(Err(error)) if error.is_transient() => Err(MailError::Deferred),
            Ok(Err(_)) | Err(_) => Err(MailError::Unknown),
        }
    }
}

//! Mail out: one message to one list or one party. SMTP cannot promise *once*, so the caller writes down that it begins.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
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

    /// The `Message-ID` of a mail with this id, without the angle brackets: the same whenever it is sent.
    pub fn message_id(&self, id: &str) -> String {
        format!("{id}@{}", self.from.email.domain())
    }

    /// Sends a mail. Its timestamp is the instant that is given.
    pub async fn send(&self, mail: Outgoing<'_>, now: Timestamp) -> Result<(), MailError> {
        let since = now.duration_since(Timestamp::UNIX_EPOCH);
        let sent = SystemTime::UNIX_EPOCH + Duration::try_from(since).unwrap_or_default();
        let from = mail.from.map(str::parse::<Mailbox>).transpose();
        let from = from.map_err(|_| MailError::Message)?;
        let mut builder = Message::builder()
            .from(from.unwrap_or_else(|| self.from.clone()))
            .subject(mail.subject)
            .date(sent)
            .message_id(Some(format!("<{}>", self.message_id(mail.id))));
        for to in mail.to {
            builder = builder.to(to.parse().map_err(|_| MailError::Message)?);
        }
        if let Some(nearest) = mail.references.last() {
            let all: Vec<_> = mail.references.iter().map(|id| format!("<{id}>")).collect();
            builder = builder.in_reply_to(format!("<{nearest}>")).references(all.join(" "));
        }
        if mail.automatic {
            // RFC 3834: what answers by itself says so, and machines do not answer it.
            builder = builder.header(AutoSubmitted);
        }
        let message = match mail.body {
            Body::Text(text) => builder.header(ContentType::TEXT_PLAIN).body(text),
            Body::Encrypted(armoured) => builder.multipart(encrypted(armoured)?),
        };
        let message = message.map_err(|_| MailError::Message)?;
        // lettre's own timeout covers the single steps; this covers all of them.
        match tokio::time::timeout(PATIENCE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused),
            Ok(Err(error)) if error.is_transient() => Err(MailError::Deferred),
            Ok(Err(_)) | Err(_) => Err(MailError::Unknown),
        }
    }
}

/// A mail that is to leave.
pub struct Outgoing<'a> {
    /// What makes its `Message-ID`.
    pub id: &'a str,
    /// Another sender than the one of the settings.
    pub from: Option<&'a str>,
    /// The receivers.
    pub to: &'a [String],
    /// The subject.
    pub subject: &'a str,
    /// The mails that it continues, the nearest last.
    pub references: &'a [String],
    /// Whether no person wrote it.
    pub automatic: bool,
    /// What it says.
    pub body: Body,
}

/// What a mail says.
pub enum Body {
    /// Plain text.
    Text(String),
    /// An armoured OpenPGP message, whose content is a mail's with headers of its own (RFC 3156).
    Encrypted(String),
}

#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-replied".to_owned())
    }
}

fn encrypted(armoured: String) -> Result<MultiPart, MailError> {
    let kind = |text: &str| ContentType::parse(text).map_err(|_| MailError::Message);
    let control = SinglePart::builder()
        .header(kind("application/pgp-encrypted")?)
        .body("Version: 1\r\n".to_owned());
    let content = SinglePart::builder()
        .header(kind("application/octet-stream; name=\"encrypted.asc\"")?)
        .body(armoured);
    Ok(MultiPart::encrypted("application/pgp-encrypted".to_owned())
        .singlepart(control)
        .singlepart(content))
}

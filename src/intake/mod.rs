//! What comes in from outside: deliveries of the forges, and mails.
//!
//! A delivery is a hint, never the truth. It is verified over its raw bytes, stored durably, and answered; nothing is
//! parsed, decided or logged of its content here.

mod github;
mod gitlab;
mod mailbox;
mod server;

pub use github::VerifiedDelivery;
pub use gitlab::{GitlabDelivery, GitlabSecrets, GitlabSecretsError};
pub use mailbox::{Mailbox, MailboxError, connection};
pub use server::{Intake, router};

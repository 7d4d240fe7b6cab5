//! `security.txt` (RFC 9116).

use thiserror::Error;

use super::process::Process;

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecurityTxtError {
    /// RFC 9116 demands at least one contact.
    #[error(
        "security.txt needs a contact: name it in [project.reports] contact = [\"mailto:security@example.org\"], or set up [intake.imap]"
    )]
    NoContact,
    /// The date of expiry lies beyond all dates.
    #[error("expires_in of [project.reports] is too long")]
    Expires,
}

/// The file, with line ends as the standard has them.
pub fn security_txt(process: &Process) -> Result<String, SecurityTxtError> {
    let reports = &process.reports;
    let mut contacts = reports.contact.clone();
    if contacts.is_empty() {
        contacts.extend(process.mailbox.iter().map(|address| format!("mailto:{address}")));
    }
    if contacts.is_empty() {
        return Err(SecurityTxtError::NoContact);
    }
    let expires = process
        .now
        .checked_add(reports.expires_in.0)
        .ok()
        .and_then(|end| jiff::Timestamp::from_second(end.as_second()).ok())
        .ok_or(SecurityTxtError::Expires)?;
    let mut lines = vec![format!(
        "# Security contact of {}",
        process.project.replace(char::is_control, " ")
    )];
    lines.extend(contacts.iter().map(|contact| format!("Contact: {contact}")));
    lines.push(format!("Expires: {expires}"));
    let fields = [
        ("Encryption", &reports.encryption),
        ("Acknowledgments", &reports.acknowledgments_url),
        ("Canonical", &reports.security_txt_url),
        ("Policy", &reports.policy_url),
    ];
    for (name, value) in fields {
        lines.extend(value.iter().map(|value| format!("{name}: {value}")));
    }
    if !reports.languages.is_empty() {
        lines.push(format!("Preferred-Languages: {}", reports.languages.join(", ")));
    }
    Ok(lines.join("\r\n") + "\r\n")
}

//! Attachments: files below the server's own folder that nobody else on the machine reads, never rendered.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use embargod_mail::Attachment;
use sha2::{Digest as _, Sha256};

/// A file that was kept.
pub struct Kept {
    /// Its name below the folder of the mail.
    pub name: String,
    /// What the sender says that it is.
    pub media_type: String,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its SHA-256, hexadecimal.
    pub digest: String,
}

/// Keeps the attachments of a mail below a folder. What is there already from an earlier try is written again.
pub fn keep(folder: &Path, attachments: &[Attachment]) -> io::Result<Vec<Kept>> {
    if !attachments.is_empty() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    attachments
        .iter()
        .map(|attachment| {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(folder.join(&attachment.name))?;
            file.write_all(&attachment.bytes)?;
            file.sync_all()?;
            Ok(Kept {
                name: attachment.name.clone(),
                media_type: attachment.media_type.clone(),
                bytes: attachment.bytes.len(),
                digest: hex::encode(Sha256::digest(&attachment.bytes)),
            })
        })
        .collect()
}

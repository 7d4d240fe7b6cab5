//! `embargod policy`: the process as the configuration makes it, for the public and looking back.

mod render;
mod review;

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum Policy {
    /// Write the process page, SECURITY.md or security.txt from the configuration.
    Render(render::Render),
    /// Say what the policy would have flagged of disclosures that are over.
    Review(review::Review),
}

pub(super) fn run(command: &Policy, path: &Path) -> Result<ExitCode, Failure> {
    match command {
        Policy::Render(arguments) => render::run(arguments, path),
        Policy::Review(arguments) => review::run(arguments, path),
    }
}

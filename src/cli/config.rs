//! `embargod config check`.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::json;

use super::Failure;
use crate::config::load;

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Check the configuration and that its secrets can be read. Asks no forge.
    Check {
        /// Print the outcome as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &Config, path: &Path) -> Result<ExitCode, Failure> {
    let Config::Check { json } = command;
    let loaded = load(path)?;
    let names: Vec<_> = loaded
        .config
        .project
        .iter()
        .map(|project| project.name.as_str())
        .collect();
    if *json {
        println!("{}", json!({ "file": path, "ok": true, "projects": names }));
    } else {
        println!(
            "{}: ok, {} project(s): {}",
            path.display(),
            names.len(),
            names.join(", ")
        );
    }
    Ok(ExitCode::SUCCESS)
}

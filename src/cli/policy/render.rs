//! `embargod policy render`: the public page, SECURITY.md and security.txt.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::super::Failure;
use crate::config::read;
use crate::page::{Process, html, markdown, security_txt};

/// What is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// The process page, which can be SECURITY.md.
    Markdown,
    /// The same as a whole document.
    Html,
    /// The file for /.well-known/security.txt (RFC 9116).
    SecurityTxt,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Render {
    /// The project [default: the only one of the configuration]
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// What to write, to standard output.
    #[arg(long, value_enum, default_value = "markdown")]
    format: Format,
}

pub(super) fn run(arguments: &Render, path: &Path) -> Result<ExitCode, Failure> {
    // The page says nothing that a secret is needed for: it can be made where none is.
    let config = read(path)?;
    let settings = match &arguments.project {
        Some(name) => config.project.iter().find(|project| project.name == *name),
        None => config.project.first().filter(|_| config.project.len() == 1),
    };
    let settings = settings.ok_or_else(|| {
        let names: Vec<_> = config.project.iter().map(|project| project.name.as_str()).collect();
        format!("which project? name one with --project: {}", names.join(", "))
    })?;
    let process = Process::of(&config, settings, Timestamp::now());
    let text = match arguments.format {
        Format::Markdown => markdown(&process),
        Format::Html => html(&process),
        Format::SecurityTxt => security_txt(&process)?,
    };
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

//! `embargod rehearse`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use embargod_sandbox::Flavour;

use super::Failure;
use crate::rehearsal::{Script, Source, run as rehearse};

/// The forge that is rehearsed on.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ForgeKind {
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
}

#[derive(Debug, Args)]
pub(super) struct Rehearse {
    /// The forge.
    #[arg(long, value_enum, default_value = "github")]
    forge: ForgeKind,
    /// Where to leave repositories, mails, advisories, database, timeline.json and access.jsonl (an empty or new folder) [default: a new
    /// temporary folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
    /// Replay a real fix of this repository, which is only read.
    #[arg(long, value_name = "PATH", requires = "main", requires = "fix")]
    repo: Option<PathBuf>,
    /// Its main branch.
    #[arg(long, value_name = "REF", requires = "repo")]
    main: Option<String>,
    /// Patterns of its stable branches.
    #[arg(long, value_name = "GLOB", num_args = 1.., requires = "repo")]
    stable: Vec<String>,
    /// The commits of the fix, oldest first.
    #[arg(long, value_name = "SHA", num_args = 1.., requires = "repo")]
    fix: Vec<String>,
}

pub(super) async fn run(arguments: Rehearse) -> Result<ExitCode, Failure> {
    let forge = match arguments.forge {
        ForgeKind::Github => Flavour::Github,
        ForgeKind::Gitlab => Flavour::Gitlab,
    };
    let out = match arguments.out {
        Some(out) => out,
        None => tempfile::Builder::new().prefix("embargod-rehearsal-").tempdir()?.keep(),
    };
    if out.exists() && std::fs::read_dir(&out)?.next().is_some() {
        return Err(format!("{}: the folder is not empty; name a new one with --out", out.display()).into());
    }
    let source = match (arguments.repo, arguments.main) {
        (Some(path), Some(main)) => Source::Repository {
            path,
            main,
            stable: arguments.stable,
            fix: arguments.fix,
        },
        _ => Source::Embedded,
    };
    let mut say = |text: &str| eprintln!("- {text}");
    let report = rehearse(Script { out, forge, source }, &mut say).await?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!(
            "case {}: {}",
            report.case,
            if report.published { "published" } else { "not published" }
        );
        for (branch, verdict) in &report.verdicts {
            println!(
                "  {branch}: {verdict}{}",
                if report.waived.contains(branch) {
                    " (waived)"
                } else {
                    ""
                }
            );
        }
        for reason in &report.closed_by {
            println!("  closed: {reason}");
        }
        for place in &report.shown_to_outsiders {
            println!("  shown before its time: {place}");
        }
        println!("became public:");
        for (at, what) in &report.public {
            println!("  {at}  {what}");
        }
        println!(
            "public pushes: {}; everything is in {}",
            report.public_pushes,
            report.out.display()
        );
    }
    Ok(if report.published {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

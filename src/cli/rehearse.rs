//! `embargod rehearse`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use embargod_sandbox::Flavour;
use serde_json::json;

use super::Failure;
use crate::rehearsal::{SCENARIOS, Script, Source, rehearse as rehearse_rule, run as rehearse};

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
    /// Rehearse one rule of the process; `--list` names them.
    #[arg(long, value_name = "NAME", conflicts_with = "repo")]
    scenario: Option<String>,
    /// Name the rules that can be rehearsed.
    #[arg(long, conflicts_with_all = ["scenario", "repo", "out"])]
    list: bool,
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
    if arguments.list {
        list(arguments.json);
        return Ok(ExitCode::SUCCESS);
    }
    let out = match arguments.out {
        Some(out) => out,
        None => tempfile::Builder::new().prefix("embargod-rehearsal-").tempdir()?.keep(),
    };
    if out.exists() && std::fs::read_dir(&out)?.next().is_some() {
        return Err(format!("{}: the folder is not empty; name a new one with --out", out.display()).into());
    }
    if let Some(name) = &arguments.scenario {
        return one_rule(name, out, forge, arguments.json).await;
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

fn list(json: bool) {
    if json {
        let all: Vec<_> = SCENARIOS
            .iter()
            .map(|scenario| json!({ "name": scenario.name, "rule": scenario.rule }))
            .collect();
        println!("{:#}", json!(all));
    } else {
        SCENARIOS
            .iter()
            .for_each(|scenario| println!("{:<20} {}", scenario.name, scenario.rule));
    }
}

/// Exit 0 where the rule held.
async fn one_rule(name: &str, out: PathBuf, forge: Flavour, json: bool) -> Result<ExitCode, Failure> {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name);
    let scenario =
        scenario.ok_or_else(|| format!("--scenario {name}: no such rule; `embargod rehearse --list` names all"))?;
    let outcome = rehearse_rule(*scenario, out, forge).await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        println!("{}: {}", outcome.scenario, outcome.rule);
        for figure in &outcome.figures {
            let mark = if figure.was == figure.expected {
                ""
            } else {
                ", and should be "
            };
            let expected = if mark.is_empty() { "" } else { &figure.expected };
            println!("  {}: {}{mark}{expected}", figure.what, figure.was);
        }
        println!(
            "{}; everything is in {}",
            if outcome.holds {
                "the rule holds"
            } else {
                "the rule does not hold"
            },
            outcome.out.display()
        );
    }
    Ok(if outcome.holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

//! `embargod backports`: is the whole fix in effect on these branches of a local repository?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use embargod_backports::{Answer, Index, Question, Verdict, assess_each};
use git2::{Oid, Repository};
use serde::Serialize;

use super::Failure;

/// Say from content whether a fix is in effect on branches of a local repository, bare or not. Writes nothing.
#[derive(Debug, Args)]
pub struct Backports {
    /// The repository.
    #[arg(long, value_name = "PATH", default_value = ".")]
    repo: PathBuf,
    /// The fix on the main branch: commits, or ranges `A..B`.
    #[arg(long, value_name = "REV", required = true, num_args = 1..)]
    fix: Vec<String>,
    /// The branches to look at; any revision will do.
    #[arg(long, value_name = "REF", required = true, num_args = 1..)]
    branch: Vec<String>,
    /// The commits that brought the flaw: a branch that has none of them is not affected.
    #[arg(long, value_name = "REV", num_args = 1..)]
    introduced: Vec<String>,
    /// Do not read trailers such as `(cherry picked from commit …)`.
    #[arg(long)]
    ignore_trailers: bool,
    /// How to print the answer.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// The same as `--format json`.
    #[arg(long, conflicts_with = "format")]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
    Markdown,
}

#[derive(Serialize)]
struct Report {
    branches: Vec<Branch>,
}

#[derive(Serialize)]
struct Branch {
    branch: String,
    #[serde(flatten)]
    answer: Answer,
}

/// Runs the command. 0: nothing is left to do on any branch; 1: something is.
pub fn run(arguments: &Backports) -> Result<ExitCode, Failure> {
    // As git itself reads: objects are checked when they arrive, and damage in a pack still shows when it is inflated. Hashing
    // each again would take a third of the time.
    git2::opts::strict_hash_verification(false);
    let repository = open(&arguments.repo)?;
    let format = if arguments.json { Format::Json } else { arguments.format };
    let question = Question {
        fixes: commits(&repository, &arguments.fix)?,
        introduced: commits(&repository, &arguments.introduced)?,
        ignore_trailers: arguments.ignore_trailers,
        without_range_diff: format != Format::Json,
    };
    let tips: Vec<_> = arguments
        .branch
        .iter()
        .map(|name| commit(&repository, name))
        .collect::<Result<_, _>>()?;
    let index = Index::default();
    let answers = assess_each(&repository, &index, &question, &tips);
    let mut branches = Vec::new();
    for (branch, answer) in arguments.branch.iter().cloned().zip(answers) {
        let answer = answer.map_err(|error| format!("{branch}: {error}"))?;
        branches.push(Branch { branch, answer });
    }
    let report = Report { branches };
    let done = report.branches.iter().all(|branch| branch.answer.verdict.is_good());
    match format {
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
        Format::Table => print!("{}", table(&report)),
        Format::Markdown => print!("{}", markdown(&report)),
    }
    // The process ends here, and the system takes back at once what would be given back piece by piece.
    std::mem::forget((repository, index));
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A local repository, bare or not.
pub(super) fn open(path: &Path) -> Result<Repository, Failure> {
    let refused = |error: git2::Error| {
        format!(
            "{} is no repository that can be read: {}",
            path.display(),
            error.message()
        )
    };
    Ok(Repository::open(path).map_err(refused)?)
}

/// The commits of revisions and ranges, oldest first within a range, each once.
pub(super) fn commits(repository: &Repository, revisions: &[String]) -> Result<Vec<Oid>, Failure> {
    let mut found = Vec::new();
    for revision in revisions {
        if revision.contains("..") {
            let mut walk = repository.revwalk()?;
            walk.push_range(revision)
                .map_err(|error| format!("{revision} is no range of this repository: {}", error.message()))?;
            walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
            let before = found.len();
            for id in walk {
                found.push(id?);
            }
            if found.len() == before {
                return Err(format!("{revision} has no commits").into());
            }
        } else {
            found.push(commit(repository, revision)?);
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|id| seen.insert(*id));
    Ok(found)
}

/// The commit that a revision names.
pub(super) fn commit(repository: &Repository, revision: &str) -> Result<Oid, Failure> {
    repository
        .revparse_single(revision)
        .and_then(|object| object.peel_to_commit())
        .map(|commit| commit.id())
        .map_err(|error| {
            let message = error.message().to_owned();
            format!("{revision} is no commit of this repository ({message}); fetch it, or check the name").into()
        })
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn table(report: &Report) -> String {
    let width = report
        .branches
        .iter()
        .map(|branch| branch.branch.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for Branch { branch, answer } in &report.branches {
        text += &format!(
            "{branch:width$}  {:12}  {}\n",
            answer.verdict.word(),
            short(&answer.tip)
        );
        for commit in &answer.commits {
            text += &format!(
                "  {}  {} ({:.0} %)\n",
                short(&commit.fix),
                commit.verdict.word(),
                commit.confidence * 100.0
            );
            for line in &commit.evidence {
                text += &format!("    + {line}\n");
            }
            for line in &commit.against {
                text += &format!("    - {line}\n");
            }
        }
        for (word, tags) in [("affected", &answer.affected_tags), ("fixed", &answer.fixed_tags)] {
            if !tags.is_empty() {
                text += &format!("  {word} tags: {}\n", tags.join(", "));
            }
        }
    }
    text
}

fn markdown(report: &Report) -> String {
    let cell = |text: &str| text.replace('\\', "\\\\").replace('|', "\\|");
    let mut text = String::from("| branch | verdict | fix | evidence | against |\n|---|---|---|---|---|\n");
    for Branch { branch, answer } in &report.branches {
        for commit in &answer.commits {
            let lines = |lines: &[String]| cell(&lines.join("; "));
            text += &format!(
                "| {} | {} | {} | {} | {} |\n",
                cell(branch),
                commit.verdict.word(),
                short(&commit.fix),
                lines(&commit.evidence),
                lines(&commit.against)
            );
        }
    }
    let left: Vec<_> = report
        .branches
        .iter()
        .filter(|branch| !branch.answer.verdict.is_good())
        .collect();
    for Branch { branch, answer } in left {
        text += &format!("\n{} needs a person: {}.\n", cell(branch), article(answer.verdict));
    }
    text
}

fn article(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unproven => "something claims to be the backport and its content does not show it",
        Verdict::Partial => "some of the fix is lacking",
        Verdict::Reverted => "the fix was there and was undone",
        Verdict::Missing => "the fix is not there",
        Verdict::NotAffected | Verdict::Present | Verdict::Adapted => "nothing",
    }
}

//! `embargod pick`: the backport of a fix, prepared without a work tree.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use embargod_repo::GitError;

use super::Failure;
use super::backports::{commit, commits, open};
use crate::pick::{Picked, pick, prepare};

/// Prepare the backport of a fix in a local repository: the tree, or the conflicts with their three sides, and how the
/// result differs from the fix. Nothing is written without `--write`.
#[derive(Debug, Args)]
pub struct Pick {
    /// The repository.
    #[arg(long, value_name = "PATH", default_value = ".")]
    repo: PathBuf,
    /// The fix on the main branch: commits in the order in which they are picked, or ranges `A..B`.
    #[arg(long, value_name = "REV", required = true, num_args = 1..)]
    fix: Vec<String>,
    /// Where it is put: a branch or any revision.
    #[arg(long, value_name = "REF")]
    onto: String,
    /// Write the commits, with their authors and a trailer each, and let this new branch point at the last.
    #[arg(long, value_name = "REF")]
    write: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command. 0: it applies; 1: it conflicts.
pub async fn run(arguments: Pick) -> Result<ExitCode, Failure> {
    let repository = open(&arguments.repo)?;
    let fixes = commits(&repository, &arguments.fix)?;
    let onto = commit(&repository, &arguments.onto)?;
    // Tried beside the repository first: what does not apply as a whole leaves nothing in it.
    let mut picked = prepare(&repository, &fixes, onto).await.map_err(explained)?;
    if let (Some(branch), Some(_)) = (&arguments.write, &picked.tree) {
        let committer = repository
            .signature()
            .map_err(|_| "git does not know who commits: set user.name and user.email")?;
        let name = if branch.starts_with("refs/") {
            branch.clone()
        } else {
            format!("refs/heads/{branch}")
        };
        let written = pick(repository.commondir(), &fixes, onto, Some(&committer)).await;
        picked = written.map_err(explained)?;
        let target = match &picked.commit {
            Some(id) => git2::Oid::from_str(id)?,
            None => onto,
        };
        repository
            .reference(&name, target, false, "embargod pick")
            .map_err(|error| {
                format!(
                    "{name} was not written: {}; name a branch that does not exist",
                    error.message()
                )
            })?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&picked)?);
    } else {
        print!("{}", text(&picked));
    }
    Ok(if picked.tree.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// An error with what to do about it: here the person owns the repository, and sees what is wrong with it.
fn explained(error: GitError) -> Failure {
    match error {
        GitError::Failed { .. } | GitError::Objects(_) => format!(
            "{error}; objects are missing or damaged: look with git fsck, and fetch what is missing (a shallow clone with \
             git fetch --unshallow)"
        )
        .into(),
        other => other.into(),
    }
}

fn text(picked: &Picked) -> String {
    let mut text = String::new();
    for step in &picked.steps {
        let what = match (&step.tree, step.empty) {
            (Some(_), true) => "is there already: it changes nothing",
            (Some(_), false) if step.range_diff.is_empty() => "applies, and does the same here",
            (Some(_), false) => "applies, with differences",
            (None, _) => "conflicts",
        };
        text += &format!("{} {what}\n", step.fix);
        for line in step.range_diff.lines() {
            text += &format!("    {line}\n");
        }
        if step.tree.is_none() && step.conflicts.is_empty() {
            text +=
                "  its folders were renamed in more than one way on the branch: where its files belong is not clear\n";
        }
        for conflict in &step.conflicts {
            text += &format!("  {}\n", conflict.path);
            for (word, side) in [
                ("base", &conflict.base),
                ("branch", &conflict.ours),
                ("fix", &conflict.theirs),
            ] {
                text += &format!("    {word:6} {}\n", side.as_deref().unwrap_or("(not there)"));
            }
            for line in conflict.merged.iter().flat_map(|merged| marked(merged)) {
                text += &format!("    {line}\n");
            }
        }
    }
    match (&picked.tree, &picked.commit) {
        (Some(tree), Some(commit)) => text += &format!("commit {commit}\ntree {tree}\n"),
        (Some(tree), None) => text += &format!("tree {tree}\n"),
        (None, _) => text += "resolve by hand: git cherry-pick -x the commit above on the branch, then the rest\n",
    }
    text
}

/// The marked parts of a merged file.
fn marked(merged: &str) -> Vec<&str> {
    let mut inside = false;
    let keep = |line: &&str| {
        inside |= line.starts_with("<<<<<<< ");
        let keep = inside;
        inside &= !line.starts_with(">>>>>>> ");
        keep
    };
    merged.lines().filter(keep).collect()
}

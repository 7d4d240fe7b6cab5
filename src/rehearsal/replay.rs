//! A real fix of somebody's repository: the branches as they were, and what people did then.

use std::path::{Path, PathBuf};

use embargod_core::CaseId;

use super::history::history;
use super::stage::{MIRROR, PUBLIC, Stage, StageError, git};

/// The branches of a real repository as they were before a fix, and the fix on main's.
pub(super) async fn replay(
    stage: &Stage,
    path: &Path,
    main: &str,
    stable: &[String],
    fix: &[String],
) -> Result<(PathBuf, String), StageError> {
    let wrong = |text: &str| StageError::Server(text.into());
    let (Some(first), Some(last)) = (fix.first(), fix.last()) else {
        return Err(wrong("--fix names no commit"));
    };
    let path = path.canonicalize().map_err(|error| {
        StageError::Server(format!("{}: {error}; name a git repository with --repo", path.display()).into())
    })?;
    for commit in fix {
        let commit = format!("{commit}^1^{{commit}}");
        if git(&path, &["rev-parse", "--quiet", "--verify", &commit])
            .await
            .is_err()
        {
            return Err(wrong(
                "--fix: a commit is not in the repository, or has no parent; name commits of the main branch",
            ));
        }
    }
    let base = git(&path, &["rev-parse", "--verify", &format!("{first}^1^{{commit}}")]).await?;
    let public = stage.sandbox.repository_dir(PUBLIC);
    let public = public.to_str().unwrap_or_default();
    git(
        &path,
        &["push", "--quiet", public, &format!("{base}:refs/heads/{main}")],
    )
    .await?;
    let names = git(
        &path,
        &["for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes"],
    )
    .await?;
    for reference in names.lines() {
        let short = reference.strip_prefix("refs/heads/").or_else(|| {
            reference
                .strip_prefix("refs/remotes/")
                .and_then(|rest| rest.split_once('/'))
                .map(|(_, name)| name)
        });
        let Some(short) = short.filter(|short| stable.iter().any(|glob| glob_match::glob_match(glob, short))) else {
            continue;
        };
        let then = history(&path, reference, fix, move |history| history.before()).await?;
        if short != main {
            git(
                &path,
                &[
                    "push",
                    "--quiet",
                    "--force",
                    public,
                    &format!("{then}:refs/heads/{short}"),
                ],
            )
            .await?;
        }
    }
    let desk = stage.dir.join("desks").join("fix");
    std::fs::create_dir_all(&desk)?;
    git(
        &desk,
        &[
            "clone",
            "--quiet",
            "--shared",
            "--no-checkout",
            path.to_str().unwrap_or_default(),
            ".",
        ],
    )
    .await?;
    git(&desk, &["checkout", "--quiet", "--detach", &base]).await?;
    let mut arguments = vec!["cherry-pick", "--ff", "--keep-redundant-commits"];
    arguments.extend(fix.iter().map(String::as_str));
    git(&desk, &arguments).await.map_err(|_| {
        StageError::Server(format!("the fix up to {last} does not apply on the parent of its first commit").into())
    })?;
    git(&desk, &["branch", "rehearsed-fix"]).await?;
    Ok((desk, "rehearsed-fix".to_owned()))
}

/// Dave resolves a conflict as the project did: its own backports are put on the branch. False where they are not found or
/// do not apply.
pub(super) async fn resolve(
    stage: &Stage,
    path: &Path,
    stable: &[String],
    fix: &[String],
    case: CaseId,
    branch: &str,
) -> Result<bool, StageError> {
    let path = path.canonicalize()?;
    let names = git(
        &path,
        &["for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes"],
    )
    .await?;
    let ends = |reference: &&str| {
        reference.strip_prefix("refs/heads/") == Some(branch)
            || reference
                .strip_prefix("refs/remotes/")
                .and_then(|rest| rest.split_once('/'))
                .map(|(_, name)| name)
                == Some(branch)
    };
    let (Some(reference), false) = (names.lines().find(ends), stable.is_empty()) else {
        return Ok(false);
    };
    let desk = stage.clone_for("dave", MIRROR).await?;
    git(&desk, &["checkout", "--quiet", "--detach", &format!("origin/{branch}")]).await?;
    let backports = history(&path, reference, fix, |history| Ok(history.backports())).await?;
    for (commit, backport) in fix.iter().zip(backports) {
        let commit = git(&path, &["rev-parse", "--verify", &format!("{commit}^{{commit}}")]).await?;
        let Some(backport) = backport else { return Ok(false) };
        git(
            &desk,
            &["fetch", "--quiet", path.to_str().unwrap_or_default(), reference],
        )
        .await?;
        if git(&desk, &["cherry-pick", &backport]).await.is_err() {
            git(&desk, &["cherry-pick", "--abort"]).await?;
            return Ok(false);
        }
        let message = git(&path, &["show", "--no-patch", "--format=%B", &commit]).await?;
        let message = format!("{message}\n\n(cherry picked from commit {commit})");
        git(
            &desk,
            &[
                "commit",
                "--quiet",
                "--amend",
                "--cleanup=whitespace",
                "--message",
                &message,
            ],
        )
        .await?;
    }
    let to = format!("HEAD:refs/heads/embargo/{case}/{branch}");
    git(&desk, &["push", "--quiet", "--force", "origin", &to]).await?;
    Ok(true)
}

//! People without a role, who look wherever the forge lets them: nothing of the case may be in what they are shown.

use embargod_core::CaseId;

use super::stage::{MIRROR, PUBLIC, Stage, StageError, git};

/// An account without a role in either repository.
const OUTSIDER: &str = "mallory";

/// Looks around in both repositories, without an account and with one, through the interface and by git. Everything that
/// showed something of the case is named.
pub(super) async fn look_around(
    stage: &Stage,
    case: CaseId,
    words: &[String],
    heads: &[String],
) -> Result<Vec<String>, StageError> {
    let from = stage.sandbox.access().len();
    for repository in [PUBLIC, MIRROR] {
        for person in [None, Some(OUTSIDER)] {
            stage.sandbox.look_around(person, repository, words, heads).await?;
        }
    }
    let branches = format!("embargo/{case}");
    let canaries: Vec<_> = words.iter().chain(heads).chain([&branches]).collect();
    let mut shown = Vec::new();
    for access in stage.sandbox.access().into_iter().skip(from) {
        // A list that found nothing may repeat what was looked for, which the one who asked knew; an error shows nothing.
        let Some(response) = access.response.filter(|_| access.status < 400) else {
            continue;
        };
        let text = response.to_string();
        if canaries.iter().any(|canary| text.contains(canary.as_str())) {
            shown.push(format!("{} saw it at {}", access.caller, access.path));
        }
    }
    shown.extend(by_git(stage, &branches, heads).await?);
    Ok(shown)
}

/// What git gives to a stranger: references, and commits by their ids.
async fn by_git(stage: &Stage, branches: &str, heads: &[String]) -> Result<Vec<String>, StageError> {
    let mut shown = Vec::new();
    let scratch = stage.dir.join("desks").join(OUTSIDER);
    if !scratch.exists() {
        std::fs::create_dir_all(&scratch)?;
        git(&scratch, &["init", "--quiet", "--bare", "."]).await?;
    }
    for repository in [PUBLIC, MIRROR] {
        let url = format!("{}/{repository}.git", stage.sandbox.git_url());
        if let Ok(listed) = git(&scratch, &["ls-remote", &url]).await
            && (listed.contains(branches) || heads.iter().any(|head| listed.contains(head.as_str())))
        {
            shown.push(format!("git ls-remote shows it in {repository}"));
        }
        for head in heads {
            if git(&scratch, &["fetch", "--quiet", "--depth=1", &url, head])
                .await
                .is_ok()
            {
                shown.push(format!("git fetch gets it from {repository}"));
            }
        }
    }
    Ok(shown)
}

//! Issues that everybody could see: they are hidden where the forge can, and the private side is told.

use embargod_core::case::{Case, Exposure};
use embargod_forge::{Issue, Thread};

use super::comments::tell;
use super::{PassError, Reconciler};
use crate::project::Project;

/// The label on a public issue is never answered there: the issue is hidden where the forge can, and the private side is
/// alarmed. Where cases are issues of the public project, opening them looks after this.
pub(super) async fn alarm(reconciler: &Reconciler, project: &Project) -> Result<(), PassError> {
    if project.has_public_desk() {
        return Ok(());
    }
    let issues = match project.public.issues_labelled(&project.label).await {
        // A public repository without issues has none to be alarmed by.
        Err(error) if error.is_not_found() => return Ok(()),
        issues => issues?,
    };
    for issue in issues {
        let told = format!("public-label:{}:{}", project.name, issue.number);
        if reconciler.store.marked(&told).await? {
            continue;
        }
        let hidden = match project.public.hides_issues() {
            true => match hide(reconciler, project, &issue).await? {
                Some(exposure) => Some(exposure),
                // Nobody without a role in the public project ever saw it.
                None => continue,
            },
            false => None,
        };
        let done = match &hidden {
            Some(exposure) => format!("It is confidential now. {}", describe(exposure)),
            None => "The bot did nothing there.".to_owned(),
        };
        let text = format!(
            "The label that opens a case was put on a **public** issue, number {} of the public repository. {done} \
             If it describes a vulnerability, it is public: decide how to go on.\n",
            issue.number
        );
        // A crash in between alarms twice: better than not at all.
        project
            .mirror
            .create_issue("Alarm: label on a public issue", &text, &[])
            .await?;
        reconciler.store.mark(&told, reconciler.clock.now()).await?;
    }
    Ok(())
}

/// Hides an issue of the public project that everybody can see, before anything else is done about it. Nothing where it was
/// confidential before the bot looked.
pub(super) async fn hide(
    reconciler: &Reconciler,
    project: &Project,
    issue: &Issue,
) -> Result<Option<Exposure>, PassError> {
    // The mark outlives a crash between the hiding and the word about it.
    let key = format!("exposed:{}:{}", project.name, issue.number);
    if issue.confidential {
        if !reconciler.store.marked(&key).await? {
            return Ok(None);
        }
    } else {
        reconciler.store.mark(&key, reconciler.clock.now()).await?;
        project.public.set_confidential(issue.number, true).await?;
    }
    let now = reconciler.clock.now();
    let comments = project.public.comments(Thread::Issue(issue.number)).await?;
    Ok(Some(Exposure {
        since: issue.created_at,
        until: now,
        comments: comments.iter().filter(|comment| comment.created_at < now).count(),
    }))
}

/// An exposure in words.
pub(super) fn describe(exposure: &Exposure) -> String {
    let comments = match exposure.comments {
        0 => "nobody wrote on it meanwhile".to_owned(),
        1 => "one comment was written on it meanwhile".to_owned(),
        count => format!("{count} comments were written on it meanwhile"),
    };
    format!(
        "Everybody could see it from {} (or since it was last made public) until {}, in the list, the search and the \
         project's activity; who watches the project got it by mail; {comments}.",
        exposure.since, exposure.until
    )
}

/// Tells the team what was to be seen, once, and hides an issue again that somebody showed while its case goes on.
pub(super) async fn watch(
    reconciler: &Reconciler,
    project: &Project,
    case: &Case,
    issue: &Issue,
) -> Result<(), PassError> {
    let thread = Thread::Issue(case.issue);
    if let Some(exposure) = &case.exposed {
        let text = format!(
            "**Exposed.** {} There is no embargo. If there should be one all the same, somebody of the security team \
             confirms it with the reason: `/embargo confirm because …`.",
            describe(exposure)
        );
        tell(project, thread, "exposed", &text).await?;
    }
    if project.has_public_desk() && !issue.confidential {
        project.desk.set_confidential(issue.number, true).await?;
        let now = reconciler.clock.now();
        let text = format!(
            "**Exposed.** This issue was made public while its case goes on; the bot hid it again at {now}. Who looked in \
             between has seen it: decide how to go on."
        );
        tell(project, thread, &format!("shown:{now}"), &text).await?;
    }
    Ok(())
}

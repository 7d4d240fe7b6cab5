//! Comments: commands are executed once, in their order; answers are given once.

use embargod_core::case::{Case, CaseView, Event, execute};
use embargod_core::command::{Command, commands};
use embargod_core::escape::inert;
use embargod_forge::{Comment, Thread};
use embargod_repo::commit_below;

use super::origin::others;
use super::{Journal, PassError, Reconciler};
use crate::people::person;
use crate::project::Project;
use crate::texts::{marked, marker};

/// The comments that nobody has handled yet, in their order.
pub(crate) fn unhandled<'a>(case: &Case, comments: &'a [Comment], bot: &str) -> Vec<&'a Comment> {
    let mut waiting: Vec<_> = comments
        .iter()
        .filter(|comment| comment.author != bot && !case.comments.contains_key(&comment.id))
        .collect();
    waiting.sort_by_key(|comment| comment.id);
    waiting
}

/// What was said on the issue of a case.
pub(crate) struct Heard {
    /// The comments.
    pub comments: Vec<Comment>,
    /// The name under which the bot writes.
    pub bot: String,
}

/// Handles the next comment. True: something changed, and everything must be looked at again.
pub(crate) async fn handle(
    reconciler: &Reconciler,
    project: &Project,
    journal: &mut Journal,
    heard: &Heard,
    view: &CaseView,
) -> Result<bool, PassError> {
    let mut changed = false;
    for comment in unhandled(&journal.case, &heard.comments, &heard.bot) {
        let parsed = commands(&comment.body);
        let mut events = Vec::new();
        let mut lines = Vec::new();
        if !parsed.is_empty() && comment.updated_at != comment.created_at {
            lines.push("This comment was edited before it was read, and was not executed: write a new one.".to_owned());
        } else if !parsed.is_empty() {
            let who = person(project, &comment.author).await?;
            let mut after = journal.case.clone();
            let mut view = view.clone();
            if parsed
                .iter()
                .any(|command| matches!(command, Ok(Command::Duplicate { .. })))
            {
                // Every case is read for it: only where somebody asks.
                view.others = others(reconciler, project, &journal.case).await?;
            }
            for command in parsed {
                let command = match command {
                    Ok(command) => looked_up(project, &view, command)?,
                    Err(error) => Err(error.to_string()),
                };
                let done = match &command {
                    Ok(command) => execute(command, &who, &after, &view, &project.policy, reconciler.clock.now()),
                    Err(error) => Err(error.clone()),
                };
                let verb = command.as_ref().map_or("…", Command::verb);
                match done {
                    Ok((new, answer)) => {
                        new.iter().for_each(|event| after.apply(event));
                        events.extend(new);
                        lines.push(format!("- `/embargo {verb}`: {answer}"));
                    }
                    Err(why) => lines.push(format!("- `/embargo {verb}` was refused: {why}")),
                }
            }
        }
        let effective = !events.is_empty();
        let answer = match lines.is_empty() {
            true => String::new(),
            false => format!("For {}:\n\n{}", inert(&comment.author), lines.join("\n")),
        };
        events.push(Event::CommentHandled { id: comment.id, answer });
        let now = reconciler.clock.now();
        journal.record(events, now).await?;
        changed = true;
        if effective {
            // The next comment is judged by what this one made of the case.
            break;
        }
    }
    Ok(changed)
}

/// A command with the commits that it names looked up on the public main branch; the inner error is the answer.
fn looked_up(project: &Project, view: &CaseView, command: Command) -> Result<Result<Command, String>, PassError> {
    let Command::Fix { commits } = &command else {
        return Ok(Ok(command));
    };
    let Some(main) = view.targets.get(project.main()) else {
        return Ok(Ok(command));
    };
    let mut found = Vec::new();
    for prefix in commits {
        match commit_below(project.clone.path(), prefix, &main.public_tip)? {
            Some(commit) => found.push(commit.to_string()),
            None => {
                let why = format!(
                    "{prefix} is no single commit of the public {}: write more of its id",
                    project.main()
                );
                return Ok(Err(why));
            }
        }
    }
    Ok(Ok(Command::Fix { commits: found }))
}

/// Gives the answers that were not given yet.
pub(crate) async fn answer(project: &Project, case: &Case, heard: &Heard) -> Result<(), PassError> {
    for (id, answer) in case.comments.iter().filter(|(_, answer)| !answer.is_empty()) {
        let key = format!("answer:{id}");
        if !said(&heard.comments, &heard.bot, &key) {
            project
                .desk
                .create_comment(Thread::Issue(case.issue), &marked(&key, answer))
                .await?;
        }
    }
    Ok(())
}

/// Whether the bot has said something already.
pub(crate) fn said(comments: &[Comment], bot: &str, key: &str) -> bool {
    let marker = marker(key);
    comments
        .iter()
        .any(|comment| comment.author == bot && comment.body.starts_with(&marker))
}

/// Tells people something once, on the issue of a case or a pull request of the mirror.
pub(crate) async fn tell(project: &Project, thread: Thread, key: &str, text: &str) -> Result<(), PassError> {
    let forge = project.forge_of(thread);
    let (bot, comments) = (forge.bot().await?, forge.comments(thread).await?);
    if !said(&comments, &bot, key) {
        forge.create_comment(thread, &marked(key, text)).await?;
    }
    Ok(())
}

/// An issue of the desk with a label that the bot writes once: after a crash the one that was written before it.
pub(crate) async fn own_issue(
    project: &Project,
    label: &str,
    key: &str,
    title: &str,
    text: &str,
) -> Result<u64, PassError> {
    let start = marker(key);
    let known = project.desk.issues_labelled(label).await?;
    match known.iter().find(|issue| issue.body.starts_with(&start)) {
        Some(issue) => Ok(issue.number),
        None => Ok(project.desk.create_issue(title, &marked(key, text), &[label]).await?),
    }
}

/// Keeps one comment of the bot's up to date.
pub(crate) async fn keep(
    project: &Project,
    thread: Thread,
    comments: &[Comment],
    bot: &str,
    key: &str,
    text: &str,
) -> Result<(), PassError> {
    let (marker, wanted) = (marker(key), marked(key, text));
    match comments
        .iter()
        .find(|comment| comment.author == bot && comment.body.starts_with(&marker))
    {
        Some(comment) if comment.body.trim_end() == wanted.trim_end() => {}
        Some(comment) => {
            project
                .forge_of(thread)
                .edit_comment(thread, comment.id, &wanted)
                .await?
        }
        None => {
            project.forge_of(thread).create_comment(thread, &wanted).await?;
        }
    }
    Ok(())
}

//! The roster at work: the issue on which members are talked about, the terms by mail, and access that follows consent.
//!
//! What may not live here: whether somebody may do something, which the core says.

mod access;
mod ledger;
mod mails;

use embargod_core::command::{Command, commands};
use embargod_core::escape::inert;
use embargod_core::roster::{Event, RosterPolicy, execute};
use embargod_forge::Thread;

use crate::people::person;
use crate::project::Project;
use crate::reconcile::{PassError, Reconciler, keep, own_issue, said};
use crate::texts::marked;

pub(crate) use ledger::{Ledger, members};
pub(crate) use mails::answered;

/// The marker of the roster's issue, and of its overview.
const ROSTER: &str = "roster";

/// Brings the roster of a project to where it should be.
pub(crate) async fn look(reconciler: &Reconciler, project: &Project) -> Result<(), PassError> {
    let Some(policy) = &project.roster else {
        return Ok(());
    };
    let mut ledger = match Ledger::open(&reconciler.store, &project.name).await? {
        Some(ledger) => ledger,
        None => begin(reconciler, project, policy).await?,
    };
    hear(reconciler, project, policy, &mut ledger).await?;
    mails::send(reconciler, project, &mut ledger).await?;
    access::follow(reconciler, project, &mut ledger).await?;
    show(project, policy, &ledger).await
}

/// The roster begins with an issue of its own.
async fn begin(reconciler: &Reconciler, project: &Project, policy: &RosterPolicy) -> Result<Ledger, PassError> {
    let title = format!("Members of the security team of {}", policy.project);
    let text = "Members are proposed and vouched for here. The comment of the bot below says who is where.\n\n\
                - `/embargo member propose NAME for ORGANISATION at ADDRESS` proposes somebody; the terms go to the address.\n\
                - `/embargo vouch NAME` vouches for them. When enough members do, the terms are sent.\n\
                - `/embargo consent` (in answer to that mail, or here by who sees this already) agrees to the terms; access to \
                this repository, to read, comes after it and never before.\n\
                - `/embargo decline`, `/embargo leave`, and `/embargo member remove NAME because …` end it, and access with it.\n";
    let issue = own_issue(project, &project.members, ROSTER, &title, text).await?;
    Ledger::begin(reconciler, project, issue).await
}

/// Executes commands once, in their order, and answers them once.
async fn hear(
    reconciler: &Reconciler,
    project: &Project,
    policy: &RosterPolicy,
    ledger: &mut Ledger,
) -> Result<(), PassError> {
    let thread = Thread::Issue(ledger.roster.issue);
    let bot = project.desk.bot().await?;
    let comments = project.desk.comments(thread).await?;
    let mut waiting: Vec<_> = comments.iter().collect();
    waiting.retain(|comment| comment.author != bot && !ledger.roster.comments.contains_key(&comment.id));
    waiting.sort_by_key(|comment| comment.id);
    for comment in waiting {
        let parsed = commands(&comment.body);
        let (mut events, mut lines) = (Vec::new(), Vec::new());
        if !parsed.is_empty() && comment.updated_at != comment.created_at {
            lines.push("This comment was edited before it was read, and was not executed: write a new one.".to_owned());
        } else if !parsed.is_empty() {
            let who = person(project, &comment.author).await?;
            let mut after = ledger.roster.clone();
            for command in parsed {
                let now = reconciler.clock.now();
                let verb = command.as_ref().map_or("…", Command::verb);
                let done = match &command {
                    Ok(Command::Membership(membership)) => execute(membership, &who, &after, policy, now),
                    Ok(_) => Err("this issue is about members; the command is for the issue of a case".to_owned()),
                    Err(error) => Err(error.to_string()),
                };
                match done {
                    Ok((new, answer)) => {
                        new.iter().for_each(|event| after.apply(event));
                        events.extend(new);
                        lines.push(format!("- `/embargo {verb}`: {}", inert(&answer)));
                    }
                    Err(why) => lines.push(format!("- `/embargo {verb}` was refused: {}", inert(&why))),
                }
            }
        }
        let answer = match lines.is_empty() {
            true => String::new(),
            false => format!("For {}:\n\n{}", inert(&comment.author), lines.join("\n")),
        };
        events.push(Event::CommentHandled { id: comment.id, answer });
        ledger.record(events, reconciler.clock.now()).await?;
    }
    for (id, answer) in ledger.roster.comments.iter().filter(|(_, answer)| !answer.is_empty()) {
        let key = format!("answer:{id}");
        if !said(&comments, &bot, &key) {
            project.desk.create_comment(thread, &marked(&key, answer)).await?;
        }
    }
    Ok(())
}

/// Who is where, in one comment.
async fn show(project: &Project, policy: &RosterPolicy, ledger: &Ledger) -> Result<(), PassError> {
    let thread = Thread::Issue(ledger.roster.issue);
    let (comments, bot) = (project.desk.comments(thread).await?, project.desk.bot().await?);
    let text = ledger::overview(&ledger.roster, policy);
    keep(project, thread, &comments, &bot, "members", &text).await
}

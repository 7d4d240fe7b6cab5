//! One pass over a project: look at the forge and at git, compute what should be, act on the difference.
//!
//! A pass can be cut off anywhere and begun again: events are recorded before they count, branches move under leases, and
//! what people are told carries a marker. What may not live here: a decision that the pure core could make.

mod answers;
mod comments;
mod exposure;
mod follow;
mod ground;
mod journal;
mod kin;
mod observe;
mod opening;
mod origin;
mod reminders;
mod show;
mod verdicts;

use std::collections::BTreeSet;
use std::sync::Arc;

use embargod_backports::EngineError;
use embargod_core::CaseId;
use embargod_core::case::{Event, evaluate};
use embargod_core::publication::{Readiness, readiness};
use embargod_forge::{ForgeError, RepositoryFacts, Thread};
use embargod_repo::{GitError, Side};
use embargod_store::{Store, StoreError};
use jiff::Timestamp;
use thiserror::Error;

use crate::clock::Clock;
use crate::mail::Mailer;
use crate::project::Project;
use crate::publish;
use crate::reports;
use crate::roster;
use crate::vendors;

pub use answers::Answers;
pub(crate) use comments::{Heard, answer, handle, keep, own_issue, said, tell, unhandled};
pub(crate) use follow::Branches;
pub use ground::Ground;
pub(crate) use journal::{Journal, bodies};
pub(crate) use observe::Observation;
pub(crate) use show::{facts, show_end};

/// How often a case is looked at again at once because something changed.
const MOST_LOOKS: u32 = 20;

/// Why a pass ended early. The texts carry nothing of a case.
#[derive(Debug, Error)]
pub enum PassError {
    /// The forge.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backport engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Everybody could see what the bot would write.
    #[error("the mirror is not private: nothing is written there, and every case stands still; make it private")]
    MirrorIsPublic,
    /// The mailbox.
    #[error(transparent)]
    Mailbox(#[from] crate::intake::MailboxError),
    /// Attachments.
    #[error("the attachments of a mail could not be kept below data_dir: {0}")]
    Files(std::io::Error),
    /// The server is going down.
    #[error("the server ended while it looked")]
    Interrupted,
    /// Something changes faster than it can be looked at.
    #[error("something changed with every look; the next resync goes on")]
    Restless,
}

/// What a pass needs.
#[derive(Clone)]
pub struct Reconciler {
    /// Where cases are kept.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How mail leaves.
    pub mailer: Option<Mailer>,
    /// What is known of the forges' rules.
    pub ground: Arc<Ground>,
    /// What the backport engine has said.
    pub answers: Arc<Answers>,
}

/// What came of a look at a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Something changed: look again.
    Again,
    /// All is as it should be, until this instant at least.
    Quiet(Option<Timestamp>),
}

/// Puts on record who can see the mirror, and with it the case. True: that changed.
async fn seen_by(journal: &mut Journal, seen: &Observation, now: Timestamp) -> Result<bool, PassError> {
    if seen.audience.unreadable.contains(&"people") {
        return Ok(false);
    }
    let people: BTreeSet<_> = seen.audience.people.iter().cloned().collect();
    if people == journal.case.seen_by {
        return Ok(false);
    }
    journal.record(vec![Event::SeenBy { people }], now).await?;
    Ok(true)
}

impl Reconciler {
    /// Whether mail can leave now: asked before one is begun. Without a mail server every letter is begun, and told.
    pub(crate) async fn mail_leaves(&self) -> bool {
        match &self.mailer {
            None => true,
            Some(mailer) => {
                let answers = mailer.answers().await;
                if !answers {
                    tracing::warn!("the mail server does not answer; letters wait");
                }
                answers
            }
        }
    }

    /// Brings everything of a project to where it should be. The instant is when to look again, if not earlier.
    pub async fn pass(&self, project: &Project) -> Result<Option<Timestamp>, PassError> {
        let facts = project.mirror.repository().await?;
        if !facts.private {
            return Err(PassError::MirrorIsPublic);
        }
        // What goes wrong in one place holds up no other: the first failure is told when all had their turn.
        let mut failure = exposure::alarm(self, project).await.err();
        failure = failure.or(opening::open_cases(self, project, &facts).await.err());
        let more = self.take_in(project).await;
        // Many mails wait for the next pass: a case whose embargo ends does not wait for them.
        let mut wake = matches!(more, Ok(true)).then(|| self.clock.now());
        failure = failure.or(more.err());
        for stored in self.store.cases().await? {
            if stored.project != project.name {
                continue;
            }
            match self.settle(project, stored.id, &facts).await {
                Ok(Some(at)) => wake = Some(wake.map_or(at, |wake| wake.min(at))),
                Ok(None) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(wake), Err)
    }

    /// Takes in what came from outside; whether there may be more.
    async fn take_in(&self, project: &Project) -> Result<bool, PassError> {
        let more = reports::take_in(self, project).await?;
        reports::take_in_from_forge(self, project).await?;
        roster::look(self, project).await?;
        Ok(more)
    }

    async fn settle(
        &self,
        project: &Project,
        id: CaseId,
        facts: &RepositoryFacts,
    ) -> Result<Option<Timestamp>, PassError> {
        for _ in 0..MOST_LOOKS {
            match self.look(project, id, facts).await? {
                Look::Again => {}
                Look::Quiet(wake) => return Ok(wake),
            }
        }
        Err(PassError::Restless)
    }

    async fn look(&self, project: &Project, id: CaseId, facts: &RepositoryFacts) -> Result<Look, PassError> {
        let Some(mut journal) = Journal::open(&self.store, id).await? else {
            return Ok(Look::Quiet(None));
        };
        if journal.case.closed.is_some() && journal.case.publication.is_none() {
            // What was said before still leaves.
            reports::send(self, project, &mut journal).await?;
            return kin::look_at_ended(self, project, &mut journal).await;
        }
        if kin::split(self, project, &mut journal).await? {
            return Ok(Look::Again);
        }
        if !journal.case.is_confirmed() {
            return reports::look(self, project, &mut journal).await;
        }
        if reports::send(self, project, &mut journal).await? {
            return Ok(Look::Again);
        }
        if journal
            .case
            .publication
            .as_ref()
            .is_some_and(|publication| publication.is_public())
        {
            return publish::aftermath(self, project, &mut journal).await;
        }
        let public = project
            .clone
            .fetch(&project.public_remote().await?, Side::Public)
            .await?;
        let mirror = project
            .clone
            .fetch(&project.mirror_remote().await?, Side::Mirror)
            .await?;
        let branches = Branches { public, mirror };
        if publish::recover(self, project, &mut journal, &branches).await? {
            return Ok(Look::Again);
        }
        if opening::closed_by_label(self, project, &mut journal).await?
            || opening::prepare(self, project, &mut journal, facts).await?
            || follow::follow(self, project, &mut journal, &branches).await?
        {
            return Ok(Look::Again);
        }
        let seen = observe::observe(self, project, &mut journal, &branches, facts).await?;
        if seen.moved || comments::handle(self, project, &mut journal, &seen.heard, &seen.view).await? {
            return Ok(Look::Again);
        }
        comments::answer(project, &journal.case, &seen.heard).await?;
        reports::follow(project, &journal.case).await?;
        if seen_by(&mut journal, &seen, self.clock.now()).await?
            || vendors::prepare(self, project, &mut journal, seen.advisory.as_ref()).await?
        {
            return Ok(Look::Again);
        }
        let now = self.clock.now();
        if reminders::lapsed(project, &mut journal, now).await? {
            return Ok(Look::Again);
        }
        let gate = evaluate(&journal.case, &seen.view, &project.policy, now);
        let due = readiness(&journal.case, &gate, project.policy.publish_grace, now);
        show::show(self, project, &journal.case, &seen, &gate).await?;
        if due != Readiness::Publish {
            reminders::remind(project, &journal.case, &seen, &gate, now).await?;
        }
        let next = reminders::next(&journal.case, now);
        match due {
            Readiness::NotRequested | Readiness::Embargoed(_) => Ok(Look::Quiet(next)),
            // A moment later than the last instant at which the gate may open.
            Readiness::Closed(last) => Ok(Look::Quiet(Some(last + jiff::SignedDuration::from_millis(1)))),
            Readiness::Lapsed => {
                let key = format!(
                    "lapsed:{}",
                    journal.case.request.as_ref().map_or(now, |request| request.at)
                );
                let text = "The gate did not open in time: the request to publish has lapsed, and nothing was published. \
                            When the reasons are settled, ask again with `/embargo publish`.";
                tell(project, Thread::Issue(journal.case.issue), &key, text).await?;
                journal.record(vec![Event::RequestLapsed { at: now }], now).await?;
                Ok(Look::Again)
            }
            Readiness::Publish => publish::publish(self, project, &mut journal, &seen, &gate).await,
        }
    }
}

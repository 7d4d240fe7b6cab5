//! The workers: deliveries are hints that something of a project may have changed; a resync finds what no delivery told.

use std::sync::Arc;
use std::time::Duration;

use embargod_store::StoreError;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::{Mutex, Notify};

use crate::intake::MailboxError;
use crate::project::Project;
use crate::reconcile::{PassError, Reconciler};

/// How many deliveries are read at once.
const BATCH: u32 = 100;
/// How long a failed pass waits for its first repetition; the wait doubles up to the resync.
const FIRST_WAIT: SignedDuration = SignedDuration::from_secs(1);

/// How many passes in a row bring a project to rest, for those who want to see the end.
const MOST_PASSES: u32 = 50;
/// The longest wait for a mailbox that could not be read.
const MAILBOX_WAIT: SignedDuration = SignedDuration::from_mins(15);

/// All projects at work.
pub struct Worker {
    reconciler: Reconciler,
    projects: Vec<Arc<Desk>>,
    inbox: Arc<Notify>,
    resync: SignedDuration,
}

/// A project, one pass at a time.
struct Desk {
    project: Project,
    one_at_a_time: Mutex<()>,
    hint: Notify,
}

impl Worker {
    /// Workers for these projects. `inbox` is notified when a delivery was stored.
    pub fn new(reconciler: Reconciler, projects: Vec<Project>, inbox: Arc<Notify>, resync: Duration) -> Arc<Self> {
        let desk = |project| {
            Arc::new(Desk {
                project,
                one_at_a_time: Mutex::new(()),
                hint: Notify::new(),
            })
        };
        let resync = SignedDuration::try_from(resync).unwrap_or(SignedDuration::from_mins(1));
        Arc::new(Self {
            reconciler,
            projects: projects.into_iter().map(desk).collect(),
            inbox,
            resync,
        })
    }

    /// Works until it is dropped.
    pub async fn run(self: Arc<Self>) {
        let mut tasks = tokio::task::JoinSet::new();
        for desk in &self.projects {
            tasks.spawn(Arc::clone(&self).tend(Arc::clone(desk)));
            if desk.project.letterbox.is_some() {
                tasks.spawn(Arc::clone(&self).watch_mailbox(Arc::clone(desk)));
            }
        }
        loop {
            if let Err(error) = self.read_inbox().await {
                tracing::error!(%error, "the inbox could not be read; the resync goes on without it");
            }
            self.inbox.notified().await;
        }
    }

    /// Takes the deliveries that wait and gives every project that they are about a hint.
    async fn read_inbox(&self) -> Result<(), StoreError> {
        loop {
            let waiting = self.reconciler.store.pending_deliveries(BATCH).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            for stored in waiting {
                for desk in &self.projects {
                    if concerns(&desk.project, &stored.delivery.body) {
                        desk.hint.notify_one();
                    }
                }
                // A hint that is lost in a crash is made good by the look that every start begins with.
                let now = self.reconciler.clock.now();
                self.reconciler.store.finish_delivery(stored.id, now).await?;
            }
        }
    }

    async fn tend(self: Arc<Self>, desk: Arc<Desk>) {
        let mut failures = 0_u32;
        loop {
            let outcome = {
                let _turn = desk.one_at_a_time.lock().await;
                self.reconciler.pass(&desk.project).await
            };
            let now = self.reconciler.clock.now();
            let after = |wait: SignedDuration| now.checked_add(wait).unwrap_or(Timestamp::MAX);
            let next = match outcome {
                Ok(wake) => {
                    failures = 0;
                    wake.map_or(after(self.resync), |wake| wake.min(after(self.resync)))
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    tracing::error!(project = desk.project.name, %error, failures, "a pass ended early; it is repeated");
                    after(wait(&error, failures, self.resync))
                }
            };
            tokio::select! {
                () = desk.hint.notified() => {}
                () = self.reconciler.clock.sleep_until(next) => {}
            }
        }
    }

    /// Looks at a mailbox every so often: apart from the passes, so that a slow mail server delays no publication.
    async fn watch_mailbox(self: Arc<Self>, desk: Arc<Desk>) {
        let mut failures = 0_u32;
        loop {
            let looked = self.look_at_mailbox(&desk).await;
            failures = if looked.is_ok() { 0 } else { failures.saturating_add(1) };
            match looked {
                Ok(0) => {}
                Ok(_) => desk.hint.notify_one(),
                Err(error) => {
                    tracing::error!(project = desk.project.name, %error, "the mailbox could not be read; it is tried again");
                }
            }
            // A mail server locks out who comes again and again with a password that it refuses.
            let wait = (self.resync * 2_i32.pow(failures.min(10))).min(self.resync.max(MAILBOX_WAIT));
            let next = self.reconciler.clock.now().checked_add(wait);
            self.reconciler.clock.sleep_until(next.unwrap_or(Timestamp::MAX)).await;
        }
    }

    async fn look_at_mailbox(&self, desk: &Desk) -> Result<usize, MailboxError> {
        match &desk.project.letterbox {
            None => Ok(0),
            Some(letterbox) => {
                let now = self.reconciler.clock.now();
                letterbox.mailbox.look(&self.reconciler.store, now).await
            }
        }
    }

    /// Reads the inbox and brings every project to rest, for those who want to see the end: rehearsals and tests.
    pub async fn settle(&self) -> Result<(), PassError> {
        self.read_inbox().await?;
        for desk in &self.projects {
            self.look_at_mailbox(desk).await?;
            let _turn = desk.one_at_a_time.lock().await;
            for _ in 0..MOST_PASSES {
                let wake = self.reconciler.pass(&desk.project).await?;
                if wake.is_none_or(|wake| wake > self.reconciler.clock.now()) {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// How long a failed pass waits. A pause that the forge asks for is kept whole: it may lock out who does not.
fn wait(error: &PassError, failures: u32, resync: SignedDuration) -> SignedDuration {
    if let PassError::Forge(error) = error
        && let embargod_forge::Class::Transient(wait) = error.class
        && wait > Duration::from_secs(1)
    {
        return SignedDuration::try_from(wait).unwrap_or(resync);
    }
    (FIRST_WAIT * 2_i32.pow(failures.min(10).saturating_sub(1))).min(resync)
}

/// Whether a delivery is about a project; one that does not say what it is about is about all.
fn concerns(project: &Project, body: &[u8]) -> bool {
    subject(body).is_none_or(|name| {
        [&project.public_name, &project.mirror_name]
            .into_iter()
            .any(|known| known.eq_ignore_ascii_case(&name))
    })
}

/// The full name of the repository (GitHub) or project (GitLab) that a delivery says it is about.
fn subject(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Delivery {
        repository: Option<Repository>,
        project: Option<GitlabProject>,
    }
    // GitLab's payloads have a `repository` as well, which only says the last part of the name.
    #[derive(Deserialize)]
    struct Repository {
        full_name: Option<String>,
    }
    #[derive(Deserialize)]
    struct GitlabProject {
        path_with_namespace: Option<String>,
    }
    let delivery: Delivery = serde_json::from_slice(body).ok()?;
    let full_name = delivery.repository.and_then(|repository| repository.full_name);
    full_name.or_else(|| delivery.project?.path_with_namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_says_what_it_is_about_in_the_words_of_its_forge() {
        for (body, expected) in [
            (r#"{"repository":{"full_name":"acme/widget"}}"#, Some("acme/widget")),
            (
                r#"{"project":{"path_with_namespace":"acme/sub/widget"},"repository":{"name":"widget"}}"#,
                Some("acme/sub/widget"),
            ),
            (
                r#"{"repository":{"full_name":"acme/widget"},"project":{"name":"a board"}}"#,
                Some("acme/widget"),
            ),
            (r#"{"project":null,"repository":null}"#, None),
            (r#"{"project":{"name":"widget"}}"#, None),
            (r#"{"project":"widget"}"#, None),
            ("{}", None),
            ("not json", None),
        ] {
            assert_eq!(subject(body.as_bytes()).as_deref(), expected, "{body}");
        }
    }
}

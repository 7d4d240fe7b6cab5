//! `embargod effect list|retry|done`: steps and letters that wait for a person, and what the person at the server says of them.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use embargod_core::CaseId;
use embargod_core::case::{Delivery, Event};
use embargod_core::publication::Step;
use embargod_core::roster;
use embargod_store::Store;
use jiff::Timestamp;
use serde_json::json;

use super::Failure;
use super::case::open;
use crate::config::{Loaded, load};
use crate::reconcile::Journal;
use crate::roster::Ledger;

#[derive(Debug, Subcommand)]
pub(super) enum Effect {
    /// The steps that wait for a person.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a step again: it did not take effect. A running server does so at its next resync.
    Retry {
        /// Its id, as listed.
        id: String,
    },
    /// Count a step as done: it took effect.
    Done {
        /// Its id, as listed.
        id: String,
    },
}

/// What waits.
enum What {
    Step(CaseId, Step),
    Letter(CaseId, String),
    /// The terms for a new member of a project.
    Terms(String, String),
}

/// Something that waits for a person.
struct Stuck {
    id: String,
    what: What,
    because: String,
}

pub(super) async fn run(command: &Effect, path: &Path) -> Result<ExitCode, Failure> {
    let loaded = load(path)?;
    let store = open(&loaded).await?;
    let stuck = stuck(&loaded, &store).await?;
    let (id, again) = match command {
        Effect::List { json: true } => {
            let all: Vec<_> = stuck
                .iter()
                .map(|stuck| {
                    let mut whole = json!({ "id": stuck.id, "because": stuck.because });
                    match &stuck.what {
                        What::Step(case, step) => (whole["case"], whole["step"]) = (json!(case), json!(step)),
                        What::Letter(case, letter) => (whole["case"], whole["letter"]) = (json!(case), json!(letter)),
                        What::Terms(project, letter) => {
                            (whole["project"], whole["letter"]) = (json!(project), json!(letter));
                        }
                    }
                    whole
                })
                .collect();
            println!("{:#}", json!(all));
            return Ok(ExitCode::SUCCESS);
        }
        Effect::List { json: false } => {
            stuck
                .iter()
                .for_each(|stuck| println!("{}  {}", stuck.id, stuck.because));
            return Ok(ExitCode::SUCCESS);
        }
        Effect::Retry { id } => (id, true),
        Effect::Done { id } => (id, false),
    };
    let Some(found) = stuck.into_iter().find(|stuck| stuck.id == *id) else {
        eprintln!("no step {id} waits for a person; `embargod effect list` names all");
        return Ok(ExitCode::from(1));
    };
    settle(&store, found.what, again).await?;
    println!("{id}: {}", if again { "will be taken again" } else { "counts as done" });
    Ok(ExitCode::SUCCESS)
}

/// Records what the person says. The server may write at the same time: then nothing is recorded, and the error says to try again.
async fn settle(store: &Store, what: What, again: bool) -> Result<(), Failure> {
    let now = Timestamp::now();
    let (case, event) = match what {
        What::Step(case, step) => (case, Event::StepSettled { step, again }),
        What::Letter(case, id) => (case, Event::LetterSettled { id, again, at: now }),
        What::Terms(project, id) => {
            let delivery = if again {
                Delivery::Waiting
            } else {
                Delivery::Sent { at: now }
            };
            if let Some(mut ledger) = Ledger::open(store, &project).await? {
                ledger
                    .record(vec![roster::Event::LetterMoved { id, delivery }], now)
                    .await?;
            }
            return Ok(());
        }
    };
    if let Some(mut journal) = Journal::open(store, case).await? {
        journal.record(vec![event], now).await?;
    }
    Ok(())
}

async fn stuck(loaded: &Loaded, store: &Store) -> Result<Vec<Stuck>, Failure> {
    let mut all = Vec::new();
    for project in &loaded.config.project {
        let ledger = Ledger::open(store, &project.name).await?;
        let letters = ledger.into_iter().flat_map(|ledger| ledger.roster.letters);
        all.extend(letters.filter_map(|(letter, (_, kept))| match kept.delivery {
            Delivery::Stuck { because } => Some(Stuck {
                id: format!("members:{}:{letter}", project.name),
                what: What::Terms(project.name.clone(), letter),
                because,
            }),
            _ => None,
        }));
    }
    for stored in store.cases().await? {
        let Some(journal) = Journal::open(store, stored.id).await? else {
            continue;
        };
        all.extend(
            journal
                .case
                .letters
                .into_iter()
                .filter_map(|(letter, kept)| match kept.delivery {
                    Delivery::Stuck { because } => Some(Stuck {
                        id: format!("{}:letter:{letter}", stored.id),
                        what: What::Letter(stored.id, letter),
                        because,
                    }),
                    _ => None,
                }),
        );
        let steps = journal.case.publication.map(|publication| publication.stuck);
        all.extend(steps.into_iter().flatten().map(|(step, because)| Stuck {
            id: format!("{}:{}", stored.id, name(&step)),
            what: What::Step(stored.id, step),
            because,
        }));
    }
    Ok(all)
}

fn name(step: &Step) -> String {
    match step {
        Step::Push => "push".to_owned(),
        Step::Advisory => "advisory".to_owned(),
        Step::Announce { list } => format!("announce:{list}"),
        Step::FollowInMirror => "follow-in-mirror".to_owned(),
        Step::Comment => "comment".to_owned(),
        Step::CloseIssue => "close-issue".to_owned(),
        Step::DeleteSecurityBranches => "delete-security-branches".to_owned(),
        Step::StartPipelines => "start-pipelines".to_owned(),
        Step::Follow { repository } => format!("follow:{repository}"),
        Step::ReleaseNotes => "release-notes".to_owned(),
        Step::ShowIssue => "show-issue".to_owned(),
    }
}

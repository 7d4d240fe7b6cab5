//! `embargod effect list|retry|done`: steps and letters that wait for a person, and what the person at the server says of them.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use embargod_core::CaseId;
use embargod_core::case::{Delivery, Event};
use embargod_core::publication::Step;
use embargod_store::Store;
use jiff::Timestamp;
use serde_json::json;

use super::Failure;
use super::case::open;
use crate::config::load;
use crate::reconcile::Journal;

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
    Step(Step),
    Letter(String),
}

/// Something that waits for a person.
struct Stuck {
    id: String,
    case: CaseId,
    what: What,
    because: String,
}

pub(super) async fn run(command: &Effect, path: &Path) -> Result<ExitCode, Failure> {
    let store = open(&load(path)?).await?;
    let stuck = stuck(&store).await?;
    let (id, again) = match command {
        Effect::List { json: true } => {
            let all: Vec<_> = stuck
                .iter()
                .map(|stuck| {
                    let mut whole = json!({ "id": stuck.id, "case": stuck.case, "because": stuck.because });
                    match &stuck.what {
                        What::Step(step) => whole["step"] = json!(step),
                        What::Letter(letter) => whole["letter"] = json!(letter),
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
    let Some(mut journal) = Journal::open(&store, found.case).await? else {
        return Ok(ExitCode::from(1));
    };
    // The server may write at the same time: then nothing is recorded, and the error says to try again.
    let now = Timestamp::now();
    let settled = match found.what {
        What::Step(step) => Event::StepSettled { step, again },
        What::Letter(id) => Event::LetterSettled { id, again, at: now },
    };
    journal.record(vec![settled], now).await?;
    println!("{id}: {}", if again { "will be taken again" } else { "counts as done" });
    Ok(ExitCode::SUCCESS)
}

async fn stuck(store: &Store) -> Result<Vec<Stuck>, Failure> {
    let mut all = Vec::new();
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
                        case: stored.id,
                        what: What::Letter(letter),
                        because,
                    }),
                    _ => None,
                }),
        );
        let steps = journal.case.publication.map(|publication| publication.stuck);
        all.extend(steps.into_iter().flatten().map(|(step, because)| Stuck {
            id: format!("{}:{}", stored.id, name(&step)),
            case: stored.id,
            what: What::Step(step),
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

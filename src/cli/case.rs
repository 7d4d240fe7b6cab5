//! `embargod case list` and `embargod case show`: what the bot knows, read from its database.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use embargod_core::CaseId;
use embargod_store::Store;
use serde_json::{Value, json};

use super::Failure;
use crate::config::{Loaded, load};
use crate::policy::wanted;
use crate::reconcile::{Journal, facts};

#[derive(Debug, Subcommand)]
pub(super) enum Case {
    /// Every case.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// One case.
    Show {
        /// Its id, such as 2026-0007.
        id: CaseId,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: &Case, path: &Path) -> Result<ExitCode, Failure> {
    let loaded = load(path)?;
    let store = open(&loaded).await?;
    match command {
        Case::List { json } => {
            let mut all = Vec::new();
            for stored in store.cases().await? {
                all.extend(read(&loaded, &store, stored.id).await?);
            }
            if *json {
                println!("{:#}", json!(all));
            } else {
                for case in all {
                    println!(
                        "{}  {}  {}",
                        word(&case["id"]),
                        word(&case["state"]),
                        word(&case["project"])
                    );
                }
            }
        }
        Case::Show { id, json } => {
            let Some(case) = read(&loaded, &store, *id).await? else {
                eprintln!("there is no case {id}; `embargod case list` names all");
                return Ok(ExitCode::from(1));
            };
            if *json {
                println!("{case:#}");
            } else {
                print(&case);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the database of a configuration, which must be there: reading makes none.
pub(super) async fn open(loaded: &Loaded) -> Result<Store, Failure> {
    let path = loaded
        .config
        .sqlite_path()
        .ok_or("database_url must name a SQLite file")?;
    if !path.exists() {
        return Err(format!("{}: no database yet; `embargod serve` makes it", path.display()).into());
    }
    Ok(Store::open(path).await?)
}

/// What was observed last, with what the events tell laid over it.
async fn read(loaded: &Loaded, store: &Store, id: CaseId) -> Result<Option<Value>, Failure> {
    let Some(journal) = Journal::open(store, id).await? else {
        return Ok(None);
    };
    let project = store
        .cases()
        .await?
        .into_iter()
        .find(|case| case.id == id)
        .map(|case| case.project);
    let project = project.unwrap_or_default();
    let settings = loaded.config.project.iter().find(|known| known.name == project);
    let wanted = settings.map(wanted).unwrap_or_default();
    let mut whole = facts(&project, &wanted, &journal.case);
    if let Some(body) = store.snapshot(id).await? {
        let seen: Value = serde_json::from_str(&body)?;
        whole["targets"] = seen["targets"].clone();
        whole["gate"] = seen["gate"].clone();
    }
    Ok(Some(whole))
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

fn print(case: &Value) {
    println!(
        "case {} of {}: {}",
        word(&case["id"]),
        word(&case["project"]),
        word(&case["state"])
    );
    println!(
        "issue {}, embargo {} until {}",
        case["issue"],
        word(&case["embargo"]["state"]),
        word(&case["embargo"]["ends_at"])
    );
    for target in case["targets"].as_array().into_iter().flatten() {
        println!(
            "  {}: {} at {}",
            word(&target["branch"]),
            word(&target["verdict"]),
            word(&target["head"])
        );
    }
    println!("gate: {}", if case["gate"]["open"] == true { "open" } else { "closed" });
    for reason in case["gate"]["reasons"].as_array().into_iter().flatten() {
        let mark = if reason["holds"] == true { "yes" } else { "no " };
        println!("  {mark} {}: {}", word(&reason["rule"]), word(&reason["text"]));
    }
}

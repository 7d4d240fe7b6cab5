//! `embargod audit verify|export|show`: the log of everything that was decided and done, and whether somebody edited it.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use embargod_core::CaseId;
use embargod_store::Link;
use serde_json::{Value, json};

use super::Failure;
use super::case::open;
use crate::config::load;

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Say whether the log is as it was written; exit 1 where it is not, with every row that was touched.
    Verify {
        /// A hash that was noted earlier: it must still be in the log, or its end was cut off or written anew.
        #[arg(long, value_name = "HASH")]
        contains: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the whole log, one event a line as JSON. It holds what is under embargo.
    Export,
    /// Print the log of one case. It holds what is under embargo.
    Show {
        /// Its id, such as 2026-0007.
        id: CaseId,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: &Audit, path: &Path) -> Result<ExitCode, Failure> {
    let store = open(&load(path)?).await?;
    match command {
        Audit::Verify { contains, json } => {
            let audit = store.audit().await?;
            let mut broken = audit.broken.clone();
            if let Some(hash) = contains.as_ref().filter(|hash| !audit.contains(hash)) {
                broken.push(format!(
                    "{hash} is not in the log: its end was cut off, or written anew"
                ));
            }
            let whole = broken.is_empty();
            if *json {
                let facts = json!({ "ok": whole, "events": audit.length, "head": audit.head, "broken": broken });
                println!("{facts:#}");
            } else {
                broken.iter().for_each(|broken| println!("{broken}"));
                println!(
                    "{}: {} events; head {} (note it elsewhere, and ask for it with --contains)",
                    if whole { "as it was written" } else { "edited" },
                    audit.length,
                    audit.head
                );
            }
            return Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(1) });
        }
        Audit::Export => {
            for link in store.links().await? {
                println!("{}", facts(&link)?);
            }
        }
        Audit::Show { id, json } => {
            let mut links = store.links().await?;
            links.retain(|link| link.case == id.to_string());
            if links.is_empty() {
                eprintln!("there is no case {id}; `embargod case list` names all");
                return Ok(ExitCode::from(1));
            }
            let all = links.iter().map(facts).collect::<Result<Vec<_>, _>>()?;
            if *json {
                println!("{:#}", json!(all));
            } else {
                for link in all {
                    println!("{}  {}", link["at"].as_str().unwrap_or_default(), link["event"]);
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn facts(link: &Link) -> Result<Value, Failure> {
    let event: Value = serde_json::from_str(&link.body)?;
    Ok(json!({
        "position": link.position, "case": link.case, "seq": link.seq, "at": link.at, "hash": link.hash, "event": event,
    }))
}

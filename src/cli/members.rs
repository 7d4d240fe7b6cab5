//! `embargod members`: who was invited, who consented to which terms, and who sees the mirror by the bot's doing.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::Failure;
use super::case::open;
use crate::config::load;
use crate::roster::members;

#[derive(Debug, Args)]
pub(super) struct Members {
    /// Of this project alone.
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: &Members, path: &Path) -> Result<ExitCode, Failure> {
    let loaded = load(path)?;
    let store = open(&loaded).await?;
    let mut all = Vec::new();
    let wanted = |name: &str| arguments.project.as_deref().is_none_or(|only| only == name);
    let projects = loaded.config.project.iter().map(|project| project.name.as_str());
    let projects: Vec<_> = projects.filter(|name| wanted(name)).collect();
    if let (Some(name), true) = (&arguments.project, projects.is_empty()) {
        return Err(format!("--project {name}: no such project in {}", path.display()).into());
    }
    for project in projects {
        for member in members(&store, project).await? {
            let mut facts = json!(member);
            facts["project"] = json!(project);
            all.push(facts);
        }
    }
    if arguments.json {
        println!("{:#}", json!(all));
        return Ok(ExitCode::SUCCESS);
    }
    let word = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
    for member in &all {
        println!(
            "{}  {}  for {}: {}, access {}",
            word(&member["project"]),
            word(&member["name"]),
            word(&member["organisation"]),
            word(&member["standing"]["standing"]),
            word(&member["access"]["access"])
        );
    }
    if all.is_empty() {
        eprintln!("nobody was proposed; [project.members] makes the bot keep a roster");
    }
    Ok(ExitCode::SUCCESS)
}

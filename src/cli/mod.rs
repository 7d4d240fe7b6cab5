//! The command line, one file a command. Facts go to standard output, everything else to standard error.
//!
//! Exit codes: 0 done, 1 the answer is no, 2 usage, configuration or environment.

mod backports;
mod case;
mod config;
mod effect;
mod pick;
mod rehearse;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Runs a project's coordinated security disclosure on its forge.
#[derive(Debug, Parser)]
#[command(name = "embargod", version, about)]
struct Arguments {
    /// The configuration.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "embargod.toml",
        env = "EMBARGOD_CONFIG"
    )]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the bot: take the forges' deliveries, reconcile every case, publish when it is due.
    Serve,
    /// Run a whole disclosure on this machine, over a sandbox forge.
    Rehearse(rehearse::Rehearse),
    /// Say whether a fix is in effect on branches.
    Backports(backports::Backports),
    /// Prepare the backport of a fix without a work tree.
    Pick(pick::Pick),
    /// Look at cases.
    #[command(subcommand)]
    Case(case::Case),
    /// Look at steps that wait for a person, and settle them.
    #[command(subcommand)]
    Effect(effect::Effect),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config::Config),
}

/// Why a command could not do its work.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command of the process's arguments.
pub async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers; anything else is a usage error. A closed output changes neither.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::from(2)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let result = match arguments.command {
        Command::Serve => serve::run(&arguments.config).await,
        Command::Rehearse(arguments) => rehearse::run(arguments).await,
        Command::Backports(arguments) => backports::run(&arguments),
        Command::Pick(arguments) => pick::run(&arguments),
        Command::Case(command) => case::run(&command, &arguments.config).await,
        Command::Effect(command) => effect::run(&command, &arguments.config).await,
        Command::Config(command) => config::run(&command, &arguments.config),
    };
    result.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::from(2)
    })
}

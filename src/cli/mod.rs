//! The command line, one file a command. Facts go to standard output, everything else to standard error.
//!
//! Exit codes: 0 done, 1 the answer is no, 2 usage, configuration or environment.

mod audit;
mod backports;
mod case;
mod config;
mod effect;
mod members;
mod pick;
mod policy;
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
    /// Look at the roster: who was invited, who consented, who sees the mirror.
    Members(members::Members),
    /// Look at steps that wait for a person, and settle them.
    #[command(subcommand)]
    Effect(effect::Effect),
    /// Look at the log of everything that was decided and done.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Write the process page, or review past notices by the policy.
    #[command(subcommand)]
    Policy(policy::Policy),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config::Config),
}

/// Why a command could not do its work.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command of the process's arguments.
pub fn main() -> ExitCode {
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
    let config = &arguments.config;
    // A question to the backport engine takes milliseconds: it does not wait for a runtime that it has no use for.
    let result = match arguments.command {
        Command::Serve => within_runtime(serve::run(config)),
        Command::Rehearse(arguments) => within_runtime(rehearse::run(arguments)),
        Command::Backports(arguments) => backports::run(&arguments),
        Command::Pick(arguments) => within_runtime(pick::run(arguments)),
        Command::Case(command) => within_runtime(case::run(&command, config)),
        Command::Members(arguments) => within_runtime(members::run(&arguments, config)),
        Command::Effect(command) => within_runtime(effect::run(&command, config)),
        Command::Audit(command) => within_runtime(audit::run(&command, config)),
        Command::Policy(command) => policy::run(&command, config),
        Command::Config(command) => config::run(&command, config),
    };
    result.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::from(2)
    })
}

fn within_runtime(command: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    tokio::runtime::Runtime::new()
        .map_err(|error| format!("the machine gives no threads to work with: {error}"))?
        .block_on(command)
}

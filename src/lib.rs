//! embargod runs a project's coordinated security disclosure on its forge, from the label to the announcement.
//!
//! This crate is the shell: configuration, intake, reconciliation, publication and the command line. The pure core, git,
//! the forges and the store are crates of their own, and arrows run from here to there. See `docs/ARCHITECTURE.md`.

pub mod cli;
pub mod clock;
pub mod config;
pub mod intake;
pub mod mail;
pub mod page;
pub mod people;
pub mod pick;
pub mod policy;
pub mod project;
mod publish;
pub mod reconcile;
pub mod rehearsal;
mod reports;
mod roster;
pub mod server;
pub mod texts;
pub mod vendors;
pub mod worker;

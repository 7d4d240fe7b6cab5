//! The pure core of embargod: names, commands, the embargo, roles, the gate and the decisions.
//!
//! What may not live here: input, output, clocks, async, or a dependency that brings one of them. Every function gets
//! what it needs as arguments, *now* included.

pub mod command;
pub mod embargo;
pub mod gate;
mod names;

pub use names::{BranchName, CaseId, CommitId, NameError};

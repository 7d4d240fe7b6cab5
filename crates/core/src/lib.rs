#![doc = include_str!("../README.md")]

//! The pure core of embargod: names, commands, roles, the embargo, the gate and what it is made of.
//!
//! What may not live here: input, output, clocks, async, or a dependency that brings one of them. Every function gets
//! what it needs as arguments, *now* included.

pub mod calendar;
pub mod case;
pub mod checks;
pub mod command;
pub mod embargo;
pub mod escape;
pub mod findings;
pub mod gate;
mod names;
pub mod publication;
pub mod reminders;
pub mod review;
pub mod roles;
pub mod roster;
pub mod targets;

pub use names::{BranchName, CaseId, CommitId, NameError};

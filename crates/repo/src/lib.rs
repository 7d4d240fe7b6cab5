#![doc = include_str!("../README.md")]

mod command;
mod push;

pub use command::GitError;
pub use push::{PushOutcome, RefUpdate, publish, remote_branches};

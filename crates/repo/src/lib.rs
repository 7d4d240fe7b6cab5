#![doc = include_str!("../README.md")]

mod command;
mod pick;
mod push;

pub use command::GitError;
pub use pick::{Pick, pick};
pub use push::{PushOutcome, RefUpdate, publish, remote_branches};

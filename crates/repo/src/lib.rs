#![doc = include_str!("../README.md")]

mod clone;
mod command;
mod pick;
mod push;
mod remote;

pub use clone::{Clone, Side};
pub use command::GitError;
pub use pick::{Pick, pick};
pub use push::{PushOutcome, RefUpdate, is_ancestor, publish, push, remote_branches};
pub use remote::Remote;

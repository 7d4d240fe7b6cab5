#![doc = include_str!("../README.md")]

mod cause;
mod clone;
mod command;
mod merge;
mod objects;
mod pick;
mod plan;
mod push;
mod remote;
mod series;
mod trailer;

pub use clone::{Clone, Side};
pub use command::GitError;
pub use merge::{merge, merged, orphan, range_diff, readable};
pub use objects::{carry, commit_below, id, identities, patches};
pub use pick::{Applied, Pick, Sides, apply, pick};
pub use plan::{Branch, Conflict, Plan, Planned, Source, plan};
pub use push::{PushOutcome, RefUpdate, is_ancestor, publish, push, remote_branches};
pub use remote::Remote;
pub use series::{bundle, patch_series};

#![doc = include_str!("../README.md")]

mod announcement;
mod source;

pub use announcement::{PublishedBranch, announcement};
pub use source::{Advisory, Severity, SourceError};

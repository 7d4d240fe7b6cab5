#![doc = include_str!("../README.md")]

mod source;

pub use source::{Advisory, Severity, SourceError};

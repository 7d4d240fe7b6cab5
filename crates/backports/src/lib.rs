#![doc = include_str!("../README.md")]

mod replay;

pub use replay::{EngineError, Evidence, Verdict, assess, assess_series};

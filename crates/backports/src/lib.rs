#![doc = include_str!("../README.md")]

mod affected;
mod ancillary;
mod claim;
mod commits;
mod content;
mod decide;
mod edit;
mod engine;
mod error;
mod facts;
mod files;
mod fix;
mod history;
mod index;
mod interdiff;
mod lines;
mod own;
mod patch;
mod place;
mod recent;
mod series;
mod shelf;
mod sides;
mod tags;
mod title;
mod trees;
mod undone;
mod unified;
mod verdict;
mod wording;

pub use ancillary::is_ancillary;
pub use engine::{Answer, CommitAnswer, Question, assess, assess_each};
pub use error::EngineError;
pub use index::Index;
pub use interdiff::interdiff;
pub use verdict::Verdict;

#![doc = include_str!("../README.md")]

mod error;
pub mod github;
pub mod gitlab;
mod port;

pub use error::{Class, ForgeError};
pub use port::{
    Access, AdvisoryDraft, AdvisoryText, Audience, CheckRun, Comment, Credential, Forge, Issue, IssueEvent,
    IssueEventKind, Obstacle, PrivateReport, PullRequest, PullState, ReleaseNotes, RepositoryFacts, Team, Thread,
};

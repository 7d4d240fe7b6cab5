//! A whole life of a case on one machine: a sandbox forge, the real server over real HTTP, and a clock that can be moved.
//!
//! The server, its adapters and its mail are those of production; only the forge, the mail server and the clock are
//! stand-ins. Story tests use the same stage.

mod catalogue;
mod clock;
mod history;
mod outside;
mod outsider;
mod play;
mod replay;
mod scenarios;
mod script;
mod stage;

pub use catalogue::{SCENARIOS, Scenario};
pub use clock::MovableClock;
pub use scenarios::{Figure, Outcome, rehearse};
pub use script::{EMBEDDED, ISSUE, LABEL, Report, Script, Source, run, seed};
pub use stage::{BOT, MIRROR, MailServers, PUBLIC, Stage, StageError, git};

//! What happened, and who could see it: the sandbox's own record, from which nothing is taken back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::world::World;
use crate::{Sandbox, SandboxError, Shared};

/// Who could see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Surface {
    /// Everybody.
    Public,
    /// People with access.
    Private,
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// When, on the sandbox's clock.
    pub at: Timestamp,
    /// Who could see it.
    pub surface: Surface,
    /// What kind of thing, such as `git.push`.
    pub kind: String,
    /// Who did it.
    pub by: String,
    /// The case, which only the caller can know: the sandbox has no such thing.
    pub case: Option<String>,
    /// What exactly.
    pub details: Value,
}

impl World {
    pub(crate) fn record(&mut self, at: Timestamp, private: bool, kind: &str, by: &str, details: Value) {
        let surface = if private { Surface::Private } else { Surface::Public };
        self.timeline.push(Entry {
            at,
            surface,
            kind: kind.to_owned(),
            by: by.to_owned(),
            case: None,
            details,
        });
    }
}

impl Shared {
    pub(crate) fn record(&self, private: bool, kind: &str, by: &str, details: Value) {
        let now = self.now();
        self.world().record(now, private, kind, by, details);
        self.recorded.send_modify(|count| *count += 1);
    }
}

impl Sandbox {
    /// Writes `timeline.json`.
    pub fn write_timeline(&self, path: &std::path::Path, case: Option<&str>) -> Result<(), SandboxError> {
        let mut entries = self.timeline();
        entries
            .iter_mut()
            .for_each(|entry| entry.case = case.map(str::to_owned));
        let text = serde_json::to_string_pretty(&entries).map_err(std::io::Error::other)?;
        std::fs::write(path, text + "\n")?;
        Ok(())
    }
}

//! Why a configuration was refused: file, line, key, what is wrong, and the remedy.

use std::path::Path;

use thiserror::Error;

/// A refused configuration. The text never repeats a secret.
#[derive(Debug, Error)]
#[error("{file}:{line}: {key}{problem}\n  remedy: {remedy}")]
pub struct ConfigError {
    file: String,
    line: usize,
    key: String,
    problem: String,
    remedy: String,
}

/// A configuration's text and where it came from, to find the line of a key.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl ConfigError {
    pub(super) fn unreadable(path: &Path, source: &std::io::Error) -> Self {
        Self {
            file: path.display().to_string(),
            line: 1,
            key: String::new(),
            problem: format!("the configuration cannot be read: {source}"),
            remedy: "name it with --config FILE or EMBARGOD_CONFIG; config/embargod.example.toml explains every key"
                .into(),
        }
    }
}

impl Source<'_> {
    /// The text is no TOML.
    pub(super) fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let line = error.span().map_or(1, |span| self.line_at(span.start));
        self.error(
            line,
            "",
            error.message(),
            "write it as TOML: config/embargod.example.toml shows every key",
        )
    }

    /// A key is unknown or missing, or its value has the wrong form.
    pub(super) fn value(&self, key: &str, error: &toml::de::Error) -> ConfigError {
        let line = error
            .span()
            .map_or_else(|| self.line_of(key), |span| self.line_at(span.start));
        let (problem, remedy) = error.message().split_once("; remedy: ").unwrap_or((
            error.message(),
            "config/embargod.example.toml explains every key and its values",
        ));
        self.error(line, key, problem, remedy)
    }

    /// A key's value fits its form and is wrong all the same.
    pub(super) fn wrong(&self, key: &str, problem: impl Into<String>, remedy: impl Into<String>) -> ConfigError {
        self.error(self.line_of(key), key, problem, remedy)
    }

    fn error(&self, line: usize, key: &str, problem: impl Into<String>, remedy: impl Into<String>) -> ConfigError {
        ConfigError {
            file: self.path.display().to_string(),
            line,
            key: if key.is_empty() || key == "." {
                String::new()
            } else {
                format!("{key}: ")
            },
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }

    fn line_at(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }

    /// The line of a key such as `project[0].embargo.default`; of the nearest table above it where the key is absent.
    fn line_of(&self, key: &str) -> usize {
        let Ok(root) = toml::de::DeTable::parse(self.text) else {
            return 1;
        };
        let mut offset = 0;
        let mut value = toml::de::DeValue::Table(root.into_inner());
        for step in key.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
            let next = match &value {
                toml::de::DeValue::Table(table) => table
                    .iter()
                    .find(|(name, _)| name.get_ref() == step)
                    .map(|(_, value)| value.clone()),
                toml::de::DeValue::Array(array) => {
                    step.parse::<usize>().ok().and_then(|index| array.get(index).cloned())
                }
                _ => None,
            };
            let Some(next) = next else { break };
            offset = next.span().start;
            value = next.into_inner();
        }
        self.line_at(offset)
    }
}

//! How one patch differs from another: a diff of the two diffs, as `git range-diff` shows it, for people.

use git2::{Diff, DiffFormat, Repository, Tree};
use imara_diff::{Algorithm, BasicLineDiffPrinter, Diff as LineDiff, InternedInput, UnifiedDiffConfig};

use crate::trees::{differences, only};

/// The most lines of an answer.
const MOST_LINES: usize = 200;

/// The difference between the change from one tree to the next and another such change; empty where both do the same.
/// Binary files show as a line each.
pub fn interdiff(
    repository: &Repository,
    one: (Option<&Tree<'_>>, &Tree<'_>),
    other: (Option<&Tree<'_>>, &Tree<'_>),
) -> Result<String, git2::Error> {
    let text = |(before, after): (Option<&Tree<'_>>, &Tree<'_>)| {
        let mut options = only(&differences(repository, before, Some(after))?);
        let mut diff = repository.diff_tree_to_tree(before, Some(after), Some(&mut options))?;
        diff.find_similar(None)?;
        patch(&diff)
    };
    let (one, other) = (text(one)?, text(other)?);
    let input = InternedInput::new(one.as_str(), other.as_str());
    let mut diff = LineDiff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    if diff.count_additions() + diff.count_removals() == 0 {
        return Ok(String::new());
    }
    let printer = BasicLineDiffPrinter(&input.interner);
    let whole = diff
        .unified_diff(&printer, UnifiedDiffConfig::default(), &input)
        .to_string();
    let mut lines: Vec<_> = whole.lines().take(MOST_LINES).collect();
    if whole.lines().count() > MOST_LINES {
        lines.push("… (cut)");
    }
    Ok(lines.join("\n"))
}

/// A patch without what differs on every branch: blob ids and line numbers.
fn patch(diff: &Diff<'_>) -> Result<String, git2::Error> {
    let mut text = String::new();
    diff.print(DiffFormat::Patch, |_, _, line| {
        let content = String::from_utf8_lossy(line.content());
        match line.origin() {
            origin @ ('+' | '-' | ' ') => text.push_str(&format!("{origin}{content}")),
            'H' => {
                let place = content.splitn(3, "@@").nth(2).unwrap_or_default();
                text.push_str(&format!("@@{}\n", place.trim_end()));
            }
            'F' => text.extend(
                content
                    .lines()
                    .filter(|line| !line.starts_with("index "))
                    .map(|line| format!("{line}\n")),
            ),
            _ => text.push_str(&content),
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
        true
    })?;
    Ok(text)
}

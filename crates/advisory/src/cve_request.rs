//! A request for a CVE in the form that GitLab's CNA takes: the YAML of its issue template in `gitlab-org/cves`.

use std::fmt::Write as _;

use crate::Advisory;

/// The request, with what is known filled in; a person adds the versions.
///
/// A JSON string is a YAML string: texts are quoted that way, whatever is in them.
pub fn cve_request(project: &str, package: &str, advisory: &Advisory) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let known = |text: Option<&str>| quoted(text.unwrap_or("TODO"));
    let (vendor, _) = project.split_once('/').unwrap_or((project, ""));
    let mut text = String::from("reporter:\n  name: \"TODO\"\n  email: \"TODO\"\nvulnerability:\n");
    let lines = [
        format!("description: {}", quoted(advisory.description.trim())),
        format!("cwe: {}", known(advisory.cwe.first().map(String::as_str))),
        "product:".to_owned(),
        format!("  gitlab_path: {}", quoted(project)),
        format!("  vendor: {}", quoted(vendor)),
        format!("  name: {}", quoted(package)),
        "  affected_versions:\n      - \"TODO\"".to_owned(),
        "  fixed_versions:\n      - \"TODO\"".to_owned(),
        format!("impact: {}", known(advisory.cvss.as_deref())),
        format!("solution: {}", known(advisory.workaround.as_deref())),
        format!("credit: {}", quoted(&advisory.credits.join(", "))),
        "references: []".to_owned(),
    ];
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_texts_hold_the_request_stays_one() {
        let issue =
            "```advisory\nsummary = \"s\"\ndescription = \"a \\\"quote\\\"\\nand: a colon\"\nseverity = \"high\"\n```";
        let advisory = Advisory::from_issue(issue).expect("a block");
        let text = cve_request("example/example", "example", &advisory);
        assert!(
            text.contains("\n  description: \"a \\\"quote\\\"\\nand: a colon\"\n"),
            "{text}"
        );
        assert!(text.contains("\n    gitlab_path: \"example/example\"\n"), "{text}");
        assert!(text.contains("\n  cwe: \"TODO\"\n"), "{text}");
    }
}

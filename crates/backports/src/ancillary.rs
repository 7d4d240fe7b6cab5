//! Which files are no part of what runs, by their names alone.

/// Folders of tests, of documentation and of what forges and build services are told.
const FOLDERS: [&str; 26] = [
    ".azure-pipelines",
    ".circleci",
    ".github",
    ".gitlab",
    "__tests__",
    "app-test",
    "changelog",
    "changelogs",
    "changes",
    "doc",
    "docs",
    "documentation",
    "examples",
    "fuzz",
    "man",
    "newsfragments",
    "po",
    "releasenotes",
    "spec",
    "t",
    "test",
    "testdata",
    "testing",
    "tests",
    "testsuite",
    "unit_tests",
];
/// How the names of files begin that tell people something.
const NAMES: [&str; 16] = [
    "authors",
    "changelog",
    "changes",
    "contributors",
    "copying",
    "copyright",
    "credits",
    "licence",
    "license",
    "maintainers",
    "news",
    "readme",
    "release",
    "thanks",
    "todo",
    "version",
];
/// Files that are about the repository, or tell a build service or an editor what to do with it.
const OF_THE_REPOSITORY: [&str; 14] = [
    ".appveyor.yml",
    ".cirrus.yml",
    ".clang-format",
    ".codecov.yml",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    ".gitlab-ci.yml",
    ".mailmap",
    ".mergify.yml",
    ".travis.yml",
    "appveyor.yml",
    "azure-pipelines.yml",
    "jenkinsfile",
];
/// How the names of texts and of translations end.
const ENDINGS: [&str; 11] = [
    ".md", ".rst", ".po", ".pot", ".adoc", ".docbook", ".1", ".3", ".5", ".7", ".8",
];

/// Whether a file is not part of what runs: tests, documentation, change logs, translations, what build services are told.
pub fn is_ancillary(path: &[u8]) -> bool {
    let as_written = String::from_utf8_lossy(path);
    let path = as_written.to_ascii_lowercase();
    let mut parts: Vec<&str> = path.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    let is_folder = |part: &&str| FOLDERS.contains(part) || part.ends_with("tests") || part.ends_with("_test");
    parts.iter().any(is_folder)
        || is_told(&as_written, name)
        || OF_THE_REPOSITORY.contains(&name)
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || is_test(name)
}

/// Whether it tells people something: `ChangeLog` and `README.source`, but not `version.c` nor `ReleaseGate.java`.
fn is_told(as_written: &str, name: &str) -> bool {
    let begin = as_written[as_written.len() - name.len()..]
        .split('.')
        .next()
        .unwrap_or_default();
    let is_text = !name.contains('.') || !begin.contains(|letter: char| letter.is_ascii_lowercase());
    is_text && NAMES.iter().any(|known| name.starts_with(known))
}

/// Whether it is a test: `check_test.go`, `test-check.c`, `check.spec.ts`.
fn is_test(name: &str) -> bool {
    let begin = name.split('.').next().unwrap_or_default();
    ["test_", "test-"].iter().any(|start| name.starts_with(start))
        || ["_test", "-test", "_tests", "_spec"]
            .iter()
            .any(|end| begin.ends_with(end))
        || [".test.", ".spec."].iter().any(|inside| name.contains(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_and_what_tests_does_not_run() {
        for path in [
            "NEWS",
            "ChangeLog",
            "doc/a.c",
            "README.source",
            "CHANGES.SE",
            "src/README.md",
            "a/named.8",
            "a/po/de.po",
            "src/a_test.go",
            "lib/test-b.c",
            "c/tests/d.c",
            "x/FooTests/e.java",
            "web/f.test.ts",
            "spec/g_spec.rb",
            "pkg/testdata/h.json",
            "debian/changelog",
            "VERSION",
            "LICENSE",
            ".mailmap",
            ".github/dependabot.yml",
            ".gitlab-ci.yml",
            "sub/.travis.yml",
            "ci/Jenkinsfile",
        ] {
            assert!(is_ancillary(path.as_bytes()), "{path}");
        }
        for path in [
            "src/version.c",
            "web/VersionStrategy.java",
            "api/versions.py",
            "src/changelog.h",
            "cmd/release.go",
            "build/release.yml",
            "app/news_controller.rb",
            "todo.js",
            "CMakeLists.txt",
            "web/templates/login.html",
            "etc/beans.xml",
            "licenses.go",
            "src/latest.c",
            "github/client.c",
            "src/travis.yml",
            "lib/protest/a.c",
            "",
        ] {
            assert!(!is_ancillary(path.as_bytes()), "{path}");
        }
    }
}

//! Which files are no part of what runs, by their names alone.

/// Folders of tests and of documentation.
const FOLDERS: [&str; 22] = [
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
/// Files that are about the repository.
const OF_THE_REPOSITORY: [&str; 5] = [
    ".clang-format",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    ".mailmap",
];
/// Folders of what forges and build services are told.
const OF_BUILDS: [&str; 4] = [".azure-pipelines", ".circleci", ".github", ".gitlab"];
/// Files in which they are told that.
const BUILDS: [&str; 9] = [
    ".appveyor.yml",
    ".cirrus.yml",
    ".codecov.yml",
    ".gitlab-ci.yml",
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
        || tells_builds(as_written.as_bytes())
}

/// Whether a file tells a forge or a build service what to do. It is part of no program, but may be what a change is about.
pub(crate) fn tells_builds(path: &[u8]) -> bool {
    let path = String::from_utf8_lossy(path).to_ascii_lowercase();
    let mut folders = path.split('/');
    let name = folders.next_back().unwrap_or_default();
    folders.any(|part| OF_BUILDS.contains(&part)) || BUILDS.contains(&name)
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

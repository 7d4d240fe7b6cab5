//! What a repository's commits say of themselves, read once, and kept in a file where somebody wants that.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Id};

/// What the first line of a kept index says; one that says something else is made anew.
const FORMAT: &str = "embargod-commits 8";

/// The facts of commits, one commit a line of the file.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    known: HashMap<Oid, Arc<Facts>>,
    file: Option<PathBuf>,
    /// What the file does not have yet.
    new: Vec<Oid>,
}

#[derive(Serialize, Deserialize)]
struct Line<F> {
    id: Id,
    #[serde(flatten)]
    facts: F,
}

impl Commits {
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let mut commits = Self {
            file: Some(path.to_owned()),
            ..Self::default()
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut lines = BufReader::new(&file);
        let (mut line, mut good) = (String::new(), 0);
        while let Ok(length) = lines.read_line(&mut line) {
            if !line.ends_with('\n') {
                break;
            }
            let first = good == 0;
            if first && line.trim_end() != FORMAT {
                break;
            }
            if !first {
                let Ok(Line { id, facts }) = serde_json::from_str::<Line<Facts>>(&line) else {
                    break;
                };
                commits.known.insert(id.0, Arc::new(facts));
            }
            good += length as u64;
            line.clear();
        }
        // A crash while it was written leaves half a line: it goes, and what it said is read again from the repository.
        file.set_len(good)?;
        if good == 0 {
            writeln!(&file, "{FORMAT}")?;
        }
        Ok(commits)
    }

    pub fn save(&mut self) -> std::io::Result<()> {
        let (Some(path), false) = (&self.file, self.new.is_empty()) else {
            return Ok(());
        };
        let mut text = Vec::new();
        for id in &self.new {
            if let Some(facts) = self.known.get(id) {
                serde_json::to_writer(
                    &mut text,
                    &Line {
                        id: Id(*id),
                        facts: &**facts,
                    },
                )?;
                text.push(b'\n');
            }
        }
        // At once, and only at the end: somebody else who writes there loses nothing.
        File::options().append(true).open(path)?.write_all(&text)?;
        self.new.clear();
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// What a commit says of itself.
    pub fn facts(&mut self, repository: &Repository, id: Oid) -> Result<Arc<Facts>, git2::Error> {
        if let Some(known) = self.known.get(&id) {
            return Ok(Arc::clone(known));
        }
        let objects = repository.odb()?;
        let object = objects.read(id)?;
        if object.kind() != ObjectType::Commit {
            return Err(git2::Error::from_str(&format!("{id} is no commit")));
        }
        let facts = Arc::new(Facts::of(object.data()));
        self.known.insert(id, Arc::clone(&facts));
        if self.file.is_some() {
            self.new.push(id);
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(repository: &Repository, message: &str) -> Oid {
        let person = git2::Signature::new("a", "A@example.org", &git2::Time::new(1_700_000_000, 0)).expect("a person");
        let tree = repository.treebuilder(None).expect("a tree").write().expect("written");
        let tree = repository.find_tree(tree).expect("there");
        repository
            .commit(None, &person, &person, message, &tree, &[])
            .expect("a commit")
    }

    #[test]
    fn what_was_kept_is_there_again_and_a_torn_end_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Repository::init_bare(folder.path().join("r.git")).expect("a repository");
        let (one, two) = (
            commit(&repository, "[x] One"),
            commit(&repository, "two\n\nthis reverts commit 0123456789"),
        );
        let path = folder.path().join("index");
        let mut index = Commits::open(&path).expect("begun");
        let facts = [one, two].map(|id| index.facts(&repository, id).expect("read"));
        assert_eq!(
            (facts[0].subject.as_str(), facts[0].author.as_str()),
            ("one", "a@example.org")
        );
        index.save().expect("written");
        let whole = std::fs::read(&path).expect("there");
        index.save().expect("nothing new");
        assert_eq!(std::fs::read(&path).expect("there"), whole);
        std::fs::write(&path, &whole[..whole.len() - 5]).expect("torn");
        let mut again = Commits::open(&path).expect("read");
        assert_eq!(again.len(), 1);
        assert_eq!([one, two].map(|id| again.facts(&repository, id).expect("read")), facts);
        again.save().expect("mended");
        assert_eq!(std::fs::read(&path).expect("there"), whole);
        std::fs::write(&path, "another format\n").expect("written");
        assert_eq!(Commits::open(&path).expect("begun anew").len(), 0);
    }
}

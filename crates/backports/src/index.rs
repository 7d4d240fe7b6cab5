//! What is kept from question to question about one repository.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use git2::Oid;
use hashbrown::HashMap;

use crate::commits::Commits;
use crate::fix::Change;
use crate::lines::Book;
use crate::names::{Named, Names};
use crate::white::White;

/// As many results of each kind as are kept; then all of the kind are forgotten and found again.
const MOST: usize = 50_000;

/// What the objects of a repository say, as far as somebody asked. Objects never change, so neither does this: a branch that
/// moves brings new ones, and what was found of the others still holds.
///
/// All of it lives in memory; what commits say of themselves is kept in a file as well ([`Index::open`]), because it takes
/// longest to read again. The file holds nothing that the repository does not: it can be deleted at any time, and a damaged end of
/// it is cut off. An index is for one repository.
pub struct Index {
    pub(crate) commits: RefCell<Commits>,
    pub(crate) plain: RefCell<Book>,
    pub(crate) indented: RefCell<Book>,
    pub(crate) exact: RefCell<Book>,
    /// What commits change.
    pub(crate) changes: Kept<Oid, [Change]>,
    /// The last names of all files below a folder.
    pub(crate) names: Kept<Oid, Names>,
    /// The files of a tree by their last name.
    pub(crate) named: Kept<(Oid, Vec<u8>), [Named]>,
    /// How a backport differs from a fix.
    pub(crate) range_diffs: Kept<(Oid, Oid), str>,
    /// Whether replaying the change from the first blob to the second on the third changes nothing.
    pub(crate) replays: Kept<(Oid, Oid, Oid), bool>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            commits: RefCell::default(),
            plain: RefCell::new(Book::new(White::Nothing)),
            indented: RefCell::new(Book::new(White::Indent)),
            exact: RefCell::new(Book::new(White::All)),
            changes: Kept::default(),
            names: Kept::default(),
            named: Kept::default(),
            range_diffs: Kept::default(),
            replays: Kept::default(),
        }
    }
}

impl Index {
    /// Reads the index that is kept in a file, or begins one there.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            commits: RefCell::new(Commits::open(path)?),
            ..Self::default()
        })
    }

    /// Writes what the file does not have yet. Does nothing for an index in memory.
    pub fn save(&self) -> std::io::Result<()> {
        self.commits.borrow_mut().save()
    }

    /// How many commits it knows.
    pub fn len(&self) -> usize {
        self.commits.borrow().len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Index of {} commits", self.len())
    }
}

/// Results by what they are about.
pub(crate) struct Kept<K, V: ?Sized>(RefCell<HashMap<K, Arc<V>>>);

impl<K, V: ?Sized> Default for Kept<K, V> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K: std::hash::Hash + Eq, V: ?Sized> Kept<K, V> {
    /// What is known of something, found now where it is not.
    pub fn get<E>(&self, about: K, find: impl FnOnce(&K) -> Result<Arc<V>, E>) -> Result<Arc<V>, E> {
        if let Some(known) = self.0.borrow().get(&about) {
            return Ok(Arc::clone(known));
        }
        // Finding may ask for more of the same kind: nothing is held meanwhile.
        let found = find(&about)?;
        let mut kept = self.0.borrow_mut();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(about, Arc::clone(&found));
        Ok(found)
    }
}

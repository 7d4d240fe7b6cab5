//! A repository beside what is known of it: what was read once is not read again.

use std::cell::{RefCell, RefMut};
use std::sync::Arc;

use git2::{Oid, Repository, Tree};
use hashbrown::HashMap;

use crate::error::EngineError;
use crate::facts::Facts;
use crate::fix::{Change, changes};
use crate::index::{Index, Kept};
use crate::lines::{Book, Page};
use crate::recent::Recent;
use crate::texts::{Text, Texts};
use crate::white::White;

/// As many different lines as are kept; a change to thousands of files must not fill the memory.
const MOST_LINES: usize = 500_000;

/// A repository, and what is known of it.
pub(crate) struct Shelf<'r> {
    /// The repository.
    pub repository: &'r Repository,
    /// What is known.
    pub index: &'r Index,
    texts: RefCell<Texts<'r>>,
    /// The last text of each file, by the white space that counts there.
    recent: RefCell<HashMap<White, Recent<Text<'r>>>>,
    /// The trees that were read: libgit2 forgets large ones at once.
    trees: Kept<Oid, Tree<'r>>,
}

impl<'r> Shelf<'r> {
    pub fn new(repository: &'r Repository, index: &'r Index) -> Self {
        Self {
            repository,
            index,
            texts: RefCell::default(),
            recent: RefCell::default(),
            trees: Kept::default(),
        }
    }

    /// Reads a tree.
    pub fn tree(&self, id: Oid) -> Result<Tree<'r>, git2::Error> {
        let read = |id: &Oid| self.repository.find_tree(*id).map(Arc::new);
        Ok(Tree::clone(&*self.trees.get(id, read)?))
    }

    /// The tree of a commit.
    pub fn tree_of(&self, commit: Oid) -> Result<Tree<'r>, git2::Error> {
        self.tree(self.repository.find_commit(commit)?.tree_id())
    }

    /// What a commit says of itself.
    pub fn facts(&self, commit: Oid) -> Result<Arc<Facts>, git2::Error> {
        self.index.commits.borrow_mut().facts(self.repository, commit)
    }

    /// What a commit changes.
    pub fn changes(&self, commit: Oid) -> Result<Arc<[Change]>, EngineError> {
        let find = |id: &Oid| Ok(changes(self, *id)?.into());
        self.index.changes.get(commit, find)
    }

    /// The book to compare states in, by the white space that counts there. Pages that were read before may be of an older
    /// book.
    pub fn book(&self, white: White) -> RefMut<'_, Book> {
        let index = self.index;
        let books = match white {
            White::Nothing => &index.plain,
            White::Indent => &index.indented,
            White::All => &index.exact,
        };
        let mut book = books.borrow_mut();
        if book.len() > MOST_LINES {
            *book = Book::new(white);
            self.recent.borrow_mut().remove(&white);
        }
        book
    }

    /// Reads a file's blob into a book; `None` where it is no text, or too large to be looked at line by line.
    pub fn page(&self, book: &mut Book, path: &[u8], id: Oid) -> Result<Option<Arc<Page>>, git2::Error> {
        if let Some(known) = book.page(id) {
            return Ok(Some(known));
        }
        let Some(text) = self.text(id)? else { return Ok(None) };
        let mut recent = self.recent.borrow_mut();
        let recent = recent.entry(book.white()).or_default();
        Ok(Some(book.read(recent, path, id, text)))
    }

    /// The bytes of a blob; `None` where it is no text, or too large to be looked at line by line.
    pub fn text(&self, id: Oid) -> Result<Option<Text<'r>>, git2::Error> {
        self.texts.borrow_mut().get(self.repository, id)
    }
}

//! What has been read of a repository while one question is answered, so that nothing is read twice.

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository};

use crate::facts::Facts;
use crate::index::Index;
use crate::lines::{Book, Page};

/// Blobs beyond this are compared by their ids alone, in bytes.
const LARGEST_TEXT: usize = 8 << 20;
/// As many different lines as are kept; a change to thousands of files must not fill the memory.
const MOST_LINES: usize = 500_000;

/// A repository, and the lines of its files as far as they have been read.
pub(crate) struct Shelf<'r> {
    /// The repository.
    pub repository: &'r Repository,
    index: &'r RefCell<Index>,
    plain: RefCell<Book>,
    exact: RefCell<Book>,
}

impl<'r> Shelf<'r> {
    pub fn new(repository: &'r Repository, index: &'r RefCell<Index>) -> Self {
        Self {
            repository,
            index,
            plain: RefCell::new(Book::new(false)),
            exact: RefCell::new(Book::new(true)),
        }
    }

    /// What a commit says of itself.
    pub fn facts(&self, commit: Oid) -> Result<Arc<Facts>, git2::Error> {
        self.index.borrow_mut().facts(self.repository, commit)
    }

    /// The book to compare states in: one in which white space counts, or one in which it does not. Pages that were read before
    /// may be of an older book.
    pub fn book(&self, exact: bool) -> RefMut<'_, Book> {
        let mut book = if exact { &self.exact } else { &self.plain }.borrow_mut();
        if book.len() > MOST_LINES {
            *book = Book::new(exact);
        }
        book
    }

    /// Reads a blob into a book; `None` where it is no text, or too large to be looked at line by line.
    pub fn page(&self, book: &mut Book, id: Oid) -> Result<Option<Rc<Page>>, git2::Error> {
        if let Some(known) = book.page(id) {
            return Ok(Some(known));
        }
        Ok(self.text(id)?.map(|text| book.read(id, &text)))
    }

    /// The bytes of a blob; `None` where it is no text, or too large to be looked at line by line.
    pub fn text(&self, id: Oid) -> Result<Option<Vec<u8>>, git2::Error> {
        let (size, kind) = self.repository.odb()?.read_header(id)?;
        if kind != ObjectType::Blob || size > LARGEST_TEXT {
            return Ok(None);
        }
        let blob = self.repository.find_blob(id)?;
        Ok((!blob.is_binary()).then(|| blob.content().to_vec()))
    }
}

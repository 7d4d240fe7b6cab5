//! A repository beside what is known of it: what was read once is not read again.

use std::cell::{RefCell, RefMut};
use std::sync::Arc;

use git2::{ObjectType, Oid, Repository, Tree};
use hashbrown::HashMap;

use crate::error::EngineError;
use crate::facts::Facts;
use crate::fix::{Change, changes};
use crate::index::{Index, Kept};
use crate::lines::{Book, Page};
use crate::white::White;

/// Blobs beyond this are compared by their ids alone, in bytes.
const LARGEST_TEXT: usize = 8 << 20;
/// So many bytes tell whether a blob is a text: as git has it, one with a zero among them is none.
const TELLING: usize = 8_000;
/// As many bytes of texts are kept while a question is answered, but for the last one.
const MOST_TEXT: usize = 32 << 20;
/// As many different lines as are kept; a change to thousands of files must not fill the memory.
const MOST_LINES: usize = 500_000;

/// A repository, and what is known of it.
pub(crate) struct Shelf<'r> {
    /// The repository.
    pub repository: &'r Repository,
    /// What is known.
    pub index: &'r Index,
    /// The texts that were read while this question is answered: most are needed again for what people are shown.
    texts: RefCell<Texts>,
    /// The trees that were read: libgit2 forgets large ones at once.
    trees: Kept<Oid, Tree<'r>>,
}

#[derive(Default)]
struct Texts {
    known: HashMap<Oid, Option<Arc<[u8]>>>,
    /// How many bytes they have in all.
    size: usize,
}

impl<'r> Shelf<'r> {
    pub fn new(repository: &'r Repository, index: &'r Index) -> Self {
        Self {
            repository,
            index,
            texts: RefCell::default(),
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
        }
        book
    }

    /// Reads a file's blob into a book; `None` where it is no text, or too large to be looked at line by line.
    pub fn page(&self, book: &mut Book, path: &[u8], id: Oid) -> Result<Option<Arc<Page>>, git2::Error> {
        if let Some(known) = book.page(id) {
            return Ok(Some(known));
        }
        Ok(self.text(id)?.map(|text| book.read(path, id, &text)))
    }

    /// The bytes of a blob; `None` where it is no text, or too large to be looked at line by line.
    pub fn text(&self, id: Oid) -> Result<Option<Arc<[u8]>>, git2::Error> {
        if let Some(known) = self.texts.borrow().known.get(&id) {
            return Ok(known.clone());
        }
        let text = self.read_text(id)?;
        let mut texts = self.texts.borrow_mut();
        if texts.size > MOST_TEXT {
            *texts = Texts::default();
        }
        texts.size += text.as_ref().map_or(0, |text| text.len());
        texts.known.insert(id, text.clone());
        Ok(text)
    }

    fn read_text(&self, id: Oid) -> Result<Option<Arc<[u8]>>, git2::Error> {
        let (size, kind) = self.repository.odb()?.read_header(id)?;
        if kind != ObjectType::Blob || size > LARGEST_TEXT {
            return Ok(None);
        }
        let blob = self.repository.find_blob(id)?;
        let content = blob.content();
        let is_binary = memchr::memchr(0, &content[..content.len().min(TELLING)]).is_some();
        Ok((!is_binary).then(|| content.into()))
    }
}

//! The texts of a repository, each read once while a question is answered.

use std::ops::Deref;
use std::rc::Rc;

use git2::{Blob, ObjectType, Oid, Repository};
use hashbrown::HashMap;

/// Blobs beyond this are compared by their ids alone, in bytes.
const LARGEST: usize = 8 << 20;
/// So many bytes tell whether a blob is a text: as git has it, one with a zero among them is none.
const TELLING: usize = 8_000;
/// As many bytes are kept, but for the last text.
const MOST: usize = 32 << 20;

/// The bytes of a text, where libgit2 has them: to copy each one would take as much memory once more.
#[derive(Clone)]
pub(crate) enum Text<'r> {
    /// A blob's.
    Blob(Rc<Blob<'r>>),
    /// Of what is no blob, and yet shown as a text.
    Written(Rc<[u8]>),
}

impl Deref for Text<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Blob(blob) => blob.content(),
            Self::Written(bytes) => bytes,
        }
    }
}

/// The texts that were read: most are needed again for what people are shown.
#[derive(Default)]
pub(crate) struct Texts<'r> {
    known: HashMap<Oid, Option<Text<'r>>>,
    /// How many bytes they have in all.
    size: usize,
}

impl<'r> Texts<'r> {
    /// The bytes of a blob; `None` where it is no text, or too large to be looked at line by line.
    pub fn get(&mut self, repository: &'r Repository, id: Oid) -> Result<Option<Text<'r>>, git2::Error> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let text = read(repository, id)?;
        if self.size > MOST {
            *self = Self::default();
        }
        self.size += text.as_ref().map_or(0, |text| text.len());
        self.known.insert(id, text.clone());
        Ok(text)
    }
}

fn read(repository: &Repository, id: Oid) -> Result<Option<Text<'_>>, git2::Error> {
    let (size, kind) = repository.odb()?.read_header(id)?;
    if kind != ObjectType::Blob || size > LARGEST {
        return Ok(None);
    }
    let blob = repository.find_blob(id)?;
    let content = blob.content();
    let is_binary = memchr::memchr(0, &content[..content.len().min(TELLING)]).is_some();
    Ok((!is_binary).then(|| Text::Blob(Rc::new(blob))))
}

//! What differs between two trees. libgit2's own comparison walks every folder of both; this one steps over equal folders.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

use git2::{DiffOptions, FileMode, ObjectType, Oid, Tree, TreeEntry};

use crate::fix::Entry;
use crate::shelf::Shelf;

/// A file before and after; nothing on the side where it is not there.
pub(crate) type Difference = (Option<Entry>, Option<Entry>);

/// The files that differ, in the order of their paths within each folder.
pub(crate) fn differences(
    shelf: &Shelf<'_>,
    before: Option<&Tree<'_>>,
    after: Option<&Tree<'_>>,
) -> Result<Vec<Difference>, git2::Error> {
    let mut found = Vec::new();
    folder(shelf, before, after, b"", &mut found)?;
    Ok(found)
}

/// Options with which libgit2 compares these files and walks no other folder.
pub(crate) fn only(found: &[Difference]) -> DiffOptions {
    let mut options = DiffOptions::new();
    options.disable_pathspec_match(true);
    for (old, new) in found {
        if let Some(entry) = old.as_ref().or(new.as_ref()) {
            options.pathspec(entry.path.as_slice());
        }
    }
    options
}

/// What a name is in a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
struct There {
    id: Oid,
    mode: FileMode,
}

impl There {
    fn of(entry: &TreeEntry<'_>) -> Self {
        Self {
            id: entry.id(),
            mode: mode(entry.filemode()),
        }
    }
}

fn there(tree: Option<&Tree<'_>>, name: &[u8]) -> Option<There> {
    Some(There::of(&tree?.get_name_bytes(name)?))
}

fn mode(raw: i32) -> FileMode {
    match raw {
        raw if raw == i32::from(FileMode::Tree) => FileMode::Tree,
        raw if raw == i32::from(FileMode::BlobExecutable) => FileMode::BlobExecutable,
        raw if raw == i32::from(FileMode::Link) => FileMode::Link,
        raw if raw == i32::from(FileMode::Commit) => FileMode::Commit,
        // Old trees have other modes for plain files; git takes them for this one.
        _ => FileMode::Blob,
    }
}

fn folder(
    shelf: &Shelf<'_>,
    before: Option<&Tree<'_>>,
    after: Option<&Tree<'_>>,
    path: &[u8],
    found: &mut Vec<Difference>,
) -> Result<(), git2::Error> {
    for entry in before.iter().flat_map(|before| before.iter()) {
        let name = entry.name_bytes();
        let sides = [Some(There::of(&entry)), there(after, name)];
        entries(shelf, sides, (path, name), found)?;
    }
    for entry in after.iter().flat_map(|after| after.iter()) {
        let name = entry.name_bytes();
        if there(before, name).is_none() {
            entries(shelf, [None, Some(There::of(&entry))], (path, name), found)?;
        }
    }
    Ok(())
}

/// The files that differ of what one name is in two folders.
fn entries(
    shelf: &Shelf<'_>,
    sides: [Option<There>; 2],
    (path, name): (&[u8], &[u8]),
    found: &mut Vec<Difference>,
) -> Result<(), git2::Error> {
    if sides[0] == sides[1] {
        return Ok(());
    }
    let path = [path, name].concat();
    let tree = |side: Option<There>| match side {
        Some(There {
            id,
            mode: FileMode::Tree,
        }) => shelf.tree(id).map(Some),
        _ => Ok(None),
    };
    let (old, new) = (tree(sides[0])?, tree(sides[1])?);
    if old.is_some() || new.is_some() {
        let inside = [&path, b"/".as_slice()].concat();
        folder(shelf, old.as_ref(), new.as_ref(), &inside, found)?;
    }
    let [old, new] = sides.map(|side| {
        side.filter(|side| side.mode != FileMode::Tree)
            .map(|There { id, mode }| Entry {
                path: path.clone(),
                id,
                mode,
            })
    });
    if old.is_some() || new.is_some() {
        found.push((old, new));
    }
    Ok(())
}

/// A file somewhere below a tree: its path from there, and its blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub path: Vec<u8>,
    pub id: Oid,
}

/// The names of the files below a folder, each as one of a thousand bits: enough to step over most folders, and as much memory for a
/// large one as for a small one.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Names([u64; 16]);

impl Names {
    fn add(&mut self, name: &[u8]) {
        let (word, bit) = Self::place(name);
        self.0[word] |= bit;
    }

    fn add_all(&mut self, others: &Self) {
        for (word, other) in self.0.iter_mut().zip(others.0) {
            *word |= other;
        }
    }

    fn may_have(&self, name: &[u8]) -> bool {
        let (word, bit) = Self::place(name);
        self.0[word] & bit != 0
    }

    fn place(name: &[u8]) -> (usize, u64) {
        let mut hasher = DefaultHasher::new();
        hasher.write(name);
        let number = hasher.finish();
        ((number % 16) as usize, 1 << (number / 16 % 64))
    }
}

/// The files below a tree that have a name. A folder that cannot be read has no files here: the fix is then not found in it,
/// which is the safe side.
pub(crate) fn named_below(shelf: &Shelf<'_>, tree: &Tree<'_>, name: &[u8]) -> Arc<[Named]> {
    let find = |_: &(Oid, Vec<u8>)| {
        let mut found = Vec::new();
        find_below(shelf, tree, name, b"", &mut found);
        Ok::<_, Infallible>(found.into())
    };
    let Ok(found) = shelf.index.named.get((tree.id(), name.to_vec()), find);
    found
}

fn find_below(shelf: &Shelf<'_>, tree: &Tree<'_>, name: &[u8], path: &[u8], found: &mut Vec<Named>) {
    if !names_below(shelf, tree).may_have(name) {
        return;
    }
    for entry in tree {
        match entry.kind() {
            Some(ObjectType::Blob) if entry.name_bytes() == name => found.push(Named {
                path: [path, name].concat(),
                id: entry.id(),
            }),
            Some(ObjectType::Tree) => {
                if let Ok(inner) = shelf.tree(entry.id()) {
                    find_below(shelf, &inner, name, &[path, entry.name_bytes(), b"/"].concat(), found);
                }
            }
            _ => {}
        }
    }
}

fn names_below(shelf: &Shelf<'_>, tree: &Tree<'_>) -> Arc<Names> {
    let gather = |_: &Oid| {
        let mut names = Names::default();
        for entry in tree {
            match entry.kind() {
                Some(ObjectType::Blob) => names.add(entry.name_bytes()),
                Some(ObjectType::Tree) => {
                    if let Ok(inner) = shelf.tree(entry.id()) {
                        names.add_all(&names_below(shelf, &inner));
                    }
                }
                _ => {}
            }
        }
        Ok::<_, Infallible>(Arc::new(names))
    };
    let Ok(names) = shelf.index.names.get(tree.id(), gather);
    names
}

//! What differs between two trees. libgit2's own comparison walks every folder of both; this one steps over equal folders.

use std::convert::Infallible;
use std::sync::Arc;

use git2::{DiffOptions, FileMode, ObjectType, Oid, Repository, Tree};

use crate::fix::Entry;
use crate::shelf::Shelf;

/// A file before and after; nothing on the side where it is not there.
pub(crate) type Difference = (Option<Entry>, Option<Entry>);

/// The files that differ, in the order of their paths within each folder.
pub(crate) fn differences(
    repository: &Repository,
    before: Option<&Tree<'_>>,
    after: Option<&Tree<'_>>,
) -> Result<Vec<Difference>, git2::Error> {
    let mut found = Vec::new();
    folder(repository, before, after, b"", &mut found)?;
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

fn there(tree: Option<&Tree<'_>>, name: &[u8]) -> Option<There> {
    let entry = tree?.get_name_bytes(name)?;
    Some(There {
        id: entry.id(),
        mode: mode(entry.filemode()),
    })
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
    repository: &Repository,
    before: Option<&Tree<'_>>,
    after: Option<&Tree<'_>>,
    path: &[u8],
    found: &mut Vec<Difference>,
) -> Result<(), git2::Error> {
    let names = |tree: &Tree<'_>| -> Vec<Vec<u8>> { tree.iter().map(|entry| entry.name_bytes().to_vec()).collect() };
    let mut all: Vec<Vec<u8>> = before.map(names).unwrap_or_default();
    if let Some(after) = after {
        let is_new = |name: &Vec<u8>| before.is_none_or(|before| before.get_name_bytes(name).is_none());
        all.extend(names(after).into_iter().filter(is_new));
    }
    for name in all {
        let (old, new) = (there(before, &name), there(after, &name));
        if old == new {
            continue;
        }
        let path = [path, &name].concat();
        let tree = |there: Option<There>| match there {
            Some(There {
                id,
                mode: FileMode::Tree,
            }) => repository.find_tree(id).map(Some),
            _ => Ok(None),
        };
        let (old_tree, new_tree) = (tree(old)?, tree(new)?);
        if old_tree.is_some() || new_tree.is_some() {
            let inside = [&path, b"/".as_slice()].concat();
            folder(repository, old_tree.as_ref(), new_tree.as_ref(), &inside, found)?;
        }
        let file = |there: Option<There>| {
            there.filter(|there| there.mode != FileMode::Tree).map(|there| Entry {
                path: path.clone(),
                id: there.id,
                mode: there.mode,
            })
        };
        let (old, new) = (file(old), file(new));
        if old.is_some() || new.is_some() {
            found.push((old, new));
        }
    }
    Ok(())
}

/// A file somewhere below a tree: its path from there, and its blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub path: Vec<u8>,
    pub id: Oid,
}

/// The files below a tree that have a name. A folder that cannot be read has no files here: the fix is then not found in it,
/// which is the safe side.
pub(crate) fn named_below(shelf: &Shelf<'_>, tree: &Tree<'_>, name: &[u8]) -> Arc<[Named]> {
    let find = |_: &(Oid, Vec<u8>)| {
        let mut found = Vec::new();
        for entry in tree {
            match entry.kind() {
                Some(ObjectType::Blob) if entry.name_bytes() == name => found.push(Named {
                    path: name.to_vec(),
                    id: entry.id(),
                }),
                Some(ObjectType::Tree) => {
                    let Ok(inner) = shelf.repository.find_tree(entry.id()) else {
                        continue;
                    };
                    let below = named_below(shelf, &inner, name);
                    found.extend(below.iter().map(|Named { path, id }| Named {
                        path: [entry.name_bytes(), b"/", path].concat(),
                        id: *id,
                    }));
                }
                _ => {}
            }
        }
        Ok::<_, Infallible>(found.into())
    };
    let Ok(found) = shelf.index.named.get((tree.id(), name.to_vec()), find);
    found
}

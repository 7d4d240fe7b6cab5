//! What differs between two trees. libgit2's own comparison walks every folder of both; this one steps over equal folders.

use git2::{DiffOptions, FileMode, ObjectType, Oid, Repository, Tree};

use crate::fix::Entry;

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
struct Named {
    id: Oid,
    mode: FileMode,
}

fn named(tree: Option<&Tree<'_>>, name: &[u8]) -> Option<Named> {
    let entry = tree?.get_name_bytes(name)?;
    Some(Named {
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
        let (old, new) = (named(before, &name), named(after, &name));
        if old == new {
            continue;
        }
        let path = [path, &name].concat();
        let tree = |named: Option<Named>| match named {
            Some(Named {
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
        let file = |named: Option<Named>| {
            named.filter(|named| named.mode != FileMode::Tree).map(|named| Entry {
                path: path.clone(),
                id: named.id,
                mode: named.mode,
            })
        };
        let (old, new) = (file(old), file(new));
        if old.is_some() || new.is_some() {
            found.push((old, new));
        }
    }
    Ok(())
}

/// The files of a tree by their last name: where each is, and its blob.
pub(crate) type Files = std::collections::BTreeMap<Vec<u8>, Vec<(Vec<u8>, Oid)>>;

/// A folder that cannot be read has no files here: the fix is then not found in it, which is the safe side.
pub(crate) fn gather(repository: &Repository, tree: &Tree<'_>, folder: &[u8], all: &mut Files) {
    for entry in tree {
        let path = [folder, entry.name_bytes()].concat();
        match entry.kind() {
            Some(ObjectType::Blob) => all
                .entry(entry.name_bytes().to_vec())
                .or_default()
                .push((path, entry.id())),
            Some(ObjectType::Tree) => {
                if let Ok(tree) = repository.find_tree(entry.id()) {
                    gather(repository, &tree, &[&path, b"/".as_slice()].concat(), all);
                }
            }
            _ => {}
        }
    }
}

//! What differs between two trees. libgit2's own comparison walks every folder of both; this one steps over equal folders.

use git2::{DiffOptions, FileMode, Oid, Tree, TreeEntry};

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

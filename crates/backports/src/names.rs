//! Where below a tree files of a name are, found without a look at most of its folders.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

use git2::{ObjectType, Oid, Tree};

use crate::shelf::Shelf;

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

/// Finds them in a folder at a path that may have one.
fn find_below(shelf: &Shelf<'_>, tree: &Tree<'_>, name: &[u8], path: &[u8], found: &mut Vec<Named>) {
    for entry in tree {
        match entry.kind() {
            Some(ObjectType::Blob) if entry.name_bytes() == name => found.push(Named {
                path: [path, name].concat(),
                id: entry.id(),
            }),
            Some(ObjectType::Tree) => {
                if let Ok(inner) = shelf.tree(entry.id())
                    && names_below(shelf, &inner).may_have(name)
                {
                    find_below(shelf, &inner, name, &[path, entry.name_bytes(), b"/"].concat(), found);
                }
            }
            _ => {}
        }
    }
}

/// The names of the files below a folder.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_were_added_may_be_there_and_most_others_are_not() {
        let of = |names: std::ops::Range<usize>| {
            let mut all = Names::default();
            names.for_each(|number| all.add(format!("{number}.c").as_bytes()));
            all
        };
        let mut names = of(0..20);
        names.add_all(&of(20..40));
        let there = (0..1000).filter(|number| names.may_have(format!("{number}.c").as_bytes()));
        let there: Vec<_> = there.collect();
        assert!(there.iter().take(40).copied().eq(0..40));
        assert!(there.len() < 120, "{}", there.len());
        assert_eq!(of(0..40), names);
    }
}

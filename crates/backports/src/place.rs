//! Where a file of the fix is at the tip: under its own name, under its old one, or moved.

use git2::{FileMode, ObjectType, Oid, Tree};
use hashbrown::HashSet;

use crate::fix::{Change, Entry};
use crate::names::{Named, named_below};
use crate::shelf::Shelf;
use crate::wording::Effort;

/// As many links in a row are followed.
const MOST_LINKS: usize = 8;
/// As many files that backports change are asked whether they are one of the fix under another name.
const MOST_CARRIED: usize = 40;

/// A file of the tip that may be the one that a fix changes.
pub(crate) struct Candidate {
    pub path: Vec<u8>,
    pub id: Oid,
    /// Whether it has the very name that the fix knows it by; otherwise its content must show that it is the one.
    pub is_named: bool,
}

/// The tip's tree.
pub(crate) struct Place<'s, 'r> {
    /// Where its files are read.
    pub shelf: &'s Shelf<'r>,
    /// How much may be spent on likening its lines to those of a fix.
    pub effort: Effort,
    /// See [`Place::note_carried`].
    pub carried: Vec<Vec<u8>>,
    tree: Tree<'r>,
}

impl<'s, 'r> Place<'s, 'r> {
    pub fn new(shelf: &'s Shelf<'r>, tree: Tree<'r>) -> Self {
        Self {
            shelf,
            effort: Effort::default(),
            carried: Vec::new(),
            tree,
        }
    }

    /// A tree in which nobody asks about other words.
    pub fn word_by_word(shelf: &'s Shelf<'r>, tree: Tree<'r>) -> Self {
        Self {
            effort: Effort::none(),
            ..Self::new(shelf, tree)
        }
    }

    /// What is at a path, and its mode.
    pub fn at(&self, path: &[u8]) -> Option<(Oid, i32)> {
        self.within(&self.tree, path)
    }

    fn within(&self, tree: &Tree<'_>, path: &[u8]) -> Option<(Oid, i32)> {
        // Step by step, because names are bytes and not every system's paths are.
        let mut tree = tree.clone();
        let mut parts = path.split(|byte| *byte == b'/').peekable();
        while let Some(part) = parts.next() {
            let (id, mode) = tree.get_name_bytes(part).map(|entry| (entry.id(), entry.filemode()))?;
            if parts.peek().is_none() {
                return Some((id, mode));
            }
            tree = self.shelf.tree(id).ok()?;
        }
        None
    }

    /// The files that may be the one that the fix changes, the likeliest first.
    pub fn candidates(&self, change: &Change, last: Option<&Entry>) -> Vec<Candidate> {
        let sides = [last, change.new.as_ref(), change.old.as_ref()];
        if let Some(own) = sides.into_iter().flatten().find_map(|entry| self.under_its_name(entry)) {
            let (path, id) = own;
            return vec![Candidate {
                path,
                id,
                is_named: true,
            }];
        }
        let named = named_below(self.shelf, &self.tree, base_name(change.path()));
        let mut found = self.unless_others(&named, change);
        found.sort_by_key(|(path, _)| std::cmp::Reverse(agreement(path, change.path())));
        found.truncate(8);
        if found.is_empty() {
            found = self.neighbours(change);
        }
        for file in self.stand_ins(change) {
            if !found.contains(&file) {
                found.push(file);
            }
        }
        let candidate = |(path, id)| Candidate {
            path,
            id,
            is_named: false,
        };
        found.into_iter().map(candidate).collect()
    }

    /// Takes note of files that are changed by those who say to carry a fix, where the main branch does not have them: one of them may
    /// be a file of the fix under another name.
    pub fn note_carried(&mut self, fix: &[Change], carried: &[Change]) {
        let Some(main) = fix.first().and_then(|change| self.shelf.tree(change.tree).ok()) else {
            return;
        };
        for path in carried.iter().map(Change::path) {
            if self.carried.len() == MOST_CARRIED {
                break;
            }
            if !self.carried.iter().any(|known| known == path) && self.within(&main, path).is_none() {
                self.carried.push(path.to_vec());
            }
        }
    }

    /// Those of the files that backports change that are here and may be the one that a fix changes.
    fn stand_ins(&self, change: &Change) -> Vec<(Vec<u8>, Oid)> {
        if change.old.is_none() || change.new.is_none() {
            return Vec::new();
        }
        let here = |path: &Vec<u8>| Some((path.clone(), self.at(path).filter(|(_, mode)| is_plain(*mode))?.0));
        self.carried.iter().filter_map(here).collect()
    }

    /// Those of the files of the same name that are no other file of the main branch: what is at that very path there, or more
    /// like the path of another file there, is that one and not this one moved.
    fn unless_others(&self, named: &[Named], change: &Change) -> Vec<(Vec<u8>, Oid)> {
        if named.is_empty() {
            return Vec::new();
        }
        let main = self.shelf.tree(change.tree).ok();
        let on_main = main.map(|main| named_below(self.shelf, &main, base_name(change.path())));
        let on_main = || {
            on_main
                .iter()
                .flat_map(|files| files.iter())
                .map(|file| file.path.as_slice())
        };
        let (paths, all_ends): (HashSet<_>, HashSet<_>) = (on_main().collect(), on_main().flat_map(ends).collect());
        let is_other = |path: &[u8]| {
            let longer = ends(path).nth(agreement(path, change.path()));
            paths.contains(path) || longer.is_some_and(|end| all_ends.contains(end))
        };
        let own = named.iter().filter(|file| !is_other(&file.path));
        own.map(|file| (file.path.clone(), file.id)).collect()
    }

    /// What is at the path of a file, or where a link there leads: a branch may keep the file elsewhere.
    fn under_its_name(&self, entry: &Entry) -> Option<(Vec<u8>, Oid)> {
        let mut path = entry.path.clone();
        for _ in 0..=MOST_LINKS {
            let (id, mode) = self.at(&path)?;
            if mode != i32::from(FileMode::Link) || entry.mode == FileMode::Link {
                return Some((path, id));
            }
            let target = self.shelf.text(id).ok()??;
            path = leads_to(&path, &target)?;
        }
        None
    }

    /// Files in the same folder under a name that the main branch does not have there: one of them may be the file before or
    /// after it was renamed. The caller judges by content.
    fn neighbours(&self, change: &Change) -> Vec<(Vec<u8>, Oid)> {
        let path = change.path();
        let Some(end) = path.iter().rposition(|byte| *byte == b'/') else {
            return Vec::new();
        };
        let (folder, name) = path.split_at(end + 1);
        let ending = |name: &[u8]| name.rsplit(|byte| *byte == b'.').next().map(<[u8]>::to_vec);
        let inside = |tree: &Tree<'_>| {
            let (id, _) = self.within(tree, &folder[..end])?;
            self.shelf.tree(id).ok()
        };
        let Some(tree) = inside(&self.tree) else {
            return Vec::new();
        };
        let main = self.shelf.tree(change.tree).ok().and_then(|tree| inside(&tree));
        let blobs = tree.iter().filter(|entry| entry.kind() == Some(ObjectType::Blob));
        let alike = blobs.filter(|entry| ending(entry.name_bytes()) == ending(name));
        let known = |name: &[u8]| main.as_ref().is_some_and(|main| main.get_name_bytes(name).is_some());
        alike
            .filter(|entry| !known(entry.name_bytes()))
            .map(|entry| ([folder, entry.name_bytes()].concat(), entry.id()))
            .take(40)
            .collect()
    }
}

/// Where a link leads, as a path of the same tree; nothing where it leads out of it.
fn leads_to(link: &[u8], target: &[u8]) -> Option<Vec<u8>> {
    let mut parts: Vec<&[u8]> = link.split(|byte| *byte == b'/').collect();
    parts.pop();
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"." => {}
            b".." => {
                parts.pop()?;
            }
            // An absolute path begins with an empty part.
            b"" => return None,
            name => parts.push(name),
        }
    }
    Some(parts.join(&b'/'))
}

/// The ends of a path at whole parts, the shortest first: `c`, `b/c`, `a/b/c`.
fn ends(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = memchr::memrchr_iter(b'/', path).map(|slash| slash + 1);
    starts.chain([0]).map(|start| &path[start..])
}

/// In how many parts, counted from the end, two paths agree: the more, the likelier they are one file.
fn agreement(one: &[u8], other: &[u8]) -> usize {
    let (one, other) = (one.rsplit(|byte| *byte == b'/'), other.rsplit(|byte| *byte == b'/'));
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Whether a mode is that of a file that is no link and no submodule.
pub(crate) fn is_plain(mode: i32) -> bool {
    [FileMode::Blob, FileMode::BlobExecutable]
        .map(i32::from)
        .contains(&mode)
}

pub(crate) fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_agree_from_their_ends() {
        let path = b"a/b/c".as_slice();
        assert_eq!(ends(path).collect::<Vec<_>>(), [&b"c"[..], b"b/c", b"a/b/c"]);
        for (other, parts) in [("x/b/c", 2), ("b/c", 2), ("bb/c", 1), ("a/b", 0)] {
            assert_eq!(agreement(path, other.as_bytes()), parts, "{other}");
        }
    }

    #[test]
    fn a_link_leads_to_a_path_of_the_same_tree_or_nowhere() {
        let leads = |link: &str, target: &str| {
            let path = leads_to(link.as_bytes(), target.as_bytes())?;
            Some(String::from_utf8(path).expect("as it was given"))
        };
        assert_eq!(leads("a/b/c", "../d").as_deref(), Some("a/d"));
        assert_eq!(leads("a/c", "./x/../../d").as_deref(), Some("d"));
        assert_eq!(leads("c", "d/e").as_deref(), Some("d/e"));
        for (link, target) in [("c", "../d"), ("a/c", "../../d"), ("a/c", "/d"), ("c", "")] {
            assert_eq!(leads(link, target), None, "{link} to {target}");
        }
    }
}

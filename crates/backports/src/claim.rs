//! A commit that claims to be the backport, held against the fix and against the tip.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use git2::Oid;

use crate::content::{Finding, State};
use crate::edit::Edit;
use crate::error::EngineError;
use crate::files::{FileFinding, find_changes, lines_of};
use crate::fix::Change;
use crate::history::Claim;
use crate::moved::taken_away;
use crate::own::Own;
use crate::place::{Place, base_name};
use crate::reworded::reworded;
use crate::series::Outcome;
use crate::shelf::Shelf;
use crate::since::Since;
use crate::sum::Scope;
use crate::wording::Wording;

/// How near to a block of the claim a block of the fix must be to be explained by it, in lines.
const NEAR: usize = 30;
/// The same where the state before the fix stands, or nearly: it must be changed almost there.
const ADJACENT: usize = 8;
/// The same where lines that the fix removes are still there.
const TOUCHING: usize = 2;

/// The lines that a commit adds to a file and removes from it.
#[derive(Default)]
struct Touched {
    adds: HashSet<u64>,
    removes: HashSet<u64>,
}

/// A claim with what its content says.
pub(crate) struct Examined {
    pub id: Oid,
    pub claim: Claim,
    /// The commit that says that it reverts this one, unless that was reverted too.
    pub reverted_by: Option<Oid>,
    lines: BTreeMap<Vec<u8>, Touched>,
    /// Where it changes its files.
    blocks: BTreeMap<Vec<u8>, Vec<Own>>,
    changes: Arc<[Change]>,
    /// What its own tree says of the fix.
    pub there: Vec<FileFinding>,
    /// What became of its own change.
    pub since: Since,
    /// Blocks of the fix, by their files and lines, that it does not bring as they are and of which it does the same word by word,
    /// with what that is.
    reworded: HashMap<(usize, usize), Edit>,
    /// See [`taken_away`].
    taken_away: HashSet<usize>,
    /// See [`Own::too_few`].
    too_few: HashSet<u64>,
    /// The share of the fix's lines that it changes too.
    pub cover: f64,
    /// The share of them that are in blocks which it brings in other words, beyond those.
    pub in_words: f64,
    /// The share of the fix's lines that it changes the other way.
    pub opposes: f64,
    /// Whether it changes exactly the fix's lines.
    pub same_lines: bool,
    /// Whether it does so within the same surroundings in the same files, as an equal patch id says.
    pub same_patch: bool,
}

impl Examined {
    pub fn examine(
        shelf: &Shelf<'_>,
        (id, claim): (Oid, Claim),
        reverted_by: Option<Oid>,
        (fix, outcome): (&[Change], &Outcome),
        at_tip: &[FileFinding],
        (tip, place): (Oid, &mut Place<'_, '_>),
    ) -> Result<Self, EngineError> {
        let changes = shelf.changes(id)?;
        let mut own_place = Place::word_by_word(shelf, shelf.tree_of(id)?);
        own_place.carried.clone_from(&place.carried);
        let (mut lines, mut blocks) = (BTreeMap::new(), BTreeMap::new());
        let own = find_changes(&mut own_place, &changes, &Outcome::default())?;
        for finding in &own {
            let mut touched = Touched::default();
            for block in &finding.blocks {
                touched.adds.extend(&block.adds);
                touched.removes.extend(&block.removes);
            }
            lines.insert(finding.path.clone(), touched);
            let places = finding.blocks.iter().map(Own::of);
            blocks.insert(finding.path.clone(), places.collect::<Vec<_>>());
        }
        let there = if id == tip {
            at_tip.to_vec()
        } else {
            find_changes(&mut own_place, fix, &Outcome::default())?
        };
        for ((change, file), at_tip) in fix.iter().zip(&there).zip(at_tip) {
            let Some(own) = file.at.as_ref().and_then(|at| blocks.get_mut(at)) else {
                continue;
            };
            Own::account_for(own, &file.blocks);
            let asks_about_others = |block: &Finding| block.was_left_alone() || block.is_half_gone();
            if own.iter().any(Own::does_something) && at_tip.blocks.iter().any(asks_about_others) {
                Own::note_other_lines(own, &lines_of(shelf, change)?);
            }
        }
        let reworded = reworded(claim, &there, &blocks);
        let taken_away = taken_away(&there, &own);
        let of_branch = there.iter().filter(|file| file.at.is_some());
        let too_few = Own::too_few(blocks.values().flatten(), of_branch.flat_map(|file| &file.blocks));
        let since = if id == tip {
            Since::at_tip(&own)
        } else {
            Since::at(place, &changes, (fix, outcome), &there, &reworded)?
        };
        let mut examined = Self {
            id,
            claim,
            reverted_by,
            lines,
            blocks,
            changes,
            there,
            since,
            reworded,
            taken_away,
            too_few,
            cover: 0.0,
            in_words: 0.0,
            opposes: 0.0,
            same_lines: false,
            same_patch: patch(&own) == patch(at_tip),
        };
        (examined.cover, examined.in_words, examined.opposes) = examined.covers(at_tip);
        examined.same_lines = examined.cover == 1.0 && examined.size() == size(at_tip);
        Ok(examined)
    }

    fn size(&self) -> usize {
        self.lines
            .values()
            .map(|file| file.adds.len() + file.removes.len())
            .sum()
    }

    fn covers(&self, fix: &[FileFinding]) -> (f64, f64, f64) {
        let scope = Scope::of(fix);
        let files = fix.iter().enumerate().filter(|(_, file)| scope.has(file));
        let blocks = files.flat_map(|(number, file)| file.blocks.iter().map(move |block| (number, block)));
        let (mut all, mut with, mut in_words, mut against) = (0_usize, 0_usize, 0_usize, 0_usize);
        for (file, block) in blocks {
            let (lines, shared) = (block.adds.len() + block.removes.len(), self.shared(block));
            all += lines;
            with += shared;
            if self.reworded.contains_key(&(file, block.line)) {
                in_words += lines.saturating_sub(shared);
            }
            let (adds, removes) = (&block.adds, &block.removes);
            against += count(adds, self.lines.values().map(|file| &file.removes));
            against += count(removes, self.lines.values().map(|file| &file.adds));
        }
        let share = |lines: usize| lines as f64 / all.max(1) as f64;
        (share(with), share(in_words), share(against))
    }

    /// How many lines of a block it changes in the same way, in any file.
    fn shared(&self, block: &Finding) -> usize {
        count(&block.adds, self.lines.values().map(|file| &file.adds))
            + count(&block.removes, self.lines.values().map(|file| &file.removes))
    }

    /// Whether what it does has to do with the fix.
    pub fn related(&self) -> bool {
        if self.claim.same && !self.claim.of_merged {
            return true;
        }
        // A revert changes the same lines the other way. A change that moves lines does both, and so does its revert: then the
        // subject tells.
        let like = self.cover + self.in_words;
        if self.opposes > like || (self.opposes == like && !self.claim.subject) {
            return false;
        }
        match (self.claim.trailer, self.claim.author, self.claim.subject) {
            (true, true, _) | (true, _, true) | (_, true, true) => like > 0.0,
            (true, false, false) | (false, true, false) => like >= 0.3,
            _ => like >= 0.5,
        }
    }

    /// Whether it is a message and no more.
    pub fn changes_nothing(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether it says to be the backport and changes something, but in lines and words of which the fix has none.
    pub fn does_something_else(&self) -> bool {
        (self.claim.is_strong() || self.claim.trailer)
            && self.opposes == 0.0
            && !self.related()
            && self.reverted_by.is_none()
            && self.since.stands()
    }

    /// Whether a block of the fix that the tip does not show as it is was adapted here: the claim does the same elsewhere,
    /// or something else at the same place.
    pub fn explains(&self, file: usize, finding: &Finding) -> bool {
        let Some(there) = self.there.get(file) else {
            return false;
        };
        if let Some(edit) = self.reworded.get(&(file, finding.line))
            && finding.state != State::Lacking
        {
            // What is there in much the words of the state before it was not changed, whatever was elsewhere.
            let is_older = finding.is_reworded() || finding.wording != Wording::Other && !self.touches(file);
            // Numbers and signs alone must come and go in a line that is much like the fix's.
            if !is_older && (edit.has_names || finding.wording == Wording::Like) {
                return true;
            }
        }
        let Some(at) = &there.at else {
            // The branch has no such file: what it does may have been done elsewhere, for two of them at once.
            return Own::do_half(self.blocks.values().flatten(), finding, &HashSet::new());
        };
        let (Some(block), Some(own)) = (there.block(finding.line), self.blocks.get(at)) else {
            return false;
        };
        if block.state == State::InEffect {
            // It was in effect there and no longer is: that is no adaptation.
            return false;
        }
        let others_near = |place: usize, by: usize| own.iter().any(|own| own.does_other_near(place, by));
        let near = |place: usize, by: usize| match finding.was_left_alone() {
            // The very lines before the fix stand there: lines of the fix near by are no other way to do it.
            true => others_near(place, by),
            false => own.iter().any(|own| own.is_near(place, by)),
        };
        let lacking = finding.state == State::Lacking;
        match block.place {
            // Likewise, unless all that the fix does was done and its lines are only told apart in another way.
            place if finding.is_half_gone() && self.cover < 1.0 => {
                place.is_some_and(|place| others_near(place, ADJACENT))
            }
            _ if Own::do_half(own.iter(), finding, &self.too_few) => true,
            Some(place) if lacking && finding.kept.0 > 0 => near(place, TOUCHING),
            Some(place) if lacking || finding.is_reworded() => near(place, ADJACENT),
            Some(place) => near(place, NEAR),
            // Nothing there is as on the main branch; who carried the fix changed this file in its name.
            None => self.claim.is_strong() && !finding.was_left_alone(),
        }
    }

    /// Whether a block of the fix was in effect after it, and lines that the fix removes are back since.
    pub fn lost(&self, file: usize, finding: &Finding) -> bool {
        let there = self.there.get(file).and_then(|file| file.block(finding.line));
        there.is_some_and(|there| there.state == State::InEffect && finding.kept.0 > there.kept.0)
    }

    /// Whether it brings most of the lines that these blocks of the fix bring, wherever, or does in other words what one of them does.
    pub fn brings_much<'f>(&self, blocks: impl Iterator<Item = &'f Finding>) -> bool {
        let (mut all, mut brought) = (0, 0);
        for block in blocks {
            all += block.adds.len();
            brought += count(&block.adds, self.lines.values().map(|file| &file.adds));
        }
        brought * 2 > all || !self.reworded.is_empty()
    }

    /// Whether it takes away a line of a file that the fix takes elsewhere.
    pub fn only_takes_away(&self, file: usize) -> bool {
        self.taken_away.contains(&file)
    }

    /// Whether it changes what is at a path.
    pub fn changes(&self, path: &[u8]) -> bool {
        self.blocks.contains_key(path)
    }

    /// Whether it removes a file.
    pub fn removes(&self, path: &[u8]) -> bool {
        let mut gone = self.changes.iter().filter(|change| change.new.is_none());
        gone.any(|change| change.path() == path)
    }

    /// Whether it changes the file that a file of the fix is.
    pub fn touches(&self, file: usize) -> bool {
        let at = self.there.get(file).and_then(|file| file.at.as_ref());
        at.is_some_and(|at| self.blocks.contains_key(at))
    }
}

/// What a patch id is made of: the changes of each file, in order.
fn patch(files: &[FileFinding]) -> Vec<(&[u8], u64)> {
    let mut all = Vec::new();
    for file in files {
        all.extend(file.blocks.iter().map(|block| (file.path.as_slice(), block.patch)));
    }
    // Files without lines have nothing to compare.
    all.retain(|(_, patch)| *patch != 0);
    all
}

/// How many different lines a fix changes.
fn size(files: &[FileFinding]) -> usize {
    let different = |lines: &dyn Fn(&Finding) -> Vec<u64>, file: &FileFinding| {
        file.blocks.iter().flat_map(lines).collect::<HashSet<_>>().len()
    };
    let of = |file| different(&|block| block.adds.clone(), file) + different(&|block| block.removes.clone(), file);
    files.iter().map(of).sum()
}

/// Whether a commit changes a file that may be one of the fix's.
pub(crate) fn may_concern(shelf: &Shelf<'_>, id: Oid, fix: &[FileFinding]) -> Result<bool, EngineError> {
    let paths = fix.iter().flat_map(|file| file.at.iter().chain([&file.path]));
    let names: HashSet<_> = paths.map(|path| base_name(path)).collect();
    let changes = shelf.changes(id)?;
    Ok(changes.iter().any(|change| names.contains(base_name(change.path()))))
}

fn count<'a>(lines: &[u64], of: impl Iterator<Item = &'a HashSet<u64>>) -> usize {
    let of: Vec<_> = of.collect();
    lines
        .iter()
        .filter(|line| of.iter().any(|known| known.contains(line)))
        .count()
}

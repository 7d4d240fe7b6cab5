//! Commits as objects: reading them byte for byte, and writing the same commit on another parent.

use embargod_core::CommitId;
use embargod_core::case::PatchIdentity;
use git2::{Commit, Delta, DiffFormat, ObjectType, Oid, Repository, Signature};
use sha2::{Digest, Sha256};

use crate::command::GitError;
use crate::trailer;

/// Reads a commit of ours.
pub(crate) fn find<'r>(repository: &'r Repository, id: &CommitId) -> Result<Commit<'r>, GitError> {
    Ok(repository.find_commit(oid(id)?)?)
}

/// Our form of an id in git2's.
pub(crate) fn oid(id: &CommitId) -> Result<Oid, GitError> {
    Ok(Oid::from_str(id.as_str())?)
}

/// git2's form of an id in ours.
pub fn id(oid: Oid) -> Result<CommitId, GitError> {
    oid.to_string().parse().map_err(|_| GitError::Form("rev-parse"))
}

/// The commits of a branch that another tip does not have, oldest first, with their patch identities.
pub fn patches(
    repository: &std::path::Path,
    base: &CommitId,
    head: &CommitId,
) -> Result<Vec<(CommitId, PatchIdentity)>, GitError> {
    let repository = Repository::open_bare(repository)?;
    let commits = series(&repository, base, head)?;
    commits
        .into_iter()
        .map(|commit| Ok((commit.clone(), identity(&repository, &commit)?)))
        .collect()
}

/// The patch identities of commits, in their order.
pub fn identities(repository: &std::path::Path, commits: &[CommitId]) -> Result<Vec<PatchIdentity>, GitError> {
    let repository = Repository::open_bare(repository)?;
    commits.iter().map(|commit| identity(&repository, commit)).collect()
}

/// The one commit whose id starts like this, if it is an ancestor of a tip or the tip itself.
pub fn commit_below(repository: &std::path::Path, prefix: &str, tip: &CommitId) -> Result<Option<CommitId>, GitError> {
    let repository = Repository::open_bare(repository)?;
    let Ok(commit) = repository.find_commit_by_prefix(prefix) else {
        return Ok(None);
    };
    let tip = oid(tip)?;
    let below = commit.id() == tip || repository.graph_descendant_of(tip, commit.id())?;
    match below {
        true => id(commit.id()).map(Some),
        false => Ok(None),
    }
}

/// The commits of a branch that another tip does not have, oldest first.
pub(crate) fn series(repository: &Repository, base: &CommitId, head: &CommitId) -> Result<Vec<CommitId>, GitError> {
    let mut walk = repository.revwalk()?;
    walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
    walk.push(oid(head)?)?;
    walk.hide(oid(base)?)?;
    walk.map(|next| id(next?)).collect()
}

/// Writes a commit with the author, committer, encoding and message of another on this parent with this tree. The same
/// arguments give the same id, so that doing it again changes nothing. Signatures are left out: they would not fit.
pub(crate) fn write_like(
    repository: &Repository,
    original: &CommitId,
    tree: &str,
    parent: &CommitId,
    message: &[u8],
) -> Result<CommitId, GitError> {
    write_by(repository, original, (tree, parent), message, None)
}

/// Writes a commit as `git cherry-pick -x` does: with the author and message of the original and a line that names it, by
/// this committer, or by the original's where there is none.
pub fn carry(
    repository: &std::path::Path,
    original: &CommitId,
    (tree, parent): (&str, &CommitId),
    committer: Option<&Signature<'_>>,
) -> Result<CommitId, GitError> {
    let repository = Repository::open_bare(repository)?;
    let message = trailer::with_origin(&message(&find(&repository, original)?), None, original);
    write_by(&repository, original, (tree, parent), &message, committer)
}

fn write_by(
    repository: &Repository,
    original: &CommitId,
    (tree, parent): (&str, &CommitId),
    message: &[u8],
    committer: Option<&Signature<'_>>,
) -> Result<CommitId, GitError> {
    let database = repository.odb()?;
    let object = database.read(oid(original)?)?;
    let mut raw = format!("tree {tree}\nparent {parent}\n").into_bytes();
    for name in [&b"author "[..], b"committer ", b"encoding "] {
        let header = object
            .data()
            .split(|byte| *byte == b'\n')
            .take_while(|line| !line.is_empty());
        match committer {
            Some(who) if name == b"committer " => raw.extend([name, &person(who)].concat()),
            _ => match header.into_iter().find(|line| line.starts_with(name)) {
                Some(line) => raw.extend(line),
                None => continue,
            },
        }
        raw.push(b'\n');
    }
    raw.push(b'\n');
    raw.extend(message);
    id(database.write(ObjectType::Commit, &raw)?)
}

/// A person and a time, as a commit has them.
fn person(who: &Signature<'_>) -> Vec<u8> {
    let (time, offset) = (who.when().seconds(), who.when().offset_minutes());
    let zone = format!("{}{:02}{:02}", who.when().sign(), offset.abs() / 60, offset.abs() % 60);
    let time = format!("> {time} {zone}");
    [who.name_bytes(), b" <", who.email_bytes(), time.as_bytes()].concat()
}

/// The bytes of a commit's message.
pub(crate) fn message(commit: &Commit<'_>) -> Vec<u8> {
    commit.message_raw_bytes().to_vec()
}

/// What a commit changes, apart from where it stands.
///
/// git's own patch id is not enough: it ignores white space, modes and the contents of binary files, and what was approved
/// must be what is published. So this is the digest of author, the author's message, and the patch to the letter, without
/// line numbers.
pub(crate) fn identity(repository: &Repository, commit: &CommitId) -> Result<PatchIdentity, GitError> {
    let commit = find(repository, commit)?;
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    let author = commit.author();
    part(author.name_bytes());
    part(author.email_bytes());
    part(&author.when().seconds().to_be_bytes());
    part(&trailer::without_origins(&message(&commit)));
    // A merge brings what it changes against its first parent; a root commit brings all.
    let before = commit.parents().next().map(|parent| parent.tree()).transpose()?;
    part(&(commit.parent_count() as u64).to_be_bytes());
    let mut diff = repository.diff_tree_to_tree(before.as_ref(), Some(&commit.tree()?), None)?;
    diff.find_similar(None)?;
    for delta in diff.deltas() {
        for file in [delta.old_file(), delta.new_file()] {
            part(file.path_bytes().unwrap_or_default());
            part(&u32::from(file.mode()).to_be_bytes());
        }
        part(&[status(delta.status())]);
    }
    let mut binary = Vec::new();
    diff.print(DiffFormat::Patch, |delta, _, line| {
        match line.origin() {
            '+' | '-' | ' ' | '=' | '>' | '<' => {
                part(&[line.origin() as u8]);
                part(line.content());
            }
            'B' => binary.extend([delta.old_file().id(), delta.new_file().id()]),
            _ => {}
        }
        true
    })?;
    binary.iter().for_each(|blob| part(blob.as_bytes()));
    Ok(PatchIdentity(hex::encode(hash.finalize())))
}

fn status(status: Delta) -> u8 {
    match status {
        Delta::Added => b'A',
        Delta::Deleted => b'D',
        Delta::Renamed => b'R',
        Delta::Copied => b'C',
        Delta::Typechange => b'T',
        _ => b'M',
    }
}

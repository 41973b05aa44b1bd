//! The chain in a file: each change of it is one durable commit.
//!
//! Beside the newest state, the file has all blocks, and a journal of what changes replaced: from it
//! comes the state of recent blocks, and of snapshots. Tries are not in the file. They are built from
//! the state when the file is opened, and their root is compared.

mod index;
mod record;
mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use alloy_primitives::B256;
use bessemer_chain::StateKey;
use bessemer_chain::store::{
    ChangeSet, FileCommit, FileKind, StateFile, StoreError, View, decode_key,
};

pub(crate) use self::index::Name;
use self::record::{Entry, Head, Identity, key, keys};
pub(crate) use self::record::{SavedSnapshot, Settings};
pub use self::view::ArchiveView;
use crate::backend::{Failure, World};
use crate::block::Sealed;
use crate::ledger::Ledger;
use crate::spec::Spec;

/// Of how many of the newest blocks the state is kept, at least.
pub const KEPT_STATES: u64 = 256;

/// The name of the file in its folder.
const NAME: &str = "node.redb";

static KIND: FileKind =
    FileKind { table: "bessemer node", what: "the chain of a node", oldest: 1, newest: 1 };

/// A chain in a file. One process uses it at a time.
pub struct Archive {
    file: StateFile,
}

/// A chain that cannot be continued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The folder cannot be made.
    #[error("the folder {} cannot be made: {source}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The chain has another identity.
    #[error(
        "the chain in {} has the chain id {found}, and not {asked}; start with --chain-id {found}, or \
         choose another folder", .path.display()
    )]
    ChainId {
        /// The file.
        path: PathBuf,
        /// The identity that it has.
        found: u64,
        /// The identity that was asked for.
        asked: u64,
    },
    /// The chain has other rules.
    #[error(
        "the chain in {} has other rules ({found}, and not {asked}); start with the same hardfork or \
         genesis file, or choose another folder", .path.display()
    )]
    Rules {
        /// The file.
        path: PathBuf,
        /// The rules that it has.
        found: String,
        /// The rules that were asked for.
        asked: String,
    },
    /// The chain begins otherwise.
    #[error(
        "the chain in {} has another first block ({found}, and not {asked}); start with the accounts, \
         balance, mnemonic, gas limit and fee that it was made with, or choose another folder",
        .path.display()
    )]
    Genesis {
        /// The file.
        path: PathBuf,
        /// The hash that it has.
        found: B256,
        /// The hash that was asked for.
        asked: B256,
    },
}

/// A chain as it was found in a file.
pub(crate) struct Loaded {
    pub(crate) ledger: Ledger,
    pub(crate) settings: Settings,
    /// The snapshots that can be returned to, by number.
    pub(crate) snapshots: Vec<(u64, SavedSnapshot)>,
}

impl Archive {
    /// Opens the chain in a folder, or makes place for one. All of the file is read and checked before: a
    /// damaged page could hide the newest block, and the node would begin anew over what is there.
    ///
    /// # Errors
    ///
    /// If the folder or its file cannot be used: another process has it open, it is damaged, or it is
    /// something else. The file then is as it was.
    pub fn open(folder: &Path) -> Result<Self, ArchiveError> {
        std::fs::create_dir_all(folder)
            .map_err(|source| ArchiveError::Folder { path: folder.to_owned(), source })?;
        Ok(Self { file: StateFile::open(&folder.join(NAME), &KIND, true)? })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// The time of the first block, if there is one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn first_time(&self) -> Result<Option<u64>, StoreError> {
        let view = self.view()?;
        Ok(view.block(0)?.map(|block| block.header.timestamp))
    }

    /// The file as it is now.
    fn view(&self) -> Result<ArchiveView, StoreError> {
        ArchiveView::new(self.file.view()?, self.file.path())
    }

    /// The chain in the file. A file without one gets this first block.
    pub(crate) fn load(&self, spec: &Spec, first: &Sealed) -> Result<Loaded, ArchiveError> {
        let asked =
            Identity { genesis: first.hash.0, chain_id: spec.chain_id, rules: spec.to_string() };
        let view = self.view()?;
        match view.identity()? {
            None => {
                self.begin(&asked, first)?;
                let settings = Settings::default();
                return Ok(Loaded {
                    ledger: Ledger::new(first.clone()).archived(self.view()?),
                    settings,
                    snapshots: Vec::new(),
                });
            }
            Some(found) => self.check(found, asked)?,
        }
        let settings = view.settings()?;
        let snapshots = view.snapshots()?;
        let world = self.world(&view)?;
        Ok(Loaded { ledger: Ledger::load(view, world, None)?, settings, snapshots })
    }

    fn check(&self, found: Identity, asked: Identity) -> Result<(), ArchiveError> {
        let path = self.file.path().to_owned();
        if found.chain_id != asked.chain_id {
            let (found, asked) = (found.chain_id, asked.chain_id);
            return Err(ArchiveError::ChainId { path, found, asked });
        }
        if found.rules != asked.rules {
            return Err(ArchiveError::Rules { path, found: found.rules, asked: asked.rules });
        }
        if found.genesis != asked.genesis {
            let (found, asked) = (found.genesis.into(), asked.genesis.into());
            return Err(ArchiveError::Genesis { path, found, asked });
        }
        Ok(())
    }

    /// The newest state, whose root must be the one that was stored.
    fn world(&self, view: &ArchiveView) -> Result<World, StoreError> {
        let (mut changes, mut wrong) = (Vec::new(), None);
        view.file().for_each(&mut |key, value| match decode_key(key) {
            Ok(key) => changes.push((key, Some(value.into()))),
            Err(error) => wrong = Some(error),
        })?;
        if let Some(error) = wrong {
            return Err(error.into());
        }
        let world = World::default().with(ChangeSet::new(changes))?;
        let (root, stored) = (world.root(), B256::from(view.head().root));
        if root != stored {
            let what = format!("the root of the state is {root}, and {stored} was stored");
            return Err(view.damaged(what));
        }
        Ok(world)
    }

    /// Writes the first block and its state.
    fn begin(&self, identity: &Identity, first: &Sealed) -> Result<(), StoreError> {
        let world = first.states.after_here();
        self.file.commit(|commit| {
            commit.set_height(1)?;
            commit.set_record(&key(keys::IDENTITY, &[]), Some(&record::write(identity)))?;
            write_first(commit, first, &world, &Settings::default())
        })
    }

    /// Adds a block to the chain.
    pub(crate) fn append(
        &self,
        ledger: &Ledger,
        block: &Sealed,
        changes: &ChangeSet,
        settings: &Settings,
        snapshots: Option<u64>,
    ) -> Result<ArchiveView, StoreError> {
        let undo = undo(&ledger.world, changes)?;
        self.file.commit(|commit| {
            let mut head = read_head(commit, self.file.path())?;
            head.depth += 1;
            head.number = block.header.number;
            head.root = block.header.state_root.0;
            let entry = Entry { number: head.number, undo };
            commit.set_record(&key(keys::JOURNAL, &[head.depth]), Some(&record::write(&entry)))?;
            write_state(commit, changes)?;
            write_block(commit, block, head.depth)?;
            prune(commit, &mut head, snapshots, self.file.path())?;
            write_head(commit, &head, settings)
        })?;
        self.view()
    }

    /// Writes a change of the state that no block makes.
    pub(crate) fn change(
        &self,
        ledger: &Ledger,
        world: &World,
        changes: &ChangeSet,
        settings: &Settings,
    ) -> Result<ArchiveView, StoreError> {
        let undo = undo(&ledger.world, changes)?;
        self.file.commit(|commit| {
            let mut head = read_head(commit, self.file.path())?;
            head.depth += 1;
            head.root = world.root().0;
            let entry = Entry { number: head.number, undo };
            commit.set_record(&key(keys::JOURNAL, &[head.depth]), Some(&record::write(&entry)))?;
            write_state(commit, changes)?;
            write_head(commit, &head, settings)
        })?;
        self.view()
    }

    /// Writes the settings.
    pub(crate) fn keep(&self, settings: &Settings) -> Result<ArchiveView, StoreError> {
        self.file.commit(|commit| {
            let head = read_head(commit, self.file.path())?;
            write_head(commit, &head, settings)
        })?;
        self.view()
    }

    /// Writes that there is a snapshot of the chain as it is.
    pub(crate) fn save(
        &self,
        number: u64,
        snapshot: &SavedSnapshot,
        settings: &Settings,
    ) -> Result<ArchiveView, StoreError> {
        self.file.commit(|commit| {
            let head = read_head(commit, self.file.path())?;
            let snapshot = record::write(snapshot);
            commit.set_record(&key(keys::SNAPSHOT, &[number]), Some(&snapshot))?;
            write_head(commit, &head, settings)
        })?;
        self.view()
    }

    /// Returns to a snapshot, which then is gone, like all later ones.
    pub(crate) fn revert(
        &self,
        ledger: &Ledger,
        number: u64,
        snapshot: &SavedSnapshot,
        settings: &Settings,
    ) -> Result<(ArchiveView, World), Failure> {
        let view = self.view()?;
        let changes = view.undone(snapshot.depth)?;
        let world = ledger.world.with(changes.clone())?;
        self.file.commit(|commit| {
            let mut head = read_head(commit, self.file.path())?;
            for gone in snapshot.number + 1..=head.number {
                remove_block(commit, &view, gone)?;
            }
            let after = |name, number: u64| {
                (key(name, &[number.saturating_add(1)]), key(name, &[u64::MAX]))
            };
            let (from, to) = after(keys::JOURNAL, snapshot.depth);
            commit.remove_records(&from, &to)?;
            commit.remove_records(&key(keys::SNAPSHOT, &[number]), &after(keys::SNAPSHOT, 0).1)?;
            head.depth = snapshot.depth;
            head.number = snapshot.number;
            head.root = world.root().0;
            write_state(commit, &changes)?;
            write_head(commit, &head, settings)
        })?;
        Ok((self.view()?, world))
    }

    /// Returns to the first block, and forgets everything after it.
    pub(crate) fn reset(
        &self,
        first: &Sealed,
        settings: &Settings,
    ) -> Result<ArchiveView, StoreError> {
        let view = self.view()?;
        let (mut gone, mut wrong) = (Vec::new(), None);
        view.file().for_each(&mut |key, _| match decode_key(key) {
            Ok(key) => gone.push((key, None)),
            Err(error) => wrong = Some(error),
        })?;
        if let Some(error) = wrong {
            return Err(error.into());
        }
        let world = first.states.after_here();
        self.file.commit(|commit| {
            for name in keys::OF_BLOCKS {
                commit.remove_records(&[name], &[name + 1])?;
            }
            write_state(commit, &ChangeSet::new(gone))?;
            write_first(commit, first, &world, settings)
        })?;
        self.view()
    }
}

/// What brings a state back from these changes.
fn undo(before: &World, changes: &ChangeSet) -> Result<record::Undo, StoreError> {
    let value = |(key, _): (&StateKey, _)| Ok(record::undo(key, before.get(key)?.as_deref()));
    changes.iter().map(value).collect()
}

fn write_first(
    commit: &mut FileCommit<'_>,
    first: &Sealed,
    world: &World,
    settings: &Settings,
) -> Result<(), StoreError> {
    write_state(commit, &world.all())?;
    write_block(commit, first, 0)?;
    let head = Head { number: 0, depth: 0, oldest: 1, root: first.header.state_root.0 };
    write_head(commit, &head, settings)
}

fn write_state(commit: &mut FileCommit<'_>, changes: &ChangeSet) -> Result<(), StoreError> {
    changes.iter().try_for_each(|(key, value)| commit.set_state(key, value.map(|value| &**value)))
}

/// Writes a block and what finds it.
fn write_block(commit: &mut FileCommit<'_>, block: &Sealed, depth: u64) -> Result<(), StoreError> {
    let number = block.header.number;
    commit.set_record(&key(keys::BLOCK, &[number]), Some(&record::block(block, depth)))?;
    commit.set_record(&keys::hash(keys::HASH, &block.hash), Some(&number.to_be_bytes()))?;
    for (index, transaction) in (0_u32..).zip(&block.transactions) {
        let place = [&number.to_be_bytes()[..], &index.to_be_bytes()].concat();
        commit.set_record(&keys::hash(keys::PLACE, transaction.tx_hash()), Some(&place))?;
    }
    for name in index::names(block) {
        commit.set_record(&index::key(name, number), Some(&[]))?;
    }
    Ok(())
}

fn remove_block(
    commit: &mut FileCommit<'_>,
    view: &ArchiveView,
    number: u64,
) -> Result<(), StoreError> {
    let Some(block) = view.block(number)? else { return Ok(()) };
    commit.set_record(&key(keys::BLOCK, &[number]), None)?;
    commit.set_record(&keys::hash(keys::HASH, &block.hash), None)?;
    for transaction in &block.transactions {
        commit.set_record(&keys::hash(keys::PLACE, transaction.tx_hash()), None)?;
    }
    for name in index::names(&block) {
        commit.set_record(&index::key(name, number), None)?;
    }
    Ok(())
}

fn read_head(commit: &FileCommit<'_>, path: &Path) -> Result<Head, StoreError> {
    let bytes = commit.record(&key(keys::HEAD, &[]))?;
    bytes
        .and_then(|bytes| record::read(&bytes))
        .ok_or_else(|| view::damaged(path, "its newest block is not told".to_owned()))
}

fn write_head(
    commit: &mut FileCommit<'_>,
    head: &Head,
    settings: &Settings,
) -> Result<(), StoreError> {
    commit.set_record(&key(keys::HEAD, &[]), Some(&record::write(head)))?;
    commit.set_record(&key(keys::SETTINGS, &[]), Some(&record::write(settings)))?;
    let height = commit.height()?;
    commit.set_height(height.saturating_add(1))
}

/// Drops entries of the journal that neither a block whose state is kept nor a snapshot needs, a few at
/// a time.
fn prune(
    commit: &mut FileCommit<'_>,
    head: &mut Head,
    oldest_snapshot: Option<u64>,
    path: &Path,
) -> Result<(), StoreError> {
    const MOST: u64 = 64;
    for _ in 0..MOST {
        if head.oldest >= head.depth || oldest_snapshot.is_some_and(|depth| head.oldest > depth) {
            break;
        }
        let name = key(keys::JOURNAL, &[head.oldest]);
        let bytes = commit.record(&name)?;
        let entry: Entry = bytes.and_then(|bytes| record::read(&bytes)).ok_or_else(|| {
            view::damaged(path, format!("entry {} of the journal is missing", head.oldest))
        })?;
        if entry.number + KEPT_STATES > head.number {
            break;
        }
        commit.set_record(&name, None)?;
        head.oldest += 1;
    }
    Ok(())
}

/// The number of a block that a reader of the archive asks for, as the ledger has it.
pub(crate) type Found = Option<Arc<Sealed>>;

//! The file after a change, which later ones do not touch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alloy_primitives::B256;
use bessemer_chain::store::{ChangeSet, FileView, StoreError, decode_key};

use super::Found;
use super::index::{self, Name};
use super::record::{self, Entry, Head, Identity, SavedSnapshot, Settings, key, keys};

/// A version of the file. A clone costs nothing.
#[derive(Clone)]
pub struct ArchiveView {
    file: Arc<FileView>,
    path: Arc<PathBuf>,
    head: Head,
}

impl ArchiveView {
    pub(super) fn new(file: Arc<FileView>, path: &Path) -> Result<Self, StoreError> {
        let empty = Head { number: 0, depth: 0, oldest: 1, root: [0; 32] };
        let mut view = Self { file, path: Arc::new(path.to_owned()), head: empty };
        if let Some(head) = view.get(&key(keys::HEAD, &[]), "its newest block")? {
            view.head = head;
        }
        Ok(view)
    }

    pub(super) fn file(&self) -> &FileView {
        &self.file
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }

    /// The number of the newest block.
    pub(crate) fn height(&self) -> u64 {
        self.head.number
    }

    /// How many changes of the state there were.
    pub(crate) fn depth(&self) -> u64 {
        self.head.depth
    }

    pub(super) fn damaged(&self, what: String) -> StoreError {
        damaged(&self.path, what)
    }

    /// The failure that a block is not there.
    pub(crate) fn missing(&self, number: u64) -> StoreError {
        self.damaged(format!("block {number} is missing"))
    }

    fn get<T: serde::de::DeserializeOwned>(
        &self,
        key: &[u8],
        what: &str,
    ) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.file.record(key)? else { return Ok(None) };
        let found = record::read(&bytes);
        found.map(Some).ok_or_else(|| self.damaged(format!("{what} is not what was written")))
    }

    pub(super) fn identity(&self) -> Result<Option<Identity>, StoreError> {
        self.get(&key(keys::IDENTITY, &[]), "the identity of the chain")
    }

    pub(super) fn settings(&self) -> Result<Settings, StoreError> {
        Ok(self.get(&key(keys::SETTINGS, &[]), "what was set")?.unwrap_or_default())
    }

    pub(super) fn snapshots(&self) -> Result<Vec<(u64, SavedSnapshot)>, StoreError> {
        let found = self.file.records(&[keys::SNAPSHOT])?;
        let snapshots = found.into_iter().map(|(key, value)| {
            let number = key.get(1..).and_then(|number| number.try_into().ok());
            let snapshot = number.map(u64::from_be_bytes).zip(record::read(&value));
            snapshot.ok_or_else(|| self.damaged("a snapshot is not what was written".to_owned()))
        });
        snapshots.collect()
    }

    /// A block by number.
    pub(crate) fn block(&self, number: u64) -> Result<Found, StoreError> {
        let Some(bytes) = self.file.record(&key(keys::BLOCK, &[number]))? else { return Ok(None) };
        match record::read_block(&bytes).filter(|block| block.header.number == number) {
            Some(block) => Ok(Some(Arc::new(block))),
            None => Err(self.damaged(format!("block {number} is not what was written"))),
        }
    }

    /// The number of a block by its hash.
    pub(crate) fn number_of(&self, hash: &B256) -> Result<Option<u64>, StoreError> {
        let found = self.file.record(&keys::hash(keys::HASH, hash))?;
        Ok(found.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?))))
    }

    /// The block and the index of a transaction by its hash.
    pub(crate) fn place(&self, hash: &B256) -> Result<Option<(u64, usize)>, StoreError> {
        let found = self.file.record(&keys::hash(keys::PLACE, hash))?;
        Ok(found.and_then(|bytes| {
            let (number, index) = bytes.split_first_chunk()?;
            let index = u32::from_be_bytes(index.try_into().ok()?);
            Some((u64::from_be_bytes(*number), index as usize))
        }))
    }

    /// Whether the journal goes back to this depth.
    pub(crate) fn reaches(&self, depth: u64) -> bool {
        depth.saturating_add(1) >= self.head.oldest && depth <= self.head.depth
    }

    /// The changes that bring the newest state back to what it was at this depth.
    pub(crate) fn undone(&self, depth: u64) -> Result<ChangeSet, StoreError> {
        let mut values = BTreeMap::new();
        // of several changes of a key, the first replaced what is looked for
        for depth in depth.saturating_add(1)..=self.head.depth {
            let what = format!("entry {depth} of the journal");
            let entry: Option<Entry> = self.get(&key(keys::JOURNAL, &[depth]), &what)?;
            let entry = entry.ok_or_else(|| self.damaged(format!("{what} is missing")))?;
            for (key, value) in entry.undo {
                values.entry(key).or_insert(value);
            }
        }
        let change = |(key, value): (serde_bytes::ByteBuf, Option<serde_bytes::ByteBuf>)| {
            Ok((decode_key(&key)?, value.map(|value| value.as_slice().into())))
        };
        Ok(ChangeSet::new(values.into_iter().map(change).collect::<Result<_, StoreError>>()?))
    }

    /// The numbers of the blocks in this range whose logs have a name, in order, `most` at most.
    pub(crate) fn blocks_of(
        &self,
        name: Name,
        (from, to): (u64, u64),
        most: usize,
    ) -> Result<Vec<u64>, StoreError> {
        let mut numbers = Vec::new();
        let (from, to) = (index::key(name, from), index::key(name, to.saturating_add(1)));
        self.file.record_keys(&from, &to, |key| {
            numbers.extend(index::number(key));
            numbers.len() < most
        })?;
        Ok(numbers)
    }
}

pub(super) fn damaged(path: &Path, what: String) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), what }
}

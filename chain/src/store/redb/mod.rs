//! State in a file.

mod create;
mod file;
mod owner;
mod snapshot;
mod staged;

use std::path::Path;
use std::sync::Arc;

use bessemer_types::Address;

use self::file::damaged;
pub use self::file::{FileCommit, FileKind, StateFile};
pub use self::snapshot::FileView;
use super::{BlockCommit, ChangeSet, Commitment, Record, Store, StoreError, View};
use crate::header::Header;
use crate::key::{StateKey, StorageKey};
use crate::receipt::Receipt;
use crate::records;
use crate::store::commitment;
use crate::value::Value;

/// A store in one file, which one process uses at a time. Each block is one durable commit.
///
/// Opening reads little of a file that was closed, and all of one whose process was killed.
/// [`RedbStore::open_verified`] always reads and checks all of it, and `bessemer state verify` compares
/// the state with its root too.
///
/// ```
/// use bessemer_chain::Header;
/// use bessemer_chain::store::{BlockCommit, RedbStore, Store};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("chain.redb");
/// let store = RedbStore::open(&path)?;
/// let header = Header { height: 1, ..Header::default() };
/// store.commit(BlockCommit { header: header.clone(), ..BlockCommit::default() })?;
/// drop(store);
/// assert_eq!(RedbStore::open(&path)?.head()?, Some(header));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RedbStore {
    file: StateFile,
}

/// A chain's file. Its records are headers under `h` and the height, receipts under `r`, the height and
/// the index, and what embedders record under `x` and their keys. Numbers are big-endian, so that keys
/// are in the order of the chain. From format 3 on, headers name their schedule.
static KIND: FileKind =
    FileKind { table: "bessemer chain", what: "a database of a chain", oldest: 2, newest: 3 };

impl RedbStore {
    /// Opens the database in this file, or makes one if there is no such file.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] if it is open already; [`StoreError::Foreign`],
    /// [`StoreError::Format`] and [`StoreError::Damaged`] if it is not a database, one of another
    /// version, or not what was written, and then it stays as it is; [`StoreError::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_file(path.as_ref(), false)
    }

    /// Opens the database in this file like [`RedbStore::open`], and first checks every page. A damaged file
    /// is refused, and no byte of it changes.
    ///
    /// # Errors
    ///
    /// As [`RedbStore::open`].
    pub fn open_verified(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_file(path.as_ref(), true)
    }

    /// A file that says an earlier block than its newest one would be written over from there.
    fn open_file(path: &Path, verify: bool) -> Result<Self, StoreError> {
        let store = Self { file: StateFile::open(path, &KIND, verify)? };
        let newest = store.newest()?;
        match newest.height().checked_add(1) {
            Some(next) if newest.record(&header_key(next))?.is_none() => Ok(store),
            _ => {
                let what = format!("a block is behind its newest one, {}", newest.height());
                Err(damaged(path, what))
            }
        }
    }

    fn newest(&self) -> Result<Arc<FileView>, StoreError> {
        self.file.view()
    }
}

/// Writes a block into a commit.
fn write(commit: &mut FileCommit<'_>, block: &BlockCommit<'_>) -> Result<(), StoreError> {
    block.check_follows(Some(commit.height()?))?;
    let height = block.header.height;
    commit.set_height(height)?;
    for (key, value) in block.changes.iter() {
        commit.set_state(key, value.map(|value| &**value))?;
    }
    for (name, row) in &block.rows {
        commit.set_row(name, row.as_deref())?;
    }
    let header = records::encode_header(&block.header)?;
    commit.set_record(&header_key(height), Some(&header))?;
    let mut value = header;
    for (index, receipt) in (0..).zip(block.receipts) {
        value.clear();
        records::encode_receipt(receipt, &mut value)?;
        commit.set_record(&receipt_key(height, index), Some(&value))?;
    }
    for (key, value) in block.records.iter() {
        commit.set_record(&embedders_key(key), Some(value))?;
    }
    Ok(())
}

impl View for RedbStore {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        self.newest()?.get(key)
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        self.newest()?.has_storage(contract)
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        self.newest()?.storage_keys(contract)
    }

    fn row(&self, name: &[u8], show: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        self.newest()?.row(name, show)
    }
}

impl Store for RedbStore {
    fn head(&self) -> Result<Option<Header>, StoreError> {
        let newest = self.newest()?;
        match newest.height() {
            0 => Ok(None),
            height => match newest.record(&header_key(height))? {
                Some(bytes) => Ok(Some(records::decode_header(height, &bytes)?)),
                None => Err(damaged(self.file.path(), format!("block {height} has no header"))),
            },
        }
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        self.file.commit(|commit| write(commit, &block))
    }

    fn snapshot(&self) -> Result<Arc<dyn View>, StoreError> {
        Ok(self.newest()?)
    }

    fn header(&self, height: u64) -> Result<Option<Header>, StoreError> {
        let record = self.newest()?.record(&header_key(height))?;
        Ok(record.map(|bytes| records::decode_header(height, &bytes)).transpose()?)
    }

    fn receipt(&self, height: u64, index: u32) -> Result<Option<Receipt>, StoreError> {
        let record = self.newest()?.record(&receipt_key(height, index))?;
        Ok(record.map(|bytes| records::decode_receipt(height, index, &bytes)).transpose()?)
    }

    fn receipts(&self, height: u64) -> Result<Vec<Receipt>, StoreError> {
        let prefix = receipt_key(height, 0);
        let found = self.newest()?.records(&prefix[..prefix.len() - 4])?;
        let receipts = (0..)
            .zip(&found)
            .map(|(index, (_, bytes))| records::decode_receipt(height, index, bytes));
        Ok(receipts.collect::<Result<_, _>>()?)
    }

    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.newest()?.record(&embedders_key(key))
    }

    fn records(&self, prefix: &[u8]) -> Result<Vec<Record>, StoreError> {
        let mut found = self.newest()?.records(&embedders_key(prefix))?;
        for (key, _) in &mut found {
            key.remove(0);
        }
        Ok(found)
    }

    fn commitment(&self, changes: &ChangeSet) -> Result<Option<Commitment>, StoreError> {
        commitment::after(&*self.newest()?, changes).map(Some)
    }

    fn commits(&self) -> bool {
        true
    }

    fn for_each(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        self.newest()?.for_each(visit)
    }
}

fn header_key(height: u64) -> [u8; 9] {
    let mut key = [b'h'; 9];
    key[1..].copy_from_slice(&height.to_be_bytes());
    key
}

fn receipt_key(height: u64, index: u32) -> [u8; 13] {
    let mut key = [b'r'; 13];
    key[1..9].copy_from_slice(&height.to_be_bytes());
    key[9..].copy_from_slice(&index.to_be_bytes());
    key
}

/// The key of something that an embedder records.
fn embedders_key(key: &[u8]) -> Vec<u8> {
    [b"x", key].concat()
}

//! What a file has after a commit, which later ones do not change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bessemer_types::Address;
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable};

use super::file::{FileKind, HEIGHT, NO_HEIGHT, RECORDS, STATE, TRIES, guarded};
use crate::encoding::{decode_key, encode_key, storage_prefix};
use crate::key::{StateKey, StorageKey};
use crate::store::{Record, StoreError, View};
use crate::value::Value;

type Table = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// What a [`StateFile`](super::StateFile) has after a commit, which later ones do not change.
pub struct FileView {
    path: PathBuf,
    height: u64,
    state: Table,
    records: Table,
    tries: Table,
    /// Open as long as anything reads from it.
    _database: Arc<Database>,
}

impl FileView {
    pub(super) fn newest(
        path: &Path,
        kind: &FileKind,
        database: &Arc<Database>,
    ) -> Result<Self, redb::Error> {
        let transaction = database.begin_read()?;
        let height = transaction.open_table(kind.meta())?.get(HEIGHT)?;
        let height = height.ok_or_else(|| redb::Error::Corrupted(NO_HEIGHT.to_owned()))?;
        Ok(Self {
            path: path.to_owned(),
            height: height.value(),
            state: transaction.open_table(STATE)?,
            records: transaction.open_table(RECORDS)?,
            tries: transaction.open_table(TRIES)?,
            _database: Arc::clone(database),
        })
    }

    /// The number of the commit.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// A record.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(&self.path, || Ok(self.records.get(key)?.map(|value| value.value().to_vec())))
    }

    /// All records whose keys begin so, in the order of keys.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn records(&self, prefix: &[u8]) -> Result<Vec<Record>, StoreError> {
        guarded(&self.path, || {
            let mut found = Vec::new();
            for entry in self.records.range(prefix..)? {
                let (key, value) = entry?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                found.push((key.value().to_vec(), value.value().to_vec()));
            }
            Ok(found)
        })
    }

    /// Visits the keys of records from the first to before the second, in their order, until `visit` says
    /// that it is enough.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn record_keys(
        &self,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), StoreError> {
        let mut entries = guarded(&self.path, || Ok(self.records.range(from..to)?))?;
        while let Some((key, _)) = guarded(&self.path, || Ok(entries.next().transpose()?))? {
            if !visit(key.value()) {
                break;
            }
        }
        Ok(())
    }

    /// The keys of an account's stored values, `most` at most.
    fn stored(&self, contract: &Address, most: usize) -> Result<Vec<StorageKey>, StoreError> {
        let prefix = storage_prefix(contract);
        let mut keys = Vec::new();
        let mut entries = guarded(&self.path, || Ok(self.state.range(prefix.as_slice()..)?))?;
        while keys.len() < most {
            let Some((key, _)) = guarded(&self.path, || Ok(entries.next().transpose()?))? else {
                break;
            };
            match decode_key(key.value())? {
                StateKey::Storage(owner, key) if owner == *contract => keys.push(key),
                _ => break,
            }
        }
        Ok(keys)
    }

    /// Visits all keys and values of the state in the order of keys, in their stored form.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub fn for_each(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        let mut entries = guarded(&self.path, || Ok(self.state.iter()?))?;
        // the visitor is outside of the guard: its panics are its own
        while let Some((key, value)) = guarded(&self.path, || Ok(entries.next().transpose()?))? {
            visit(key.value(), value.value());
        }
        Ok(())
    }
}

impl View for FileView {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        let key = encode_key(key);
        guarded(&self.path, || Ok(self.state.get(&*key)?.map(|value| Value::from(value.value()))))
    }

    fn has_storage(&self, contract: &Address) -> Result<bool, StoreError> {
        Ok(!self.stored(contract, 1)?.is_empty())
    }

    fn storage_keys(&self, contract: &Address) -> Result<Vec<StorageKey>, StoreError> {
        self.stored(contract, usize::MAX)
    }

    fn row(&self, name: &[u8], show: &mut dyn FnMut(&[u8])) -> Result<(), StoreError> {
        let row = guarded(&self.path, || Ok(self.tries.get(name)?))?;
        if let Some(row) = row {
            show(row.value());
        }
        Ok(())
    }
}

//! State in a file.

mod create;
mod owner;
mod snapshot;
mod staged;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use bessemer_types::Address;
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};

use self::snapshot::Snapshot;
use self::staged::Staged;
use super::{BlockCommit, ChangeSet, Commitment, Record, Store, StoreError, View};
use crate::encoding::encode_key;
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
    path: PathBuf,
    /// The state after the newest block. `None` if it could not be read then: the block is durable,
    /// and nothing here may be older.
    newest: RwLock<Option<Arc<Snapshot>>>,
    database: Arc<Database>,
}

/// Encoded keys and values of the state.
const STATE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("state");
/// Headers under `h` and the height, receipts under `r`, the height and the index, and what embedders
/// record under `x` and their keys. Numbers are big-endian, so that keys are in the order of the chain.
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
/// Rows of the state's tries, by name.
const TRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("tries");
/// The identity of the file: format and schedule.
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("bessemer chain");
/// In [`META`]: the version of what the tables hold.
const FORMAT: &str = "format";
/// In [`META`]: the number of the newest block, 0 before the first.
const HEIGHT: &str = "height";
/// The version of what the tables hold that this program writes. Headers name their schedule.
const FORMAT_VERSION: u64 = 3;
/// The version before, whose headers name none. The first block that is written makes it the newest.
const READ_VERSION: u64 = 2;

/// The first bytes of files of the database library.
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
/// Bytes of pages that are kept in memory.
const CACHE_BYTES: usize = 256 << 20;

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

    /// Opens the database in this file like [`RedbStore::open`], and reads all of it before: what is
    /// stored is what was stored, or the file is refused and not a byte of it changes.
    ///
    /// # Errors
    ///
    /// As [`RedbStore::open`].
    pub fn open_verified(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_file(path.as_ref(), true)
    }

    fn open_file(path: &Path, verify: bool) -> Result<Self, StoreError> {
        let mut file = match open_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create::create(path)?;
                open_file(path)
            }
            opened => opened,
        }
        .map_err(|source| io(path, source))?;
        check_kind(path, &mut file)?;
        guarded(path, || Self::open_checked(path, file, verify))
    }

    fn open_checked(path: &Path, file: File, verify: bool) -> Result<Self, Failure> {
        let staged = Staged::new(FileBackend::new(file)?)?;
        let database = Builder::new()
            .set_check_integrity_on_open(verify)
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(staged.clone())?;
        let version = {
            let transaction = database.begin_read()?;
            match transaction.open_table(META) {
                Ok(meta) => meta.get(FORMAT)?.map(|version| version.value()),
                Err(redb::TableError::Storage(error)) => return Err(error.into()),
                Err(_) => None,
            }
        };
        match version {
            Some(READ_VERSION..=FORMAT_VERSION) => {}
            Some(found) => {
                let path = path.to_owned();
                return Err(StoreError::Format { path, found, known: FORMAT_VERSION }.into());
            }
            None => return Err(foreign(path, "it is a database of another program").into()),
        }
        let database = Arc::new(database);
        let newest = Snapshot::newest(path, &database)?;
        staged.release()?;
        let newest = RwLock::new(Some(Arc::new(newest)));
        Ok(Self { path: path.to_owned(), newest, database })
    }

    fn newest(&self) -> Result<Arc<Snapshot>, StoreError> {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        newest.clone().ok_or_else(|| StoreError::Reopen { path: self.path.clone() })
    }

    fn write(&self, block: &BlockCommit<'_>) -> Result<(), Failure> {
        // there is one writer at a time, so the height stays what it is until the end
        let mut transaction = self.database.begin_write()?;
        // contracts choose what is written, and only this does not rest on a checksum that whoever
        // chooses the data can forge; a damaged newest block is also refused, not taken for none
        transaction.set_two_phase_commit(true);
        {
            let mut meta = transaction.open_table(META)?;
            let head = meta.get(HEIGHT)?.map(|height| height.value());
            block.check_follows(head)?;
            meta.insert(HEIGHT, block.header.height)?;
            meta.insert(FORMAT, FORMAT_VERSION)?;
            let mut state = transaction.open_table(STATE)?;
            for (key, value) in block.changes.iter() {
                let key = encode_key(key);
                match value {
                    Some(value) => drop(state.insert(&*key, &**value)?),
                    None => drop(state.remove(&*key)?),
                }
            }
            let mut tries = transaction.open_table(TRIES)?;
            for (name, row) in &block.rows {
                match row {
                    Some(row) => drop(tries.insert(name.as_slice(), row.as_slice())?),
                    None => drop(tries.remove(name.as_slice())?),
                }
            }
            let height = block.header.height;
            let header = records::encode_header(&block.header).map_err(StoreError::from)?;
            let mut records = transaction.open_table(RECORDS)?;
            records.insert(header_key(height).as_slice(), &*header)?;
            let mut value = header;
            for (index, receipt) in (0..).zip(block.receipts) {
                value.clear();
                records::encode_receipt(receipt, &mut value).map_err(StoreError::from)?;
                records.insert(receipt_key(height, index).as_slice(), &*value)?;
            }
            for (key, value) in block.records.iter() {
                records.insert(&*embedders_key(key), value)?;
            }
        }
        transaction.commit()?;
        let newest = Snapshot::newest(&self.path, &self.database);
        let (newest, result) = match newest {
            Ok(newest) => (Some(Arc::new(newest)), Ok(())),
            Err(error) => (None, Err(error)),
        };
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = newest;
        Ok(result?)
    }
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
                None => Err(damaged(&self.path, format!("block {height} has no header"))),
            },
        }
    }

    fn commit(&self, block: BlockCommit<'_>) -> Result<(), StoreError> {
        guarded(&self.path, || self.write(&block))
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

fn open_file(path: &Path) -> std::io::Result<File> {
    File::options().read(true).write(true).open(path)
}

/// Refuses, before the database library sees it, what cannot be a database.
fn check_kind(path: &Path, file: &mut File) -> Result<(), StoreError> {
    let metadata = file.metadata().map_err(|source| io(path, source))?;
    if !metadata.is_file() {
        return Err(foreign(path, "it is not a regular file"));
    }
    if metadata.len() == 0 {
        return Err(foreign(path, "it is empty"));
    }
    let mut begin = [0; MAGIC.len()];
    match file.read_exact(&mut begin) {
        Ok(()) if begin == MAGIC => Ok(()),
        Err(source) if source.kind() != ErrorKind::UnexpectedEof => Err(io(path, source)),
        _ => Err(foreign(path, "it begins otherwise")),
    }
}

/// Why work on the database failed.
enum Failure {
    Store(StoreError),
    Database(redb::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

/// Calls the database library, and keeps its panics in.
///
/// It reports what is wrong with a file when it checks one, and promises nothing for pages that
/// change afterwards: then it may panic, where a store has an error to give.
fn guarded<T>(path: &Path, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, StoreError> {
    // what the work leaves behind is a transaction, which undoes itself, and locks, which the
    // library does not enter again once they are poisoned
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Err(Failure::Store(error))) => Err(error),
        Ok(Err(Failure::Database(error))) => Err(failure(path, error)),
        Ok(Ok(done)) => Ok(done),
        Err(_) => Err(damaged(path, "its pages contradict each other".to_owned())),
    }
}

fn failure(path: &Path, error: redb::Error) -> StoreError {
    let path_buf = || path.to_owned();
    match error {
        redb::Error::DatabaseAlreadyOpen => {
            StoreError::InUse { path: path_buf(), owner: owner::owner(path) }
        }
        redb::Error::Corrupted(what) => damaged(path, what),
        redb::Error::UpgradeRequired(version) => {
            damaged(path, format!("its pages have format {version}, which is not known"))
        }
        redb::Error::Io(source) if source.kind() == ErrorKind::UnexpectedEof => {
            damaged(path, "its end is missing".to_owned())
        }
        redb::Error::Io(source) => io(path, source),
        redb::Error::PreviousIo => StoreError::Reopen { path: path_buf() },
        other => StoreError::Other(Box::new(other)),
    }
}

fn io(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}

fn foreign(path: &Path, why: &'static str) -> StoreError {
    StoreError::Foreign { path: path.to_owned(), why }
}

fn damaged(path: &Path, what: String) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), what }
}

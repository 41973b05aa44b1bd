//! One crash-safe file: how it is opened, checked, and written to. What its records mean is not here.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, ReadableTable, Table, TableDefinition};

use super::snapshot::FileView;
use super::staged::Staged;
use super::{create, owner};
use crate::encoding::encode_key;
use crate::key::StateKey;
use crate::store::StoreError;

/// State, rows of its tries, and records in one file, which one process uses at a time. Each commit is
/// durable as a whole or not there at all.
///
/// This is what [`RedbStore`](super::RedbStore) rests on. A program with blocks of its own uses it
/// directly: it chooses the keys of records, and what the number of the newest commit counts.
pub struct StateFile {
    path: PathBuf,
    kind: &'static FileKind,
    /// The content after the newest commit. `None` if it could not be read then: the commit is durable,
    /// and nothing here may be older.
    newest: RwLock<Option<Arc<FileView>>>,
    database: Arc<Database>,
}

/// What a file is for. Files of other kinds are refused.
#[derive(Debug)]
pub struct FileKind {
    /// The name of the table that says so.
    pub table: &'static str,
    /// What such a file is, for messages, like `a database of a chain`.
    pub what: &'static str,
    /// The oldest format of its content that this program reads.
    pub oldest: u64,
    /// The format that it writes; the first commit makes a file of an older one this.
    pub newest: u64,
}

impl FileKind {
    /// The table of the file's identity: format, and the number of the newest commit.
    pub(super) fn meta(&self) -> TableDefinition<'static, &'static str, u64> {
        TableDefinition::new(self.table)
    }
}

type Bytes = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Encoded keys and values of the state.
pub(super) const STATE: Bytes = TableDefinition::new("state");
/// Whatever belongs to blocks.
pub(super) const RECORDS: Bytes = TableDefinition::new("records");
/// Rows of the state's tries, by name.
pub(super) const TRIES: Bytes = TableDefinition::new("tries");
/// In the table of the identity: the format of the content.
pub(super) const FORMAT: &str = "format";
/// In the table of the identity: the number of the newest commit, 0 before the first.
pub(super) const HEIGHT: &str = "height";
/// Every file has the number from when it is made: one without it is not new.
pub(super) const NO_HEIGHT: &str = "the number of its newest commit is missing";

/// The first bytes of files of the database library.
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
/// Bytes of pages that are kept in memory.
const CACHE_BYTES: usize = 256 << 20;

/// A commit in the making.
pub struct FileCommit<'t> {
    path: &'t Path,
    meta: Table<'t, &'static str, u64>,
    state: Table<'t, &'static [u8], &'static [u8]>,
    records: Table<'t, &'static [u8], &'static [u8]>,
    tries: Table<'t, &'static [u8], &'static [u8]>,
}

impl StateFile {
    /// Opens the file, or makes one if there is none. With `verify`, all of it is read and checked before.
    ///
    /// # Errors
    ///
    /// [`StoreError::InUse`] if it is open already; [`StoreError::Foreign`], [`StoreError::Format`] and
    /// [`StoreError::Damaged`] if it is not of this kind, of another version, or not what was written, and
    /// then it stays as it is; [`StoreError::Io`].
    pub fn open(path: &Path, kind: &'static FileKind, verify: bool) -> Result<Self, StoreError> {
        let mut file = match open_file(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                create::create(path, kind)?;
                open_file(path)
            }
            opened => opened,
        }
        .map_err(|source| io(path, source))?;
        check_kind(path, kind, &mut file)?;
        guarded(path, || Self::open_checked(path, kind, file, verify))
    }

    fn open_checked(
        path: &Path,
        kind: &'static FileKind,
        file: File,
        verify: bool,
    ) -> Result<Self, Failure> {
        let staged = Staged::new(FileBackend::new(file)?)?;
        let database = Builder::new()
            .set_check_integrity_on_open(verify)
            .set_cache_size(CACHE_BYTES)
            .create_with_backend(staged.clone())?;
        let version = {
            let transaction = database.begin_read()?;
            match transaction.open_table(kind.meta()) {
                Ok(meta) => meta.get(FORMAT)?.map(|version| version.value()),
                Err(redb::TableError::Storage(error)) => return Err(error.into()),
                Err(_) => None,
            }
        };
        match version {
            Some(found) if (kind.oldest..=kind.newest).contains(&found) => {}
            Some(found) => {
                let path = path.to_owned();
                return Err(StoreError::Format { path, found, known: kind.newest }.into());
            }
            None => return Err(foreign(path, kind, "it is a database of another program").into()),
        }
        let database = Arc::new(database);
        let newest = FileView::newest(path, kind, &database)?;
        staged.release()?;
        let newest = RwLock::new(Some(Arc::new(newest)));
        Ok(Self { path: path.to_owned(), kind, newest, database })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The content after the newest commit, which later ones do not change. The file takes back no
    /// room that it had before as long as this lives.
    ///
    /// # Errors
    ///
    /// [`StoreError::Reopen`] after a commit that failed.
    pub fn view(&self) -> Result<Arc<FileView>, StoreError> {
        let newest = self.newest.read().unwrap_or_else(PoisonError::into_inner);
        newest.clone().ok_or_else(|| StoreError::Reopen { path: self.path.clone() })
    }

    /// Makes changes: all of them, durably, or none.
    ///
    /// # Errors
    ///
    /// What `work` says, and then nothing changes; and if the file cannot be written to.
    pub fn commit<T>(
        &self,
        work: impl FnOnce(&mut FileCommit<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        guarded(&self.path, || {
            // there is one writer at a time, so what is read here stays what it is until the end
            let mut transaction = self.database.begin_write()?;
            // contracts choose what is written, and only this does not rest on a checksum that whoever
            // chooses the data can forge; a damaged newest commit is also refused, not taken for none
            transaction.set_two_phase_commit(true);
            let done = {
                let mut commit = FileCommit {
                    path: &self.path,
                    meta: transaction.open_table(self.kind.meta())?,
                    state: transaction.open_table(STATE)?,
                    records: transaction.open_table(RECORDS)?,
                    tries: transaction.open_table(TRIES)?,
                };
                commit.meta.insert(FORMAT, self.kind.newest)?;
                work(&mut commit)?
            };
            transaction.commit()?;
            let newest = FileView::newest(&self.path, self.kind, &self.database);
            let (newest, result) = match newest {
                Ok(newest) => (Some(Arc::new(newest)), Ok(done)),
                Err(error) => (None, Err(error)),
            };
            *self.newest.write().unwrap_or_else(PoisonError::into_inner) = newest;
            Ok(result?)
        })
    }
}

impl FileCommit<'_> {
    fn done<T>(&self, result: Result<T, redb::StorageError>) -> Result<T, StoreError> {
        result.map_err(|error| failure(self.path, error.into()))
    }

    /// The number of the commit before.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn height(&self) -> Result<u64, StoreError> {
        let found = self.done(self.meta.get(HEIGHT))?;
        let found = found.ok_or_else(|| damaged(self.path, NO_HEIGHT.to_owned()))?;
        Ok(found.value())
    }

    /// Numbers this commit.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn set_height(&mut self, height: u64) -> Result<(), StoreError> {
        let done = self.meta.insert(HEIGHT, height).map(drop);
        self.done(done)
    }

    /// Sets the value of a key of the state, or removes it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn set_state(&mut self, key: &StateKey, value: Option<&[u8]>) -> Result<(), StoreError> {
        let done = set(&mut self.state, &encode_key(key), value);
        self.done(done)
    }

    /// Sets a row of the state's tries, or removes it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn set_row(&mut self, name: &[u8], row: Option<&[u8]>) -> Result<(), StoreError> {
        let done = set(&mut self.tries, name, row);
        self.done(done)
    }

    /// Sets a record, or removes it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn set_record(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let done = set(&mut self.records, key, value);
        self.done(done)
    }

    /// A record, with what this commit has changed.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.done(self.records.get(key))?;
        Ok(found.map(|value| value.value().to_vec()))
    }

    /// Removes all records whose keys are in this range.
    ///
    /// # Errors
    ///
    /// If they cannot be removed.
    pub fn remove_records(&mut self, from: &[u8], to: &[u8]) -> Result<(), StoreError> {
        let done = self.records.retain_in(from..to, |_, _| false);
        self.done(done)
    }
}

fn set(
    table: &mut Table<'_, &'static [u8], &'static [u8]>,
    key: &[u8],
    value: Option<&[u8]>,
) -> Result<(), redb::StorageError> {
    match value {
        Some(value) => table.insert(key, value).map(drop),
        None => table.remove(key).map(drop),
    }
}

fn open_file(path: &Path) -> std::io::Result<File> {
    File::options().read(true).write(true).open(path)
}

/// Refuses, before the database library sees it, what cannot be a database.
fn check_kind(path: &Path, kind: &FileKind, file: &mut File) -> Result<(), StoreError> {
    let metadata = file.metadata().map_err(|source| io(path, source))?;
    if !metadata.is_file() {
        return Err(foreign(path, kind, "it is not a regular file"));
    }
    if metadata.len() == 0 {
        return Err(foreign(path, kind, "it is empty"));
    }
    let mut begin = [0; MAGIC.len()];
    match file.read_exact(&mut begin) {
        Ok(()) if begin == MAGIC => Ok(()),
        Err(source) if source.kind() != ErrorKind::UnexpectedEof => Err(io(path, source)),
        _ => Err(foreign(path, kind, "it begins otherwise")),
    }
}

/// Why work on the database failed.
pub(super) enum Failure {
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
pub(super) fn guarded<T>(
    path: &Path,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, StoreError> {
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

pub(super) fn io(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}

fn foreign(path: &Path, kind: &FileKind, why: &'static str) -> StoreError {
    StoreError::Foreign { path: path.to_owned(), what: kind.what, why }
}

pub(super) fn damaged(path: &Path, what: String) -> StoreError {
    StoreError::Damaged { path: path.to_owned(), what }
}

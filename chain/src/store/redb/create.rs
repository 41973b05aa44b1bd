//! New databases.

use std::fs::{File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use redb::Builder;
use redb::backends::FileBackend;

use super::file::{FORMAT, FileKind, HEIGHT, RECORDS, STATE, TRIES, guarded, io};
use crate::store::StoreError;

/// Makes an empty database. It is whole before it has its name, and never takes the place of a file.
pub(super) fn create(path: &Path, kind: &FileKind) -> Result<(), StoreError> {
    let failed = |source| io(path, source);
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file = tempfile::Builder::new()
        .prefix(".new-database-")
        // the process's mask applies, as to other files
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(directory)
        .map_err(failed)?;
    let writer = file.reopen().map_err(failed)?;
    guarded(path, || {
        let database = Builder::new().create_with_backend(FileBackend::new(writer)?)?;
        let transaction = database.begin_write()?;
        transaction.open_table(STATE)?;
        transaction.open_table(RECORDS)?;
        transaction.open_table(TRIES)?;
        {
            let mut meta = transaction.open_table(kind.meta())?;
            meta.insert(FORMAT, kind.newest)?;
            meta.insert(HEIGHT, 0)?;
        }
        transaction.commit()?;
        Ok(database.close()?)
    })?;
    match file.persist_noclobber(path) {
        Ok(_) => File::open(directory).and_then(|directory| directory.sync_all()).map_err(failed),
        // another process was faster
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error.error)),
    }
}

//! A file that is not written to until it proved to be good.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

/// A file whose writes are held back until [`Staged::release`].
///
/// Opening a database checks it, and writes as it goes: to mark it as in use, or to repair it after
/// a crash. A file that is refused in the end must not be changed by that.
#[derive(Clone, Debug)]
pub(super) struct Staged(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: FileBackend,
    /// `None` when nothing is held back any more.
    stage: RwLock<Option<Stage>>,
}

/// Changes that are not in the file yet, and the file as it would be with them.
#[derive(Debug)]
struct Stage {
    /// In order, so that the file is as safe from a crash as if nothing had been held back.
    held: Vec<Held>,
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
    len: u64,
    /// Bytes up to here are read from the file; beyond, what is not in `blocks` is zero.
    from_file: u64,
}

#[derive(Debug)]
enum Held {
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
}

const BLOCK: usize = 4096;

impl Staged {
    pub(super) fn new(file: FileBackend) -> io::Result<Self> {
        let len = file.len()?;
        let stage = Stage { held: Vec::new(), blocks: BTreeMap::new(), len, from_file: len };
        Ok(Self(Arc::new(Inner { file, stage: RwLock::new(Some(stage)) })))
    }

    /// Does what was held back, and holds nothing back from now on.
    pub(super) fn release(&self) -> io::Result<()> {
        let mut stage = self.0.stage.write().unwrap_or_else(PoisonError::into_inner);
        let file = &self.0.file;
        for held in stage.iter().flat_map(|stage| &stage.held) {
            match held {
                Held::Write(offset, data) => file.write(*offset, data)?,
                Held::SetLen(len) => file.set_len(*len)?,
                Held::Sync => file.sync_data()?,
            }
        }
        *stage = None;
        Ok(())
    }

    /// Does something to the file, or holds it back.
    fn change(
        &self,
        to_file: impl FnOnce(&FileBackend) -> io::Result<()>,
        to_stage: impl FnOnce(&FileBackend, &mut Stage) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.0.stage.read().unwrap_or_else(PoisonError::into_inner).is_none() {
            return to_file(&self.0.file);
        }
        let mut stage = self.0.stage.write().unwrap_or_else(PoisonError::into_inner);
        match &mut *stage {
            None => to_file(&self.0.file),
            Some(stage) => to_stage(&self.0.file, stage),
        }
    }
}

impl StorageBackend for Staged {
    fn len(&self) -> io::Result<u64> {
        match &*self.0.stage.read().unwrap_or_else(PoisonError::into_inner) {
            None => self.0.file.len(),
            Some(stage) => Ok(stage.len),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &*self.0.stage.read().unwrap_or_else(PoisonError::into_inner) {
            None => self.0.file.read(offset, out),
            Some(stage) => stage.read(&self.0.file, offset, out),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(|file| file.set_len(len), |file, stage| stage.set_len(file, len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(FileBackend::sync_data, |_, stage| {
            stage.held.push(Held::Sync);
            Ok(())
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(|file| file.write(offset, data), |file, stage| stage.write(file, offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.0.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(
        &self,
        start: Bound<u64>,
        end: Bound<u64>,
    ) -> Result<bool, BackendError> {
        self.0.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.file.query_lock_range(start, end)
    }
}

impl Stage {
    fn read(&self, file: &FileBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = end(offset, out.len())?;
        if end > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let in_file = self.from_file.saturating_sub(offset).min(out.len() as u64) as usize;
        let (from_file, zeros) = out.split_at_mut(in_file);
        file.read(offset, from_file)?;
        zeros.fill(0);
        for (&block, bytes) in self.blocks.range(offset / BLOCK as u64..end.div_ceil(BLOCK as u64))
        {
            let begin = block * BLOCK as u64;
            let (from, to) = (begin.max(offset), (begin + BLOCK as u64).min(end));
            out[(from - offset) as usize..(to - offset) as usize]
                .copy_from_slice(&bytes[(from - begin) as usize..(to - begin) as usize]);
        }
        Ok(())
    }

    fn write(&mut self, file: &FileBackend, offset: u64, data: &[u8]) -> io::Result<()> {
        let end = end(offset, data.len())?;
        self.held.push(Held::Write(offset, data.to_vec()));
        self.len = self.len.max(end);
        for block in offset / BLOCK as u64..end.div_ceil(BLOCK as u64) {
            let begin = block * BLOCK as u64;
            let (from, to) = (begin.max(offset), (begin + BLOCK as u64).min(end));
            let bytes = self.block(file, block)?;
            bytes[(from - begin) as usize..(to - begin) as usize]
                .copy_from_slice(&data[(from - offset) as usize..(to - offset) as usize]);
        }
        Ok(())
    }

    fn set_len(&mut self, file: &FileBackend, len: u64) -> io::Result<()> {
        self.held.push(Held::SetLen(len));
        if len < self.len {
            let inside = (len % BLOCK as u64) as usize;
            if inside > 0 {
                self.block(file, len / BLOCK as u64)?[inside..].fill(0);
            }
            self.blocks.split_off(&len.div_ceil(BLOCK as u64));
            self.from_file = self.from_file.min(len);
        }
        self.len = len;
        Ok(())
    }

    /// A block that may be written to.
    fn block(&mut self, file: &FileBackend, block: u64) -> io::Result<&mut [u8; BLOCK]> {
        if !self.blocks.contains_key(&block) {
            let begin = block * BLOCK as u64;
            let mut bytes = Box::new([0; BLOCK]);
            let in_file = self.from_file.saturating_sub(begin).min(BLOCK as u64) as usize;
            file.read(begin, &mut bytes[..in_file])?;
            self.blocks.insert(block, bytes);
        }
        Ok(self.blocks.get_mut(&block).expect("it was inserted if it was not there"))
    }
}

fn end(offset: u64, len: usize) -> io::Result<u64> {
    offset.checked_add(len as u64).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

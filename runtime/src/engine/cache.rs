//! The cache directory, as embedders see it.

use std::io;
use std::path::Path;

use crate::CacheLimits;
use crate::code::cache::{CacheEntry, CacheFileError, Key, Missed, Store};
use crate::code::provider::Provider;
use crate::program::{ImageHash, Rules};

/// An engine's cache directory, to look at and to tend.
#[derive(Clone, Copy, Debug)]
pub struct Cache<'a> {
    provider: &'a Provider,
    rules: &'a Rules,
    store: &'a Store,
}

impl<'a> Cache<'a> {
    pub(crate) fn new(provider: &'a Provider, rules: &'a Rules) -> Option<Self> {
        Some(Self { provider, rules, store: provider.store()? })
    }

    /// Where it is.
    pub fn path(&self) -> &'a Path {
        self.store.path()
    }

    /// Its bounds.
    pub fn limits(&self) -> CacheLimits {
        self.store.limits()
    }

    /// The key of a program's artifact under this engine's settings.
    pub fn key(&self, elf: &[u8]) -> Option<Key> {
        self.provider.key(self.rules, ImageHash::of(elf))
    }

    /// All artifacts, the least recently used first. Nothing is said of what is in them.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read.
    pub fn entries(&self) -> io::Result<Vec<CacheEntry>> {
        self.store.entries()
    }

    /// Whether a file can be used; if not, why.
    ///
    /// # Errors
    ///
    /// The fault.
    pub fn verify(&self, entry: &CacheEntry) -> Result<(), CacheFileError> {
        match self.store.verify(entry.key) {
            Ok(()) | Err(Missed::Absent) => Ok(()),
            Err(missed) => Err(CacheFileError(missed)),
        }
    }

    /// Removes one artifact.
    ///
    /// # Errors
    ///
    /// If it is not there, or cannot be removed.
    pub fn remove(&self, key: Key) -> io::Result<()> {
        self.store.remove(key)
    }

    /// Removes what interrupted processes have left, and what is above the bounds; gives the number of
    /// files.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read.
    pub fn sweep(&self) -> io::Result<u64> {
        self.store.sweep()
    }
}

//! The code cache: artifacts on disk, authenticated, and loaded modules in memory.

pub(super) mod key;
mod lru;
mod secret;
mod store;

use std::io;
use std::path::{Path, PathBuf};

pub use key::Key;
pub(crate) use key::{ImageHash, KeySeed};
pub(crate) use lru::Memory;
pub(crate) use secret::Secret;
pub use store::CacheEntry;
pub(crate) use store::{Damage, Loaded, Missed, Store};

use crate::code::provider::Provider;

/// Bounds of a cache directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Number of files.
    pub files: u64,
    /// Bytes of one file: what is larger is neither written nor read.
    pub file_bytes: usize,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { bytes: 4 << 30, files: 20_000, file_bytes: 64 << 20 }
    }
}

/// Why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// The directory is not there and cannot be made, or cannot be read.
    #[error("the cache directory {} cannot be used", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can use the directory.
    #[error("others may use the cache directory {}; give it to this user with mode 0700", path.display())]
    Shared {
        /// The directory.
        path: PathBuf,
    },
    /// There is no secret that nobody else knows.
    #[error("the cache's secret {} cannot be used", path.display())]
    Secret {
        /// The file of the secret.
        path: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
}

/// An engine's cache directory, to look at and to tend.
#[derive(Clone, Copy, Debug)]
pub struct Cache<'a> {
    provider: &'a Provider,
    store: &'a Store,
}

impl<'a> Cache<'a> {
    pub(crate) fn new(provider: &'a Provider) -> Option<Self> {
        Some(Self { provider, store: provider.store()? })
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
        self.provider.key(ImageHash::of(elf))
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
    /// What is wrong with it.
    pub fn verify(&self, entry: &CacheEntry) -> Result<(), String> {
        match self.store.verify(entry.key) {
            Ok(()) | Err(Missed::Absent) => Ok(()),
            Err(missed) => Err(missed.to_string()),
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

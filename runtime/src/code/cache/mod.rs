//! The code cache: artifacts on disk, authenticated, and loaded programs in memory.

mod key;
mod memory;
mod secret;
mod store;

use std::path::Path;

use crate::error::{CacheError, WithSources};
use crate::{Config, Error};

pub use key::Key;
pub(crate) use key::KeySeed;
pub(crate) use memory::Memory;
use secret::Secret;
pub use store::{CacheEntry, CacheFileError};
pub(crate) use store::{Damage, Missed, Store, Stored};

/// Opens the cache. A directory that others can use is an error; everything else costs speed only.
pub(crate) fn open_store(path: &Path, config: &Config) -> Result<Option<Store>, Error> {
    let secret_path = config.secret_path();
    if secret_path.starts_with(path) {
        // a process that writes to the directory could choose it
        log::warn!("there is no code cache: its secret lies in the cache directory");
        return Ok(None);
    }
    let opened = Secret::open(&secret_path)
        .and_then(|secret| Store::open(path, secret, config.cache_limits));
    match opened {
        Ok(store) => Ok(Some(store)),
        Err(error @ CacheError::Shared { .. }) => Err(error.into()),
        Err(error) => {
            log::warn!("there is no code cache: {}", WithSources(&error));
            Ok(None)
        }
    }
}

//! Interfaces of contracts, from their files.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Address;
use bessemer_chain::store::View;
use bessemer_chain::{CodeHash, StateKey};
use bessemer_interface::Interface;
use lru::LruCache;

use crate::backend::{World, chain_address};
use crate::rpc::error::RpcError;

/// Interfaces by file, the last ones that were asked for. A file may have one of a megabyte.
pub(in crate::rpc) struct Interfaces(Mutex<LruCache<CodeHash, Option<Arc<Interface>>>>);

/// How many are kept.
const KEPT: NonZeroUsize = NonZeroUsize::new(64).expect("it is not zero");

impl Default for Interfaces {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }
}

impl Interfaces {
    /// The interface of an account, if it is a program whose file has one that can be read.
    ///
    /// # Errors
    ///
    /// If the state cannot be read.
    pub(super) fn of(
        &self,
        world: &World,
        address: &Address,
    ) -> Result<Option<Arc<Interface>>, RpcError> {
        let Some(hash) = world.account(&chain_address(address))?.program() else {
            return Ok(None);
        };
        if let Some(known) = self.kept().get(&hash) {
            return Ok(known.clone());
        }
        let file = world.get(&StateKey::Code(hash))?;
        let found = file.and_then(|file| of_file(&file));
        self.kept().put(hash, found.clone());
        Ok(found)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, LruCache<CodeHash, Option<Arc<Interface>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The interface of a file, if it has one that can be read.
pub(super) fn of_file(file: &[u8]) -> Option<Arc<Interface>> {
    Interface::of_image(file)?.ok().map(Arc::new)
}

//! The code cache: artifacts on disk, authenticated, and loaded programs in memory.

mod key;
mod memory;
mod secret;
mod store;

pub use key::Key;
pub(crate) use key::KeySeed;
pub(super) use key::{limits_fields, schedule_fields};
pub(crate) use memory::Memory;
pub(crate) use secret::Secret;
pub use store::{CacheEntry, CacheFileError};
pub(crate) use store::{Damage, Missed, Store, Stored};

//! A digest of all mapped memory of a guest.

use bessemer_runtime::memory::{PAGE, Region};
use sha2::{Digest, Sha256};

/// SHA-256 of everything mapped: for each mapped page, in ascending order, its address (4 bytes,
/// little-endian) and its 4096 bytes.
///
/// Permissions have no part in it, so that a heap that grew in one step and one that grew in two
/// have the same digest.
pub fn memory_digest(memory: &Region) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (start, bytes) in memory.mapped() {
        for (addr, page) in (start..).step_by(PAGE as usize).zip(bytes.chunks(PAGE as usize)) {
            hash.update(addr.to_le_bytes());
            hash.update(page);
        }
    }
    hash.finalize().into()
}

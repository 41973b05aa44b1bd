//! Makes system calls fail when a test asks for it: the only way to see that each failure is handled.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

/// System calls that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Mapping memory, or making a memory file.
    Map,
    /// Changing what may be done with it.
    Protect,
    /// Giving its contents back.
    Advise,
}

/// Calls until one fails, counted down; 0 for never.
static COUNTDOWN: AtomicU64 = AtomicU64::new(0);

/// Lets the `k`-th call from now fail, once; 0 switches it off. For the whole process, and for tests
/// alone: nothing in the product calls it.
pub fn fail_after(k: u64) {
    COUNTDOWN.store(k, Ordering::SeqCst);
}

/// Whether the call that is to fail was not made yet.
pub fn is_pending() -> bool {
    COUNTDOWN.load(Ordering::SeqCst) != 0
}

/// Fails if it is this call's turn. Async-signal-safe.
#[inline]
pub fn inject(_: Call) -> io::Result<()> {
    if COUNTDOWN.load(Ordering::Relaxed) == 0 {
        return Ok(());
    }
    let count_down = |left: u64| left.checked_sub(1);
    match COUNTDOWN.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count_down) {
        Ok(1) => Err(io::Error::from(io::ErrorKind::OutOfMemory)),
        _ => Ok(()),
    }
}

//! Where tests let system calls fail: the only way to see that each failure is handled. Without the
//! feature `test-hooks` nothing fails, and nothing of this is public.

use std::io;
#[cfg(feature = "test-hooks")]
use std::sync::atomic::{AtomicU64, Ordering};

/// Calls until one fails, counted down; 0 for never.
#[cfg(feature = "test-hooks")]
static COUNTDOWN: AtomicU64 = AtomicU64::new(0);

/// Lets the `k`-th call from now fail, once; 0 switches it off. For the whole process.
#[cfg(feature = "test-hooks")]
pub fn fail_after(k: u64) {
    COUNTDOWN.store(k, Ordering::SeqCst);
}

/// Whether the call that is to fail was not made yet.
#[cfg(feature = "test-hooks")]
pub fn is_pending() -> bool {
    COUNTDOWN.load(Ordering::SeqCst) != 0
}

/// Stands in front of each system call on memory, and fails if it is this call's turn.
/// Async-signal-safe.
#[cfg(feature = "test-hooks")]
#[inline]
pub fn inject() -> io::Result<()> {
    if COUNTDOWN.load(Ordering::Relaxed) == 0 {
        return Ok(());
    }
    let count_down = |left: u64| left.checked_sub(1);
    match COUNTDOWN.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count_down) {
        Ok(1) => Err(io::Error::from(io::ErrorKind::OutOfMemory)),
        _ => Ok(()),
    }
}

/// Stands in front of each system call on memory.
#[cfg(not(feature = "test-hooks"))]
#[inline]
pub(crate) fn inject() -> io::Result<()> {
    Ok(())
}

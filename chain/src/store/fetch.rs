//! Reads many keys at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{StoreError, View};
use crate::key::StateKey;
use crate::value::Value;

/// Reads the values of these keys with this many threads, so that the store answers several at once.
/// The values are in the order of the keys.
pub(crate) fn fetch(
    view: &dyn View,
    keys: &[StateKey],
    threads: usize,
) -> Vec<Result<Option<Value>, StoreError>> {
    let next = AtomicUsize::new(0);
    let read = || {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(key) = keys.get(at) else { return found };
            found.push((at, view.get(key)));
        }
    };
    let mut values: Vec<_> = keys.iter().map(|_| Ok(None)).collect();
    thread::scope(|scope| {
        let threads = threads.clamp(1, keys.len().max(1));
        let readers: Vec<_> = (1..threads).map(|_| scope.spawn(read)).collect();
        let mut found = read();
        for reader in readers {
            match reader.join() {
                Ok(more) => found.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        for (at, value) in found {
            values[at] = value;
        }
    });
    values
}

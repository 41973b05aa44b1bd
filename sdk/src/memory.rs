//! Work on long ranges of memory that the host does faster than a loop.

use core::cmp::Ordering;

use crate::host;

/// Copies as many bytes as the shorter range has.
pub fn copy(from: &[u8], into: &mut [u8]) {
    let len = from.len().min(into.len());
    if let (Some(from), Some(into)) = (from.get(..len), into.get_mut(..len)) {
        host::copy(from, into);
    }
}

/// Fills a range with a byte.
pub fn fill(into: &mut [u8], byte: u8) {
    host::fill(into, u32::from(byte));
}

/// Compares two ranges as slices are compared.
pub fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let len = left.len().min(right.len());
    let order = match (left.get(..len), right.get(..len)) {
        (Some(left), Some(right)) => (host::compare(left, right) as i32).cmp(&0),
        _ => Ordering::Equal,
    };
    order.then(left.len().cmp(&right.len()))
}

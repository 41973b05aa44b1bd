//! Comparisons of bytes, which the compiler calls by name.
//!
//! Those of the compiler's own library go byte by byte. A program whose target has cheap misaligned
//! accesses and a byte swap compares a word at a time instead, as the C library of the host does by
//! vectors.

/// How many bytes are compared at once.
const WORD: usize = size_of::<usize>();

/// The C function: below 0, 0 or above 0 as the first byte that differs is smaller, none differs, or it
/// is greater.
///
/// # Safety
///
/// `n` bytes from both addresses can be read.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, n: usize) -> i32 {
    let mut at = 0;
    while n - at >= WORD {
        // SAFETY: the word ends at or before `n`.
        let (a, b) = unsafe {
            let (left, right) = (left.add(at).cast::<usize>(), right.add(at).cast::<usize>());
            (left.read_unaligned(), right.read_unaligned())
        };
        if a != b {
            // the first byte counts most
            return if a.swap_bytes() < b.swap_bytes() { -1 } else { 1 };
        }
        at += WORD;
    }
    while at < n {
        // SAFETY: `at` is below `n`.
        let (a, b) = unsafe { (left.add(at).read(), right.add(at).read()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
        at += 1;
    }
    0
}

/// The C function: 0 if the bytes are equal.
///
/// # Safety
///
/// `n` bytes from both addresses can be read.
// SAFETY: no other function of the program has this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, n: usize) -> i32 {
    // SAFETY: the caller promises what is asked for.
    unsafe { memcmp(left, right, n) }
}

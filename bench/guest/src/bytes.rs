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
    if n < WORD {
        // SAFETY: the caller promises `n` bytes from both.
        return unsafe { order(short(left, n), short(right, n)) };
    }
    // words from the first byte on, then the last word, which may begin in the one before
    let last = n - WORD;
    let mut at = 0;
    while at < last {
        // SAFETY: the word ends before `n`.
        let (a, b) = unsafe { (word(left.add(at)), word(right.add(at))) };
        if a != b {
            return order(a, b);
        }
        at += WORD;
    }
    // SAFETY: the word ends at `n`.
    unsafe { order(word(left.add(last)), word(right.add(last))) }
}

/// The word at this address, the first byte of which counts most.
unsafe fn word(at: *const u8) -> usize {
    // SAFETY: the caller promises a word.
    unsafe { at.cast::<usize>().read_unaligned() }.swap_bytes()
}

/// Fewer bytes than a word, the first of which counts most. Bytes of equal numbers `n` are read in the
/// same way, so two results compare as the bytes do.
unsafe fn short(at: *const u8, n: usize) -> usize {
    // SAFETY: each part ends at or before `n`; the second may begin in the first.
    unsafe {
        match n {
            0 => 0,
            1 => at.read().into(),
            2 | 3 => {
                let half = |at: *const u8| usize::from(at.cast::<u16>().read_unaligned().swap_bytes());
                half(at) << 8 | half(at.add(n - 2)) & 0xff
            }
            _ => {
                let half = |at: *const u8| at.cast::<u32>().read_unaligned().swap_bytes() as usize;
                // `n` is less than a word, so a word has 64 bits
                half(at) << (WORD * 4) | half(at.add(n - 4))
            }
        }
    }
}

/// The order of two words.
fn order(a: usize, b: usize) -> i32 {
    i32::from(a > b) - i32::from(a < b)
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

//! Text out of bytes.
//!
//! The check of Rust's own library is made for speed: with its table it would be a sixteenth of the
//! image of a token. Images are paid for by the byte, so contracts have one that is short.

#![cfg_attr(
    any(target_arch = "riscv32", target_arch = "riscv64"),
    expect(unsafe_code, reason = "checked bytes become text")
)]

use alloc::string::String;
use alloc::vec::Vec;

/// These bytes as text, if they are UTF-8.
#[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

/// The same of bytes that are given away.
#[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
pub(crate) fn string(bytes: Vec<u8>) -> Option<String> {
    String::from_utf8(bytes).ok()
}

/// These bytes as text, if they are UTF-8.
#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    // SAFETY: they are UTF-8. What says so agrees with Rust's own check, by test.
    is_utf8(bytes).then(|| unsafe { str::from_utf8_unchecked(bytes) })
}

/// The same of bytes that are given away.
#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
pub(crate) fn string(bytes: Vec<u8>) -> Option<String> {
    // SAFETY: as above.
    is_utf8(&bytes).then(|| unsafe { String::from_utf8_unchecked(bytes) })
}

/// Whether these bytes are UTF-8: no encoding longer than needed, no surrogates.
#[cfg(any(target_arch = "riscv32", target_arch = "riscv64", test))]
#[inline(never)]
fn is_utf8(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    loop {
        if let Some((word, behind)) = rest.split_first_chunk()
            && u32::from_le_bytes(*word) & 0x8080_8080 == 0
        {
            rest = behind;
            continue;
        }
        let Some((first, behind)) = rest.split_first() else { return true };
        rest = behind;
        // How many bytes follow, and the first character that needs so many.
        let (more, least) = match first {
            ..0x80 => continue,
            0xc2..0xe0 => (1, 0x80),
            0xe0..0xf0 => (2, 0x800),
            0xf0..0xf5 => (3, 0x1_0000),
            _ => return false,
        };
        let mut character = u32::from(*first) & (0x3f >> more);
        for _ in 0..more {
            let Some((next, behind)) = rest.split_first() else { return false };
            if next & 0xc0 != 0x80 {
                return false;
            }
            character = character << 6 | u32::from(next & 0x3f);
            rest = behind;
        }
        if character < least || char::from_u32(character).is_none() {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn agrees(bytes: &[u8]) {
        assert_eq!(is_utf8(bytes), str::from_utf8(bytes).is_ok(), "{bytes:02x?}");
    }

    #[test]
    fn the_short_check_is_the_check_of_rust() {
        // each beginning of a character, and each byte that is none; what follows at its limits
        let edges = [0, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
        for first in 0..=255 {
            agrees(&[first]);
            for second in 0..=255 {
                agrees(&[first, second]);
                for third in edges {
                    agrees(&[first, second, third]);
                    for fourth in edges {
                        agrees(&[first, second, third, fourth]);
                        agrees(&[b'a', first, second, third, fourth, b'a']);
                    }
                }
            }
        }
        for character in char::MIN..=char::MAX {
            agrees(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    proptest! {
        #[test]
        fn texts_with_a_damaged_byte_are_judged_as_rust_does(
            text in "\\PC{0,40}",
            at in 0..40_usize,
            byte: u8,
        ) {
            let mut bytes = Vec::from(text);
            agrees(&bytes);
            if let Some(damaged) = bytes.get_mut(at) {
                *damaged = byte;
            }
            agrees(&bytes);
        }
    }
}

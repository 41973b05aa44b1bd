//! Strings sorted by the standard library: slices, comparisons by `memcmp`, generic code.

use crate::{
    Workload,
    mix::{Random, fold, fold_bytes},
};

/// Strings per round.
const COUNT: usize = 512;

/// Bytes kept for each string; its length is 1 to this.
const WIDTH: usize = 16;

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "sort_strings",
    summary: "Sorts 512 short random strings with the standard library's sort, n times.",
    run,
    n: 500,
    small_n: 1,
    small_checksum: 0x1031_1c60,
};

/// A string of at most [`WIDTH`] bytes.
#[derive(Clone, Copy)]
struct Text {
    bytes: [u8; WIDTH],
    length: u8,
}

impl Text {
    /// From a small alphabet, so that common prefixes and equal strings occur.
    fn random(random: &mut Random) -> Self {
        let mut bytes = [0; WIDTH];
        let length = 1 + random.below(WIDTH as u32) as u8;
        for byte in &mut bytes[..usize::from(length)] {
            *byte = b'a' + random.below(4) as u8;
        }
        Self { bytes, length }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// Makes and sorts `n` lists.
pub fn run(n: u32) -> u32 {
    let mut random = Random::new(n);
    let mut texts = [Text { bytes: [0; WIDTH], length: 0 }; COUNT];
    (0..n).fold(0, |checksum, _| {
        texts.fill_with(|| Text::random(&mut random));
        // Equal strings are equal in every byte, so an unstable sort has only one result.
        texts.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        texts
            .iter()
            .step_by(37)
            .fold(checksum, |sum, text| fold(fold_bytes(sum, &text.bytes), u32::from(text.length)))
    })
}

//! Pseudo-random input and a checksum, for all workloads.

/// A xorshift generator: three shifts per word, cheap beside the work it feeds.
pub(crate) struct Random(u32);

impl Random {
    /// Starts a sequence. Zero is the one state that xorshift never leaves, so it is not used.
    pub(crate) const fn new(seed: u32) -> Self {
        Self(if seed == 0 { 0x9e37_79b9 } else { seed })
    }

    /// The next word of the sequence.
    pub(crate) fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    /// A word below `bound`, by multiplication: a division would be a workload of its own.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        ((u64::from(self.next()) * u64::from(bound)) >> 32) as u32
    }
}

/// Adds a word to a checksum; the order of the words matters.
pub(crate) const fn fold(checksum: u32, word: u32) -> u32 {
    (checksum.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b1)
}

/// Adds bytes to a checksum, four at a time; a tail shorter than a word is left out.
pub(crate) fn fold_bytes(checksum: u32, bytes: &[u8]) -> u32 {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().fold(checksum, |sum, word| fold(sum, u32::from_le_bytes(*word)))
}

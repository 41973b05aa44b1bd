//! Bytes that one number determines.

use fastrand::Rng;

/// A generator that prints its seed, which the test harness shows on failure.
pub(crate) struct Random(Rng);

impl Random {
    pub(crate) fn new() -> Self {
        let seed = std::env::var("CRYPTO_SEED").map_or(1, |text| text.parse().unwrap());
        println!("reproduce with CRYPTO_SEED={seed}");
        Self(Rng::with_seed(seed))
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    /// Any bytes, with long runs of zeros or ones now and then.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
        if self.below(4) == 0 && !bytes.is_empty() {
            let (from, to) = (self.below(bytes.len()), self.below(bytes.len() + 1));
            let run = if self.below(2) == 0 { 0 } else { 0xff };
            bytes[from.min(to)..to.max(from)].fill(run);
        }
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub(crate) fn vec(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }

    /// Flips one bit.
    pub(crate) fn spoil(&mut self, bytes: &mut [u8]) {
        let bit = self.below(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

/// The bytes that hexadecimal digits say.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    ::hex::decode(digits).unwrap()
}

/// As many bytes as hexadecimal digits say.
pub(crate) fn hex_array<const N: usize>(digits: &str) -> [u8; N] {
    hex(digits).try_into().unwrap()
}

/// The parts one after another.
pub(crate) fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    parts.concat().try_into().unwrap()
}

//! Random numbers, the same on every machine.

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

#[derive(Clone, Debug)]
pub(crate) struct Random(SplitMix64);

impl Random {
    /// The stream that belongs to a name and a seed.
    pub(crate) fn new(name: &str, seed: u64) -> Self {
        let stream = |seed| Self(SplitMix64::seed_from_u64(seed));
        name.bytes().fold(stream(seed), |mut random, byte| stream(random.bits() ^ u64::from(byte)))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(crate) fn word(&mut self) -> u32 {
        (self.bits() >> 32) as u32
    }

    /// A number below `n`, which is not 0.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(n)) >> 32) as u32
    }

    /// A number in `low..=high`.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: u32) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let n = u32::try_from(choices.len()).expect("a list of choices is short");
        choices[self.below(n) as usize]
    }

    pub(crate) fn fill(&mut self, length: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length as usize + 8);
        while bytes.len() < length as usize {
            bytes.extend_from_slice(&self.bits().to_le_bytes());
        }
        bytes.truncate(length as usize);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs for seed 1234567, as published with the algorithm.
    #[test]
    fn the_stream_is_splitmix64() {
        let mut random = Random::new("", 1_234_567);
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([random.bits(), random.bits(), random.bits()], published);
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut random = Random::new("range", 0);
        let drawn: Vec<_> = (0..1000).map(|_| random.between(3, 6)).collect();
        assert!((3..=6).all(|n| drawn.contains(&n)));
        assert!(drawn.iter().all(|n| (3..=6).contains(n)));
    }
}

//! Vectors, maps and strings on the heap.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

use alloc::collections::BTreeMap;
use bessemer_sdk::prelude::*;

/// Has no state.
#[contract]
pub struct AllocatorDemo {}

#[contract]
impl AllocatorDemo {
    /// The sum of the first numbers, by way of a vector.
    pub fn sum(&self, count: u32) -> u64 {
        let numbers: Vec<u64> = (1..=u64::from(count)).collect();
        numbers.iter().sum()
    }

    /// Each word once, with the number of times that it occurs.
    pub fn words(&self, text: &str) -> Vec<(String, u32)> {
        let mut words = BTreeMap::new();
        for word in text.split_whitespace() {
            *words.entry(word).or_insert(0) += 1;
        }
        words.into_iter().map(|(word, count)| (word.to_owned(), count)).collect()
    }

    /// Takes and gives back so much memory, so often: it is the same memory each time.
    pub fn churn(&self, bytes: u32, times: u32) -> u32 {
        (0..times).map(|_| vec![1u8; bytes as usize].len() as u32).sum()
    }

    /// Takes memory until there is none: the call fails.
    pub fn exhaust(&self) -> u64 {
        let mut all: Vec<Vec<u8>> = Vec::new();
        loop {
            all.push(vec![1; 64 << 10]);
            if all.len() > 1 << 16 {
                return all.len() as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;

    #[test]
    fn counts_and_sums() {
        testing::act_as(testing::user("alice"));
        let demo = AllocatorDemoClient::new(testing::deploy::<AllocatorDemo>(&()).unwrap());
        assert_eq!(demo.sum(1_000), 500_500);
        assert_eq!(demo.words("b a  b"), [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        assert_eq!(demo.churn(1_000, 50), 50_000);
    }
}

//! Quicksort: unpredictable branches over 32-bit words.

use crate::{
    Workload,
    mix::{Random, fold},
};

/// Words per array.
const LENGTH: usize = 4096;

/// Shorter parts are left to insertion sort.
const SHORT: usize = 16;

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "quicksort",
    summary: "Sorts 4,096 random words with a hand-written quicksort, n times.",
    run,
    n: 100,
    small_n: 1,
    small_checksum: 0xc419_a900,
};

/// Fills and sorts `n` arrays.
pub fn run(n: u32) -> u32 {
    let mut random = Random::new(n);
    let mut words = [0; LENGTH];
    (0..n).fold(0, |checksum, round| {
        words.fill_with(|| random.next());
        sort(&mut words);
        // A few places of each array, not all of them: reading is not the work that is measured.
        let step = 61 + (round % 8) as usize;
        words.iter().step_by(step).fold(checksum, |sum, word| fold(sum, *word))
    })
}

/// Sorts upwards. The depth is at most log2 of the length: only the smaller part is a call.
fn sort(mut words: &mut [u32]) {
    while words.len() > SHORT {
        let (low, high) = partition(words);
        let (smaller, larger) = if low.len() < high.len() { (low, high) } else { (high, low) };
        sort(smaller);
        words = larger;
    }
    insertion(words);
}

/// Hoare's partition around the median of three: no word of the first part is above any of the
/// second.
fn partition(words: &mut [u32]) -> (&mut [u32], &mut [u32]) {
    let (first, middle, last) = (words[0], words[words.len() / 2], words[words.len() - 1]);
    let pivot = first.max(middle).min(first.min(middle).max(last));
    let (mut left, mut right) = (0, words.len() - 1);
    loop {
        while words[left] < pivot {
            left += 1;
        }
        while words[right] > pivot {
            right -= 1;
        }
        if left >= right {
            // With the median as pivot both parts are non-empty, so the caller makes progress.
            return words.split_at_mut(right + 1);
        }
        words.swap(left, right);
        left += 1;
        right -= 1;
    }
}

/// Insertion sort.
fn insertion(words: &mut [u32]) {
    for end in 1..words.len() {
        let word = words[end];
        let mut hole = end;
        while hole > 0 && words[hole - 1] > word {
            words[hole] = words[hole - 1];
            hole -= 1;
        }
        words[hole] = word;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts() {
        let mut random = Random::new(7);
        for length in 0..300 {
            for bound in [1, 2, 10, u32::MAX] {
                let mut words = [0; 300];
                let words = &mut words[..length];
                words.fill_with(|| random.below(bound));
                sort(words);
                assert!(words.is_sorted(), "{length} words below {bound}");
            }
        }
    }
}

//! The sort of the standard library.

/// Sorts n times, and gives a checksum.
pub fn run(n: u32) -> u32 {
    (0..n).fold(0, |sum, round| {
        let mut state = u64::from(round);
        let mut numbers = [0; 100];
        for number in &mut numbers {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *number = state >> 20;
        }
        numbers.sort_unstable();
        sum.wrapping_mul(31) ^ (numbers[50] >> 7) as u32
    })
}

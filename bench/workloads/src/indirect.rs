//! Calls through a table of function pointers: targets that only run time knows.

use core::hint::black_box;

use crate::{Workload, mix::fold};

/// A step of the computation.
type Step = fn(u32, u32) -> u32;

/// The callees: a few instructions each, so that the call is the work.
const STEPS: [Step; 16] = [
    |a, b| a.wrapping_add(b),
    |a, b| a ^ b.rotate_left(7),
    |a, b| a.wrapping_sub(b >> 3),
    |a, b| a.wrapping_mul(b | 1),
    |a, b| a.rotate_right(b & 31),
    |a, b| !a ^ b,
    |a, b| (a & b) | (!a & b.rotate_left(16)),
    |a, b| a.wrapping_add(b).rotate_left(11),
    |a, b| a.max(b).wrapping_sub(a.min(b)),
    |a, b| a ^ (b >> (a & 15)),
    |a, b| a.swap_bytes() ^ b,
    |a, b| a.wrapping_mul(0x85eb_ca6b) ^ b,
    |a, b| (a << 1) ^ (b << 2),
    |a, b| {
        if a & 0x100 == 0 { a.wrapping_add(b) } else { a ^ b }
    },
    |a, b| a.wrapping_sub(b).rotate_left(5),
    |a, b| a.count_ones().wrapping_add(b.rotate_right(9)),
];

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "indirect",
    summary: "Calls 16 small functions through a table of pointers, 64 n times, in changing order.",
    run,
    n: 40_000,
    small_n: 150,
    small_checksum: 0x7e70_abd2,
};

/// Makes `64 * n` calls.
pub fn run(n: u32) -> u32 {
    let steps = black_box(&STEPS);
    let mut value = n;
    (0..n).fold(0, |checksum, round| {
        for call in 0..64u32 {
            // The order repeats only in part: a predictor can learn some of it, not all.
            let choice = (call * 7).wrapping_add(round >> 3) ^ (value >> 30);
            value = steps[(choice % 16) as usize](value, call.wrapping_add(round));
        }
        fold(checksum, value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callees_differ() {
        let results = STEPS.map(|step| step(0x0123_4567, 0x1357_9bdf));
        for (k, result) in results.iter().enumerate() {
            assert!(!results[..k].contains(result), "step {k}");
        }
    }
}

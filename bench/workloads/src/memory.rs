//! The library's memory routines: fill, copy, overlapping move, compare.

use core::hint::black_box;

use crate::{Workload, mix::fold};

/// Bytes per buffer.
const LENGTH: usize = 32 * 1024;

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "memory",
    summary: "Fills, copies, moves and compares buffers of up to 32 KiB, n times.",
    run,
    n: 1600,
    small_n: 2,
    small_checksum: 0x40fb_72b0,
};

/// Works `n` times through two buffers, with lengths and offsets of every alignment.
pub fn run(n: u32) -> u32 {
    let mut from = [0u8; LENGTH];
    let mut to = [0u8; LENGTH];
    (0..n).fold(0, |checksum, round| {
        let skew = (round % 16) as usize;
        let length = black_box(LENGTH - 64 - skew);
        from[skew..][..length].fill(round as u8 ^ 0x5a);
        black_box(&mut from);
        to[16..][..length].copy_from_slice(&from[skew..][..length]);
        black_box(&mut to);
        to.copy_within(16..16 + length / 2, 32 + skew);
        black_box(&mut to);
        let equal = from[skew..][..length] == to[16..][..length];
        let samples = [to[0], to[16 + skew], to[length], from[length]].map(u32::from);
        samples.into_iter().fold(fold(checksum, u32::from(equal)), fold)
    })
}

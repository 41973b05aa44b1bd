//! Sieve of Eratosthenes: byte stores with a stride, and a loop that counts.

use core::hint::black_box;

use crate::{Workload, mix::fold};

/// Numbers below this are sieved: one byte each, small enough for a first-level cache.
const LIMIT: usize = 32 * 1024;

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "sieve",
    summary: "Counts the primes below 32,768 with the sieve of Eratosthenes, n times.",
    run,
    n: 400,
    small_n: 1,
    small_checksum: 0x890d_7438,
};

/// Sieves `n` times; each round has a slightly lower limit than the one before, modulo 64.
pub fn run(n: u32) -> u32 {
    let mut composite = [false; LIMIT];
    (0..n).fold(0, |checksum, round| {
        let limit = black_box(LIMIT - (round % 64) as usize);
        fold(checksum, primes_below(&mut composite[..limit]))
    })
}

/// Marks the composite indices of `composite` and counts the others from 2 up.
fn primes_below(composite: &mut [bool]) -> u32 {
    composite.fill(false);
    let limit = composite.len();
    let mut count = 0;
    for number in 2..limit {
        if composite[number] {
            continue;
        }
        count += 1;
        // Smaller multiples have a smaller factor and are marked already.
        let mut multiple = number * number;
        while multiple < limit {
            composite[multiple] = true;
            multiple += number;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_primes() {
        assert_eq!(primes_below(&mut [true; 100]), 25);
        assert_eq!(primes_below(&mut [true; 1000]), 168);
        assert_eq!(primes_below(&mut [false; LIMIT]), 3512);
    }
}

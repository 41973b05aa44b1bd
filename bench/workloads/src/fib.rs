//! Recursive Fibonacci numbers: calls, returns and little else.

use core::hint::black_box;

use crate::{Workload, mix::fold};

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "fib",
    summary: "Computes the n-th Fibonacci number by the doubly recursive definition.",
    run,
    n: 33,
    small_n: 18,
    small_checksum: 0xfff4_5298,
};

/// The checksum of the `n`-th Fibonacci number; `n` is at most 47, the last one that fits.
pub fn run(n: u32) -> u32 {
    fold(0, fibonacci(black_box(n)))
}

/// The checked addition keeps both calls calls: a compiler turns `a + f(n - 2)` into a loop with an
/// accumulator, but not an addition that can fail.
#[inline(never)]
fn fibonacci(n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    let (one_before, two_before) = (fibonacci(n - 1), fibonacci(n - 2));
    one_before.checked_add(two_before).expect("Fibonacci numbers up to the 47th fit 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers() {
        assert_eq!([0, 1, 2, 3, 10, 20].map(fibonacci), [0, 1, 1, 2, 55, 6765]);
    }
}

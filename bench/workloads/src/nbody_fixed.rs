//! Gravity in fixed point: 64-bit multiplications, divisions and square roots.

use core::hint::black_box;

use crate::{Workload, mix::fold};

/// Fraction bits of a [`Fixed`].
const FRACTION: u32 = 16;

/// A signed number with 16 fraction bits. Products of two stay below 2^63 for what occurs here.
type Fixed = i64;

/// The registry row.
pub const WORKLOAD: Workload = Workload {
    name: "nbody_fixed",
    summary: "Moves five bodies under their gravity in 64-bit fixed-point arithmetic, n steps.",
    run,
    n: 40_000,
    small_n: 60,
    small_checksum: 0x3ba0_a473,
};

/// A point mass.
#[derive(Clone, Copy)]
struct Body {
    position: [Fixed; 3],
    velocity: [Fixed; 3],
    mass: Fixed,
}

/// Simulates `n` steps and returns the checksum of where the bodies are.
pub fn run(n: u32) -> u32 {
    let mut bodies = black_box(start());
    for _ in 0..n {
        step(&mut bodies);
    }
    bodies
        .iter()
        .flat_map(|body| body.position.into_iter().chain(body.velocity))
        .fold(0, |checksum, value| fold(fold(checksum, value as u32), (value >> 32) as u32))
}

/// A heavy body at rest and four light ones around it.
fn start() -> [Body; 5] {
    const ONE: Fixed = 1 << FRACTION;
    let body = |position: [Fixed; 3], velocity: [Fixed; 3], mass| Body { position, velocity, mass };
    [
        body([0, 0, 0], [0, 0, 0], 400 * ONE),
        body([9 * ONE, 0, ONE], [0, 6 * ONE, 0], ONE),
        body([0, 16 * ONE, 0], [-5 * ONE, 0, ONE], 2 * ONE),
        body([-25 * ONE, 0, -2 * ONE], [0, -4 * ONE, 0], ONE / 2),
        body([0, -36 * ONE, 3 * ONE], [3 * ONE, 0, 0], 3 * ONE),
    ]
}

/// One step of 1/64 time unit: every pair attracts, then everything moves.
fn step(bodies: &mut [Body; 5]) {
    for k in 1..bodies.len() {
        let (before, rest) = bodies.split_at_mut(k);
        let this = &mut rest[0];
        for other in before {
            attract(this, other);
        }
    }
    for body in bodies {
        for (place, speed) in body.position.iter_mut().zip(body.velocity) {
            *place += speed >> 6;
        }
    }
}

/// Changes the velocities of a pair.
fn attract(a: &mut Body, b: &mut Body) {
    let mut distance = [0; 3];
    for (axis, difference) in distance.iter_mut().enumerate() {
        *difference = a.position[axis] - b.position[axis];
    }
    // Softened, as usual: bodies that meet do not divide by zero.
    let softening = 1 << FRACTION;
    let square = distance.iter().map(|d| multiply(*d, *d)).sum::<Fixed>() + softening;
    let root = (square.unsigned_abs() << FRACTION).isqrt().cast_signed();
    let cube = multiply(square, root);
    for (axis, difference) in distance.into_iter().enumerate() {
        // In this order the quotient keeps its precision.
        let pull = (difference << FRACTION) / cube.max(1);
        a.velocity[axis] -= multiply(pull, b.mass) >> 6;
        b.velocity[axis] += multiply(pull, a.mass) >> 6;
    }
}

/// The product, rounded down.
const fn multiply(a: Fixed, b: Fixed) -> Fixed {
    (a * b) >> FRACTION
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Overflow checks are on in tests, so this also shows that no product overflows.
    #[test]
    fn bodies_stay_together() {
        let mut bodies = start();
        for _ in 0..WORKLOAD.n {
            step(&mut bodies);
        }
        for body in &bodies {
            assert!(body.position.iter().all(|place| place.abs() < 10_000 << FRACTION));
        }
    }
}

//! How much gas the interpreter may use before instances wait for native code.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use bessemer_image::Program;

/// Gas that may still be used in the interpreter before instances wait for native code. Without a
/// limit at first.
#[derive(Debug)]
pub(crate) struct Budget {
    /// `u64::MAX` for no limit.
    left: AtomicU64,
    /// How often there was no code for those who had waited.
    failures: AtomicU32,
    /// The limit before a failure.
    first: u64,
}

impl Budget {
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            left: AtomicU64::new(u64::MAX),
            failures: AtomicU32::new(0),
            first: interpreted_gas(program),
        }
    }

    #[inline]
    pub(crate) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Takes gas that the interpreter used from what is left.
    pub(crate) fn spend(&self, gas: u64) {
        let less = |left: u64| (left != u64::MAX).then(|| left.saturating_sub(gas));
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Sets the limit.
    pub(crate) fn limit(&self) {
        let failures = self.failures.load(Ordering::Relaxed);
        let gas = self.first.saturating_mul(4_u64.saturating_pow(failures));
        self.left.store(gas, Ordering::Relaxed);
    }

    /// Sets the limit after a failure: four times as much each time.
    pub(crate) fn extend(&self) {
        let more = |failures: u32| failures.checked_add(1);
        let _ = self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        self.limit();
    }

    /// Takes the limit away: there will never be code.
    pub(crate) fn lift(&self) {
        self.failures.store(u32::MAX, Ordering::Relaxed);
        self.limit();
    }
}

/// Gas that the instances of a program may use in the interpreter before they wait for native code:
/// when interpreting has cost about as much as compiling does, which takes a good two microseconds for
/// a byte of text, and the interpreter a good half nanosecond for a unit of gas.
///
/// It is a rule on gas, so that no sender makes a node compile what it did not pay for, and on the whole
/// nothing takes more than twice as long as the better choice would have taken.
pub(crate) fn interpreted_gas(program: &Program) -> u64 {
    let text = program.text();
    (text.slot_count() as u64 * u64::from(text.profile().step()))
        .saturating_mul(GAS_PER_BYTE)
        .saturating_add(FIXED_GAS)
}

const GAS_PER_BYTE: u64 = 4_096;
const FIXED_GAS: u64 = 1 << 21;

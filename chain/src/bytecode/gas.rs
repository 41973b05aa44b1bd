//! Gas at the border between the two kinds of frames.
//!
//! Outside, and in EVM frames, gas is Ethereum's. A RISC-V frame counts smaller units: each gas of
//! Ethereum is 2^[`SHIFT`] of them. All conversions are here. What does not fit is at the cost of the
//! caller: parts of a unit are lost where gas comes back, and are not handed over where gas is given.

/// How many units of RISC-V gas a unit of Ethereum's gas is, as a power of two.
///
/// Measured: the EVM interpreter needs about 5 ns for one gas of Ethereum, and native code 0.16 ns for a
/// unit of RISC-V gas, so 2^5 units take about as long as one gas.
pub const SHIFT: u32 = 5;

/// The most RISC-V gas that a frame can have (specification, section 4).
const MOST: u64 = bessemer_runtime::MAX_GAS;

/// The RISC-V gas of a frame for this gas of Ethereum. Gas above the most that a frame can have is
/// not handed over.
pub(crate) const fn to_riscv(gas: u64) -> u64 {
    if gas > MOST >> SHIFT { MOST } else { gas << SHIFT }
}

/// The gas of Ethereum for this RISC-V gas, in whole units: for an EVM frame, or the sender.
pub const fn to_ethereum(gas: u64) -> u64 {
    gas >> SHIFT
}

/// The part of this RISC-V gas that [`to_ethereum`] can hand over without a rest.
pub(crate) const fn whole(gas: u64) -> u64 {
    to_ethereum(gas) << SHIFT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_between_gas_units_never_gains_gas() {
        let unit = 1 << SHIFT;
        let edges = [0, 1, unit - 1, unit, unit + 1, 63, 64, 2300, 21_000, 1 << 40];
        let high = [MOST >> SHIFT, (MOST >> SHIFT) + 1, MOST - 1, MOST, u64::MAX - 1, u64::MAX];
        for gas in edges.into_iter().chain(high) {
            assert!(to_ethereum(to_riscv(gas)) <= gas, "{gas}");
            assert!(to_riscv(gas) <= MOST, "{gas}");
            assert!(to_riscv(to_ethereum(gas)) <= gas, "{gas}");
            assert!(whole(gas) <= gas && gas - whole(gas) < unit, "{gas}");
            if gas <= MOST >> SHIFT {
                assert_eq!(to_ethereum(to_riscv(gas)), gas);
                // one unit that is used costs a whole one of Ethereum's
                assert_eq!(to_ethereum(to_riscv(gas).saturating_sub(1)), gas.saturating_sub(1));
            }
        }
    }

    #[test]
    fn what_63_64_leave_is_the_same_on_both_sides() {
        for gas in [0_u64, 1, 63, 64, 65, 2300, 1_000_000, 1 << 50] {
            let here = gas - gas / 64;
            let there = to_riscv(gas) - to_riscv(gas) / 64;
            assert!(to_ethereum(there) <= here && here <= to_ethereum(there) + 1, "{gas}");
        }
    }
}

//! Finds the first block after which two engines differ.
//!
//! Gas is exact: with the same limit both engines stop at the same arrival. So the first differing
//! block is found by bisecting the limit, without any hook into native code.

use super::compare::{self, Difference};
use super::execution::{Execution, Subject, Until};
use crate::failure::Failure;

/// The first block after which states differ.
pub(super) struct Located {
    /// The smallest gas limit with which they differ: it pays for the block and nothing more.
    pub(super) gas: u64,
    /// The reference with one gas less: before the block.
    pub(super) before: Execution,
    /// The reference after the block.
    pub(super) reference: Execution,
    /// The other engine after the block.
    pub(super) other: Execution,
    pub(super) differences: Vec<Difference>,
}

/// Finds the block. `gas` is a limit with which the executions differ. `None` if they do not after
/// all.
pub(super) fn locate(
    reference: &Subject<'_>,
    other: &Subject<'_>,
    gas: u64,
) -> Result<Option<Located>, Failure> {
    let execute = |gas| {
        let here = reference.execute(gas, &Until::End)?;
        let there = other.execute(gas, &Until::End)?;
        let differences = compare::ends(&here, &there);
        Ok::<_, Failure>((here, there, differences))
    };
    let gas = smallest(gas, |gas| Ok::<_, Failure>(!execute(gas)?.2.is_empty()))?;
    let (here, there, differences) = execute(gas)?;
    if differences.is_empty() {
        return Ok(None);
    }
    let before = reference.execute(gas.saturating_sub(1), &Until::End)?;
    Ok(Some(Located { gas, before, reference: here, other: there, differences }))
}

/// The smallest number up to `high` with a property that `high` has. If the property comes and goes,
/// one whose predecessor lacks it.
fn smallest<E>(high: u64, mut has: impl FnMut(u64) -> Result<bool, E>) -> Result<u64, E> {
    let (mut low, mut high) = (0, high);
    while low < high {
        let middle = low + (high - low) / 2;
        if has(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_number_is_found() {
        for wanted in [0, 1, 2, 99, 100] {
            let found = smallest(100, |number| Ok::<_, ()>(number >= wanted));
            assert_eq!(found, Ok(wanted));
        }
    }
}

//! Finds the first block after which two engines differ.
//!
//! Gas is exact: with the same limit both engines stop at the same arrival. So the first differing
//! block is found by bisecting the limit, without any hook into native code.
//!
//! Out of gas, an engine has no gas left, whatever it has charged before. A limit that the blocks of
//! the reference use up to the last unit shows that too: with it an engine that charges more stops a
//! block earlier, and with one less an engine that charges less stops a block later. So both of
//! these limits are looked at for every limit of the search.

use super::compare::{self, Difference};
use super::execution::{Execution, Subject, Until};
use crate::support::failure::Failure;

/// The first block after which states differ.
pub(super) struct Located {
    /// A gas limit with which they differ.
    pub(super) gas: u64,
    /// The reference before the block.
    pub(super) before: Execution,
    /// The reference with the limit.
    pub(super) reference: Execution,
    /// The other engine with the limit.
    pub(super) other: Execution,
    pub(super) differences: Vec<Difference>,
}

/// Finds the block, among those that `gas` pays for. `None` if nothing differs with that limit.
pub(super) fn locate(
    reference: &Subject<'_>,
    other: &Subject<'_>,
    gas: u64,
) -> Result<Option<Located>, Failure> {
    if difference(reference, other, gas)?.is_none() {
        return Ok(None);
    }
    let gas = smallest(gas, |gas| Ok::<_, Failure>(difference(reference, other, gas)?.is_some()))?;
    difference(reference, other, gas)
}

/// The differences when the limit pays for the same blocks as `gas`.
fn difference(
    reference: &Subject<'_>,
    other: &Subject<'_>,
    gas: u64,
) -> Result<Option<Located>, Failure> {
    let paid = reference.spent(gas)?;
    let unpaid = paid.saturating_sub(1);
    for gas in [paid, unpaid] {
        let here = reference.execute(gas, &Until::End)?;
        let there = other.execute(gas, &Until::End)?;
        let differences = compare::ends(&here, &there);
        if !differences.is_empty() {
            let before = reference.execute(unpaid, &Until::End)?;
            return Ok(Some(Located { gas, before, reference: here, other: there, differences }));
        }
    }
    Ok(None)
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

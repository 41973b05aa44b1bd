//! The contracts that are built in.

use alloy_primitives::{Address, Bytes};
use revm_precompile::{PrecompileSpecId, PrecompileStatus};

use crate::fork::Fork;
use crate::frame::{FrameEnd, Outcome};

/// The precompiles of one fork.
#[derive(Clone, Copy, Debug)]
pub struct Precompiles(&'static revm_precompile::Precompiles);

impl Precompiles {
    pub(crate) fn new(fork: Fork) -> Self {
        Self(revm_precompile::Precompiles::new(PrecompileSpecId::from_spec_id(fork.spec())))
    }

    /// Whether there is a precompile at this address.
    #[inline]
    pub fn contains(&self, address: &Address) -> bool {
        // all are below 2^16, and most addresses that are asked for are not
        address[..18] == [0; 18] && self.0.contains(address)
    }

    /// All addresses.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.0.addresses()
    }

    /// Calls the precompile at an address; `None` if there is none.
    ///
    /// An error of the implementation, which no input has been seen to cause, ends the call as bad
    /// input does.
    pub fn call(&self, address: &Address, input: &[u8], gas: u64) -> Option<Outcome> {
        if !self.contains(address) {
            return None;
        }
        let failed = Outcome::failed(FrameEnd::Halt);
        let Ok(output) = self.0.get(address)?.execute(input, gas, 0) else { return Some(failed) };
        let left = gas.checked_sub(output.gas_used);
        let (end, Some(gas_left)) = (output.status, left) else { return Some(failed) };
        Some(match end {
            PrecompileStatus::Success => {
                Outcome { end: FrameEnd::Return, output: output.bytes, gas_left, refund: 0 }
            }
            PrecompileStatus::Revert => {
                Outcome { end: FrameEnd::Revert, output: output.bytes, gas_left, refund: 0 }
            }
            PrecompileStatus::Halt(reason) if reason.is_oog() => {
                Outcome::failed(FrameEnd::OutOfGas)
            }
            PrecompileStatus::Halt(_) => failed,
        })
    }
}

impl Outcome {
    /// A frame that failed and used all its gas.
    pub fn failed(end: FrameEnd) -> Self {
        Self { end, output: Bytes::new(), gas_left: 0, refund: 0 }
    }
}

//! The contracts that are built in.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes};
use revm_precompile::{PrecompileSpecId, PrecompileStatus};

use crate::fork::Fork;
use crate::frame::{FrameEnd, Outcome};

/// The precompiles of one fork, some of which may be elsewhere for a simulation.
#[derive(Clone, Debug)]
pub struct Precompiles {
    fork: &'static revm_precompile::Precompiles,
    /// Of addresses where something is different: the precompile that is there now.
    moved: BTreeMap<Address, Option<Address>>,
}

impl Precompiles {
    pub(crate) fn new(fork: Fork) -> Self {
        let fork = revm_precompile::Precompiles::new(PrecompileSpecId::from_spec_id(fork.spec()));
        Self { fork, moved: BTreeMap::new() }
    }

    /// Whether there is a precompile at this address.
    #[inline]
    pub fn contains(&self, address: &Address) -> bool {
        if self.moved.is_empty() {
            // all are below 2^16, and most addresses that are asked for are not
            return address[..18] == [0; 18] && self.fork.contains(address);
        }
        self.origin(address).is_some()
    }

    /// The address that the precompile at an address has in the fork.
    fn origin(&self, address: &Address) -> Option<Address> {
        match self.moved.get(address) {
            Some(origin) => *origin,
            None => self.fork.contains(address).then_some(*address),
        }
    }

    /// Whether the fork has a precompile at this address, which then is warm from the begin, wherever
    /// the precompile is now.
    #[inline]
    pub fn is_warm(&self, address: &Address) -> bool {
        address[..18] == [0; 18] && self.fork.contains(address)
    }

    /// Takes the precompile at an address away.
    pub fn remove(&mut self, address: &Address) {
        if self.contains(address) {
            self.moved.insert(*address, None);
        }
    }

    /// Puts the precompile at an address to another one too, in place of what is there.
    pub fn move_to(&mut self, from: &Address, to: Address) {
        let origin = self.origin(from);
        self.moved.insert(to, origin);
    }

    /// All addresses of the fork.
    pub fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.fork.addresses()
    }

    /// Calls the precompile at an address; `None` if there is none.
    ///
    /// An error of the implementation, which no input has been seen to cause, ends the call as bad
    /// input does.
    pub fn call(&self, address: &Address, input: &[u8], gas: u64) -> Option<Outcome> {
        if !self.contains(address) {
            return None;
        }
        let origin = self.origin(address)?;
        let failed = Outcome::failed(FrameEnd::Halt);
        let Ok(output) = self.fork.get(&origin)?.execute(input, gas, 0) else {
            return Some(failed);
        };
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

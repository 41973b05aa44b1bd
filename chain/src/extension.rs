//! Host calls of the embedder's own.

use bessemer_abi::Effect;
use bessemer_isa::TrapKind;
use bessemer_runtime::region::Region;
use bessemer_runtime::{Caller, HostResult, HostStop};
use bessemer_types::{Address, U256};

use crate::event::Event;
use crate::host::Context;
use crate::key::StorageKey;
use crate::transaction::BlockInfo;

/// The first call number that embedders may define; those below belong to the table.
pub const FIRST_EXTENSION: u32 = 0x1000;

/// A host call that the embedder defines, by [`Chain::host_call`](crate::Chain::host_call).
///
/// All nodes of a chain must define the same ones, with the same outcomes and prices.
#[derive(Clone, Debug)]
pub struct ExtensionRow {
    /// The call number, in a7: [`FIRST_EXTENSION`] or more.
    pub number: u32,
    /// The name in messages.
    pub name: String,
    /// The gas of the call itself, paid before anything else.
    pub base: u64,
    /// What it may change: with [`Effect::State`] it traps in a read-only frame.
    pub effect: Effect,
}

/// What an embedder's host call can use.
///
/// By rule G6 a call checks everything that the guest names, then pays, then acts: a call that acts
/// first and fails later has happened for the embedder and not for the contract.
pub struct Extension<'a> {
    caller: Caller<'a, Context>,
}

impl<'a> Extension<'a> {
    /// Pays the base, and checks that the frame may do this.
    pub(crate) fn begin(mut caller: Caller<'a, Context>, row: &ExtensionRow) -> HostResult<Self> {
        caller.charge(row.base)?;
        if row.effect == Effect::State && caller.data().frame.read_only {
            return Err(HostStop::Trap(TrapKind::StaticViolation, None));
        }
        Ok(Self { caller })
    }

    /// The value of an argument register: 0 stands for a0, 5 for a5.
    ///
    /// # Panics
    ///
    /// If there is no such argument register.
    pub fn argument(&self, index: usize) -> u32 {
        self.caller.argument(index)
    }

    /// The contract's memory. A range that it may not use becomes the trap `BadPointer` by `?`.
    pub fn memory(&mut self) -> &mut Region {
        self.caller.memory()
    }

    /// Takes gas; too little ends the frame, which `?` passes on.
    ///
    /// # Errors
    ///
    /// [`HostStop::OutOfGas`].
    pub fn charge(&mut self, gas: u64) -> HostResult<()> {
        self.caller.charge(gas)
    }

    /// The account whose state the frame uses.
    pub fn contract(&self) -> Address {
        self.caller.data().frame.address
    }

    /// Who called the frame.
    pub fn caller(&self) -> Address {
        self.caller.data().frame.caller
    }

    /// Who sent the transaction.
    pub fn origin(&self) -> Address {
        self.caller.data().session().origin
    }

    /// What came with the call.
    pub fn value(&self) -> U256 {
        self.caller.data().frame.value
    }

    /// The block.
    pub fn block(&self) -> BlockInfo {
        self.caller.data().session().block
    }

    /// A value that the contract stored.
    ///
    /// # Errors
    ///
    /// [`HostStop::Trap`] if the key was not declared or is too long, and the host's failures.
    pub fn storage(&mut self, key: &[u8]) -> HostResult<Option<Vec<u8>>> {
        let key = storage_key(key)?;
        let (frame, session) = self.caller.data_mut().parts();
        let entry = session.journal.storage(&frame.address, &key)?;
        Ok(entry.value.map(<[u8]>::to_vec))
    }

    /// Stores a value for the contract, or removes it. Undone if the frame fails.
    ///
    /// # Errors
    ///
    /// [`HostStop::Trap`] if the key was not declared or is too long, and the host's failures.
    pub fn set_storage(&mut self, key: &[u8], value: Option<&[u8]>) -> HostResult<()> {
        let key = storage_key(key)?;
        let (frame, session) = self.caller.data_mut().parts();
        let id = session.journal.storage(&frame.address, &key)?.id;
        Ok(session.journal.set(id, value.map(Into::into))?)
    }

    /// Emits an event of the contract. Undone if the frame fails.
    pub fn emit(&mut self, topics: Vec<[u8; 32]>, data: Vec<u8>) {
        let (frame, session) = self.caller.data_mut().parts();
        session.journal.emit(Event { address: frame.address, topics, data });
    }
}

fn storage_key(key: &[u8]) -> HostResult<StorageKey> {
    StorageKey::new(key).map_err(|_| HostStop::Trap(TrapKind::HostLimit, None))
}

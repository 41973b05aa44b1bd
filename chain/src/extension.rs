//! Host calls of the embedder's own.

use bessemer_abi::Effect;
use bessemer_abi::limits::{TOPICS, VALUE_BYTES};
use bessemer_isa::TrapKind;
use bessemer_runtime::memory::GuestMemory;
use bessemer_runtime::{Caller, HostResult, HostStop};
use bessemer_types::{Address, U256};

use crate::event::Event;
use crate::host::{Context, Session};
use crate::inspect::Observation;
use crate::key::StorageKey;
use crate::transaction::BlockInfo;
use crate::value::Value;

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
    /// Its effect: with [`Effect::State`] it traps in a read-only frame before it is called.
    /// With any other, [`Extension::set_storage`] and [`Extension::emit`] trap there.
    pub effect: Effect,
}

/// The frame and the state that a host call of the embedder can use.
///
/// By rule G6 a call checks everything that the guest names, then pays, then acts: a call that acts
/// first and fails later has happened for the embedder and not for the contract.
///
/// Its changes of state obey the rules of the table's own rows, whatever the embedder
/// forgets: read-only frames, the caps of a transaction on writes, events and their bytes, and the
/// access list.
pub struct Extension<'a> {
    caller: Caller<'a, Context>,
    session: &'a mut Session,
}

impl<'a> Extension<'a> {
    /// Pays the base, and checks that the frame may do this.
    pub(crate) fn begin(
        caller: Caller<'a, Context>,
        session: &'a mut Session,
        row: &ExtensionRow,
    ) -> HostResult<Self> {
        let mut extension = Self { caller, session };
        extension.charge(row.base)?;
        if row.effect == Effect::State {
            extension.may_change()?;
        }
        Ok(extension)
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
    pub fn memory(&mut self) -> GuestMemory<'_> {
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

    /// The caller of the frame.
    pub fn caller(&self) -> Address {
        self.caller.data().frame.caller
    }

    /// The sender of the transaction.
    pub fn origin(&self) -> Address {
        self.session.origin
    }

    /// The value that came with the call.
    pub fn value(&self) -> U256 {
        self.caller.data().frame.value
    }

    /// The block.
    pub fn block(&self) -> BlockInfo {
        self.session.block
    }

    /// A value that the contract stored.
    ///
    /// # Errors
    ///
    /// [`HostStop::Trap`] if the key was not declared or is too long, and the host's failures.
    pub fn storage(&mut self, key: &[u8]) -> HostResult<Option<Vec<u8>>> {
        let key = storage_key(key)?;
        let entry = self.session.journal.storage(&self.caller.data().frame.address, &key)?;
        Ok(entry.value.map(<[u8]>::to_vec))
    }

    /// Stores a value for the contract, or removes it. Undone if the frame fails.
    ///
    /// # Errors
    ///
    /// [`HostStop::Trap`] in a read-only frame, for a value or key that is too long, for more writes
    /// than a transaction may do, and if the key was not declared to be written; and the host's
    /// failures.
    pub fn set_storage(&mut self, key: &[u8], value: Option<&[u8]>) -> HostResult<()> {
        self.may_change()?;
        let key = storage_key(key)?;
        if value.is_some_and(|value| value.len() > VALUE_BYTES as usize) {
            return Err(HostStop::Trap(TrapKind::HostLimit, None));
        }
        self.session.may_write()?;
        let address = self.contract();
        let id = self.session.journal.storage(&address, &key)?.id;
        let value = value.map(Value::from);
        self.session.observe(|| Observation::Write { address, key, value: value.clone() });
        Ok(self.session.journal.set(id, value)?)
    }

    /// Emits an event of the contract. Undone if the frame fails.
    ///
    /// # Errors
    ///
    /// [`HostStop::Trap`] in a read-only frame, for more topics than an event may have, and for more
    /// events, or more bytes of them, than a transaction may emit.
    pub fn emit(&mut self, topics: Vec<[u8; 32]>, data: Vec<u8>) -> HostResult<()> {
        self.may_change()?;
        let event = Event { address: self.contract(), topics, data };
        if event.topics.len() > TOPICS as usize || event.data.len() > VALUE_BYTES as usize {
            return Err(HostStop::Trap(TrapKind::HostLimit, None));
        }
        self.session.may_emit(event.bytes())?;
        self.session.observe(|| Observation::Event(event.clone()));
        self.session.journal.emit(event);
        Ok(())
    }

    /// A read-only frame changes nothing.
    fn may_change(&self) -> HostResult<()> {
        if self.caller.data().frame.read_only {
            return Err(HostStop::Trap(TrapKind::StaticViolation, None));
        }
        Ok(())
    }
}

/// The possible answers of an embedder's call: a value, a trap, out of gas, or its own failure. Ending and
/// pausing frames is for the calls of the table, which say what the caller gets.
pub(crate) fn checked(name: &str, answer: HostResult<u32>) -> HostResult<u32> {
    match answer {
        Err(HostStop::Done(_) | HostStop::Pause) => {
            let error = format!("host call {name} may neither end nor pause the frame");
            Err(HostStop::Error(error.into()))
        }
        answer => answer,
    }
}

fn storage_key(key: &[u8]) -> HostResult<StorageKey> {
    StorageKey::new(key).map_err(|_| HostStop::Trap(TrapKind::HostLimit, None))
}

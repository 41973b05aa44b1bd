//! The environment: accounts, the block, and the calls that are running.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::resume_unwind;

use bessemer_types::{Address, U256};

/// The state that transactions change and that a revert restores.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<Address, Account>,
    pub(crate) transient: BTreeMap<(Address, Vec<u8>), Vec<u8>>,
    pub(crate) events: Vec<Emitted>,
}

#[derive(Clone, Default)]
pub(crate) struct Account {
    pub(crate) balance: U256,
    pub(crate) nonce: u64,
    pub(crate) code: Option<Code>,
    pub(crate) storage: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The code of a contract: its functions in this program.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    pub(crate) hash: [u8; 32],
    /// The name of its type.
    pub(crate) name: &'static str,
    pub(crate) run: fn(creating: bool),
}

/// An event, and who emitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The contract.
    pub contract: Address,
    /// The hash of the signature, and the indexed fields.
    pub topics: Vec<[u8; 32]>,
    /// The other fields, encoded.
    pub data: Vec<u8>,
}

/// A call that is running.
#[derive(Default)]
pub(crate) struct Frame {
    /// The account whose state is used.
    pub(crate) address: Address,
    pub(crate) caller: Address,
    pub(crate) value: U256,
    pub(crate) input: Vec<u8>,
    /// The output of the last call.
    pub(crate) output: Vec<u8>,
    pub(crate) read_only: bool,
    pub(crate) reentry: bool,
}

pub(crate) struct World {
    pub(crate) state: State,
    pub(crate) uploaded: BTreeMap<[u8; 32], Code>,
    /// The first is the test itself.
    pub(crate) frames: Vec<Frame>,
    pub(crate) log: Vec<String>,
    pub(crate) origin: Address,
    pub(crate) block_number: u64,
    pub(crate) timestamp: u64,
    pub(crate) chain_id: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            state: State::default(),
            uploaded: BTreeMap::new(),
            frames: vec![Frame::default()],
            log: Vec::new(),
            origin: Address::ZERO,
            block_number: 1,
            timestamp: 1_700_000_000,
            chain_id: 1,
        }
    }

    pub(crate) fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the frame of the test is never removed")
    }

    pub(crate) fn account(&mut self, address: Address) -> &mut Account {
        self.state.accounts.entry(address).or_default()
    }

    /// The account whose state the running call uses.
    pub(crate) fn current(&mut self) -> &mut Account {
        let address = self.frame().address;
        self.account(address)
    }

    /// Moves value, if there is enough.
    pub(crate) fn pay(&mut self, from: Address, to: Address, amount: U256) -> bool {
        let Some(rest) = self.account(from).balance.checked_sub(amount) else { return false };
        self.account(from).balance = rest;
        let balance = &mut self.account(to).balance;
        *balance = balance.saturating_add(amount);
        true
    }
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

/// Works on the environment of this thread.
pub(crate) fn with<R>(work: impl FnOnce(&mut World) -> R) -> R {
    WORLD.with_borrow_mut(work)
}

/// How a call ends before its function returns: it travels as a panic that is not reported.
pub(crate) enum End {
    Return(Vec<u8>),
    Revert(Vec<u8>),
    /// It traps, for this reason.
    Trap(&'static str),
}

/// Ends the running call.
pub(crate) fn end(end: End) -> ! {
    let test = with(|world| world.frames.len() == 1);
    if test {
        match end {
            End::Return(_) => panic!("the call ended"),
            End::Revert(data) => panic!("the call reverted: {}", crate::testing::reason(&data)),
            End::Trap(reason) => panic!("the call trapped: {reason}"),
        }
    }
    resume_unwind(Box::new(end))
}

/// Notes a change of state. In a read-only call it traps.
pub(crate) fn change<R>(work: impl FnOnce(&mut World) -> R) -> R {
    if with(|world| world.frame().read_only) {
        end(End::Trap("a read-only call changes state"));
    }
    with(work)
}

/// How a call ended whose function did not return.
pub(crate) fn ended(payload: Box<dyn Any + Send>) -> End {
    match payload.downcast::<End>() {
        Ok(end) => *end,
        Err(payload) => End::Revert(super::calls::panicked(&*payload)),
    }
}

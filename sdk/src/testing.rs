//! Native tests: users, blocks, contracts, events and logs.
//!
//! Each thread, hence each test, has an environment of its own. The test acts as the user that
//! [`act_as`] names: calls come from it, and contract structures that the test uses directly stand
//! in its state.
//!
//! ```
//! use bessemer_sdk::prelude::*;
//! use bessemer_sdk::testing;
//!
//! #[contract]
//! pub struct Purse {
//!     owner: Value<Address>,
//! }
//!
//! #[contract]
//! impl Purse {
//!     #[init]
//!     pub fn new(&mut self) {
//!         self.owner.set(env::caller());
//!     }
//!
//!     #[payable]
//!     pub fn put(&mut self) -> U256 {
//!         env::balance(env::address())
//!     }
//! }
//!
//! let alice = testing::user("alice");
//! testing::act_as(alice);
//! let purse = PurseClient::new(testing::deploy::<Purse>(&()).unwrap());
//! assert_eq!(purse.with_value(U256::from(3u64)).put(), U256::from(3u64));
//! ```

use std::panic::resume_unwind;

use bessemer_types::revert::Revert;
use bessemer_types::{Address, EncodeFields, FixedBytes};

use crate::call::{self, Failed};
use crate::contract::{Contract, run};
use crate::event::Event;
use crate::host::world::{self, Code, World};
use crate::host::{keccak256, record};
use crate::number::U256;

pub use crate::host::world::Emitted;

/// Forgets everything: accounts, contracts, events.
pub fn reset() {
    world::with(|world| *world = World::new());
    record::reset();
}

/// The user of this name, with 1,000 coins of 18 decimals at first sight.
pub fn user(name: &str) -> Address {
    let mut digest = [0; 32];
    keccak256(name.as_bytes(), &mut digest);
    let address = digest.last_chunk().copied().map(Address::new).unwrap_or_default();
    if world::with(|world| !world.state.accounts.contains_key(&address)) {
        record::user(name, address);
        set_balance(address, U256::from(1_000_000_000_000_000_000_000u128));
    }
    address
}

/// From now on the test acts as this user.
pub fn act_as(user: Address) {
    world::with(|world| {
        world.frame().address = user;
        world.origin = user;
    });
}

/// Sets who calls the functions that the test calls directly, without a client.
pub fn set_caller(caller: Address) {
    world::with(|world| world.frame().caller = caller);
}

/// Sets the value that comes with functions that the test calls directly.
pub fn set_value(value: U256) {
    world::with(|world| world.frame().value = value.bits());
}

/// Sets the balance of an account.
pub fn set_balance(account: Address, amount: U256) {
    world::with(|world| world.account(account).balance = amount.bits());
    record::set_balance(account, amount.bits());
}

/// Sets the height of the block.
pub fn set_block_number(number: u64) {
    world::with(|world| world.block_number = number);
}

/// Sets the time of the block, in seconds since 1970.
pub fn set_timestamp(seconds: u64) {
    world::with(|world| world.timestamp = seconds);
}

/// Makes the code of a contract known, for contracts that create it, and returns its hash.
pub fn upload<C: Contract>() -> FixedBytes<32> {
    let name = std::any::type_name::<C>();
    let hash = record::image(name).unwrap_or_else(|| {
        let mut hash = [0; 32];
        keccak256(name.as_bytes(), &mut hash);
        hash
    });
    let code = Code { hash, name, run: run::<C> };
    if world::with(|world| world.uploaded.insert(hash, code)).is_none() {
        record::uploaded(name);
    }
    FixedBytes(hash)
}

/// Creates a contract.
///
/// # Errors
///
/// The constructor failed.
#[track_caller]
pub fn deploy<C: Contract>(arguments: &impl EncodeFields) -> Result<Address, Failed> {
    deploy_with::<C>(U256::ZERO, arguments)
}

/// Creates a contract, with value.
///
/// # Errors
///
/// The constructor failed.
#[track_caller]
pub fn deploy_with<C: Contract>(
    value: U256,
    arguments: &impl EncodeFields,
) -> Result<Address, Failed> {
    call::create(upload::<C>(), value, arguments)
}

/// Runs a function as a transaction: if it panics, what it changed is undone and the test fails.
pub fn transaction<R>(work: impl FnOnce() -> R) -> R {
    let before = world::with(|world| world.state.clone());
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(result) => {
            world::with(|world| world.state.transient.clear());
            result
        }
        Err(panic) => {
            world::with(|world| world.state = before);
            resume_unwind(panic)
        }
    }
}

impl Emitted {
    /// The event as this contract emits it.
    pub fn new(contract: Address, event: &impl Event) -> Self {
        event.with(|topics, data| Self { contract, topics: topics.to_vec(), data: data.to_vec() })
    }
}

/// The events so far, in the order of emission.
pub fn events() -> Vec<Emitted> {
    world::with(|world| world.state.events.clone())
}

/// The lines of the debug log so far.
pub fn log() -> Vec<String> {
    world::with(|world| world.log.clone())
}

/// The storage of a contract, by key.
pub fn storage(contract: Address) -> Vec<(Vec<u8>, Vec<u8>)> {
    world::with(|world| world.account(contract).storage.clone().into_iter().collect())
}

/// Revert data as text.
pub(crate) fn reason(data: &[u8]) -> String {
    match Revert::decode(data) {
        Some(Revert::Error(message)) => message.to_owned(),
        Some(Revert::Panic(code)) => format!("panic {code}"),
        None => format!("{:?}", bessemer_types::Bytes::from(data)),
    }
}

//! The environment of a call: caller, value, own address, block.

use crate::host;
use crate::number::U256;
use bessemer_abi::codes::ABSENT;
use bessemer_types::{Address, FixedBytes};

/// A value of so many bytes that a host call writes.
fn read<const N: usize>(call: impl FnOnce(&mut [u8; N]) -> u32) -> [u8; N] {
    let mut bytes = [0; N];
    call(&mut bytes);
    bytes
}

/// The caller of this contract: an account or another contract.
pub fn caller() -> Address {
    Address::new(read(host::caller))
}

/// The sender of the transaction. Do not authorise by it: every contract that the sender calls has the
/// same origin.
pub fn origin() -> Address {
    Address::new(read(host::origin))
}

/// The address of this contract.
pub fn address() -> Address {
    Address::new(read(host::own_address))
}

/// The value that came with the call.
pub fn value() -> U256 {
    U256::from_le_bytes(read::<32>(host::value))
}

/// The balance of an account.
pub fn balance(account: Address) -> U256 {
    U256::from_le_bytes(read::<32>(|amount| host::balance(account.as_bytes(), amount)))
}

/// The height of the block.
pub fn block_number() -> u64 {
    u64::from_le_bytes(read(host::block_number))
}

/// The time of the block, in seconds since 1970.
pub fn timestamp() -> u64 {
    u64::from_le_bytes(read(host::timestamp))
}

/// The chain's identity.
pub fn chain_id() -> u64 {
    u64::from_le_bytes(read(host::chain_id))
}

/// The gas that is left.
pub fn gas_left() -> u64 {
    u64::from_le_bytes(read(host::gas_left))
}

/// The hash of an account's code, if it has code.
pub fn code_hash(account: Address) -> Option<FixedBytes<32>> {
    let mut hash = [0; 32];
    let absent = host::code_hash(account.as_bytes(), &mut hash) == ABSENT;
    (!absent).then_some(FixedBytes(hash))
}

/// Allows or forbids that this contract is entered again while this call lives. Forbidden at first.
/// Returns what it was.
pub fn allow_reentry(allow: bool) -> bool {
    host::allow_reentry(u32::from(allow)) != 0
}

/// Writes a line to the debug log of the node. It costs gas, and is not part of the receipt.
pub fn log(text: &str) {
    host::log(text.as_bytes());
}

/// Emits an event with these topics, at most 4, and this data.
pub fn emit(topics: &[[u8; 32]], data: &[u8]) {
    host::emit(topics, data);
}

/// Ends the call with this data, already encoded.
pub fn finish(data: &[u8]) -> ! {
    host::finish(data);
    ended()
}

/// Ends the call with this data, already encoded, and undoes all that it did.
pub fn revert(data: &[u8]) -> ! {
    host::revert(data);
    ended()
}

/// Ends the call with `Error(string)` of this message, and undoes all that it did.
pub(crate) fn panic(message: &[u8]) -> ! {
    host::panic(message);
    ended()
}

/// The host does not come back from a call that ends the frame.
fn ended() -> ! {
    #[allow(clippy::empty_loop, reason = "never reached; nothing else could be done")]
    loop {}
}

/// Writes a formatted line to the debug log of the node, as [`env::log`](log()) does.
#[macro_export]
macro_rules! log {
    ($text:literal) => {
        $crate::env::log(&$crate::prelude::format!($text))
    };
    ($($format:tt)*) => {
        $crate::env::log(&$crate::prelude::format!($($format)*))
    };
}

//! Frame, environment, state and memory.

use std::cmp::Ordering;

use bessemer_abi::codes::{ABSENT, NO_MEMORY};
use bessemer_types::{Address, U256, revert};

use super::world::{Emitted, End, change, end, with};

/// Copies as much as there is and fits.
fn copy_out(from: &[u8], into: &mut [u8]) -> u32 {
    let len = from.len().min(into.len());
    into[..len].copy_from_slice(&from[..len]);
    len as u32
}

/// Hands the input to a function.
pub(crate) fn with_input(then: fn(&[u8])) {
    let input = with(|world| world.frame().input.clone());
    then(&input);
}

pub(crate) fn input_size() -> u32 {
    with(|world| world.frame().input.len() as u32)
}

pub(crate) fn input_copy(offset: u32, into: &mut [u8]) -> u32 {
    with(|world| {
        let input = &world.frame().input;
        copy_out(input.get(offset as usize..).unwrap_or_default(), into)
    })
}

pub(crate) fn finish(data: &[u8]) -> u32 {
    end(End::Return(data.to_vec()))
}

pub(crate) fn revert(data: &[u8]) -> u32 {
    end(End::Revert(data.to_vec()))
}

pub(crate) fn panic(message: &[u8]) -> u32 {
    end(End::Revert(revert::error(&String::from_utf8_lossy(message))))
}

pub(crate) fn output_size() -> u32 {
    with(|world| world.frame().output.len() as u32)
}

pub(crate) fn output_copy(offset: u32, into: &mut [u8]) -> u32 {
    with(|world| {
        let output = &world.frame().output;
        copy_out(output.get(offset as usize..).unwrap_or_default(), into)
    })
}

pub(crate) fn gas_left(gas: &mut [u8; 8]) -> u32 {
    *gas = u64::MAX.to_le_bytes();
    0
}

pub(crate) fn allow_reentry(allow: u32) -> u32 {
    with(|world| u32::from(core::mem::replace(&mut world.frame().reentry, allow != 0)))
}

pub(crate) fn caller(address: &mut [u8; 20]) -> u32 {
    *address = with(|world| world.frame().caller).to_bytes();
    0
}

pub(crate) fn origin(address: &mut [u8; 20]) -> u32 {
    *address = with(|world| world.origin).to_bytes();
    0
}

pub(crate) fn own_address(address: &mut [u8; 20]) -> u32 {
    *address = with(|world| world.frame().address).to_bytes();
    0
}

pub(crate) fn value(amount: &mut [u8; 32]) -> u32 {
    *amount = with(|world| world.frame().value).to_le_bytes();
    0
}

pub(crate) fn balance(address: &[u8; 20], amount: &mut [u8; 32]) -> u32 {
    let account = |balance: U256| balance.to_le_bytes();
    *amount = with(|world| account(world.account(Address::new(*address)).balance));
    0
}

pub(crate) fn block_number(number: &mut [u8; 8]) -> u32 {
    *number = with(|world| world.block_number).to_le_bytes();
    0
}

pub(crate) fn timestamp(seconds: &mut [u8; 8]) -> u32 {
    *seconds = with(|world| world.timestamp).to_le_bytes();
    0
}

pub(crate) fn chain_id(id: &mut [u8; 8]) -> u32 {
    *id = with(|world| world.chain_id).to_le_bytes();
    0
}

pub(crate) fn code_hash(address: &[u8; 20], hash: &mut [u8; 32]) -> u32 {
    match with(|world| world.account(Address::new(*address)).code) {
        Some(code) => {
            *hash = code.hash;
            0
        }
        None => ABSENT,
    }
}

pub(crate) fn storage_get(key: &[u8], into: &mut [u8]) -> u32 {
    with(|world| match world.current().storage.get(key) {
        Some(value) => {
            copy_out(value, into);
            value.len() as u32
        }
        None => ABSENT,
    })
}

pub(crate) fn storage_set(key: &[u8], value: &[u8]) -> u32 {
    change(|world| world.current().storage.insert(key.to_vec(), value.to_vec()));
    0
}

pub(crate) fn storage_remove(key: &[u8]) -> u32 {
    change(|world| u32::from(world.current().storage.remove(key).is_some()))
}

pub(crate) fn transient_get(key: &[u8], into: &mut [u8]) -> u32 {
    with(|world| {
        let key = (world.frame().address, key.to_vec());
        match world.state.transient.get(&key) {
            Some(value) => {
                copy_out(value, into);
                value.len() as u32
            }
            None => ABSENT,
        }
    })
}

pub(crate) fn transient_set(key: &[u8], value: &[u8]) -> u32 {
    change(|world| {
        let key = (world.frame().address, key.to_vec());
        world.state.transient.insert(key, value.to_vec());
    });
    0
}

pub(crate) fn transient_remove(key: &[u8]) -> u32 {
    change(|world| {
        let key = (world.frame().address, key.to_vec());
        u32::from(world.state.transient.remove(&key).is_some())
    })
}

pub(crate) fn emit(topics: &[[u8; 32]], data: &[u8]) -> u32 {
    change(|world| {
        let contract = world.frame().address;
        let event = Emitted { contract, topics: topics.to_vec(), data: data.to_vec() };
        world.state.events.push(event);
    });
    0
}

pub(crate) fn log(text: &[u8]) -> u32 {
    with(|world| world.log.push(String::from_utf8_lossy(text).into_owned()));
    0
}

pub(crate) fn grow(_: u32) -> u32 {
    NO_MEMORY
}

pub(crate) fn copy(from: &[u8], into: &mut [u8]) -> u32 {
    into.copy_from_slice(from);
    0
}

pub(crate) fn fill(into: &mut [u8], byte: u32) -> u32 {
    into.fill(byte as u8);
    0
}

pub(crate) fn compare(left: &[u8], right: &[u8]) -> u32 {
    match left.cmp(right) {
        Ordering::Less => -1_i32 as u32,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

//! The two errors of Solidity that need no declaration.

use alloc::vec::Vec;

use crate::{U256, decode, encode_behind};

/// Selector of `Error(string)`.
pub const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
/// Selector of `Panic(uint256)`.
pub const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];

/// The revert data of `Error(string)`.
pub fn error(message: &str) -> Vec<u8> {
    encode_behind(&ERROR, &(message,))
}

/// The revert data of `Panic(uint256)`.
pub fn panic(code: U256) -> Vec<u8> {
    encode_behind(&PANIC, &(code,))
}

/// Decodes revert data, if it is one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revert<'a> {
    /// `Error(string)`, with the message.
    Error(&'a str),
    /// `Panic(uint256)`, with the code.
    Panic(U256),
}

impl<'a> Revert<'a> {
    /// Reads revert data; nothing, if it is another error or malformed.
    pub fn decode(data: &'a [u8]) -> Option<Self> {
        let (selector, arguments) = data.split_first_chunk()?;
        match *selector {
            ERROR => decode(arguments).ok().map(|(message,)| Self::Error(message)),
            PANIC => decode(arguments).ok().map(|(code,)| Self::Panic(code)),
            _ => None,
        }
    }
}

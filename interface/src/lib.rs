//! What a contract's file says of itself to people: its interface in Solidity's ABI, and the source lines
//! of its instructions. Nothing here is part of consensus, and every file may be hostile.

#![forbid(unsafe_code)]

mod enums;
mod interface;
mod json;
mod lines;

pub use alloy_dyn_abi;
pub use alloy_json_abi;

pub use self::enums::{value_name, values as enum_values};
pub use self::interface::{Decoded, Field, Interface, decode, plain, standard, type_of};
pub use self::json::all_named;
pub use self::lines::{debug_sections, lines};

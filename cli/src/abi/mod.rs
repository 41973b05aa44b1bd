//! Interfaces of contracts: Solidity's ABI, read from the image at run time.

mod arguments;
mod interface;
mod parse;
mod show;

pub(crate) use arguments::{Given, bind};
pub(crate) use interface::{Decoded, Field, Interface};
pub(crate) use parse::{amount, value};
pub(crate) use show::{one_line, printable, values};

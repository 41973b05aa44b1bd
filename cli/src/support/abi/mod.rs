//! Interfaces of contracts: Solidity's ABI, read from the image at run time.

mod arguments;
mod enums;
mod parse;
mod show;

pub(crate) use arguments::{Given, bind};
pub(crate) use bessemer_interface::{Decoded, Field, Interface, decode, plain, standard};
pub(crate) use enums::type_name;
pub(crate) use parse::{amount, of_document};
pub(crate) use show::{list, one_line, panic_in_words, printable, usage, values};

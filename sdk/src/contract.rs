//! From the entry of a program to the functions of a contract.

use alloc::vec::Vec;

use bessemer_types::interface::Item;
use bessemer_types::{DecodeError, DecodeFields, Decoder, EncodeFields};

use crate::event::with_encoded;
use crate::number::U256;
use crate::{env, host};

/// A contract: what `#[contract]` makes of a structure and its functions.
///
/// Two functions with one selector do not compile, nor do arguments without a Solidity type:
///
/// ```compile_fail,E0080
/// use bessemer_sdk::prelude::*;
///
/// #[contract]
/// pub struct Clash {}
///
/// #[contract]
/// impl Clash {
///     pub fn burn(&mut self, amount: U256) {}
///
///     #[name = "collate_propagate_storage"]
///     pub fn collate(&mut self, item: FixedBytes<16>) {}
/// }
/// ```
///
/// ```compile_fail,E0277
/// use bessemer_sdk::prelude::*;
///
/// #[contract]
/// pub struct Strange {}
///
/// #[contract]
/// impl Strange {
///     pub fn f(&self, number: f32) {}
/// }
/// ```
///
/// ```compile_fail,E0277
/// use bessemer_sdk::prelude::*;
///
/// #[contract]
/// pub struct Strange {
///     numbers: Map<f32, U256>,
/// }
/// ```
pub trait Contract: Default {
    /// Its functions, events and errors.
    const INTERFACE: &'static [&'static [Item]];

    /// Runs the constructor on its arguments.
    fn create(arguments: &[u8]);

    /// Runs the function that the input asks for.
    fn call(input: &[u8]);
}

/// An error with fields: what `#[error]` makes of an enum.
pub trait CustomError: Sized + core::fmt::Debug {
    /// How clients see its variants.
    const ITEMS: &'static [Item];

    /// The revert data.
    fn encode(&self) -> Vec<u8>;

    /// Reads revert data; `None` if it is not an error of this type.
    fn decode(data: &[u8]) -> Option<Self>;
}

/// The result of a function that can fail.
pub trait Fallible {
    /// The error.
    type Error: CustomError;
}

impl<T, E: CustomError> Fallible for Result<T, E> {
    type Error = E;
}

/// Runs a contract: its constructor in a frame that creates it, else a function.
#[doc(hidden)]
pub fn run<C: Contract>(creating: bool) {
    host::with_input(if creating { C::create } else { C::call });
}

/// Ends the call with results.
#[doc(hidden)]
pub fn reply(results: &impl EncodeFields) -> ! {
    with_encoded(results, |data| env::finish(data))
}

/// Ends the call with an error.
#[doc(hidden)]
#[cold]
pub fn reply_error(error: &impl CustomError) -> ! {
    env::revert(&error.encode())
}

/// Refuses value, for functions that are not `#[payable]`.
#[doc(hidden)]
pub fn accept_no_value() {
    if env::value() != U256::ZERO {
        env::panic(b"value was sent to a function that is not payable");
    }
}

/// Reads arguments.
#[doc(hidden)]
pub fn arguments<'a, T: DecodeFields<'a>>(input: &'a [u8]) -> T {
    let mut decoder = Decoder::new(input, T::BODY);
    let arguments = T::decode_fields(&mut decoder);
    if let Err(error) = decoder.finish() {
        malformed(error);
    }
    arguments
}

/// Reverts: the arguments are not encoded correctly.
#[doc(hidden)]
#[cold]
#[inline(never)]
pub fn malformed(error: DecodeError) -> ! {
    env::panic(error.message().as_bytes())
}

/// Reverts: no function has the selector of the input.
#[doc(hidden)]
#[cold]
pub fn unknown_selector() -> ! {
    env::panic(b"the contract has no function with this selector")
}

/// Makes a program out of a contract.
///
/// ```ignore
/// #![cfg_attr(any(target_arch = "riscv32", target_arch = "riscv64"), no_std, no_main)]
/// bessemer_sdk::entry!(counter::Counter);
/// ```
///
/// The image also carries the interface as JSON, in a section that is not loaded. Built for another
/// target, the program prints that JSON.
#[macro_export]
macro_rules! entry {
    ($contract:ty) => {
        const INTERFACE: [u8; $crate::abi::json(<$contract as $crate::Contract>::INTERFACE)
            .as_bytes()
            .len()] = $crate::abi::json(<$contract as $crate::Contract>::INTERFACE).cut();

        #[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
        const _: () = {
            #[used]
            #[unsafe(link_section = ".bessemer.abi")]
            static SECTION: [u8; INTERFACE.len()] = INTERFACE;

            /// Where the host starts: `a0` is 1 in the frame that creates the contract.
            #[unsafe(no_mangle)]
            #[unsafe(link_section = ".text._start")]
            extern "C" fn _start(creating: u32) -> ! {
                $crate::contract::run::<$contract>(creating != 0);
                $crate::env::finish(&[])
            }
        };

        #[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
        fn main() -> ::std::io::Result<()> {
            use ::std::io::Write;
            ::std::io::stdout().write_all(&INTERFACE)
        }
    };
}

//! The host calls outside of a contract: on an environment in memory, one per thread.
//!
//! It does what the table says, but counts no gas and enforces no caps. Tests of the chain cover gas and
//! caps.

mod calls;
mod crypto;
mod data;
pub(crate) mod record;
pub(crate) mod world;

pub(crate) use calls::*;
pub(crate) use crypto::*;
pub(crate) use data::*;

macro_rules! complete {
    ($(
        $(#[doc = $doc:literal])*
        $number:literal $Variant:ident $name:ident
            ($($argument:ident : $kind:ident $([$($size:tt)*])?),*)
            $Effect:ident, $base:literal $(+ $price:literal $unit:ident)*;
    )*) => {
        $(const _: fn($(argument!($kind $([$($size)*])?)),*) -> u32 = $name;)*
    };
}

// Every call of the table is here, and takes what the table says.
bessemer_abi::for_each_host_call!(complete);

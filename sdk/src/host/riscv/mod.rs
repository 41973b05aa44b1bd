//! The machine interface of contracts. The one place with unsafe code.

#![expect(unsafe_code, reason = "environment calls, the heap, and what the language demands of it")]

mod bytes;
mod heap;
mod panic;

pub(crate) use self::panic::{arithmetic, fail};
use core::arch::asm;
use core::mem::MaybeUninit;

use bessemer_abi::HostCall;
use bessemer_types::zeroed;

/// One environment call: the number, the argument registers that are free, the values that have
/// theirs, and the arguments that have none yet.
macro_rules! ecall {
    ($number:literal $free:tt [] ) => {{
        let result: u32;
        // SAFETY: the call takes no arguments, and changes no register but a0.
        unsafe { asm!("ecall", in("a7") $number, lateout("a0") result, options(nostack)) };
        result
    }};
    ($number:literal $free:tt [$first:tt $value:expr, $($register:tt $more:expr,)*]) => {{
        let result: u32;
        // SAFETY: the host reads and writes what the arguments refer to, which is borrowed for the
        // call, as the table says of each kind; it changes no register but a0.
        unsafe {
            asm!(
                "ecall",
                in("a7") $number,
                in($first) $value,
                lateout("a0") result,
                $(in($register) $more,)*
                options(nostack),
            )
        };
        result
    }};
    ($number:literal [$a:tt $($free:tt)*] [$($done:tt)*] $name:ident number, $($rest:tt)*) => {
        ecall!($number [$($free)*] [$($done)* $a $name,] $($rest)*)
    };
    ($number:literal $free:tt $done:tt $name:ident wide, $($rest:tt)*) => {
        ecall_wide!($number $free $done $name, $($rest)*)
    };
    ($number:literal [$a:tt $($free:tt)*] [$($done:tt)*] $name:ident input, $($rest:tt)*) => {
        ecall!($number [$($free)*] [$($done)* $a $name.as_ptr(),] $($rest)*)
    };
    ($number:literal [$a:tt $($free:tt)*] [$($done:tt)*] $name:ident output, $($rest:tt)*) => {
        ecall!($number [$($free)*] [$($done)* $a $name.as_mut_ptr(),] $($rest)*)
    };
    ($number:literal $free:tt $done:tt $name:ident same_input, $($rest:tt)*) => {
        ecall!($number $free $done $name input, $($rest)*)
    };
    ($number:literal $free:tt $done:tt $name:ident same_output, $($rest:tt)*) => {
        ecall!($number $free $done $name output, $($rest)*)
    };
    ($number:literal [$a:tt $b:tt $($free:tt)*] [$($done:tt)*] $name:ident buffer, $($rest:tt)*) => {
        ecall!($number [$($free)*] [$($done)* $a $name.as_mut_ptr(), $b $name.len(),] $($rest)*)
    };
    // bytes and items
    ($number:literal [$a:tt $b:tt $($free:tt)*] [$($done:tt)*] $name:ident $kind:ident, $($rest:tt)*) => {
        ecall!($number [$($free)*] [$($done)* $a $name.as_ptr(), $b $name.len(),] $($rest)*)
    };
}

/// A 64-bit argument takes two registers on RV32.
#[cfg(target_arch = "riscv32")]
macro_rules! ecall_wide {
    ($number:literal [$a:tt $b:tt $($free:tt)*] [$($done:tt)*] $name:ident, $($rest:tt)*) => {
        ecall!($number [$($free)*] [$($done)* $a $name as u32, $b ($name >> 32) as u32,] $($rest)*)
    };
}

/// A 64-bit argument takes one register on RV64.
#[cfg(target_arch = "riscv64")]
macro_rules! ecall_wide {
    ($number:literal [$a:tt $($free:tt)*] [$($done:tt)*] $name:ident, $($rest:tt)*) => {
        ecall!($number [$($free)*] [$($done)* $a $name,] $($rest)*)
    };
}

macro_rules! calls {
    ($(
        $(#[doc = $doc:literal])*
        $number:literal $Variant:ident $name:ident
            ($($argument:ident : $kind:ident $([$($size:tt)*])?),*)
            $Effect:ident, $base:literal $(+ $price:literal $unit:ident)*;
    )*) => {
        $(
            #[inline(always)]
            #[allow(dead_code, reason = "not every contract uses every call")]
            pub(crate) fn $name($($argument: argument!($kind $([$($size)*])?)),*) -> u32 {
                ecall!($number ["a0" "a1" "a2" "a3" "a4" "a5"] [] $($argument $kind,)*)
            }
        )*
    };
}

bessemer_abi::for_each_host_call!(calls);

/// Input that is read onto the stack; longer input onto the heap.
const SHORT: usize = 1024;

/// Hands the input to a function.
pub(crate) fn with_input(then: fn(&[u8])) {
    let mut short = MaybeUninit::<[u8; SHORT]>::uninit();
    let start = short.as_mut_ptr().cast::<u8>();
    let length: usize;
    // SAFETY: the host writes to the buffer, and says how many bytes.
    unsafe {
        asm!(
            "ecall",
            in("a7") HostCall::InputCopy.number(),
            in("a0") 0,
            lateout("a0") length,
            in("a1") start,
            in("a2") SHORT,
            options(nostack),
        );
    }
    if length < SHORT {
        // SAFETY: these bytes were written just now, and nothing else refers to them.
        then(unsafe { core::slice::from_raw_parts(start, length) });
    } else {
        let mut input = zeroed(input_size() as usize);
        input_copy(0, &mut input);
        then(&input);
    }
}

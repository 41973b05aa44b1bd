//! Arguments of functions that are called by name.

use bessemer_isa::{Reg, Xlen};

/// Arguments of a function called by name: `()`, a number, or a tuple of up to eight `u32`. In a 64-bit
/// program each is sign-extended, as its calling convention has it for every type of 32 bits.
pub trait Arguments {
    /// Puts the arguments into a0 and the registers behind it.
    fn write(self, registers: &mut [u64; 32], xlen: Xlen);
}

impl Arguments for () {
    #[inline]
    fn write(self, _: &mut [u64; 32], _: Xlen) {}
}

impl Arguments for u32 {
    #[inline]
    fn write(self, registers: &mut [u64; 32], xlen: Xlen) {
        registers[Reg::A0.index()] = extended(self, xlen);
    }
}

impl<const N: usize> Arguments for [u32; N] {
    #[inline]
    fn write(self, registers: &mut [u64; 32], xlen: Xlen) {
        const { assert!(N <= 8, "a function has at most eight register arguments") };
        registers[Reg::A0.index()..][..N].copy_from_slice(&self.map(|value| extended(value, xlen)));
    }
}

/// 32 bits as a register holds them.
#[inline]
pub(crate) fn extended(value: u32, xlen: Xlen) -> u64 {
    match xlen {
        Xlen::Rv32 => u64::from(value),
        Xlen::Rv64 => i64::from(value.cast_signed()).cast_unsigned(),
    }
}

macro_rules! tuple_arguments {
    ($($(($Type:ident, $name:ident)),+;)*) => {
        $(impl Arguments for ($($Type,)+) {
            #[inline]
            fn write(self, registers: &mut [u64; 32], xlen: Xlen) {
                let ($($name,)+) = self;
                [$($name),+].write(registers, xlen);
            }
        })*
    };
}

tuple_arguments! {
    (u32, a);
    (u32, a), (u32, b);
    (u32, a), (u32, b), (u32, c);
    (u32, a), (u32, b), (u32, c), (u32, d);
    (u32, a), (u32, b), (u32, c), (u32, d), (u32, e);
    (u32, a), (u32, b), (u32, c), (u32, d), (u32, e), (u32, f);
    (u32, a), (u32, b), (u32, c), (u32, d), (u32, e), (u32, f), (u32, g);
    (u32, a), (u32, b), (u32, c), (u32, d), (u32, e), (u32, f), (u32, g), (u32, h);
}

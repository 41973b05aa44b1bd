//! What a function called by name is given.

use bessemer_isa::Reg;

/// Arguments of a function called by name: `()`, a number, or a tuple of up to eight `u32`.
pub trait Arguments {
    /// Puts the arguments into a0 and the registers behind it.
    fn write(self, registers: &mut [u32; 32]);
}

impl Arguments for () {
    #[inline]
    fn write(self, _: &mut [u32; 32]) {}
}

impl Arguments for u32 {
    #[inline]
    fn write(self, registers: &mut [u32; 32]) {
        registers[Reg::A0.index()] = self;
    }
}

impl<const N: usize> Arguments for [u32; N] {
    #[inline]
    fn write(self, registers: &mut [u32; 32]) {
        const { assert!(N <= 8, "a function has at most eight register arguments") };
        registers[Reg::A0.index()..][..N].copy_from_slice(&self);
    }
}

macro_rules! tuple_arguments {
    ($($(($Type:ident, $name:ident)),+;)*) => {
        $(impl Arguments for ($($Type,)+) {
            #[inline]
            fn write(self, registers: &mut [u32; 32]) {
                let ($($name,)+) = self;
                [$($name),+].write(registers);
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

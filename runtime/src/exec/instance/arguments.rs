//! Arguments and results of functions that are called by name.

use bessemer_isa::{Reg, Xlen};

/// Arguments of a function called by name: `()`, a value, an array of `u32`, or a tuple of up to eight
/// values that are [`IntoRegisters`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the arguments of a function of a guest",
    note = "arguments are `()`, one of `u32`, `i32`, `u64`, `i64` and `bool`, a tuple of up to eight of these, or `[u32; N]`"
)]
pub trait Arguments {
    /// Puts the arguments into a0 and the registers behind it.
    fn write(self, registers: &mut [u64; 32], xlen: Xlen);
}

/// A type of arguments of functions that are called by name.
///
/// `u64` and `i64` take two registers in a 32-bit program, the low half first, as gcc and rustc pass them. In a
/// 64-bit program they take one, and types of 32 bits are sign-extended, as its calling convention has it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a function of a guest",
    note = "arguments are `u32`, `i32`, `u64`, `i64` and `bool`; what is larger is passed in the guest's memory"
)]
pub trait IntoRegisters {
    /// Registers that it takes in a 32-bit program.
    const REGISTERS: usize;

    /// Puts the value into the next registers.
    fn into_registers(self, to: &mut RegisterWriter<'_>);
}

/// The registers of arguments, which are set one after the other from a0 on.
#[derive(Debug)]
pub struct RegisterWriter<'a> {
    registers: &'a mut [u64; 32],
    next: usize,
    xlen: Xlen,
}

impl RegisterWriter<'_> {
    /// Sets the next register to a value of 32 bits.
    ///
    /// # Panics
    ///
    /// If all were set.
    #[inline]
    pub fn word(&mut self, value: u32) {
        self.register(extended(value, self.xlen));
    }

    /// Sets the next register of a 64-bit program, the next two of a 32-bit one.
    ///
    /// # Panics
    ///
    /// If all were set.
    #[inline]
    pub fn double_word(&mut self, value: u64) {
        match self.xlen {
            Xlen::Rv32 => {
                self.word(value as u32);
                self.word((value >> 32) as u32);
            }
            Xlen::Rv64 => self.register(value),
        }
    }

    #[inline]
    fn register(&mut self, value: u64) {
        self.registers[Reg::A0.index()..=Reg::A7.index()][self.next] = value;
        self.next += 1;
    }
}

/// A type of results of functions that are called by name.
///
/// Results stand in a0, and in a1 if they are wider than a register.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a function of a guest",
    note = "results are `()`, `u32`, `i32`, `u64`, `i64` and `bool`; what is larger is read from the guest's memory"
)]
pub trait FromResult: Sized {
    /// The result of a function that has returned.
    fn from_result(registers: &[u64; 32], xlen: Xlen) -> Self;
}

/// 32 bits as a register holds them.
#[inline]
pub(crate) fn extended(value: u32, xlen: Xlen) -> u64 {
    match xlen {
        Xlen::Rv32 => u64::from(value),
        Xlen::Rv64 => i64::from(value.cast_signed()).cast_unsigned(),
    }
}

#[inline]
fn double_word(registers: &[u64; 32], xlen: Xlen) -> u64 {
    let [low, high] = [Reg::A0, Reg::A1].map(|reg| registers[reg.index()]);
    match xlen {
        Xlen::Rv32 => low | high << 32,
        Xlen::Rv64 => low,
    }
}

macro_rules! values {
    ($($Type:ty, $registers:literal,
        |$value:ident, $to:ident| $write:expr, |$all:ident, $xlen:ident| $read:expr;)*) => {
        $(impl IntoRegisters for $Type {
            const REGISTERS: usize = $registers;

            #[inline]
            fn into_registers(self, $to: &mut RegisterWriter<'_>) {
                let $value = self;
                $write;
            }
        }

        impl Arguments for $Type {
            #[inline]
            fn write(self, registers: &mut [u64; 32], xlen: Xlen) {
                (self,).write(registers, xlen);
            }
        }

        impl FromResult for $Type {
            #[inline]
            fn from_result($all: &[u64; 32], $xlen: Xlen) -> Self {
                $read
            }
        })*
    };
}

values! {
    u32, 1, |value, to| to.word(value), |all, _xlen| all[Reg::A0.index()] as u32;
    i32, 1, |value, to| to.word(value.cast_unsigned()), |all, _xlen| all[Reg::A0.index()] as i32;
    // as in C, everything but 0 is true
    bool, 1, |value, to| to.word(value.into()), |all, _xlen| all[Reg::A0.index()] as u32 != 0;
    u64, 2, |value, to| to.double_word(value), |all, xlen| double_word(all, xlen);
    i64, 2, |value, to| to.double_word(value.cast_unsigned()), |all, xlen| double_word(all, xlen).cast_signed();
}

impl FromResult for () {
    #[inline]
    fn from_result(_: &[u64; 32], _: Xlen) {}
}

impl Arguments for () {
    #[inline]
    fn write(self, _: &mut [u64; 32], _: Xlen) {}
}

impl<const N: usize> Arguments for [u32; N] {
    #[inline]
    fn write(self, registers: &mut [u64; 32], xlen: Xlen) {
        const { assert!(N <= MAX_ARGUMENTS, "a function has at most eight register arguments") };
        registers[Reg::A0.index()..][..N].copy_from_slice(&self.map(|value| extended(value, xlen)));
    }
}

/// Registers that arguments can take.
const MAX_ARGUMENTS: usize = 8;

macro_rules! tuple_arguments {
    ($($(($Type:ident, $name:ident)),+;)*) => {
        $(impl<$($Type: IntoRegisters),+> Arguments for ($($Type,)+) {
            #[inline]
            fn write(self, registers: &mut [u64; 32], xlen: Xlen) {
                const {
                    assert!(
                        0 $(+ $Type::REGISTERS)+ <= MAX_ARGUMENTS,
                        "the arguments of a function take more than eight registers in a 32-bit program"
                    );
                }
                let ($($name,)+) = self;
                let mut to = RegisterWriter { registers, next: 0, xlen };
                $($name.into_registers(&mut to);)+
            }
        })*
    };
}

tuple_arguments! {
    (A, a);
    (A, a), (B, b);
    (A, a), (B, b), (C, c);
    (A, a), (B, b), (C, c), (D, d);
    (A, a), (B, b), (C, c), (D, d), (E, e);
    (A, a), (B, b), (C, c), (D, d), (E, e), (F, f);
    (A, a), (B, b), (C, c), (D, d), (E, e), (F, f), (G, g);
    (A, a), (B, b), (C, c), (D, d), (E, e), (F, f), (G, g), (H, h);
}

//! Closures as host functions: where their arguments come from, and what they may return.

use std::error::Error as StdError;

use bessemer_image::Fault;
use bessemer_isa::{TrapKind, Xlen};

use crate::Caller;
use crate::memory::{GuestMemory, Region, RegionError};

/// Why a host function does not let the guest go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum HostStop {
    /// The frame ends with this value.
    Done(u32),
    /// The frame traps at the ECALL; the address is the operand that was wrong, if one was.
    Trap(TrapKind, Option<u32>),
    /// The frame cannot pay; its gas becomes 0.
    OutOfGas,
    /// Execution pauses here; the embedder does the call and resumes.
    Pause,
    /// The host failed: an error for the embedder, no outcome for the guest.
    Error(Box<dyn StdError + Send + Sync>),
}

impl HostStop {
    /// The host failed in this way.
    ///
    /// ```
    /// use bessemer_runtime::{Caller, HostResult, HostStop};
    ///
    /// fn seconds(_: Caller<'_, ()>) -> HostResult<u32> {
    ///     let text = std::fs::read_to_string("/proc/uptime").map_err(HostStop::error)?;
    ///     text.split('.').next().unwrap_or_default().parse().map_err(HostStop::error)
    /// }
    /// ```
    pub fn error(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Error(error.into())
    }
}

impl From<Box<dyn StdError + Send + Sync>> for HostStop {
    fn from(error: Box<dyn StdError + Send + Sync>) -> Self {
        Self::Error(error)
    }
}

/// Memory that the host cannot give: a guest that may not have more is told by the host function.
impl From<RegionError> for HostStop {
    fn from(error: RegionError) -> Self {
        Self::error(error)
    }
}

impl From<Fault> for HostStop {
    /// A range that the guest named and may not use (specification, rule G6, step 4).
    fn from(fault: Fault) -> Self {
        Self::Trap(TrapKind::BadPointer, Some(fault.addr))
    }
}

/// The result of a host function: a value for a0, or why the guest stops.
pub type HostResult<T> = Result<T, HostStop>;

/// A closure that can be a host function: the [`Caller`] first, then up to six arguments that are
/// [`FromRegisters`]. `Args` only tells the shapes apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a host function for instances with data of type `{T}`",
    note = "a host function takes `Caller<'_, {T}>`, then at most six arguments, each `u32`, `i32`, `u64`, `i64`, `bool` or \
            `GuestSlice`",
    note = "it returns `()`, `u32`, `i32`, `bool`, or a `HostResult` of one of these; `?` makes a `HostStop` of a `Fault` and a \
            `Box<dyn Error + Send + Sync>`, and `HostStop::error` of any other error",
    note = "write the type of each argument of a closure: `|caller: Caller<'_, {T}>, number: u32| ...`"
)]
pub trait HostFunction<T, Args>: Send + Sync + 'static {
    /// Takes the arguments from the caller's registers and calls the closure.
    fn call(&self, caller: &mut Caller<'_, T>) -> HostResult<u32>;
}

/// A type of arguments of host functions.
///
/// Arguments stand in a0 to a5, one after the other. `u64` and `i64` take two registers in a 32-bit program,
/// the low half first, as gcc and rustc pass them; in a 64-bit program they take one, of which all others
/// have the low half.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a host function",
    note = "arguments are `u32`, `i32`, `u64`, `i64`, `bool` and `GuestSlice`; what is larger the guest passes in memory"
)]
pub trait FromRegisters: Sized {
    /// Registers that it takes in a 32-bit program.
    const REGISTERS: usize;

    /// The next argument.
    fn from_registers(registers: &mut ArgumentRegisters<'_>) -> Self;
}

/// The argument registers of a host call, from a0 to a5, each of which is taken once.
#[derive(Debug)]
pub struct ArgumentRegisters<'a> {
    values: &'a [u64; MAX_ARGUMENTS],
    next: usize,
    xlen: Xlen,
}

/// Registers that arguments of host functions can take.
pub(crate) const MAX_ARGUMENTS: usize = 6;

impl<'a> ArgumentRegisters<'a> {
    #[inline]
    pub(crate) fn new(values: &'a [u64; MAX_ARGUMENTS], xlen: Xlen) -> Self {
        Self { values, next: 0, xlen }
    }

    /// The low half of the next register.
    ///
    /// # Panics
    ///
    /// If all were taken.
    #[inline]
    pub fn word(&mut self) -> u32 {
        self.register() as u32
    }

    /// The next register of a 64-bit program, the next two of a 32-bit one.
    ///
    /// # Panics
    ///
    /// If all were taken.
    #[inline]
    pub fn double_word(&mut self) -> u64 {
        match self.xlen {
            Xlen::Rv32 => u64::from(self.word()) | u64::from(self.word()) << 32,
            Xlen::Rv64 => self.register(),
        }
    }

    #[inline]
    fn register(&mut self) -> u64 {
        let value = self.values[self.next];
        self.next += 1;
        value
    }
}

macro_rules! from_registers {
    ($($Type:ty, $registers:literal, |$from:ident| $value:expr;)*) => {
        $(impl FromRegisters for $Type {
            const REGISTERS: usize = $registers;

            #[inline]
            fn from_registers($from: &mut ArgumentRegisters<'_>) -> Self {
                $value
            }
        })*
    };
}

from_registers! {
    u32, 1, |from| from.word();
    i32, 1, |from| from.word().cast_signed();
    // as in C, everything but 0 is true
    bool, 1, |from| from.word() != 0;
    u64, 2, |from| from.double_word();
    i64, 2, |from| from.double_word().cast_signed();
    GuestSlice, 2, |from| Self { addr: from.word(), len: from.word() };
}

/// An address and a length, in two registers: bytes in the memory of the guest, which are looked at when they
/// are read or written.
///
/// ```
/// use bessemer_runtime::{Caller, Config, Engine, GuestSlice, HostResult, Linker};
///
/// let engine = Engine::new(Config::new())?;
/// let mut linker = Linker::<Vec<u8>>::new(&engine);
/// linker.func(1, "append", |mut caller: Caller<'_, Vec<u8>>, bytes: GuestSlice| -> HostResult<()> {
///     let (memory, all) = caller.memory_and_data();
///     all.extend_from_slice(bytes.read(&memory)?);
///     Ok(())
/// })?;
/// # Ok::<(), bessemer_runtime::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestSlice {
    /// Address of the first byte.
    pub addr: u32,
    /// Number of bytes.
    pub len: u32,
}

impl GuestSlice {
    /// The bytes. The fault names the lowest one that is not mapped.
    ///
    /// # Errors
    ///
    /// [`Fault`], which `?` makes the trap `BadPointer`.
    #[inline]
    pub fn read(self, memory: &Region) -> Result<&[u8], Fault> {
        memory.read(self.addr, self.len)
    }

    /// The bytes, to write to. The fault names the lowest one that is not mapped or not writable.
    ///
    /// # Errors
    ///
    /// [`Fault`], which `?` makes the trap `BadPointer`.
    #[inline]
    pub fn write<'a>(self, memory: &'a mut GuestMemory<'_>) -> Result<&'a mut [u8], Fault> {
        memory.write(self.addr, self.len)
    }
}

/// A type that a host function can return.
#[diagnostic::on_unimplemented(
    message = "a host function cannot return `{Self}`",
    note = "it returns `()`, `u32`, `i32`, `bool`, or a `HostResult` of one of these; what is larger it writes to the guest's memory"
)]
pub trait IntoHostResult {
    /// The value for a0, or why the guest does not go on.
    fn into_host_result(self) -> HostResult<u32>;
}

impl IntoHostResult for () {
    #[inline]
    fn into_host_result(self) -> HostResult<u32> {
        Ok(0)
    }
}

impl IntoHostResult for u32 {
    #[inline]
    fn into_host_result(self) -> HostResult<u32> {
        Ok(self)
    }
}

impl IntoHostResult for i32 {
    #[inline]
    fn into_host_result(self) -> HostResult<u32> {
        Ok(self.cast_unsigned())
    }
}

impl IntoHostResult for bool {
    #[inline]
    fn into_host_result(self) -> HostResult<u32> {
        Ok(self.into())
    }
}

/// For this one error only, so that the type of `Ok` in a closure is known; `?` makes it of others.
impl<R: IntoHostResult> IntoHostResult for HostResult<R> {
    #[inline]
    fn into_host_result(self) -> HostResult<u32> {
        self.and_then(R::into_host_result)
    }
}

macro_rules! host_functions {
    ($(($($Arg:ident),*))*) => {
        $(impl<T, Function, Returned $(, $Arg)*> HostFunction<T, ($($Arg,)*)> for Function
        where
            Function: Fn(Caller<'_, T> $(, $Arg)*) -> Returned + Send + Sync + 'static,
            Returned: IntoHostResult,
            $($Arg: FromRegisters,)*
        {
            #[inline]
            fn call(&self, caller: &mut Caller<'_, T>) -> HostResult<u32> {
                const {
                    assert!(
                        0 $(+ $Arg::REGISTERS)* <= MAX_ARGUMENTS,
                        "the arguments of a host function take more than six registers in a 32-bit program"
                    );
                }
                #[allow(unused_mut, unused_variables, reason = "not used without arguments")]
                let mut registers = caller.argument_registers();
                $(let $Arg = $Arg::from_registers(&mut registers);)*
                self(caller.reborrow() $(, $Arg)*).into_host_result()
            }
        })*
    };
}

#[allow(non_snake_case, reason = "type parameters double as argument names")]
#[allow(unused_comparisons, reason = "no arguments take no registers")]
mod shapes {
    use super::{Caller, FromRegisters, HostFunction, HostResult, IntoHostResult, MAX_ARGUMENTS};

    host_functions! {
        ()
        (A0)
        (A0, A1)
        (A0, A1, A2)
        (A0, A1, A2, A3)
        (A0, A1, A2, A3, A4)
        (A0, A1, A2, A3, A4, A5)
    }
}

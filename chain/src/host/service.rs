//! One host call on its way through the steps of rule G6.

use bessemer_abi::{Effect, Kind, Row};
use bessemer_isa::{TrapKind, Xlen};
use bessemer_runtime::memory::GuestMemory;
use bessemer_runtime::{Caller, HostResult, HostStop};
use bessemer_types::{Address, U256};

use super::{Context, Frame, Session};
use crate::journal::JournalError;

/// A host call whose base is paid and whose caps hold; the ranges too, once
/// [`Service::check_ranges`] has passed.
pub(crate) struct Service<'a> {
    caller: Caller<'a, Context>,
    /// The session that all frames of the transaction share.
    pub(super) session: &'a mut Session,
    row: &'static Row,
    arguments: [Argument; MOST_ARGUMENTS],
    /// The price of the lengths, charged in step 5.
    lengths: u64,
}

/// The registers of one argument.
#[derive(Clone, Copy, Default)]
struct Argument {
    /// The number, its low half, or the address.
    low: u32,
    /// The high half, or the length in bytes.
    high: u32,
    /// Whether a register of a range has something above its low half, which no address has.
    astray: bool,
}

/// No row has more arguments, because each takes a register.
const MOST_ARGUMENTS: usize = 6;

impl<'a> Service<'a> {
    /// Steps 2 and 3, as far as the row says them: base charge, read-only frame, caps.
    #[inline]
    pub(super) fn begin(
        mut caller: Caller<'a, Context>,
        session: &'a mut Session,
        row: &'static Row,
    ) -> HostResult<Self> {
        caller.charge(row.base.into())?;
        if row.effect == Effect::State && caller.data().frame.read_only {
            return Err(HostStop::Trap(TrapKind::StaticViolation, None));
        }
        let mut arguments = [Argument::default(); MOST_ARGUMENTS];
        let mut lengths: u64 = 0;
        let is_wide = caller.xlen() == Xlen::Rv64;
        let mut register = 0;
        let mut next = || {
            register += 1;
            caller.wide_argument(register - 1)
        };
        let mut before = 0;
        for (argument, declared) in arguments.iter_mut().zip(row.arguments) {
            let value = next();
            argument.low = value as u32;
            // pointer and length have 32 bits: what is above them in a 64-bit register is astray
            let mut above = value >> 32;
            let mut length = |register: u64| {
                above |= register >> 32;
                register as u32
            };
            argument.high = match declared.kind {
                Kind::Number => 0,
                // one register of a 64-bit image, two of a 32-bit one
                Kind::Wide if is_wide => (value >> 32) as u32,
                Kind::Wide => next() as u32,
                Kind::In { size } | Kind::Out { size } => size,
                Kind::SameIn | Kind::SameOut => before,
                Kind::Bytes { max } | Kind::Buffer { max } => {
                    let len = capped(length(next()), max)?;
                    lengths += u64::from(len) * u64::from(row.per_byte);
                    len
                }
                Kind::Items { size, max } => {
                    let count = capped(length(next()), max)?;
                    lengths += u64::from(count) * u64::from(row.per_item);
                    count * size
                }
            };
            argument.astray = above != 0;
            before = argument.high;
        }
        Ok(Self { caller, session, row, arguments, lengths })
    }

    /// Step 4: every range is mapped with the permission that it needs.
    #[inline]
    pub(super) fn check_ranges(&mut self) -> HostResult<()> {
        let mut memory = self.caller.memory();
        for (argument, declared) in self.arguments.iter().zip(self.row.arguments) {
            match declared.kind {
                Kind::Number | Kind::Wide => {}
                _ if argument.astray => {
                    return Err(HostStop::Trap(TrapKind::BadPointer, Some(argument.low)));
                }
                Kind::Bytes { .. } | Kind::Items { .. } | Kind::In { .. } | Kind::SameIn => {
                    memory.read(argument.low, argument.high)?;
                }
                Kind::Out { .. } | Kind::Buffer { .. } | Kind::SameOut => {
                    memory.write(argument.low, argument.high)?;
                }
            }
        }
        Ok(())
    }

    /// Step 5: pays for the lengths, and `more`.
    #[inline]
    pub(super) fn pay(&mut self, more: u64) -> HostResult<()> {
        let lengths = std::mem::take(&mut self.lengths);
        self.charge(lengths.saturating_add(more))
    }

    /// Takes gas.
    #[inline]
    pub(super) fn charge(&mut self, gas: u64) -> HostResult<()> {
        self.caller.charge(gas)
    }

    pub(super) fn gas(&self) -> u64 {
        self.caller.gas()
    }

    #[inline]
    pub(super) fn number(&self, index: usize) -> u32 {
        self.arguments[index].low
    }

    #[inline]
    pub(super) fn wide(&self, index: usize) -> u64 {
        let Argument { low, high, .. } = self.arguments[index];
        u64::from(high) << 32 | u64::from(low)
    }

    /// The length of a range in bytes.
    #[inline]
    pub(super) fn len(&self, index: usize) -> u32 {
        self.arguments[index].high
    }

    /// The bytes of a range.
    #[inline]
    pub(super) fn bytes(&mut self, index: usize) -> HostResult<&[u8]> {
        let Argument { low, high, .. } = self.arguments[index];
        Ok(self.caller.memory().into_slice(low, high)?)
    }

    /// The bytes of a range of fixed size.
    #[inline]
    pub(super) fn array<const N: usize>(&mut self, index: usize) -> HostResult<[u8; N]> {
        let low = self.arguments[index].low;
        let bytes = self.caller.memory().into_slice(low, const { N as u32 })?;
        Ok(bytes.try_into().expect("as many bytes were read as the array has"))
    }

    #[inline]
    pub(super) fn address(&mut self, index: usize) -> HostResult<Address> {
        self.array(index).map(Address::new)
    }

    #[inline]
    pub(super) fn amount(&mut self, index: usize) -> HostResult<U256> {
        self.array::<32>(index).map(U256::from_le_bytes)
    }

    /// Writes to the begin of a range as much as fits, and returns how much that is.
    #[inline]
    pub(super) fn put(&mut self, index: usize, bytes: &[u8]) -> HostResult<u32> {
        let argument = self.arguments[index];
        put(self.caller.memory(), argument.low, argument.high, bytes)
    }

    /// Writes what `bytes` finds in the context or the session to the begin of a range, as much as
    /// fits.
    #[inline]
    pub(super) fn put_from(
        &mut self,
        index: usize,
        bytes: impl for<'b> FnOnce(&'b Context, &'b Session) -> &'b [u8],
    ) -> HostResult<u32> {
        let argument = self.arguments[index];
        let (memory, context) = self.caller.memory_and_data();
        put(memory, argument.low, argument.high, bytes(context, self.session))
    }

    #[inline]
    pub(super) fn context(&self) -> &Context {
        self.caller.data()
    }

    #[inline]
    pub(super) fn context_mut(&mut self) -> &mut Context {
        self.caller.data_mut()
    }

    /// The frame, and what it shares with others.
    #[inline]
    pub(super) fn parts(&mut self) -> (&Frame, &mut Session) {
        (&self.caller.data().frame, self.session)
    }

    /// The guest's memory.
    #[inline]
    pub(super) fn memory(&mut self) -> GuestMemory<'_> {
        self.caller.memory()
    }
}

#[inline]
fn put(mut memory: GuestMemory<'_>, addr: u32, len: u32, bytes: &[u8]) -> HostResult<u32> {
    let count = bytes.len().min(len as usize);
    memory.write(addr, count as u32)?.copy_from_slice(&bytes[..count]);
    Ok(count as u32)
}

#[inline]
fn capped(count: u32, max: u32) -> HostResult<u32> {
    if count > max {
        return Err(HostStop::Trap(TrapKind::HostLimit, None));
    }
    Ok(count)
}

/// State that cannot be read is the host's failure; state that was not declared is the guest's.
impl From<JournalError> for HostStop {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Undeclared(_) => Self::Trap(TrapKind::AccessViolation, None),
            error => Self::Error(Box::new(error)),
        }
    }
}

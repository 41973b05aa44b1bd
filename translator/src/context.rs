//! The state that generated code and the runtime share: one [`Context`] for each running frame.

use core::mem::offset_of;

/// The native-side record of a frame. Generated code has its address, plus `BIAS`, in Cranelift's
/// pinned register, and reads and writes the fields at the offsets below; the layout is part of the
/// artifact's meaning.
///
/// Addresses are held as integers: the record owns nothing, and the caller that enters generated code
/// fills in addresses that stay valid until the code has returned.
#[derive(Debug)]
#[repr(C)]
pub struct Context {
    /// `x0` to `x31`; in a 32-bit program the upper half of each is 0. Current whenever no generated
    /// code runs, and at every host call.
    pub registers: [u64; 32],
    /// The gas left, as its complement: it counts up, and an addition that overflows is out of gas.
    /// Current whenever no generated code runs, at every host call, and at every trap.
    pub meter: u64,
    /// Address of guest address 0.
    pub memory: usize,
    /// Generated code makes no native call when the native stack pointer is below this.
    pub stack_limit: usize,
    /// Address of the host call function, see [`HostCall`].
    pub host_call: usize,
    /// Address of the jump table of the published code: per slot of text a 64-bit word that holds the
    /// number of the entry in its lower 16 bits and the address of the unit above, or 0.
    pub jump_table: usize,
    /// The address reserved by LR, or [`NO_RESERVATION`].
    pub reservation: u64,
    /// Address of the [`Landing`] of this entry.
    pub landing: usize,
    /// The operand address of a misaligned atomic, written just before its trap.
    pub trap_addr: u32,
    /// How generated code came back: the next pc, or [`HOST_EXIT`].
    pub next: u64,
    /// The pc of the jump to `next` if it is still to be checked and linked, else 0.
    pub from: u32,
}

/// Where a fault of generated code continues: written by the entry stub, read by the fault handler.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Landing {
    /// Native stack pointer of the entry stub; 0 before the first entry.
    pub sp: usize,
    /// Native frame pointer of the entry stub.
    pub fp: usize,
    /// Set to non-zero by the fault handler.
    pub faulted: u32,
}

/// The function behind an ECALL: gets the context and the pc of the ECALL, returns 0 to go on behind
/// it and anything else to leave generated code.
pub type HostCall = extern "C" fn(*mut Context, u32) -> u32;

/// The entry stub as the host sees it: gets the context, the address of the unit, the entry number.
pub(crate) type EntryStub = extern "C" fn(*mut Context, usize, u32);

/// Bits of a jump table entry that hold the number of the entry within its unit.
pub(crate) const LOCAL_BITS: u32 = 12;

/// `Context::reservation` when nothing is reserved.
pub const NO_RESERVATION: u64 = u64::MAX;

/// `Context::next` when the host call function asked to leave.
pub const HOST_EXIT: u64 = 1 << 32;

/// How far the pinned register points into the context: every register is then within reach of a
/// displacement of one byte.
pub(crate) const BIAS: i32 = 128;

impl Context {
    /// A context with all registers 0, no gas, and no addresses filled in.
    pub fn new() -> Self {
        Self {
            registers: [0; 32],
            meter: !0,
            memory: 0,
            stack_limit: 0,
            host_call: 0,
            jump_table: 0,
            reservation: NO_RESERVATION,
            landing: 0,
            trap_addr: 0,
            next: 0,
            from: 0,
        }
    }

    /// The gas left.
    #[inline]
    pub fn gas(&self) -> u64 {
        !self.meter
    }

    /// Sets the gas left.
    #[inline]
    pub fn set_gas(&mut self, gas: u64) {
        self.meter = !gas;
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

/// Every offset that generated code uses, by name.
pub(crate) fn layout() -> impl Iterator<Item = (&'static str, i32)> {
    let landing = [("LANDING_SP", offset::LANDING_SP), ("LANDING_FP", offset::LANDING_FP)];
    offset::NAMED.iter().copied().chain(landing)
}

/// Offsets of the fields from the pinned register, in the form that Cranelift wants.
pub(crate) mod offset {
    use super::{BIAS, Context, Landing, offset_of};

    macro_rules! offsets {
        ($($NAME:ident = $field:ident;)*) => {
            $(pub(crate) const $NAME: i32 = offset_of!(Context, $field) as i32 - BIAS;)*

            /// All of them by name.
            pub(super) const NAMED: &[(&str, i32)] = &[$((stringify!($NAME), $NAME)),*];
        };
    }

    offsets! {
        REGISTERS = registers;
        METER = meter;
        MEMORY = memory;
        STACK_LIMIT = stack_limit;
        HOST_CALL = host_call;
        JUMP_TABLE = jump_table;
        RESERVATION = reservation;
        LANDING = landing;
        TRAP_ADDR = trap_addr;
        NEXT = next;
        FROM = from;
    }

    pub(crate) const LANDING_SP: i32 = offset_of!(Landing, sp) as i32;
    pub(crate) const LANDING_FP: i32 = offset_of!(Landing, fp) as i32;
}

//! The state of an execution: the hart, its memory, and why it stopped.

use bessemer_isa::{Reg, Trap};

/// The state of the one hart of a frame.
///
/// `pc` is always the address of the next arrival, or, when execution stopped at an ECALL or a
/// trap, of that instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hart {
    /// `x0` to `x31`; `x0` is 0. In a 32-bit program the upper half of each is 0.
    pub registers: [u64; 32],
    /// The program counter.
    pub pc: u32,
    /// Gas left.
    pub gas: u64,
    /// The address that LR reserved.
    pub reservation: Option<u32>,
}

impl Hart {
    /// The value of a register.
    #[inline]
    pub fn get(&self, reg: Reg) -> u64 {
        self.registers[reg.index()]
    }

    /// Writes a register; a write to `x0` has no effect. An engine that runs a 32-bit program writes values
    /// of 32 bits.
    #[inline]
    pub fn set(&mut self, reg: Reg, value: u64) {
        self.registers[reg.index()] = value;
        self.registers[0] = 0;
    }
}

/// A load or store that did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The lowest byte of the access that is not mapped with the needed permission.
    pub addr: u32,
}

/// The 2^32 bytes that a frame can address, most of them unmapped.
///
/// Every access is little-endian, may be misaligned, may cross pages, and happens wholly or not at
/// all (specification, section 3). A range that would pass 2^32 does not wrap: it is not mapped.
#[allow(missing_docs, reason = "one method per width and direction")]
pub trait Memory {
    fn load_u8(&self, addr: u32) -> Result<u8, Fault>;
    fn load_u16(&self, addr: u32) -> Result<u16, Fault>;
    fn load_u32(&self, addr: u32) -> Result<u32, Fault>;
    fn load_u64(&self, addr: u32) -> Result<u64, Fault>;
    fn store_u8(&mut self, addr: u32, value: u8) -> Result<(), Fault>;
    fn store_u16(&mut self, addr: u32, value: u16) -> Result<(), Fault>;
    fn store_u32(&mut self, addr: u32, value: u32) -> Result<(), Fault>;
    fn store_u64(&mut self, addr: u32, value: u64) -> Result<(), Fault>;
    /// Whether the `len` bytes at `addr` can be stored to, without doing it.
    fn check_store(&self, addr: u32, len: u32) -> Result<(), Fault>;
}

/// Why execution of a frame stopped or paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// At an ECALL, whose run is charged. `hart.pc` is the address of the ECALL, and the
    /// reservation is gone; the host does the call and goes on behind it.
    Ecall,
    /// The frame trapped.
    Trap(Trap),
    /// The frame cannot pay for the run at `hart.pc`, and its gas is 0 (rule G2).
    OutOfGas,
}

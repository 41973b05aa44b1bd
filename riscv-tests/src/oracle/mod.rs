//! The naive oracle: a model of `docs/specification.md` that shares nothing with the product.
//!
//! Every step decodes its instruction from the bytes of text again. Every arrival walks the run
//! forward again to learn its charge. Memory is a map of pages. The oracle is slow on purpose: each
//! rule stands in one place and reads like the sentence of the specification that it follows.
//!
//! ```
//! use bessemer_conformance::oracle::{Isa, MemoryClass, Oracle, Segment, Setup, Stop};
//!
//! // addi a7, x0, 93; ecall
//! let text = [0x05d0_0893_u32, 0x0000_0073].map(u32::to_le_bytes).concat();
//! let mut oracle = Oracle::new(&Setup {
//!     segments: vec![Segment::text(0x1_0000, text)],
//!     entry: 0x1_0000,
//!     compressed: false,
//!     isa: Isa::default(),
//!     stack_size: 0x1_0000,
//!     memory_class: MemoryClass::M1M,
//!     gas: 1000,
//!     sp: 0xffff_0000,
//! });
//! assert_eq!(oracle.run(), Stop::Ecall);
//! assert_eq!(oracle.registers()[17], 93);
//! assert_eq!(oracle.gas(), 1000 - (2 + 1 + 150));
//! ```

mod compressed;
mod decode;
mod execute;
mod gas;
mod instruction;
mod memory;
mod setup;
mod text;
mod trap;

#[cfg(test)]
mod tests;

pub use gas::{MemoryClass, Schedule};
pub use memory::{PAGE_SIZE, Page};
pub use setup::{Isa, STACK_TOP, Segment, Setup};
pub use trap::Trap;

use execute::Next;
use memory::Memory;
use text::Text;

/// Why the oracle stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// An ECALL: the caller plays the host, then calls [`Oracle::resume`] and [`Oracle::run`], or
    /// takes the frame as ended.
    Ecall,
    /// A trap. The frame has ended.
    Trap {
        /// Code of section 5, one of the constants of [`Trap`].
        kind: u8,
        /// Address of the instruction that raised it.
        pc: u32,
        /// BadLoad and BadStore: the lowest byte of the access without the needed permission.
        /// MisalignedAtomic: the effective address. BadJump and MisalignedJump: the target with
        /// bit 0 cleared. None for the others.
        addr: Option<u32>,
    },
    /// The gas left was less than the charge of an arrival. The frame has ended, its gas is 0.
    OutOfGas {
        /// Address of the arrival.
        pc: u32,
    },
}

/// One frame of one program.
#[derive(Clone, Debug)]
pub struct Oracle {
    /// In RV32 the upper half of each is 0.
    registers: [u64; 32],
    isa: Isa,
    pc: u32,
    gas: u64,
    memory: Memory,
    reservation: Option<u32>,
    text: Text,
    memory_class: MemoryClass,
    schedule: Schedule,
    at: At,
    executed: u64,
}

/// Where the frame stands between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Control has arrived at pc; the run is not charged yet.
    Arrival,
    /// Inside a charged run.
    Inside,
    /// Stopped, until `resume` if the stop is an ECALL and for ever otherwise.
    Stopped(Stop),
}

impl Oracle {
    /// A frame at its entry, nothing charged yet.
    ///
    /// # Panics
    ///
    /// If the setup is one that deploy rejects; the oracle judges execution, not loading.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        setup.check();
        let mut registers = [0; 32];
        registers[2] = u64::from(setup.sp);
        Self {
            registers,
            isa: setup.isa,
            pc: setup.entry,
            gas: setup.gas,
            memory: setup.memory(),
            reservation: None,
            text: setup.text(),
            memory_class: setup.memory_class,
            schedule: Schedule::default(),
            at: At::Arrival,
            executed: 0,
        }
    }

    /// The same frame, charged by this schedule.
    #[must_use]
    pub fn charged_by(self, schedule: Schedule) -> Self {
        Self { schedule, ..self }
    }

    /// Runs up to the next stop. After a trap or out of gas, and after an ECALL that was not
    /// resumed, it is that same stop again.
    pub fn run(&mut self) -> Stop {
        loop {
            if let Some(stop) = self.step() {
                return stop;
            }
        }
    }

    /// Executes one instruction, with the charge of its run if it is arrived at.
    pub fn step(&mut self) -> Option<Stop> {
        let stop = match self.at {
            At::Stopped(stop) => Some(stop),
            // G2: check first, before any instruction of the run has an effect.
            At::Arrival if self.gas < self.charge(self.pc) => {
                self.gas = 0;
                Some(Stop::OutOfGas { pc: self.pc })
            }
            At::Arrival => {
                self.gas -= self.charge(self.pc);
                self.execute()
            }
            At::Inside => self.execute(),
        };
        if let Some(stop) = stop {
            self.at = At::Stopped(stop);
        }
        stop
    }

    /// Ends a host call: `a0` is its result, control arrives behind the ECALL.
    ///
    /// # Panics
    ///
    /// If the oracle did not stop at an ECALL.
    pub fn resume(&mut self, a0: u32) {
        assert_eq!(self.at, At::Stopped(Stop::Ecall), "only an ECALL can be resumed");
        // In RV64 it is sign-extended.
        self.registers[10] = self.extended(a0);
        // ECALL has no compressed form.
        self.pc += 4;
        self.at = At::Arrival;
    }

    /// `charge(p)` of section 4, found by walking the run forward.
    ///
    /// # Panics
    ///
    /// If there is no run at `p`: `p` must be a parcel of text (a word of text without profile C)
    /// or the end of text.
    #[must_use]
    pub fn charge(&self, p: u32) -> u64 {
        let mut sum = gas::RUN_BASE;
        let mut at = p;
        loop {
            let (instruction, length) = self.text.decode(at);
            sum += gas::cost(instruction, self.memory_class, self.schedule, self.text.len());
            if instruction.is_terminator() {
                return sum;
            }
            at += length;
        }
    }

    /// x0 to x31.
    #[must_use]
    pub fn registers(&self) -> &[u64; 32] {
        &self.registers
    }

    /// Sets a register other than x0, for a frame that begins with one.
    ///
    /// # Panics
    ///
    /// For x0.
    pub fn set_register(&mut self, register: usize, value: u64) {
        assert_ne!(register, 0, "x0 is 0");
        self.registers[register] = value;
    }

    /// The instruction that stopped, or the arrival that gas did not suffice for, or else the next
    /// instruction.
    #[must_use]
    pub fn pc(&self) -> u32 {
        self.pc
    }

    /// Gas left.
    #[must_use]
    pub fn gas(&self) -> u64 {
        self.gas
    }

    /// Sets the gas left, for a host call that has a price of its own.
    pub fn set_gas(&mut self, gas: u64) {
        self.gas = gas;
    }

    /// The reserved address, if there is one.
    #[must_use]
    pub fn reservation(&self) -> Option<u32> {
        self.reservation
    }

    /// How many instructions were begun, a trapping one included.
    #[must_use]
    pub fn executed(&self) -> u64 {
        self.executed
    }

    /// The mapped pages in order, each with its address.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &Page)> {
        self.memory.pages()
    }

    /// Reads memory for the host, or None if a byte of the range is not mapped.
    #[must_use]
    pub fn read(&self, addr: u32, length: u32) -> Option<Vec<u8>> {
        self.memory.read(addr, length)
    }

    /// The lowest byte of a range that the host may not read, or not write; `None` if it may use
    /// all of it.
    #[must_use]
    pub fn refused(&self, addr: u32, length: u32, write: bool) -> Option<u32> {
        self.memory.refused(addr, length, write)
    }

    /// Writes memory for the host, whatever the permission: the argument block of a bare program,
    /// the output of a host call.
    ///
    /// # Panics
    ///
    /// If a byte of the range is not mapped.
    pub fn write(&mut self, addr: u32, bytes: &[u8]) {
        self.memory.write(addr, bytes);
    }

    /// Maps `count` further pages from the page address `addr`, writable and zero, as `grow` does.
    ///
    /// # Panics
    ///
    /// If one of them is mapped already.
    pub fn map(&mut self, addr: u32, count: u32) {
        self.memory.map_new(addr, count);
    }

    fn execute(&mut self) -> Option<Stop> {
        self.executed += 1;
        let (instruction, length) = self.text.decode(self.pc);
        match self.perform(instruction, length) {
            Next::Inside => {
                self.pc += length;
                self.at = At::Inside;
                None
            }
            Next::Arrive(pc) => {
                self.pc = pc;
                self.at = At::Arrival;
                None
            }
            Next::Ecall => Some(Stop::Ecall),
            Next::Trap(trap) => Some(Stop::Trap { kind: trap.kind, pc: self.pc, addr: trap.addr }),
        }
    }
}

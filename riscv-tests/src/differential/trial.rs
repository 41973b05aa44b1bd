//! A program in the two forms that engines take: the oracle's setup and an ELF file.

use bessemer_image::{ImageBuilder, Limits, Profile, Xlen};
use bessemer_isa as isa;

use crate::generate::Case;
use crate::oracle::{MemoryClass, Setup};

/// Bytes of stack of every trial.
const STACK: u32 = 0x1_0000;

/// A program that every engine can run, with its gas.
#[derive(Clone, Debug)]
pub struct Trial {
    setup: Setup,
    elf: Vec<u8>,
}

impl Trial {
    /// The program that a setup describes. Every trial has the same stack size, which replaces that
    /// of the setup.
    pub fn new(mut setup: Setup) -> Self {
        setup.stack_size = STACK;
        let mut image = ImageBuilder::new(profile(&setup)).entry(setup.entry);
        for segment in &setup.segments {
            image = image.segment(
                segment.addr,
                &segment.bytes,
                segment.memsz,
                segment.writable,
                segment.executable,
            );
        }
        Self { elf: image.build(), setup }
    }

    /// A generated program, with the memory class that it is charged by.
    pub fn of_case(case: &Case, memory: MemoryClass) -> Self {
        Self::new(case.setup(STACK, memory))
    }

    /// The same program with another gas limit.
    pub fn set_gas(&mut self, gas: u64) {
        self.setup.gas = gas;
    }

    /// The start of the oracle.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The file that the other engines load.
    pub fn elf(&self) -> &[u8] {
        &self.elf
    }

    /// The limits under which the file gets the setup's memory class.
    pub fn limits(&self) -> Limits {
        limits(self.setup.memory_class)
    }
}

/// The profile of a setup.
pub fn profile(setup: &Setup) -> Profile {
    let xlen = if setup.isa.wide { Xlen::Rv64 } else { Xlen::Rv32 };
    Profile { xlen, compressed: setup.compressed, bits: setup.isa.bits }
}

/// The limits of bare programs with this memory class.
pub(super) fn limits(memory: MemoryClass) -> Limits {
    Limits::bare().with_stack(STACK).with_memory(match memory {
        MemoryClass::M256K => isa::MemoryClass::Kib256,
        MemoryClass::M1M => isa::MemoryClass::Mib1,
        MemoryClass::M4M => isa::MemoryClass::Mib4,
        MemoryClass::M16M => isa::MemoryClass::Mib16,
        MemoryClass::M64M => isa::MemoryClass::Mib64,
    })
}

//! A small program and everything that executing it needs.

use bessemer_image::{Charges, Hart, ImageBuilder, Limits, Profile, Program, Stop};
use bessemer_interp::{FlatMemory, run, run_one};
use bessemer_isa::{GasSchedule, Inst, Reg, Trap, TrapKind};

pub(crate) const COMPRESSED: Profile = Profile::rv32(true);
pub(crate) const PLAIN: Profile = Profile::rv32(false);

pub(crate) const TEXT: u32 = 0x1_0000;
/// A writable page.
pub(crate) const DATA: u32 = 0x2_0000;
/// A page that can only be loaded from.
pub(crate) const RODATA: u32 = 0x3_0000;
pub(crate) const PAGE: u32 = 0x1000;

/// More gas than any test program needs.
pub(crate) const PLENTY: u64 = 1 << 40;

/// A frame at its entry, without a stack pointer.
pub(crate) struct Frame {
    pub(crate) program: Program,
    pub(crate) charges: Charges,
    pub(crate) hart: Hart,
    pub(crate) memory: FlatMemory,
}

impl Frame {
    pub(crate) fn new(insts: &[Inst]) -> Self {
        let words = insts.iter().map(|inst| inst.encode());
        Self::of_words(COMPRESSED, words)
    }

    pub(crate) fn of_words(profile: Profile, words: impl IntoIterator<Item = u32>) -> Self {
        let bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        Self::of_bytes(profile, &bytes)
    }

    pub(crate) fn of_bytes(profile: Profile, text: &[u8]) -> Self {
        let file = ImageBuilder::new(profile)
            .text(TEXT, text)
            .data(DATA, [], PAGE)
            .rodata(RODATA, [0x5a; PAGE as usize])
            .build();
        let program = Program::parse(&file, &Limits::contract()).unwrap();
        Self {
            charges: program.charges(&GasSchedule::V1),
            memory: FlatMemory::of(&program),
            hart: Hart { pc: TEXT, gas: PLENTY, ..Hart::default() },
            program,
        }
    }

    pub(crate) fn with(mut self, reg: Reg, value: u32) -> Self {
        self.set(reg, value);
        self
    }

    pub(crate) fn set(&mut self, reg: Reg, value: u32) {
        self.hart.set(reg, value.into());
    }

    /// The value of a register of a 32-bit program.
    pub(crate) fn get(&self, reg: Reg) -> u32 {
        self.hart.get(reg).try_into().expect("the upper half is 0")
    }

    pub(crate) fn run(&mut self) -> Stop {
        let text = self.program.text();
        run(text, &self.charges, &mut self.hart, &mut self.memory)
    }

    pub(crate) fn run_one(&mut self) -> Option<Stop> {
        let text = self.program.text();
        run_one(text, &self.charges, &mut self.hart, &mut self.memory)
    }

    pub(crate) fn charge(&self, pc: u32) -> u64 {
        let slot = self.program.text().arrival_index(pc).unwrap();
        self.charges.at(slot).into()
    }
}

/// The stop of a trap.
pub(crate) fn trap(kind: TrapKind, pc: u32, addr: Option<u32>) -> Stop {
    Stop::Trap(Trap { kind, pc, addr })
}

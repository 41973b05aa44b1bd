//! Conformance programs written here: every instruction on its edge operands, memory at its edges,
//! every kind of trap, control flow to every place.
//!
//! A program packs as many checks as can stand one behind the other; what it computes is stored to
//! memory or shown to the host, and [`judge`] compares all of it
//! between the oracle and every engine. The programs are made from the rows of the instruction
//! table, so an instruction that is forgotten here does not compile.
//!
//! ```
//! use bessemer_conformance::run_both;
//!
//! let seen = run_both! {
//!     li(A0, 6);
//!     li(A1, 7);
//!     mul(A0, A0, A1);
//!     li(A7, 93);
//!     ecall();
//! };
//! assert_eq!(seen.registers.expect("known at an exit")[10], 42);
//! ```

mod atomics;
mod code;
mod compressed;
mod control;
mod memory;
mod operands;
mod pressure;
mod shape;
mod traps;

use bessemer_isa::asm::Assembly;
use bessemer_isa::{Profile, Xlen};

pub use atomics::atomics;
pub use code::{Code, DATA, POOL};
pub use compressed::compressed;
pub use control::{branches, indirect_jumps};
pub use memory::memory;
pub use operands::operands;
pub use pressure::pressure;
pub use shape::Shape;
pub use traps::traps;

use crate::differential::{Bench, Judged, Rungs, Selection, Trial, climb, judge};
use crate::oracle::{Isa, MemoryClass, STACK_TOP, Segment, Setup};

/// A conformance program.
#[derive(Clone, Debug)]
pub struct Program {
    /// A description of the checks.
    pub name: String,
    /// The program, with enough gas.
    pub trial: Trial,
    /// Whether it is short enough to be run with every gas limit.
    pub short: bool,
    /// Which engines run it.
    pub selection: Selection,
}

/// The profiles whose instructions the programs are made of.
pub const PROFILES: [Profile; 2] = [Profile::rv32(true).with_bits(true), Profile::rv64(true)];

/// More gas than any program here needs.
pub const PLENTY: u64 = 10_000_000;

impl Program {
    /// Runs the program on every engine; the first difference is in the result.
    pub fn judge(&self, bench: &Bench) -> Judged {
        let judged = judge(bench, &self.trial, self.selection);
        if judged.verdict.is_some() || !self.short {
            return judged;
        }
        match climb(bench, &self.trial, Rungs::All) {
            Ok((_, ladder)) => Judged { verdict: ladder.verdict, ..judged },
            Err(error) => panic!("{}: {error:#}", self.name),
        }
    }
}

/// The trial of an assembled program.
pub fn assembled(program: &Assembly) -> Trial {
    let section = |section: &bessemer_isa::asm::Section, writable| {
        (!section.bytes.is_empty())
            .then(|| Segment { writable, ..Segment::rodata(section.base, section.bytes.clone()) })
    };
    let text = Segment::text(program.text.base, program.text.bytes.clone());
    let others = [(&program.rodata, false), (&program.data, true), (&program.bss, true)];
    let others = others.into_iter().filter_map(|(bytes, writable)| section(bytes, writable));
    Trial::new(Setup {
        segments: [text].into_iter().chain(others).collect(),
        entry: program.entry,
        compressed: program.profile.compressed,
        isa: Isa { wide: program.profile.xlen == Xlen::Rv64, bits: program.profile.bits },
        stack_size: 0,
        memory_class: MemoryClass::M1M,
        gas: PLENTY,
        sp: STACK_TOP,
    })
}

/// Assembles a program as [`bessemer_isa::asm!`] does, and runs it on the oracle, the interpreters
/// and native code of every kind; panics with the first difference.
#[macro_export]
macro_rules! run_both {
    ($($program:tt)*) => {{
        let program = ::bessemer_isa::asm! { $($program)* }.expect("the program assembles");
        let trial = $crate::suite::assembled(&program);
        let bench = $crate::differential::Bench::new().expect("engines start");
        let selection = $crate::differential::Selection::All;
        let judged = $crate::differential::judge(&bench, &trial, selection);
        assert_eq!(judged.verdict, None);
        judged.expected
    }};
}

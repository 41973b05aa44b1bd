//! Random programs for differential runs, each reproducible from a name and a seed.
//!
//! ```
//! use bessemer_conformance::generate::Generator;
//!
//! let case = Generator::by_name("grammar").unwrap().case(7);
//! assert_eq!(case, Generator::Grammar.case(7));
//! assert_eq!((case.name, case.seed), ("grammar", 7));
//! ```

mod case;
mod code;
mod control;
pub(crate) mod encode;
mod extension;
mod grammar;
mod layout;
mod pressure;
mod program;
pub(crate) mod random;
mod raw;

pub use case::{Case, EXIT, answer};

use crate::oracle::Isa;

/// A kind of random program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generator {
    /// Raw parcels, half of them valid.
    Raw,
    /// Valid instructions with biased operands.
    Grammar,
    /// Loops, calls, tables, and jumps to unusual places.
    Control,
    /// All 31 registers live through every operation.
    Pressure,
}

impl Generator {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Grammar, Self::Control, Self::Pressure];

    /// The name that, with a seed, reproduces a case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Grammar => "grammar",
            Self::Control => "control",
            Self::Pressure => "pressure",
        }
    }

    /// The generator with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|generator| generator.name() == name)
    }

    /// The generator that a mixed run uses for this seed: of 20 seeds, 3 are raw, 7 grammar, 7
    /// control and 3 pressure.
    #[must_use]
    pub fn for_seed(seed: u64) -> Self {
        match random::Random::new("mix", seed).below(20) {
            0..3 => Self::Raw,
            3..10 => Self::Grammar,
            10..17 => Self::Control,
            _ => Self::Pressure,
        }
    }

    /// The program of RV32IMA, with or without C, that has this seed.
    #[must_use]
    pub fn case(self, seed: u64) -> Case {
        self.case_of(seed, Isa::default())
    }

    /// The program with this seed, for registers of this width and with these extensions.
    #[must_use]
    pub fn case_of(self, seed: u64, isa: Isa) -> Case {
        match self {
            Self::Raw => raw::case(self.name(), seed, isa),
            Self::Grammar => grammar::case(self.name(), seed, isa),
            Self::Control => control::case(self.name(), seed, isa),
            Self::Pressure => pressure::case(self.name(), seed, isa),
        }
    }

    /// The features of a mixed run for this seed: of 10 seeds, 2 are RV32, 3 RV32 with the bit
    /// manipulation extensions, 5 RV64.
    #[must_use]
    pub fn isa_for_seed(seed: u64) -> Isa {
        let [plain, bits, wide] = Isa::ALL;
        match random::Random::new("isa", seed).below(10) {
            0 | 1 => plain,
            2..5 => bits,
            _ => wide,
        }
    }
}

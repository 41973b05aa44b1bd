//! Turns a checked program into Cranelift IR, that into machine code, and runs it.
//!
//! [`translate`] makes an [`Artifact`], position-independent code with its tables; [`Code::publish`]
//! makes that executable. What the code computes is fixed by the specification and is the same as in
//! the interpreter to the bit; which instructions get native code is a private choice, and whatever
//! has none is left to the interpreter by the runtime.
//!
//! The path of a program: `plan` finds the reachable instructions and cuts them into units; `flow`
//! decides which registers are where; `lower` builds the IR of a unit; `compile` runs Cranelift and
//! lays out the artifact; `jit` publishes it. `artifact` writes it to a file and reads it again.

#![deny(unsafe_code)]
#![cfg_attr(not(feature = "compiler"), allow(dead_code, reason = "the compiler uses it"))]

mod artifact;
#[cfg(feature = "compiler")]
mod compile;
#[cfg(not(feature = "compiler"))]
#[path = "no_compiler.rs"]
mod compile;
mod context;
mod error;
#[cfg(feature = "test-hooks")]
pub mod fault;
#[cfg(not(feature = "test-hooks"))]
mod fault;
#[cfg(feature = "compiler")]
mod flow;
mod identity;
#[allow(unsafe_code, reason = "installs and enters generated code")]
mod jit;
#[cfg(feature = "compiler")]
mod lower;
mod memory;
#[cfg(feature = "compiler")]
mod plan;
#[cfg(feature = "compiler")]
mod stub;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bessemer_image::{Charges, Program};
use serde::{Deserialize, Serialize};

pub use artifact::{
    Artifact, FORMAT_VERSION, HEAD_LEN, Labels, MAC_LEN, Note, ReadError, Tables, TextShape,
    TrapRecord, Unit,
};
pub use context::{Context, HOST_EXIT, HostCall, Landing, NO_RESERVATION};
pub use error::TranslateError;
pub use identity::Identity;
pub use jit::{Code, EntryPoint};
pub use memory::CodeMemory;

/// How much Cranelift optimises. It never changes what code computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OptLevel {
    /// Compile fast.
    None,
    /// Make fast code.
    #[default]
    Speed,
}

/// How to translate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Options {
    /// How much to optimise.
    pub opt_level: OptLevel,
    /// Keep the registers in the context current at every trap, for comparing engines and for
    /// debugging. Slower.
    pub precise_registers: bool,
    /// Run Cranelift's verifier on every unit.
    pub verify: bool,
    /// How many instructions a unit has at most, between 1 and [`UNIT_INSTRUCTIONS`]. Tests choose few,
    /// so that units end at every place.
    pub unit_instructions: u32,
    /// Make the head of every loop an entry. Such code takes over from the interpreter within one pass
    /// of a loop, and is larger and slower: values meet at every head.
    pub loop_entries: bool,
    /// Bytes of native code that a program may have for each slot of its text, see
    /// [`Options::native_limit`].
    pub native_per_slot: u32,
}

/// How many instructions a unit has at most unless less is chosen: as many as a function compiles
/// with at the same pace as small ones.
pub const UNIT_INSTRUCTIONS: u32 = 2_000;

impl Options {
    /// Twice of what any known program needs: a program that is refused native code, and so executes
    /// slowly for the same gas, must not exist.
    pub const NATIVE_PER_SLOT: u32 = 160;

    /// Bytes of native code that a program with so many slots of text may have: 64 KiB, and
    /// [`native_per_slot`](Self::native_per_slot) for each slot, four times as many with
    /// [`precise_registers`](Self::precise_registers), and four times as many with smaller units than
    /// the largest.
    pub fn native_limit(&self, slots: usize) -> usize {
        let more = [self.precise_registers, self.has_small_units()];
        let times = more.into_iter().filter(|&more| more).fold(1_usize, |times, _| times * 4);
        let per_slot = (self.native_per_slot as usize).saturating_mul(times);
        slots.saturating_mul(per_slot).saturating_add(64 << 10)
    }

    /// Whether code may be larger than what rule L29 takes it to be: in tests.
    fn is_roomy(&self) -> bool {
        self.precise_registers || self.has_small_units() || self.loop_entries
    }

    fn has_small_units(&self) -> bool {
        self.unit_instructions < UNIT_INSTRUCTIONS
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            opt_level: OptLevel::default(),
            precise_registers: false,
            verify: false,
            unit_instructions: UNIT_INSTRUCTIONS,
            loop_entries: false,
            native_per_slot: Self::NATIVE_PER_SLOT,
        }
    }
}

/// Translates a program. The charges are those of the same program.
///
/// # Errors
///
/// Whatever goes wrong, a panic of the compiler included: a program that cannot be translated must
/// not stop its host, which has the interpreter.
pub fn translate(
    program: &Program,
    charges: &Charges,
    options: &Options,
) -> Result<Artifact, TranslateError> {
    // everything that a panic could leave half done is dropped with the closure
    catch_unwind(AssertUnwindSafe(|| compile::translate(program, charges, options)))
        .unwrap_or_else(|panic| Err(TranslateError::Panic(message(&*panic))))
}

/// The message of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().copied();
    let text = literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

/// The Cranelift IR of each unit as text, with the guest address where the unit starts.
pub fn clif(
    program: &Program,
    charges: &Charges,
    options: &Options,
) -> Result<Vec<(u32, String)>, TranslateError> {
    compile::clif(program, charges, options)
}

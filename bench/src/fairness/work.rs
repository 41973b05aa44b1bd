//! The work that a program does for its gas, counted instead of timed.

use anyhow::Result;
use bessemer_isa::GasSchedule;
use bessemer_runtime::Backend;

use super::Program;
use super::measure::Subject;

/// The work that was done and the gas that was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Gas used, the pages of the frame included.
    pub gas: u64,
    /// Gas of what was interpreted because native code has no entry where control was.
    pub gap_gas: u64,
    /// Slots of text.
    pub slots: usize,
    /// Bytes of native code.
    pub native: usize,
}

/// Runs a program natively with at most so much gas.
///
/// # Errors
///
/// If it does not load, has no native code, or ends otherwise than it should.
pub fn work(program: &Program, schedule: GasSchedule, gas: u64) -> Result<Work> {
    let subject = Subject::new(program, Backend::Jit, schedule)?;
    let (gas, _) = subject.sample(gas, 1)?;
    let module = &subject.module;
    let code = module.code();
    anyhow::ensure!(code.is_some(), "{} has no native code", program.name);
    Ok(Work {
        gas,
        gap_gas: module.statistics().gap_gas,
        slots: module.program().text().slot_count(),
        native: code.map_or(0, |code| code.bytes().len()),
    })
}

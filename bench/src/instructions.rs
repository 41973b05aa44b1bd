//! How many instructions a workload executes.

use anyhow::{Result, ensure};
use bessemer_image::{Hart, Limits, Program, Stop};
use bessemer_interp::{FlatMemory, Position, Retired, trace};
use bessemer_isa::{GasSchedule, Reg, TrapKind};
use bessemer_workloads::Workload;

use crate::contender::ENDLESS_GAS;
use crate::{Profile, elf};

/// Instructions of `small_n` units of a workload.
pub fn count(workload: &Workload, profile: Profile) -> Result<u64> {
    let program = Program::parse(elf(workload.name, profile), &Limits::bare())?;
    let charges = program.charges(&GasSchedule::V1);
    let Some(function) = program.symbols().lookup("workload") else {
        anyhow::bail!("the image of {} has no function `workload`", workload.name);
    };
    let mut hart = Hart { pc: function, gas: ENDLESS_GAS, ..Hart::default() };
    hart.set(Reg::A0, workload.small_n.into());
    hart.set(Reg::SP, program.layout().stack.end.into());
    hart.set(Reg::RA, OUTSIDE.into());
    let mut memory = FlatMemory::of(&program);
    let mut retired = Retired::default();
    let mut position = Position::Arrival;
    let stop = trace(program.text(), &charges, &mut hart, &mut memory, &mut position, &mut retired);
    let returned = matches!(stop, Some(Stop::Trap(trap))
        if trap.kind == TrapKind::BadJump && trap.addr == Some(OUTSIDE));
    ensure!(returned, "{} did not return: {stop:?}", workload.name);
    ensure!(hart.get(Reg::A0) as u32 == workload.small_checksum, "{} is wrong", workload.name);
    Ok(retired.instructions)
}

/// A return address at which no text can be.
const OUTSIDE: u32 = 0xffff_fff0;

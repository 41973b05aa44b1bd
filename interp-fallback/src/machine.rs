//! The run loop: arrival, charge, run (specification, section 4).

use bessemer_image::{Charges, Decoded, Hart, Memory, Stop, Text};
use bessemer_isa::{Trap, TrapKind, Xlen};

use crate::step::{Flow, Raised, Step};
use crate::trace::{Executed, Observer, Position};
use crate::word::Word;

/// Executes from `hart.pc`, which is an arrival, until a stop.
///
/// After [`Stop::Ecall`] the driver does the host call, sets `a0`, adds 4 to `hart.pc` and calls
/// `run` again: the return of an ECALL is an arrival like any other.
///
/// A `hart.pc` at which no control can arrive is the caller's mistake. It traps as an illegal
/// instruction, uncharged.
///
/// ```
/// use bessemer_interp::{FlatMemory, run};
/// # use bessemer_image::{Hart, ImageBuilder, Limits, Profile, Program, Stop};
/// # use bessemer_isa::{GasSchedule, Reg};
/// # let file = ImageBuilder::new(Profile::rv32(true))
/// #     .text(0x1_0000, [0x0000_0073_u32, 0x0015_0513, 0x0000_0073].map(u32::to_le_bytes).concat())
/// #     .build();
/// # let program = Program::parse(&file, &Limits::contract())?;
/// # let (text, charges) = (program.text(), program.charges(&GasSchedule::V1));
/// # let mut memory = FlatMemory::of(&program);
/// # let mut hart = Hart { pc: 0x1_0000, gas: 1_000, ..Hart::default() };
/// # hart.set(Reg::A0, 3);
/// // ecall; addi a0, a0, 1; ecall
/// assert_eq!(run(text, &charges, &mut hart, &mut memory), Stop::Ecall);
/// hart.set(Reg::A0, 41);
/// hart.pc += 4;
/// assert_eq!(run(text, &charges, &mut hart, &mut memory), Stop::Ecall);
/// assert_eq!(hart.get(Reg::A0), 42);
/// # Ok::<(), bessemer_image::LoadError>(())
/// ```
pub fn run<M: Memory + ?Sized>(
    text: &Text,
    charges: &Charges,
    hart: &mut Hart,
    memory: &mut M,
) -> Stop {
    match text.profile().xlen {
        Xlen::Rv32 => run_wide::<u32, M>(text, charges, hart, memory),
        Xlen::Rv64 => run_wide::<u64, M>(text, charges, hart, memory),
    }
}

/// [`run`] with registers of the width `W`.
fn run_wide<W: Word, M: Memory + ?Sized>(
    text: &Text,
    charges: &Charges,
    hart: &mut Hart,
    memory: &mut M,
) -> Stop {
    loop {
        if let Some(stop) = run_one_wide::<W, M>(text, charges, hart, memory) {
            return stop;
        }
    }
}

/// Executes exactly one run: arrives at `hart.pc`, charges, executes up to the terminator.
///
/// `None` means that control arrived elsewhere: `hart.pc` is the next arrival, for which nothing
/// is charged yet.
///
/// ```
/// use bessemer_interp::{FlatMemory, run_one};
/// # use bessemer_image::{Hart, ImageBuilder, Limits, Profile, Program, Stop};
/// # use bessemer_isa::{GasSchedule, Reg};
/// # let file = ImageBuilder::new(Profile::rv32(true))
/// #     .text(0x1_0000, [0xfff5_0513_u32, 0xfe05_1ee3, 0x0000_0073].map(u32::to_le_bytes).concat())
/// #     .build();
/// # let program = Program::parse(&file, &Limits::contract())?;
/// # let (text, charges) = (program.text(), program.charges(&GasSchedule::V1));
/// # let mut memory = FlatMemory::of(&program);
/// # let mut hart = Hart { pc: 0x1_0000, gas: 1_000, ..Hart::default() };
/// # hart.set(Reg::A0, 3);
/// // loop: addi a0, a0, -1; bnez a0, loop; ecall
/// for left in [2, 1, 0] {
///     assert_eq!(run_one(text, &charges, &mut hart, &mut memory), None);
///     assert_eq!(hart.get(Reg::A0), left);
/// }
/// assert_eq!(run_one(text, &charges, &mut hart, &mut memory), Some(Stop::Ecall));
/// # Ok::<(), bessemer_image::LoadError>(())
/// ```
#[inline]
pub fn run_one<M: Memory + ?Sized>(
    text: &Text,
    charges: &Charges,
    hart: &mut Hart,
    memory: &mut M,
) -> Option<Stop> {
    match text.profile().xlen {
        Xlen::Rv32 => run_one_wide::<u32, M>(text, charges, hart, memory),
        Xlen::Rv64 => run_one_wide::<u64, M>(text, charges, hart, memory),
    }
}

/// [`run_one`] with registers of the width `W`.
#[inline]
fn run_one_wide<W: Word, M: Memory + ?Sized>(
    text: &Text,
    charges: &Charges,
    hart: &mut Hart,
    memory: &mut M,
) -> Option<Stop> {
    let mut position = Position::Arrival;
    match execute_run::<W, M, ()>(text, charges, hart, memory, &mut position, &mut ()) {
        Ended::Stopped(stop) => Some(stop),
        // The observer that observes nothing never pauses.
        Ended::Arrived | Ended::Paused => None,
    }
}

/// Executes like [`run`], with `observer` around each instruction, until a stop or until the
/// observer pauses: then the answer is `None`.
///
/// `position` says whether the instruction at `hart.pc` begins a run, still to be charged, or
/// stands inside one that is charged already. It is [`Position::Arrival`] in the first call;
/// handing the same variable to the next call continues where a pause left off, and charges
/// nothing twice.
///
/// ```
/// use bessemer_interp::{FlatMemory, Position, Retired, trace};
/// # use bessemer_image::{Hart, ImageBuilder, Limits, Profile, Program, Stop};
/// # use bessemer_isa::{GasSchedule, Reg};
/// # let file = ImageBuilder::new(Profile::rv32(true))
/// #     .text(0x1_0000, [0xfff5_0513_u32, 0xfe05_1ee3, 0x0000_0073].map(u32::to_le_bytes).concat())
/// #     .build();
/// # let program = Program::parse(&file, &Limits::contract())?;
/// # let (text, charges) = (program.text(), program.charges(&GasSchedule::V1));
/// # let mut memory = FlatMemory::of(&program);
/// # let mut hart = Hart { pc: 0x1_0000, gas: 1_000, ..Hart::default() };
/// # hart.set(Reg::A0, 3);
/// // loop: addi a0, a0, -1; bnez a0, loop; ecall
/// let mut retired = Retired::default();
/// let mut position = Position::Arrival;
/// let stop = trace(text, &charges, &mut hart, &mut memory, &mut position, &mut retired);
/// assert_eq!(stop, Some(Stop::Ecall));
/// assert_eq!(retired.instructions, 3 * 2 + 1);
/// # Ok::<(), bessemer_image::LoadError>(())
/// ```
pub fn trace<M: Memory + ?Sized, O: Observer>(
    text: &Text,
    charges: &Charges,
    hart: &mut Hart,
    memory: &mut M,
    position: &mut Position,
    observer: &mut O,
) -> Option<Stop> {
    loop {
        let ended = match text.profile().xlen {
            Xlen::Rv32 => execute_run::<u32, M, O>(text, charges, hart, memory, position, observer),
            Xlen::Rv64 => execute_run::<u64, M, O>(text, charges, hart, memory, position, observer),
        };
        match ended {
            Ended::Arrived => {}
            Ended::Paused => return None,
            Ended::Stopped(stop) => return Some(stop),
        }
    }
}

/// How the execution of one run ended.
enum Ended {
    /// With a jump, a branch or its fall-through; `hart.pc` is the next arrival.
    Arrived,
    /// Before the instruction at `hart.pc`, because the observer wished it.
    Paused,
    Stopped(Stop),
}

/// Executes one run, or what is left of it. At its end `position` is `Inside` only after a pause
/// inside the run.
///
/// Inlined, so that an observer's empty hooks and `run`'s constant position leave no trace in the
/// compiled loop.
#[inline(always)]
fn execute_run<W: Word, M: Memory + ?Sized, O: Observer>(
    text: &Text,
    charges: &Charges,
    hart: &mut Hart,
    memory: &mut M,
    position: &mut Position,
    observer: &mut O,
) -> Ended {
    let Some(mut index) = text.arrival_index(hart.pc) else {
        return Ended::Stopped(trapped(position, hart.pc, TrapKind::IllegalInstruction, None));
    };
    if observer.before(hart, text.slot(index)).is_break() {
        return Ended::Paused;
    }
    if *position == Position::Arrival {
        let charge = charges.at(index);
        let Some(left) = hart.gas.checked_sub(u64::from(charge)) else {
            hart.gas = 0;
            return Ended::Stopped(Stop::OutOfGas);
        };
        hart.gas = left;
        observer.charged(hart, charge);
        *position = Position::Inside;
    }
    let step_size = text.profile().step() as usize;
    let slots = text.slots();
    let mut pc = hart.pc;
    loop {
        let Some(Decoded { inst: Some(inst), len }) = slots.get(index) else {
            return Ended::Stopped(trapped(position, pc, TrapKind::IllegalInstruction, None));
        };
        let mut step = Step::<W, M, O>::new(text, hart, memory, *len);
        let flow = match inst.accept(&mut step) {
            Ok(flow) => flow,
            Err(Raised { kind, addr }) => {
                return Ended::Stopped(trapped(position, pc, kind, addr));
            }
        };
        let effects = step.effects;
        observer.after(&Executed {
            pc,
            inst: *inst,
            len: *len,
            register: effects.register,
            load: effects.load,
            store: effects.store,
        });
        match flow {
            Flow::Next => {
                index += usize::from(*len) / step_size;
                pc = pc.wrapping_add(u32::from(*len));
                hart.pc = pc;
                if observer.before(hart, text.slot(index)).is_break() {
                    return Ended::Paused;
                }
            }
            Flow::Arrive(target) => {
                hart.pc = target;
                *position = Position::Arrival;
                return Ended::Arrived;
            }
            Flow::Ecall => {
                *position = Position::Arrival;
                return Ended::Stopped(Stop::Ecall);
            }
        }
    }
}

/// The stop of a trap. The frame is over; executing on would be an arrival.
#[cold]
fn trapped(position: &mut Position, pc: u32, kind: TrapKind, addr: Option<u32>) -> Stop {
    *position = Position::Arrival;
    Stop::Trap(Trap { kind, pc, addr })
}

//! The debugger's face: what an observer sees, and where execution pauses.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use bessemer_image::{Charges, Decoded, Hart, Memory, Stop, Text};
use bessemer_isa::{Inst, Reg};

use crate::machine;

/// Watches execution and may pause it. Every hook does nothing by default, and a hook that does
/// nothing costs nothing.
///
/// For each instruction the order is [`before`](Observer::before), then
/// [`charged`](Observer::charged) if the instruction begins a run, then, unless it traps,
/// [`after`](Observer::after).
///
/// ```
/// use bessemer_interp::{Executed, Observer};
///
/// /// Prints what is executed.
/// struct Log;
///
/// impl Observer for Log {
///     fn after(&mut self, executed: &Executed) {
///         println!("{:08x}  {}", executed.pc, executed.inst);
///         if let Some(write) = executed.register {
///             println!("          {} = {:#x}, was {:#x}", write.rd, write.new, write.old);
///         }
///     }
/// }
/// ```
pub trait Observer {
    /// Whether [`Observer::after`] is told the effects of an instruction. Without them it is
    /// cheaper.
    const EFFECTS: bool = true;

    /// Before the instruction at `hart.pc`, and before the charge of the run that it may begin.
    /// [`ControlFlow::Break`] pauses here.
    #[inline(always)]
    fn before(&mut self, _hart: &Hart, _decoded: Decoded) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// The run at `hart.pc` cost `charge`, which has left `hart.gas`.
    #[inline(always)]
    fn charged(&mut self, _hart: &Hart, _charge: u32) {}

    /// An instruction was executed. An ECALL counts as executed when the host call begins; an
    /// instruction that traps does not count.
    #[inline(always)]
    fn after(&mut self, _executed: &Executed) {}
}

/// Observes nothing.
impl Observer for () {
    const EFFECTS: bool = false;
}

/// Counts executed instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// Instructions executed so far.
    pub instructions: u64,
}

impl Observer for Retired {
    const EFFECTS: bool = false;

    #[inline(always)]
    fn after(&mut self, _: &Executed) {
        self.instructions = self.instructions.wrapping_add(1);
    }
}

/// An executed instruction and what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Its address.
    pub pc: u32,
    /// The instruction; for a compressed one, what it stands for.
    pub inst: Inst,
    /// Its length, 2 or 4 bytes.
    pub len: u8,
    /// The register that it wrote; `None` for `x0`, and without [`Observer::EFFECTS`].
    pub register: Option<RegisterWrite>,
    /// The value that it loaded; an atomic operation loads and stores.
    pub load: Option<Access>,
    /// The value that it stored; `None` for an SC.W that failed.
    pub store: Option<Access>,
}

impl Executed {
    /// The accesses to memory in order.
    pub fn accesses(&self) -> impl Iterator<Item = Access> {
        self.load.into_iter().chain(self.store)
    }
}

/// A write to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterWrite {
    /// Which register, never `x0`.
    pub rd: Reg,
    /// Its value before.
    pub old: u64,
    /// Its value after.
    pub new: u64,
}

/// One access to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Load or store.
    pub direction: Direction,
    /// The address of the first byte.
    pub addr: u32,
    /// How many bytes.
    pub width: Width,
    /// The bytes that were moved, little-endian and zero-extended.
    pub value: u64,
}

/// Whether an access reads or writes memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Memory to register.
    Load,
    /// Register to memory.
    Store,
}

/// The width of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Width {
    /// 8 bits.
    Byte = 1,
    /// 16 bits.
    Half = 2,
    /// 32 bits.
    Word = 4,
    /// 64 bits.
    Double = 8,
}

impl Width {
    /// The number of bytes.
    pub const fn bytes(self) -> u32 {
        self as u32
    }
}

/// Whether the instruction at `hart.pc` begins a run.
///
/// Gas is charged when a run begins and at no other point, so a pause between two instructions of
/// one run has to be remembered: the instruction it stands at is paid for. A caller that moves `hart.pc`
/// by hand makes an arrival of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Position {
    /// Control arrives at `hart.pc`; its run is not charged yet. The state of a fresh frame, after
    /// every stop, and after a jump.
    #[default]
    Arrival,
    /// The run that `hart.pc` is part of is charged.
    Inside,
}

/// A program under a debugger: breakpoints, single steps, and the position between them.
///
/// The session holds no program and no state of the hart. Between two calls the caller may change
/// registers and memory; after changing `hart.pc` it calls [`Session::jumped`]. After an ECALL
/// that is not needed: going on behind it is an arrival anyway.
///
/// ```
/// use bessemer_interp::{FlatMemory, Session};
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
/// let mut session = Session::new();
/// session.breakpoints.insert(0x1_0004);
/// for left in [2, 1, 0] {
///     assert_eq!(session.resume(text, &charges, &mut hart, &mut memory, &mut ()), None);
///     assert_eq!((hart.pc, hart.get(Reg::A0)), (0x1_0004, left));
/// }
/// assert_eq!(session.step(text, &charges, &mut hart, &mut memory, &mut ()), None);
/// assert_eq!(hart.pc, 0x1_0008);
/// let stop = session.resume(text, &charges, &mut hart, &mut memory, &mut ());
/// assert_eq!(stop, Some(Stop::Ecall));
/// # Ok::<(), bessemer_image::LoadError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Addresses at which [`Session::resume`] pauses, before the instruction there.
    pub breakpoints: BTreeSet<u32>,
    position: Position,
    /// Whether the last call paused at `hart.pc`, so that the next one begins by executing it.
    paused: bool,
}

impl Session {
    /// A session at a fresh arrival, without breakpoints.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the instruction at `hart.pc` begins a run.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Makes `hart.pc`, which the caller has set, an arrival.
    pub fn jumped(&mut self) {
        self.position = Position::Arrival;
        self.paused = false;
    }

    /// Executes one instruction. `None` means that it was executed and another one follows.
    ///
    /// Its run is charged if it begins one, so the answer can be [`Stop::OutOfGas`].
    pub fn step<M: Memory + ?Sized, O: Observer>(
        &mut self,
        text: &Text,
        charges: &Charges,
        hart: &mut Hart,
        memory: &mut M,
        observer: &mut O,
    ) -> Option<Stop> {
        let here = Pausing { observer, pause_at: |_| true, first: true };
        self.go(text, charges, hart, memory, here)
    }

    /// Executes to the next breakpoint (`None`) or to a stop. A breakpoint at which the last call
    /// paused does not pause again; one at the first instruction of a fresh frame does.
    pub fn resume<M: Memory + ?Sized, O: Observer>(
        &mut self,
        text: &Text,
        charges: &Charges,
        hart: &mut Hart,
        memory: &mut M,
        observer: &mut O,
    ) -> Option<Stop> {
        let breakpoints = std::mem::take(&mut self.breakpoints);
        let here =
            Pausing { observer, pause_at: |pc| breakpoints.contains(&pc), first: self.paused };
        let stop = self.go(text, charges, hart, memory, here);
        self.breakpoints = breakpoints;
        stop
    }

    fn go<M: Memory + ?Sized, O: Observer>(
        &mut self,
        text: &Text,
        charges: &Charges,
        hart: &mut Hart,
        memory: &mut M,
        mut observer: O,
    ) -> Option<Stop> {
        let position = &mut self.position;
        let stop = machine::trace(text, charges, hart, memory, position, &mut observer);
        self.paused = stop.is_none();
        stop
    }
}

/// An observer that also pauses.
struct Pausing<'a, O, P> {
    observer: &'a mut O,
    pause_at: P,
    /// Whether the next instruction is the one to go on with, wherever it is.
    first: bool,
}

impl<O: Observer, P: Fn(u32) -> bool> Observer for Pausing<'_, O, P> {
    const EFFECTS: bool = O::EFFECTS;

    fn before(&mut self, hart: &Hart, decoded: Decoded) -> ControlFlow<()> {
        let first = std::mem::replace(&mut self.first, false);
        if !first && (self.pause_at)(hart.pc) {
            return ControlFlow::Break(());
        }
        self.observer.before(hart, decoded)
    }

    fn charged(&mut self, hart: &Hart, charge: u32) {
        self.observer.charged(hart, charge);
    }

    fn after(&mut self, executed: &Executed) {
        self.observer.after(executed);
    }
}

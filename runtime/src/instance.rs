//! Instances: running programs.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;

use bessemer_image::{Hart, Stop, Text};
use bessemer_interp::{self as interp, Observer, Position};
use bessemer_isa::{Inst, L, Reg, Trap, TrapKind};
use bessemer_translator::{Context, HOST_EXIT, NO_RESERVATION, TrapRecord};

use crate::linker::{HostEntry, HostTable};
use crate::native::{Entrance, Panic, with_entrance};
use crate::region::{PooledRegion, Region};
use crate::signal::NativeFault;
use crate::{Error, ErrorKind, Exit, HostResult, HostStop, Module};

/// A program with memory, registers and gas of its own, and the embedder's data.
///
/// Execution happens inside [`run`](Instance::run), [`resume`](Instance::resume) and
/// [`call`](Instance::call) and nowhere else.
pub struct Instance<T> {
    module: Module,
    frame: Box<Frame<T>>,
    state: State,
}

/// Whether and how an instance can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At an arrival.
    Ready,
    /// Inside a run that is charged: an observer paused there.
    InsideRun,
    /// At an ECALL that the embedder does.
    Paused,
    /// The frame has ended. `exact` says whether its registers can still be read.
    Ended { exact: bool },
}

/// What host functions see of an instance, and native code of its first field.
#[repr(C)]
pub(crate) struct Frame<T> {
    pub(crate) context: Context,
    /// The next arrival, or the ECALL or trap at which execution stopped.
    pub(crate) pc: u32,
    pub(crate) region: PooledRegion,
    /// What a host call left behind when it made native code leave.
    pub(crate) stopped: Option<Result<Stopped, Panic>>,
    table: Arc<HostTable<T>>,
    data: T,
}

/// Why a host call did not go on.
pub(crate) enum Stopped {
    Exit(Exit),
    Failed(Error),
}

/// The highest gas limit (specification, section 4).
const MAX_GAS: u64 = 1 << 62;

/// Where a function called by name returns to: no text is there, so that the jump ends the call.
const RETURN_TO_HOST: u32 = 0xffff_fff0;

impl<T> Instance<T> {
    pub(crate) fn new(module: &Module, table: Arc<HostTable<T>>, data: T) -> Result<Self, Error> {
        let region = module.engine().pool().acquire(module.image())?;
        let mut context = Context::new();
        context.registers[Reg::SP.index()] = module.program().layout().stack.end;
        let pc = module.program().entry();
        let frame = Frame { context, pc, region, stopped: None, table, data };
        Ok(Self { module: module.clone(), frame: Box::new(frame), state: State::Ready })
    }

    /// Executes from where the instance stands: first the entry point, later where it stopped.
    pub fn run(&mut self) -> Result<Exit, Error> {
        match self.state {
            State::Ready => self.drive(),
            State::InsideRun => Err(ErrorKind::InsideRun.into()),
            State::Paused => Err(ErrorKind::NotPaused.into()),
            State::Ended { .. } => Err(ErrorKind::Ended.into()),
        }
    }

    /// Goes on behind the host call at which the instance is paused, with its result in a0.
    pub fn resume(&mut self, result: u32) -> Result<Exit, Error> {
        if self.state != State::Paused {
            return Err(ErrorKind::NotPaused.into());
        }
        self.frame.set_register(Reg::A0, result);
        self.frame.pc = self.frame.pc.wrapping_add(ECALL_BYTES);
        self.state = State::Ready;
        self.drive()
    }

    /// Like [`run`](Instance::run), in the interpreter and with `observer` around each instruction,
    /// whatever the back end: slow, and with the same outcome. Registers are exact at every end.
    ///
    /// `None` means that the observer paused. Tracing can then go on, and [`run`](Instance::run) can
    /// take over if the pause was at an arrival.
    pub fn trace(&mut self, observer: &mut impl Observer) -> Result<Option<Exit>, Error> {
        let mut position = match self.state {
            State::Ready => Position::Arrival,
            State::InsideRun => Position::Inside,
            State::Paused => return Err(ErrorKind::NotPaused.into()),
            State::Ended { .. } => return Err(ErrorKind::Ended.into()),
        };
        self.state = State::Ended { exact: false };
        let (text, charges) = (self.module.program().text(), self.module.charges());
        let frame = &mut self.frame;
        let mut hart = frame.hart();
        let stopped = loop {
            let memory = &mut *frame.region;
            let stop = interp::trace(text, charges, &mut hart, memory, &mut position, observer);
            frame.set_hart(&hart);
            let Some(stop) = stop else {
                self.state = match position {
                    Position::Arrival => State::Ready,
                    Position::Inside => State::InsideRun,
                };
                return Ok(None);
            };
            if let Some(stopped) = frame.after(stop) {
                break stopped;
            }
            hart = frame.hart();
        };
        self.finish(stopped, true).map(Some)
    }

    /// Calls a function of the module by its symbol, with up to eight arguments in a0 to a7, and
    /// gives back what it returns in a0.
    ///
    /// The stack pointer starts at the top of the stack; what the function leaves in memory stays.
    /// A host call that ends or pauses the frame, a trap, and running out of gas are errors here.
    pub fn call(&mut self, name: &str, arguments: impl Arguments) -> Result<u32, Error> {
        let addr = self.function(name)?;
        self.call_at(addr, arguments)
    }

    /// The address of a function, for [`Instance::call_at`].
    pub fn function(&self, name: &str) -> Result<u32, Error> {
        let program = self.module.program();
        let addr = program.symbols().lookup(name).filter(|&addr| program.text().at(addr).is_some());
        addr.ok_or_else(|| ErrorKind::NoFunction(name.to_owned()).into())
    }

    /// Like [`Instance::call`], with the address of the function.
    pub fn call_at(&mut self, addr: u32, arguments: impl Arguments) -> Result<u32, Error> {
        if self.state != State::Ready {
            return Err(ErrorKind::Ended.into());
        }
        let layout = self.module.program().layout();
        self.frame.context.registers = [0; 32];
        self.frame.set_register(Reg::SP, layout.stack.end);
        self.frame.set_register(Reg::RA, RETURN_TO_HOST);
        arguments.write(&mut self.frame.context.registers);
        self.frame.pc = addr;
        match self.drive()? {
            Exit::Trap(Trap { kind: TrapKind::BadJump, addr: Some(RETURN_TO_HOST), .. }) => {
                self.state = State::Ready;
                Ok(self.frame.register(Reg::A0))
            }
            exit => Err(ErrorKind::NoReturn(exit).into()),
        }
    }

    /// The gas left.
    pub fn gas(&self) -> u64 {
        self.frame.context.gas()
    }

    /// Sets the gas left; 2^62 at most.
    pub fn set_gas(&mut self, gas: u64) -> Result<(), Error> {
        if gas > MAX_GAS {
            return Err(ErrorKind::GasLimit(gas).into());
        }
        self.frame.context.set_gas(gas);
        Ok(())
    }

    /// The registers, if they are known: at every host call and end, but after a trap or out of gas
    /// only with [`Config::precise_registers`](crate::Config::precise_registers).
    pub fn registers(&self) -> Option<&[u32; 32]> {
        let known = self.state != State::Ended { exact: false };
        known.then_some(&self.frame.context.registers)
    }

    /// Sets a register before execution starts or goes on; `x0` stays 0.
    pub fn set_register(&mut self, reg: Reg, value: u32) {
        self.frame.set_register(reg, value);
    }

    /// The next arrival, or the instruction at which execution stopped.
    pub fn pc(&self) -> u32 {
        self.frame.pc
    }

    /// The reserved word, if there is one (specification, section 2, A rules).
    pub fn reservation(&self) -> Option<u32> {
        self.frame.reservation()
    }

    /// The guest's memory. It can be read after every exit.
    pub fn memory(&self) -> &Region {
        &self.frame.region
    }

    /// The guest's memory, to write to.
    pub fn memory_mut(&mut self) -> &mut Region {
        &mut self.frame.region
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.frame.data
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.frame.data
    }

    /// Ends the instance and gives the data back.
    pub fn into_data(self) -> T {
        self.frame.data
    }

    /// The module that the instance runs.
    pub fn module(&self) -> &Module {
        &self.module
    }

    fn drive(&mut self) -> Result<Exit, Error> {
        let precise = self.module.engine().config().options.precise_registers;
        let native = self.module.code().is_some();
        // what a panicking host function leaves behind is an ended instance
        self.state = State::Ended { exact: false };
        let stopped = match self.module.code() {
            Some(code) => {
                let native_stack = self.module.engine().config().native_stack;
                let module = &self.module;
                with_entrance(code, &mut self.frame, native_stack, |entrance, frame| {
                    drive_native(module, frame, entrance)
                })?
            }
            None => drive_interpreter(&self.module, &mut self.frame),
        };
        self.finish(stopped, precise || !native)
    }

    /// Notes what state a stop leaves. `exact` says whether registers are known after a trap.
    fn finish(&mut self, stopped: Stopped, exact: bool) -> Result<Exit, Error> {
        match stopped {
            Stopped::Exit(exit) => {
                self.state = match exit {
                    Exit::HostCall { .. } => State::Paused,
                    Exit::Done(_) => State::Ended { exact: true },
                    Exit::Trap(_) | Exit::OutOfGas { .. } => State::Ended { exact },
                };
                Ok(exit)
            }
            Stopped::Failed(error) => Err(error),
        }
    }
}

/// Executes in the interpreter until a stop.
fn drive_interpreter<T>(module: &Module, frame: &mut Frame<T>) -> Stopped {
    let (text, charges) = (module.program().text(), module.charges());
    let mut hart = frame.hart();
    loop {
        let stop = interp::run(text, charges, &mut hart, &mut *frame.region);
        frame.set_hart(&hart);
        if let Some(stopped) = frame.after(stop) {
            return stopped;
        }
        hart = frame.hart();
    }
}

/// Executes natively until a stop; where there is no native code, the interpreter executes one run.
fn drive_native<T>(module: &Module, frame: &mut Frame<T>, entrance: &mut Entrance<'_>) -> Stopped {
    let (text, charges) = (module.program().text(), module.charges());
    loop {
        let entry = text.index(frame.pc).and_then(|slot| entrance.entry_point(slot));
        let Some(entry) = entry else {
            let mut hart = frame.hart();
            let stop = interp::run_one(text, charges, &mut hart, &mut *frame.region);
            frame.set_hart(&hart);
            match stop.and_then(|stop| frame.after(stop)) {
                Some(stopped) => return stopped,
                None => continue,
            }
        };
        if let Some(fault) = entrance.enter(frame, entry) {
            return frame.after_fault(fault);
        }
        if frame.context.next == HOST_EXIT {
            match frame.stopped.take() {
                Some(Ok(stopped)) => return stopped,
                Some(Err(panic)) => resume_unwind(panic),
                None => unreachable!("native code leaves by `HOST_EXIT` only if it was told to"),
            }
        }
        if let Err(trap) = frame.arrive(text) {
            return Stopped::Exit(Exit::Trap(trap));
        }
    }
}

/// Length of an ECALL, which has no compressed form.
const ECALL_BYTES: u32 = 4;

impl<T> Frame<T> {
    /// Does the host call at `self.pc`; `None` means that the guest goes on behind it, with the
    /// result in a0.
    pub(crate) fn host_call(&mut self) -> Option<Stopped> {
        self.context.reservation = NO_RESERVATION;
        let number = self.register(Reg::A7);
        let Some(entry) = self.table.find(number).map(Arc::clone) else {
            return Some(self.trap(TrapKind::UnknownHostCall, None));
        };
        match (entry.function)(&mut Caller { frame: self }) {
            Ok(result) => {
                self.set_register(Reg::A0, result);
                None
            }
            Err(stop) => Some(self.stop(number, &entry, stop)),
        }
    }

    #[cold]
    fn stop(&mut self, number: u32, entry: &HostEntry<T>, stop: HostStop) -> Stopped {
        let pc = self.pc;
        match stop {
            HostStop::Done(value) => Stopped::Exit(Exit::Done(value)),
            HostStop::Trap(kind, addr) => self.trap(kind, addr),
            HostStop::OutOfGas => {
                self.context.set_gas(0);
                Stopped::Exit(Exit::OutOfGas { pc })
            }
            HostStop::Pause => Stopped::Exit(Exit::HostCall { number, pc }),
            HostStop::Error(source) => {
                Stopped::Failed(ErrorKind::Host { name: entry.name.clone(), source }.into())
            }
        }
    }

    fn trap(&self, kind: TrapKind, addr: Option<u32>) -> Stopped {
        Stopped::Exit(Exit::Trap(Trap { kind, pc: self.pc, addr }))
    }

    /// What a stop of the interpreter means; `None` if a host call went well.
    fn after(&mut self, stop: Stop) -> Option<Stopped> {
        match stop {
            Stop::Ecall => {
                let stopped = self.host_call();
                if stopped.is_none() {
                    self.pc = self.pc.wrapping_add(ECALL_BYTES);
                }
                stopped
            }
            Stop::Trap(trap) => Some(Stopped::Exit(Exit::Trap(trap))),
            Stop::OutOfGas => Some(Stopped::Exit(Exit::OutOfGas { pc: self.pc })),
        }
    }

    /// What a fault of native code means.
    #[cold]
    fn after_fault(&mut self, fault: NativeFault) -> Stopped {
        self.pc = fault.pc;
        if let Some(meter) = fault.meter {
            self.context.meter = meter;
        }
        if fault.kind == TrapRecord::OUT_OF_GAS {
            self.context.set_gas(0);
            return Stopped::Exit(Exit::OutOfGas { pc: fault.pc });
        }
        let Some(kind) = TrapKind::from_code(fault.kind) else {
            unreachable!("the translator writes trap records of known kinds only")
        };
        let addr = match kind {
            TrapKind::BadLoad | TrapKind::BadStore => self.region.guest_address(fault.address),
            TrapKind::MisalignedAtomic => Some(self.context.trap_addr),
            _ => None,
        };
        self.trap(kind, addr)
    }

    /// Finishes the jump by which native code left: checks and links it if native code did not.
    fn arrive(&mut self, text: &Text) -> Result<(), Trap> {
        let next = self.context.next as u32;
        let from = self.context.from;
        if from != 0 {
            self.pc = from;
            if let Err(kind) = text.jump_target(next) {
                return Err(Trap { kind, pc: from, addr: Some(next) });
            }
            if let Some(decoded) = text.at(from)
                && let Some(Inst::Jalr(L { rd, .. })) = decoded.inst
            {
                self.set_register(rd, from.wrapping_add(u32::from(decoded.len)));
            }
        }
        self.pc = next;
        Ok(())
    }

    fn register(&self, reg: Reg) -> u32 {
        self.context.registers[reg.index()]
    }

    fn set_register(&mut self, reg: Reg, value: u32) {
        self.context.registers[reg.index()] = value;
        self.context.registers[0] = 0;
    }

    fn reservation(&self) -> Option<u32> {
        u32::try_from(self.context.reservation).ok()
    }

    fn hart(&self) -> Hart {
        Hart {
            registers: self.context.registers,
            pc: self.pc,
            gas: self.context.gas(),
            reservation: self.reservation(),
        }
    }

    fn set_hart(&mut self, hart: &Hart) {
        self.context.registers = hart.registers;
        self.pc = hart.pc;
        self.context.set_gas(hart.gas);
        self.context.reservation = hart.reservation.map_or(NO_RESERVATION, u64::from);
    }
}

/// The instance as a host function sees it.
pub struct Caller<'a, T> {
    frame: &'a mut Frame<T>,
}

impl<T> Caller<'_, T> {
    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.frame.data
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.frame.data
    }

    /// The guest's memory. A range that the guest may not use is a [`Fault`](crate::Fault), which
    /// `?` turns into the trap `BadPointer`.
    pub fn memory(&mut self) -> &mut Region {
        &mut self.frame.region
    }

    /// Memory and data at once.
    pub fn memory_and_data(&mut self) -> (&mut Region, &mut T) {
        (&mut self.frame.region, &mut self.frame.data)
    }

    /// The gas left.
    pub fn gas(&self) -> u64 {
        self.frame.context.gas()
    }

    /// Takes gas from the guest; too little ends the frame, which `?` passes on.
    pub fn charge(&mut self, gas: u64) -> HostResult<()> {
        let left = self.gas().checked_sub(gas).ok_or(HostStop::OutOfGas)?;
        self.frame.context.set_gas(left);
        Ok(())
    }

    /// Gives gas back to the guest, up to 2^62 in all.
    pub fn refund(&mut self, gas: u64) {
        let left = self.gas().saturating_add(gas).min(MAX_GAS);
        self.frame.context.set_gas(left);
    }

    /// The call number, in a7.
    pub fn number(&self) -> u32 {
        self.frame.register(Reg::A7)
    }

    /// The value of a register.
    pub fn register(&self, reg: Reg) -> u32 {
        self.frame.register(reg)
    }

    /// Address of the ECALL.
    pub fn pc(&self) -> u32 {
        self.frame.pc
    }

    #[inline]
    pub(crate) fn argument(&self, index: usize) -> u32 {
        self.frame.context.registers[Reg::A0.index() + index]
    }

    #[inline]
    pub(crate) fn reborrow(&mut self) -> Caller<'_, T> {
        Caller { frame: self.frame }
    }
}

impl<T> fmt::Debug for Caller<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("pc", &self.pc()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Instance<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("pc", &self.pc())
            .field("gas", &self.gas())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Arguments of a function called by name: `()`, a number, or a tuple of up to eight `u32`.
pub trait Arguments {
    /// Puts the arguments into a0 and the registers behind it.
    fn write(self, registers: &mut [u32; 32]);
}

impl Arguments for () {
    fn write(self, _: &mut [u32; 32]) {}
}

impl Arguments for u32 {
    fn write(self, registers: &mut [u32; 32]) {
        registers[Reg::A0.index()] = self;
    }
}

impl<const N: usize> Arguments for [u32; N] {
    fn write(self, registers: &mut [u32; 32]) {
        const { assert!(N <= 8, "a function has at most eight register arguments") };
        registers[Reg::A0.index()..][..N].copy_from_slice(&self);
    }
}

macro_rules! tuple_arguments {
    ($($(($Type:ident, $name:ident)),+;)*) => {
        $(impl Arguments for ($($Type,)+) {
            fn write(self, registers: &mut [u32; 32]) {
                let ($($name,)+) = self;
                [$($name),+].write(registers);
            }
        })*
    };
}

tuple_arguments! {
    (u32, a);
    (u32, a), (u32, b);
    (u32, a), (u32, b), (u32, c);
    (u32, a), (u32, b), (u32, c), (u32, d);
    (u32, a), (u32, b), (u32, c), (u32, d), (u32, e);
    (u32, a), (u32, b), (u32, c), (u32, d), (u32, e), (u32, f);
    (u32, a), (u32, b), (u32, c), (u32, d), (u32, e), (u32, f), (u32, g);
    (u32, a), (u32, b), (u32, c), (u32, d), (u32, e), (u32, f), (u32, g), (u32, h);
}

//! Instances: running programs.

mod arguments;
mod caller;
mod typed;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bessemer_interp::{self as interp, Observer, Position};
use bessemer_isa::{Reg, Xlen};
use bessemer_translator::{Context, NO_RESERVATION};

use crate::exec::drive::{drive_interpreter, run_interruptible, run_native};
use crate::exec::frame::{ECALL_BYTES, Frame, Guest, RETURN_TO_HOST, Stopped};
use crate::exec::interrupt::InterruptHandle;
use crate::exec::linker::HostTable;
use crate::exec::signal::prepare_interrupts;
use crate::memory::Region;
use crate::{Error, ErrorKind, Exit, Module};

pub(crate) use arguments::extended;
pub use arguments::{Arguments, FromResult, IntoRegisters, RegisterWriter};
pub use caller::Caller;
pub use typed::TypedFunction;

/// A program with memory, registers and gas of its own, and the embedder's data.
///
/// Execution happens inside [`run`](Instance::run), [`resume`](Instance::resume) and
/// [`call`](Instance::call) and nowhere else. In between, an instance is in one of five states:
///
/// | State | reached by | what can be done |
/// |---|---|---|
/// | ready | [`Linker::instantiate`](crate::Linker::instantiate) | `run`, `call` |
/// | returned | a function called by name returned | `run` from the entry, `call` |
/// | paused | [`Exit::HostCall`] | `resume` |
/// | out of gas | [`Exit::OutOfGas`] at an arrival, with registers that are known | `refuel` |
/// | ended | any other exit, an error of a host function, a panic in one | reading |
///
/// An instance that has ended cannot execute again: the host cannot know what its memory means after a
/// trap. Everything else is an error that changes nothing.
///
/// ```
/// use bessemer_image::{ImageBuilder, Profile};
/// use bessemer_isa::asm;
/// use bessemer_runtime::{Config, Engine, Linker, Module};
///
/// let program = asm::assemble("add: add a0, a0, a1\nret", &asm::Options::default())?;
/// let elf = ImageBuilder::new(Profile::rv32(false))
///     .text(program.text.base, &program.text.bytes)
///     .symbol("add", program.symbols["add"])
///     .build();
/// let engine = Engine::new(Config::new())?;
/// let module = Module::new(&engine, &elf)?;
/// let mut instance = Linker::new(&engine).instantiate(&module, ())?;
/// instance.set_gas(1_000)?;
/// assert_eq!(instance.call("add", (2, 3))?, 5);
/// assert_eq!(instance.call("add", (40, 2))?, 42);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Instance<T> {
    // before the module: dropping the last owner of a module forgets its idle regions
    frame: Frame<T>,
    state: State,
    /// Runs to interpret before native code takes over.
    interpret_first: u64,
    /// Bytes of the host's stack that native code may use; of the engine, at hand for every call.
    native_stack: usize,
    /// The stack pointer at frame entry; of the program, likewise.
    stack_top: u32,
    module: Counting,
}

/// A module, and counts that are not in its statistics yet: a shared counter is too slow for every call.
struct Counting {
    module: Module,
    native_runs: u64,
}

impl Counting {
    fn flush(&mut self) {
        self.module.loaded().counters.native_runs.add(std::mem::take(&mut self.native_runs));
    }
}

impl Deref for Counting {
    type Target = Module;

    #[inline]
    fn deref(&self) -> &Module {
        &self.module
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Whether and how an instance can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// At the entry, with the registers of frame entry.
    Ready,
    /// Inside a run that is charged: an observer paused there.
    InsideRun,
    /// At an ECALL that the embedder does.
    Paused,
    /// At the jump by which a function called by name returned.
    Returned,
    /// At an arrival that could not be paid, with known registers.
    OutOfGas,
    /// The frame has ended. `exact` says whether its registers can still be read.
    Ended { exact: bool },
}

/// Counts instructions.
struct Instructions(u64);

impl Observer for Instructions {
    const EFFECTS: bool = false;

    fn after(&mut self, _: &interp::Executed) {
        self.0 += 1;
    }
}

/// The highest gas limit (specification, section 4).
pub const MAX_GAS: u64 = 1 << 62;

impl<T> Instance<T> {
    pub(crate) fn new(module: &Module, table: Arc<HostTable<T>>, data: T) -> Result<Self, Error> {
        let region = module.engine().pool().acquire(module.image())?;
        let xlen = module.program().profile().xlen;
        let guest = Guest { context: Context::new(), pc: 0, region, calling: false, xlen, data };
        let mut instance = Self {
            frame: Frame { guest, stopped: None, table, interrupt: None, unpaid: false },
            state: State::Ready,
            interpret_first: 0,
            native_stack: module.engine().config().native_stack,
            stack_top: module.program().layout().stack.end,
            module: Counting { module: module.clone(), native_runs: 0 },
        };
        instance.enter(module.program().entry());
        Ok(instance)
    }

    /// Executes from where the instance stands: first the entry point, later where it stopped.
    ///
    /// After a function called by name has returned, this is the entry point again, with the
    /// registers of frame entry and memory as it is.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Paused`] and [`ErrorKind::Ended`] if the instance is in that state, and
    /// [`ErrorKind::Host`] if a host function failed, which ends the instance.
    ///
    /// # Panics
    ///
    /// If a host function panics, with its panic. The instance has then ended.
    pub fn run(&mut self) -> Result<Exit, Error> {
        self.ready()?;
        self.frame.guest.calling = false;
        self.go()
    }

    /// Goes on behind the host call at which the instance is paused, with its result in a0.
    ///
    /// If the pause was in a function called by name, and that function now returns, the answer is
    /// [`Exit::Done`] with what it returned, and further functions can be called.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotPaused`], and [`ErrorKind::Host`] if a host function failed, which ends the
    /// instance.
    ///
    /// # Panics
    ///
    /// If a host function panics, with its panic. The instance has then ended.
    pub fn resume(&mut self, result: u32) -> Result<Exit, Error> {
        self.answer(result)?;
        self.go()
    }

    /// Gives a paused instance the result of its host call.
    fn answer(&mut self, result: u32) -> Result<(), Error> {
        if self.state != State::Paused {
            return Err(ErrorKind::NotPaused.into());
        }
        let guest = &mut self.frame.guest;
        guest.set_result(result);
        guest.pc = guest.pc.wrapping_add(ECALL_BYTES);
        Ok(())
    }

    /// Like [`run`](Instance::run), or with a result like [`resume`](Instance::resume), and also says
    /// how many instructions were executed. In the interpreter, whatever the back end: slow, and with
    /// the same outcome. Not for functions called by name.
    ///
    /// # Errors
    ///
    /// As of the two.
    ///
    /// # Panics
    ///
    /// As of the two.
    pub fn count(&mut self, result: Option<u32>) -> Result<(Exit, u64), Error> {
        if let Some(result) = result {
            self.answer(result)?;
            self.state = State::Ready;
        }
        let mut counter = Instructions(0);
        loop {
            // nothing pauses it
            if let Some(exit) = self.trace(&mut counter)? {
                return Ok((exit, counter.0));
            }
        }
    }

    /// Like [`run`](Instance::run), in the interpreter and with `observer` around each instruction,
    /// whatever the back end: slow, and with the same outcome. Registers are exact at every end.
    ///
    /// `None` means that the observer paused. Tracing can then go on, and [`run`](Instance::run) can
    /// take over if the pause was at an arrival.
    ///
    /// # Errors
    ///
    /// As [`run`](Instance::run).
    pub fn trace(&mut self, observer: &mut impl Observer) -> Result<Option<Exit>, Error> {
        let mut position = Position::Inside;
        if self.state != State::InsideRun {
            self.ready()?;
            self.frame.guest.calling = false;
            position = Position::Arrival;
        }
        self.state = State::Ended { exact: false };
        let (text, charges) = (self.module.program().text(), self.module.charges());
        let frame = &mut self.frame;
        loop {
            let mut hart = frame.guest.hart();
            let memory = &mut *frame.guest.region;
            let stop = interp::trace(text, charges, &mut hart, memory, &mut position, observer);
            frame.guest.set_hart(&hart);
            let Some(stop) = stop else {
                self.state = match position {
                    Position::Arrival => State::Ready,
                    Position::Inside => State::InsideRun,
                };
                return Ok(None);
            };
            if frame.after(stop).is_some() {
                return self.stopped(true).map(Some);
            }
        }
    }

    /// Calls a function of the module by its symbol, with up to eight arguments in a0 to a7, and
    /// gives back what it returns in a0. [`Instance::typed_function`] has results of other types.
    ///
    /// Each call is a frame entry: the stack pointer is at the top of the stack, all other
    /// registers are 0, nothing is reserved. Memory, the heap's end and the gas go on from call to
    /// call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFunction`] if no symbol of this name is in text. [`ErrorKind::NoReturn`] for
    /// a host call that ends or pauses the frame, a trap, and running out of gas; after a pause,
    /// [`resume`](Instance::resume) goes on. Otherwise as [`run`](Instance::run).
    ///
    /// # Panics
    ///
    /// If a host function panics, with its panic. The instance has then ended.
    pub fn call(&mut self, name: &str, arguments: impl Arguments) -> Result<u32, Error> {
        let addr = self.function(name)?;
        self.call_at(addr, arguments)
    }

    /// The address of a function, for [`Instance::call_at`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoFunction`] if no symbol of this name is in text.
    pub fn function(&self, name: &str) -> Result<u32, Error> {
        let program = self.module.program();
        let addr =
            program.symbols().lookup(name).filter(|&addr| program.text().index(addr).is_some());
        addr.ok_or_else(|| ErrorKind::NoFunction(name.to_owned()).into())
    }

    /// Like [`Instance::call`], with the address of the function.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoText`] if control cannot arrive at the address. Otherwise as
    /// [`call`](Instance::call).
    ///
    /// # Panics
    ///
    /// If a host function panics, with its panic. The instance has then ended.
    pub fn call_at(&mut self, addr: u32, arguments: impl Arguments) -> Result<u32, Error> {
        match self.state {
            State::Ready | State::Returned => {}
            _ => self.ready()?,
        }
        if self.module.program().text().index(addr).is_none() {
            return Err(ErrorKind::NoText(addr).into());
        }
        self.enter(addr);
        let registers = &mut self.frame.guest.context.registers;
        registers[Reg::RA.index()] = u64::from(RETURN_TO_HOST);
        arguments.write(registers, self.frame.guest.xlen);
        self.frame.guest.calling = true;
        match self.drive()? {
            None => Ok(self.frame.guest.register(Reg::A0)),
            Some(exit) => Err(ErrorKind::NoReturn(exit).into()),
        }
    }

    /// Interprets this many runs before native code takes over, even if there is native code already, so that
    /// tests can check that the change of engines is not observable, wherever it happens.
    #[cfg(feature = "test-hooks")]
    pub fn swap_after(&mut self, runs: u64) {
        self.interpret_first = runs;
    }

    /// The gas left.
    pub fn gas(&self) -> u64 {
        self.frame.guest.context.gas()
    }

    /// Sets the gas left; 2^62 at most. An instance starts with none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::GasLimit`] for more than 2^62.
    pub fn set_gas(&mut self, gas: u64) -> Result<(), Error> {
        if gas > MAX_GAS {
            return Err(ErrorKind::GasLimit(gas).into());
        }
        self.frame.guest.context.set_gas(gas);
        Ok(())
    }

    /// Lets this handle end the instance.
    ///
    /// It costs nothing while generated code runs, and about a tenth of a microsecond whenever execution
    /// begins. Such an instance does not wait for native code, see
    /// [`Config::wait_for_code`](crate::Config::wait_for_code).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Signal`] if the system refuses the handler of the signal by which threads are told.
    pub fn interrupt_by(&mut self, handle: &InterruptHandle) -> Result<(), Error> {
        prepare_interrupts()?;
        self.frame.interrupt = Some(handle.clone());
        Ok(())
    }

    /// Goes on where the gas was used up, with this much: so that guests can be run in slices. The answer
    /// is that of [`run`](Instance::run), or of [`resume`](Instance::resume) in a function called by name.
    ///
    /// Registers have to be known there, which they are with
    /// [`Config::precise_registers`](crate::Config::precise_registers) and with
    /// [`Backend::Interpreter`](crate::Backend::Interpreter). Where a host function found too little gas,
    /// execution cannot go on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOutOfGas`] in any other state, and then nothing changes;
    /// [`ErrorKind::GasLimit`]; otherwise as [`run`](Instance::run).
    ///
    /// # Panics
    ///
    /// If a host function panics, with its panic. The instance has then ended.
    pub fn refuel(&mut self, gas: u64) -> Result<Exit, Error> {
        if self.state != State::OutOfGas {
            return Err(ErrorKind::NotOutOfGas.into());
        }
        self.set_gas(gas)?;
        self.frame.unpaid = false;
        self.go()
    }

    /// The registers, if they are known: at every host call and end, but after a trap or out of gas
    /// only with [`Config::precise_registers`](crate::Config::precise_registers). In a 32-bit program
    /// the upper half of each is 0.
    pub fn registers(&self) -> Option<&[u64; 32]> {
        let known = self.state != State::Ended { exact: false };
        known.then_some(&self.frame.guest.context.registers)
    }

    /// Sets a register before execution starts or goes on; `x0` stays 0, and a 32-bit program gets the
    /// low half.
    ///
    /// [`call`](Instance::call) sets all registers itself.
    pub fn set_register(&mut self, reg: Reg, value: u64) {
        if self.state == State::Returned {
            self.enter(self.module.program().entry());
        }
        let guest = &mut self.frame.guest;
        let value = if guest.xlen == Xlen::Rv32 { u64::from(value as u32) } else { value };
        guest.set_register(reg, value);
    }

    /// The next arrival, or the instruction at which execution stopped.
    pub fn pc(&self) -> u32 {
        self.frame.guest.pc
    }

    /// The reserved word, if there is one (specification, section 2, A rules).
    pub fn reservation(&self) -> Option<u32> {
        self.frame.guest.reservation()
    }

    /// The guest's memory. It can be read after every exit.
    pub fn memory(&self) -> &Region {
        &self.frame.guest.region
    }

    /// The guest's memory, to write to.
    pub fn memory_mut(&mut self) -> &mut Region {
        &mut self.frame.guest.region
    }

    /// The low half of an argument of the host call at which the instance is paused: 0 stands for a0, 7 for
    /// a7.
    ///
    /// # Panics
    ///
    /// If there is no such argument register.
    pub fn argument(&self, index: usize) -> u32 {
        self.frame.guest.context.registers[Reg::A0.index()..=Reg::A7.index()][index] as u32
    }

    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.frame.guest.data
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.frame.guest.data
    }

    /// Ends the instance and gives the data back.
    pub fn into_data(self) -> T {
        self.frame.guest.data
    }

    /// The module that the instance runs.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Sets up a frame entry at `pc`, without arguments.
    #[inline]
    fn enter(&mut self, pc: u32) {
        let guest = &mut self.frame.guest;
        guest.context.registers = [0; 32];
        guest.context.registers[Reg::SP.index()] = u64::from(self.stack_top);
        guest.context.reservation = NO_RESERVATION;
        guest.pc = pc;
        self.state = State::Ready;
    }

    /// Prepares the state in which `run` starts, if that is possible.
    fn ready(&mut self) -> Result<(), Error> {
        match self.state {
            State::Ready => Ok(()),
            State::Returned => {
                self.enter(self.module.program().entry());
                Ok(())
            }
            State::InsideRun => Err(ErrorKind::InsideRun.into()),
            State::Paused => Err(ErrorKind::Paused.into()),
            State::OutOfGas | State::Ended { .. } => Err(ErrorKind::Ended.into()),
        }
    }

    fn go(&mut self) -> Result<Exit, Error> {
        let exit = self.drive()?;
        Ok(exit.unwrap_or_else(|| Exit::Done(self.frame.guest.register(Reg::A0))))
    }

    /// Executes until a stop; `None` means that a function called by name returned.
    fn drive(&mut self) -> Result<Option<Exit>, Error> {
        // what a panicking host function leaves behind is an ended instance
        let before = std::mem::replace(&mut self.state, State::Ended { exact: false });
        let mut interpreted = false;
        // whether execution went on natively, and with code that is entered at the heads of loops
        let (mut native, mut osr) = (false, false);
        let returned = loop {
            let code = match osr {
                true => self.module.loaded().osr_code(),
                false => self.module.code(),
            };
            let Some(code) = code.filter(|_| self.interpret_first == 0) else {
                if !interpreted {
                    self.module.loaded().counters.interpreted_runs.count();
                }
                interpreted = true;
                match drive_interpreter(&self.module, &mut self.frame, &mut self.interpret_first) {
                    Some(returned) => break returned,
                    None => continue,
                }
            };
            let module = &*self.module;
            let (frame, stack) = (&mut self.frame, self.native_stack);
            let entered = match frame.interrupt {
                None => run_native::<T, false>(module, frame, code, stack, osr),
                Some(_) => run_interruptible(module, frame, code, stack, osr),
            };
            match entered {
                Ok((None, was_native)) => {
                    native |= was_native;
                    osr = true;
                }
                Ok((Some(returned), was_native)) => {
                    native |= was_native;
                    match (native, interpreted) {
                        (true, true) => self.module.loaded().counters.swaps.count(),
                        (true, false) => self.module.native_runs += 1,
                        (false, false) => self.module.loaded().counters.interpreted_runs.count(),
                        (false, true) => {}
                    }
                    interpreted = !native;
                    break returned;
                }
                // the interpreter can go on from where it came
                Err(_) if interpreted || osr => self.interpret_first = u64::MAX,
                Err(error) => {
                    self.state = before;
                    return Err(error);
                }
            }
        };
        if returned {
            self.refused()?;
            self.state = State::Returned;
            return Ok(None);
        }
        self.module.flush();
        let precise = self.module.engine().config().options.precise_registers;
        self.stopped(precise || interpreted).map(Some)
    }

    /// Fails if the system refused memory that the guest may write to: then nothing that happened
    /// since is an outcome of the guest.
    #[inline]
    fn refused(&mut self) -> Result<(), Error> {
        self.frame.guest.region.take_refused().map_or(Ok(()), |error| Err(error.into()))
    }

    /// The outcome of a stop for the instance. `exact` says whether registers are known after a trap.
    #[cold]
    fn stopped(&mut self, exact: bool) -> Result<Exit, Error> {
        let exit = match self.frame.take_stopped() {
            Stopped::Exit(exit) => exit,
            Stopped::Failed(error) => return Err(error),
        };
        self.refused()?;
        self.state = match exit {
            Exit::HostCall { .. } => State::Paused,
            Exit::Done(_) => State::Ended { exact: true },
            Exit::OutOfGas { .. } if exact && self.frame.unpaid => State::OutOfGas,
            Exit::Trap(_) | Exit::OutOfGas { .. } => State::Ended { exact },
        };
        Ok(exit)
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

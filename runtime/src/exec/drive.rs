//! Executes a frame: in the interpreter, natively, and in the interpreter where native code cannot be
//! entered.

use bessemer_interp as interp;
use bessemer_translator::{Code, HOST_EXIT, TrapRecord};

use crate::exec::frame::{Frame, Stopped};
use crate::exec::native::{Entrance, with_entrance};
use crate::program::LoadedProgram;
use crate::statistics::Counter;
use crate::{Error, Exit, Module};

/// Executes in the interpreter until a stop, or until there is native code and no runs left that are to be interpreted first: then the answer is `None`, and control stands at an arrival. Otherwise `true` means that the
/// function called by name returned; if not, `frame.stopped` says why execution stopped.
#[inline(never)] // beside it, native entries would have no registers left
pub(super) fn drive_interpreter<T>(
    module: &Module,
    frame: &mut Frame<T>,
    interpret_first: &mut u64,
) -> Option<bool> {
    let (text, charges) = (module.program().text(), module.charges());
    let loaded = module.loaded();
    let mut used = Used::of(&loaded.counters.interpreted_gas);
    let mut hart = frame.guest.hart();
    // a caller that asked for the interpreter does not wait
    // nor does a guest that can be interrupted: it could not be ended meanwhile
    let waits = *interpret_first == 0 && frame.interrupt.is_none();
    if *interpret_first == 0 {
        module.engine().provider().raise(loaded);
    }
    let mut spending = Spending { loaded, gas: 0 };
    let mut most = if waits { loaded.budget.left() } else { u64::MAX };
    loop {
        if *interpret_first == 0 && module.code().is_some() {
            frame.guest.set_hart(&hart);
            return None;
        }
        if frame.is_interrupted() {
            return Some(false);
        }
        let before = hart.gas;
        let stop = interp::run_one(text, charges, &mut hart, &mut *frame.guest.region);
        used.gas += before - hart.gas;
        spending.gas += before - hart.gas;
        if spending.gas > most && stop.is_none() {
            module.engine().provider().demand(loaded);
            spending.gas = 0;
            most = loaded.budget.left();
        }
        *interpret_first = interpret_first.saturating_sub(1);
        let Some(stop) = stop else { continue };
        frame.guest.set_hart(&hart);
        if let Some(returned) = frame.after(stop) {
            return Some(returned);
        }
        hart = frame.guest.hart();
    }
}

/// Gas used in the interpreter since instances waited for native code, which is taken from the
/// program's budget in the end.
struct Spending<'a> {
    gas: u64,
    loaded: &'a LoadedProgram,
}

impl Drop for Spending<'_> {
    fn drop(&mut self) {
        self.loaded.budget.spend(self.gas);
    }
}

/// Gas that interpreted instructions used, and the counter that gets it in the end.
struct Used<'a> {
    gas: u64,
    counter: &'a Counter,
}

impl<'a> Used<'a> {
    fn of(counter: &'a Counter) -> Self {
        Self { gas: 0, counter }
    }
}

impl Drop for Used<'_> {
    fn drop(&mut self) {
        self.counter.add(self.gas);
    }
}

/// Executes `code` natively, as [`drive_native`] says; `true` beside its answer means that the code was entered.
/// `INTERRUPTIBLE` says whether the frame has a handle that interrupts it.
#[inline]
pub(super) fn run_native<T, const INTERRUPTIBLE: bool>(
    module: &Module,
    frame: &mut Frame<T>,
    code: &Code,
    native_stack: usize,
    osr: bool,
) -> Result<(Option<bool>, bool), Error> {
    with_entrance::<_, _, INTERRUPTIBLE>(code, frame, native_stack, |entrance, frame| {
        (drive_native(module, frame, entrance, osr), entrance.was_entered())
    })
}

/// [`run_native`] for a frame with a handle, out of the way of those without.
#[cold]
#[inline(never)]
pub(super) fn run_interruptible<T>(
    module: &Module,
    frame: &mut Frame<T>,
    code: &Code,
    native_stack: usize,
    osr: bool,
) -> Result<(Option<bool>, bool), Error> {
    run_native::<T, true>(module, frame, code, native_stack, osr)
}

/// Executes natively until a stop, with the answer of [`drive_interpreter`]. The interpreter takes control
/// from where native code cannot be entered to where it can. The answer is `None` where the code that is entered at the heads of loops can be entered,
/// unless `osr` says that this is it.
#[inline]
fn drive_native<T, const INTERRUPTIBLE: bool>(
    module: &Module,
    frame: &mut Frame<T>,
    entrance: &mut Entrance<'_, INTERRUPTIBLE>,
    osr: bool,
) -> Option<bool> {
    let text = module.program().text();
    loop {
        let entry = text.index(frame.guest.pc).and_then(|slot| entrance.code().entry_point(slot));
        let Some(entry) = entry else {
            match interpret_gap(module, frame, entrance.code(), osr) {
                Gap::Native => continue,
                Gap::Osr => return None,
                Gap::Stop(returned) => return Some(returned),
            }
        };
        let fault = entrance.enter(frame, entry);
        if INTERRUPTIBLE && frame.is_interrupted() {
            return Some(false);
        }
        if let Some(fault) = fault {
            frame.unpaid = fault.kind == TrapRecord::OUT_OF_GAS;
            return Some(frame.guest.after_fault(fault, &mut frame.stopped));
        }
        if frame.guest.context.next == HOST_EXIT {
            return Some(false);
        }
        if frame.guest.returned() {
            return Some(true);
        }
        if let Err(trap) = frame.guest.arrive(text) {
            frame.stopped = Some(Ok(Stopped::Exit(Exit::Trap(trap))));
            return Some(false);
        }
    }
}

/// How the interpreter gets over a gap of native code.
enum Gap {
    /// Control arrives where the native code can be entered, or comes back from the host.
    Native,
    /// Control arrives where the code that is entered at the heads of loops can be.
    Osr,
    /// Execution stops, as [`drive_interpreter`] says.
    Stop(bool),
}

/// Executes runs in the interpreter until there is another way. A gap is short unless control is in a
/// loop: then code is made that can be entered there.
#[cold]
#[inline(never)]
fn interpret_gap<T>(module: &Module, frame: &mut Frame<T>, code: &Code, osr: bool) -> Gap {
    let (text, charges) = (module.program().text(), module.charges());
    let loaded = module.loaded();
    let mut most = if osr { u64::MAX } else { loaded.gap_gas_left() };
    let mut used = Used::of(&loaded.counters.gap_gas);
    let mut hart = frame.guest.hart();
    let stop = loop {
        let other = loaded.osr_code().filter(|_| !osr);
        let enterable = |code: &Code| Some(code.entry_point(text.index(hart.pc)?).is_some());
        if other.and_then(enterable) == Some(true) {
            frame.guest.set_hart(&hart);
            return Gap::Osr;
        }
        if frame.is_interrupted() {
            return Gap::Stop(false);
        }
        let before = hart.gas;
        let stop = interp::run_one(text, charges, &mut hart, &mut *frame.guest.region);
        used.gas += before - hart.gas;
        let enterable = |slot| code.entry_point(slot).is_some();
        if stop.is_some() || text.index(hart.pc).is_some_and(enterable) {
            break stop;
        }
        if used.gas > most {
            module.engine().provider().want_osr(loaded);
            most = u64::MAX;
        }
    };
    frame.guest.set_hart(&hart);
    stop.and_then(|stop| frame.after(stop)).map_or(Gap::Native, Gap::Stop)
}

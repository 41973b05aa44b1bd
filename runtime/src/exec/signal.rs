//! Turns faults of native code into guest faults.
//!
//! Generated code lets the processor check memory accesses, and raises out-of-gas and static traps
//! with `ud2`. The handler in this file claims such a fault only if
//!
//! 1. the kernel raised it for the instruction at `rip`; no process sent it,
//! 2. an [`Activation`] is current on this thread,
//! 3. `rip` lies in the code of that activation,
//! 4. the trap table of that code has a record for exactly this offset, and
//! 5. it is an undefined instruction, or an access to memory of the activation that is not mapped
//!    or not permitted. An access elsewhere is an escape, and not to be continued.
//!
//! If the access is a store to a page that the guest may write to and that only is not open yet, the
//! handler opens the page, and the whole store is done again: [`Region`] says which pages these are.
//! For everything else it writes a [`NativeFault`] into the activation and lets the thread go on at the landing
//! pad of the entry stub, with the stack pointer and frame pointer that the stub saved. Every other
//! fault goes to the handler that stood before, as if this one were not there: a fault in a host
//! function, a stack overflow of the host, a signal sent by `kill`.
//!
//! SIGBUS is not looked at at all. No guest can raise it: it says that the host has lost the memory
//! behind a mapping, which must not become the outcome of a frame. Nor is SIGFPE, as generated code
//! guards its divisions.
//!
//! # Interrupts
//!
//! A thread that executes a guest which may be interrupted gets SIGURG, whose default is that nothing
//! happens, when the flag of its activation is set. Where generated code is, the handler lets the thread
//! go on at the landing pad, as after a fault. Between a look at the flag and generated code, which is the
//! case if `native` of the [`Activation`] is set and the program counter is elsewhere, the handler takes all gas
//! from the context, which generated code fetches next. Everywhere else the thread itself looks at the
//! flag before generated code runs again. So no interrupt is lost, whenever it comes. What it leaves behind
//! is of no use, and is not read: the instance has ended.
//!
//! # Contract with native code
//!
//! The entry stub gets a pointer to the activation. Before it enters the guest it stores `rsp` at
//! `Landing::sp` and `rbp` at `Landing::fp`; until then nothing is claimed. At the landing pad `rsp`
//! and `rbp` have these values, all other registers are those of the faulting instruction, and the
//! signal mask is that of before the fault. The gas meter is fetched from where the trap record says
//! that it is.
//!
//! # Invariants
//!
//! * The handler allocates nothing, takes no lock, and calls nothing but async-signal-safe
//!   functions.
//! * It runs on an alternate stack of at least [`ALT_STACK`] bytes with a guard page below.
//! * The current activation of a thread is valid, or null, at every instruction.

mod alt_stack;
mod handlers;
mod interrupt;

use std::cell::{Cell, OnceCell};
use std::ffi::{c_int, c_void};
use std::io;
use std::mem::offset_of;
use std::ops::Range;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};

use bessemer_translator::{Context, Landing, TrapRecord};

use crate::memory::Region;

use alt_stack::AltStack;
use handlers::{chain, install_again_if_replaced};

pub(crate) use interrupt::{ThreadId, interrupt, prepare_interrupts};

pub use crate::error::SignalError;
pub use handlers::install_signal_handlers;

/// Bytes that the alternate stack of a thread has at least, its guard page not counted.
pub const ALT_STACK: usize = 64 << 10;

/// Bytes that handlers may need besides what the kernel puts onto the alternate stack.
const HANDLER_STACK: usize = 32 << 10;

const _: () = assert!(ALT_STACK >= 64 << 10 && ALT_STACK.is_multiple_of(4096));

/// The result of looking up a fault in the handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct NativeFault {
    /// The gas meter, unless the context holds it.
    pub meter: Option<u64>,
    /// The host address that could not be accessed; for `ud2`, its own address.
    pub address: usize,
    /// Address of the guest instruction, from the trap record.
    pub pc: u32,
    /// The trap, from the trap record.
    pub kind: u8,
}

/// One entry into native code: what the handler needs to claim its faults.
#[derive(Debug)]
#[repr(C)]
pub struct Activation {
    /// First, so that a pointer to the activation is one to the landing.
    landing: Landing,
    landing_pc: usize,
    code_start: usize,
    code_end: usize,
    memory_start: usize,
    memory_end: usize,
    traps: *const TrapRecord,
    traps_len: usize,
    /// Exposed address of the region whose pages the handler opens; 0 if there is none.
    region: usize,
    /// Valid if `landing.faulted` is set.
    fault: NativeFault,
    /// Exposed address of the flag that interrupts the guest; 0 if nothing does.
    interrupt: usize,
    /// Exposed address of the context that generated code runs with, if there is a flag.
    context: usize,
    /// Whether generated code runs, or is the next to run and the flag is not read before.
    native: bool,
}

const _: () = assert!(offset_of!(Activation, landing) == 0);

impl Activation {
    /// An activation of the code at `code`, with faults that go on at `landing_pc`.
    ///
    /// `traps` is in ascending order of offsets. `memory` is what the code may try to access on
    /// behalf of the guest: all that the region reserves.
    ///
    /// # Safety
    ///
    /// For as long as the activation is used:
    /// * `code` holds executable code that is not changed, and `traps` is valid and not changed;
    /// * each record of `traps` names an instruction of generated code, at which no Rust frame
    ///   stands between the entry stub and the instruction;
    /// * `landing_pc` is the landing pad of the entry stub that native code is entered by, which
    ///   saves `rsp` and `rbp` as the contract of this module says.
    #[inline]
    pub unsafe fn new(
        code: Range<usize>,
        traps: &[TrapRecord],
        memory: Range<usize>,
        landing_pc: usize,
    ) -> Self {
        debug_assert!(traps.is_sorted_by(|a, b| a.offset < b.offset));
        Self {
            landing: Landing::default(),
            landing_pc,
            code_start: code.start,
            code_end: code.end,
            memory_start: memory.start,
            memory_end: memory.end,
            traps: traps.as_ptr(),
            traps_len: traps.len(),
            region: 0,
            fault: NativeFault::default(),
            interrupt: 0,
            context: 0,
            native: false,
        }
    }

    /// Has the guest end soon after this flag is set and [`interrupt`] is called for the thread.
    ///
    /// # Safety
    ///
    /// The flag is alive as long as the activation is current, and [`Activation::go_native`] and
    /// [`Activation::come_back`] stand around all generated code.
    pub unsafe fn set_interrupt(&mut self, flag: &AtomicBool) {
        self.interrupt = ptr::from_ref(flag).expose_provenance();
    }

    /// Says that generated code is entered next, by the stub, with this context; `false` if the guest
    /// was interrupted, so that it is not to be entered.
    ///
    /// # Safety
    ///
    /// The activation is current, and until generated code runs nothing else uses the context.
    #[inline]
    pub unsafe fn go_native(activation: *mut Self, context: *mut Context) -> bool {
        // SAFETY: the caller says that the activation is valid; the handler looks at it on this
        // thread only, and not before the fence.
        unsafe {
            (*activation).landing.sp = 0;
            (*activation).landing.fp = 0;
            (*activation).context = context.expose_provenance();
            Self::go_on_native(activation)
        }
    }

    /// The same where generated code is returned to, and fetches the meter from the context.
    ///
    /// # Safety
    ///
    /// As of [`Activation::go_native`].
    #[inline]
    pub unsafe fn go_on_native(activation: *mut Self) -> bool {
        compiler_fence(Ordering::SeqCst);
        // SAFETY: as there; the caller that gave the flag keeps it alive.
        unsafe {
            (&raw mut (*activation).native).write_volatile(true);
            compiler_fence(Ordering::SeqCst);
            !(*activation).is_interrupted()
        }
    }

    /// Says that control has left generated code.
    ///
    /// # Safety
    ///
    /// The activation is valid.
    #[inline]
    pub unsafe fn come_back(activation: *mut Self) {
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the caller says so.
        unsafe { (&raw mut (*activation).native).write_volatile(false) };
        compiler_fence(Ordering::SeqCst);
    }

    /// Whether the flag is set.
    ///
    /// # Safety
    ///
    /// The flag is alive, as [`Activation::set_interrupt`] demands.
    unsafe fn is_interrupted(&self) -> bool {
        let flag = ptr::with_exposed_provenance::<AtomicBool>(self.interrupt);
        // SAFETY: it is null or a flag that is alive.
        unsafe { flag.as_ref() }.is_some_and(|flag| flag.load(Ordering::SeqCst))
    }

    /// Has the handler open pages of this region, see [`Region::open_faulted`].
    ///
    /// # Safety
    ///
    /// For as long as the activation is used, the region stays where it is, and nothing else uses it
    /// while generated code runs.
    #[inline]
    pub unsafe fn opening(mut self, region: &mut Region) -> Self {
        self.region = ptr::from_mut(region).expose_provenance();
        self
    }

    /// Whether the handler opened the page of a faulting access, so that the access is to be done
    /// again.
    ///
    /// # Safety
    ///
    /// Only for an access of generated code of this activation.
    unsafe fn open(&self, address: usize) -> bool {
        let region = ptr::with_exposed_provenance_mut::<Region>(self.region);
        // SAFETY: the caller that gave the region to `opening` keeps it in place, and generated code runs.
        unsafe { region.as_mut() }.is_some_and(|region| region.open_faulted(address))
    }

    /// Takes the fault that ended the last entry, if one did.
    #[inline]
    pub fn take_fault(&mut self) -> Option<NativeFault> {
        if self.landing.faulted == 0 {
            return None;
        }
        self.landing.faulted = 0;
        Some(self.fault)
    }

    /// The record for a faulting instruction.
    ///
    /// # Safety
    ///
    /// As [`Activation::new`] demands.
    unsafe fn record(&self, pc: usize) -> Option<TrapRecord> {
        if pc < self.code_start || pc >= self.code_end || self.landing.sp == 0 {
            return None;
        }
        let offset = u32::try_from(pc - self.code_start).ok()?;
        // SAFETY: the caller of `new` keeps the table valid.
        let traps = unsafe { slice::from_raw_parts(self.traps, self.traps_len) };
        let at = traps.binary_search_by_key(&offset, |record| record.offset).ok()?;
        traps.get(at).copied()
    }
}

thread_local! {
    /// The innermost activation of this thread.
    static CURRENT: Cell<*mut Activation> = const { Cell::new(ptr::null_mut()) };
    /// Entries into native code until this thread looks again whether the handler is in place; 0 until the
    /// thread has an alternate stack.
    static READY: Cell<u32> = const { Cell::new(0) };
    static STACK: OnceCell<AltStack> = const { OnceCell::new() };
    /// The lowest address of the thread's stack; 0 until it is asked for, and if it is not known.
    static STACK_END: Cell<usize> = const { Cell::new(0) };
}

/// Makes an activation current on this thread while `f` runs.
///
/// `f` gets the pointer that native code is to use. Activations nest: while `f` runs, a host
/// function may make another one current. The first call on a thread prepares it, as
/// [`prepare_thread`] does.
#[inline]
pub fn with_activation<R>(
    activation: &mut Activation,
    f: impl FnOnce(*mut Activation) -> R,
) -> Result<R, SignalError> {
    /// Makes the outer activation current again, also when `f` panics.
    struct Restore(*mut Activation);

    impl Drop for Restore {
        #[inline]
        fn drop(&mut self) {
            compiler_fence(Ordering::SeqCst);
            CURRENT.set(self.0);
        }
    }

    match READY.get().checked_sub(1) {
        Some(left) if left != 0 => READY.set(left),
        _ => prepare_thread()?,
    }
    let activation: *mut Activation = activation;
    let _restore = Restore(CURRENT.replace(activation));
    compiler_fence(Ordering::SeqCst);
    Ok(f(activation))
}

/// Entries into native code of a thread after which it looks whether the handler is still in place. That
/// takes two system calls.
pub const CHECK_EVERY: u32 = 256;

/// Sees to it that the handler is in place, and that this thread has an alternate stack.
///
/// The first entry of a thread does this by itself, and each [`CHECK_EVERY`]th; calling it earlier moves
/// the system calls away from that entry.
#[cold]
pub fn prepare_thread() -> Result<(), SignalError> {
    install_again_if_replaced()?;
    STACK
        .try_with(|stack| {
            if stack.get().is_none()
                && let Some(new) = AltStack::install().map_err(SignalError::Stack)?
            {
                stack.set(new).expect("the cell was empty");
            }
            READY.set(CHECK_EVERY);
            Ok(())
        })
        .unwrap_or(Err(SignalError::ThreadEnding))
}

/// Bytes of stack that host functions have below native code.
pub const HOST_STACK: usize = 48 << 10;

/// Whether native code may use so many bytes of this thread's stack: beyond the end of a stack the
/// process would be killed.
#[inline]
pub fn check_stack(native_stack: usize) -> Result<(), SignalError> {
    let here = 0_u8;
    let here = (&raw const here).addr();
    let needed = native_stack + HOST_STACK;
    if here.saturating_sub(STACK_END.get()) >= needed && STACK_END.get() != 0 {
        return Ok(());
    }
    find_stack_end(here, needed)
}

#[cold]
fn find_stack_end(here: usize, needed: usize) -> Result<(), SignalError> {
    // a stack whose end the system does not tell is taken for large enough
    let end = stacker::remaining_stack().map_or(1, |left| here.saturating_sub(left).max(1));
    STACK_END.set(end);
    let left = here.saturating_sub(end);
    if left < needed { Err(SignalError::SmallStack { left, needed }) } else { Ok(()) }
}

/// The address of the access is not mapped.
const SEGV_MAPERR: c_int = 1;
/// The mapping does not permit the access.
const SEGV_ACCERR: c_int = 2;

/// Handles one signal.
extern "C" fn handle(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes valid pointers, as `SA_SIGINFO` demands; on x86-64 Linux the third
    // is a `ucontext_t`.
    unsafe {
        if !claim(signal, &*info, &mut *context.cast::<libc::ucontext_t>()) {
            chain(signal, info, context);
        }
    }
}

/// Records a guest fault and redirects the thread, if the fault is one.
///
/// # Safety
///
/// Only for the arguments of a signal handler.
#[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "registers are bit patterns")]
unsafe fn claim(signal: c_int, info: &libc::siginfo_t, context: &mut libc::ucontext_t) -> bool {
    let activation = CURRENT.get();
    // Codes of the kernel's own faults are positive; `kill` and its like send 0 and below.
    if activation.is_null() || info.si_code <= 0 {
        return false;
    }
    let registers = &mut context.uc_mcontext.gregs;
    // SAFETY: `with_activation` keeps the activation alive while it is current. The thread is
    // stopped at the instruction that faulted, so nothing else accesses it meanwhile.
    let activation = unsafe { &mut *activation };
    // SAFETY: the caller that made the activation upholds what its table needs.
    let record = unsafe { activation.record(registers[libc::REG_RIP as usize] as usize) };
    let Some(record) = record else { return false };
    // SAFETY: the kernel sets the address for all signals of `SIGNALS` that it raises.
    let address = unsafe { info.si_addr() }.addr();
    let memory = activation.memory_start..activation.memory_end;
    let ours = signal == libc::SIGILL
        || matches!(info.si_code, SEGV_MAPERR | SEGV_ACCERR) && memory.contains(&address);
    if !ours {
        return false;
    }
    // SAFETY: the record says that this is an instruction of generated code.
    if signal == libc::SIGSEGV && unsafe { activation.open(address) } {
        return true;
    }
    activation.fault = NativeFault {
        // SAFETY: the record is that of this instruction, and comes from the translator.
        meter: unsafe { meter(record.meter, registers) },
        address,
        pc: record.pc,
        kind: record.kind,
    };
    activation.landing.faulted = 1;
    registers[libc::REG_RIP as usize] = activation.landing_pc as i64;
    registers[libc::REG_RSP as usize] = activation.landing.sp as i64;
    registers[libc::REG_RBP as usize] = activation.landing.fp as i64;
    true
}

/// Fetches the gas meter from where a trap record says it is.
///
/// # Safety
///
/// `at` is from the record of the instruction at which the thread with these registers stopped: if
/// it names a stack slot, that slot is one of the current frame of native code, which has a frame
/// pointer.
unsafe fn meter(at: i16, registers: &[libc::greg_t; 23]) -> Option<u64> {
    /// By number in the instruction encoding.
    const REGISTERS: [c_int; 16] = [
        libc::REG_RAX,
        libc::REG_RCX,
        libc::REG_RDX,
        libc::REG_RBX,
        libc::REG_RSP,
        libc::REG_RBP,
        libc::REG_RSI,
        libc::REG_RDI,
        libc::REG_R8,
        libc::REG_R9,
        libc::REG_R10,
        libc::REG_R11,
        libc::REG_R12,
        libc::REG_R13,
        libc::REG_R14,
        libc::REG_R15,
    ];
    /// Saved frame pointer and return address lie between the frame pointer and the caller's stack.
    const FRAME_TO_CALLER: isize = 16;

    if at == TrapRecord::METER_IN_CONTEXT {
        return None;
    }
    if let Ok(number) = usize::try_from(at) {
        return registers.get(*REGISTERS.get(number)? as usize).map(|&value| value as u64);
    }
    let frame = ptr::with_exposed_provenance::<u8>(registers[libc::REG_RBP as usize] as usize);
    // SAFETY: the caller says that this is a slot of the frame, which holds a meter.
    Some(unsafe { frame.offset(FRAME_TO_CALLER + isize::from(at)).cast::<u64>().read() })
}

fn check(result: c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

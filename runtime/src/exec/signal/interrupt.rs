//! The signal by which another thread ends a guest.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::io;
use std::ptr;
use std::sync::OnceLock;

use bessemer_translator::Context;

use super::handlers::{call_previous, empty_action};
use super::{Activation, CURRENT, NativeFault, SignalError, check};

/// A thread of this process, by the system's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadId(libc::pid_t);

impl ThreadId {
    /// The thread that asks.
    pub(crate) fn current() -> Self {
        thread_local! {
            static ID: libc::pid_t = {
                // SAFETY: asks for a number.
                unsafe { libc::gettid() }
            };
        }
        Self(ID.with(|id| *id))
    }
}

/// The signal that says that a guest is to end.
pub(super) const INTERRUPT: c_int = libc::SIGURG;

/// The handler that was installed before for [`INTERRUPT`]. Set before ours is installed.
static PREVIOUS_INTERRUPT: OnceLock<libc::sigaction> = OnceLock::new();

/// Installs the handler of interrupts once in the process, and lets the signal through once on this
/// thread.
#[inline]
pub(crate) fn prepare_interrupts() -> Result<(), SignalError> {
    thread_local! {
        static INTERRUPTIBLE: Cell<bool> = const { Cell::new(false) };
    }

    /// The error number of a failed installation.
    static INSTALLED: OnceLock<Result<(), i32>> = OnceLock::new();

    if INTERRUPTIBLE.get() {
        return Ok(());
    }
    let install = || {
        let mut previous = empty_action();
        // SAFETY: only asks for the action, which goes into a valid place.
        check(unsafe { libc::sigaction(INTERRUPT, ptr::null(), &raw mut previous) })?;
        PREVIOUS_INTERRUPT.get_or_init(|| previous);
        let mut action = empty_action();
        action.sa_sigaction = handle_interrupt as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        // SAFETY: the action is complete, and its handler upholds what a signal handler must.
        check(unsafe { libc::sigaction(INTERRUPT, &raw const action, ptr::null_mut()) })
    };
    let result = INSTALLED
        .get_or_init(|| install().map_err(|error: io::Error| error.raw_os_error().unwrap_or(0)));
    result.map_err(|errno| SignalError::Install(io::Error::from_raw_os_error(errno)))?;
    let mut only = empty_action().sa_mask;
    // SAFETY: changes the mask of this thread by a valid set of one signal.
    unsafe {
        libc::sigaddset(&raw mut only, INTERRUPT);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const only, ptr::null_mut());
    }
    INTERRUPTIBLE.set(true);
    Ok(())
}

/// Has a thread look at the flag of its activation. Nothing happens to one that has ended.
pub(crate) fn interrupt(thread: ThreadId) {
    // SAFETY: sends a signal; if there is no handler, nothing happens by default.
    unsafe { libc::syscall(libc::SYS_tgkill, libc::getpid(), thread.0, INTERRUPT) };
}

/// Handles [`INTERRUPT`].
extern "C" fn handle_interrupt(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes valid pointers, as `SA_SIGINFO` demands; on x86-64 Linux the third
    // is a `ucontext_t`.
    unsafe {
        end_guest(&mut *context.cast::<libc::ucontext_t>());
        let ours = (*info).si_code == libc::SI_TKILL && (*info).si_pid() == libc::getpid();
        let previous = PREVIOUS_INTERRUPT.get().copied().unwrap_or_else(empty_action);
        if !ours && !matches!(previous.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN) {
            call_previous(previous, signal, info, context);
        }
    }
}

/// Has the guest of the current activation end, if that is interrupted.
///
/// # Safety
///
/// Only for the context of a signal handler.
#[allow(clippy::cast_sign_loss, clippy::cast_possible_wrap, reason = "registers are bit patterns")]
unsafe fn end_guest(context: &mut libc::ucontext_t) {
    let activation = CURRENT.get();
    if activation.is_null() {
        return;
    }
    // SAFETY: `with_activation` keeps the activation alive while it is current; the thread is stopped,
    // and the caller that gave the flag keeps it alive.
    unsafe {
        let native = (&raw const (*activation).native).read_volatile();
        if !native || !(*activation).is_interrupted() {
            return;
        }
        let registers = &mut context.uc_mcontext.gregs;
        let pc = registers[libc::REG_RIP as usize] as usize;
        let Activation { code_start, code_end, landing_pc, .. } = *activation;
        let landing = &mut (*activation).landing;
        if (code_start..code_end).contains(&pc) && landing.sp != 0 && landing.fp != 0 {
            landing.faulted = 1;
            registers[libc::REG_RIP as usize] = landing_pc as i64;
            registers[libc::REG_RSP as usize] = landing.sp as i64;
            registers[libc::REG_RBP as usize] = landing.fp as i64;
            (*activation).fault = NativeFault::default();
        } else {
            let context = ptr::with_exposed_provenance_mut::<Context>((*activation).context);
            (&raw mut (*context).meter).write_volatile(u64::MAX);
        }
    }
}

//! The order in which faults are handled: this handler first, then those that were installed before and after it.
//!
//! The handler is installed before the first entry into native code. Another that is installed later would
//! take the traps of guests for crashes of the process. So threads look from time to time, and where
//! another stands, this one is installed again, above it: what is no guest's goes on to the other. That one
//! may itself go on to the handler that stood before it, which is this one; so each entry of the handler
//! on a thread goes on to one that was installed earlier, and no fault goes round in a circle.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::io;
use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, PoisonError};

use super::interrupt::INTERRUPT;
use super::{SignalError, check, handle};

/// The signals that the handler looks at.
const SIGNALS: [c_int; 2] = [libc::SIGSEGV, libc::SIGILL];

/// How often the handler can be installed.
const MOST: usize = 16;

/// The handlers that were installed before each installation, in the order of [`SIGNALS`], from the first to the last. Each is set
/// before the handler is installed, and stays for ever.
static PREVIOUS: [AtomicPtr<[libc::sigaction; 2]>; MOST] =
    [const { AtomicPtr::new(ptr::null_mut()) }; MOST];

thread_local! {
    /// How many handlers of others the fault of this thread has gone on to.
    static PASSED: Cell<usize> = const { Cell::new(0) };
}

/// Installs the handler of guest faults now, above whatever handlers stand there: those of SIGSEGV and
/// SIGILL, which get all that is no fault of a guest.
///
/// The first entry into native code does this by itself. Call it after you have installed a fault handler of your
/// own, a crash reporter for example, in a process that has run guests already: otherwise that takes the
/// traps of guests for crashes, until a thread has entered native code 256 times and looks.
///
/// # Errors
///
/// [`SignalError::Install`] if the system refuses, [`SignalError::Replaced`] if handlers of others were
/// installed above this one sixteen times.
pub fn install_signal_handlers() -> Result<(), SignalError> {
    install_again_if_replaced()
}

/// Installs the handler, unless it is in place.
pub(super) fn install_again_if_replaced() -> Result<(), SignalError> {
    static INSTALLING: Mutex<()> = Mutex::new(());

    if is_in_place().map_err(SignalError::Install)? {
        return Ok(());
    }
    let _one = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let standing = standing().map_err(SignalError::Install)?;
    if standing.iter().all(is_ours) {
        return Ok(());
    }
    let is_free =
        |place: &&AtomicPtr<[libc::sigaction; 2]>| place.load(Ordering::Acquire).is_null();
    let place = PREVIOUS.iter().find(is_free).ok_or(SignalError::Replaced)?;
    if !ptr::eq(place, &raw const PREVIOUS[0]) {
        log::warn!(
            "another handler of faults was installed above that of guest faults, which is installed again"
        );
    }
    // a handler may be looking at it for as long as the process lives
    place.store(Box::into_raw(Box::new(standing)), Ordering::Release);
    SIGNALS.into_iter().try_for_each(install).map_err(SignalError::Install)
}

fn install(signal: c_int) -> io::Result<()> {
    let mut action = empty_action();
    action.sa_sigaction = handle as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
    // an interrupt in the handler would find the thread where it cannot be ended
    // SAFETY: adds a valid number to a valid set.
    unsafe { libc::sigaddset(&raw mut action.sa_mask, INTERRUPT) };
    // SAFETY: the action is complete, and its handler upholds what a signal handler must.
    check(unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) })
}

fn is_in_place() -> io::Result<bool> {
    Ok(standing()?.iter().all(is_ours))
}

/// The actions of [`SIGNALS`] now.
fn standing() -> io::Result<[libc::sigaction; 2]> {
    let mut standing = [empty_action(); 2];
    for (&signal, action) in SIGNALS.iter().zip(&mut standing) {
        // SAFETY: only asks for the action, which goes into a valid place.
        check(unsafe { libc::sigaction(signal, ptr::null(), action) })?;
    }
    Ok(standing)
}

fn is_ours(action: &libc::sigaction) -> bool {
    action.sa_sigaction == handle as *const () as usize
}

/// The action that does nothing special: default handling, no flags, nothing masked.
pub(super) fn empty_action() -> libc::sigaction {
    // SAFETY: zeros are a valid action; `SIG_DFL` is 0 and an empty set is all zeros on Linux.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// Does what would have happened without this handler.
///
/// # Safety
///
/// Only for the arguments of a signal handler.
pub(super) unsafe fn chain(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let passed = PASSED.get();
    let previous = previous(signal, passed);
    // SAFETY: the caller passes a valid pointer.
    let by_kernel = unsafe { (*info).si_code } > 0;
    match previous.sa_sigaction {
        // A fault cannot be ignored: the kernel then does what is the default.
        libc::SIG_IGN if !by_kernel => {}
        libc::SIG_DFL | libc::SIG_IGN => {
            set_default(signal);
            // A fault happens again when the instruction runs again. A sent signal does not.
            if !by_kernel {
                // SAFETY: sends a signal; it arrives when this handler has returned.
                unsafe { libc::raise(signal) };
            }
        }
        _ => {
            PASSED.set(passed + 1);
            // SAFETY: the arguments are those of this handler.
            unsafe { call_previous(previous, signal, info, context) };
            PASSED.set(passed);
        }
    }
}

/// What a fault goes on to that has gone on to so many handlers already: the newest first. Where another
/// signal alone was taken over, this handler stands below itself, and is left out.
fn previous(signal: c_int, passed: usize) -> libc::sigaction {
    let at = SIGNALS.iter().position(|&known| known == signal).unwrap_or(0);
    let all = PREVIOUS.iter().map(|place| place.load(Ordering::Acquire));
    // SAFETY: what is not null is valid for ever, and not changed.
    let all = all.filter_map(|actions| unsafe { actions.as_ref() }).map(|actions| actions[at]);
    let mut others = [empty_action(); MOST];
    let mut count = 0;
    for action in all.filter(|action| !is_ours(action)) {
        others[count] = action;
        count += 1;
    }
    let place = (count - count.min(passed)).checked_sub(1);
    place.map_or_else(empty_action, |place| others[place])
}

/// Calls the handler that stood before as the kernel would have.
///
/// # Safety
///
/// Only for the arguments of a signal handler, and the action of a function.
pub(super) unsafe fn call_previous(
    previous: libc::sigaction,
    signal: c_int,
    info: *mut libc::siginfo_t,
    context: *mut c_void,
) {
    type Plain = extern "C" fn(c_int);
    type WithInfo = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

    if previous.sa_flags & libc::SA_RESETHAND != 0 {
        set_default(signal);
    }
    // SAFETY: changes the mask as the kernel would have for that handler; the return from
    // the signal restores the mask of before.
    unsafe {
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const previous.sa_mask, ptr::null_mut());
        if previous.sa_flags & libc::SA_NODEFER != 0 {
            let mut only = MaybeUninit::uninit();
            libc::sigemptyset(only.as_mut_ptr());
            libc::sigaddset(only.as_mut_ptr(), signal);
            libc::pthread_sigmask(libc::SIG_UNBLOCK, only.as_ptr(), ptr::null_mut());
        }
    }
    if previous.sa_flags & libc::SA_SIGINFO != 0 {
        // SAFETY: a handler that is installed with this flag is such a function.
        let handler = unsafe { mem::transmute::<usize, WithInfo>(previous.sa_sigaction) };
        handler(signal, info, context);
    } else {
        // SAFETY: a handler that is installed without the flag is such a function.
        let handler = unsafe { mem::transmute::<usize, Plain>(previous.sa_sigaction) };
        handler(signal);
    }
}

fn set_default(signal: c_int) {
    let action = empty_action();
    // SAFETY: the default action is valid, and `sigaction` is async-signal-safe.
    unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
}

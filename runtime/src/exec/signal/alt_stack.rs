//! The stack on which the fault handler runs.

use std::ffi::c_void;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use super::{ALT_STACK, HANDLER_STACK, READY, check};
use crate::memory::fault;

/// The alternate stack of a thread: a guard page, and the stack above it.
#[derive(Debug)]
pub(super) struct AltStack {
    mapping: *mut c_void,
    len: usize,
    previous: libc::stack_t,
}

impl AltStack {
    const GUARD: usize = 4096;

    /// Installs a stack, unless the thread has a large enough one.
    pub(super) fn install() -> io::Result<Option<Self>> {
        // SAFETY: reads a constant of the process.
        let frame = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) };
        let frame = usize::try_from(frame).expect("usize has 64 bits");
        let needed = ALT_STACK.max((frame + HANDLER_STACK).next_multiple_of(4096));

        let previous = current_stack()?;
        if previous.ss_flags & libc::SS_DISABLE == 0 && previous.ss_size >= needed {
            return Ok(None);
        }
        let len = Self::GUARD + needed;
        fault::inject()?;
        // SAFETY: a new private mapping at an address of the kernel's choice.
        let mapping = unsafe {
            libc::mmap(
                ptr::null_mut(),
                len,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
                -1,
                0,
            )
        };
        if mapping == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // From here on the drop of `stack` unmaps.
        let stack = Self { mapping, len, previous };
        let start = stack.start();
        fault::inject()?;
        // SAFETY: the mapping is new and belongs to `stack`.
        check(unsafe { libc::mprotect(start, needed, libc::PROT_READ | libc::PROT_WRITE) })?;
        let new = libc::stack_t { ss_sp: start, ss_flags: 0, ss_size: needed };
        // SAFETY: the stack stays mapped until the drop of `stack` takes it out of use.
        check(unsafe { libc::sigaltstack(&raw const new, ptr::null_mut()) })?;
        Ok(Some(stack))
    }

    /// The lowest byte of the stack.
    fn start(&self) -> *mut c_void {
        self.mapping.wrapping_byte_add(Self::GUARD)
    }
}

impl Drop for AltStack {
    fn drop(&mut self) {
        READY.set(0);
        // Only if it is still in use: the standard library takes whatever stack its threads have
        // out of use when they end, and unmaps its own, which is then not valid any more.
        let Ok(current) = current_stack() else { return };
        if current.ss_flags & libc::SS_DISABLE == 0 && current.ss_sp == self.start() {
            // SAFETY: this stack replaced the previous one, whose owner has not withdrawn it.
            let result = unsafe { libc::sigaltstack(&raw const self.previous, ptr::null_mut()) };
            if result != 0 {
                // Still in use: a leak is the lesser evil.
                return;
            }
        }
        // SAFETY: the mapping belongs to `self`, and no signal can arrive on it any more.
        unsafe { libc::munmap(self.mapping, self.len) };
    }
}

fn current_stack() -> io::Result<libc::stack_t> {
    let mut current = MaybeUninit::uninit();
    // SAFETY: only asks for the stack, which goes into a valid place.
    check(unsafe { libc::sigaltstack(ptr::null(), current.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it wrote the stack.
    Ok(unsafe { current.assume_init() })
}

//! Enters native code, and serves the host calls that it makes.
//!
//! Generated code gets the address of a [`Context`], which is the first field of a [`Frame`]'s first
//! field; the host call function casts it back. While generated code runs, the frame is reachable
//! through that one pointer only.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bessemer_translator::{Code, Context, EntryPoint, HostCall, Landing};

use crate::Error;
use crate::exec::frame::Frame;
use crate::exec::interrupt::InterruptHandle;
use crate::exec::signal::{
    Activation, NativeFault, check_stack, prepare_interrupts, with_activation,
};

/// Prepares this thread and the frame for native code of `code`, and calls `f` with the means of
/// entering it.
///
/// `INTERRUPTIBLE` says whether the frame has a handle: what has none pays nothing for those that have.
#[inline]
pub(crate) fn with_entrance<T, R, const INTERRUPTIBLE: bool>(
    code: &Code,
    frame: &mut Frame<T>,
    native_stack: usize,
    f: impl FnOnce(&mut Entrance<'_, INTERRUPTIBLE>, &mut Frame<T>) -> R,
) -> Result<R, Error> {
    check_stack(native_stack)?;
    let memory = frame.guest.region.reserved();
    // SAFETY: `code` is borrowed while the activation is used; its records name instructions of
    // units, which the entry stub calls directly; its landing is that of the stub. The region is in
    // a box of the frame, and generated code runs only in `Entrance::enter`, which has the frame to
    // itself; host functions get a view of the region, which cannot move it.
    let mut activation = unsafe {
        Activation::new(code.range(), code.traps(), memory, code.landing())
            .opening(&mut frame.guest.region)
    };
    if INTERRUPTIBLE {
        allow_interrupts(frame.interrupt.as_ref(), &mut activation)?;
    }
    let result = with_activation(&mut activation, |activation| {
        let here = 0_u8;
        let context = &mut frame.guest.context;
        code.prepare(context);
        context.memory = frame.guest.region.base_mut().expose_provenance();
        let host_call: HostCall =
            if INTERRUPTIBLE { interruptible_host_call::<T> } else { host_call::<T> };
        context.host_call = host_call as usize;
        context.stack_limit = (&raw const here).addr().saturating_sub(native_stack);
        context.landing = activation.cast::<Landing>().expose_provenance();
        f(&mut Entrance { code, activation, entered: false }, frame)
    });
    if INTERRUPTIBLE && let Some(handle) = &frame.interrupt {
        handle.leave();
    }
    Ok(result?)
}

/// The means of entering native code, as long as its activation is current.
pub(crate) struct Entrance<'a, const INTERRUPTIBLE: bool> {
    code: &'a Code,
    activation: *mut Activation,
    entered: bool,
}

impl<'a, const INTERRUPTIBLE: bool> Entrance<'a, INTERRUPTIBLE> {
    /// The code that is entered.
    #[inline]
    pub(crate) fn code(&self) -> &'a Code {
        self.code
    }

    /// Whether native code was entered.
    #[inline]
    pub(crate) fn was_entered(&self) -> bool {
        self.entered
    }

    /// Runs native code until it leaves; the fault if one made it leave.
    ///
    /// `entry` is one of [`Entrance::code`], and `frame` is the one that the entrance was made for.
    #[inline]
    pub(crate) fn enter<T>(
        &mut self,
        frame: &mut Frame<T>,
        entry: EntryPoint,
    ) -> Option<NativeFault> {
        self.entered = true;
        let context = std::ptr::from_mut(frame).cast::<Context>();
        if INTERRUPTIBLE {
            return self.enter_interruptible(context, entry);
        }
        // SAFETY: the context is the first field of the frame's first field; nothing but generated code and
        // `host_call` uses the frame until `enter` returns. `with_entrance` prepared it for this
        // code and installed the handler; `host_call` does not unwind.
        unsafe { self.code.enter(context, entry) };
        // SAFETY: the activation is alive while the entrance is, and native code has left.
        unsafe { (*self.activation).take_fault() }
    }

    /// The same, of a guest that may be interrupted meanwhile.
    fn enter_interruptible(
        &mut self,
        context: *mut Context,
        entry: EntryPoint,
    ) -> Option<NativeFault> {
        // SAFETY: as in `enter`, which this stands in for; nothing but generated code uses the context
        // between the two.
        let goes_on = unsafe { Activation::go_native(self.activation, context) };
        if goes_on {
            // SAFETY: as in `enter`.
            unsafe { self.code.enter(context, entry) };
        }
        // SAFETY: the activation is alive while the entrance is, and native code has left.
        unsafe {
            Activation::come_back(self.activation);
            (*self.activation).take_fault()
        }
    }
}

/// Has the guest of an activation end when the handle is used.
fn allow_interrupts(
    handle: Option<&InterruptHandle>,
    activation: &mut Activation,
) -> Result<(), Error> {
    if let Some(handle) = handle {
        prepare_interrupts()?;
        // SAFETY: the frame keeps its handle as long as it executes; `Entrance::enter` says when
        // generated code runs, and so does the function that serves its host calls.
        unsafe { activation.set_interrupt(handle.flag()) };
        handle.enter();
    }
    Ok(())
}

/// The function that generated code calls at an ECALL. Does not unwind: a panic of a host function is kept in the
/// frame and goes on when native code has left.
extern "C" fn host_call<T>(context: *mut Context, pc: u32) -> u32 {
    // SAFETY: generated code hands on the pointer that it was entered with, which is one to a
    // `Frame<T>`, and does not touch the frame until this function returns.
    let frame = unsafe { &mut *context.cast::<Frame<T>>() };
    frame.guest.pc = pc;
    match catch_unwind(AssertUnwindSafe(|| frame.host_call())) {
        Ok(goes_on) => u32::from(!goes_on),
        Err(panic) => leave_with(panic, frame),
    }
}

/// The same, of a guest that may be interrupted meanwhile.
extern "C" fn interruptible_host_call<T>(context: *mut Context, pc: u32) -> u32 {
    // SAFETY: the context is valid, and its landing the beginning of the activation of the entrance.
    let activation = unsafe { (*context).landing };
    let activation = std::ptr::with_exposed_provenance_mut::<Activation>(activation);
    // SAFETY: the activation is alive as long as generated code runs, which waits for this function.
    unsafe { Activation::come_back(activation) };
    let stops = host_call::<T>(context, pc);
    // SAFETY: likewise; generated code fetches the meter from the context when this returns.
    let goes_on = unsafe { Activation::go_on_native(activation) };
    if goes_on { stops } else { 1 }
}

#[cold]
fn leave_with<T>(panic: Panic, frame: &mut Frame<T>) -> u32 {
    frame.stopped = Some(Err(panic));
    1
}

/// A panic on its way through native code.
pub(crate) type Panic = Box<dyn Any + Send>;

//! Interrupts: how an embedder ends a guest that takes too long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exec::signal::{self, ThreadId};

/// Ends guests, from any thread and at any time.
///
/// An instance that got the handle by [`Instance::interrupt_by`](crate::Instance::interrupt_by)
/// ends with [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted), natively within microseconds and in
/// the interpreter at the next arrival: a failure of the host, as when a deadline passes, and never an
/// outcome of the guest. A host function is not interrupted; the guest ends where it would come back.
///
/// An instance that does not run when the handle is used ends when it would run next. Clones are the
/// same handle, and many instances may have it: all that a request starts, for example.
///
/// ```
/// use std::time::Duration;
///
/// use bessemer_image::{ImageBuilder, Profile};
/// use bessemer_runtime::{Config, Engine, ErrorKind, InterruptHandle, Linker, MAX_GAS, Module};
///
/// // jal x0, 0: a loop without end
/// let text = 0x0000_006f_u32.to_le_bytes();
/// let elf = ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, text).build();
/// let engine = Engine::new(Config::new())?;
/// let mut instance = Linker::new(&engine).instantiate(&Module::new(&engine, &elf)?, ())?;
/// instance.set_gas(MAX_GAS)?;
///
/// let handle = InterruptHandle::new();
/// instance.interrupt_by(&handle)?;
/// let timer = std::thread::spawn(move || {
///     std::thread::sleep(Duration::from_millis(10));
///     handle.interrupt();
/// });
/// let error = instance.run().unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Interrupted));
/// timer.join().unwrap();
/// # Ok::<(), bessemer_runtime::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct InterruptHandle(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    interrupted: AtomicBool,
    /// The threads that run native code with this handle, each as often as it does.
    threads: Mutex<Vec<ThreadId>>,
}

impl InterruptHandle {
    /// A handle that has not been used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all instances that have this handle. Does not wait for that.
    pub fn interrupt(&self) {
        self.0.interrupted.store(true, Ordering::SeqCst);
        // a thread that comes later sees that first
        for thread in self.threads().iter() {
            signal::interrupt(*thread);
        }
    }

    /// Whether the handle was used.
    #[inline]
    pub fn is_interrupted(&self) -> bool {
        self.0.interrupted.load(Ordering::Relaxed)
    }

    /// The flag that the signal handler reads.
    pub(crate) fn flag(&self) -> &AtomicBool {
        &self.0.interrupted
    }

    /// This thread enters native code with the handle. A thread that left without saying so gets a signal
    /// more, which has no effect.
    pub(crate) fn enter(&self) {
        self.threads().push(ThreadId::current());
    }

    /// This thread has left it.
    #[cold]
    pub(crate) fn leave(&self) {
        let (mut threads, current) = (self.threads(), ThreadId::current());
        if let Some(at) = threads.iter().rposition(|thread| *thread == current) {
            threads.swap_remove(at);
        }
    }

    fn threads(&self) -> MutexGuard<'_, Vec<ThreadId>> {
        self.0.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Why native code cannot be entered on a thread.

use std::io;

/// Why faults of native code cannot be handled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignalError {
    /// The handler could not be installed.
    #[error("cannot install the fault handler")]
    Install(#[source] io::Error),
    /// Handlers of others were installed above this one too often.
    #[error(
        "handlers of faults were installed above that of guest faults again and again; install them once"
    )]
    Replaced,
    /// The thread could not get an alternate stack.
    #[error("cannot set up the alternate stack of a thread")]
    Stack(#[source] io::Error),
    /// The thread's stack has not enough room for native code and host functions.
    #[error(
        "the thread has {left} bytes of stack left, and native code needs {needed}; run it on a \
         thread with a larger stack, or make `Config::native_stack` smaller"
    )]
    SmallStack {
        /// Bytes that the thread has left.
        left: usize,
        /// Bytes that native code may use, and a reserve for host functions.
        needed: usize,
    },
    /// The thread is ending: its alternate stack is gone.
    #[error("the thread is ending")]
    ThreadEnding,
}

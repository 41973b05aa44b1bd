//! The context of a host call: the frame that makes it.

use bessemer_types::{Address, U256};

use super::{Request, SharedSession};

/// The host's data of one instance.
pub(crate) struct Context {
    pub(crate) frame: Frame,
    /// The session that all frames of the transaction share. A host call borrows it from here.
    session: SharedSession,
    /// The output of the last call of this frame.
    pub(crate) received: Vec<u8>,
    /// The output with which this frame ends.
    pub(crate) output: Vec<u8>,
    /// The call at which the frame is paused.
    pub(crate) request: Option<Request>,
}

/// One call of one contract.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Whose state the frame uses.
    pub(crate) address: Address,
    /// Whose code the frame runs.
    pub(crate) code: Address,
    pub(crate) caller: Address,
    pub(crate) value: U256,
    pub(crate) input: Vec<u8>,
    /// Whether nothing may change.
    pub(crate) read_only: bool,
}

impl Context {
    pub(crate) fn new(frame: Frame, session: SharedSession) -> Self {
        Self { frame, session, received: Vec::new(), output: Vec::new(), request: None }
    }

    /// The session, to be borrowed for the time of one host call.
    #[inline]
    pub(crate) fn session(&self) -> SharedSession {
        SharedSession::clone(&self.session)
    }
}

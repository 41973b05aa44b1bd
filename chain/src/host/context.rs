//! What host calls know of the frame that makes them.

use std::sync::Arc;

use bessemer_abi::limits::LOG_BYTES;
use bessemer_types::{Address, U256};
use serde::{Deserialize, Serialize};

use super::Request;
use crate::inspect::Observation;
use crate::journal::Journal;
use crate::modules::Modules;
use crate::price::Prices;
use crate::transaction::BlockInfo;

/// The host's data of one instance.
pub(crate) struct Context {
    pub(crate) frame: Frame,
    /// What all frames of the transaction share. It is with the frame that runs.
    session: Option<Box<Session>>,
    /// What the last call of this frame gave.
    pub(crate) received: Vec<u8>,
    /// What this frame ends with.
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

/// What all frames of a transaction share.
pub(crate) struct Session {
    pub(crate) journal: Journal,
    pub(crate) modules: Arc<Modules>,
    pub(crate) prices: Prices,
    pub(crate) block: BlockInfo,
    pub(crate) origin: Address,
    /// The contract of every live frame, and whether that frame allows re-entry.
    pub(crate) entered: Vec<(Address, bool)>,
    /// Debug log, with bytes so far.
    pub(crate) log: Vec<LogLine>,
    log_bytes: u32,
    /// What an inspector is told at the next pause; `None` if nobody inspects.
    pub(crate) observed: Option<Vec<Observation>>,
}

/// A line of the debug log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The contract that wrote it.
    pub address: Address,
    /// The text; bytes that are no UTF-8 are replaced.
    pub text: String,
}

impl Context {
    pub(crate) fn new(frame: Frame) -> Self {
        Self { frame, session: None, received: Vec::new(), output: Vec::new(), request: None }
    }

    /// Hands the session to the frame that runs next.
    pub(crate) fn give(&mut self, session: Box<Session>) {
        self.session = Some(session);
    }

    /// Takes the session back from the frame that ran.
    pub(crate) fn take(&mut self) -> Box<Session> {
        self.session.take().expect("the frame that ran has the session")
    }

    #[inline]
    pub(crate) fn session(&self) -> &Session {
        self.session.as_ref().expect("the running frame has the session")
    }

    #[inline]
    pub(crate) fn session_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect("the running frame has the session")
    }

    /// The frame, and what it shares.
    #[inline]
    pub(crate) fn parts(&mut self) -> (&Frame, &mut Session) {
        (&self.frame, self.session.as_mut().expect("the running frame has the session"))
    }
}

impl Session {
    pub(crate) fn new(
        journal: Journal,
        modules: Arc<Modules>,
        prices: Prices,
        block: BlockInfo,
    ) -> Self {
        Self {
            journal,
            modules,
            prices,
            block,
            origin: Address::ZERO,
            entered: Vec::new(),
            log: Vec::new(),
            log_bytes: 0,
            observed: None,
        }
    }

    /// Forgets what belongs to the last transaction.
    pub(crate) fn begin(&mut self, origin: Address, inspected: bool) {
        self.origin = origin;
        self.entered.clear();
        self.log.clear();
        self.log_bytes = 0;
        self.observed = inspected.then(Vec::new);
    }

    /// Whether a contract runs in a live frame that did not allow re-entry.
    pub(crate) fn is_closed(&self, address: &Address) -> bool {
        self.entered.iter().any(|(entered, open)| entered == address && !open)
    }

    /// Keeps a line of the debug log, as long as there is room.
    pub(crate) fn log(&mut self, address: Address, text: &[u8]) {
        let bytes = self.log_bytes.saturating_add(text.len() as u32);
        if bytes <= LOG_BYTES {
            self.log_bytes = bytes;
            self.log.push(LogLine { address, text: String::from_utf8_lossy(text).into_owned() });
        }
    }

    #[inline]
    pub(crate) fn observe(&mut self, observation: impl FnOnce() -> Observation) {
        if let Some(observed) = &mut self.observed {
            observed.push(observation());
        }
    }
}

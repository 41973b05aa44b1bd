//! The session: state that all frames of a transaction share.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bessemer_abi::limits::{CREATIONS, EVENT_BYTES, EVENTS, LOG_BYTES, WRITES};
use bessemer_isa::TrapKind;
use bessemer_runtime::{HostResult, HostStop};
use bessemer_types::Address;

#[cfg(feature = "evm")]
use crate::bytecode::Evm;
use crate::inspect::Observation;
use crate::journal::Journal;
use crate::modules::Modules;
use crate::price::Prices;
use crate::receipt::{Diagnosis, LogLine};
use crate::transaction::BlockInfo;

/// The session of a block. It is borrowed by what runs: a host call while it runs, and the executor
/// between two runs of instances. So no two borrows ever meet.
pub(crate) type SharedSession = Rc<RefCell<Session>>;

/// State that all frames of a transaction share.
pub(crate) struct Session {
    pub(crate) journal: Journal,
    pub(crate) modules: Arc<Modules>,
    pub(crate) prices: Prices,
    pub(crate) block: BlockInfo,
    pub(crate) origin: Address,
    /// The contract of every live frame, and whether that frame allows re-entry.
    pub(crate) entered: Vec<(Address, bool)>,
    /// How many live frames run a RISC-V program.
    programs: usize,
    /// The context of EVM frames.
    #[cfg(feature = "evm")]
    pub(crate) evm: Evm,
    /// Whether a tip is handed on when the transaction has not looked at the coinbase, instead of being paid.
    #[cfg(feature = "evm")]
    pub(crate) defer_tips: bool,
    /// The explanation of the outcome, so far.
    pub(crate) diagnosis: Diagnosis,
    log_bytes: u32,
    /// Notes for the inspector at the next pause; `None` without an inspector.
    pub(crate) observed: Option<Vec<Observation>>,
}

impl Session {
    pub(crate) fn new(
        journal: Journal,
        modules: Arc<Modules>,
        prices: Prices,
        block: BlockInfo,
        #[cfg(feature = "evm")] evm: Evm,
    ) -> Self {
        Self {
            journal,
            modules,
            prices,
            block,
            origin: Address::ZERO,
            entered: Vec::new(),
            programs: 0,
            #[cfg(feature = "evm")]
            evm,
            #[cfg(feature = "evm")]
            defer_tips: false,
            diagnosis: Diagnosis::default(),
            log_bytes: 0,
            observed: None,
        }
    }

    /// Forgets what belongs to the last transaction.
    pub(crate) fn begin(&mut self, origin: Address, inspected: bool) {
        self.origin = origin;
        self.entered.clear();
        self.programs = 0;
        self.diagnosis = Diagnosis::default();
        self.log_bytes = 0;
        self.observed = inspected.then(Vec::new);
    }

    /// Whether a contract runs in a live frame that did not allow re-entry.
    pub(crate) fn is_closed(&self, address: &Address) -> bool {
        self.entered.iter().any(|(entered, open)| entered == address && !open)
    }

    /// A frame of a contract begins: of a program, or of bytecode, which always allows re-entry.
    pub(crate) fn enter(&mut self, address: Address, is_bytecode: bool) {
        self.entered.push((address, is_bytecode));
        self.programs += usize::from(!is_bytecode);
    }

    /// The last frame that began has ended.
    pub(crate) fn leave(&mut self, is_bytecode: bool) {
        self.entered.pop();
        self.programs -= usize::from(!is_bytecode);
    }

    /// How many live frames run a RISC-V program. Each has memory of its own, so they are few.
    pub(crate) fn riscv_frames(&self) -> usize {
        self.programs
    }

    /// Keeps a line of the debug log, as long as there is room. Its address counts as its text does,
    /// so that empty lines fill the room too.
    pub(crate) fn log(&mut self, address: Address, text: &[u8]) {
        // what stands for bytes that are not text is no shorter, so this line does not fit either
        if self.log_bytes as usize + text.len() > LOG_BYTES as usize {
            self.diagnosis.cut = true;
            return;
        }
        let text = String::from_utf8_lossy(text);
        let line = LogLine { address, text: text.into_owned() };
        let bytes = self.log_bytes + line.bytes() as u32;
        if bytes <= LOG_BYTES {
            self.log_bytes = bytes;
            self.observe(|| Observation::Log(line.clone()));
            self.diagnosis.log.push(line);
        } else {
            self.diagnosis.cut = true;
        }
    }

    /// Step 3 of every write to storage of either kind: a transaction has a bounded number of them.
    pub(crate) fn may_write(&self) -> HostResult<()> {
        within(self.journal.writes() < WRITES)
    }

    /// Step 3 of every creation: a transaction has a bounded number of them.
    pub(crate) fn may_create(&self) -> HostResult<()> {
        within((self.journal.created_contracts().len() as u32) < CREATIONS)
    }

    /// Step 3 of every event: a transaction has a bounded number of them, with a bounded number of
    /// bytes of topics and data together.
    pub(crate) fn may_emit(&self, bytes: u32) -> HostResult<()> {
        let count = self.journal.events().len() as u32;
        within(count < EVENTS && self.journal.event_bytes().saturating_add(bytes) <= EVENT_BYTES)
    }

    #[inline]
    pub(crate) fn observe(&mut self, observation: impl FnOnce() -> Observation) {
        if let Some(observed) = &mut self.observed {
            observed.push(observation());
        }
    }
}

/// A length above a cap traps.
fn within(cap: bool) -> HostResult<()> {
    if cap { Ok(()) } else { Err(HostStop::Trap(TrapKind::HostLimit, None)) }
}

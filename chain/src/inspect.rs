//! Watching a transaction.

use bessemer_types::Address;

use crate::event::Event;
use crate::key::StorageKey;
use crate::receipt::{LogLine, Status};
use crate::value::Value;

/// Observes a transaction. Its methods are called in the order of execution, and cannot change the
/// outcome.
///
/// Every method does nothing unless it is overridden.
pub trait Inspector {
    /// Whether instructions are counted, which takes time: all is then interpreted.
    fn counts(&self) -> bool {
        false
    }

    /// Whether each instruction of EVM frames is shown, which takes time.
    fn steps(&self) -> bool {
        false
    }

    /// An EVM frame is about to execute an instruction.
    #[cfg(feature = "evm")]
    fn on_step(&mut self, step: &Step<'_>) {
        let _ = step;
    }

    /// A frame begins.
    fn on_call(&mut self, call: &Call<'_>) {
        let _ = call;
    }

    /// A frame ends.
    fn on_return(&mut self, end: &End<'_>) {
        let _ = end;
    }

    /// An event is emitted; it is undone if its frame fails later.
    fn on_event(&mut self, event: &Event) {
        let _ = event;
    }

    /// A contract writes a line to the debug log, as far as the log has room.
    fn on_log(&mut self, line: &LogLine) {
        let _ = line;
    }

    /// A contract stores a value, or removes one.
    fn on_write(&mut self, contract: Address, key: &StorageKey, value: Option<&[u8]>) {
        let _ = (contract, key, value);
    }
}

/// An EVM frame before an instruction.
#[cfg(feature = "evm")]
pub struct Step<'a> {
    /// 1 for the transaction's own frame.
    pub depth: u32,
    /// The frame: code and place, gas, stack and memory.
    pub interpreter: &'a bessemer_evm::interpreter::Interpreter,
}

/// How a frame came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallKind {
    /// A call, with or without value.
    Call,
    /// A call that changes nothing.
    Static,
    /// Another contract's code on the caller's state.
    Delegate,
    /// A constructor.
    Create,
}

/// A frame that begins.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// 1 for the transaction's own frame.
    pub depth: u32,
    /// How the frame came to be.
    pub kind: CallKind,
    /// The caller.
    pub from: Address,
    /// Whose code runs.
    pub to: Address,
    /// The value that comes with the call.
    pub value: bessemer_types::U256,
    /// The input.
    pub input: &'a [u8],
    /// The gas that the frame gets, in units of its kind.
    pub gas: u64,
    /// Whether a RISC-V program runs, and not bytecode or nothing.
    pub is_program: bool,
}

/// A frame that ends.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// 1 for the transaction's own frame.
    pub depth: u32,
    /// How it ended.
    pub status: Status,
    /// The data that it returned or reverted with.
    pub output: &'a [u8],
    /// The gas that it used, its callees' included, in units of its kind.
    pub gas_used: u64,
    /// Whether it ran a RISC-V program.
    pub is_program: bool,
    /// The instructions that it executed, without its callees'; 0 unless the inspector counts.
    pub instructions: u64,
}

/// Notes of host calls for an inspector, until the frame pauses or ends.
#[derive(Clone, Debug)]
pub(crate) enum Observation {
    Event(Event),
    Log(LogLine),
    Write { address: Address, key: StorageKey, value: Option<Value> },
}

impl Observation {
    pub(crate) fn tell(&self, inspector: &mut dyn Inspector) {
        match self {
            Self::Event(event) => inspector.on_event(event),
            Self::Log(line) => inspector.on_log(line),
            Self::Write { address, key, value } => {
                inspector.on_write(*address, key, value.as_deref());
            }
        }
    }
}

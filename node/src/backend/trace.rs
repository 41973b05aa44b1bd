//! The interface of tracers, which watch transactions run.

use alloy_primitives::{Address, Bytes, Log, U256};

/// How a frame began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// `CALL`, or the transaction itself.
    Call,
    /// `CALLCODE`.
    CallCode,
    /// `DELEGATECALL`.
    DelegateCall,
    /// `STATICCALL`.
    StaticCall,
    /// `CREATE`, or a transaction that creates a contract.
    Create,
    /// `CREATE2`.
    Create2,
    /// `SELFDESTRUCT`: what it moves.
    SelfDestruct,
}

/// A frame that begins.
#[derive(Clone, Debug)]
pub struct Frame {
    /// How.
    pub kind: FrameKind,
    /// Whose frame begins it.
    pub from: Address,
    /// The called or created account.
    pub to: Address,
    /// The value that moves with it.
    pub value: U256,
    /// The gas that it gets.
    pub gas: u64,
    /// Calldata, or initcode.
    pub input: Bytes,
}

/// An instruction of an EVM frame that is about to run.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Where it stands.
    pub pc: usize,
    /// The instruction.
    pub opcode: u8,
    /// The gas that is left.
    pub gas: u64,
    /// 1 for the first frame.
    pub depth: usize,
    /// The stack, the top last.
    pub stack: &'a [U256],
    /// The memory.
    pub memory: &'a [u8],
    /// The account whose storage it sees.
    pub contract: Address,
}

/// A tracer. All methods do nothing unless overridden.
pub trait Tracer {
    /// A frame begins.
    fn begin(&mut self, frame: &Frame) {
        let _ = frame;
    }

    /// The newest frame ends: with its output, or with the name of what failed.
    fn end(&mut self, gas_used: u64, output: &Bytes, error: Option<&str>) {
        let _ = (gas_used, output, error);
    }

    /// A contract logs.
    fn log(&mut self, log: &Log) {
        let _ = log;
    }

    /// Whether [`Tracer::step`] is wanted, which slows execution down.
    fn wants_steps(&self) -> bool {
        false
    }

    /// An instruction is about to run.
    fn step(&mut self, step: &Step<'_>) {
        let _ = step;
    }
}

//! Frames: the oracle executes the instructions, and the host calls are the model's.

use bessemer_chain::{Account, Address, Code, CodeHash, Failure, Status, U256};
use bessemer_isa::{Trap, TrapKind};

use super::Model;
use crate::calls::contract::Contract;
use crate::oracle::{Oracle, Schedule, Stop};

/// A call of a contract.
pub(super) struct Frame {
    pub(super) contract: &'static Contract,
    pub(super) address: Address,
    pub(super) code: Address,
    pub(super) caller: Address,
    pub(super) value: U256,
    pub(super) input: Vec<u8>,
    pub(super) read_only: bool,
    pub(super) entry: Entry,
    /// The output of the last call of this frame.
    pub(super) received: Vec<u8>,
    /// Where the heap ends.
    pub(super) heap_end: u32,
}

/// The change of state on entering a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Transfer,
    Delegate,
    Create(CodeHash),
}

/// How a frame ended.
pub(in crate::calls) struct Ended {
    pub(in crate::calls) status: Status,
    pub(in crate::calls) output: Vec<u8>,
    pub(in crate::calls) gas: u64,
}

/// Why a host call does not come back.
pub(super) enum Left {
    Trap(TrapKind, Option<u32>),
    OutOfGas,
    Done(Status, Vec<u8>),
}

impl Model {
    pub(super) fn run(&mut self, mut frame: Frame, gas: u64) -> Ended {
        let before = self.world.clone();
        self.begin_frame(&frame);
        let mut cpu = Oracle::new(&frame.contract.setup(gas)).charged_by(Schedule::Two);
        if matches!(frame.entry, Entry::Create(_)) {
            cpu.set_register(10, 1);
        }
        let mut trap = None;
        let (status, output) = loop {
            match cpu.run() {
                Stop::Ecall => match self.host(&mut cpu, &mut frame) {
                    Ok(result) => cpu.resume(result),
                    Err(Left::Done(status, output)) => break (status, output),
                    Err(Left::OutOfGas) => {
                        cpu.set_gas(0);
                        break (Status::OutOfGas, Vec::new());
                    }
                    Err(Left::Trap(kind, addr)) => {
                        trap = Some(Trap { kind, pc: cpu.pc(), addr });
                        break (Status::Trap, Vec::new());
                    }
                },
                Stop::OutOfGas { .. } => break (Status::OutOfGas, Vec::new()),
                Stop::Trap { kind, pc, addr } => {
                    let kind = TrapKind::from_code(kind).expect("the oracle has the codes");
                    trap = Some(Trap { kind, pc, addr });
                    break (Status::Trap, Vec::new());
                }
            }
        };
        let depth = self.session.entered.len() as u32;
        self.session.entered.pop();
        self.health.frames[status as usize] += 1;
        self.health.depth = self.health.depth.max(depth.into());
        if status != Status::Return {
            self.world = before;
            // of many failures, the first and the last are kept
            self.session.failures.truncate(63);
            self.session.failures.push(Failure {
                depth,
                contract: frame.code,
                status,
                trap,
                pc: cpu.pc(),
                function: None,
                excerpt: output.iter().copied().take(256).collect(),
            });
        }
        Ended { status, output, gas: cpu.gas() }
    }

    fn begin_frame(&mut self, frame: &Frame) {
        let mut enter = || {
            if let Entry::Create(hash) = frame.entry {
                let found = self.use_account(&frame.address)?;
                self.set_account(
                    &frame.address,
                    Account { nonce: 1, code: Some(Code::RiscV(hash)), ..found },
                )?;
                self.world.created.push(frame.address);
            }
            if frame.entry != Entry::Delegate {
                self.transfer(&frame.caller, &frame.address, frame.value)?;
            }
            Ok::<_, super::Undeclared>(())
        };
        assert!(enter().is_ok(), "a call checks what it needs before it enters");
        self.session.entered.push((frame.address, false));
    }
}

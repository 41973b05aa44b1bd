//! EVM frames on the executor's stack.

use std::sync::Arc;

use bessemer_evm::interpreter::{CallInput, CallInputs, CallScheme, CreateInputs, SharedMemory};
use bessemer_evm::{Action, Frame, FrameEnd, Outcome, Rules};
use bessemer_types::{Address, U256};

use super::calls::{Next, begin_call, begin_create, store_code};
use super::host::EvmHost;
use crate::bytecode::{HostFailure, ours, theirs};
use crate::executor::{Body, Ended, ExecuteError, Executor, Level, tell};
use crate::host::SharedSession;
use crate::inspect::{Call, CallKind, End, Inspector, Step};
use crate::receipt::Status;

/// The request of an Ethereum transaction.
pub(crate) enum EthereumRequest {
    /// A call.
    Call(Box<CallInputs>),
    /// A new contract, with the nonce that the transaction used.
    Create(Box<CreateInputs>, u64),
}

impl Executor {
    /// Runs the topmost frame, which is of the EVM, until it has ended or another is on top.
    pub(crate) fn interpret(
        &mut self,
        shared: &SharedSession,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Option<Ended>, ExecuteError> {
        let rules = Arc::clone(&shared.borrow().evm.rules);
        loop {
            match self.advance(shared, &rules, inspector)? {
                Action::End(outcome) => return Ok(Some(ended(outcome))),
                Action::Call(inputs) => {
                    let Some(outcome) = self.call(shared, *inputs, inspector)? else {
                        return Ok(None);
                    };
                    if let Some(frame) = self.bytecode() {
                        frame.resume_call(outcome);
                    }
                }
                Action::Create(inputs) => {
                    let created = self.create(shared, &inputs, None, inspector)?;
                    let Some((outcome, address)) = created else { return Ok(None) };
                    if let Some(frame) = self.bytecode() {
                        frame.resume_create(outcome, &theirs(&address));
                    }
                }
            }
        }
    }

    /// The topmost frame, if it is of the EVM.
    fn bytecode(&mut self) -> Option<&mut Frame> {
        match &mut self.stack.last_mut()?.body {
            Body::Bytecode(frame) => Some(frame),
            Body::Program(_) => None,
        }
    }

    /// Runs the topmost frame until it calls, creates or ends.
    fn advance(
        &mut self,
        shared: &SharedSession,
        rules: &Rules,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Action, ExecuteError> {
        let depth = self.stack.len() as u32;
        let level = self.stack.last_mut().ok_or(ExecuteError::Interpreter)?;
        let Body::Bytecode(frame) = &mut level.body else { return Err(ExecuteError::Interpreter) };
        let session = &mut *shared.borrow_mut();
        let mut host = EvmHost::new(session, rules);
        let action = match inspector.as_mut().filter(|inspector| inspector.steps()) {
            None => frame.run(rules, &mut host),
            Some(inspector) => frame.run_watched(rules, &mut host, &mut |interpreter| {
                inspector.on_step(&Step { interpreter, depth });
            }),
        };
        if let Some(failure) = host.failure.take() {
            return Err(failure.into());
        }
        tell(session, inspector);
        if let Action::End(outcome) = &action {
            match outcome.end {
                FrameEnd::Host => return Err(ExecuteError::Interpreter),
                FrameEnd::Return if level.creates => {
                    store_code(session, &level.address, &outcome.output)?;
                }
                _ => {}
            }
        }
        Ok(action)
    }

    /// Begins a call. Gives the outcome if nothing runs, or else there is a frame on top.
    pub(crate) fn call(
        &mut self,
        shared: &SharedSession,
        inputs: CallInputs,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Option<Outcome>, ExecuteError> {
        let depth = self.stack.len();
        let input_of = |inputs: &CallInputs| match (&inputs.input, self.stack.last()) {
            (CallInput::Bytes(bytes), _) => bytes.to_vec(),
            (_, Some(Level { body: Body::Bytecode(frame), .. })) => frame.input_of(inputs),
            (CallInput::SharedBuffer(_), _) => Vec::new(),
        };
        let seen = inspector.is_some().then(|| Seen {
            kind: match inputs.scheme {
                CallScheme::Call | CallScheme::CallCode => CallKind::Call,
                CallScheme::StaticCall => CallKind::Static,
                CallScheme::DelegateCall => CallKind::Delegate,
            },
            from: ours(&inputs.caller),
            to: ours(&inputs.bytecode_address),
            value: inputs.value.get(),
            input: input_of(&inputs),
            gas: inputs.gas_limit,
        });
        let next = begin_call(&mut shared.borrow_mut(), inputs, depth, &input_of)?;
        self.proceed(shared, next, seen, inspector)
    }

    /// Begins a creation. Gives the outcome and the address if nothing runs, or else there is a frame
    /// on top.
    pub(crate) fn create(
        &mut self,
        shared: &SharedSession,
        inputs: &CreateInputs,
        used_nonce: Option<u64>,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Option<(Outcome, Address)>, ExecuteError> {
        let depth = self.stack.len();
        let (next, address) = begin_create(&mut shared.borrow_mut(), inputs, depth, used_nonce)?;
        let seen = inspector.is_some().then(|| Seen {
            kind: CallKind::Create,
            from: ours(&inputs.caller()),
            to: address,
            value: inputs.value(),
            input: inputs.init_code().to_vec(),
            gas: inputs.gas_limit(),
        });
        let outcome = self.proceed(shared, next, seen, inspector)?;
        Ok(outcome.map(|outcome| (outcome, address)))
    }

    fn proceed(
        &mut self,
        shared: &SharedSession,
        next: Next,
        seen: Option<Seen>,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Option<Outcome>, ExecuteError> {
        let depth = self.stack.len() as u32 + 1;
        match next {
            Next::Outcome(outcome) => {
                if let (Some(inspector), Some(seen)) = (inspector, seen) {
                    inspector.on_call(&seen.call(depth));
                    inspector.on_return(&End {
                        depth,
                        status: status(outcome.end),
                        output: &outcome.output,
                        gas_used: seen.gas - outcome.gas_left,
                        is_program: false,
                        instructions: 0,
                    });
                }
                Ok(Some(outcome))
            }
            Next::Evm { start, checkpoint } => {
                if let (Some(inspector), Some(seen)) = (inspector, seen) {
                    inspector.on_call(&seen.call(depth));
                }
                let memory = self.bytecode().map_or_else(SharedMemory::new, Frame::child_memory);
                let session = &mut *shared.borrow_mut();
                let (address, creates, gas) =
                    (ours(&start.target), start.code.is_none(), start.gas);
                session.enter(address, true);
                let frame = Frame::new(&session.evm.rules, memory, *start);
                self.stack.push(Level {
                    body: Body::Bytecode(Box::new(frame)),
                    address,
                    creates,
                    gas,
                    refund: 0,
                    address_at: None,
                    checkpoint,
                    instructions: 0,
                });
                Ok(None)
            }
            Next::RiscV { entry, gas } => {
                self.enter(shared, *entry, gas, None, inspector)?;
                Ok(None)
            }
        }
    }
}

/// The description of a call for an inspector.
struct Seen {
    kind: CallKind,
    from: Address,
    to: Address,
    value: U256,
    input: Vec<u8>,
    gas: u64,
}

impl Seen {
    fn call(&self, depth: u32) -> Call<'_> {
        let Self { kind, from, to, value, ref input, gas } = *self;
        Call { depth, kind, from, to, value, input, gas, is_program: false }
    }
}

/// The end of an EVM frame, or of a call in which nothing ran.
pub(crate) fn ended(outcome: Outcome) -> Ended {
    let Outcome { end, output, gas_left, refund } = outcome;
    let status = status(end);
    Ended { output: output.into(), refund, ..Ended::silent(status, gas_left) }
}

fn status(end: FrameEnd) -> Status {
    match end {
        FrameEnd::Return => Status::Return,
        FrameEnd::Revert => Status::Revert,
        FrameEnd::OutOfGas => Status::OutOfGas,
        FrameEnd::Halt | FrameEnd::Host => Status::Trap,
    }
}

/// How an EVM frame sees the end of another.
pub(crate) fn frame_end(status: Status) -> FrameEnd {
    match status {
        Status::Return => FrameEnd::Return,
        Status::Revert => FrameEnd::Revert,
        Status::OutOfGas => FrameEnd::OutOfGas,
        Status::Trap => FrameEnd::Halt,
    }
}

impl From<HostFailure> for ExecuteError {
    fn from(failure: HostFailure) -> Self {
        match failure {
            HostFailure::Journal(error) => error.into(),
            HostFailure::Module(error) => error.into(),
        }
    }
}

//! A frame that executes bytecode. It pauses where it calls or creates, and its executor goes on
//! with what that gave.

use std::ops::Range;

use alloy_primitives::{Address, B256, Bytes, U256};
use revm_interpreter::bytecode::Bytecode;
use revm_interpreter::interpreter::{EthInterpreter, ExtBytecode};
use revm_interpreter::interpreter_types::{InputsTr, Jumps, MemoryTr, ReturnData};
use revm_interpreter::{
    CallInput, CallInputs, CreateInputs, FrameInput, Gas, Host, InputsImpl, InstructionResult,
    InstructionTable, Interpreter, InterpreterAction, InterpreterResult, SharedMemory,
};

use crate::fork::{Fork, Rules};
use crate::{initcode, net_metering};

/// One frame of bytecode.
#[derive(Debug)]
pub struct Frame {
    interpreter: Interpreter<EthInterpreter>,
    creates: bool,
    /// Where the caller that is paused here wants the output.
    output_at: Range<usize>,
}

/// The inputs of a frame.
#[derive(Debug)]
pub struct Start {
    /// The code that runs.
    pub bytecode: Bytecode,
    /// Its hash, if it is known.
    pub hash: Option<B256>,
    /// The account whose state the frame uses.
    pub target: Address,
    /// The account whose code runs; `None` for a constructor.
    pub code: Option<Address>,
    /// The caller.
    pub caller: Address,
    /// The result of `CALLVALUE`.
    pub value: U256,
    /// The calldata: bytes, or a range of the memory that the frames share.
    pub input: CallInput,
    /// The gas.
    pub gas: u64,
    /// Whether nothing may change.
    pub is_static: bool,
    /// How many frames are below.
    pub depth: usize,
}

/// The next step of a frame.
#[derive(Debug)]
pub enum Action {
    /// It calls, and waits for [`Frame::resume_call`].
    Call(Box<CallInputs>),
    /// It creates a contract, and waits for [`Frame::resume_create`].
    Create(Box<CreateInputs>),
    /// It has ended.
    End(Outcome),
}

/// How a frame ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameEnd {
    /// `STOP`, `RETURN` or `SELFDESTRUCT`.
    Return,
    /// `REVERT`, or a call that did not begin: gas is left.
    Revert,
    /// The gas did not suffice.
    OutOfGas,
    /// Anything else that ends a frame and uses all its gas: an undefined instruction, a bad jump,
    /// a stack that is too short or too long, a write in a static frame, code that may not be stored.
    Halt,
    /// The host failed; there is no outcome.
    Host,
}

/// The result of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: FrameEnd,
    /// The data that it returned or reverted with.
    pub output: Bytes,
    /// The gas that is left; 0 unless it returned or reverted.
    pub gas_left: u64,
    /// Its refunds; 0 unless it returned.
    pub refund: i64,
}

impl Outcome {
    /// A call that did not begin, and so gives all its gas back.
    pub fn refused(gas: u64) -> Self {
        Self { end: FrameEnd::Revert, output: Bytes::new(), gas_left: gas, refund: 0 }
    }

    /// A call in which nothing ran.
    pub fn nothing(gas: u64) -> Self {
        Self { end: FrameEnd::Return, output: Bytes::new(), gas_left: gas, refund: 0 }
    }
}

impl Frame {
    /// A frame with a memory: of its own, or [`Frame::child_memory`] of the frame that calls it.
    pub fn new(rules: &Rules, memory: SharedMemory, start: Start) -> Self {
        let Start { bytecode, hash, target, code, caller, value, input, gas, is_static, depth } =
            start;
        let input = InputsImpl {
            target_address: target,
            bytecode_address: code,
            caller_address: caller,
            input,
            call_value: value,
            depth,
        };
        let bytecode = ExtBytecode::new_with_optional_hash(bytecode, hash);
        let spec = rules.fork.spec();
        let interpreter = Interpreter::new(memory, bytecode, input, is_static, spec, gas);
        Self { interpreter, creates: code.is_none(), output_at: 0..0 }
    }

    /// Runs until the frame calls, creates, or ends.
    pub fn run<H: Host>(&mut self, rules: &Rules, host: &mut H) -> Action {
        let table = instructions(rules);
        let action = self.interpreter.run_plain(table, &rules.gas_table, host);
        self.next(rules, action)
    }

    /// Like [`run`](Self::run), and shows each instruction before it is executed.
    pub fn run_watched<H: Host>(
        &mut self,
        rules: &Rules,
        host: &mut H,
        watch: &mut dyn FnMut(&Interpreter<EthInterpreter>),
    ) -> Action {
        use revm_interpreter::interpreter_types::LoopControl;

        let table = instructions(rules);
        let error = loop {
            watch(&self.interpreter);
            if let Err(error) = self.interpreter.step(table, &rules.gas_table, host) {
                break error;
            }
        };
        if self.interpreter.bytecode.action().is_none() {
            self.interpreter.halt(error);
        }
        let action = self.interpreter.take_next_action();
        self.next(rules, action)
    }

    fn next(&mut self, rules: &Rules, action: InterpreterAction) -> Action {
        match action {
            InterpreterAction::NewFrame(FrameInput::Call(inputs)) => {
                self.output_at = inputs.return_memory_offset.clone();
                Action::Call(inputs)
            }
            InterpreterAction::NewFrame(FrameInput::Create(inputs)) => Action::Create(inputs),
            // the interpreter asks for no empty frame
            InterpreterAction::NewFrame(FrameInput::Empty) => {
                Action::End(Outcome::failed(FrameEnd::Host))
            }
            InterpreterAction::Return(result) => Action::End(self.end(rules, result)),
        }
    }

    /// The result of the frame. Gas that a failure leaves is burnt here, and so are its refunds:
    /// the interpreter does neither.
    fn end(&self, rules: &Rules, result: InterpreterResult) -> Outcome {
        let InterpreterResult { result, output, mut gas } = result;
        let end = frame_end(result);
        match end {
            FrameEnd::Return if self.creates => match deposit(rules, &output, &mut gas) {
                Ok(output) => {
                    Outcome { end, output, gas_left: gas.remaining(), refund: gas.refunded() }
                }
                Err(end) => Outcome::failed(end),
            },
            FrameEnd::Return => {
                Outcome { end, output, gas_left: gas.remaining(), refund: gas.refunded() }
            }
            FrameEnd::Revert => Outcome { end, output, gas_left: gas.remaining(), refund: 0 },
            _ => Outcome::failed(end),
        }
    }

    /// The memory of the frame that this one calls. [`Frame::child_ended`] ends it.
    pub fn child_memory(&mut self) -> SharedMemory {
        self.interpreter.memory.new_child_context()
    }

    /// The frame that used [`Frame::child_memory`] has ended.
    pub fn child_ended(&mut self) {
        self.interpreter.memory.free_child_context();
    }

    /// The calldata of a call that this frame makes.
    pub fn input_of(&self, inputs: &CallInputs) -> Vec<u8> {
        match &inputs.input {
            CallInput::Bytes(bytes) => bytes.to_vec(),
            CallInput::SharedBuffer(range) if range.is_empty() => Vec::new(),
            CallInput::SharedBuffer(range) => {
                self.interpreter.memory.global_slice(range.clone()).to_vec()
            }
        }
    }

    /// Goes on with what a call gave.
    pub fn resume_call(&mut self, outcome: Outcome) {
        let Outcome { end, output, gas_left, refund } = outcome;
        let interpreter = &mut self.interpreter;
        let returned = end == FrameEnd::Return;
        let at = std::mem::take(&mut self.output_at);
        interpreter.return_data.set_buffer(output);
        if matches!(end, FrameEnd::Return | FrameEnd::Revert) {
            let output = interpreter.return_data.buffer();
            let len = at.len().min(output.len());
            if len > 0 {
                interpreter.memory.set(at.start, &output[..len]);
            }
        }
        // the call took more words from the stack than this
        let _ = interpreter.stack.push(U256::from(u8::from(returned)));
        self.give_back(gas_left, refund);
    }

    /// Goes on with what creating a contract gave.
    pub fn resume_create(&mut self, outcome: Outcome, created: &Address) {
        let Outcome { end, output, gas_left, refund } = outcome;
        let interpreter = &mut self.interpreter;
        let output = if end == FrameEnd::Revert { output } else { Bytes::new() };
        interpreter.return_data.set_buffer(output);
        let address = if end == FrameEnd::Return { created.into_word() } else { B256::ZERO };
        let _ = interpreter.stack.push(address.into());
        self.give_back(gas_left, refund);
    }

    fn give_back(&mut self, gas: u64, refund: i64) {
        self.interpreter.gas.erase_cost(gas);
        self.interpreter.gas.record_refund(refund);
    }

    /// The account whose state the frame uses.
    pub fn target(&self) -> Address {
        self.interpreter.input.target_address()
    }

    /// Whether nothing may change.
    pub fn is_static(&self) -> bool {
        self.interpreter.runtime_flag.is_static
    }

    /// The place of the next instruction in the code.
    pub fn pc(&self) -> usize {
        self.interpreter.bytecode.pc()
    }
}

/// The table of instructions of a fork. All but one check the fork themselves.
#[inline]
fn instructions<'a, H: Host + 'a>(rules: &Rules) -> &'a InstructionTable<EthInterpreter, H> {
    if rules.fork == Fork::Constantinople {
        return &const { net_metering::instructions() };
    }
    &const { initcode::instructions() }
}

/// Whether code may be stored, and what that costs (EIP-2, EIP-170, EIP-3541).
fn deposit(rules: &Rules, code: &Bytes, gas: &mut Gas) -> Result<Bytes, FrameEnd> {
    if code.len() > rules.fork.code_bytes() {
        return Err(FrameEnd::Halt);
    }
    if rules.has(Fork::London) && code.first() == Some(&0xef) {
        return Err(FrameEnd::Halt);
    }
    if gas.record_regular_cost(rules.gas.code_deposit_cost(code.len())) {
        return Ok(code.clone());
    }
    // before Homestead a contract that cannot pay for its code stays without
    if rules.has(Fork::Homestead) { Err(FrameEnd::OutOfGas) } else { Ok(Bytes::new()) }
}

fn frame_end(result: InstructionResult) -> FrameEnd {
    use InstructionResult as I;
    match result {
        I::FatalExternalError => FrameEnd::Host,
        I::OutOfGas
        | I::MemoryOOG
        | I::MemoryLimitOOG
        | I::PrecompileOOG
        | I::InvalidOperandOOG
        | I::ReentrancySentryOOG => FrameEnd::OutOfGas,
        result if result.is_ok() => FrameEnd::Return,
        result if result.is_revert() => FrameEnd::Revert,
        _ => FrameEnd::Halt,
    }
}

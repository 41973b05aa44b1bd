//! Runs contracts that call contracts.
//!
//! Each frame is an instance of its own, and the stack of frames is a vector: a call pauses its
//! frame, and the executor enters the callee. Native stack does not grow with the call depth.

#[cfg(feature = "evm")]
pub(crate) mod evm;

use bessemer_isa::{Reg, Trap};
use bessemer_runtime::{Error, Exit, Instance, InterruptHandle, Linker};

use bessemer_types::Address;

use crate::account::{Account, Code};
use crate::create;
use crate::host::{
    Context, Entry, EntryEffect, NewCode, Program, RETURNED, Request, Session, SharedSession,
};
use crate::inspect::{Call, CallKind, End, Inspector};
use crate::journal::{Checkpoint, JournalError};
use crate::modules::ModuleError;
use crate::receipt::{Failure, Status};

/// The stack of frames of one transaction at a time.
pub(crate) struct Executor {
    linker: Linker<Context>,
    pub(crate) stack: Vec<Level>,
    /// A handle that ends programs from outside, as an error.
    pub(crate) interrupt: Option<InterruptHandle>,
}

/// One frame on the stack.
pub(crate) struct Level {
    pub(crate) body: Body,
    /// The account whose state it uses.
    pub(crate) address: Address,
    /// Whether it runs a constructor. Only the code for EVM frames reads this.
    #[cfg_attr(not(feature = "evm"), expect(dead_code, reason = "no frame asks"))]
    pub(crate) creates: bool,
    /// The gas that it got, in units of its kind.
    pub(crate) gas: u64,
    /// The refunds of its callees, in Ethereum's counter.
    pub(crate) refund: i64,
    /// Where its caller wants the address of the contract that it creates.
    pub(crate) address_at: Option<u32>,
    /// Where state returns to if it fails.
    pub(crate) checkpoint: Checkpoint,
    /// The instructions that it executed; 0 unless an inspector counts.
    pub(crate) instructions: u64,
}

/// The program or bytecode of a frame.
#[allow(clippy::large_enum_variant, reason = "most frames run programs, and none is moved often")]
pub(crate) enum Body {
    /// A RISC-V program.
    Program(Instance<Context>),
    /// EVM bytecode.
    #[cfg(feature = "evm")]
    Bytecode(Box<bessemer_evm::Frame>),
}

/// Goes on with a program, with the answer to its host call if it is paused. Gives how it stopped, and
/// how many instructions it executed, if an inspector counts.
fn go(
    instance: &mut Instance<Context>,
    answer: Option<u32>,
    counting: bool,
) -> Result<(Exit, u64), Error> {
    if counting {
        return instance.count(answer);
    }
    let exit = match answer {
        None => instance.run()?,
        Some(status) => instance.resume(status)?,
    };
    Ok((exit, 0))
}

/// How the first frame ended.
pub(crate) struct Ended {
    pub(crate) status: Status,
    pub(crate) output: Vec<u8>,
    /// In units of the frame's kind; of the caller's where [`Executor::run`] gives it.
    pub(crate) gas_left: u64,
    /// Its refunds, in Ethereum's counter.
    pub(crate) refund: i64,
}

impl Ended {
    /// An end without output.
    pub(crate) fn silent(status: Status, gas_left: u64) -> Self {
        Self { status, output: Vec::new(), gas_left, refund: 0 }
    }
}

/// The host's failure: no outcome, and the state in the journal is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// A frame could not be made, or a host call failed.
    #[error("a contract could not go on")]
    Runtime(#[from] Error),
    /// State could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Code could not be loaded.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The chain is made without the EVM, and the state holds bytecode.
    #[error("an account has EVM bytecode, and this program is made without the EVM")]
    Bytecode,
    /// The interpreter of bytecode stopped without a reason that it gives.
    #[error("the interpreter of bytecode failed")]
    Interpreter,
}

impl ExecuteError {
    /// Whether a transaction used a key that it had not declared: its own fault, and not the host's.
    pub(crate) fn is_undeclared(&self) -> bool {
        let (Self::Journal(error) | Self::Module(ModuleError::Journal(error))) = self else {
            return false;
        };
        matches!(error, JournalError::Undeclared(_))
    }
}

impl Executor {
    pub(crate) fn new(linker: Linker<Context>) -> Self {
        Self { linker, stack: Vec::new(), interrupt: None }
    }

    /// Runs a frame and all that it calls, with this RISC-V gas.
    pub(crate) fn run(
        &mut self,
        shared: &SharedSession,
        entry: Entry,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Ended, ExecuteError> {
        // an error or a panic in an earlier run leaves frames behind
        self.stack.clear();
        #[cfg(feature = "evm")]
        if let Program::Evm(_) = entry.program {
            let given = evm::whole(gas);
            self.enter(shared, entry, given, None, inspector)?;
            let ended = self.drive(shared, inspector)?;
            let gas_left = evm::to_riscv(ended.gas_left) + (gas - given);
            return Ok(Ended { gas_left, ..ended });
        }
        self.enter(shared, entry, gas, None, inspector)?;
        self.drive(shared, inspector)
    }

    /// Runs what an Ethereum transaction asks for, with Ethereum's gas.
    #[cfg(feature = "evm")]
    pub(crate) fn run_ethereum(
        &mut self,
        shared: &SharedSession,
        request: evm::EthereumRequest,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Ended, ExecuteError> {
        self.stack.clear();
        let outcome = match request {
            evm::EthereumRequest::Call(inputs) => self.call(shared, *inputs, inspector)?,
            evm::EthereumRequest::Create(inputs, nonce) => {
                let created = self.create(shared, &inputs, Some(nonce), inspector)?;
                created.map(|(outcome, _)| outcome)
            }
        };
        if let Some(outcome) = outcome {
            return Ok(evm::ended(outcome));
        }
        let is_program = matches!(self.stack.last(), Some(Level { body: Body::Program(_), .. }));
        let ended = self.drive(shared, inspector)?;
        let left = ended.gas_left;
        let gas_left = if is_program { evm::to_ethereum(left) } else { left };
        Ok(Ended { gas_left, ..ended })
    }

    /// Runs the frames on the stack until the first has ended.
    fn drive(
        &mut self,
        shared: &SharedSession,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Ended, ExecuteError> {
        let mut resume = None;
        let counting = inspector.as_ref().is_some_and(|inspector| inspector.counts());
        loop {
            let level = self.stack.last_mut().expect("the first frame has not ended");
            let (ended, trap) = match &mut level.body {
                Body::Program(instance) => {
                    let (exit, instructions) = go(instance, resume.take(), counting)?;
                    level.instructions += instructions;
                    tell(&mut shared.borrow_mut(), inspector);
                    let request = instance.data_mut().request.take();
                    if let Some(Request { entry, gas, address_at }) = request {
                        self.enter(shared, entry, gas, address_at, inspector)?;
                        continue;
                    }
                    let trap = if let Exit::Trap(trap) = exit { Some(trap) } else { None };
                    (end(instance, level.refund, exit), trap)
                }
                #[cfg(feature = "evm")]
                Body::Bytecode(_) => {
                    let depth = self.stack.len();
                    match self.interpret(shared, inspector) {
                        Ok(Some(ended)) => (ended, None),
                        Ok(None) => continue,
                        // the frame that used the key fails, as a program's does
                        Err(error) if error.is_undeclared() && self.stack.len() == depth => {
                            (Ended::silent(Status::Trap, 0), None)
                        }
                        Err(error) => return Err(error),
                    }
                }
            };

            let depth = self.stack.len() as u32;
            let level = self.stack.pop().expect("the frame that ended is on the stack");
            let session = &mut *shared.borrow_mut();
            if ended.status != Status::Return {
                session.journal.revert(level.checkpoint);
                session.diagnosis.note(explain(&level, depth, trap, &ended));
            }
            session.leave(!matches!(level.body, Body::Program(_)));
            if let Some(inspector) = inspector {
                inspector.on_return(&End {
                    depth,
                    status: ended.status,
                    output: &ended.output,
                    gas_used: level.gas - ended.gas_left,
                    is_program: matches!(level.body, Body::Program(_)),
                    instructions: level.instructions,
                });
            }
            let Some(caller) = self.stack.last_mut() else {
                return Ok(ended);
            };
            resume = deliver(caller, &level, ended)?;
        }
    }

    /// The one way into a frame: moves value, and puts the frame on the stack.
    pub(crate) fn enter(
        &mut self,
        shared: &SharedSession,
        entry: Entry,
        gas: u64,
        address_at: Option<u32>,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<(), ExecuteError> {
        let session = &mut *shared.borrow_mut();
        let checkpoint = session.journal.checkpoint();
        if let Some(inspector) = inspector {
            inspector.on_call(&Call {
                depth: self.stack.len() as u32 + 1,
                kind: kind(&entry),
                from: entry.frame.caller,
                to: entry.frame.code,
                value: entry.frame.value,
                input: &entry.frame.input,
                gas: in_units(&entry.program, gas),
                is_program: matches!(entry.program, Program::RiscV(_)),
            });
        }
        let journal = &mut session.journal;
        let constructor = matches!(entry.effect, EntryEffect::Create(_));
        let moves_value = !matches!(entry.effect, EntryEffect::Delegate);
        if let EntryEffect::Create(NewCode { hash, file }) = entry.effect {
            if let Some((file, size)) = file {
                journal.put_code(hash, file)?;
                journal.put_code_size(hash, size)?;
            }
            let found = journal.account(&entry.frame.address)?;
            let account = Account { nonce: 1, code: Some(Code::RiscV(hash)), ..found.account };
            journal.set_account(found.id, account)?;
            journal.created(entry.frame.address);
        }
        if moves_value && !entry.frame.value.is_zero() {
            let payer = journal.account(&entry.frame.caller)?.id;
            let payee = journal.account(&entry.frame.address)?.id;
            create::transfer(journal, payer, payee, entry.frame.value)?;
        }
        let address = entry.frame.address;
        let (body, gas) = match entry.program {
            Program::RiscV(module) => {
                session.enter(address, false);
                let context = Context::new(entry.frame, SharedSession::clone(shared));
                let mut instance = self.linker.instantiate(&module, context)?;
                instance.set_gas(gas)?;
                if let Some(interrupt) = &self.interrupt {
                    instance.interrupt_by(interrupt)?;
                }
                if constructor {
                    instance.set_register(Reg::A0, 1);
                }
                (Body::Program(instance), gas)
            }
            #[cfg(feature = "evm")]
            Program::Evm(hash) => {
                let (gas, depth) = (evm::to_ethereum(gas), self.stack.len());
                let start = evm::start_of(session, &entry.frame, &hash, gas, depth)?;
                session.enter(address, true);
                (Body::Bytecode(Box::new(evm::first_frame(session, start))), gas)
            }
        };
        self.stack.push(Level {
            body,
            address,
            creates: constructor,
            gas,
            refund: 0,
            address_at,
            checkpoint,
            instructions: 0,
        });
        Ok(())
    }
}

/// RISC-V gas in units of the program or bytecode that gets it.
fn in_units(program: &Program, gas: u64) -> u64 {
    match program {
        Program::RiscV(_) => gas,
        #[cfg(feature = "evm")]
        Program::Evm(_) => evm::to_ethereum(gas),
    }
}

fn kind(entry: &Entry) -> CallKind {
    match entry.effect {
        EntryEffect::Create(_) => CallKind::Create,
        EntryEffect::Delegate => CallKind::Delegate,
        EntryEffect::Transfer if entry.frame.read_only => CallKind::Static,
        EntryEffect::Transfer => CallKind::Call,
    }
}

/// The outcome of a program that ended, as its caller sees it.
fn end(instance: &mut Instance<Context>, refund: i64, exit: Exit) -> Ended {
    let status = match exit {
        Exit::Done(RETURNED) => Status::Return,
        Exit::Done(_) => Status::Revert,
        Exit::Trap(_) => Status::Trap,
        _ => Status::OutOfGas,
    };
    let output = std::mem::take(&mut instance.data_mut().output);
    let refund = if status == Status::Return { refund } else { 0 };
    Ended { output, refund, ..Ended::silent(status, instance.gas()) }
}

/// Hands a caller what its callee left: gas, output and refunds. A program is then resumed with the
/// status.
fn deliver(caller: &mut Level, callee: &Level, ended: Ended) -> Result<Option<u32>, ExecuteError> {
    match &mut caller.body {
        Body::Program(instance) => {
            if let (Some(at), Status::Return) = (callee.address_at, ended.status) {
                let place = instance.memory_mut().write(at, 20);
                let place = place.expect("the host call checked the range");
                place.copy_from_slice(callee.address.as_bytes());
            }
            let left = match &callee.body {
                Body::Program(_) => ended.gas_left,
                #[cfg(feature = "evm")]
                Body::Bytecode(_) => evm::to_riscv(ended.gas_left),
            };
            instance.set_gas(instance.gas() + left)?;
            instance.data_mut().received = ended.output;
            caller.refund += ended.refund;
            Ok(Some(ended.status as u32))
        }
        #[cfg(feature = "evm")]
        Body::Bytecode(frame) => {
            let gas_left = match &callee.body {
                Body::Program(_) => evm::to_ethereum(ended.gas_left),
                Body::Bytecode(_) => {
                    frame.child_ended();
                    ended.gas_left
                }
            };
            let outcome = bessemer_evm::Outcome {
                end: evm::frame_end(ended.status),
                output: ended.output.into(),
                gas_left,
                refund: ended.refund,
            };
            if callee.creates {
                frame.resume_create(outcome, &evm::theirs(&callee.address));
            } else {
                frame.resume_call(outcome);
            }
            Ok(None)
        }
    }
}

fn explain(level: &Level, depth: u32, trap: Option<Trap>, ended: &Ended) -> Failure {
    let (contract, pc, function) = match &level.body {
        Body::Program(instance) => {
            let pc = instance.pc();
            let function = instance.module().program().symbols().containing(pc);
            (instance.data().frame.code, pc, function.map(|(name, _)| Failure::name(name)))
        }
        #[cfg(feature = "evm")]
        Body::Bytecode(frame) => (level.address, frame.pc() as u32, None),
    };
    let (status, excerpt) = (ended.status, Failure::excerpt(&ended.output));
    Failure { depth, contract, status, trap, pc, function, excerpt }
}

/// Tells an inspector what host calls did since it was last told.
pub(crate) fn tell(session: &mut Session, inspector: &mut Option<&mut dyn Inspector>) {
    if let (Some(observed), Some(inspector)) = (&mut session.observed, inspector) {
        observed.drain(..).for_each(|observation| observation.tell(*inspector));
    }
}

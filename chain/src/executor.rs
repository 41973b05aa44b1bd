//! Runs contracts that call contracts.
//!
//! Each frame is an instance of its own, and the stack of frames is a vector: a call pauses its
//! frame, and the executor enters the callee. Native stack does not grow with the call depth.

use bessemer_isa::{Reg, Trap};
use bessemer_runtime::{Error, Exit, Instance, Linker};

use crate::account::Account;
use crate::create;
use crate::host::{Context, Entry, EntryEffect, RETURNED, Request, Session, SharedSession};
use crate::inspect::{Call, CallKind, End, Inspector};
use crate::journal::{Checkpoint, JournalError};
use crate::receipt::{Failure, Status};

/// The stack of frames of one transaction at a time.
pub(crate) struct Executor {
    linker: Linker<Context>,
    stack: Vec<Level>,
}

/// One frame on the stack.
struct Level {
    instance: Instance<Context>,
    /// The gas that it got.
    gas: u64,
    /// Where its caller wants the address of the contract that it creates.
    address_at: Option<u32>,
    /// Where state returns to if it fails.
    checkpoint: Checkpoint,
    /// How many it executed, if somebody counts.
    instructions: u64,
}

impl Level {
    /// Goes on, with the answer to its host call if it is paused.
    fn go(&mut self, answer: Option<u32>, counting: bool) -> Result<Exit, Error> {
        if counting {
            let (exit, instructions) = self.instance.count(answer)?;
            self.instructions += instructions;
            return Ok(exit);
        }
        match answer {
            None => self.instance.run(),
            Some(status) => self.instance.resume(status),
        }
    }
}

/// How the first frame ended.
pub(crate) struct Ended {
    pub(crate) status: Status,
    pub(crate) output: Vec<u8>,
    pub(crate) gas_left: u64,
}

impl Ended {
    /// An end without output.
    pub(crate) fn silent(status: Status, gas_left: u64) -> Self {
        Self { status, output: Vec::new(), gas_left }
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
    Module(#[from] crate::modules::ModuleError),
}

impl Executor {
    pub(crate) fn new(linker: Linker<Context>) -> Self {
        Self { linker, stack: Vec::new() }
    }

    /// Runs a frame and all that it calls.
    pub(crate) fn run(
        &mut self,
        shared: &SharedSession,
        entry: Entry,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Ended, ExecuteError> {
        // an error or a panic in an earlier run leaves frames behind
        self.stack.clear();
        self.enter(shared, entry, gas, None, inspector)?;
        let mut resume = None;
        let counting = inspector.as_ref().is_some_and(|inspector| inspector.counts());
        loop {
            let level = self.stack.last_mut().expect("the first frame has not ended");
            let exit = level.go(resume.take(), counting)?;
            tell(&mut shared.borrow_mut(), inspector);
            if let Some(Request { entry, gas, address_at }) =
                level.instance.data_mut().request.take()
            {
                self.enter(shared, entry, gas, address_at, inspector)?;
                continue;
            }

            let depth = self.stack.len() as u32;
            let mut level = self.stack.pop().expect("the frame that ended is on the stack");
            let ended = end(&mut level, exit);
            let session = &mut *shared.borrow_mut();
            if ended.status != Status::Return {
                session.journal.revert(level.checkpoint);
                session.diagnosis.note(explain(&level, depth, exit, &ended));
            }
            session.entered.pop();
            if let Some(inspector) = inspector {
                inspector.on_return(&End {
                    depth,
                    status: ended.status,
                    output: &ended.output,
                    gas_used: level.gas - ended.gas_left,
                    instructions: level.instructions,
                });
            }
            let Some(caller) = self.stack.last_mut() else {
                return Ok(ended);
            };
            if let (Some(at), Status::Return) = (level.address_at, ended.status) {
                let address = level.instance.data().frame.address;
                let memory = caller.instance.memory_mut();
                let place = memory.write(at, 20).expect("the host call checked the range");
                place.copy_from_slice(address.as_bytes());
            }
            caller.instance.set_gas(caller.instance.gas() + ended.gas_left)?;
            caller.instance.data_mut().received = ended.output;
            resume = Some(ended.status as u32);
        }
    }

    /// The one way into a frame: moves value, and puts the frame on the stack.
    fn enter(
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
                gas,
            });
        }
        let journal = &mut session.journal;
        if let EntryEffect::Create(hash) = entry.effect {
            let found = journal.account(&entry.frame.address)?;
            let account = Account { nonce: 1, code: Some(hash), ..found.account };
            journal.set_account(found.id, account)?;
            journal.created(entry.frame.address);
        }
        if !matches!(entry.effect, EntryEffect::Delegate) && !entry.frame.value.is_zero() {
            let payer = journal.account(&entry.frame.caller)?.id;
            let payee = journal.account(&entry.frame.address)?.id;
            create::transfer(journal, payer, payee, entry.frame.value)?;
        }
        session.entered.push((entry.frame.address, false));
        let constructor = matches!(entry.effect, EntryEffect::Create(_));
        let context = Context::new(entry.frame, SharedSession::clone(shared));
        let mut instance = self.linker.instantiate(&entry.module, context)?;
        instance.set_gas(gas)?;
        if constructor {
            instance.set_register(Reg::A0, 1);
        }
        self.stack.push(Level { instance, gas, address_at, checkpoint, instructions: 0 });
        Ok(())
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

/// What a caller sees of a frame that ended.
fn end(level: &mut Level, exit: Exit) -> Ended {
    let status = match exit {
        Exit::Done(RETURNED) => Status::Return,
        Exit::Done(_) => Status::Revert,
        Exit::Trap(_) => Status::Trap,
        _ => Status::OutOfGas,
    };
    let output = std::mem::take(&mut level.instance.data_mut().output);
    Ended { output, ..Ended::silent(status, level.instance.gas()) }
}

fn explain(level: &Level, depth: u32, exit: Exit, ended: &Ended) -> Failure {
    let pc = level.instance.pc();
    let trap: Option<Trap> = if let Exit::Trap(trap) = exit { Some(trap) } else { None };
    let function = level.instance.module().program().symbols().containing(pc);
    Failure {
        depth,
        contract: level.instance.data().frame.code,
        status: ended.status,
        trap,
        pc,
        function: function.map(|(name, _)| Failure::name(name)),
        excerpt: Failure::excerpt(&ended.output),
    }
}

/// Tells an inspector what host calls did since it was last told.
fn tell(session: &mut Session, inspector: &mut Option<&mut dyn Inspector>) {
    if let (Some(observed), Some(inspector)) = (&mut session.observed, inspector) {
        observed.drain(..).for_each(|observation| observation.tell(*inspector));
    }
}

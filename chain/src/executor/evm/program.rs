//! Requests of EVM frames and Ethereum transactions to create a RISC-V contract.

use std::sync::Arc;

use bessemer_abi::limits::CALL_DEPTH;
use bessemer_evm::interpreter::{CreateInputs, CreateScheme};
use bessemer_evm::{FrameEnd, Outcome};
use bessemer_image::{self as image, CodeHash};
use bessemer_runtime::Module;
use bessemer_types::{Address, revert};

use super::calls::Next;
use crate::bytecode::{Initcode, Malformed, Source, ours, to_ethereum, to_riscv};
use crate::create;
use crate::executor::ExecuteError;
use crate::host::{Entry, EntryEffect, Frame, NewCode, NewFile, Program, Session};
use crate::modules::{ModuleError, Modules};
use crate::size::CodeSize;

/// The program of the contract, before it is loaded.
enum Found {
    /// The state has its file, or not.
    Stored(CodeHash),
    /// Its file came with the initcode, and was parsed to be checked.
    Parsed(Box<image::Program>, CodeSize, Arc<[u8]>),
}

/// Why nothing runs.
enum Stop {
    /// The gas does not suffice.
    OutOfGas,
    /// A rule forbids it. The reason is revert data; what people read besides may say more.
    Refused { reason: String, explained: Option<String>, gas_left: u64 },
}

/// A creation by initcode that is no bytecode, with so many frames below it. A file is paid for before
/// it is looked at, and a frame before its code is loaded. What a rule forbids reverts with a reason.
pub(super) fn begin_create(
    session: &mut Session,
    inputs: &CreateInputs,
    initcode: Result<Initcode<'_>, Malformed>,
    depth: usize,
    nonce: u64,
) -> Result<(Next, Address), ExecuteError> {
    if session.riscv_frames() >= CALL_DEPTH as usize {
        return Ok((Next::Outcome(Outcome::refused(inputs.gas_limit())), Address::ZERO));
    }
    let mut address = ours(&inputs.created_address(nonce));
    let next = match prepare(session, inputs, initcode, nonce, &mut address)? {
        Ok((entry, gas)) => Next::RiscV { entry: Box::new(entry), gas },
        Err(Stop::OutOfGas) => Next::Outcome(Outcome::failed(FrameEnd::OutOfGas)),
        Err(Stop::Refused { reason, explained, gas_left }) => {
            let explained = explained.unwrap_or_else(|| reason.clone());
            if depth == 0 {
                session.diagnosis.refuse(explained);
            } else {
                let line = format!("creation refused: {explained}");
                session.log(ours(&inputs.caller()), line.as_bytes());
            }
            Next::Outcome(Outcome {
                end: FrameEnd::Revert,
                output: revert::error(&reason).into(),
                gas_left: to_ethereum(gas_left),
                refund: 0,
            })
        }
    };
    Ok((next, address))
}

/// The frame of the constructor with its gas, and the address of the contract.
fn prepare(
    session: &mut Session,
    inputs: &CreateInputs,
    initcode: Result<Initcode<'_>, Malformed>,
    nonce: u64,
    address: &mut Address,
) -> Result<Result<(Entry, u64), Stop>, ExecuteError> {
    let gas = to_riscv(inputs.gas_limit());
    let refused =
        |reason: String, gas_left| Ok(Err(Stop::Refused { reason, explained: None, gas_left }));
    let Initcode { source, input } = match initcode {
        Ok(initcode) => initcode,
        Err(malformed) => return refused(malformed.to_string(), gas),
    };
    let (found, gas) = match find(session, source, gas) {
        Ok(found) => found,
        Err(stop) => return Ok(Err(stop)),
    };
    let hash = found.hash();
    let creator = ours(&inputs.caller());
    *address = match inputs.scheme() {
        CreateScheme::Create2 { salt } => {
            create::address_by_salt(&creator, &salt.to_be_bytes(), &hash)
        }
        _ => create::address_by_nonce(&creator, nonce),
    };
    let account = session.journal.account(address)?;
    session.journal.warm_account(account.id);
    if matches!(found, Found::Stored(_)) && !session.journal.has_code(&hash)? {
        return refused(format!("no file with the hash {hash} was uploaded"), gas);
    }
    if create::is_occupied(&account.account) || session.journal.has_storage(address)? {
        return refused(format!("an account is at {address} already"), gas);
    }
    let price = session.prices.new_account + found.entry_price(session)?;
    let Some(gas) = gas.checked_sub(price) else { return Ok(Err(Stop::OutOfGas)) };
    let (module, file) = found.load(session)?;
    let frame = Frame {
        address: *address,
        code: *address,
        caller: creator,
        value: inputs.value(),
        input: input.to_vec(),
        read_only: false,
    };
    let effect = EntryEffect::Create(NewCode { hash, file });
    Ok(Ok((Entry { program: Program::RiscV(module), frame, effect }, gas)))
}

/// Finds out which program it is, and what gas is left then: the bytes of a file are paid for as
/// `upload` pays for them, and only then it is parsed and hashed.
fn find(session: &Session, source: Source<'_>, gas: u64) -> Result<(Found, u64), Stop> {
    let file = match source {
        Source::Stored(hash) => return Ok((Found::Stored(hash), gas)),
        Source::File(file) => file,
    };
    let price = session.prices.code_byte.saturating_mul(file.len() as u64);
    let gas = gas.checked_sub(price).ok_or(Stop::OutOfGas)?;
    match Modules::check(file) {
        Ok((program, size)) => Ok((Found::Parsed(Box::new(program), size, file.into()), gas)),
        Err(error) => Err(Stop::Refused {
            // sentences of the loader are not part of consensus, and names of its rules are
            reason: format!("the file is not a contract ({})", error.rule()),
            explained: Some(format!("the file is not a contract: {error}")),
            gas_left: gas,
        }),
    }
}

impl Found {
    fn hash(&self) -> CodeHash {
        match self {
            Self::Stored(hash) => *hash,
            Self::Parsed(program, ..) => program.code_hash(),
        }
    }

    fn entry_price(&self, session: &mut Session) -> Result<u64, ModuleError> {
        match self {
            Self::Stored(hash) => Modules::entry_price(hash, &session.prices, &mut session.journal),
            Self::Parsed(_, size, _) => Ok(size.entry_price(&session.prices)),
        }
    }

    /// The module, and the file if it is still to be stored.
    fn load(self, session: &mut Session) -> Result<(Module, Option<NewFile>), ModuleError> {
        match self {
            Self::Stored(hash) => Ok((session.modules.of(&hash, &mut session.journal)?, None)),
            Self::Parsed(program, size, file) => {
                Ok((session.modules.of_program(*program, &file)?, Some((file, size))))
            }
        }
    }
}

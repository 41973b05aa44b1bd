//! Requests of EVM frames to call or create. Each becomes a frame, or has an outcome at once.

use bessemer_abi::limits::CALL_DEPTH;
use bessemer_evm::alloy_primitives::Bytes;
use bessemer_evm::interpreter::bytecode::Bytecode;
use bessemer_evm::interpreter::{
    CallInputs, CallScheme, CallValue, CreateInputs, CreateScheme, SharedMemory,
};
use bessemer_evm::{Fork, Frame as EvmFrame, FrameEnd, Outcome, Start};
use bessemer_image::CodeHash;
use bessemer_types::{Address, U256};

use super::program;
use crate::account::{Account, Code};
use crate::bytecode::{DEPTH, Initcode, ours, theirs, to_riscv};
use crate::create;
use crate::executor::ExecuteError;
use crate::host::{Entry, EntryEffect, Frame, Program, Session};
use crate::journal::{Checkpoint, JournalError};
use crate::modules::Modules;

/// The result of preparing a call or a creation.
pub(crate) enum Next {
    /// No frame runs; this is the outcome.
    Outcome(Outcome),
    /// An EVM frame runs; state has been changed for it since the checkpoint.
    Evm { start: Box<Start>, checkpoint: Checkpoint },
    /// A RISC-V frame runs, with this RISC-V gas; nothing has been changed for it.
    RiscV { entry: Box<Entry>, gas: u64 },
}

/// A call by an EVM frame, or of an Ethereum transaction, with so many frames below it.
///
/// `input` gives the calldata, where it is needed as bytes of their own.
pub(crate) fn begin_call(
    session: &mut Session,
    inputs: CallInputs,
    depth: usize,
    input: &dyn Fn(&CallInputs) -> Vec<u8>,
) -> Result<Next, ExecuteError> {
    let gas = inputs.gas_limit;
    if depth > DEPTH {
        return Ok(Next::Outcome(Outcome::refused(gas)));
    }
    let code_at = ours(&inputs.bytecode_address);
    let built_in = session.evm.rules.precompiles.contains(&inputs.bytecode_address);
    let found = session.journal.account(&code_at)?.account;
    if !built_in && is_riscv(session, &inputs, &found)? {
        return riscv_call(session, &inputs, &found, input);
    }

    let checkpoint = session.journal.checkpoint();
    if let CallValue::Transfer(value) = inputs.value {
        let (from, to) = (ours(&inputs.caller), ours(&inputs.target_address));
        match transfer(session, &from, &to, value)? {
            Transfer::Done => {}
            Transfer::Funds => return Ok(Next::Outcome(Outcome::refused(gas))),
            Transfer::Overflow => return Ok(Next::Outcome(Outcome::failed(FrameEnd::Halt))),
        }
    }
    if built_in {
        let data = input(&inputs);
        let outcome = session.evm.rules.precompiles.call(&inputs.bytecode_address, &data, gas);
        let outcome = outcome.unwrap_or(Outcome::nothing(gas));
        if outcome.end != FrameEnd::Return {
            session.journal.revert(checkpoint);
        }
        return Ok(Next::Outcome(outcome));
    }
    let (hash, bytecode) = inputs.known_bytecode;
    if bytecode.is_empty() {
        return Ok(Next::Outcome(Outcome::nothing(gas)));
    }
    let start = Start {
        bytecode,
        hash: Some(hash),
        target: inputs.target_address,
        code: Some(inputs.bytecode_address),
        caller: inputs.caller,
        value: inputs.value.get(),
        input: inputs.input,
        gas,
        is_static: inputs.is_static,
        depth,
    };
    Ok(Next::Evm { start: Box::new(start), checkpoint })
}

/// Whether the call would run a RISC-V program: that of the account, or of one to which it delegates.
fn is_riscv(
    session: &mut Session,
    inputs: &CallInputs,
    account: &Account,
) -> Result<bool, ExecuteError> {
    match account.code {
        None => Ok(false),
        Some(Code::RiscV(_)) => Ok(true),
        // the interpreter has looked up the code, and what it delegates to
        Some(Code::Evm(hash)) if inputs.known_bytecode.0 == *hash.as_bytes() => Ok(false),
        Some(Code::Evm(hash)) => {
            let Session { evm, journal, .. } = session;
            Ok(evm.runs_program(journal, &hash)?)
        }
    }
}

/// A call by which a RISC-V program would run.
fn riscv_call(
    session: &mut Session,
    inputs: &CallInputs,
    found: &Account,
    input: &dyn Fn(&CallInputs) -> Vec<u8>,
) -> Result<Next, ExecuteError> {
    let refused = Ok(Next::Outcome(Outcome::refused(inputs.gas_limit)));
    // code of the other kind does not run on the state of this account
    let is_call = matches!(inputs.scheme, CallScheme::Call | CallScheme::StaticCall);
    let Some(hash) = found.program().filter(|_| is_call) else { return refused };
    let (from, to) = (ours(&inputs.caller), ours(&inputs.target_address));
    if session.is_closed(&to) || session.riscv_frames() >= CALL_DEPTH as usize {
        return refused;
    }
    let value = inputs.value.transfer().unwrap_or_default();
    if session.journal.account(&from)?.account.balance < value {
        return refused;
    }
    let price = Modules::entry_price(&hash, &session.prices, &mut session.journal)?;
    let Some(gas) = to_riscv(inputs.gas_limit).checked_sub(price) else {
        return Ok(Next::Outcome(Outcome::failed(FrameEnd::OutOfGas)));
    };
    let module = session.modules.of(&hash, &mut session.journal)?;
    let entry = Entry {
        program: Program::RiscV(module),
        frame: Frame {
            address: to,
            code: to,
            caller: from,
            value,
            input: input(inputs),
            read_only: inputs.is_static,
        },
        effect: EntryEffect::Transfer,
    };
    Ok(Next::RiscV { entry: Box::new(entry), gas })
}

/// The address of the contract that a transaction creates.
pub(crate) fn address_of(inputs: &CreateInputs, nonce: u64) -> Address {
    create::address_by_nonce(&ours(&inputs.caller()), nonce)
}

/// A contract is to be created by an EVM frame, or by an Ethereum transaction (whose nonce is used
/// already), with so many frames below it.
pub(crate) fn begin_create(
    session: &mut Session,
    inputs: &CreateInputs,
    depth: usize,
    used_nonce: Option<u64>,
) -> Result<(Next, Address), ExecuteError> {
    let gas = inputs.gas_limit();
    let creator = ours(&inputs.caller());
    let outcome = |outcome| Ok((Next::Outcome(outcome), Address::ZERO));
    if depth > DEPTH {
        return outcome(Outcome::refused(gas));
    }
    let own = session.journal.account(&creator)?;
    if own.account.balance < inputs.value() {
        return outcome(Outcome::refused(gas));
    }
    let nonce = match used_nonce {
        Some(nonce) => nonce,
        None => {
            let nonce = own.account.nonce;
            let Some(next) = nonce.checked_add(1) else { return outcome(Outcome::refused(gas)) };
            session.journal.set_account(own.id, Account { nonce: next, ..own.account })?;
            nonce
        }
    };
    if let Some(initcode) = Initcode::parse(inputs.init_code()) {
        return program::begin_create(session, inputs, initcode, depth, nonce);
    }

    let created = inputs.created_address(nonce);
    let address = ours(&created);
    let found = session.journal.account(&address)?;
    session.journal.warm_account(found.id);
    let checkpoint = session.journal.checkpoint();
    if create::is_occupied(&found.account) || session.journal.has_storage(&address)? {
        return Ok((Next::Outcome(Outcome::failed(FrameEnd::Halt)), address));
    }
    let first = u64::from(session.evm.rules.has(Fork::SpuriousDragon));
    session.journal.set_account(found.id, Account { nonce: first, ..found.account })?;
    session.journal.created(address);
    if let Transfer::Overflow = transfer(session, &creator, &address, inputs.value())? {
        session.journal.revert(checkpoint);
        return Ok((Next::Outcome(Outcome::failed(FrameEnd::Halt)), address));
    }
    let hash = match inputs.scheme() {
        CreateScheme::Create2 { .. } => Some(inputs.init_code_hash()),
        _ => None,
    };
    let start = Start {
        bytecode: Bytecode::new_legacy(inputs.init_code().clone()),
        hash,
        target: created,
        code: None,
        caller: inputs.caller(),
        value: inputs.value(),
        input: Default::default(),
        gas,
        is_static: false,
        depth,
    };
    Ok((Next::Evm { start: Box::new(start), checkpoint }, address))
}

/// Stores what the constructor of an EVM contract returned as its code.
pub(crate) fn store_code(
    session: &mut Session,
    contract: &Address,
    code: &Bytes,
) -> Result<(), JournalError> {
    if code.is_empty() {
        return Ok(());
    }
    let hash = CodeHash::of(code);
    session.journal.put_bytecode(hash, code.to_vec().into())?;
    let found = session.journal.account(contract)?;
    let account = Account { code: Some(Code::Evm(hash)), ..found.account };
    session.journal.set_account(found.id, account)
}

enum Transfer {
    Done,
    /// The payer has too little.
    Funds,
    /// The payee would have more than 256 bits hold.
    Overflow,
}

/// Moves value. An account that gets nothing is touched all the same.
fn transfer(
    session: &mut Session,
    from: &Address,
    to: &Address,
    value: U256,
) -> Result<Transfer, JournalError> {
    let journal = &mut session.journal;
    let payee = journal.account(to)?;
    if value.is_zero() {
        if payee.account.is_empty() {
            journal.set_account(payee.id, payee.account)?;
        }
        return Ok(Transfer::Done);
    }
    let payer = journal.account(from)?;
    let Some(rest) = payer.account.balance.checked_sub(value) else { return Ok(Transfer::Funds) };
    if from == to {
        return Ok(Transfer::Done);
    }
    let Some(sum) = payee.account.balance.checked_add(value) else {
        return Ok(Transfer::Overflow);
    };
    journal.set_account(payer.id, Account { balance: rest, ..payer.account })?;
    journal.set_account(payee.id, Account { balance: sum, ..payee.account })?;
    Ok(Transfer::Done)
}

/// An EVM frame that a RISC-V frame or a native transaction calls: on a memory of its own.
pub(crate) fn first_frame(session: &Session, start: Start) -> EvmFrame {
    EvmFrame::new(&session.evm.rules, SharedMemory::new(), start)
}

/// The EVM frame by which a RISC-V frame calls a contract.
pub(crate) fn start_of(
    session: &mut Session,
    frame: &Frame,
    hash: &CodeHash,
    gas: u64,
    depth: usize,
) -> Result<Start, ExecuteError> {
    let Session { evm, journal, .. } = session;
    let mut code = (*hash, evm.codes.of(&evm.rules, hash, journal)?);
    if let Some(target) = code.1.eip7702_address() {
        let target = journal.account(&ours(&target))?.account;
        code = match target.code {
            Some(Code::Evm(hash)) => (hash, evm.codes.of(&evm.rules, &hash, journal)?),
            _ => (CodeHash::of(b""), Bytecode::new()),
        };
    }
    Ok(Start {
        bytecode: code.1,
        hash: Some((*code.0.as_bytes()).into()),
        target: theirs(&frame.address),
        code: Some(theirs(&frame.code)),
        caller: theirs(&frame.caller),
        value: frame.value,
        input: bessemer_evm::interpreter::CallInput::Bytes(Bytes::copy_from_slice(&frame.input)),
        gas,
        is_static: frame.read_only,
        depth,
    })
}

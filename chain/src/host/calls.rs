//! Calls of other contracts, and new contracts.
//!
//! The price of a call beyond its row is paid in step 5, in this order: its bytes and the first
//! access to the account; then refusals, which are codes; then the callee's frame entry, by
//! whichever call enters it. Everything that runs is entered by [`Entry`].

use std::sync::Arc;

use bessemer_abi::codes::status;
use bessemer_abi::limits::CALL_DEPTH;
use bessemer_image::CodeHash;
use bessemer_isa::TrapKind;
use bessemer_runtime::{HostResult, HostStop, Module};
use bessemer_types::{Address, U256};

use super::environment::access;
use super::{Frame, Service};
use crate::account::{Account, Code};
use crate::create;
use crate::journal::AccountId;
use crate::modules::Modules;
use crate::size::CodeSize;

/// The most frames of both kinds at once: as many as Ethereum allows.
const FRAMES: usize = 1025;

/// The request of a paused frame.
pub(crate) struct Request {
    pub(crate) entry: Entry,
    /// Gas for the callee, taken from the caller.
    pub(crate) gas: u64,
    /// Where the caller wants the address of the new contract.
    pub(crate) address_at: Option<u32>,
}

/// A frame to enter.
pub(crate) struct Entry {
    pub(crate) program: Program,
    pub(crate) frame: Frame,
    pub(crate) effect: EntryEffect,
}

/// The program or bytecode of a frame.
pub(crate) enum Program {
    /// A RISC-V program.
    RiscV(Module),
    /// The EVM bytecode with this hash.
    #[cfg(feature = "evm")]
    Evm(CodeHash),
}

/// The change of state on entering a frame, before the first instruction; undone if the frame fails.
#[derive(Clone, Debug)]
pub(crate) enum EntryEffect {
    /// The value moves from the caller.
    Transfer,
    /// The caller's code goes on elsewhere: nothing moves.
    Delegate,
    /// The contract comes into being, and the value moves to it.
    Create(NewCode),
}

/// The code of a contract that comes into being.
#[derive(Clone, Debug)]
pub(crate) struct NewCode {
    pub(crate) hash: CodeHash,
    /// Its file, unless the state has it.
    pub(crate) file: Option<NewFile>,
}

/// A file that the state is to have, and its sizes.
pub(crate) type NewFile = (Arc<[u8]>, CodeSize);

/// Step 3 of all calls: no more frames than may exist at once.
pub(super) fn depth(service: &mut Service<'_>) -> HostResult<Option<u32>> {
    let session = &service.session;
    if session.riscv_frames() < CALL_DEPTH as usize && session.entered.len() < FRAMES {
        return Ok(None);
    }
    refuse(service, status::DEPTH).map(Some)
}

/// Step 3 of both ways to create.
pub(super) fn may_create(service: &mut Service<'_>) -> HostResult<Option<u32>> {
    service.session.may_create()?;
    depth(service)
}

pub(super) fn call(service: &mut Service<'_>) -> HostResult<u32> {
    let value = service.amount(1)?;
    if !value.is_zero() && service.context().frame.read_only {
        return Err(HostStop::Trap(TrapKind::StaticViolation, None));
    }
    let (to, requested) = (service.address(0)?, service.wide(3));
    let read_only = service.context().frame.read_only;
    if !value.is_zero() {
        may_transfer(service, &to)?;
    }
    let (id, callee) = access(service, &to)?;
    if !value.is_zero() && callee.is_empty() {
        let price = service.session.prices.new_account;
        service.pay(price)?;
    }
    let from = service.context().frame.address;
    if service.session.is_closed(&to) {
        return refuse(service, status::REENTRY);
    }
    if own_account(service)?.1.balance < value {
        return refuse(service, status::BALANCE);
    }
    let Some(code) = callee.code else {
        if service.len(2) != 0 {
            return refuse(service, status::NO_CODE);
        }
        service.context_mut().received.clear();
        let journal = &mut service.session.journal;
        let payer = journal.account(&from)?.id;
        create::transfer(journal, payer, id, value)?;
        return Ok(status::RETURN);
    };
    let Some(program) = enter(service, &code)? else { return refuse(service, status::KIND) };
    let input = service.bytes(2)?.to_vec();
    let effect = EntryEffect::Transfer;
    let entry = Entry {
        program,
        frame: Frame { address: to, code: to, caller: from, value, input, read_only },
        effect,
    };
    pause(service, entry, requested, None)
}

pub(super) fn static_call(service: &mut Service<'_>) -> HostResult<u32> {
    let (to, requested) = (service.address(0)?, service.wide(2));
    let (_, callee) = access(service, &to)?;
    if service.session.is_closed(&to) {
        return refuse(service, status::REENTRY);
    }
    let Some(code) = callee.code else { return refuse(service, status::NO_CODE) };
    let Some(program) = enter(service, &code)? else { return refuse(service, status::KIND) };
    let input = service.bytes(1)?.to_vec();
    let caller = service.context().frame.address;
    let (value, effect) = (U256::ZERO, EntryEffect::Transfer);
    let entry = Entry {
        program,
        frame: Frame { address: to, code: to, caller, value, input, read_only: true },
        effect,
    };
    pause(service, entry, requested, None)
}

pub(super) fn delegate_call(service: &mut Service<'_>) -> HostResult<u32> {
    let (to, requested) = (service.address(0)?, service.wide(2));
    let (_, callee) = access(service, &to)?;
    let Some(code) = callee.code else { return refuse(service, status::NO_CODE) };
    // code of the other kind does not run on the state of this account
    let (Code::RiscV(_), Some(program)) = (code, enter(service, &code)?) else {
        return refuse(service, status::KIND);
    };
    let input = service.bytes(1)?.to_vec();
    let frame = &service.context().frame;
    let entry = Entry {
        program,
        frame: Frame {
            address: frame.address,
            code: to,
            caller: frame.caller,
            value: frame.value,
            input,
            read_only: frame.read_only,
        },
        effect: EntryEffect::Delegate,
    };
    pause(service, entry, requested, None)
}

pub(super) fn upload(service: &mut Service<'_>) -> HostResult<u32> {
    let bytes = u64::from(service.len(0));
    let price = service.session.prices.code_byte;
    service.pay(bytes.saturating_mul(price))?;
    let code = service.bytes(0)?.to_vec();
    let (hash, size) = match Modules::check(&code) {
        Ok((program, size)) => (program.code_hash(), size),
        Err(error) => {
            let (frame, session) = service.parts();
            session.log(frame.address, format!("upload rejected: {error}").as_bytes());
            return Ok(status::REJECTED);
        }
    };
    let journal = &mut service.session.journal;
    journal.put_code(hash, code.into())?;
    journal.put_code_size(hash, size)?;
    service.put(1, hash.as_bytes())?;
    Ok(0)
}

pub(super) fn create(service: &mut Service<'_>) -> HostResult<u32> {
    let creator = service.context().frame.address;
    let nonce = own_account(service)?.1.nonce;
    let hash = CodeHash::from_bytes(service.array(0)?);
    begin_create(service, hash, create::address_by_nonce(&creator, nonce), 3)
}

pub(super) fn create2(service: &mut Service<'_>) -> HostResult<u32> {
    let creator = service.context().frame.address;
    let hash = CodeHash::from_bytes(service.array(0)?);
    let salt = service.array(3)?;
    begin_create(service, hash, create::address_by_salt(&creator, &salt, &hash), 4)
}

/// The common part of both ways to create; the arguments in front are the same.
fn begin_create(
    service: &mut Service<'_>,
    hash: CodeHash,
    address: Address,
    address_index: usize,
) -> HostResult<u32> {
    let value = service.amount(1)?;
    may_transfer(service, &address)?;
    let is_known = service.session.journal.has_code(&hash)?;
    let (_, found) = access(service, &address)?;
    let price = service.session.prices.new_account;
    service.pay(price)?;
    let (own_id, own) = own_account(service)?;
    if own.balance < value {
        return refuse(service, status::BALANCE);
    }
    let Some(nonce) = own.nonce.checked_add(1) else { return refuse(service, status::NONCE) };
    if !is_known {
        return refuse(service, status::UNKNOWN_CODE);
    }
    if create::is_occupied(&found) {
        return refuse(service, status::OCCUPIED);
    }
    let Some(program) = enter(service, &Code::RiscV(hash))? else {
        return refuse(service, status::KIND);
    };
    let input = service.bytes(2)?.to_vec();
    let address_at = Some(service.number(address_index));
    // the nonce stays used also if the constructor fails: no address is tried twice
    let journal = &mut service.session.journal;
    journal.set_account(own_id, Account { nonce, ..own })?;
    let caller = service.context().frame.address;
    let effect = EntryEffect::Create(NewCode { hash, file: None });
    let entry = Entry {
        program,
        frame: Frame { address, code: address, caller, value, input, read_only: false },
        effect,
    };
    pause(service, entry, u64::MAX, address_at)
}

/// End of step 4: both accounts were declared to change.
fn may_transfer(service: &mut Service<'_>, to: &Address) -> HostResult<()> {
    let (frame, session) = service.parts();
    for address in [&frame.address, to] {
        let id = session.journal.account(address)?.id;
        session.journal.may_set_account(id)?;
    }
    Ok(())
}

/// The account whose state the frame uses.
fn own_account(service: &mut Service<'_>) -> HostResult<(AccountId, Account)> {
    let (frame, session) = service.parts();
    let entry = session.journal.account(&frame.address)?;
    Ok((entry.id, entry.account))
}

/// Pays for the pages that a frame starts with and for loading its code, and then loads it. `None` for
/// bytecode that delegates to a program, and for bytecode on a chain without the EVM.
fn enter(service: &mut Service<'_>, code: &Code) -> HostResult<Option<Program>> {
    match code {
        Code::RiscV(hash) => {
            let session = &mut *service.session;
            let price = Modules::entry_price(hash, &session.prices, &mut session.journal)?;
            service.charge(price)?;
            let session = &mut *service.session;
            let module = session.modules.of(hash, &mut session.journal)?;
            Ok(Some(Program::RiscV(module)))
        }
        #[cfg(feature = "evm")]
        Code::Evm(hash) => {
            let super::Session { evm, journal, .. } = &mut *service.session;
            let is_bytecode = !evm.runs_program(journal, hash)?;
            Ok(is_bytecode.then_some(Program::Evm(*hash)))
        }
        #[cfg(not(feature = "evm"))]
        Code::Evm(_) => Ok(None),
    }
}

/// No frame runs: the code says why.
fn refuse(service: &mut Service<'_>, code: u32) -> HostResult<u32> {
    service.context_mut().received.clear();
    Ok(code)
}

/// Takes the callee's gas from the caller, and lets the executor go on.
fn pause(
    service: &mut Service<'_>,
    entry: Entry,
    requested: u64,
    address_at: Option<u32>,
) -> HostResult<u32> {
    let left = service.gas();
    let gas = requested.min(left - left / 64);
    #[cfg(feature = "evm")]
    let gas = if let Program::Evm(_) = entry.program { crate::bytecode::whole(gas) } else { gas };
    service.charge(gas)?;
    service.context_mut().request = Some(Request { entry, gas, address_at });
    Err(HostStop::Pause)
}

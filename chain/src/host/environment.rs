//! Host calls for caller, accounts and block.

use bessemer_abi::codes::ABSENT;
use bessemer_runtime::{HostResult, HostStop};
use bessemer_types::Address;

use super::Service;
use crate::account::Account;
use crate::journal::AccountId;

pub(super) fn gas_left(service: &mut Service<'_>) -> HostResult<u32> {
    let gas = service.gas();
    service.put(0, &gas.to_le_bytes())?;
    Ok(0)
}

pub(super) fn allow_reentry(service: &mut Service<'_>) -> HostResult<u32> {
    let allow = service.number(0) != 0;
    let entered = &mut service.session.entered;
    let (_, open) = entered.last_mut().expect("the running frame is entered");
    Ok(u32::from(std::mem::replace(open, allow)))
}

pub(super) fn caller(service: &mut Service<'_>) -> HostResult<u32> {
    let address = service.context().frame.caller;
    put(service, address.as_bytes())
}

pub(super) fn origin(service: &mut Service<'_>) -> HostResult<u32> {
    let address = service.session.origin;
    put(service, address.as_bytes())
}

pub(super) fn own_address(service: &mut Service<'_>) -> HostResult<u32> {
    let address = service.context().frame.address;
    put(service, address.as_bytes())
}

pub(super) fn value(service: &mut Service<'_>) -> HostResult<u32> {
    let value = service.context().frame.value;
    put(service, &value.to_le_bytes::<32>())
}

pub(super) fn block_number(service: &mut Service<'_>) -> HostResult<u32> {
    let height = service.session.block.height;
    put(service, &height.to_le_bytes())
}

pub(super) fn timestamp(service: &mut Service<'_>) -> HostResult<u32> {
    let seconds = service.session.block.timestamp;
    put(service, &seconds.to_le_bytes())
}

pub(super) fn chain_id(service: &mut Service<'_>) -> HostResult<u32> {
    let id = service.session.block.chain_id;
    put(service, &id.to_le_bytes())
}

pub(super) fn balance(service: &mut Service<'_>) -> HostResult<u32> {
    let address = service.address(0)?;
    let (_, account) = access(service, &address)?;
    service.put(1, &account.balance.to_le_bytes::<32>())?;
    Ok(0)
}

pub(super) fn code_hash(service: &mut Service<'_>) -> HostResult<u32> {
    let address = service.address(0)?;
    let (_, account) = access(service, &address)?;
    let Some(code) = account.code else { return Ok(ABSENT) };
    put_at(service, 1, code.hash().as_bytes())
}

/// Looks an account up. Pays for the call, and for the first access if this is it.
pub(super) fn access(
    service: &mut Service<'_>,
    address: &Address,
) -> HostResult<(AccountId, Account)> {
    let session = &mut *service.session;
    let entry = session.journal.account(address)?;
    let price = if entry.warm { 0 } else { session.prices.cold_account };
    service.pay(price)?;
    service.session.journal.touch_account(entry.id);
    Ok((entry.id, entry.account))
}

fn put(service: &mut Service<'_>, bytes: &[u8]) -> Result<u32, HostStop> {
    put_at(service, 0, bytes)
}

fn put_at(service: &mut Service<'_>, index: usize, bytes: &[u8]) -> Result<u32, HostStop> {
    service.put(index, bytes)?;
    Ok(0)
}

//! Host calls for storage, events and the debug log.

use bessemer_abi::codes::ABSENT;
use bessemer_isa::TrapKind;
use bessemer_runtime::{HostResult, HostStop};

use super::Service;
use crate::event::Event;
use crate::inspect::Observation;
use crate::journal::SlotId;
use crate::key::StorageKey;
use crate::value::Value;

/// Step 3 of all writes: a transaction has a bounded number of them.
pub(super) fn may_write(service: &mut Service<'_>) -> HostResult<Option<u32>> {
    service.session.may_write()?;
    Ok(None)
}

pub(super) fn get(service: &mut Service<'_>) -> HostResult<u32> {
    let id = access(service)?;
    let len = service.session.journal.value(id).map(|value| value.len() as u32);
    let Some(len) = len else { return Ok(ABSENT) };
    service.put_from(1, |_, session| session.journal.value(id).unwrap_or_default())?;
    Ok(len)
}

pub(super) fn set(service: &mut Service<'_>) -> HostResult<u32> {
    let key = key(service)?;
    let (key_len, len) = (u64::from(service.len(0)), u64::from(service.len(1)));
    let (frame, session) = service.parts();
    let entry = session.journal.storage(&frame.address, &key)?;
    let prices = &session.prices;
    let cold = if entry.warm { 0 } else { prices.cold_storage };
    let grown = match entry.value {
        Some(old) => len.saturating_sub(old.len() as u64) * prices.state_byte,
        None => prices.new_value + (key_len + len) * prices.state_byte,
    };
    let id = entry.id;
    session.journal.may_set(id)?;
    service.pay(cold + grown)?;
    let value = Value::from(service.bytes(1)?);
    observe_write(service, key, Some(&value));
    let session = &mut *service.session;
    session.journal.touch(id);
    session.journal.set(id, Some(value))?;
    Ok(0)
}

pub(super) fn remove(service: &mut Service<'_>) -> HostResult<u32> {
    let key = key(service)?;
    let (frame, session) = service.parts();
    let entry = session.journal.storage(&frame.address, &key)?;
    let (id, present) = (entry.id, entry.value.is_some());
    let cold = if entry.warm { 0 } else { session.prices.cold_storage };
    session.journal.may_set(id)?;
    service.pay(cold)?;
    observe_write(service, key, None);
    let session = &mut *service.session;
    session.journal.touch(id);
    session.journal.set(id, None)?;
    Ok(u32::from(present))
}

pub(super) fn transient_get(service: &mut Service<'_>) -> HostResult<u32> {
    let key = key(service)?;
    service.pay(0)?;
    let address = service.context().frame.address;
    let value = service.session.journal.transient(&address, &key);
    let Some(len) = value.map(|value| value.len() as u32) else { return Ok(ABSENT) };
    service
        .put_from(1, |_, session| session.journal.transient(&address, &key).unwrap_or_default())?;
    Ok(len)
}

pub(super) fn transient_set(service: &mut Service<'_>) -> HostResult<u32> {
    let key = key(service)?;
    service.pay(0)?;
    let value = Value::from(service.bytes(1)?);
    let (frame, session) = service.parts();
    session.journal.set_transient(&frame.address, &key, Some(value));
    Ok(0)
}

pub(super) fn transient_remove(service: &mut Service<'_>) -> HostResult<u32> {
    let key = key(service)?;
    service.pay(0)?;
    let (frame, session) = service.parts();
    let present = session.journal.transient(&frame.address, &key).is_some();
    session.journal.set_transient(&frame.address, &key, None);
    Ok(u32::from(present))
}

/// Step 3 of an event: the caps of the transaction.
pub(super) fn may_emit(service: &mut Service<'_>) -> HostResult<Option<u32>> {
    let bytes = service.len(0) + service.len(1);
    service.session.may_emit(bytes)?;
    Ok(None)
}

pub(super) fn emit(service: &mut Service<'_>) -> HostResult<u32> {
    let bytes = u64::from(service.len(0) + service.len(1));
    service.pay(bytes * service.session.prices.receipt_byte)?;
    let (topics, _) = service.bytes(0)?.as_chunks::<32>();
    let topics = topics.to_vec();
    let data = service.bytes(1)?.to_vec();
    let (frame, session) = service.parts();
    let event = Event { address: frame.address, topics, data };
    session.observe(|| Observation::Event(event.clone()));
    session.journal.emit(event);
    Ok(0)
}

pub(super) fn log(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let text = service.bytes(0)?.to_vec();
    let (frame, session) = service.parts();
    session.log(frame.address, &text);
    Ok(0)
}

fn key(service: &mut Service<'_>) -> HostResult<StorageKey> {
    let key = StorageKey::new(service.bytes(0)?);
    // the cap of the row is the cap of keys
    key.map_err(|_| HostStop::Trap(TrapKind::HostLimit, None))
}

/// Looks a value up. Pays for the call, and for the first access if this is it.
fn access(service: &mut Service<'_>) -> HostResult<SlotId> {
    let key = key(service)?;
    let (frame, session) = service.parts();
    let entry = session.journal.storage(&frame.address, &key)?;
    let id = entry.id;
    let cold = if entry.warm { 0 } else { session.prices.cold_storage };
    service.pay(cold)?;
    service.session.journal.touch(id);
    Ok(id)
}

fn observe_write(service: &mut Service<'_>, key: StorageKey, value: Option<&Value>) {
    let (frame, session) = service.parts();
    let address = frame.address;
    session.observe(|| Observation::Write { address, key, value: value.cloned() });
}

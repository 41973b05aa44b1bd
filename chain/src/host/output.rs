//! Input and output of a frame.

use bessemer_runtime::{HostResult, HostStop};
use bessemer_types::revert;

use super::Service;

/// The value with which an instance ends whose frame returned.
pub(crate) const RETURNED: u32 = 0;
/// The value with which an instance ends whose frame reverted.
pub(crate) const REVERTED: u32 = 1;

pub(super) fn input_size(service: &mut Service<'_>) -> HostResult<u32> {
    Ok(service.context().frame.input.len() as u32)
}

pub(super) fn input_copy(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let offset = service.number(0);
    service.put_from(1, |context, _| from(&context.frame.input, offset))
}

pub(super) fn output_size(service: &mut Service<'_>) -> HostResult<u32> {
    Ok(service.context().received.len() as u32)
}

pub(super) fn output_copy(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let offset = service.number(0);
    service.put_from(1, |context, _| from(&context.received, offset))
}

pub(super) fn finish(service: &mut Service<'_>) -> HostResult<u32> {
    pay(service)?;
    let data = service.bytes(0)?.to_vec();
    end(service, data, RETURNED)
}

pub(super) fn revert_with(service: &mut Service<'_>) -> HostResult<u32> {
    pay(service)?;
    let data = service.bytes(0)?.to_vec();
    end(service, data, REVERTED)
}

pub(super) fn panic(service: &mut Service<'_>) -> HostResult<u32> {
    pay(service)?;
    let message = String::from_utf8_lossy(service.bytes(0)?).into_owned();
    end(service, revert::error(&message), REVERTED)
}

/// Step 5 of all that ends a frame. The receipt keeps what the transaction's own frame ends with.
fn pay(service: &mut Service<'_>) -> HostResult<()> {
    let is_first = service.session.entered.len() == 1;
    let kept = if is_first { u64::from(service.len(0)) } else { 0 };
    service.pay(kept * service.session.prices.receipt_byte)
}

fn end(service: &mut Service<'_>, data: Vec<u8>, how: u32) -> HostResult<u32> {
    service.context_mut().output = data;
    Err(HostStop::Done(how))
}

/// The bytes from an offset on; empty behind the end.
fn from(bytes: &[u8], offset: u32) -> &[u8] {
    bytes.get(offset as usize..).unwrap_or_default()
}

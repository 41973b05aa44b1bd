//! Memory: growing, copying, filling, comparing.

use std::cmp::Ordering;

use bessemer_abi::codes::NO_MEMORY;
use bessemer_image::Layout;
use bessemer_runtime::{HostResult, HostStop};

use super::Service;

/// Step 3 of `grow`: the heap has a declared end.
pub(super) fn may_grow(service: &mut Service<'_>) -> HostResult<Option<u32>> {
    let memory = service.memory();
    let left = (memory.image().heap().end - memory.heap_end()) / Layout::PAGE;
    Ok((service.number(0) > left).then_some(NO_MEMORY))
}

pub(super) fn grow(service: &mut Service<'_>) -> HostResult<u32> {
    let pages = service.number(0);
    let page = service.session.prices.guest.grown_page;
    service.pay(u64::from(pages) * u64::from(page))?;
    service.memory().grow(pages).map_err(|error| HostStop::Error(Box::new(error)))
}

pub(super) fn copy(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (from, len, to) = (service.number(0), service.len(0), service.number(1));
    service.memory().copy(from, to, len)?;
    Ok(0)
}

pub(super) fn fill(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (at, len, byte) = (service.number(0), service.len(0), service.number(1) as u8);
    service.memory().write(at, len)?.fill(byte);
    Ok(0)
}

pub(super) fn compare(service: &mut Service<'_>) -> HostResult<u32> {
    service.pay(0)?;
    let (left, len, right) = (service.number(0), service.len(0), service.number(1));
    let memory = service.memory();
    Ok(match memory.read(left, len)?.cmp(memory.read(right, len)?) {
        Ordering::Less => -1_i32 as u32,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    })
}

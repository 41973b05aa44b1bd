//! Memory as host functions and embedders use it.

use std::fmt;
use std::ops::Deref;

use bessemer_image::Fault;

use super::{Region, RegionError};

/// The memory of an instance, to read, write and grow.
///
/// Native code holds the address of the region, and what a frame has written is kept until the pool
/// resets it. So the region itself is never lent: it cannot be swapped for another, and not be reset
/// under a running program.
///
/// ```compile_fail
/// use bessemer_runtime::Caller;
///
/// fn reset<T>(mut caller: Caller<'_, T>) {
///     caller.memory().reset();
/// }
/// ```
///
/// ```compile_fail
/// use bessemer_runtime::{Caller, Instance};
///
/// fn swap<T>(mut caller: Caller<'_, T>, other: &mut Instance<T>) {
///     std::mem::swap(&mut *caller.memory(), other.memory_mut());
/// }
/// ```
pub struct GuestMemory<'a>(&'a mut Region);

impl<'a> GuestMemory<'a> {
    #[inline]
    pub(crate) fn new(region: &'a mut Region) -> Self {
        Self(region)
    }

    /// The bytes of `[addr, addr + len)`, if all are mapped and writable. The fault names the lowest
    /// byte that is not. A range of length 0 is valid at every address.
    #[inline]
    pub fn write(&mut self, addr: u32, len: u32) -> Result<&mut [u8], Fault> {
        self.0.write(addr, len)
    }

    /// Like [`Region::read`], for as long as the instance is borrowed.
    #[inline]
    pub fn into_slice(self, addr: u32, len: u32) -> Result<&'a [u8], Fault> {
        self.0.read(addr, len)
    }

    /// Like [`GuestMemory::write`], for as long as the instance is borrowed.
    #[inline]
    pub fn into_slice_mut(self, addr: u32, len: u32) -> Result<&'a mut [u8], Fault> {
        self.0.write(addr, len)
    }

    /// Copies bytes; the ranges may overlap. All or nothing.
    #[inline]
    pub fn copy(&mut self, from: u32, to: u32, len: u32) -> Result<(), Fault> {
        self.0.copy(from, to, len)
    }

    /// Adds pages of zeros to the heap, and returns the address of the first.
    pub fn grow(&mut self, pages: u32) -> Result<u32, RegionError> {
        self.0.grow(pages)
    }
}

/// The view answers the queries of a region.
impl Deref for GuestMemory<'_> {
    type Target = Region;

    #[inline]
    fn deref(&self) -> &Region {
        self.0
    }
}

impl fmt::Debug for GuestMemory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestMemory").field("heap_end", &self.heap_end()).finish_non_exhaustive()
    }
}

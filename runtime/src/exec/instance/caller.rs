//! The view of an instance that a host function gets.

use std::fmt;

use bessemer_isa::{Reg, Xlen};

use super::MAX_GAS;
use crate::exec::frame::Guest;
use crate::exec::host_function::ArgumentRegisters;
use crate::memory::GuestMemory;
use crate::{HostResult, HostStop};

/// The instance as a host function sees it.
pub struct Caller<'a, T> {
    guest: &'a mut Guest<T>,
}

impl<'a, T> Caller<'a, T> {
    #[inline]
    pub(crate) fn new(guest: &'a mut Guest<T>) -> Self {
        Self { guest }
    }
}

impl<T> Caller<'_, T> {
    /// The embedder's data.
    pub fn data(&self) -> &T {
        &self.guest.data
    }

    /// The embedder's data, to change.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.guest.data
    }

    /// The guest's memory. A range that the guest may not use is a [`Fault`](crate::Fault), which
    /// `?` turns into the trap `BadPointer`.
    #[inline]
    pub fn memory(&mut self) -> GuestMemory<'_> {
        GuestMemory::new(&mut self.guest.region)
    }

    /// Memory and data at once.
    #[inline]
    pub fn memory_and_data(&mut self) -> (GuestMemory<'_>, &mut T) {
        (GuestMemory::new(&mut self.guest.region), &mut self.guest.data)
    }

    /// The gas left.
    pub fn gas(&self) -> u64 {
        self.guest.context.gas()
    }

    /// Takes gas from the guest; too little ends the frame, which `?` passes on.
    ///
    /// # Errors
    ///
    /// [`HostStop::OutOfGas`] if less is left; then nothing is taken, and a host function that
    /// handles the error itself can go on.
    pub fn charge(&mut self, gas: u64) -> HostResult<()> {
        let left = self.gas().checked_sub(gas).ok_or(HostStop::OutOfGas)?;
        self.guest.context.set_gas(left);
        Ok(())
    }

    /// Gives gas back to the guest, up to 2^62 in all.
    pub fn refund(&mut self, gas: u64) {
        let left = self.gas().saturating_add(gas).min(MAX_GAS);
        self.guest.context.set_gas(left);
    }

    /// The call number, in a7.
    pub fn number(&self) -> u32 {
        self.guest.register(Reg::A7)
    }

    /// The value of a register. In a 32-bit program its upper half is 0.
    pub fn register(&self, reg: Reg) -> u64 {
        self.guest.context.registers[reg.index()]
    }

    /// Address of the ECALL.
    pub fn pc(&self) -> u32 {
        self.guest.pc
    }

    /// The low half of an argument register: 0 stands for a0, 7 for a7.
    ///
    /// # Panics
    ///
    /// If there is no such argument register.
    #[inline]
    pub fn argument(&self, index: usize) -> u32 {
        self.wide_argument(index) as u32
    }

    /// The value of an argument register, of which a 32-bit program has the low half alone.
    ///
    /// # Panics
    ///
    /// If there is no such argument register.
    #[inline]
    pub fn wide_argument(&self, index: usize) -> u64 {
        self.guest.context.registers[Reg::A0.index()..=Reg::A7.index()][index]
    }

    /// The width of the program's registers.
    pub fn xlen(&self) -> Xlen {
        self.guest.xlen
    }

    /// The arguments of the host call, for a host function.
    #[inline]
    pub(crate) fn argument_registers(&self) -> ArgumentRegisters<'_> {
        let registers = &self.guest.context.registers[Reg::A0.index()..];
        let values = registers.first_chunk().expect("a0 to a5 are registers");
        ArgumentRegisters::new(values, self.guest.xlen)
    }

    #[inline]
    pub(crate) fn reborrow(&mut self) -> Caller<'_, T> {
        Caller { guest: self.guest }
    }
}

impl<T> fmt::Debug for Caller<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("pc", &self.pc()).finish_non_exhaustive()
    }
}

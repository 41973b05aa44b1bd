//! Frames: the state of an execution, and what stops mean for it.

use std::panic::resume_unwind;
use std::sync::Arc;

use bessemer_image::{Hart, Stop, Text};
use bessemer_isa::{Inst, L, Reg, Trap, TrapKind, Xlen};
use bessemer_translator::{Context, NO_RESERVATION, TrapRecord};

use crate::exec::instance::{Caller, extended};
use crate::exec::interrupt::InterruptHandle;
use crate::exec::linker::HostTable;
use crate::exec::native::Panic;
use crate::exec::signal::NativeFault;
use crate::memory::PooledRegion;
use crate::{Error, ErrorKind, Exit, HostStop};

/// A frame: what host functions see of an instance, and beside it what they cannot reach.
#[repr(C)]
pub(crate) struct Frame<T> {
    pub(crate) guest: Guest<T>,
    /// Why execution stopped.
    pub(crate) stopped: StoppedHere,
    pub(super) table: Arc<HostTable<T>>,
    /// The handle that ends the execution from outside.
    pub(crate) interrupt: Option<InterruptHandle>,
    /// Whether execution stopped at an arrival that could not be paid.
    pub(super) unpaid: bool,
}

/// The part of an instance that host functions see; native code sees its first field.
#[repr(C)]
pub(crate) struct Guest<T> {
    pub(crate) context: Context,
    /// The next arrival, or the ECALL or trap at which execution stopped.
    pub(crate) pc: u32,
    pub(crate) region: PooledRegion,
    /// Whether the frame is one of a function called by name.
    pub(super) calling: bool,
    pub(super) xlen: Xlen,
    pub(super) data: T,
}

/// Why execution did not go on.
pub(crate) enum Stopped {
    Exit(Exit),
    Failed(Error),
}

/// Where a stop is written down: native code cannot carry it through.
pub(crate) type StoppedHere = Option<Result<Stopped, Panic>>;

impl<T> Frame<T> {
    /// Does the host call at the guest's pc. `true` means that the guest goes on behind it, with the
    /// result in a0; otherwise `stopped` says why not.
    #[inline]
    pub(crate) fn host_call(&mut self) -> bool {
        let guest = &mut self.guest;
        guest.context.reservation = NO_RESERVATION;
        let Some(entry) = self.table.find(guest.register(Reg::A7)) else {
            return guest.stop(
                "",
                HostStop::Trap(TrapKind::UnknownHostCall, None),
                &mut self.stopped,
            );
        };
        match (entry.function)(&mut Caller::new(guest)) {
            Ok(result) => {
                guest.set_result(result);
                true
            }
            Err(stop) => guest.stop(&entry.name, stop, &mut self.stopped),
        }
    }

    /// Whether the execution was interrupted, and so has stopped.
    #[inline]
    pub(super) fn is_interrupted(&mut self) -> bool {
        match &self.interrupt {
            Some(interrupt) if interrupt.is_interrupted() => {
                self.end_interrupted();
                true
            }
            _ => false,
        }
    }

    #[cold]
    fn end_interrupted(&mut self) {
        // a panic of a host function goes on
        if !matches!(self.stopped, Some(Err(_))) {
            self.stopped = Some(Ok(Stopped::Failed(ErrorKind::Interrupted.into())));
        }
    }

    /// Why execution stopped. A panic of a host function goes on.
    pub(super) fn take_stopped(&mut self) -> Stopped {
        match self.stopped.take() {
            Some(Ok(stopped)) => stopped,
            Some(Err(panic)) => resume_unwind(panic),
            None => unreachable!("a stop has a reason"),
        }
    }

    /// The meaning of a stop of the interpreter: `None` if a host call went well, else whether the
    /// function called by name returned.
    pub(super) fn after(&mut self, stop: Stop) -> Option<bool> {
        let exit = match stop {
            Stop::Ecall => {
                if !self.host_call() {
                    return Some(false);
                }
                self.guest.pc = self.guest.pc.wrapping_add(ECALL_BYTES);
                return None;
            }
            Stop::Trap(Trap { kind: TrapKind::BadJump, addr: Some(RETURN_TO_HOST), .. })
                if self.guest.calling =>
            {
                return Some(true);
            }
            Stop::Trap(trap) => Exit::Trap(trap),
            Stop::OutOfGas => {
                self.unpaid = true;
                Exit::OutOfGas { pc: self.guest.pc }
            }
        };
        self.stopped = Some(Ok(Stopped::Exit(exit)));
        Some(false)
    }
}

impl<T> Guest<T> {
    /// Writes down why the host function of this name stops the guest; `false` for that it does.
    #[cold]
    #[inline(never)]
    fn stop(&mut self, name: &str, stop: HostStop, stopped: &mut StoppedHere) -> bool {
        let pc = self.pc;
        *stopped = Some(Ok(match stop {
            HostStop::Done(value) => Stopped::Exit(Exit::Done(value)),
            HostStop::Trap(kind, addr) => self.trap(kind, addr),
            HostStop::OutOfGas => {
                self.context.set_gas(0);
                Stopped::Exit(Exit::OutOfGas { pc })
            }
            HostStop::Pause => Stopped::Exit(Exit::HostCall { number: self.register(Reg::A7), pc }),
            HostStop::Error(source) => {
                Stopped::Failed(ErrorKind::Host { name: name.to_owned(), source }.into())
            }
        }));
        false
    }

    #[cold]
    fn trap(&self, kind: TrapKind, addr: Option<u32>) -> Stopped {
        Stopped::Exit(Exit::Trap(Trap { kind, pc: self.pc, addr }))
    }

    /// Writes down what a fault of native code means; `false` for that it is a stop.
    #[cold]
    #[inline(never)]
    pub(super) fn after_fault(&mut self, fault: NativeFault, stopped: &mut StoppedHere) -> bool {
        self.pc = fault.pc;
        if let Some(meter) = fault.meter {
            self.context.meter = meter;
        }
        if fault.kind == TrapRecord::OUT_OF_GAS {
            self.context.set_gas(0);
            *stopped = Some(Ok(Stopped::Exit(Exit::OutOfGas { pc: fault.pc })));
            return false;
        }
        let Some(kind) = TrapKind::from_code(fault.kind) else {
            unreachable!("the translator writes trap records of known kinds only")
        };
        let addr = match kind {
            TrapKind::BadLoad | TrapKind::BadStore => self.region.guest_address(fault.address),
            TrapKind::MisalignedAtomic => Some(self.context.trap_addr),
            _ => None,
        };
        *stopped = Some(Ok(self.trap(kind, addr)));
        false
    }

    /// Whether native code left by the return of the function called by name.
    #[inline]
    pub(super) fn returned(&mut self) -> bool {
        let from = self.context.from;
        let returned = self.calling && from != 0 && self.context.next == u64::from(RETURN_TO_HOST);
        if returned {
            self.pc = from;
        }
        returned
    }

    /// Finishes the jump by which native code left: checks and links it if native code did not.
    #[inline]
    pub(super) fn arrive(&mut self, text: &Text) -> Result<(), Trap> {
        let next = self.context.next as u32;
        let from = self.context.from;
        if from != 0 {
            self.pc = from;
            if let Err(kind) = text.jump_target(next) {
                return Err(Trap { kind, pc: from, addr: Some(next) });
            }
            if let Some(decoded) = text.at(from)
                && let Some(Inst::Jalr(L { rd, .. })) = decoded.inst
            {
                self.set_register(rd, u64::from(from.wrapping_add(u32::from(decoded.len))));
            }
        }
        self.pc = next;
        Ok(())
    }

    /// The low half of a register.
    #[inline]
    pub(super) fn register(&self, reg: Reg) -> u32 {
        self.context.registers[reg.index()] as u32
    }

    /// Sets the result of a host call.
    #[inline]
    pub(super) fn set_result(&mut self, result: u32) {
        self.set_register(Reg::A0, extended(result, self.xlen));
    }

    #[inline]
    pub(super) fn set_register(&mut self, reg: Reg, value: u64) {
        self.context.registers[reg.index()] = value;
        self.context.registers[0] = 0;
    }

    pub(super) fn reservation(&self) -> Option<u32> {
        u32::try_from(self.context.reservation).ok()
    }

    pub(super) fn hart(&self) -> Hart {
        Hart {
            registers: self.context.registers,
            pc: self.pc,
            gas: self.context.gas(),
            reservation: self.reservation(),
        }
    }

    pub(super) fn set_hart(&mut self, hart: &Hart) {
        self.context.registers = hart.registers;
        self.pc = hart.pc;
        self.context.set_gas(hart.gas);
        self.context.reservation = hart.reservation.map_or(NO_RESERVATION, u64::from);
    }
}

/// Where a function called by name returns to: no text is there, so that the jump ends the call.
pub(super) const RETURN_TO_HOST: u32 = 0xffff_fff0;

/// Length of an ECALL, which has no compressed form.
pub(super) const ECALL_BYTES: u32 = 4;

//! Whatever stands in text, the interpreter neither panics nor loses count.

use fastrand::Rng;
use std::ops::ControlFlow;

use bessemer_image::{Decoded, Hart, Stop};
use bessemer_interp::{Executed, Observer, Session};
use bessemer_isa::{Class, Inst, N, Op, Reg};

use crate::harness::{COMPRESSED, DATA, Frame, PLAIN, TEXT};

const PROGRAMS: u64 = 3_000;

#[test]
fn random_programs_stop_alike_stepped_and_run_and_every_unit_of_gas_is_accounted_for() {
    let mut kinds = [0_u64; 3];
    for seed in 0..PROGRAMS {
        let mut whole = program(seed);
        let stop = go_on_over_ecalls(&mut whole.hart.clone(), seed, |hart| {
            let (text, charges) = (whole.program.text(), &whole.charges);
            let stop = bessemer_interp::run(text, charges, hart, &mut whole.memory);
            Some((stop, hart.clone()))
        });
        let mut stepped = program(seed);
        let mut session = Session::new();
        let mut audit = Audit { gas: stepped.hart.gas, executed: 0, paid: 0 };
        let same = go_on_over_ecalls(&mut stepped.hart.clone(), seed, |hart| {
            let (text, charges) = (stepped.program.text(), &stepped.charges);
            let stop = session.step(text, charges, hart, &mut stepped.memory, &mut audit)?;
            Some((stop, hart.clone()))
        });
        assert_eq!(stop, same, "seed {seed}");
        assert_eq!(whole.memory, stepped.memory, "seed {seed}");
        match stop.0 {
            Stop::Ecall => kinds[0] += 1,
            Stop::Trap(_) => kinds[1] += 1,
            Stop::OutOfGas => kinds[2] += 1,
        }
        if stop.0 != Stop::OutOfGas {
            assert_eq!(stop.1.gas, audit.gas, "seed {seed}");
        }
        assert!(audit.paid >= audit.executed, "seed {seed}: nothing is free");
    }
    let enough = kinds.iter().all(|&count| count > PROGRAMS / 100);
    assert!(enough, "twenty ecalls, traps, out of gas: {kinds:?}");
}

/// Follows the gas by what it is told.
struct Audit {
    gas: u64,
    executed: u64,
    paid: u64,
}

impl Observer for Audit {
    fn before(&mut self, hart: &Hart, _: Decoded) -> ControlFlow<()> {
        assert_eq!(hart.gas, self.gas, "gas changed without a charge");
        assert_eq!(hart.registers[0], 0);
        ControlFlow::Continue(())
    }

    fn charged(&mut self, hart: &Hart, charge: u32) {
        self.gas -= u64::from(charge);
        self.paid += u64::from(charge);
        assert_eq!(hart.gas, self.gas);
    }

    fn after(&mut self, executed: &Executed) {
        self.executed += 1;
        if let Some(write) = executed.register {
            assert!(!write.rd.is_zero());
        }
    }
}

/// Calls `go` until it stops at a trap, without gas, or at the twentieth ECALL.
fn go_on_over_ecalls(
    hart: &mut Hart,
    seed: u64,
    mut go: impl FnMut(&mut Hart) -> Option<(Stop, Hart)>,
) -> (Stop, Hart) {
    let mut calls = 0;
    loop {
        let Some((stop, at)) = go(hart) else {
            continue;
        };
        calls += 1;
        if stop != Stop::Ecall || calls == 20 {
            return (stop, at);
        }
        hart.set(Reg::A0, (seed as u32).into());
        hart.pc += 4;
    }
}

/// Instructions of every kind, some of them noise. Jumps are near; `x1` to `x7` point into text and
/// `x16` to `x31` into data, where only loads, stores and atomics with a wrong offset go astray.
fn program(seed: u64) -> Frame {
    let mut random = Rng::with_seed(seed);
    let profile = if seed.is_multiple_of(2) { COMPRESSED } else { PLAIN };
    let mut bytes = Vec::new();
    for _ in 0..40 {
        let word = match random.u64(..) % 64 {
            0 => random.u64(..) as u32,
            1..=16 => Inst::Ecall(N).encode(),
            _ => tame(&mut random),
        };
        bytes.extend(word.to_le_bytes());
        if random.u64(..).is_multiple_of(64) {
            bytes.extend((random.u64(..) as u16).to_le_bytes());
        }
    }
    let mut frame = Frame::of_bytes(profile, &bytes);
    for reg in Reg::all() {
        let value = match reg.number() {
            1..=7 => TEXT + (random.u64(..) as u32 & 0x7c),
            8..=15 => random.u64(..) as u32,
            _ => DATA + (random.u64(..) as u32 & 0x7c) + 0x800,
        };
        frame.set(reg, value);
    }
    frame.hart.gas = random.u64(..) % 4_000;
    frame
}

/// An instruction of any kind, with operands that often make sense.
fn tame(random: &mut Rng) -> u32 {
    let ops: Vec<Op> = Op::of(PLAIN).collect();
    let op = ops[random.u64(..) as usize % ops.len()];
    let bits = random.u64(..) as u32;
    let rd = 0xf80;
    let scratch = bits & !rd | (bits & 0x380) | 8 << 7;
    let high_immediate = match op.class() {
        Class::Branch => 0x7e00_0080,
        _ => 0x7e1f_f000,
    };
    let bits = match op.class() {
        Class::Branch | Class::Jal if bits >> 31 == 1 => bits | high_immediate,
        Class::Branch | Class::Jal => bits & !high_immediate,
        Class::Jalr => scratch & 0x03f3_ffff & !(1 << 18 | 1 << 19),
        Class::Load | Class::Amo => scratch | 16 << 15,
        Class::Store => bits | 16 << 15,
        _ => scratch,
    };
    match op.class() {
        Class::Ebreak => Inst::Ecall(N).encode(),
        _ => op.with_operand_bits(bits, PLAIN.xlen).encode(),
    }
}

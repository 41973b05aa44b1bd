//! Instructions per second of the interpreter, for three loops.
//!
//! `cargo bench -p bessemer-interp` shows time per loop and throughput in instructions.

use std::hint::black_box;

use bessemer_image::{Charges, Hart, ImageBuilder, Limits, Profile, Program, Stop};
use bessemer_interp::{FlatMemory, Observer, Position, Retired, run, trace};
use bessemer_isa::{B, GasSchedule, H, I, Inst, L, N, R, Reg, S};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn speed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("interpreter");
    for (name, body) in [("alu", ALU), ("memory", MEMORY), ("mixed", MIXED)] {
        let looping = Looping::of(body);
        let instructions = looping.count();
        let text = looping.program.text();
        group.throughput(Throughput::Elements(instructions));
        group.bench_function(name, |bencher| {
            let mut memory = FlatMemory::of(&looping.program);
            bencher.iter(|| {
                let mut hart = looping.hart();
                clear(&mut memory);
                let stop = run(text, &looping.charges, &mut hart, &mut memory);
                assert_eq!(stop, Stop::Ecall);
                black_box(hart)
            });
        });
        group.bench_function(format!("{name}, counted"), |bencher| {
            let mut memory = FlatMemory::of(&looping.program);
            bencher.iter(|| {
                let mut retired = Retired::default();
                clear(&mut memory);
                looping.trace(&mut memory, &mut retired);
                assert_eq!(retired.instructions, instructions);
            });
        });
    }
    group.finish();
}

/// A loop of some body, counted down in `a0`, with an ECALL behind it.
struct Looping {
    program: Program,
    charges: Charges,
}

impl Looping {
    fn of(body: &[Inst]) -> Self {
        let back = B { rs1: Reg::A0, rs2: Reg::ZERO, offset: -4 * (body.len() as i32 + 1) };
        let count_down = addi(Reg::A0, Reg::A0, -1);
        let tail = [count_down, Inst::Bne(back), Inst::Ecall(N)];
        let bytes: Vec<u8> =
            body.iter().chain(&tail).flat_map(|inst| inst.encode().to_le_bytes()).collect();
        let file =
            ImageBuilder::new(Profile::rv32(true)).text(TEXT, bytes).data(DATA, [], 0x1000).build();
        let program = Program::parse(&file, &Limits::contract()).expect("the image loads");
        let charges = program.charges(&GasSchedule::V1);
        Self { program, charges }
    }

    fn hart(&self) -> Hart {
        let mut hart = Hart { pc: TEXT, gas: 1 << 62, ..Hart::default() };
        hart.set(Reg::A0, ROUNDS.into());
        hart.set(Reg::S0, DATA.into());
        hart
    }

    fn count(&self) -> u64 {
        let mut retired = Retired::default();
        self.trace(&mut FlatMemory::of(&self.program), &mut retired);
        retired.instructions
    }

    fn trace(&self, memory: &mut FlatMemory, observer: &mut impl Observer) {
        let mut hart = self.hart();
        let mut position = Position::Arrival;
        let (text, charges) = (self.program.text(), &self.charges);
        let stop = trace(text, charges, &mut hart, memory, &mut position, observer);
        assert_eq!(stop, Some(Stop::Ecall));
    }
}

/// Undoes what a loop has stored, so that every round executes the same instructions.
fn clear(memory: &mut FlatMemory) {
    memory.write(DATA, &[0; 16]).expect("the data is writable");
}

const fn addi(rd: Reg, rs1: Reg, imm: i32) -> Inst {
    Inst::Addi(I { rd, rs1, imm })
}

const fn r(rd: Reg, rs1: Reg, rs2: Reg) -> R {
    R { rd, rs1, rs2 }
}

const fn lw(rd: Reg, imm: i32) -> Inst {
    let rs1 = Reg::S0;
    Inst::Lw(L { rd, rs1, imm })
}

const fn sw(rs2: Reg, imm: i32) -> Inst {
    let rs1 = Reg::S0;
    Inst::Sw(S { rs1, rs2, imm })
}

const ALU: &[Inst] = &[
    Inst::Add(r(Reg::A1, Reg::A1, Reg::A0)),
    Inst::Xor(r(Reg::A2, Reg::A2, Reg::A1)),
    Inst::Slli(H { rd: Reg::A3, rs1: Reg::A1, shamt: 7 }),
    Inst::Or(r(Reg::A4, Reg::A3, Reg::A2)),
    Inst::Sub(r(Reg::A5, Reg::A4, Reg::A1)),
    Inst::Srli(H { rd: Reg::A6, rs1: Reg::A5, shamt: 3 }),
    Inst::Sltu(r(Reg::A7, Reg::A6, Reg::A2)),
    Inst::Add(r(Reg::A1, Reg::A1, Reg::A7)),
];

const MEMORY: &[Inst] = &[
    lw(Reg::A1, 0),
    lw(Reg::A2, 4),
    sw(Reg::A1, 4),
    sw(Reg::A2, 8),
    Inst::Lbu(L { rd: Reg::A3, rs1: Reg::S0, imm: 9 }),
    Inst::Sb(S { rs1: Reg::S0, rs2: Reg::A3, imm: 13 }),
    lw(Reg::A4, 12),
    sw(Reg::A4, 0),
];

/// A program like compiled code: short runs, all kinds of instructions.
const MIXED: &[Inst] = &[
    lw(Reg::A1, 0),
    Inst::Add(r(Reg::A2, Reg::A1, Reg::A0)),
    Inst::Beq(B { rs1: Reg::A2, rs2: Reg::ZERO, offset: 8 }),
    Inst::Mul(r(Reg::A3, Reg::A2, Reg::A2)),
    Inst::Andi(I { rd: Reg::A4, rs1: Reg::A3, imm: 1 }),
    Inst::Bne(B { rs1: Reg::A4, rs2: Reg::ZERO, offset: 8 }),
    addi(Reg::A3, Reg::A3, 5),
    sw(Reg::A3, 0),
    Inst::Srai(H { rd: Reg::A5, rs1: Reg::A3, shamt: 4 }),
    Inst::Xor(r(Reg::A6, Reg::A6, Reg::A5)),
];

const ROUNDS: u32 = 20_000;
const TEXT: u32 = 0x1_0000;
const DATA: u32 = 0x4_0000;

criterion_group!(benches, speed);
criterion_main!(benches);

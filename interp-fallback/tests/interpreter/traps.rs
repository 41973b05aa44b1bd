//! Every kind of trap that an instruction can raise, with its pc and its address.

use bessemer_image::{Memory, Stop};
use bessemer_isa::{I, Inst, L, N, Reg, S, TrapKind};

use crate::harness::{COMPRESSED, DATA, Frame, PAGE, PLAIN, PLENTY, RODATA, TEXT, trap};

const NOP: Inst = Inst::Addi(I { rd: Reg::ZERO, rs1: Reg::ZERO, imm: 0 });

#[test]
fn invalid_encodings_trap_when_executed() {
    let nop = NOP.encode();
    for word in [0, 0xffff_ffff, 0x0000_100f, 0x3020_0073, 0xc000_1073] {
        for profile in [COMPRESSED, PLAIN] {
            let mut frame = Frame::of_words(profile, [nop, word, nop]);
            let expected = trap(TrapKind::IllegalInstruction, TEXT + 4, None);
            assert_eq!(frame.run(), expected, "{word:#010x}");
            assert_eq!(frame.hart.pc, TEXT + 4);
            assert_eq!(PLENTY - frame.hart.gas, 2 + 1 + 1, "the whole run is charged");
        }
    }
}

#[test]
fn compressed_parcels_are_illegal_in_plain_profile() {
    let mut frame = Frame::of_bytes(PLAIN, &[0x01, 0x45, 0x01, 0x45]);
    assert_eq!(frame.run(), trap(TrapKind::IllegalInstruction, TEXT, None));
}

#[test]
fn the_end_of_text_is_illegal_after_its_charge() {
    let mut frame = Frame::new(&[NOP, NOP]);
    let expected = trap(TrapKind::IllegalInstruction, TEXT + 8, None);
    assert_eq!(frame.run(), expected, "reached inside a run");
    assert_eq!(frame.hart.pc, TEXT + 8);
    assert_eq!(PLENTY - frame.hart.gas, 2 + 1 + 1 + 1);

    let mut frame = Frame::new(&[Inst::Ecall(N)]);
    assert_eq!(frame.run(), Stop::Ecall);
    frame.hart.pc += 4;
    frame.hart.gas = 3;
    let expected = trap(TrapKind::IllegalInstruction, TEXT + 4, None);
    assert_eq!(frame.run(), expected, "an arrival after an ecall");
    assert_eq!(frame.hart.gas, 0);

    frame.hart.gas = 2;
    assert_eq!(frame.run(), Stop::OutOfGas);
    assert_eq!((frame.hart.gas, frame.hart.pc), (0, TEXT + 4));

    let never = 0x0000_0463_u32 | 1 << 12;
    let mut frame = Frame::of_words(COMPRESSED, [never]);
    let expected = trap(TrapKind::IllegalInstruction, TEXT + 4, None);
    assert_eq!(frame.run(), expected, "the fall-through of an untaken branch");
    assert_eq!(PLENTY - frame.hart.gas, (2 + 8) + (2 + 1));
}

#[test]
fn a_breakpoint_is_a_trap() {
    let mut frame = Frame::new(&[NOP, Inst::Ebreak(N)]);
    assert_eq!(frame.run(), trap(TrapKind::Breakpoint, TEXT + 4, None));
    let mut frame = Frame::of_bytes(COMPRESSED, &[0x02, 0x90]);
    assert_eq!(frame.run(), trap(TrapKind::Breakpoint, TEXT, None));
}

#[test]
fn loads_and_stores_name_the_lowest_byte_they_cannot_use() {
    let (a, b) = (Reg::A0, Reg::A1);
    let load = |inst: fn(L) -> Inst| inst(L { rd: a, rs1: b, imm: 0 });
    let store = |inst: fn(S) -> Inst| inst(S { rs1: b, rs2: a, imm: 0 });
    let end = DATA + PAGE;
    #[rustfmt::skip]
    let rows = [
        (load(Inst::Lb),  end,         TrapKind::BadLoad,  end),
        (load(Inst::Lbu), DATA - 1,    TrapKind::BadLoad,  DATA - 1),
        (load(Inst::Lh),  end - 1,     TrapKind::BadLoad,  end),
        (load(Inst::Lhu), DATA - 1,    TrapKind::BadLoad,  DATA - 1),
        (load(Inst::Lw),  end - 3,     TrapKind::BadLoad,  end),
        (load(Inst::Lw),  end - 1,     TrapKind::BadLoad,  end),
        (load(Inst::Lw),  0xfff,       TrapKind::BadLoad,  0xfff),
        (load(Inst::Lw),  0xffff_ffff, TrapKind::BadLoad,  0xffff_ffff),
        (load(Inst::Lw),  0xfffe_fffe, TrapKind::BadLoad,  0xffff_0000),
        (store(Inst::Sb), RODATA,      TrapKind::BadStore, RODATA),
        (store(Inst::Sb), TEXT,        TrapKind::BadStore, TEXT),
        (store(Inst::Sh), end - 1,     TrapKind::BadStore, end),
        (store(Inst::Sw), end - 2,     TrapKind::BadStore, end),
        (store(Inst::Sw), RODATA - 2,  TrapKind::BadStore, RODATA - 2),
        (store(Inst::Sw), 0xfffe_fffd, TrapKind::BadStore, 0xffff_0000),
    ];
    for (inst, addr, kind, bad) in rows {
        let mut frame = Frame::new(&[NOP, inst, NOP]).with(a, 0x1122_3344).with(b, addr);
        let before = frame.memory.clone();
        assert_eq!(frame.run(), trap(kind, TEXT + 4, Some(bad)), "{inst} at {addr:#x}");
        assert_eq!(frame.get(a), 0x1122_3344);
        assert_eq!(frame.memory, before);
    }
}

#[test]
fn a_load_to_x0_still_traps() {
    let mut frame = Frame::new(&[Inst::Lw(L { rd: Reg::ZERO, rs1: Reg::ZERO, imm: 0 })]);
    assert_eq!(frame.run(), trap(TrapKind::BadLoad, TEXT, Some(0)));
}

#[test]
fn text_can_be_loaded_from() {
    let inst = Inst::Lw(L { rd: Reg::A0, rs1: Reg::A1, imm: 0 });
    let mut frame = Frame::new(&[inst, Inst::Ecall(N)]).with(Reg::A1, TEXT);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A0), inst.encode());
    assert_eq!(frame.memory.load_u32(TEXT), Ok(inst.encode()));
}

#[test]
fn a_trap_keeps_the_whole_charge_and_what_was_done_before_it() {
    let store = Inst::Sw(S { rs1: Reg::A1, rs2: Reg::A1, imm: 0 });
    let bad = Inst::Lw(L { rd: Reg::A1, rs1: Reg::ZERO, imm: 0 });
    let mut frame = Frame::new(&[store, bad, NOP, NOP, Inst::Ecall(N)]).with(Reg::A1, DATA);
    let charge = frame.charge(TEXT);
    assert_eq!(frame.run(), trap(TrapKind::BadLoad, TEXT + 4, Some(0)));
    assert_eq!(frame.memory.load_u32(DATA), Ok(DATA));
    assert_eq!(PLENTY - frame.hart.gas, charge);
}

#[test]
fn a_pc_without_an_arrival_is_refused_and_costs_nothing() {
    for pc in [0, TEXT - 4, TEXT + 1, TEXT + 10, 0xffff_ffff] {
        let mut frame = Frame::new(&[NOP, NOP]);
        frame.hart.pc = pc;
        assert_eq!(frame.run(), trap(TrapKind::IllegalInstruction, pc, None));
        assert_eq!(frame.hart.gas, PLENTY);
    }
}

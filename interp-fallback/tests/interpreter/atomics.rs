//! Reservations and atomic memory operations (specification, section 2, rules A 1 to 6).

use bessemer_image::{Memory, Stop};
use bessemer_isa::{A, Inst, L, Lr, N, Reg, S, TrapKind};

use crate::harness::{DATA, Frame, RODATA, TEXT, trap};

const OLD: u32 = 0x8000_0005;
const NEW: u32 = 0x7000_0003;

#[test]
fn an_amo_returns_the_old_word_and_stores_the_combined_one() {
    type Row = (fn(A) -> Inst, u32, u32, u32);
    #[rustfmt::skip]
    let rows: [Row; 12] = [
        (Inst::AmoswapW, OLD, NEW, NEW),
        (Inst::AmoaddW,  OLD, NEW, 0xf000_0008),
        (Inst::AmoaddW,  u32::MAX, 1, 0),
        (Inst::AmoxorW,  OLD, NEW, 0xf000_0006),
        (Inst::AmoandW,  OLD, NEW, 0x0000_0001),
        (Inst::AmoorW,   OLD, NEW, 0xf000_0007),
        (Inst::AmominW,  OLD, NEW, OLD),
        (Inst::AmomaxW,  OLD, NEW, NEW),
        (Inst::AmominuW, OLD, NEW, NEW),
        (Inst::AmomaxuW, OLD, NEW, OLD),
        (Inst::AmominW,  5, u32::MAX, u32::MAX),
        (Inst::AmomaxuW, 5, u32::MAX, u32::MAX),
    ];
    let (rs1, rs2) = (Reg::A1, Reg::A2);
    for (inst, old, operand, stored) in rows {
        for rd in [Reg::A0, rs1, rs2, Reg::ZERO] {
            let inst = inst(A { rd, rs1, rs2, aq: true, rl: false });
            let mut frame = Frame::new(&[inst, Inst::Ecall(N)]).with(rs1, DATA).with(rs2, operand);
            frame.memory.store_u32(DATA, old).unwrap();
            assert_eq!(frame.run(), Stop::Ecall, "{inst}");
            assert_eq!(frame.memory.load_u32(DATA), Ok(stored), "{inst}");
            let loaded = if rd.is_zero() { 0 } else { old };
            assert_eq!(frame.get(rd), loaded, "{inst}");
        }
    }
}

#[test]
fn a_misaligned_atomic_traps_before_anything_else() {
    for inst in [lr(), sc(Reg::A4), amoadd()] {
        for addr in [DATA + 1, DATA + 2, DATA + 3, 1, RODATA + 2, 0xffff_ffff] {
            let mut frame = Frame::new(&[inst]).with(Reg::A1, addr);
            frame.hart.reservation = Some(DATA);
            let expected = trap(TrapKind::MisalignedAtomic, TEXT, Some(addr));
            assert_eq!(frame.run(), expected, "{inst} at {addr:#x}");
            assert_eq!(frame.hart.reservation, Some(DATA));
        }
    }
}

#[test]
fn an_amo_that_cannot_store_is_a_bad_store_also_where_it_could_not_load() {
    for addr in [RODATA, TEXT, 0, 0xffff_fffc, DATA - 4] {
        let mut frame = Frame::new(&[amoadd()]).with(Reg::A1, addr).with(Reg::A3, 9);
        assert_eq!(frame.run(), trap(TrapKind::BadStore, TEXT, Some(addr)));
        assert_eq!(frame.get(Reg::A3), 9);
    }
}

#[test]
fn sc_stores_only_to_the_reserved_word() {
    let mut frame = frame(&[lr(), sc(Reg::A4)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A3), OLD);
    assert_eq!(frame.get(Reg::A4), 0);
    assert_eq!(frame.memory.load_u32(DATA), Ok(NEW));

    let other = Inst::ScW(A { rd: Reg::A4, rs1: Reg::A5, rs2: Reg::A2, aq: false, rl: true });
    let mut frame = self::frame(&[lr(), other, sc(Reg::A6)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A4), 1, "another word is reserved");
    assert_eq!(frame.get(Reg::A6), 1, "a failed sc.w ends the reservation too");
    assert_eq!(frame.memory.load_u32(DATA), Ok(OLD));
}

#[test]
fn sc_without_a_reservation_touches_no_memory() {
    for addr in [DATA, RODATA, 0, 0xffff_fffc] {
        let mut frame = frame(&[sc(Reg::A4)]).with(Reg::A1, addr);
        assert_eq!(frame.run(), Stop::Ecall, "{addr:#x}");
        assert_eq!(frame.get(Reg::A4), 1);
    }
}

#[test]
fn a_second_sc_fails() {
    let mut frame = frame(&[lr(), sc(Reg::A4), sc(Reg::A6)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!((frame.get(Reg::A4), frame.get(Reg::A6)), (0, 1));
}

#[test]
fn an_ecall_ends_the_reservation() {
    let mut frame = frame(&[lr(), Inst::Ecall(N), sc(Reg::A4)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.hart.pc, TEXT + 4);
    assert_eq!(frame.hart.reservation, None);
    frame.hart.pc += 4;
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A4), 1);
}

#[test]
fn other_accesses_neither_end_nor_make_a_reservation() {
    let lw = Inst::Lw(L { rd: Reg::A3, rs1: Reg::A1, imm: 0 });
    let sw = Inst::Sw(S { rs1: Reg::A1, rs2: Reg::A2, imm: 0 });
    let mut frame = frame(&[lr(), lw, sw, amoadd(), sc(Reg::A4)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A4), 0);

    let mut frame = self::frame(&[lw, sw, amoadd(), sc(Reg::A4)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A4), 1);
}

#[test]
fn a_reservation_lasts_over_jumps_and_moves_with_the_last_lr() {
    let bytes = [lr(), Inst::decode(0x0040_006f, crate::harness::PLAIN).unwrap(), sc(Reg::A4)];
    let mut frame = frame(&bytes);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A4), 0);

    let far = Inst::LrW(Lr { rd: Reg::A3, rs1: Reg::A5, aq: false, rl: false });
    let mut frame = self::frame(&[lr(), far, sc(Reg::A4)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A4), 1);
}

#[test]
fn an_lr_that_traps_leaves_the_reservation() {
    let mut frame = frame(&[lr()]).with(Reg::A1, DATA - 4);
    frame.hart.reservation = Some(DATA);
    assert_eq!(frame.run(), trap(TrapKind::BadLoad, TEXT, Some(DATA - 4)));
    assert_eq!(frame.hart.reservation, Some(DATA));
}

#[test]
fn a_word_that_can_be_reserved_may_still_not_be_stored_to() {
    let mut frame = frame(&[lr(), sc(Reg::A4)]).with(Reg::A1, RODATA).with(Reg::A4, 9);
    assert_eq!(frame.run(), trap(TrapKind::BadStore, TEXT + 4, Some(RODATA)));
    assert_eq!(frame.get(Reg::A4), 9);
}

/// `a1` is the address of a word with `OLD`, `a5` that of the next one, and `a2` is `NEW`.
fn frame(insts: &[Inst]) -> Frame {
    let mut frame = Frame::new(&[insts, &[Inst::Ecall(N)]].concat())
        .with(Reg::A1, DATA)
        .with(Reg::A5, DATA + 4)
        .with(Reg::A2, NEW);
    frame.memory.store_u32(DATA, OLD).unwrap();
    frame
}

fn lr() -> Inst {
    Inst::LrW(Lr { rd: Reg::A3, rs1: Reg::A1, aq: false, rl: false })
}

fn sc(rd: Reg) -> Inst {
    Inst::ScW(A { rd, rs1: Reg::A1, rs2: Reg::A2, aq: false, rl: false })
}

fn amoadd() -> Inst {
    Inst::AmoaddW(A { rd: Reg::A3, rs1: Reg::A1, rs2: Reg::A2, aq: false, rl: false })
}

//! Watching, pausing and stepping change nothing.

use std::ops::ControlFlow;

use bessemer_image::{Decoded, Hart, Memory, Stop};
use bessemer_interp::{
    Access, Direction, Executed, Observer, Position, RegisterWrite, Retired, Session, Width, trace,
};
use bessemer_isa::{A, B, I, Inst, L, N, Reg, S};

use crate::harness::{DATA, Frame, PLENTY, TEXT};

/// Two runs per round: add and branch over nothing, then store and branch back.
fn frame() -> Frame {
    let (rs1, rs2) = (Reg::A0, Reg::ZERO);
    Frame::new(&[
        Inst::Addi(I { rd: Reg::A0, rs1: Reg::A0, imm: -1 }),
        Inst::Beq(B { rs1: Reg::ZERO, rs2: Reg::ZERO, offset: 4 }),
        Inst::Sw(S { rs1: Reg::A1, rs2: Reg::A0, imm: 0 }),
        Inst::Lbu(L { rd: Reg::A2, rs1: Reg::A1, imm: 0 }),
        Inst::Bne(B { rs1, rs2, offset: -16 }),
        Inst::Ecall(N),
    ])
    .with(Reg::A0, 4)
    .with(Reg::A1, DATA)
}

const INSTRUCTIONS: u64 = 4 * 5 + 1;

#[test]
fn single_steps_add_up_to_a_run_with_every_limit() {
    let mut whole = frame();
    whole.run();
    let need = PLENTY - whole.hart.gas;
    for limit in 0..=need + 1 {
        let mut whole = frame();
        whole.hart.gas = limit;
        let expected = whole.run();

        let mut stepped = frame();
        stepped.hart.gas = limit;
        let mut session = Session::new();
        let mut steps = 0;
        let stop = loop {
            if let Some(stop) = step(&mut session, &mut stepped, &mut ()) {
                break stop;
            }
            steps += 1;
        };
        assert_eq!(stop, expected, "limit {limit}");
        assert_eq!(stepped.hart, whole.hart, "limit {limit}");
        assert_eq!(stepped.memory, whole.memory);
        if limit >= need {
            assert_eq!(steps + 1, INSTRUCTIONS);
        }
    }
}

#[test]
fn a_step_charges_where_a_run_begins_and_nowhere_else() {
    let mut frame = frame();
    let mut session = Session::new();
    let mut used = Vec::new();
    let mut positions = Vec::new();
    for _ in 0..6 {
        positions.push(session.position());
        let before = frame.hart.gas;
        assert_eq!(step(&mut session, &mut frame, &mut ()), None);
        used.push(before - frame.hart.gas);
    }
    assert_eq!(used, [11, 0, 26, 0, 0, 11]);
    use Position::{Arrival, Inside};
    assert_eq!(positions, [Arrival, Inside, Arrival, Inside, Inside, Arrival]);
}

#[test]
fn resuming_stops_before_each_breakpoint_and_goes_on_from_it() {
    let mut whole = frame();
    whole.run();
    for at in (TEXT..=TEXT + 20).step_by(4) {
        let mut frame = frame();
        let mut session = Session::new();
        session.breakpoints.insert(at);
        let mut pauses = 0;
        let stop = loop {
            match resume(&mut session, &mut frame) {
                Some(stop) => break stop,
                None => pauses += 1,
            }
            assert_eq!(frame.hart.pc, at);
        };
        assert_eq!(stop, Stop::Ecall);
        assert_eq!(pauses, if at == TEXT + 20 { 1 } else { 4 }, "breakpoint at {at:#x}");
        assert_eq!(frame.hart, whole.hart);
        assert!(session.breakpoints.contains(&at));
    }
}

#[test]
fn a_breakpoint_at_an_arrival_pauses_before_its_charge() {
    let mut frame = frame();
    let mut session = Session::new();
    session.breakpoints.extend([TEXT, TEXT + 8, TEXT + 12]);
    assert_eq!(resume(&mut session, &mut frame), None);
    assert_eq!((frame.hart.pc, frame.hart.gas), (TEXT, PLENTY));
    assert_eq!(resume(&mut session, &mut frame), None);
    assert_eq!((frame.hart.pc, frame.hart.gas), (TEXT + 8, PLENTY - 11));
    assert_eq!(frame.memory.load_u32(DATA), Ok(0), "the store is still to come");
    assert_eq!(resume(&mut session, &mut frame), None);
    assert_eq!((frame.hart.pc, frame.hart.gas), (TEXT + 12, PLENTY - 37));
    assert_eq!(frame.memory.load_u32(DATA), Ok(3));
}

#[test]
fn a_session_goes_on_behind_an_ecall() {
    let mut frame = Frame::new(&[Inst::Ecall(N), Inst::Ecall(N)]);
    let mut session = Session::new();
    session.breakpoints.insert(TEXT + 4);
    assert_eq!(resume(&mut session, &mut frame), Some(Stop::Ecall));
    frame.hart.pc += 4;
    assert_eq!(resume(&mut session, &mut frame), None, "the breakpoint there counts");
    assert_eq!(PLENTY - frame.hart.gas, 152);
    assert_eq!(resume(&mut session, &mut frame), Some(Stop::Ecall));
    assert_eq!(PLENTY - frame.hart.gas, 304);
}

#[test]
fn setting_the_pc_makes_an_arrival() {
    let mut frame = frame();
    let mut session = Session::new();
    assert_eq!(step(&mut session, &mut frame, &mut ()), None);
    assert_eq!(session.position(), Position::Inside);
    frame.hart.pc = TEXT + 20;
    session.jumped();
    assert_eq!(step(&mut session, &mut frame, &mut ()), Some(Stop::Ecall));
    assert_eq!(PLENTY - frame.hart.gas, 11 + 152);
}

#[test]
fn an_observer_sees_what_each_instruction_did() {
    let amo = Inst::AmoaddW(A { rd: Reg::A3, rs1: Reg::A1, rs2: Reg::A0, aq: false, rl: false });
    let byte = Inst::Lb(L { rd: Reg::A2, rs1: Reg::A1, imm: 1 });
    let nowhere = Inst::Lb(L { rd: Reg::ZERO, rs1: Reg::A1, imm: 1 });
    let sc = Inst::ScW(A { rd: Reg::A3, rs1: Reg::A1, rs2: Reg::A0, aq: false, rl: false });
    let insts = [amo, byte, nowhere, sc, Inst::Ebreak(N)];
    let mut frame = Frame::new(&insts).with(Reg::A0, 2).with(Reg::A1, DATA).with(Reg::A2, 7);
    frame.memory.store_u32(DATA, 0x8001).unwrap();
    let mut seen = Seen::default();
    let mut position = Position::default();
    let (text, charges) = (frame.program.text(), &frame.charges);
    let (hart, memory) = (&mut frame.hart, &mut frame.memory);
    let stop = trace(text, charges, hart, memory, &mut position, &mut seen);
    assert!(matches!(stop, Some(Stop::Trap(_))));

    let access = |direction, addr, width, value| Access { direction, addr, width, value };
    let write = |rd, old, new| Some(RegisterWrite { rd, old, new });
    let executed = |index: u32, register, load, store| Executed {
        pc: TEXT + 4 * index,
        inst: insts[index as usize],
        len: 4,
        register,
        load,
        store,
    };
    let word = |direction, value| Some(access(direction, DATA, Width::Word, value));
    let loaded = Some(access(Direction::Load, DATA + 1, Width::Byte, 0x80));
    let expected = [
        executed(
            0,
            write(Reg::A3, 0, 0x8001),
            word(Direction::Load, 0x8001),
            word(Direction::Store, 0x8003),
        ),
        executed(1, write(Reg::A2, 7, 0xffff_ff80), loaded, None),
        executed(2, None, loaded, None),
        executed(3, write(Reg::A3, 0x8001, 1), None, None),
    ];
    assert_eq!(seen.executed, expected, "and not the instruction that trapped");
    assert_eq!(seen.before, [0, 4, 8, 12, 16].map(|offset| TEXT + offset));
    let charge = 2 + 16 + 12 + 12 + 4 + 1;
    assert_eq!(seen.charged, [(TEXT, charge)]);
    assert_eq!(expected[0].accesses().count(), 2);
}

#[test]
fn retired_instructions_are_counted_with_the_ecall_and_without_what_trapped() {
    let mut frame = frame();
    let mut retired = Retired::default();
    let mut position = Position::default();
    let (text, charges) = (frame.program.text(), &frame.charges);
    let (hart, memory) = (&mut frame.hart, &mut frame.memory);
    let stop = trace(text, charges, hart, memory, &mut position, &mut retired);
    assert_eq!(stop, Some(Stop::Ecall));
    assert_eq!(retired.instructions, INSTRUCTIONS);

    let mut frame = Frame::new(&[Inst::Ebreak(N)]);
    let mut session = Session::new();
    let mut retired = Retired::default();
    assert!(step(&mut session, &mut frame, &mut retired).is_some());
    assert_eq!(retired.instructions, 0);
}

#[derive(Default)]
struct Seen {
    before: Vec<u32>,
    charged: Vec<(u32, u32)>,
    executed: Vec<Executed>,
}

impl Observer for Seen {
    fn before(&mut self, hart: &Hart, _: Decoded) -> ControlFlow<()> {
        self.before.push(hart.pc);
        ControlFlow::Continue(())
    }

    fn charged(&mut self, hart: &Hart, charge: u32) {
        self.charged.push((hart.pc, charge));
    }

    fn after(&mut self, executed: &Executed) {
        self.executed.push(*executed);
    }
}

fn step(session: &mut Session, frame: &mut Frame, observer: &mut impl Observer) -> Option<Stop> {
    let (text, charges) = (frame.program.text(), &frame.charges);
    session.step(text, charges, &mut frame.hart, &mut frame.memory, observer)
}

fn resume(session: &mut Session, frame: &mut Frame) -> Option<Stop> {
    let (text, charges) = (frame.program.text(), &frame.charges);
    session.resume(text, charges, &mut frame.hart, &mut frame.memory, &mut ())
}

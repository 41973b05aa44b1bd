//! G1 to G4 and the weights.

use super::*;
use crate::generate::encode as e;

const START: u64 = 1_000_000;

/// The worked example of section 4, and one C.EBREAK behind it.
fn worked_example(a1: u32) -> Oracle {
    let mut oracle = compressed(&[0x4501, 0x0533, 0x00b5, 0xfded, 0x9002]);
    oracle.registers[11] = wide(a1);
    oracle
}

#[test]
fn the_worked_example_charges_as_written() {
    let oracle = worked_example(0);
    assert_eq!(oracle.charge(0x1_0000), 12);
    assert_eq!(oracle.charge(0x1_0002), 11);
    assert_eq!(oracle.charge(0x1_0004), 11);
    assert_eq!(oracle.charge(0x1_0006), 10);
}

#[test]
fn a_taken_branch_back_costs_a_charge_per_round() {
    let mut oracle = worked_example(1);
    oracle.gas = 12 * 5 + 11;
    assert_eq!(oracle.run(), Stop::OutOfGas { pc: 0x1_0000 });
    assert_eq!((oracle.gas(), oracle.executed()), (0, 15));
    let mut oracle = worked_example(0);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, 0x1_0008));
    assert_eq!(oracle.gas(), START - 12 - 3);
}

#[test]
fn a_self_loop_arrives_every_time_round() {
    let mut oracle = plain(&[e::jal(0, 0)]);
    oracle.gas = 5 * 100 + 4;
    assert_eq!(oracle.run(), Stop::OutOfGas { pc: TEXT });
    assert_eq!(oracle.executed(), 100);
}

#[test]
fn going_on_inside_a_run_is_no_arrival() {
    // The second word is the target of the branch: first charged with the run from the start, then
    // as a run of its own.
    let words =
        [e::addi(5, 0, 2), e::addi(5, 5, 0xfff), e::branch(1, 5, 0, 0xffff_fffc), e::EBREAK];
    let mut oracle = plain(&words);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 12));
    assert_eq!(oracle.gas(), START - (2 + 1 + 1 + 8) - (2 + 1 + 8) - (2 + 1));
}

#[test]
fn nothing_happens_before_the_check() {
    // The run would store, then trap; it costs 2 + 4 + 1.
    let words = [e::sw(6, 5, 0), e::EBREAK];
    for (gas, stop, left, stored) in [
        (6, Stop::OutOfGas { pc: TEXT }, 0, 0),
        (7, trap(Trap::BREAKPOINT, TEXT + 4), 0, 9),
        (8, trap(Trap::BREAKPOINT, TEXT + 4), 1, 9),
    ] {
        let mut oracle = plain(&words);
        oracle.registers[5] = wide(DATA);
        oracle.registers[6] = wide(9);
        oracle.gas = gas;
        assert_eq!(oracle.run(), stop);
        assert_eq!(oracle.gas(), left);
        assert_eq!(oracle.memory.load(DATA, 4), Ok(stored));
    }
}

#[test]
fn a_trap_keeps_the_charge_of_the_whole_run() {
    let mut oracle = plain(&[e::lw(7, 0, 0), e::r(e::OP, 4, 1, 7, 7, 7), e::jal(0, 0)]);
    assert_eq!(oracle.run(), trap_at(Trap::BAD_LOAD, TEXT, 0));
    assert_eq!(oracle.gas(), START - (2 + 12 + 25 + 3));
}

#[test]
fn an_ecall_is_charged_with_its_run_and_returns_to_an_arrival() {
    let words = [e::addi(17, 0, 1), e::ECALL, e::addi(5, 0, 1), e::EBREAK];
    let mut oracle = plain(&words);
    assert_eq!(oracle.run(), Stop::Ecall);
    assert_eq!((oracle.pc(), oracle.gas()), (TEXT + 4, START - 153));
    oracle.set_gas(3);
    oracle.resume(0);
    assert_eq!(oracle.run(), Stop::OutOfGas { pc: TEXT + 8 });
    assert_eq!((oracle.pc(), oracle.gas()), (TEXT + 8, 0));
}

#[test]
fn weights_by_class_and_memory_size() {
    let (r, i) = (|funct3, funct7| e::r(e::OP, funct3, funct7, 7, 5, 6), e::OP_IMM);
    // The cost of a word in each column of M: 256 KiB, 1, 4, 16, 64 MiB.
    let table = [
        (e::u(e::LUI, 7, 0), [1; 5]),
        (e::u(e::AUIPC, 7, 0), [1; 5]),
        (e::i(i, 0, 7, 5, 1), [1; 5]),
        (e::i(i, 5, 7, 5, 1), [1; 5]),
        (r(0, 0), [1; 5]),
        (r(5, 0x20), [1; 5]),
        (r(0, 1), [5; 5]),
        (r(1, 1), [6; 5]),
        (r(2, 1), [6; 5]),
        (r(3, 1), [6; 5]),
        (r(4, 1), [25; 5]),
        (r(5, 1), [25; 5]),
        (r(6, 1), [25; 5]),
        (r(7, 1), [25; 5]),
        (e::i(e::LOAD, 0, 7, 5, 0), [8, 12, 100, 128, 160]),
        (e::lw(7, 5, 0), [8, 12, 100, 128, 160]),
        (e::s(e::STORE, 0, 5, 6, 0), [4, 4, 25, 32, 40]),
        (e::sw(6, 5, 0), [4, 4, 25, 32, 40]),
        (e::amo(2, 7, 5, 0), [8, 12, 100, 128, 160]),
        (e::amo(3, 7, 5, 6), [4, 4, 25, 32, 40]),
        (e::amo(0, 7, 5, 6), [12, 16, 125, 160, 200]),
        (0x0ff0_000f, [1; 5]),
        (e::branch(0, 5, 6, 8), [8; 5]),
        (e::jal(7, 8), [3; 5]),
        (e::jalr(7, 5, 0), [15; 5]),
        (e::ECALL, [150; 5]),
        (e::EBREAK, [1; 5]),
        (0, [1; 5]),
    ];
    for (word, costs) in table {
        for (memory_class, cost) in MemoryClass::ALL.into_iter().zip(costs) {
            let text = word.to_le_bytes().to_vec();
            let oracle = Oracle::new(&Setup { memory_class, ..setup(text, false) });
            // What goes on runs into the end of text, which costs 1.
            let ends = matches!(word & 0x7f, 0x63 | 0x6f | 0x67 | 0x73 | 0);
            let expected = 2 + cost + u64::from(!ends);
            assert_eq!(oracle.charge(TEXT), expected, "{word:#010x} {memory_class:?}");
        }
    }
}

/// Runs once to learn the gas, then with every limit in 0..64 and around what was used.
#[test]
fn a_limit_is_either_enough_or_ends_at_the_first_arrival_it_does_not_cover() {
    // Ten rounds of a loop with a store, then a break.
    let words = [
        e::addi(5, 0, 10),
        e::sw(5, 6, 0),
        e::addi(5, 5, 0xfff),
        e::branch(1, 5, 0, 0xffff_fff8),
        e::EBREAK,
    ];
    let run = |limit| {
        let mut oracle = plain(&words);
        oracle.registers[6] = wide(DATA);
        oracle.gas = limit;
        (oracle.run(), oracle)
    };
    // Arrivals: the entry, nine times the store, the fall-through.
    let charges = [[16].as_slice(), &[15; 9], &[3]].concat();
    let used: u64 = charges.iter().sum();
    let (stop, oracle) = run(START);
    assert_eq!((stop, START - oracle.gas()), (trap(Trap::BREAKPOINT, TEXT + 16), used));
    for limit in (0..64).chain(used - 64..used + 2) {
        let (stop, oracle) = run(limit);
        let mut left = limit;
        let covered = charges.iter().take_while(|charge| {
            let fits = left >= **charge;
            left -= if fits { **charge } else { 0 };
            fits
        });
        match covered.count() {
            0 => assert_eq!(stop, Stop::OutOfGas { pc: TEXT }),
            11 => assert_eq!((stop, oracle.gas()), (trap(Trap::BREAKPOINT, TEXT + 16), left)),
            n => {
                let pc = if n == 10 { TEXT + 16 } else { TEXT + 4 };
                assert_eq!((stop, oracle.gas()), (Stop::OutOfGas { pc }, 0));
                let stored = 11 - u32::try_from(n).unwrap();
                assert_eq!(oracle.memory.load(DATA, 4), Ok(wide(stored)));
            }
        }
    }
}

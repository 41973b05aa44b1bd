//! Every instruction and every compressed form is executed by generated programs, and often.

use std::collections::BTreeMap;

use bessemer_conformance::generate::{Generator, answer};
use bessemer_conformance::oracle::{MemoryClass, Oracle, Stop};

#[test]
fn each_form_is_executed_often() {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut stored_conditionally = 0;
    for seed in 0..8000 {
        let case = Generator::for_seed(seed).case(seed);
        let mut oracle = Oracle::new(&case.setup(0x1_0000, MemoryClass::M256K));
        loop {
            let pc = oracle.pc();
            let name = name(&oracle, pc, case.compressed);
            let (executed, reserved) = (oracle.executed(), oracle.reservation());
            let stop = oracle.step();
            if oracle.executed() > executed {
                // What traps is not counted, unless trapping is what it does.
                let done = !matches!(stop, Some(Stop::Trap { kind, .. }) if kind != 2);
                *counts.entry(name).or_default() += u32::from(done);
                let address = reserved.filter(|_| name == "sc.w" && stop.is_none());
                let word = at(&oracle, pc, 4);
                let rd = (word >> 7 & 31) as usize;
                let stored = address.is_some() && rd != 0 && oracle.registers()[rd] == 0;
                stored_conditionally += u32::from(stored);
            }
            match (stop, answer(oracle.registers())) {
                (None, _) => {}
                (Some(Stop::Ecall), Some(result)) => oracle.resume(result),
                _ => break,
            }
        }
    }
    for (name, _, _) in WORDS.iter().chain(PARCELS) {
        let count = counts.get(name).copied().unwrap_or_default();
        println!("{name:10} {count}");
        assert!(count >= 20, "{name} was executed {count} times");
    }
    println!("sc.w that stored: {stored_conditionally}");
    assert!(stored_conditionally >= 20);
}

fn name(oracle: &Oracle, pc: u32, compressed: bool) -> &'static str {
    let parcel = at(oracle, pc, 2);
    let (rows, bits) =
        if compressed && parcel & 3 != 3 { (PARCELS, parcel) } else { (WORDS, at(oracle, pc, 4)) };
    rows.iter().find(|(_, mask, bits_set)| bits & mask == *bits_set).map_or("illegal", |row| row.0)
}

/// The `n` bytes at `pc`, or 0 at the end of text.
fn at(oracle: &Oracle, pc: u32, n: u32) -> u32 {
    let bytes = oracle.read(pc, n).unwrap_or_default();
    bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Name, mask, value.
const WORDS: &[(&str, u32, u32)] = &[
    ("lui", 0x0000_007f, 0x0000_0037),
    ("auipc", 0x0000_007f, 0x0000_0017),
    ("jal", 0x0000_007f, 0x0000_006f),
    ("jalr", 0x0000_707f, 0x0000_0067),
    ("beq", 0x0000_707f, 0x0000_0063),
    ("bne", 0x0000_707f, 0x0000_1063),
    ("blt", 0x0000_707f, 0x0000_4063),
    ("bge", 0x0000_707f, 0x0000_5063),
    ("bltu", 0x0000_707f, 0x0000_6063),
    ("bgeu", 0x0000_707f, 0x0000_7063),
    ("lb", 0x0000_707f, 0x0000_0003),
    ("lh", 0x0000_707f, 0x0000_1003),
    ("lw", 0x0000_707f, 0x0000_2003),
    ("lbu", 0x0000_707f, 0x0000_4003),
    ("lhu", 0x0000_707f, 0x0000_5003),
    ("sb", 0x0000_707f, 0x0000_0023),
    ("sh", 0x0000_707f, 0x0000_1023),
    ("sw", 0x0000_707f, 0x0000_2023),
    ("addi", 0x0000_707f, 0x0000_0013),
    ("slti", 0x0000_707f, 0x0000_2013),
    ("sltiu", 0x0000_707f, 0x0000_3013),
    ("xori", 0x0000_707f, 0x0000_4013),
    ("ori", 0x0000_707f, 0x0000_6013),
    ("andi", 0x0000_707f, 0x0000_7013),
    ("slli", 0xfe00_707f, 0x0000_1013),
    ("srli", 0xfe00_707f, 0x0000_5013),
    ("srai", 0xfe00_707f, 0x4000_5013),
    ("add", 0xfe00_707f, 0x0000_0033),
    ("sub", 0xfe00_707f, 0x4000_0033),
    ("sll", 0xfe00_707f, 0x0000_1033),
    ("slt", 0xfe00_707f, 0x0000_2033),
    ("sltu", 0xfe00_707f, 0x0000_3033),
    ("xor", 0xfe00_707f, 0x0000_4033),
    ("srl", 0xfe00_707f, 0x0000_5033),
    ("sra", 0xfe00_707f, 0x4000_5033),
    ("or", 0xfe00_707f, 0x0000_6033),
    ("and", 0xfe00_707f, 0x0000_7033),
    ("mul", 0xfe00_707f, 0x0200_0033),
    ("mulh", 0xfe00_707f, 0x0200_1033),
    ("mulhsu", 0xfe00_707f, 0x0200_2033),
    ("mulhu", 0xfe00_707f, 0x0200_3033),
    ("div", 0xfe00_707f, 0x0200_4033),
    ("divu", 0xfe00_707f, 0x0200_5033),
    ("rem", 0xfe00_707f, 0x0200_6033),
    ("remu", 0xfe00_707f, 0x0200_7033),
    ("fence", 0x0000_707f, 0x0000_000f),
    ("ecall", 0xffff_ffff, 0x0000_0073),
    ("ebreak", 0xffff_ffff, 0x0010_0073),
    ("lr.w", 0xf9f0_707f, 0x1000_202f),
    ("sc.w", 0xf800_707f, 0x1800_202f),
    ("amoswap.w", 0xf800_707f, 0x0800_202f),
    ("amoadd.w", 0xf800_707f, 0x0000_202f),
    ("amoxor.w", 0xf800_707f, 0x2000_202f),
    ("amoand.w", 0xf800_707f, 0x6000_202f),
    ("amoor.w", 0xf800_707f, 0x4000_202f),
    ("amomin.w", 0xf800_707f, 0x8000_202f),
    ("amomax.w", 0xf800_707f, 0xa000_202f),
    ("amominu.w", 0xf800_707f, 0xc000_202f),
    ("amomaxu.w", 0xf800_707f, 0xe000_202f),
];

/// The first row that matches is the form.
const PARCELS: &[(&str, u32, u32)] = &[
    ("c.addi4spn", 0xe003, 0x0000),
    ("c.lw", 0xe003, 0x4000),
    ("c.sw", 0xe003, 0xc000),
    ("c.nop", 0xef83, 0x0001),
    ("c.addi", 0xe003, 0x0001),
    ("c.jal", 0xe003, 0x2001),
    ("c.li", 0xe003, 0x4001),
    ("c.addi16sp", 0xef83, 0x6101),
    ("c.lui", 0xe003, 0x6001),
    ("c.srli", 0xfc03, 0x8001),
    ("c.srai", 0xfc03, 0x8401),
    ("c.andi", 0xec03, 0x8801),
    ("c.sub", 0xfc63, 0x8c01),
    ("c.xor", 0xfc63, 0x8c21),
    ("c.or", 0xfc63, 0x8c41),
    ("c.and", 0xfc63, 0x8c61),
    ("c.j", 0xe003, 0xa001),
    ("c.beqz", 0xe003, 0xc001),
    ("c.bnez", 0xe003, 0xe001),
    ("c.slli", 0xf003, 0x0002),
    ("c.lwsp", 0xe003, 0x4002),
    ("c.jr", 0xf07f, 0x8002),
    ("c.mv", 0xf003, 0x8002),
    ("c.ebreak", 0xffff, 0x9002),
    ("c.jalr", 0xf07f, 0x9002),
    ("c.add", 0xf003, 0x9002),
    ("c.swsp", 0xe003, 0xc002),
];

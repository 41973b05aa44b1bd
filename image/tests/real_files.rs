//! What real compilers and linkers write loads (`tests/real/README.md`).

#![allow(missing_docs, reason = "a test")]

use bessemer_image::{Limits, LoadError, Program};
use bessemer_isa::MemoryClass;

/// File, entry, whether compressed, addresses of the segments, a function and its address.
type Row = (&'static str, &'static [u8], u32, bool, &'static [u32], Option<u32>);

const ROWS: [Row; 8] = [
    (
        "GNU ld, rv32im",
        include_bytes!("real/gnu-ld-rv32im.elf"),
        0x100dc,
        false,
        &[0x10000, 0x11000],
        Some(0x100dc),
    ),
    (
        "GNU ld, rv32imac",
        include_bytes!("real/gnu-ld-rv32imac.elf"),
        0x100c4,
        true,
        &[0x10000, 0x11000],
        Some(0x100c4),
    ),
    (
        "GNU ld, text at 2 GiB",
        include_bytes!("real/gnu-ld-high-rv32imac.elf"),
        0x8000_004e,
        true,
        &[0x7fff_f000, 0x8000_1000],
        Some(0x8000_004e),
    ),
    (
        "GNU ld, script of picolibc, thread-local variables",
        include_bytes!("real/gnu-ld-picolibc-script-rv32imac.elf"),
        0x1000_0000,
        true,
        &[0x1000_0000, 0x2000_0000, 0x2000_0008],
        Some(0x1000_0000),
    ),
    (
        "lld, rv32im",
        include_bytes!("real/lld-rv32im.elf"),
        0x11148,
        false,
        &[0x10000, 0x110fc, 0x1217c],
        Some(0x11148),
    ),
    (
        "lld, stripped, rv32imac",
        include_bytes!("real/lld-stripped-rv32imac.elf"),
        0x11132,
        true,
        &[0x10000, 0x110fa, 0x12158],
        None,
    ),
    (
        "rustc, rv32im",
        include_bytes!("real/rustc-rv32im.elf"),
        0x11230,
        false,
        &[0x10000, 0x1122c, 0x12ae8],
        Some(0x11230),
    ),
    (
        "rustc, rv32imac",
        include_bytes!("real/rustc-rv32imac.elf"),
        0x1122e,
        true,
        &[0x10000, 0x1122c, 0x1283c],
        Some(0x1122e),
    ),
];

#[test]
fn what_linkers_write_loads_under_both_limits() {
    for (name, file, entry, compressed, segments, start) in ROWS {
        for limits in [Limits::contract(), Limits::bare()] {
            let program = Program::parse(file, &limits).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(program.entry(), entry, "{name}");
            assert_eq!(program.profile().compressed, compressed, "{name}");
            let addrs: Vec<_> = program.segments().iter().map(|s| s.addr).collect();
            assert_eq!(addrs, segments, "{name}");
            assert_eq!(program.symbols().lookup("_start"), start, "{name}");
            let containing = program.symbols().containing(entry + 4);
            assert_eq!(containing, start.map(|_| ("_start", 4)), "{name}");
            let inst = program.text().at(entry).and_then(|slot| slot.inst);
            assert!(inst.is_some(), "{name}: an instruction stands at the entry");
        }
    }
}

/// Its bytes lie in a segment, where startup code finds them.
#[test]
fn initial_values_of_thread_local_variables_are_data() {
    let program = Program::parse(ROWS[3].1, &Limits::contract()).expect("loads");
    let data = &program.segments()[1];
    assert_eq!((data.addr, data.size), (0x2000_0000, 8));
    assert_eq!(*data.bytes, [3, 0, 0, 0, 7, 0, 0, 0]);
}

#[test]
fn stack_and_heap_take_what_the_segments_leave() {
    let program = Program::parse(ROWS[0].1, &Limits::contract()).expect("loads");
    let layout = program.layout();
    assert_eq!(layout.stack, 0xfffe_0000..0xffff_0000);
    assert_eq!(layout.memory_class, MemoryClass::Mib1);
    assert_eq!(layout.heap_start, 0x12000);
    // Two pages of segments and 16 of stack.
    assert_eq!(layout.heap_limit, 0x12000 + (256 - 18) * 4096);
    assert_eq!(program.entry_pages(), 18);
}

#[test]
fn code_and_data_in_one_segment_are_refused_with_advice() {
    let file = include_bytes!("real/gnu-ld-omagic-rv32im.elf");
    let error = Program::parse(file, &Limits::bare()).expect_err("it is writable and executable");
    assert!(matches!(error, LoadError::WritableCode { index: 1, .. }));
    assert!(error.to_string().contains("do not use -N"), "{error}");
}

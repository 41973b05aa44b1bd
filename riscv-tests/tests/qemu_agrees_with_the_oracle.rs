//! An outside opinion: programs that run to their end without a trap leave the same registers and
//! the same memory in the oracle and in `qemu-riscv32`.
//!
//! The ECALL at which a program ends is replaced by a jump to code that stores all registers and
//! writes them, the data and the stack to the standard output. The oracle runs the very same bytes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use bessemer_conformance::generate::{Case, EXIT, Generator};
use bessemer_conformance::oracle::{MemoryClass, Oracle, PAGE_SIZE, Segment, Setup, Stop};
use bessemer_toolchain::{Tool, tests};

/// Registers are stored here.
const DUMP: u32 = 0x4000_0000;
const STACK_TOP: u32 = 0x5000_0000;
const STACK_SIZE: u32 = 0x1_0000;
/// How much of the stack is compared.
const STACK_COMPARED: u32 = 0x1000;

const WRITE: u32 = 64;
const A0: u32 = 10;
const A1: u32 = 11;
const A2: u32 = 12;
const A7: u32 = 17;

#[test]
fn trap_free_programs_end_alike() {
    if !tests::has(&[Tool::QEMU_RISCV32]) {
        return;
    }
    let programs = tests::cases(100, 300);
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut compared: u64 = 0;
    let mut seed = 0;
    while compared < programs {
        seed += 1;
        let case = Generator::for_seed(seed).case(seed);
        let Some((image, expected)) = instrumented(&case) else {
            continue;
        };
        let file = directory.join("generated.elf");
        write_program(&file, &image);
        let output = Command::new(Tool::QEMU_RISCV32).arg(&file).output().unwrap();
        let id = format!("{} seed {seed}", case.name);
        assert!(output.status.success(), "{id}: {:?}", output.status);
        assert_eq!(output.stdout.len(), expected.len(), "{id}");
        for (number, (ours, theirs)) in expected.chunks(4).zip(output.stdout.chunks(4)).enumerate()
        {
            let what = if number < 32 { "register" } else { "word of memory" };
            assert_eq!(ours, theirs, "{id}: {what} {number}");
        }
        compared += 1;
    }
    println!("{compared} programs of {seed} run without a trap; all end alike");
}

/// The ELF file of a case that ends without a trap and without other host calls, and what it
/// writes according to the oracle.
fn instrumented(case: &Case) -> Option<(Vec<u8>, Vec<u8>)> {
    if !(0x1_0000..0x3000_0000).contains(&case.text_addr) {
        return None;
    }
    let mut setup = case.setup(STACK_SIZE, MemoryClass::M256K);
    let mut oracle = Oracle::new(&setup);
    if oracle.run() != Stop::Ecall || low(&oracle, 17) != EXIT {
        return None;
    }

    let exit = oracle.pc() - case.text_addr;
    let mut text = case.text.clone();
    text.truncate(text.len() / 4 * 4);
    let epilogue = size(&text);
    text.get_mut(exit as usize..)?.get_mut(..4)?;
    text[exit as usize..][..4].copy_from_slice(&jump(epilogue - exit).to_le_bytes());
    let mut words = vec![lui(A7, DUMP)];
    words.extend((0..32).map(|number| sw(number, A7, 4 * number)));
    let data_length = size(&case.data);
    for (addr, length) in
        [(DUMP, 128), (case.data_addr, data_length), (STACK_TOP - STACK_COMPARED, STACK_COMPARED)]
    {
        words.extend(load(A0, 1));
        words.extend(load(A1, addr));
        words.extend(load(A2, length));
        words.extend(load(A7, WRITE));
        words.push(0x0000_0073);
    }
    words.extend(load(A0, 0));
    words.extend(load(A7, EXIT));
    words.push(0x0000_0073);
    let entry = epilogue + 4 * size(&words);
    words.extend(load(2, STACK_TOP));
    let back = 4 * size(&words) + epilogue;
    words.push(jump((case.entry - case.text_addr).wrapping_sub(back)));
    text.extend(words.iter().flat_map(|word| word.to_le_bytes()));

    setup.entry = case.text_addr + entry;
    setup.stack_size = 0;
    setup.gas = 100_000;
    setup.sp = 0;
    setup.segments[0] = Segment::text(case.text_addr, text);
    for (addr, memsz) in [(DUMP, PAGE_SIZE), (STACK_TOP - STACK_SIZE, STACK_SIZE)] {
        setup.segments.push(Segment { memsz, ..Segment::data(addr, vec![]) });
    }
    Some((image(&setup), output(&setup)?))
}

/// The value of a register of a 32-bit program.
fn low(oracle: &Oracle, number: usize) -> u32 {
    oracle.registers()[number] as u32
}

/// What the program writes, or None if it ends in another way, or is one where qemu is known to
/// differ.
fn output(setup: &Setup) -> Option<Vec<u8>> {
    let mut oracle = Oracle::new(setup);
    let mut output = vec![];
    let mut reserved: Option<(u32, Vec<u8>)> = None;
    loop {
        match oracle.step() {
            None => {}
            Some(Stop::Ecall) => match low(&oracle, 17) {
                EXIT => return Some(output),
                WRITE if low(&oracle, 10) == 1 => {
                    let [addr, length] = [11, 12].map(|number| low(&oracle, number));
                    output.extend(oracle.read(addr, length)?);
                    oracle.resume(length);
                }
                _ => return None,
            },
            Some(Stop::Trap { .. } | Stop::OutOfGas { .. }) => return None,
        }
        // For qemu a store to the reserved word breaks the reservation if it changes the value.
        let now = oracle
            .reservation()
            .map(|addr| (addr, oracle.read(addr, 4).expect("LR has loaded it")));
        match (&reserved, &now) {
            (Some((a, old)), Some((b, new))) if a == b && old != new => return None,
            _ => reserved = now,
        }
    }
}

/// A static executable with one segment for each range of pages of one permission.
fn image(setup: &Setup) -> Vec<u8> {
    struct Range {
        addr: u32,
        flags: u32,
        bytes: Vec<u8>,
    }
    let text = setup.segments[0].addr..setup.segments[0].addr + setup.segments[0].memsz;
    let mut ranges: Vec<Range> = vec![];
    for (addr, page) in Oracle::new(setup).pages() {
        let executable = addr < text.end && addr + PAGE_SIZE > text.start;
        let flags = 4 | u32::from(page.writable) << 1 | u32::from(executable);
        match ranges.last_mut() {
            Some(last)
                if last.flags == flags
                    && last.addr as usize + last.bytes.len() == addr as usize =>
            {
                last.bytes.extend(&page.bytes);
            }
            _ => ranges.push(Range { addr, flags, bytes: page.bytes.clone() }),
        }
    }

    let mut file = vec![];
    let half = |file: &mut Vec<u8>, value: u16| file.extend(value.to_le_bytes());
    let word = |file: &mut Vec<u8>, value: u32| file.extend(value.to_le_bytes());
    // e_ident: 32 bits, little-endian, version 1.
    file.extend(b"\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0");
    half(&mut file, 2);
    half(&mut file, 243);
    word(&mut file, 1);
    word(&mut file, setup.entry);
    word(&mut file, 52);
    word(&mut file, 0);
    word(&mut file, u32::from(setup.compressed));
    half(&mut file, 52);
    half(&mut file, 32);
    half(&mut file, u16::try_from(ranges.len()).expect("a handful of segments"));
    half(&mut file, 40);
    half(&mut file, 0);
    half(&mut file, 0);
    let mut offset = PAGE_SIZE;
    for range in &ranges {
        let length = size(&range.bytes);
        for value in [1, offset, range.addr, range.addr, length, length, range.flags, PAGE_SIZE] {
            word(&mut file, value);
        }
        offset += length;
    }
    assert!(file.len() <= PAGE_SIZE as usize, "the headers fit into a page");
    file.resize(PAGE_SIZE as usize, 0);
    for range in ranges {
        file.extend(range.bytes);
    }
    file
}

fn write_program(file: &Path, image: &[u8]) {
    fs::write(file, image).expect("the target directory is writable");
    let permissions = fs::Permissions::from_mode(0o755);
    fs::set_permissions(file, permissions).expect("the file is ours");
}

fn size<T>(items: &[T]) -> u32 {
    u32::try_from(items.len()).expect("generated programs are small")
}

fn load(rd: u32, value: u32) -> [u32; 2] {
    [lui(rd, value.wrapping_add(0x800)), (value & 0xfff) << 20 | rd << 15 | rd << 7 | 0x13]
}

fn lui(rd: u32, value: u32) -> u32 {
    value & 0xffff_f000 | rd << 7 | 0x37
}

fn sw(rs2: u32, rs1: u32, offset: u32) -> u32 {
    offset >> 5 << 25 | rs2 << 20 | rs1 << 15 | 2 << 12 | (offset & 31) << 7 | 0x23
}

/// `jal x0, offset`.
fn jump(offset: u32) -> u32 {
    (offset >> 20 & 1) << 31
        | (offset >> 1 & 0x3ff) << 21
        | (offset >> 11 & 1) << 20
        | (offset >> 12 & 0xff) << 12
        | 0x6f
}

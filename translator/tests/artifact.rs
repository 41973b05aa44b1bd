//! Artifacts come back from their files as they were, and nothing else comes back at all.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

use bessemer_image::{ImageBuilder, Limits, Profile, Program};
use bessemer_isa::{GasSchedule, asm};
use bessemer_translator::{
    Artifact, HEAD_LEN, Labels, Note, Options, ReadError, TextShape, TrapRecord, translate,
};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

const GUEST: &str = "
    _start: li   s0, 10
    loop:   mv   a0, s0
            call square
            sw   a0, -4(sp)
            lw   a1, -4(sp)
            addi s0, s0, -1
            bnez s0, loop
            li   a7, 93
            ecall
    square: mul  a0, a0, a0
            ret
";

fn program(guest: &str) -> (Vec<u8>, Program) {
    let program = asm::assemble(guest, &asm::Options::default()).unwrap();
    let mut image =
        ImageBuilder::new(Profile::rv32(false)).text(program.text.base, &program.text.bytes);
    for (name, addr) in &program.symbols {
        image = image.symbol(name, *addr);
    }
    let elf = image.build();
    let program = Program::parse(&elf, &Limits::bare()).unwrap();
    (elf, program)
}

fn artifact(program: &Program) -> Artifact {
    translate(program, &program.charges(&GasSchedule::V1), &Options::default()).unwrap()
}

const PLAIN: Labels<'_> = Labels { key: [7; 32], code_hash: [9; 32], image: None, names: None };

#[test]
fn what_was_written_is_read() {
    let (elf, program) = program(GUEST);
    let artifact = artifact(&program);
    for image in [None, Some(&*elf)] {
        let file = artifact.write(&Labels { image, ..PLAIN });
        let (note, read) = Artifact::read(&file).unwrap();
        assert_eq!((note.key, note.code_hash), ([7; 32], [9; 32]));
        assert_eq!(read, artifact);
        assert_eq!(read.tables().text(), TextShape::of(program.text()));
        let rest = &file[note.code_range().end..];
        assert_eq!(&rest[note.image_range()], image.unwrap_or_default());
        assert_eq!(file, artifact.write(&Labels { image, ..PLAIN }), "writing is deterministic");
    }
}

#[test]
fn control_that_runs_off_the_end_of_text_is_part_of_an_artifact() {
    for guest in ["_start: nop", "_start: beqz a0, 1f\n nop\n 1:"] {
        let (_, program) = program(guest);
        let artifact = artifact(&program);
        let end = program.text().end();
        assert!(artifact.traps().iter().any(|trap| trap.pc == end), "{guest}");
        assert_eq!(Artifact::read(&artifact.write(&PLAIN)).unwrap().1, artifact, "{guest}");
    }
}

#[test]
fn every_program_of_the_bench_comes_back() {
    let mut programs = 0;
    for folder in ["../bench/elf", "../bench/elf/imac", "../bench/elf/programs"] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "elf") {
                let program = Program::parse(&std::fs::read(&path).unwrap(), &Limits::bare());
                let artifact = artifact(&program.unwrap());
                let read = Artifact::read(&artifact.write(&PLAIN));
                assert!(read.is_ok_and(|(_, read)| read == artifact), "{}", path.display());
                programs += 1;
            }
        }
    }
    assert!(programs >= 20, "only {programs} programs");
}

#[test]
fn tools_see_what_the_reader_sees() {
    let (elf, program) = program(GUEST);
    let artifact = artifact(&program);
    let name = |pc: u32| program.symbols().functions().find(|f| f.0 == pc).map(|f| f.1.to_owned());
    let file = artifact.write(&Labels { image: Some(&elf), names: Some(&name), ..PLAIN });
    let note = Note::parse(&file).unwrap();
    let object = object::File::parse(&*file).unwrap();
    assert_eq!(object.architecture(), object::Architecture::X86_64);
    let mut at = HEAD_LEN;
    for section in object.sections() {
        assert_eq!(section.relocations().count(), 0, "{:?}", section.name());
        let range = section.file_range().unwrap();
        match section.name().unwrap() {
            ".text" => {
                assert_eq!(section.kind(), SectionKind::Text);
                assert_eq!(section.data().unwrap(), artifact.code());
                assert_eq!(range, (HEAD_LEN as u64, artifact.code().len() as u64));
                at = note.code_range().end;
            }
            ".bessemer.image" => assert_eq!(section.data().unwrap(), elf),
            name if name.starts_with(".bessemer") => {
                let start = usize::try_from(range.0).unwrap();
                assert_eq!(start, at.next_multiple_of(8), "{name}");
                at = start + usize::try_from(range.1).unwrap();
            }
            _ => {}
        }
    }
    let symbols: Vec<_> = object.symbols().filter(|symbol| symbol.size() > 0).collect();
    assert_eq!(symbols.len(), artifact.unit_count());
    assert!(symbols.iter().any(|symbol| symbol.name() == Ok("square")));
}

/// Changes the number at `at` of a table's row.
fn with_word(file: &[u8], at: usize, word: u32) -> Vec<u8> {
    let mut file = file.to_vec();
    file[at..at + 4].copy_from_slice(&word.to_le_bytes());
    file
}

#[test]
fn each_rule_refuses_what_breaks_it() {
    let (_, program) = program(GUEST);
    let artifact = artifact(&program);
    let file = artifact.write(&PLAIN);
    let code = u32::try_from(artifact.code().len()).unwrap();
    let object = object::File::parse(&*file).unwrap();
    let at = |name: &str| {
        let range = object.section_by_name(name).unwrap().file_range().unwrap();
        usize::try_from(range.0).unwrap()
    };
    let (note, units) = (88, at(".bessemer.units"));
    let (entries, traps) = (at(".bessemer.entries"), at(".bessemer.traps"));
    let last = TrapRecord::OUT_OF_GAS;
    let meter = |meter: i16, kind: u8| u32::from(meter.cast_unsigned()) | u32::from(kind) << 16;
    let rows = [
        ("the version", note, 2),
        ("code beyond the file", note + 4, u32::MAX),
        ("the stub behind its landing pad", note + 8, code - 1),
        ("the landing pad outside the code", note + 12, code),
        ("text beyond 2^32", note + 16, u32::MAX - 3),
        ("the step", note + 20, 3),
        ("more slots than a program has", note + 24, u32::MAX / 8),
        ("fewer slots than entries", note + 24, 1),
        ("units beyond the file", note + 28, u32::MAX),
        ("entries beyond the file", note + 32, u32::MAX),
        ("traps beyond the file", note + 36, u32::MAX),
        ("an image beyond the file", note + 40, u32::MAX),
        ("a unit in the stub", units, 0),
        ("a unit outside the code", units, code),
        ("a unit outside text", units + 4, 4),
        ("a unit between slots", units + 4, program.text().base() + 2),
        ("units that do not ascend", units + 12, 0),
        ("a unit with too many entries", units + 8, 4097),
        ("an entry outside text", entries, u32::MAX),
        ("entries that do not ascend", entries + 12, 0),
        ("an entry of no unit", entries + 4, 1 << 20),
        ("an entry that its unit has not", entries + 8, 4000),
        ("a trap in the stub", traps, 0),
        ("a trap outside the code", traps, code),
        ("traps that do not ascend", traps + 12, 0),
        ("a trap outside text", traps + 4, 4),
        ("a meter in no register", traps + 8, meter(16, last)),
        ("a meter outside the frame", traps + 8, meter(-4097, last)),
        ("no kind", traps + 8, meter(0, 0)),
        ("an unknown kind", traps + 8, meter(0, 13)),
        ("a byte that is not 0", traps + 8, meter(0, last) | 1 << 24),
    ];
    assert!(Artifact::read(&file).is_ok());
    for (what, at, word) in rows {
        let read = Artifact::read(&with_word(&file, at, word));
        assert!(read.is_err(), "{what} was accepted");
    }
    assert_eq!(Artifact::read(b"\x7fELF").unwrap_err(), ReadError::Foreign);
    assert!(Artifact::read(&file[..HEAD_LEN + 100]).is_err());
}

#[test]
fn no_byte_and_no_length_makes_reading_panic() {
    let (_, program) = program(GUEST);
    let artifact = artifact(&program);
    let file = artifact.write(&PLAIN);
    let mut read = 0_u32;
    for at in 0..file.len() {
        for flip in [1, 0x80, 0xff] {
            let mut changed = file.clone();
            changed[at] ^= flip;
            if let Ok((_, artifact)) = Artifact::read(&changed) {
                read += 1;
                assert!(artifact.traps().is_sorted_by(|a, b| a.offset < b.offset));
                let inside = |unit| artifact.unit_code(unit).unwrap().end <= artifact.code().len();
                assert!((0..artifact.unit_count()).all(inside));
            }
        }
    }
    assert!(read > 0, "nothing was read: the test looks at headers only");
    for len in 0..file.len() {
        let _ = Artifact::read(&file[..len]);
    }
}

#[test]
fn the_document_states_the_constants() {
    let document = include_str!("../../docs/artifact.md");
    let source = include_str!("../src/artifact/layout.rs");
    let value = |name: &str| -> Option<usize> {
        let line = source.lines().find(|line| line.contains(&format!("const {name}:")))?;
        let expression = line.split('=').nth(1)?.trim().trim_end_matches(';');
        // sums and products of numbers and other constants
        let term = |term: &str| match term.trim() {
            "ELF_HEADER_LEN" => 64,
            "NOTE_NAME.len()" => 12,
            number => number.parse().unwrap(),
        };
        Some(expression.split('+').map(|sum| sum.split('*').map(term).product::<usize>()).sum())
    };
    let mut stated = 0;
    for line in document.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let (name, number) = (cells[1], cells[2]);
        if name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
            assert_eq!(number.parse().ok(), value(name), "{name}");
            stated += 1;
        }
    }
    assert_eq!(stated, 10);
    assert!(
        document.contains(&format!("format version {}\n", bessemer_translator::FORMAT_VERSION))
    );
    // the note's fields, where the reader finds them
    let (_, program) = program(GUEST);
    let artifact = artifact(&program);
    let file = artifact.write(&PLAIN);
    let word = |at: usize| u32::from_le_bytes(file[88 + at..][..4].try_into().unwrap());
    assert_eq!(word(4) as usize, artifact.code().len());
    assert_eq!(word(16), program.text().base());
    assert_eq!((word(20), word(24) as usize), (4, program.text().slots().len()));
    assert_eq!(word(28) as usize, artifact.unit_count());
    assert_eq!(word(32) as usize, artifact.entry_count());
    assert_eq!(word(36) as usize, artifact.traps().len());
    assert_eq!((&file[88 + 48..][..32], &file[88 + 80..][..32]), (&[7; 32][..], &[9; 32][..]));
    assert!(document.contains(&format!("or {} for out of gas", TrapRecord::OUT_OF_GAS)));
}

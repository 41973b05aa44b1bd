//! Which files load is frozen, follows the rules of `docs/loader.md`, and no bytes at all panic.

#![allow(missing_docs, clippy::print_stdout, reason = "a test")]

mod corpus;
mod elf;
mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::{Duration, Instant, SystemTime};

use bessemer_image::{CodeHash, Limits, LoadError, Program};
use bessemer_isa::{GasSchedule, MemoryClass};

use crate::corpus::cases;
use crate::elf::{Elf, RW};

const FROZEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verdicts.txt");
const RULES: &str = include_str!("../../../docs/loader.md");
const ERRORS: &str = include_str!("../../src/error.rs");

/// Generated files, their hashes and verdicts; `BLESS=1` writes them anew.
#[test]
fn verdicts_are_frozen() {
    let mut found = String::new();
    let mut names = BTreeSet::new();
    for case in cases() {
        assert!(names.insert(case.name.clone()), "{} twice", case.name);
        let hash = CodeHash::of(&case.file);
        let [contract, bare] = [Limits::contract(), Limits::bare()]
            .map(|limits| verdict(&Program::parse(&case.file, &limits)));
        writeln!(found, "{} {hash} {contract} {bare}", case.name).expect("writes to a string");
    }
    assert!(names.len() >= 300, "only {} files", names.len());
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(FROZEN, &found).expect("writes the verdicts");
    }
    let frozen = std::fs::read_to_string(FROZEN).expect("reads the verdicts");
    for (frozen, found) in frozen.lines().zip(found.lines()) {
        assert_eq!(frozen, found, "name, hash, verdict for contracts, for bare programs");
    }
    assert_eq!(frozen.lines().count(), names.len());
}

#[test]
fn verdicts_follow_the_model() {
    for case in cases() {
        agree(&case.file, &case.name);
    }
}

/// Every rule of the document is an error of the code, and the other way round; and a file of the
/// corpus breaks it.
#[test]
fn the_document_names_every_rule() {
    let mut documented = BTreeMap::new();
    for row in RULES.lines().filter(|line| line.starts_with("| L") && line.contains(" | `")) {
        let cells: Vec<_> = row.split(" | ").collect();
        let rule = cells[0].trim_start_matches("| ").to_owned();
        let error = cells[1].trim_matches('`').to_owned();
        assert_eq!(documented.insert(rule, error), None, "{row}");
    }
    let mut broken = BTreeMap::new();
    for case in cases() {
        for limits in [Limits::contract(), Limits::bare()] {
            if let Err(error) = Program::parse(&case.file, &limits) {
                let shown = format!("{error:?}");
                let name = shown.split([' ', '{']).next().unwrap_or_default().to_owned();
                let sentence = error.to_string();
                assert!(sentence.ends_with(&format!("({})", error.rule())), "{sentence}");
                broken.insert(error.rule().to_owned(), name);
            }
        }
    }
    assert_eq!(documented, broken);
    let coded: BTreeMap<_, _> = ERRORS
        .lines()
        .filter_map(|line| {
            let (variant, rule) = line.trim().split_once(" => \"")?;
            let variant = variant.strip_prefix("Self::")?.trim_end_matches(" { .. }");
            Some((rule.trim_end_matches("\",").to_owned(), variant.to_owned()))
        })
        .collect();
    assert_eq!(documented, coded);
}

#[test]
fn the_limits_are_those_of_the_document() {
    let rows: Vec<Vec<&str>> = RULES
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    let show = |bytes: u32| match bytes {
        0 => "none".to_owned(),
        bytes if bytes < 1 << 20 => format!("{} KiB", bytes >> 10),
        bytes => format!("{} MiB", bytes >> 20),
    };
    let (contract, bare) = (Limits::contract(), Limits::bare());
    let fields = |limits: Limits| {
        [
            limits.file_bytes,
            limits.text_bytes,
            limits.data_bytes,
            limits.stack_bytes,
            limits.heap_bytes.unwrap_or(0),
            limits.native_bytes.unwrap_or(0),
            limits.memory.bytes(),
        ]
        .map(show)
    };
    assert_eq!(rows.len(), 7);
    for (row, (contract, bare)) in rows.iter().zip(fields(contract).iter().zip(fields(bare))) {
        assert_eq!(row[1..], [contract.as_str(), bare.as_str()], "{}", row[0]);
    }
}

/// Random damage to good files: no panic, and the verdict of the model.
#[test]
fn damaged_files_follow_the_model() {
    let mut random = Random::from_environment();
    let mut elf = Elf::compressed();
    elf.add(0x1_3000, &[1; 16], 0x2000, RW);
    let good = [Elf::good().build(), Elf::compressed().build(), elf.build()];
    let mut loaded = 0;
    const FILES: u32 = 200_000;
    for _ in 0..FILES {
        let mut file = good[random.below(3)].clone();
        for _ in 0..=random.below(3) {
            random.damage(&mut file);
        }
        loaded += u32::from(agree(&file, "damaged"));
    }
    // A generator whose files all fail, or all load, tests little.
    assert!((FILES / 20..FILES / 2).contains(&loaded), "{loaded} loaded");
}

#[test]
fn every_truncation_follows_the_model() {
    for good in [Elf::good().build(), Elf::compressed().build()] {
        for len in 0..=good.len() {
            agree(&good[..len], "truncated");
        }
    }
}

/// Symbols that all name one long string, from ever further in: read apart they would take
/// gigabytes.
#[test]
fn overlapping_names_cost_nothing() {
    let mut elf = Elf::good();
    let count = 60_000;
    let strings = elf.body.len() as u32;
    elf.body.extend(vec![b'a'; 60_000]);
    elf.body.push(0);
    let table = elf.body.len() as u32;
    for index in 0..count {
        let addr = 0x1_0100 + index % 64;
        elf.put_words(elf.body.len(), &[index % 60_000, addr, 1, 0x0001_0012]);
    }
    let sections = elf.body.len();
    elf.put_words(sections, &[0, 2, 0, 0, table, count * 16, 1, 1, 4, 16]);
    elf.put_words(sections + 40, &[0, 3, 0, 0, strings, 60_001, 0, 0, 1, 0]);
    elf.shoff = sections as u32;
    let start = Instant::now();
    let program = Program::parse(&elf.build(), &Limits::bare()).expect("symbols are not judged");
    assert_eq!(program.symbols().lookup(&"a".repeat(1024)), Some(0x1_0100 + (60_000 - 1024) % 64));
    assert_eq!(program.symbols().lookup(&"a".repeat(1025)), None, "too long to be a name");
    assert_eq!(program.symbols().functions().count(), 64);
    assert!(start.elapsed() < Duration::from_secs(2));
}

/// Not a benchmark: a bound that only something not linear would miss.
#[test]
fn the_largest_files_take_little_time() {
    let largest = cases().into_iter().max_by_key(|case| case.file.len());
    let mut elf = Elf::compressed();
    elf.headers.truncate(1);
    elf.text(0x1_0000, &vec![0x01; 512 << 10]);
    elf.add(0x10_0000, &vec![7; 256 << 10], 256 << 10, RW);
    elf.body.resize(1 << 20, 0);
    let limits = Limits::contract().with_memory(MemoryClass::Mib4);
    for (name, file) in [
        ("largest contract", elf.build()),
        ("largest of the corpus", largest.expect("there are some").file),
    ] {
        let start = Instant::now();
        let verdict = verdict(&Program::parse(&file, &limits));
        println!("{name}: {} bytes, {verdict}, {:?}", file.len(), start.elapsed());
        assert!(start.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn the_code_hash_is_keccak_256() {
    let hash = CodeHash::of(b"").to_string();
    assert_eq!(hash, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
}

#[test]
fn a_declared_heap_selects_the_memory_class() {
    let file = Elf::good().build();
    let limits = Limits::contract().with_memory(MemoryClass::Mib16);
    for (heap, class, pages) in [
        (0, MemoryClass::Kib256, 0),
        (4095, MemoryClass::Kib256, 0),
        ((64 - 19) * 4096, MemoryClass::Kib256, 64 - 19),
        ((64 - 18) * 4096, MemoryClass::Mib1, 64 - 18),
        ((4096 - 19) * 4096, MemoryClass::Mib16, 4096 - 19),
    ] {
        let program = Program::parse(&file, &limits.with_heap(heap)).expect("loads");
        let layout = program.layout();
        assert_eq!(layout.memory_class, class, "{heap}");
        assert_eq!(layout.heap_limit - layout.heap_start, pages * 4096, "{heap}");
        assert_eq!(program.entry_pages(), 19);
    }
    let over = Program::parse(&file, &limits.with_heap((4096 - 18) * 4096));
    assert!(matches!(over, Err(LoadError::MemoryTooLarge { .. })));
}

#[test]
fn wild_limits_are_refused_or_obeyed() {
    let file = Elf::good().build();
    for value in [0, 1, 0xfffe_ffff, 0xffff_0000, 0xffff_f001, u32::MAX] {
        for limits in [
            Limits::bare().with_stack(value),
            Limits::bare().with_heap(value),
            Limits { text_bytes: value, ..Limits::bare() },
            Limits { data_bytes: value, ..Limits::bare() },
            Limits { file_bytes: value, ..Limits::bare() },
        ] {
            let loads = Program::parse(&file, &limits).is_ok();
            assert_eq!(loads, model::loads(&file, &limits), "{limits:?}");
        }
    }
}

/// Compares with the model under both limits, and uses what loaded. Says whether it loads as a
/// contract.
fn agree(file: &[u8], name: &str) -> bool {
    for limits in [Limits::bare(), Limits::contract()] {
        let parsed = Program::parse(file, &limits);
        assert_eq!(
            parsed.is_ok(),
            model::loads(file, &limits),
            "{name} {}: {parsed:?}, file {:02x?}",
            CodeHash::of(file),
            &file[..file.len().min(512)],
        );
        let Ok(program) = parsed else {
            continue;
        };
        let charges = program.charges(&GasSchedule::V1);
        assert_eq!(charges.as_slice().len(), program.text().slots().len() + 1);
        let symbols = program.symbols();
        for (addr, name) in symbols.functions() {
            assert!(program.text().covers(addr));
            assert!(symbols.lookup(name).is_some());
            assert!(symbols.containing(addr).is_some());
        }
        let layout = program.layout();
        let last = program.segments().last().expect("there is a text");
        assert!(last.pages().end <= layout.heap_start && layout.heap_start <= layout.heap_limit);
        assert!(layout.heap_limit <= layout.stack.start - 65536 && layout.stack.end == 0xffff_0000);
        let heap = (layout.heap_limit - layout.heap_start) / 4096;
        let pages = program.entry_pages() + heap;
        assert!(pages <= layout.memory_class.bytes() / 4096);
    }
    Program::parse(file, &Limits::contract()).is_ok()
}

fn verdict(parsed: &Result<Program, LoadError>) -> &'static str {
    parsed.as_ref().map_or_else(LoadError::rule, |_| "loads")
}

/// Random numbers, whose seed is printed.
struct Random(fastrand::Rng);

impl Random {
    /// `SEED` reproduces a run.
    fn from_environment() -> Self {
        let given = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| {
            let now = SystemTime::UNIX_EPOCH.elapsed();
            now.map_or(1, |now| now.as_nanos() as u64)
        });
        println!("SEED={seed}");
        Self(fastrand::Rng::with_seed(seed))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end)
    }

    /// One change, mostly to a field of a header.
    fn damage(&mut self, file: &mut Vec<u8>) {
        let interesting = [
            0,
            1,
            2,
            4,
            5,
            6,
            7,
            0x20,
            0x40,
            0xfff,
            0x1000,
            0x1_0000,
            0x1_0100,
            0x1_1000,
            0x1_2160,
            0x1_2fff,
            0x7fff_ffff,
            0x8000_0000,
            0xffee_0000,
            0xfffd_0000,
            0xfffe_f000,
            0xffff_0000,
            0xffff_f000,
            u32::MAX,
        ];
        let len = file.len();
        if len == 0 {
            return;
        }
        let at = match self.below(8) {
            0 => self.below(len),
            1 => 0x180 + self.below(0x80),
            2 => self.below(52),
            _ => 52 + self.below(128),
        };
        let word = at & !3;
        let Some(place) = file.get(word..word + 4) else {
            return;
        };
        let old = u32::from_le_bytes([place[0], place[1], place[2], place[3]]);
        let new = match self.below(8) {
            0 => old ^ 1 << self.below(32),
            1 => old.wrapping_add(1),
            2 => old.wrapping_sub(1),
            3 => self.0.u32(..),
            4 => interesting[self.below(interesting.len())],
            5 => old.wrapping_add(0x1000 << self.below(8)),
            6 => old.wrapping_add(interesting[self.below(interesting.len())]),
            _ => return file[at] = self.0.u8(..),
        };
        file[word..word + 4].copy_from_slice(&new.to_le_bytes());
        if self.below(64) == 0 {
            file.truncate(self.below(len + 1));
        }
    }
}

//! A file that is not what was written is refused and stays as it is, or the damage hit nothing and
//! it has exactly what its newest block left.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::print_stdout, reason = "tells how much was noticed")]

mod blocks;

use std::fs;
use std::path::Path;

use bessemer_chain::store::{RedbStore, Store, StoreError};
use bessemer_toolchain::tests::cases;
use blocks::{Content, commit};
use fastrand::Rng;
use redb::{Database, TableDefinition};

const BLOCKS: u64 = 12;

/// A file with some blocks, after it was closed, and as a crash leaves it.
fn files() -> [Vec<u8>; 2] {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chain");
    let store = RedbStore::open(&path).unwrap();
    for height in 1..=BLOCKS {
        commit(&store, height).unwrap();
    }
    let open = fs::read(&path).unwrap();
    drop(store);
    [fs::read(&path).unwrap(), open]
}

/// What became of a damaged file.
#[derive(Debug, PartialEq)]
enum Verdict {
    Refused,
    OpenedAt(u64),
}

fn verdict(path: &Path, bytes: &[u8], what: &str) -> Verdict {
    fs::write(path, bytes).unwrap();
    match RedbStore::open_verified(path) {
        Err(error) => {
            assert!(
                matches!(error, StoreError::Foreign { .. } | StoreError::Damaged { .. }),
                "{what}: {error:?}"
            );
            let sentence = error.to_string();
            assert!(sentence.contains(path.to_str().unwrap()), "{what}: {sentence}");
            assert!(!sentence.contains('\n') && sentence.len() < 300, "{what}: {sentence}");
            assert!(fs::read(path).unwrap() == bytes, "{what}: the file was changed");
            Verdict::Refused
        }
        Ok(store) => {
            let content = Content::of(&store).unwrap_or_else(|error| panic!("{what}: {error}"));
            let height = content.blocks.len() as u64;
            assert!(content == Content::at(height), "{what}: not what block {height} left");
            // and it goes on from there
            commit(&store, height + 1).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(Content::of(&store).unwrap() == Content::at(height + 1), "{what}");
            Verdict::OpenedAt(height)
        }
    }
}

/// Damages both kinds of files in many ways, and demands that most of it is noticed.
fn damage(cases: u64, most_refused: bool, change: impl Fn(&mut Vec<u8>, &mut Rng) -> String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("damaged");
    let files = files();
    let (mut refused, mut opened) = (0, 0);
    for seed in 0..cases {
        let mut random = Rng::with_seed(seed);
        let mut bytes = files[(seed % 2) as usize].clone();
        let what = format!("seed {seed}: {}", change(&mut bytes, &mut random));
        match verdict(&path, &bytes, &what) {
            Verdict::Refused => refused += 1,
            Verdict::OpenedAt(BLOCKS) => opened += 1,
            Verdict::OpenedAt(height) => panic!("{what}: blocks behind {height} are lost"),
        }
    }
    println!("{cases} cases: {refused} refused, {opened} opened");
    assert!(!most_refused || refused * 2 > cases, "most damage must show");
}

#[test]
fn undamaged_files_open_at_the_newest_block() {
    let directory = tempfile::tempdir().unwrap();
    for file in files() {
        let verdict = verdict(&directory.path().join("chain"), &file, "undamaged");
        assert_eq!(verdict, Verdict::OpenedAt(BLOCKS));
    }
}

#[test]
fn one_wrong_bit() {
    // most of a file is free, so many hit nothing
    damage(cases(200, 600), false, |bytes, random| {
        let (at, bit) = (random.usize(..bytes.len()), random.u8(..8));
        bytes[at] ^= 1 << bit;
        format!("bit {bit} of byte {at}")
    });
}

#[test]
fn one_wrong_bit_in_the_header() {
    damage(cases(400, 1200), false, |bytes, random| {
        let (at, bit) = (random.usize(..320), random.u8(..8));
        bytes[at] ^= 1 << bit;
        format!("bit {bit} of byte {at}")
    });
}

#[test]
fn one_wrong_byte_in_a_page_that_is_used() {
    damage(cases(133, 400), false, |bytes, random| {
        loop {
            let at = random.usize(4096..bytes.len());
            if bytes[at] != 0 {
                let by = random.u8(1..);
                bytes[at] ^= by;
                return format!("byte {at} by {by:#x}");
            }
        }
    });
}

#[test]
fn wrong_pages() {
    damage(cases(100, 300), false, |bytes, random| {
        let pages = bytes.len() / 4096;
        let (from, to) = (random.usize(..pages) * 4096, random.usize(..pages) * 4096);
        match random.u8(..3) {
            0 => bytes[to..to + 4096].fill(0),
            1 => bytes.copy_within(from..from + 4096, to),
            _ => bytes[to..to + 4096].fill_with(|| random.u8(..)),
        }
        format!("page at {to}, from {from}")
    });
}

#[test]
fn a_file_that_begins_with_random_bytes() {
    damage(cases(66, 200), true, |bytes, random| {
        let from = random.usize(..64);
        bytes[from..320].fill_with(|| random.u8(..));
        format!("noise from {from}")
    });
}

#[test]
fn a_missing_end() {
    damage(cases(100, 300), true, |bytes, random| {
        let len = match random.u8(..4) {
            0 => random.usize(..400),
            1 => bytes.len() - random.usize(1..4097).min(bytes.len()),
            2 => random.usize(..bytes.len() / 4096) * 4096,
            _ => random.usize(..bytes.len()),
        };
        bytes.truncate(len);
        format!("cut to {len}")
    });
}

#[test]
fn a_file_that_ends_in_zeros() {
    damage(cases(33, 100), false, |bytes, random| {
        let zeros = random.usize(1..bytes.len());
        let from = bytes.len() - zeros;
        bytes[from..].fill(0);
        format!("zeros from {from}")
    });
}

#[test]
fn a_file_that_is_longer_than_before() {
    damage(cases(20, 60), false, |bytes, random| {
        let more = random.usize(1..3) * random.usize(1..8192);
        bytes.extend(std::iter::repeat_with(|| random.u8(..)).take(more));
        format!("{more} more")
    });
}

#[test]
fn files_that_are_no_database_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let mut random = Rng::with_seed(7);
    let noise: Vec<u8> = (0..9000).map(|_| random.u8(..)).collect();
    let files: [&[u8]; 6] =
        [b"", b"r", b"redb\x1a\x0a\xa9\x0d\x0a", b"SQLite format 3\0", &[0; 100_000], &noise];
    for (number, bytes) in files.into_iter().enumerate() {
        let verdict = verdict(&path, bytes, &format!("file {number}"));
        assert_eq!(verdict, Verdict::Refused, "file {number}");
    }
    let folder = RedbStore::open(directory.path());
    assert!(matches!(folder, Err(StoreError::Io { .. } | StoreError::Foreign { .. })));
    let nowhere = RedbStore::open(directory.path().join("no/such/folder"));
    assert!(matches!(nowhere, Err(StoreError::Io { .. })));
}

#[test]
fn databases_of_other_programs_and_versions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other");
    let write = |name: &str, key: &str, value: u64| {
        let database = Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        let table = TableDefinition::<&str, u64>::new(name);
        transaction.open_table(table).unwrap().insert(key, value).unwrap();
        transaction.commit().unwrap();
    };
    write("settings", "format", 1);
    let before = fs::read(&path).unwrap();
    assert!(matches!(RedbStore::open(&path), Err(StoreError::Foreign { .. })));
    assert!(before == fs::read(&path).unwrap());

    fs::remove_file(&path).unwrap();
    drop(RedbStore::open(&path).unwrap());
    write("bessemer chain", "format", 77);
    let before = fs::read(&path).unwrap();
    let error = RedbStore::open(&path).err().unwrap();
    assert!(matches!(error, StoreError::Format { found: 77, .. }), "{error}");
    assert!(before == fs::read(&path).unwrap());
}

/// A chain that seemed to have fewer blocks would be written over.
#[test]
fn a_file_that_hides_its_newest_block_is_refused() {
    const META: TableDefinition<'_, &str, u64> = TableDefinition::new("bessemer chain");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chain");
    for height in [None, Some(0), Some(1), Some(BLOCKS - 1), Some(u64::MAX)] {
        fs::write(&path, &files()[0]).unwrap();
        let database = Database::open(&path).unwrap();
        let write = database.begin_write().unwrap();
        let mut meta = write.open_table(META).unwrap();
        match height {
            Some(height) => meta.insert("height", height).map(drop).unwrap(),
            None => meta.remove("height").map(drop).unwrap(),
        }
        drop(meta);
        write.commit().unwrap();
        drop(database);
        for opened in [RedbStore::open(&path), RedbStore::open_verified(&path)] {
            let Err(error) = opened else { panic!("{height:?}: it was opened") };
            assert!(matches!(error, StoreError::Damaged { .. }), "{height:?}: {error}");
        }
    }
}

#[test]
fn a_file_is_open_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("chain");
    let store = RedbStore::open(&path).unwrap();
    let error = RedbStore::open(&path).err().unwrap();
    assert!(matches!(error, StoreError::InUse { .. }), "{error}");
    // another process is named
    let mut child = std::process::Command::new("sleep");
    let mut child = child.arg("60").stdin(fs::File::open(&path).unwrap()).spawn().unwrap();
    let error = RedbStore::open(&path).err().unwrap().to_string();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(error.contains(&format!("process {} (sleep)", child.id())), "{error}");
    commit(&store, 1).unwrap();
    drop(store);
    assert_eq!(RedbStore::open(&path).unwrap().head().unwrap().unwrap().height, 1);
}

//! A process that is killed loses no block that it told of, and keeps none in part.
//!
//! The parent starts this program again as a child, which commits blocks and tells of each, kills it
//! at some point, and looks at the file. Points are random; what must hold does not depend on them.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::print_stdout, reason = "how the child tells of blocks")]

mod blocks;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bessemer_chain::store::{RedbStore, Store, verify};
use bessemer_toolchain::tests::cases;
use blocks::{Content, commit};
use fastrand::Rng;

/// In the environment of a child: the file.
const FILE: &str = "BESSEMER_TEST_FILE";
/// Blocks in a file: then another one is begun, as each kill is followed by reading the whole file.
const BLOCKS: u64 = 500;

fn main() {
    match std::env::var_os(FILE) {
        Some(path) => child(path.as_ref()),
        None => parent(),
    }
}

fn child(path: &Path) {
    let store = RedbStore::open(path).unwrap();
    let mut out = std::io::stdout().lock();
    let head = store.head().unwrap().map_or(0, |head| head.height);
    for height in head + 1.. {
        commit(&store, height).unwrap();
        writeln!(out, "{height}").unwrap();
        out.flush().unwrap();
    }
}

fn parent() {
    let (mut blocks, mut kills, mut untold) = (0, 0, 0);
    let begin = Instant::now();
    while kills < cases(150, 1000) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chain");
        let mut head = 0;
        while head < BLOCKS {
            let told = run_and_kill(&path, &mut Rng::with_seed(kills)).max(head);
            // the child may have been killed before it made the file
            let store = RedbStore::open(&path).unwrap();
            let content = Content::of(&store).unwrap();
            verify(&store).expect("the tries are those of the state");
            let found = content.blocks.len() as u64;
            assert!(found == told || found == told + 1, "told of block {told}, found {found}");
            assert!(content == Content::at(found), "not what block {found} left");
            (head, kills, untold) = (found, kills + 1, untold + (found - told));
        }
        blocks += head;
    }
    println!(
        "{blocks} blocks, {kills} kills, {untold} blocks that were durable and not told of, {:.1?}",
        begin.elapsed()
    );
}

/// The last block that the child told of, 0 for none.
fn run_and_kill(path: &Path, random: &mut Rng) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut last = 0;
    let mut next = |lines: &mut BufReader<_>| {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        // a line without its end was not told
        let height = line.strip_suffix('\n').map(|height| height.parse().unwrap());
        height.inspect(|&height| last = height)
    };
    // some are killed while they open the file, and the others somewhere in a block
    if random.u8(..5) > 0 {
        for _ in 0..random.u32(1..12) {
            assert!(next(&mut lines).is_some(), "the child ended by itself");
        }
    }
    // anywhere in what the child does next
    let (now, wait) = (Instant::now(), Duration::from_micros(random.u64(..10_000)));
    while now.elapsed() < wait {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    while next(&mut lines).is_some() {}
    last
}

//! A block that finds no room is not there, and all before it are.
//!
//! The parent starts this program again where files cannot grow: under a limit of the file size, and,
//! where it may mount one, on a file system of 8 MiB.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::print_stdout, reason = "how the child tells of blocks")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use bessemer_chain::store::{BlockCommit, ChangeSet, RedbStore, Store, StoreError};
use bessemer_chain::{Address, Diagnosis, Header, Receipt, StateKey, Status, Value};

/// In the environment of a child: the directory.
const DIRECTORY: &str = "BESSEMER_TEST_DIRECTORY";
/// In the environment of a child that can make room.
const ROOM: &str = "BESSEMER_TEST_ROOM";
/// Takes room until the disk is full, and then makes some.
const BALLAST: &str = "ballast";

fn main() {
    if let Some(directory) = std::env::var_os(DIRECTORY) {
        return child(directory.as_ref());
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();

    // dash counts in 512 bytes, others in 1024; the signal would end the process
    let limited = run(path, r#"trap "" XFSZ; ulimit -f 12000; exec "$0""#);
    let height = told(&limited);
    check(&RedbStore::open(path.join("chain")).unwrap(), height);
    println!("limit of the file size: {height} blocks fit");

    let mounted = run(
        path,
        r#"export BESSEMER_TEST_ROOM=1; exec unshare --mount sh -c 'mount -t tmpfs -o size=8m none "$BESSEMER_TEST_DIRECTORY" || exit 77; exec "$0"' "$0""#,
    );
    let refused = String::from_utf8_lossy(&mounted.stderr).contains("unshare failed");
    if mounted.status.code() == Some(77) || refused {
        println!("full file system: not run, because mounting one is not permitted");
    } else {
        println!("full file system: {} blocks fit", told(&mounted));
    }
}

fn run(directory: &Path, script: &str) -> Output {
    Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().unwrap())
        .env(DIRECTORY, directory)
        .output()
        .unwrap()
}

fn told(output: &Output) -> u64 {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    text.trim().parse().unwrap_or_else(|_| panic!("{output:?}"))
}

/// Commits until there is no room.
fn child(directory: &Path) {
    let ballast = directory.join(BALLAST);
    fs::write(&ballast, vec![1; 2 << 20]).unwrap();
    let path = directory.join("chain");
    let store = RedbStore::open(&path).unwrap();
    let (height, error) = (1..1000)
        .find_map(|height| Some((height - 1, commit(&store, height).err()?)))
        .expect("there is not room for everything");
    assert!(matches!(error, StoreError::Io { .. } | StoreError::Reopen { .. }), "{error:?}");
    assert!(error.to_string().contains("chain"), "{error}");
    assert!(height > 2, "{height}");
    // what is there can still be read, and nothing can be added
    check(&store, height);
    assert!(commit(&store, height + 1).is_err());
    check(&store, height);
    drop(store);
    fs::remove_file(&ballast).unwrap();
    // a limit of the file size stays, and that file is looked at by the parent
    if std::env::var_os(ROOM).is_some() {
        let store = RedbStore::open(&path).unwrap();
        check(&store, height);
        commit(&store, height + 1).unwrap();
        check(&store, height + 1);
    }
    println!("{height}");
}

/// A receipt that fills the disk.
fn large(height: u64) -> Receipt {
    Receipt {
        height,
        index: 0,
        sender: Address::ZERO,
        to: Address::ZERO,
        status: Status::Return,
        gas_used: height,
        output: vec![height as u8; 200_000],
        events: Vec::new(),
        created: Vec::new(),
        diagnosis: Diagnosis::default(),
    }
}

fn key() -> StateKey {
    StateKey::Account(Address::ZERO)
}

fn commit(store: &dyn Store, height: u64) -> Result<(), StoreError> {
    let value = Value::from(&height.to_le_bytes()[..]);
    let changes = ChangeSet::new(vec![(key(), Some(value))]);
    let header = Header { height, ..Header::default() };
    store.commit(BlockCommit {
        header,
        changes,
        receipts: &[large(height)],
        ..BlockCommit::default()
    })
}

/// The store has all blocks up to this one, and nothing of another.
fn check(store: &dyn Store, height: u64) {
    assert_eq!(store.head().unwrap().map(|head| head.height), Some(height));
    assert_eq!(store.get(&key()).unwrap().unwrap()[..], height.to_le_bytes());
    for height in 1..=height {
        assert!(store.receipts(height).unwrap() == [large(height)], "receipts of block {height}");
    }
    assert!(store.receipts(height + 1).unwrap().is_empty());
}

//! The journal does what a model does that copies everything at each checkpoint.
//!
//! `BESSEMER_SEED=n` runs the sequence of that number, after those that its store had before.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "tells how to repeat a failure")]

mod model;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bessemer_chain::store::{BlockCommit, MemoryStore, RedbStore, Store, StoreError, View};
use bessemer_chain::{AccessList, Header, Journal, JournalError, StateKey, Value};
use bessemer_toolchain::tests::cases;
use fastrand::Rng;
use model::{Model, Step};

/// Runs a block of random transactions on the store, commits it, and compares all along.
fn block(store: &Arc<dyn Store>, seed: u64) -> u64 {
    let mut random = Rng::with_seed(seed);
    let mut steps = 0;
    let height = store.head().unwrap().map_or(0, |head| head.height) + 1;
    // either view does: nothing changes the store meanwhile
    let view: Arc<dyn View> =
        if random.bool() { store.snapshot().unwrap() } else { Arc::clone(store) as Arc<dyn View> };
    let mut journal = Journal::new(view);
    let mut model = Model::of(&**store);
    for _ in 0..random.usize(1..5) {
        let declared = random.bool().then(|| Arc::new(model::declared(&mut random)));
        journal.begin(declared.clone());
        model.begin(declared.as_deref());
        let whole = journal.checkpoint();
        steps += frame(&mut journal, &mut model, &mut random, 0);
        if random.u8(..4) == 0 {
            journal.revert(whole);
            model.revert_transaction();
        }
        model.check_everything(&mut journal);
    }
    let changes = journal.changes();
    model.check_changes(&changes);
    let header = Header { height, ..Header::default() };
    store.commit(BlockCommit { header, changes, ..BlockCommit::default() }).unwrap();
    model.check_store(&**store);
    steps
}

/// Steps of one frame, and frames within it that are kept or undone.
fn frame(journal: &mut Journal, model: &mut Model, random: &mut Rng, depth: u32) -> u64 {
    let mut steps = 0;
    for _ in 0..random.usize(1..10) {
        if depth < 8 && random.u8(..6) == 0 {
            let checkpoint = journal.checkpoint();
            let before = model.copy();
            steps += frame(journal, model, random, depth + 1);
            if random.bool() {
                journal.revert(checkpoint);
                model.revert(before);
            }
        } else {
            model.check_step(journal, &Step::random(random));
            steps += 1;
        }
    }
    // often enough, and not always, because it looks at everything
    if random.u8(..4) == 0 {
        model.check_everything(journal);
    }
    steps
}

fn sequences(store: &Arc<dyn Store>, seeds: impl IntoIterator<Item = u64>) {
    let (mut blocks, mut steps) = (0, 0);
    for seed in seeds {
        let run = std::panic::AssertUnwindSafe(|| block(store, seed));
        match std::panic::catch_unwind(run) {
            Ok(done) => steps += done,
            Err(panic) => {
                // a later block stands on what earlier ones left
                eprintln!("sequence {seed} after {blocks} others on the same store");
                std::panic::resume_unwind(panic);
            }
        }
        blocks += 1;
    }
    println!("{blocks} sequences, {steps} steps");
    assert!(steps > blocks * 5, "the sequences are empty");
}

/// Runs sequences, each hundred on a store of its own, so that few stand on each other.
fn hundreds(all: std::ops::Range<u64>, new_store: impl Fn(u64) -> Arc<dyn Store>) {
    let one = std::env::var("BESSEMER_SEED").ok().map(|seed| seed.parse::<u64>().unwrap());
    let all = one.map_or(all, |seed| seed - seed % 100..seed + 1);
    for begin in all.clone().step_by(100) {
        sequences(&new_store(begin), begin..all.end.min(begin + 100));
    }
}

#[test]
fn on_memory() {
    hundreds(0..cases(20_000, 100_000), |_| Arc::new(MemoryStore::new()));
}

#[test]
fn on_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let new = |begin: u64| RedbStore::open(directory.path().join(begin.to_string())).unwrap();
    hundreds(1_000_000..1_000_400, |begin| Arc::new(new(begin)));
}

/// A view that counts, and fails when it is told to.
struct Watched {
    store: MemoryStore,
    gets: AtomicU64,
    fails_at: u64,
}

impl View for Watched {
    fn get(&self, key: &StateKey) -> Result<Option<Value>, StoreError> {
        if self.gets.fetch_add(1, Ordering::Relaxed) == self.fails_at {
            return Err(StoreError::Unsupported { what: "luck" });
        }
        self.store.get(key)
    }
}

fn watched(fails_at: u64) -> Arc<Watched> {
    let store = MemoryStore::new();
    Arc::new(Watched { store, gets: AtomicU64::new(0), fails_at })
}

#[test]
fn a_view_is_asked_for_a_key_once() {
    let view = watched(u64::MAX);
    let mut journal = Journal::new(view.clone());
    for _ in 0..3 {
        journal.begin(None);
        let before = journal.checkpoint();
        for address in model::addresses() {
            let account = journal.account(&address).unwrap();
            journal.set_account(account.id, bessemer_chain::Account::default()).unwrap();
            for key in model::keys() {
                let id = journal.storage(&address, &key).unwrap().id;
                journal.set(id, Some(Value::from(&b"value"[..]))).unwrap();
            }
        }
        for code in model::codes() {
            let hash = bessemer_chain::CodeHash::of(&code);
            journal.code(&hash).unwrap();
            journal.has_code(&hash).unwrap();
            journal.put_code(hash, code).unwrap();
        }
        journal.revert(before);
    }
    let (addresses, keys) = (model::addresses().len(), model::keys().len());
    // of each code the file and its sizes
    let distinct = addresses * (1 + keys) + 2 * model::codes().len();
    assert_eq!(view.gets.load(Ordering::Relaxed), distinct as u64);
}

#[test]
fn a_key_that_was_not_declared_is_not_even_looked_up() {
    let view = watched(u64::MAX);
    let mut journal = Journal::new(view.clone());
    journal.begin(Some(Arc::new(AccessList::default())));
    let (address, key) = (model::addresses()[0], model::keys()[0]);
    assert!(matches!(journal.account(&address), Err(JournalError::Undeclared(_))));
    assert!(matches!(journal.storage(&address, &key), Err(JournalError::Undeclared(_))));
    assert_eq!(view.gets.load(Ordering::Relaxed), 0);
    assert_eq!(journal.accessed(), AccessList::default());
}

#[test]
fn a_failing_view_changes_nothing() {
    let mut journal = Journal::new(watched(0));
    journal.begin(None);
    let (address, key) = (model::addresses()[0], model::keys()[0]);
    assert!(matches!(journal.storage(&address, &key), Err(JournalError::Store(_))));
    assert_eq!(journal.accessed(), AccessList::default());
    assert!(journal.storage(&address, &key).unwrap().value.is_none());
}

//! The scheduler and its memory, under schedules that a tool chooses: the product's own files, with other
//! primitives of synchronization.

mod sync {
    pub(super) use shuttle::sync::{Condvar, Mutex};
}
#[path = "../../src/parallel/memory.rs"]
mod memory;
#[path = "../../src/parallel/run.rs"]
mod run;
#[path = "../../src/parallel/scheduler.rs"]
mod scheduler;

use std::sync::Arc;

use bessemer_toolchain::tests::cases;
use fastrand::Rng;
use memory::{Change, Found, Kind, Memory, Read};
use run::{Attempt, Done, End, Execute, Run};
use scheduler::Budget;

/// Numbers by key. Additions do not need the number before.
struct Numbers;

impl Kind for Numbers {
    type Key = u8;
    type Value = u64;
    type Delta = u64;

    fn join(first: &u64, second: &u64) -> u64 {
        first.wrapping_add(*second)
    }

    fn apply(value: &u64, delta: &u64) -> u64 {
        value.wrapping_add(*delta)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Read(u8),
    /// Writes what was read so far, and a number of its own.
    Write(u8, u64),
    /// Writes only if what was read so far is odd.
    WriteIfOdd(u8, u64),
    Add(u8, u64),
}

#[derive(Clone, Debug, Default)]
struct Transaction {
    steps: Vec<Step>,
    /// Keys that it is expected to write, rightly or not.
    expected: Vec<u8>,
    /// Whether it is not executed ahead.
    is_held: bool,
    /// Whether every execution ahead fails.
    fails_ahead: bool,
    /// Whether it has no outcome at all.
    fails: bool,
}

fn base(key: u8) -> u64 {
    u64::from(key) * 1000
}

/// The changes of a transaction, one for each key.
type Changes = Vec<(u8, Change<Numbers>)>;

/// What a transaction does to a state, and what it gives.
fn apply(
    transaction: &Transaction,
    mut read: impl FnMut(u8) -> Option<u64>,
) -> Option<(u64, Changes)> {
    let mut sum: u64 = 1;
    let mut changes = Changes::new();
    let mut write = |key: u8, change: Change<Numbers>| {
        // one change for each key, and a later one counts
        changes.retain(|(other, _)| *other != key);
        changes.push((key, change));
    };
    for step in &transaction.steps {
        match *step {
            Step::Read(key) => sum = sum.wrapping_mul(31).wrapping_add(read(key)?),
            Step::Write(key, number) => write(key, Change::Write(sum.wrapping_add(number))),
            Step::WriteIfOdd(key, number) if sum % 2 == 1 => write(key, Change::Write(number)),
            Step::WriteIfOdd(..) => {}
            Step::Add(key, number) => write(key, Change::Add(number)),
        }
    }
    Some((sum, changes))
}

struct Toy {
    memory: Arc<Memory<Numbers>>,
    transactions: Arc<Vec<Transaction>>,
}

impl Execute<Numbers, u64> for Toy {
    fn execute(&mut self, number: u32, is_last: bool) -> Attempt<Numbers, u64> {
        let transaction = &self.transactions[number as usize];
        let (mut reads, mut expects) = (Vec::new(), None);
        let read = |key: u8| loop {
            match self.memory.read(&key, number) {
                Found::Value(value, origin) => {
                    reads.push(Read { key, value, origin });
                    return Some(value);
                }
                Found::Expected(other) => {
                    assert!(!is_last, "nothing before the last execution is open");
                    expects = Some(other);
                    return None;
                }
                Found::NeedsBase => self.memory.set_base(&key, base(key)),
            }
        };
        let applied = apply(transaction, read);
        let end = match applied {
            _ if transaction.fails || (transaction.fails_ahead && !is_last) => End::Failed,
            Some((output, changes)) => End::Done(Done { reads, changes, output }),
            None => expects.map_or(End::Failed, End::Expects),
        };
        Attempt { end, cost: 1 }
    }
}

fn random_transaction(rng: &mut Rng, keys: u8) -> Transaction {
    let steps = (0..rng.usize(1..6)).map(|_| {
        let key = rng.u8(0..keys);
        match rng.u8(0..8) {
            0..4 => Step::Read(key),
            4 | 5 => Step::Write(key, rng.u64(0..9)),
            6 => Step::WriteIfOdd(key, rng.u64(0..9)),
            _ => Step::Add(key, rng.u64(0..9)),
        }
    });
    let steps: Vec<_> = steps.collect();
    let writes = steps.iter().filter_map(|step| match *step {
        Step::Write(key, _) | Step::WriteIfOdd(key, _) | Step::Add(key, _) => Some(key),
        Step::Read(_) => None,
    });
    let expected = match rng.u8(0..3) {
        0 => writes.collect(),
        1 => vec![rng.u8(0..keys)],
        _ => Vec::new(),
    };
    Transaction {
        steps,
        expected,
        is_held: rng.u8(0..12) == 0,
        fails_ahead: rng.u8(0..12) == 0,
        fails: rng.u8(0..40) == 0,
    }
}

/// Runs the transactions on so many threads, and compares with one after the other.
fn check(transactions: &Arc<Vec<Transaction>>, threads: usize, budget: Budget, keys: u8) {
    let expected = transactions
        .iter()
        .map(|transaction| (!transaction.is_held).then(|| transaction.expected.clone()));
    let run = Arc::new(Run::<Numbers, u64>::new(expected.collect(), 2, budget));
    let work = {
        let (run, transactions) = (Arc::clone(&run), Arc::clone(transactions));
        move || {
            let memory = Arc::clone(&run.memory);
            let mut toy = Toy { memory, transactions: Arc::clone(&transactions) };
            run.work(&mut toy, &|_, _| Some(1));
        }
    };
    let workers: Vec<_> = (0..threads).map(|_| shuttle::thread::spawn(work.clone())).collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    drop(work);
    let stopped = run.is_stopped();
    let ended = Arc::into_inner(run).and_then(Run::end).unwrap();

    let mut state: Vec<u64> = (0..keys).map(base).collect();
    let committed = ended.counts.committed as usize;
    for (transaction, output) in transactions.iter().zip(&ended.outputs) {
        let (sum, changes) = apply(transaction, |key| Some(state[usize::from(key)])).unwrap();
        assert_eq!(sum, *output);
        for (key, change) in changes {
            let value = &mut state[usize::from(key)];
            *value = match change {
                Change::Write(new) => new,
                Change::Add(delta) => value.wrapping_add(delta),
            };
        }
    }
    assert_eq!(ended.outputs.len(), committed);
    assert!(stopped || committed == transactions.len());
    match transactions.get(committed) {
        None => {}
        Some(transaction) => {
            assert!(transaction.fails || ended.counts.gave_up, "it stopped at {transaction:?}");
        }
    }
    assert!(ended.critical_path <= committed as u64);
    let mut found: Vec<u64> = (0..keys).map(base).collect();
    for last in ended.memory.into_last(committed as u32) {
        let value = &mut found[usize::from(last.key)];
        assert!(last.base.is_none_or(|base| base == *value));
        match last.change {
            None => {}
            Some(Change::Write(new)) => *value = new,
            Some(Change::Add(delta)) => *value = value.wrapping_add(delta),
        }
    }
    assert_eq!(found, state);
}

const GENEROUS: Budget = Budget { free: 1 << 40, part: 1 };

#[test]
fn every_schedule_has_the_outcome_of_one_thread() {
    for seed in 0..cases(40, 2000) {
        let mut rng = Rng::with_seed(seed);
        let (keys, threads) = (rng.u8(1..5), rng.usize(2..5));
        let transactions: Vec<_> =
            (0..rng.usize(2..10)).map(|_| random_transaction(&mut rng, keys)).collect();
        let transactions = Arc::new(transactions);
        let budget = if rng.u8(0..4) == 0 { Budget { free: 1, part: 2 } } else { GENEROUS };
        println!("seed {seed}: {threads} threads, {transactions:?}");
        let one = {
            let transactions = Arc::clone(&transactions);
            move || check(&transactions, threads, budget, keys)
        };
        // a random walk, and one that changes threads at few places
        shuttle::check_random(one.clone(), 25);
        shuttle::check_pct(one, 25, 3);
    }
}

/// All transactions change one number that each reads: the worst that there is.
#[test]
fn work_for_nothing_is_bounded() {
    let hot = Transaction { steps: vec![Step::Read(0), Step::Write(0, 1)], ..Default::default() };
    let transactions = Arc::new(vec![hot; 30]);
    shuttle::check_random(
        move || {
            let budget = Budget { free: 3, part: 4 };
            let run = Run::<Numbers, u64>::new(vec![Some(Vec::new()); 30], 1, budget);
            let run = Arc::new(run);
            let workers: Vec<_> = (0..3)
                .map(|_| {
                    let (run, transactions) = (Arc::clone(&run), Arc::clone(&transactions));
                    shuttle::thread::spawn(move || {
                        let mut toy = Toy { memory: Arc::clone(&run.memory), transactions };
                        run.work(&mut toy, &|_, _| Some(1));
                    })
                })
                .collect();
            workers.into_iter().for_each(|worker| worker.join().unwrap());
            let ended = Arc::into_inner(run).and_then(Run::end).unwrap();
            let counts = ended.counts;
            // what was under way when the budget was used up comes on top
            let most = 3 + u64::from(counts.committed) / 4 + 3;
            assert!(counts.aborts + counts.waits <= most, "{counts:?}");
            assert_eq!(ended.critical_path, u64::from(counts.committed));
        },
        200,
    );
}

//! Does jobs on other threads.

use std::fmt;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::order::Order;

/// Jobs, and the threads that do them. A queue that is dropped forgets what was not begun; its
/// threads end when they are done with what they do.
pub(crate) struct Queue<K, J> {
    shared: Arc<Shared<K, J>>,
}

struct Shared<K, J> {
    threads: usize,
    state: Mutex<State<K, J>>,
    changed: Condvar,
    perform: Box<dyn Fn(J) + Send + Sync>,
}

struct State<K, J> {
    jobs: Order<K, J>,
    running: usize,
    started: usize,
    closed: bool,
}

impl<K, J> Queue<K, J>
where
    K: Copy + Eq + Hash + Send + 'static,
    J: Send + 'static,
{
    /// A queue whose jobs `perform` does, on so many threads; they are started when they are needed.
    pub(crate) fn new(threads: usize, perform: impl Fn(J) + Send + Sync + 'static) -> Self {
        let state = State { jobs: Order::new(), running: 0, started: 0, closed: false };
        let shared = Shared {
            threads: threads.max(1),
            state: Mutex::new(state),
            changed: Condvar::new(),
            perform: Box::new(perform),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Adds a job; `cost` is how much work it is. `false` if there are too many, or no thread to do
    /// it.
    pub(crate) fn add(&self, key: K, cost: u64, job: J) -> bool {
        let shared = &self.shared;
        let mut state = shared.state();
        if state.closed || state.jobs.len() >= MAX_JOBS {
            return false;
        }
        let idle = state.started - state.running;
        if state.started < shared.threads && state.jobs.len() + 1 > idle {
            let shared = Arc::clone(shared);
            let thread = thread::Builder::new().name("bessemer-compile".to_owned());
            match thread.spawn(move || shared.work()) {
                Ok(_) => state.started += 1,
                Err(error) if state.started == 0 => {
                    log::warn!("there is no thread to compile in: {error}");
                    return false;
                }
                Err(_) => {}
            }
        }
        state.jobs.push(key, cost, job);
        drop(state);
        shared.changed.notify_all();
        true
    }

    /// A caller wants this job.
    pub(crate) fn raise(&self, key: &K) {
        self.shared.state().jobs.raise(key);
    }

    /// How many jobs are being done now.
    pub(crate) fn running(&self) -> usize {
        self.shared.state().running
    }

    /// Waits until nothing is to be done.
    pub(crate) fn wait(&self) {
        let mut state = self.shared.state();
        while !state.jobs.is_empty() || state.running > 0 {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<K: Copy + Eq + Hash, J> Shared<K, J> {
    fn work(&self) {
        loop {
            let mut state = self.state();
            let job = loop {
                if let Some(job) = state.jobs.pop() {
                    break job;
                }
                if state.closed {
                    return;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            state.running += 1;
            drop(state);
            // a panic costs this program its native code, and not the others theirs
            if catch_unwind(AssertUnwindSafe(|| (self.perform)(job))).is_err() {
                log::error!("compiling in the background panicked; the module is interpreted");
            }
            self.state().running -= 1;
            self.changed.notify_all();
        }
    }
}

impl<K, J> Shared<K, J> {
    fn state(&self) -> MutexGuard<'_, State<K, J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, J> Drop for Queue<K, J> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closed = true;
        let forgotten = std::mem::replace(&mut state.jobs, Order::new());
        drop(state);
        self.shared.changed.notify_all();
        drop(forgotten);
    }
}

impl<K, J> fmt::Debug for Queue<K, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("threads", &self.shared.threads).finish_non_exhaustive()
    }
}

/// More jobs than this do not wait: their programs are asked for again, or interpreted.
const MAX_JOBS: usize = 4096;

//! Compiles in the background, while the interpreter serves.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::code::provider::Compiler;
use crate::module::Parts;

/// Work for another thread.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) parts: Arc<Parts>,
    pub(crate) elf: Arc<[u8]>,
    pub(crate) task: Task,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Make native code.
    Compile,
    /// Compile again what was loaded, and compare.
    Check,
}

/// Jobs, and the threads that do them.
#[derive(Debug)]
pub(crate) struct Queue {
    threads: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    running: usize,
    started: usize,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(threads: usize) -> Self {
        Self { threads: threads.max(1), state: Mutex::default(), changed: Condvar::new() }
    }

    /// Adds a job; gives it back if there are too many.
    pub(crate) fn add(&self, compiler: &Arc<Compiler>, job: Job) -> Result<(), Job> {
        let mut state = self.state();
        if state.closed || state.jobs.len() >= MAX_JOBS {
            return Err(job);
        }
        if state.started < self.threads && state.jobs.len() + 1 > state.started - state.running {
            let compiler = Arc::clone(compiler);
            let thread = thread::Builder::new().name("bessemer-compile".to_owned());
            match thread.spawn(move || compiler.queue().work(&compiler)) {
                Ok(_) => state.started += 1,
                Err(error) if state.started == 0 => {
                    log::warn!("there is no thread to compile in: {error}");
                    return Err(job);
                }
                Err(_) => {}
            }
        }
        state.jobs.push_back(job);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Waits until nothing is to be done.
    pub(crate) fn wait(&self) {
        let mut state = self.state();
        while !state.jobs.is_empty() || state.running > 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Forgets what was not begun; threads end when they are done with what they do.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let forgotten = std::mem::take(&mut state.jobs);
        drop(state);
        self.changed.notify_all();
        drop(forgotten);
    }

    fn work(&self, compiler: &Arc<Compiler>) {
        loop {
            let mut state = self.state();
            let job = loop {
                if let Some(job) = state.jobs.pop_front() {
                    break job;
                }
                if state.closed {
                    return;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            };
            state.running += 1;
            drop(state);
            // a panic costs this module its native code, and not the others theirs
            if catch_unwind(AssertUnwindSafe(|| compiler.perform(job))).is_err() {
                log::error!("compiling in the background panicked; the module is interpreted");
            }
            self.state().running -= 1;
            self.changed.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More jobs than this do not wait: their modules are asked for again, or interpreted.
const MAX_JOBS: usize = 4096;

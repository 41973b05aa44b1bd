//! Loaded programs in memory, the least recently used of which go when there are too many.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::program::{Identity, LoadedProgram};

/// Shares equal programs within an engine. Forgetting one never takes it away from who uses it: it
/// lives until its last owner drops it.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    programs: LruCache<Identity, Held>,
    bytes: u64,
}

#[derive(Debug)]
struct Held {
    program: Arc<LoadedProgram>,
    bytes: u64,
}

impl Memory {
    /// Holds programs of so many bytes together; none with 0.
    pub(crate) fn new(limit: u64) -> Self {
        let state = State { programs: LruCache::unbounded(), bytes: 0 };
        Self { limit, state: Mutex::new(state) }
    }

    pub(crate) fn find(&self, identity: Identity) -> Option<Arc<LoadedProgram>> {
        if self.limit == 0 {
            return None;
        }
        self.state().programs.get(&identity).map(|held| Arc::clone(&held.program))
    }

    /// Keeps a program, or updates its size. Returns how many programs were dropped to make room.
    pub(crate) fn hold(&self, program: &Arc<LoadedProgram>) -> u64 {
        let identity = program.identity();
        let bytes = program.footprint();
        if bytes > self.limit {
            return 0;
        }
        let mut state = self.state();
        let before = state.forget(identity);
        let mut gone = Vec::new();
        while state.bytes + bytes > self.limit
            && let Some((_, oldest)) = state.programs.pop_lru()
        {
            state.bytes -= oldest.bytes;
            gone.push(oldest);
        }
        state.programs.put(identity, Held { program: Arc::clone(program), bytes });
        state.bytes += bytes;
        // programs are dropped after the lock is given back
        drop(state);
        drop(before);
        gone.len() as u64
    }

    /// Weighs a program again if it is held.
    pub(crate) fn weigh(&self, identity: Identity) -> u64 {
        let program = self.state().programs.peek(&identity).map(|held| Arc::clone(&held.program));
        program.map_or(0, |program| self.hold(&program))
    }

    pub(crate) fn forget(&self, identity: Identity) {
        // dropped after the lock is given back
        let _gone = self.state().forget(identity);
    }

    /// Number and bytes of the programs that are held.
    pub(crate) fn usage(&self) -> (u64, u64) {
        let state = self.state();
        (state.programs.len() as u64, state.bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, identity: Identity) -> Option<Held> {
        let held = self.programs.pop(&identity)?;
        self.bytes -= held.bytes;
        Some(held)
    }
}

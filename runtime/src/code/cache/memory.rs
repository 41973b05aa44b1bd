//! Loaded programs in memory, the least recently used of which go when there are too many.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;

use crate::program::{ImageHash, LoadedProgram};

/// Shares equal programs within an engine. Forgetting one never takes it away from who uses it: it
/// lives until its last owner drops it.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    programs: LruCache<ImageHash, Held>,
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

    pub(crate) fn find(&self, image: ImageHash) -> Option<Arc<LoadedProgram>> {
        if self.limit == 0 {
            return None;
        }
        self.state().programs.get(&image).map(|held| Arc::clone(&held.program))
    }

    /// Keeps a program, or updates its size. Returns how many programs were dropped to make room.
    pub(crate) fn hold(&self, image: ImageHash, program: &Arc<LoadedProgram>) -> u64 {
        let bytes = program.footprint();
        if bytes > self.limit {
            return 0;
        }
        let mut state = self.state();
        let before = state.forget(image);
        let mut gone = Vec::new();
        while state.bytes + bytes > self.limit
            && let Some((_, oldest)) = state.programs.pop_lru()
        {
            state.bytes -= oldest.bytes;
            gone.push(oldest);
        }
        state.programs.put(image, Held { program: Arc::clone(program), bytes });
        state.bytes += bytes;
        // programs are dropped after the lock is given back
        drop(state);
        drop(before);
        gone.len() as u64
    }

    /// Weighs a program again if it is held.
    pub(crate) fn weigh(&self, image: ImageHash) -> u64 {
        let program = self.state().programs.peek(&image).map(|held| Arc::clone(&held.program));
        program.map_or(0, |program| self.hold(image, &program))
    }

    pub(crate) fn forget(&self, image: ImageHash) {
        // dropped after the lock is given back
        let _gone = self.state().forget(image);
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
    fn forget(&mut self, image: ImageHash) -> Option<Held> {
        let held = self.programs.pop(&image)?;
        self.bytes -= held.bytes;
        Some(held)
    }
}

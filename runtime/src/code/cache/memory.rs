//! Loaded modules in memory, the least recently used of which go when there are too many.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::program::{ImageHash, LoadedProgram};

/// Shares modules of equal programs within an engine. Forgetting one never takes it away from who
/// uses it: it lives until its last owner drops it.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    modules: HashMap<ImageHash, Held>,
    /// By the time of the last use.
    order: BTreeMap<u64, ImageHash>,
    bytes: u64,
    /// Counts uses.
    clock: u64,
}

#[derive(Debug)]
struct Held {
    program: Arc<LoadedProgram>,
    used: u64,
    bytes: u64,
}

impl Memory {
    /// Holds modules of so many bytes together; none with 0.
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, state: Mutex::default() }
    }

    pub(crate) fn find(&self, image: ImageHash) -> Option<Arc<LoadedProgram>> {
        if self.limit == 0 {
            return None;
        }
        let mut state = self.state();
        let State { modules, order, clock, .. } = &mut *state;
        let held = modules.get_mut(&image)?;
        *clock += 1;
        order.remove(&held.used);
        held.used = *clock;
        order.insert(*clock, image);
        Some(Arc::clone(&held.program))
    }

    /// Keeps a module, or updates its size. Returns how many modules were dropped to make room.
    pub(crate) fn hold(&self, image: ImageHash, program: &Arc<LoadedProgram>) -> u64 {
        let bytes = program.footprint();
        if bytes > self.limit {
            return 0;
        }
        let mut state = self.state();
        state.forget(image);
        let mut gone = Vec::new();
        while state.bytes + bytes > self.limit
            && let Some((_, oldest)) = state.order.first_key_value()
        {
            let oldest = *oldest;
            gone.extend(state.forget(oldest));
        }
        state.clock += 1;
        let used = state.clock;
        state.order.insert(used, image);
        state.modules.insert(image, Held { program: Arc::clone(program), used, bytes });
        state.bytes += bytes;
        drop(state);
        gone.len() as u64
    }

    /// Weighs a module again if it is held.
    pub(crate) fn weigh(&self, image: ImageHash) -> u64 {
        let program = self.state().modules.get(&image).map(|held| Arc::clone(&held.program));
        program.map_or(0, |program| self.hold(image, &program))
    }

    pub(crate) fn forget(&self, image: ImageHash) {
        // dropped after the lock is given back
        let _gone = self.state().forget(image);
    }

    /// Number and bytes of the modules that are held.
    pub(crate) fn usage(&self) -> (u64, u64) {
        let state = self.state();
        (state.modules.len() as u64, state.bytes)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget(&mut self, image: ImageHash) -> Option<Arc<LoadedProgram>> {
        let held = self.modules.remove(&image)?;
        self.order.remove(&held.used);
        self.bytes -= held.bytes;
        Some(held.program)
    }
}

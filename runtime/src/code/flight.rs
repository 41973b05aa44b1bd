//! Native code that is being made, or waits to be: each program's once, for all who want it.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bessemer_translator::TranslateError;

use crate::error::CompileError;
use crate::program::{Identity, LoadedProgram};

/// One program's code. The caller that [takes](Flights::take) it makes the code; all others can wait.
#[derive(Debug)]
pub(crate) struct Flight {
    pub(crate) loaded: Arc<LoadedProgram>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
enum State {
    Waiting,
    Taken,
    Done(Result<(), CompileError>),
}

impl Flight {
    fn new(loaded: &Arc<LoadedProgram>) -> Self {
        let state = Mutex::new(State::Waiting);
        Self { loaded: Arc::clone(loaded), state, changed: Condvar::new() }
    }

    /// Waits for the result; a caller has to have taken it.
    pub(crate) fn wait(&self) -> Result<(), CompileError> {
        let mut state = self.state();
        loop {
            match &*state {
                State::Done(result) => return result.clone(),
                _ => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn finish(&self, result: Result<(), CompileError>) {
        let mut state = self.state();
        if !matches!(*state, State::Done(_)) {
            *state = State::Done(result);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The duty to make the code of a flight. Dropped without a result, also by a panic, it is a failure:
/// no caller waits for ever, and none gets the failure of an earlier flight.
#[derive(Debug)]
pub(crate) struct Taken<'a> {
    flights: &'a Flights,
    flight: Arc<Flight>,
}

impl Taken<'_> {
    pub(crate) fn loaded(&self) -> &Arc<LoadedProgram> {
        &self.flight.loaded
    }

    /// Ends the flight and tells all who wait. Who comes later begins another, so code has to be kept
    /// where that looks for it before.
    pub(crate) fn finish(self, result: Result<(), CompileError>) {
        self.flights.end(&self.flight);
        self.flight.finish(result);
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.flights.end(&self.flight);
        let panicked = TranslateError::Panic("the thread that compiled ended".to_owned());
        self.flight.finish(Err(panicked.into()));
    }
}

/// All flights, by the keys of their programs.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    all: Mutex<HashMap<Identity, Arc<Flight>>>,
}

impl Flights {
    /// The flight of a program, if there is one.
    pub(crate) fn find(&self, key: &Identity) -> Option<Arc<Flight>> {
        self.all().get(key).cloned()
    }

    /// The flight of a program; a new one, and `true`, if there is none. No flight begins, and the
    /// answer is an error with the program, if that is `known` with its code by now.
    pub(crate) fn begin(
        &self,
        loaded: &Arc<LoadedProgram>,
        known: impl FnOnce() -> Option<Arc<LoadedProgram>>,
    ) -> Result<(Arc<Flight>, bool), Arc<LoadedProgram>> {
        let mut all = self.all();
        if let Some(flight) = all.get(&loaded.identity()) {
            return Ok((Arc::clone(flight), false));
        }
        // a program is kept before its flight ends
        if let Some(known) = known() {
            return Err(known);
        }
        let flight = Arc::new(Flight::new(loaded));
        all.insert(loaded.identity(), Arc::clone(&flight));
        Ok((flight, true))
    }

    /// `Some` for the first who comes: that one has to make the code.
    pub(crate) fn take(&self, flight: &Arc<Flight>) -> Option<Taken<'_>> {
        let mut state = flight.state();
        let is_first = matches!(*state, State::Waiting);
        if is_first {
            *state = State::Taken;
        }
        drop(state);
        is_first.then(|| Taken { flights: self, flight: Arc::clone(flight) })
    }

    /// Takes a flight off the list, if it is still there: another of the same program may be.
    pub(crate) fn end(&self, flight: &Arc<Flight>) {
        let key = flight.loaded.identity();
        let mut all = self.all();
        if all.get(&key).is_some_and(|other| Arc::ptr_eq(other, flight)) {
            all.remove(&key);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Identity, Arc<Flight>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use bessemer_image::{ImageBuilder, Limits, Profile};
    use bessemer_isa::GasSchedule;

    use super::*;
    use crate::memory::{PoolLimits, RegionPool};
    use crate::program::{ImageHash, Known, Rules};

    fn loaded() -> Arc<LoadedProgram> {
        let elf =
            ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, 0x73_u32.to_le_bytes()).build();
        let rules =
            Arc::new(Rules { limits: Limits::bare(), schedule: GasSchedule::V1, number: 0 });
        let pool = RegionPool::new(PoolLimits::default());
        Arc::new(
            LoadedProgram::load(&elf, ImageHash::of(&elf), Known::Nothing, &rules, &pool).unwrap(),
        )
    }

    #[test]
    fn one_makes_the_code_and_all_get_the_result() {
        let (flights, loaded) = (Flights::default(), loaded());
        let (flight, is_new) = flights.begin(&loaded, || None).unwrap();
        assert!(is_new);
        let taken = flights.take(&flight).unwrap();
        thread::scope(|scope| {
            let wait = || {
                let (flight, is_new) = flights.begin(&loaded, || None).unwrap();
                assert!(!is_new && flights.take(&flight).is_none(), "two make the same code");
                flight.wait()
            };
            let waiting: Vec<_> = (0..4).map(|_| scope.spawn(wait)).collect();
            while Arc::strong_count(&flight) < 7 {
                thread::yield_now();
            }
            let reason = TranslateError::Panic("a reason".to_owned());
            taken.finish(Err(reason.into()));
            for waiter in waiting {
                let error = waiter.join().unwrap().unwrap_err();
                assert!(error.to_string().contains("a reason"), "{error}");
            }
        });
        let (_, is_new) = flights.begin(&loaded, || None).unwrap();
        assert!(is_new, "a failure is not remembered");
    }

    #[test]
    fn a_dropped_compilation_is_a_failure_for_those_who_wait() {
        let (flights, loaded) = (Flights::default(), loaded());
        let (flight, _) = flights.begin(&loaded, || None).unwrap();
        drop(flights.take(&flight));
        assert!(flight.wait().is_err());
        let (other, is_new) = flights.begin(&loaded, || None).unwrap();
        assert!(is_new, "a failure is not remembered");
        // a late caller does not end the flight that began meanwhile
        flights.end(&flight);
        assert!(Arc::ptr_eq(&flights.find(&loaded.identity()).unwrap(), &other));
    }

    #[test]
    fn no_flight_begins_for_code_that_came_meanwhile() {
        let (flights, loaded) = (Flights::default(), loaded());
        let known = flights.begin(&loaded, || Some(Arc::clone(&loaded))).unwrap_err();
        assert!(Arc::ptr_eq(&known, &loaded) && flights.find(&loaded.identity()).is_none());
    }
}

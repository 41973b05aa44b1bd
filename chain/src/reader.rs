//! Reading beside the writer.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use crate::chain::ChainError;
use crate::state::State;
use crate::store::StoreError;

/// The state after one block of a chain, for any number of threads, while another makes blocks.
///
/// A reader never waits for a block. It has the state after the block that was the newest when it was
/// made or last [refreshed](Reader::refresh), whatever happens to the chain since; modules, caches and
/// the engine are the chain's. A clone has the same state. The reader of a chain that is gone goes on.
///
/// What the store keeps for a state that is not the newest is given back when no reader has that state
/// any more: so a reader that lives long is refreshed now and then.
///
/// ```
/// use bessemer_chain::{Chain, U256};
/// use bessemer_runtime::{Config, Engine};
///
/// let mut chain = Chain::in_memory(&Engine::new(Config::new())?)?;
/// let (alice, bob) = (chain.user("alice")?, chain.user("bob")?);
/// let mut reader = chain.reader()?;
/// let before = reader.balance(&bob)?;
/// std::thread::scope(|scope| {
///     let other = reader.clone();
///     scope.spawn(move || assert_eq!(other.balance(&bob).ok(), Some(before)));
///     chain.call(bob, "").from(alice).value(U256::from(5)).send()
/// })?;
/// assert_eq!(reader.balance(&bob)?, before);
/// reader.refresh()?;
/// assert_eq!(reader.balance(&bob)?, before + U256::from(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Reader {
    state: Arc<State>,
    newest: Arc<Newest>,
}

/// Where a chain tells its readers of its newest block.
#[derive(Default)]
pub(crate) struct Newest {
    /// `None` if there was no query since the last block, or there is no snapshot of it.
    state: RwLock<Option<Arc<State>>>,
}

impl Newest {
    fn get(&self) -> Option<Arc<State>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: Option<Arc<State>>) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Reader {
    /// A reader of what is the newest state of a chain.
    pub(crate) fn of(live: &State, newest: &Arc<Newest>) -> Result<Self, ChainError> {
        let state = match newest.get() {
            Some(state) => state,
            None => {
                let state = Arc::new(live.snapshot()?);
                newest.set(Some(Arc::clone(&state)));
                state
            }
        };
        Ok(Self { state, newest: Arc::clone(newest) })
    }

    /// Tells readers that the chain has a new state, which costs nothing if there are none.
    pub(crate) fn tell(live: &State, newest: &Arc<Newest>) {
        // one is the chain's own; readers come from readers, and from the chain, which is here
        let has_readers = Arc::strong_count(newest) > 1;
        let state = has_readers.then(|| live.snapshot().ok()).flatten();
        newest.set(state.map(Arc::new));
    }

    /// Takes the state after the newest block that is committed. Waits for nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] if the store gave no snapshot of that block; then the reader stays
    /// where it is.
    pub fn refresh(&mut self) -> Result<(), ChainError> {
        let what = "snapshot of the newest block";
        self.state = self.newest.get().ok_or(StoreError::Unsupported { what })?;
        Ok(())
    }
}

/// A reader answers the queries of [`State`].
impl Deref for Reader {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("height", &self.height()).finish_non_exhaustive()
    }
}

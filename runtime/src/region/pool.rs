//! Regions that are ready for use.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Region, RegionError, RegionImage};

/// Bounds of a [`RegionPool`].
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// Regions that exist at once, in use or idle. Each takes 38 GiB of the 128 TiB of addresses
    /// that a process has.
    pub regions: usize,
    /// Idle regions that keep the pages which the next frame probably needs, up to 192 KiB each.
    /// The others keep none.
    pub warm: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { regions: 1024, warm: 32 }
    }
}

/// Lends regions, and resets them when they come back.
///
/// An idle region is reset already, so that what a frame wrote never waits for the next tenant. The
/// most recently used idle region of an image is lent first. When the bound is reached, the idle
/// region that was used least recently is taken from another image.
#[derive(Clone, Debug)]
pub struct RegionPool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limits: PoolLimits,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// From the least to the most recently used.
    idle: Vec<Idle>,
    /// Idle regions that are warm.
    warm: usize,
    /// Regions that exist.
    regions: usize,
}

#[derive(Debug)]
struct Idle {
    image: u64,
    warm: bool,
    region: Box<Region>,
}

impl RegionPool {
    /// A pool without regions.
    pub fn new(limits: PoolLimits) -> Self {
        let state = Mutex::new(State::default());
        Self { shared: Arc::new(Shared { limits, state }) }
    }

    /// A fresh region with an image. It comes back to the pool when it is dropped.
    pub fn acquire(&self, image: &Arc<RegionImage>) -> Result<PooledRegion, RegionError> {
        let shared = &self.shared;
        let mut state = shared.lock();
        let found = state.idle.iter().rposition(|idle| idle.image == image.id());
        let region = if let Some(at) = found {
            state.take(at)
        } else if state.regions < shared.limits.regions {
            state.regions += 1;
            drop(state);
            Box::new(shared.counted(|| Region::new(image))?)
        } else if !state.idle.is_empty() {
            let other = state.take(0);
            drop(state);
            Box::new(shared.counted(|| other.replace_image(image))?)
        } else {
            return Err(RegionError::Exhausted { limit: shared.limits.regions });
        };
        Ok(PooledRegion { region: Some(region), shared: Arc::clone(shared) })
    }

    /// Forgets the idle regions of an image that is not needed any more.
    pub fn evict(&self, image: &RegionImage) {
        let mut state = self.shared.lock();
        let (gone, kept): (Vec<Idle>, Vec<Idle>) =
            mem::take(&mut state.idle).into_iter().partition(|idle| idle.image == image.id());
        state.idle = kept;
        state.regions -= gone.len();
        state.warm -= gone.iter().filter(|idle| idle.warm).count();
        drop(state);
        drop(gone);
    }

    /// Regions that exist.
    pub fn regions(&self) -> usize {
        self.shared.lock().regions
    }

    /// Regions that wait for their next tenant.
    pub fn idle(&self) -> usize {
        self.shared.lock().idle.len()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic half way runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a region that is counted already.
    fn counted(
        &self,
        make: impl FnOnce() -> Result<Region, RegionError>,
    ) -> Result<Region, RegionError> {
        make().inspect_err(|_| self.lock().regions -= 1)
    }

    fn release(&self, mut region: Box<Region>) {
        let keep_warm = self.limits.warm != 0;
        let reset = if keep_warm { region.reset() } else { region.reset_cold() };
        if reset.is_err() || !region.is_sound() {
            // Before the count goes down: the bound counts address space.
            drop(region);
            self.lock().regions -= 1;
            return;
        }
        let mut state = self.lock();
        state.put(region);
        if state.warm <= self.limits.warm {
            return;
        }
        let Some(at) = state.idle.iter().position(|idle| idle.warm) else {
            return;
        };
        let mut oldest = state.take(at);
        drop(state);
        if oldest.reset_cold().is_ok() {
            self.lock().put_first(oldest);
        } else {
            drop(oldest);
            self.lock().regions -= 1;
        }
    }
}

impl State {
    fn take(&mut self, at: usize) -> Box<Region> {
        let idle = self.idle.remove(at);
        self.warm -= usize::from(idle.warm);
        idle.region
    }

    fn put(&mut self, region: Box<Region>) {
        let warm = region.is_resident();
        self.warm += usize::from(warm);
        self.idle.push(Idle { image: region.image().id(), warm, region });
    }

    fn put_first(&mut self, region: Box<Region>) {
        let at = self.idle.iter().position(|idle| idle.warm).unwrap_or(self.idle.len());
        let warm = region.is_resident();
        self.warm += usize::from(warm);
        self.idle.insert(at, Idle { image: region.image().id(), warm, region });
    }
}

/// A region lent by a [`RegionPool`].
#[derive(Debug)]
pub struct PooledRegion {
    /// `None` only while dropping.
    region: Option<Box<Region>>,
    shared: Arc<Shared>,
}

impl Deref for PooledRegion {
    type Target = Region;

    #[inline]
    fn deref(&self) -> &Region {
        self.region.as_deref().expect("present until dropped")
    }
}

impl DerefMut for PooledRegion {
    #[inline]
    fn deref_mut(&mut self) -> &mut Region {
        self.region.as_deref_mut().expect("present until dropped")
    }
}

impl Drop for PooledRegion {
    fn drop(&mut self) {
        if let Some(region) = self.region.take() {
            self.shared.release(region);
        }
    }
}

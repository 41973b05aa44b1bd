//! Regions that are ready for use.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::mapping::Reservation;
use super::{Region, RegionError, RegionImage};

/// Bounds of a [`RegionPool`].
#[derive(Clone, Copy, Debug)]
pub struct PoolLimits {
    /// Regions that exist at once, in use or idle. Each takes 38 GiB of the 128 TiB of addresses
    /// that a process has; so do up to eight more that wait empty.
    pub regions: usize,
    /// Idle regions that keep the pages which the next frame probably needs: those that an earlier
    /// one wrote to, up to 160 KiB each. The others keep none.
    pub warm: usize,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self { regions: 1024, warm: 256 }
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
    /// By image, and of one image from the least to the most recently used.
    idle: HashMap<u64, Vec<Idle>>,
    /// Idle regions that are warm.
    warm: usize,
    /// Regions that exist.
    regions: usize,
    /// Counts uses, to compare regions of different images.
    uses: u64,
    /// Address space of regions whose image is gone; no region.
    bare: Vec<Reservation>,
}

#[derive(Debug)]
struct Idle {
    used: u64,
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
        let region = if let Some(mut region) = state.take(image) {
            drop(state);
            if let Err(error) = region.begin_frame() {
                drop(region);
                shared.lock().regions -= 1;
                return Err(error);
            }
            region
        } else if state.regions < shared.limits.regions {
            state.regions += 1;
            let bare = state.bare.pop();
            drop(state);
            let make = || bare.map_or_else(|| Region::new(image), |bare| Region::over(bare, image));
            Box::new(shared.counted(make)?)
        } else if let Some(other) = state.take_oldest() {
            drop(state);
            Box::new(shared.counted(|| other.with_image(image))?)
        } else {
            return Err(RegionError::Exhausted { limit: shared.limits.regions });
        };
        Ok(PooledRegion { region: Some(region), shared: Arc::clone(shared) })
    }

    /// Forgets the idle regions of an image that is not needed any more. The address space of some
    /// waits for other images.
    pub fn evict(&self, image: &RegionImage) {
        let mut state = self.shared.lock();
        let gone = state.idle.remove(&image.id()).unwrap_or_default();
        state.regions -= gone.len();
        state.warm -= gone.iter().filter(|idle| idle.region.is_resident()).count();
        let wanted = MAX_BARE.saturating_sub(state.bare.len());
        drop(state);
        for idle in gone.into_iter().take(wanted) {
            // what cannot be emptied is given back by its drop
            let Ok(bare) = idle.region.into_reservation() else { continue };
            let mut state = self.shared.lock();
            if state.bare.len() < MAX_BARE {
                state.bare.push(bare);
            }
        }
    }

    /// Regions that exist.
    pub fn regions(&self) -> usize {
        self.shared.lock().regions
    }

    /// Regions that wait for their next tenant.
    pub fn idle(&self) -> usize {
        self.shared.lock().idle.values().map(Vec::len).sum()
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
        let reset = if keep_warm { region.retire() } else { region.give_back() };
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
        let Some(mut oldest) = state.take_oldest_warm() else {
            return;
        };
        drop(state);
        if oldest.region.give_back().is_ok() {
            self.lock().put_back(oldest);
        } else {
            drop(oldest);
            self.lock().regions -= 1;
        }
    }
}

impl State {
    /// The most recently used idle region of an image.
    fn take(&mut self, image: &RegionImage) -> Option<Box<Region>> {
        let idle = self.idle.get_mut(&image.id())?.pop()?;
        self.warm -= usize::from(idle.region.is_resident());
        Some(idle.region)
    }

    /// The least recently used idle region. Looks at all images, which is little beside mapping one.
    fn take_oldest(&mut self) -> Option<Box<Region>> {
        let first = |idle: &Vec<Idle>| idle.first().map(|idle| idle.used);
        let oldest = self.idle.iter().filter_map(|(&image, idle)| Some((first(idle)?, image)));
        let (_, image) = oldest.min()?;
        let idle = self.remove(image, 0)?;
        if self.idle.get(&image).is_some_and(Vec::is_empty) {
            self.idle.remove(&image);
        }
        Some(idle.region)
    }

    /// The least recently used idle region that is warm. Looks at all regions, which is little beside
    /// giving memory back.
    fn take_oldest_warm(&mut self) -> Option<Idle> {
        let warm = self.idle.iter().filter_map(|(&image, idle)| {
            let at = idle.iter().position(|idle| idle.region.is_resident())?;
            Some((idle[at].used, image, at))
        });
        let (_, image, at) = warm.min()?;
        self.remove(image, at)
    }

    fn remove(&mut self, image: u64, at: usize) -> Option<Idle> {
        let idle = self.idle.get_mut(&image)?.remove(at);
        self.warm -= usize::from(idle.region.is_resident());
        Some(idle)
    }

    fn put(&mut self, region: Box<Region>) {
        self.uses += 1;
        self.warm += usize::from(region.is_resident());
        let idle = Idle { used: self.uses, region };
        self.idle.entry(idle.region.image().id()).or_default().push(idle);
    }

    /// Puts a region back to where it was taken from.
    fn put_back(&mut self, idle: Idle) {
        self.warm += usize::from(idle.region.is_resident());
        let others = self.idle.entry(idle.region.image().id()).or_default();
        let at = others.partition_point(|other| other.used < idle.used);
        others.insert(at, idle);
    }
}

/// At most so much address space waits for a new image. Mapping 38 GiB costs as much as mapping an
/// image into them.
const MAX_BARE: usize = 8;

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

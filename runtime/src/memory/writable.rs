//! Which pages of a region can be written to without a fault.

use super::{OPEN_PAGES, PAGE};

/// Frames during which everything stays open after a frame that needed more than [`OPEN_PAGES`]: so
/// that a program which always does pays for faults in few of its frames.
const FRAMES_AFTER_OVERFLOW: u32 = 64;

/// The writable pages of an image, divided into open ones, which a reset sets again one by one, and
/// frozen ones, which are as the image says.
#[derive(Debug)]
pub(super) struct Writable {
    /// Frames for which everything is still open; 0 if only `pages` are.
    all: u32,
    pages: [u32; OPEN_PAGES],
    len: usize,
    /// The page that was written to last by a checked access; 0 is none, as page 0 is not mapped.
    recent: u32,
}

impl Writable {
    /// Everything open for one frame: the first does not learn what the next ones need.
    pub(super) const ALL: Self = Self { all: 1, pages: [0; OPEN_PAGES], len: 0, recent: 0 };

    /// Whether there are no frozen pages.
    #[inline(always)]
    pub(super) fn is_all(&self) -> bool {
        self.all != 0
    }

    /// Whether a checked access of `len` bytes is known to find open pages. A quick answer: `false`
    /// is no promise.
    #[inline(always)]
    pub(super) fn is_ready(&self, addr: u32, len: u32) -> bool {
        let last = addr.wrapping_add(len.saturating_sub(1));
        self.is_all() || ((addr ^ self.recent) | (last ^ self.recent)) < PAGE
    }

    /// The open pages, unless all are.
    #[inline]
    pub(super) fn pages(&self) -> &[u32] {
        &self.pages[..self.len]
    }

    /// Whether there is room for another page.
    pub(super) fn has_room(&self) -> bool {
        self.len < OPEN_PAGES
    }

    /// Adds a page that was opened, for which there is room.
    pub(super) fn add(&mut self, page: u32) {
        self.pages[self.len] = page;
        self.len += 1;
    }

    /// Remembers the page that a checked access writes to.
    pub(super) fn set_recent(&mut self, page: u32) {
        self.recent = page;
    }

    /// Everything was opened, because too many pages were needed.
    pub(super) fn overflow(&mut self) {
        *self = Self { all: FRAMES_AFTER_OVERFLOW, ..Self::ALL };
    }

    /// A frame with everything open has ended; `true` if all is to be frozen now.
    pub(super) fn end_frame(&mut self) -> bool {
        self.recent = 0;
        self.all -= 1;
        self.all == 0
    }
}

//! The heap: taken from the host page by page, and gone with the frame.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::null_mut;

use bessemer_abi::codes::NO_MEMORY;

const PAGE: usize = 4096;

/// Hands out memory from front to back. What was handed out last can be given back or resized, so
/// temporary values cost nothing in a loop; the rest stays until the frame ends.
struct Bump {
    /// Where the free memory starts.
    next: Cell<usize>,
    /// Where it ends.
    end: Cell<usize>,
}

// SAFETY: a contract has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static HEAP: Bump = Bump { next: Cell::new(0), end: Cell::new(0) };

impl Bump {
    /// Makes the free memory end at or behind `end`. `false` if the host has no more.
    #[cold]
    fn grow(&self, start: usize, end: usize) -> bool {
        let missing = end - self.end.get();
        let first = super::grow(missing.div_ceil(PAGE) as u32);
        // Pages follow one another, from the first address that was ever handed out.
        if first == NO_MEMORY || first as usize != self.end.get() {
            return false;
        }
        self.end.set(self.end.get() + missing.next_multiple_of(PAGE));
        start <= end
    }

    /// Where the heap starts; known once it has a page.
    #[cold]
    fn open(&self) -> bool {
        let first = super::grow(1);
        if first == NO_MEMORY {
            return false;
        }
        self.next.set(first as usize);
        self.end.set(first as usize + PAGE);
        true
    }
}

// SAFETY: each range is handed out once until it is given back, lies in pages that the host mapped,
// and is aligned as asked.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.end.get() == 0 && !self.open() {
            return null_mut();
        }
        let mask = layout.align() - 1;
        let Some(start) = self.next.get().checked_add(mask) else { return null_mut() };
        let start = start & !mask;
        let Some(end) = start.checked_add(layout.size()) else { return null_mut() };
        if end > self.end.get() && !self.grow(start, end) {
            return null_mut();
        }
        self.next.set(end);
        start as *mut u8
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if start as usize + layout.size() == self.next.get() {
            self.next.set(start as usize);
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let last = start as usize + layout.size() == self.next.get();
        if last {
            // The same place, longer or shorter.
            self.next.set(start as usize);
        }
        // SAFETY: the caller gives a size that does not overflow with this alignment.
        let layout_now = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as of this function.
        let now = unsafe { self.alloc(layout_now) };
        if now.is_null() {
            if last {
                self.next.set(start as usize + layout.size());
            }
        } else if now != start {
            // SAFETY: both ranges are valid for that many bytes, and apart.
            unsafe { now.copy_from_nonoverlapping(start, layout.size().min(size)) };
        }
        now
    }
}

/// There is nothing to interrupt: one thread, no interrupts.
struct Uninterrupted;

critical_section::set_impl!(Uninterrupted);

// SAFETY: a contract has one thread and no interrupts, so any section is critical as it is.
unsafe impl critical_section::Impl for Uninterrupted {
    unsafe fn acquire() -> critical_section::RawRestoreState {}

    unsafe fn release(_: critical_section::RawRestoreState) {}
}

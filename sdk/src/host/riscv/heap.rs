//! The heap: taken from the host page by page, and gone with the frame.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::hint::assert_unchecked;

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
    /// Takes so many bytes, so aligned, from the front of the free memory.
    #[inline(never)]
    fn take(&self, layout: Layout) -> usize {
        let mask = layout.align() - 1;
        loop {
            let start = (self.next.get() + mask) & !mask;
            let Some(end) = start.checked_add(layout.size()) else { full() };
            if end <= self.end.get() {
                self.next.set(end);
                return start;
            }
            self.grow(end);
        }
    }

    /// Makes the free memory end at or behind `end`, or begin anew in pages that have the room.
    #[cold]
    fn grow(&self, end: usize) {
        if self.end.get() == 0 {
            // the program's last page is there and paid for
            let rest = (&raw const __data_end).addr();
            self.next.set(rest);
            self.end.set(rest.next_multiple_of(PAGE));
            return;
        }
        let pages = (end - self.end.get()).div_ceil(PAGE);
        let first = super::grow(pages as u32);
        if first == NO_MEMORY {
            full();
        }
        if first as usize != self.end.get() {
            self.next.set(first as usize);
        }
        self.end.set(first as usize + pages * PAGE);
    }
}

unsafe extern "C" {
    /// Where the program's data ends, by the linker script.
    static __data_end: u8;
}

#[cold]
fn full() -> ! {
    super::fail("the heap is full")
}

// SAFETY: each range is handed out once until it is given back, lies in pages that the host mapped,
// and is aligned as asked.
unsafe impl GlobalAlloc for Bump {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.take(layout);
        // SAFETY: the heap lies behind the program. So the code that reports failed allocations is
        // not linked, which would be an eighth of a token.
        unsafe { assert_unchecked(start != 0) };
        start as *mut u8
    }

    #[inline(always)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as of this function.
        let start = unsafe { self.alloc(layout) };
        // SAFETY: these bytes were handed out just now. They may have been in use before.
        unsafe { start.write_bytes(0, layout.size()) };
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        if start as usize + layout.size() == self.next.get() {
            self.next.set(start as usize);
        }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if start as usize + layout.size() == self.next.get() {
            // The same place, longer or shorter.
            self.next.set(start as usize);
        }
        // SAFETY: the caller gives a size that does not overflow with this alignment.
        let layout_now = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        // SAFETY: as of this function.
        let now = unsafe { self.alloc(layout_now) };
        if now != start {
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

//! The memory of a context: one address space reservation per running program.
//!
//! ```text
//! start          base = guest 0                        guest 2^32
//!   | 2 GiB guard  | 4 GiB guest space: areas, else unmapped | 32 GiB guard |
//! ```
//!
//! Native code adds a guest address to [`Region::base`] and accesses what it finds there. The whole
//! span is reserved without access, so every address that such code can form, and those that known
//! kinds of address miscompilation form, is either memory of this region or faults.
//!
//! * [`RegionImage`] is what memory looks like at frame entry: shared by all contexts of a program.
//! * [`Region`] is the memory of one context. It implements [`Memory`](bessemer_image::Memory) for
//!   the interpreter, and lends host functions checked slices.
//! * [`RegionPool`] keeps regions ready, reset to their image.
//!
//! ```
//! use bessemer_image::Memory;
//! use bessemer_runtime::memory::{Part, PoolLimits, RegionImage, RegionPool};
//!
//! let data = Part { addr: 0x2_0000, size: 0x2000, bytes: b"steel", writable: true };
//! let image = RegionImage::build(&[data], 0xFFFE_0000..0xFFFF_0000, 0x2_2000..0x4_0000)?;
//! let pool = RegionPool::new(PoolLimits::default());
//! let mut region = pool.acquire(&image)?;
//! region.store_u8(0x2_0000, b'S').expect("mapped");
//! assert_eq!(region.read(0x2_0000, 5).expect("mapped"), b"Steel");
//! assert!(region.read(0x1_FFFF, 1).is_err());
//! # Ok::<(), bessemer_runtime::memory::RegionError>(())
//! ```
//!
//! # How memory becomes fresh again
//!
//! A system call, or the first touch of a page, costs as much as setting dozens of pages that are
//! present. So a reset sets exactly the pages that may have been written to, and knows them without
//! asking: the pages of segments and stack are *frozen*, which is mapped without the permission to
//! write, until the first store to them. Then the page is *opened*: by the fault handler for a store
//! of native code, which is done again as a whole, and by the checked accesses of this module for
//! everyone else. Open pages stay open from frame to frame, so a program faults in its first frames
//! only, and a reset without a system call is the normal case.
//!
//! * In the first frame of a region everything is open, and a reset gives everything back. A memory
//!   that is used once learns nothing.
//! * A frame that needs more than [`OPEN_PAGES`] gets everything opened, and for some frames each
//!   reset gives everything back by `madvise`; then all is frozen and learnt anew. So no tenant leaves
//!   much behind, neither pages nor mappings, of which a process has 65,530.
//! * If the system refuses to open a page, the run fails with that error, not with a trap.
//! * A heap of up to [`WARM_HEAP`] bytes is zeroed and loses only its access, which takes one system
//!   call, and another when it grows again: what lies behind the end of the heap must fault.
//!
//! The most recently used idle regions keep their pages; the others give back the contents.
//!
//! # Crates and system calls
//!
//! `memmap2` maps the host's view of images. It cannot reserve address space without access and
//! without a claim on swap, map at a fixed address inside a reservation, discard pages, or change
//! permission inside a signal handler; these are direct calls, all in `mapping`.
//!
//! # Invariants
//!
//! * Every address `base + x` with `x` in `[-2 GiB, 36 GiB)` belongs to the reservation, for as
//!   long as the region lives. A mapping over part of it only ever replaces, never leaves a hole.
//! * Every byte of an area is readable, and writable if the area says so and its page is open;
//!   nothing else of the reservation is accessible. The list of areas changes only by `&mut self`.
//! * A page that is not open holds what the image says, also when the region is in use.
//! * A page of the heap that [`Region::grow`] adds is zero: what stays behind the end of a heap
//!   was zeroed before its access was taken.
//! * Memory is written only by `&mut Region` or by native code that runs while its caller holds
//!   the region exclusively, through a pointer that [`Region::base_mut`] gave out. No slice
//!   of guest memory is alive at that time.

mod announcement;
mod contents;
pub(crate) mod fault;
mod image;
mod mapping;
mod pool;
mod space;
mod view;
mod writable;

pub(crate) use announcement::Announcement;
pub use image::{Part, RegionImage};
pub use pool::{PoolLimits, PooledRegion, RegionPool};
pub use space::Region;
pub use view::GuestMemory;

/// Bytes in a page of guest memory.
pub const PAGE: u32 = 4096;
/// Bytes without access below guest address 0.
pub const GUARD_BEFORE: usize = 2 << 30;
/// Bytes that a guest can address.
pub const SPACE: usize = 4 << 30;
/// Bytes without access from guest address 2^32 on.
pub const GUARD_AFTER: usize = 32 << 30;
/// End of the highest memory that can be mapped: the top of every stack.
pub const STACK_TOP: u32 = 0xFFFF_0000;
/// Pages of segments and stack that a region keeps open for writing, and a reset sets again. A frame
/// that writes to more has them all given back.
pub const OPEN_PAGES: usize = 24;
/// Bytes of a heap up to which a warm reset zeroes it and takes only the access away.
pub const WARM_HEAP: u32 = 64 << 10;

/// Why a region could not be made or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegionError {
    /// The parts of an image cannot stand together in one address space.
    #[error("segments, stack and heap cannot be laid out: {reason} at {addr:#010x}")]
    Layout {
        /// The fault.
        reason: &'static str,
        /// Guest address of the part that is wrong.
        addr: u32,
    },
    /// The heap would pass its limit.
    #[error("the heap cannot grow by {pages} pages: {left} are left")]
    HeapLimit {
        /// Pages asked for.
        pages: u32,
        /// Pages left.
        left: u32,
    },
    /// The pool's bound on regions is reached and none is idle.
    #[error("all {limit} regions of the pool are in use")]
    Exhausted {
        /// The bound.
        limit: usize,
    },
    /// The operating system refused.
    #[error("cannot {what}")]
    Os {
        /// The operation.
        what: &'static str,
        /// Why it was refused.
        source: std::io::Error,
    },
}

impl RegionError {
    fn os(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Os { what, source }
    }
}

/// Whole pages inside the part of guest space that can be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pages {
    start: u32,
    end: u32,
}

impl Pages {
    /// The pages `[start, end)`, if both are page addresses in `[PAGE, STACK_TOP]` in this order.
    fn new(start: u32, end: u32) -> Option<Self> {
        let aligned = start.is_multiple_of(PAGE) && end.is_multiple_of(PAGE);
        (aligned && PAGE <= start && start <= end && end <= STACK_TOP)
            .then_some(Self { start, end })
    }

    fn len(self) -> u32 {
        self.end - self.start
    }

    fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// Mapped memory with one permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Area {
    start: u32,
    len: u32,
    writable: bool,
}

impl Area {
    /// An area that contains nothing.
    const NONE: Self = Self { start: 0, len: 0, writable: false };

    fn new(pages: Pages, writable: bool) -> Self {
        Self { start: pages.start, len: pages.len(), writable }
    }

    fn end(self) -> u32 {
        self.start + self.len
    }

    /// Whether all of `[addr, addr + len)` lies inside, computed without wrapping.
    #[inline(always)]
    fn contains(self, addr: u32, len: u32) -> bool {
        u64::from(addr.wrapping_sub(self.start)) + u64::from(len) <= u64::from(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_contains_what_starts_and_ends_in_it() {
        let area = Area { start: 0x2000, len: 0x1000, writable: true };
        for (addr, len, inside) in [
            (0x2000, 4, true),
            (0x2FFC, 4, true),
            (0x2FFD, 4, false),
            (0x1FFF, 1, false),
            (0x3000, 1, false),
            (0xFFFF_FFFF, 4, false),
            (0x2000, 0x1000, true),
            (0x2000, 0x1001, false),
            (0x2000, u32::MAX, false),
        ] {
            assert_eq!(area.contains(addr, len), inside, "{addr:#x} {len}");
            assert!(!Area::NONE.contains(addr, len));
        }
    }
}

//! Where stack and heap of a program are (L26, L27).

use std::ops::Range;

use bessemer_isa::MemoryClass;

use crate::{Limits, LoadError, Segment};

/// The memory of a frame besides the segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The stack, mapped at frame entry; it ends at [`Layout::STACK_TOP`].
    pub stack: Range<u32>,
    /// Where the heap starts: the first page after the highest segment. It is empty at frame entry.
    pub heap_start: u32,
    /// The address that the heap may grow to, a multiple of the page.
    pub heap_limit: u32,
    /// The declared size of the memory, which selects the prices of loads and stores.
    pub memory_class: MemoryClass,
}

impl Layout {
    /// Bytes in a page.
    pub const PAGE: u32 = 4096;
    /// The end of the stack; nothing is mapped from here up.
    pub const STACK_TOP: u32 = 0xffff_0000;
    /// Bytes below the stack that are never mapped, so that an overflow traps.
    pub const STACK_GAP: u32 = 64 << 10;

    /// Places stack and heap around segments that stand in address order.
    pub(crate) fn place(segments: &[Segment], limits: &Limits) -> Result<Self, LoadError> {
        let end = segments.last().map_or(Self::PAGE, |last| last.pages().end);
        let no_room = LoadError::NoRoomForStack {
            end: segments.last().map_or(Self::PAGE, Segment::end),
            stack: limits.stack_bytes,
        };
        let room = || {
            let stack = limits.stack_bytes.checked_next_multiple_of(Self::PAGE)?;
            let start = Self::STACK_TOP.checked_sub(stack)?;
            let gap = start.checked_sub(Self::STACK_GAP)?;
            (end <= gap).then_some((stack, start, gap))
        };
        let (stack, stack_start, gap) = room().ok_or(no_room)?;

        let mapped = u64::from(mapped_bytes(segments));
        let used = mapped.saturating_add(u64::from(stack));
        let declared = limits.heap_bytes.map(|heap| heap & !(Self::PAGE - 1));
        let left = u64::from(limits.memory.bytes()).checked_sub(used);
        let heap = declared.or(left.and_then(|left| u32::try_from(left).ok()));
        let heap = heap.unwrap_or_default();
        let memory_class = MemoryClass::holding(used.saturating_add(u64::from(heap)))
            .filter(|class| *class <= limits.memory)
            .ok_or(LoadError::MemoryTooLarge {
                segments: mapped,
                stack,
                heap,
                limit: limits.memory.bytes(),
            })?;
        Ok(Self {
            stack: stack_start..Self::STACK_TOP,
            heap_start: end,
            heap_limit: end.saturating_add(heap).min(gap),
            memory_class,
        })
    }
}

/// The bytes in all pages that the segments touch; they stand in address order.
pub(crate) fn mapped_bytes(segments: &[Segment]) -> u32 {
    let mut counted_to = 0;
    let mut bytes = 0_u32;
    for segment in segments {
        let pages = segment.pages();
        let fresh = pages.start.max(counted_to)..pages.end;
        bytes = bytes.saturating_add(fresh.end.saturating_sub(fresh.start));
        counted_to = pages.end;
    }
    bytes
}

//! The memory of a program at frame entry.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::contents::Contents;
use super::mapping::Reservation;
use super::{Area, PAGE, Pages, RegionError, STACK_TOP};

/// A segment of an image, as it goes into memory.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Guest address of the first byte.
    pub addr: u32,
    /// Bytes in memory. What `bytes` does not cover is zero.
    pub size: u32,
    /// The first bytes.
    pub bytes: &'a [u8],
    /// Whether the guest may store to it.
    pub writable: bool,
}

/// The initial memory of a program, shared by all regions made from it.
///
/// The bytes of all segments stand together in a memory file. Regions map it: read-only segments
/// share its pages, writable ones copy a page when they first write to it. Images of up to 1 MiB
/// share one file of the process; others have one each.
#[derive(Debug)]
pub struct RegionImage {
    id: u64,
    runs: Vec<Run>,
    areas: Vec<Area>,
    stack: Pages,
    heap: Pages,
    contents: Option<Contents>,
}

/// Pages of one permission that are mapped together.
#[derive(Debug)]
struct Run {
    pages: Pages,
    writable: bool,
    /// End of the pages that hold file bytes; the rest is zero.
    file_end: u32,
    /// Where the contents of the first page stand in the file.
    offset: u32,
}

impl RegionImage {
    /// Lays out the initial memory of a program.
    ///
    /// `heap` goes from its first address to the highest that its end may reach; it is empty at
    /// first. Fails if something does not lie on pages where it must, or overlaps.
    pub fn build(
        parts: &[Part<'_>],
        stack: Range<u32>,
        heap: Range<u32>,
    ) -> Result<Arc<Self>, RegionError> {
        let stack = pages(stack.start, stack.end, "the stack")?;
        let heap = pages(heap.start, heap.end, "the heap")?;
        if !heap.is_empty() && heap.end > stack.start && heap.start < stack.end {
            return Err(RegionError::Layout { reason: "the heap is in the stack", addr: heap.end });
        }

        let mut parts = parts.to_vec();
        parts.retain(|part| part.size != 0);
        parts.sort_by_key(|part| part.addr);
        let mut runs: Vec<Run> = Vec::new();
        for part in &parts {
            add_part(&mut runs, part)?;
        }
        let mut offset: u32 = 0;
        for run in &mut runs {
            run.offset = offset;
            offset = (run.file_end - run.pages.start).checked_add(offset).ok_or(
                RegionError::Layout { reason: "contents too large", addr: run.pages.start },
            )?;
        }
        for run in &runs {
            for (other, reason) in
                [(stack, "a segment in the stack"), (heap, "a segment in the heap")]
            {
                if run.pages.start < other.end && other.start < run.pages.end {
                    return Err(RegionError::Layout { reason, addr: run.pages.start });
                }
            }
        }

        let contents = (offset != 0)
            .then(|| Contents::new(offset, |bytes| fill(bytes, &runs, &parts)))
            .transpose()
            .map_err(RegionError::os("write the image of a program"))?;
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Ok(Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            areas: areas(&runs, stack),
            runs,
            stack,
            heap,
            contents,
        }))
    }

    /// Addresses of the stack.
    pub fn stack(&self) -> Range<u32> {
        self.stack.start..self.stack.end
    }

    /// Addresses that the heap can grow to.
    pub fn heap(&self) -> Range<u32> {
        self.heap.start..self.heap.end
    }

    pub(super) fn id(&self) -> u64 {
        self.id
    }

    pub(super) fn heap_pages(&self) -> Pages {
        self.heap
    }

    /// The mappings at frame entry, in ascending order; neighbours differ in permission.
    pub(super) fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// The pages that a guest can write at frame entry.
    pub(super) fn writable(&self) -> impl Iterator<Item = Pages> {
        self.areas
            .iter()
            .filter(|area| area.writable)
            .map(|area| Pages { start: area.start, end: area.end() })
    }

    /// The page of this address as it is at frame entry; `None` stands for zeros.
    pub(super) fn page(&self, page: u32) -> Option<&[u8]> {
        let run = self.runs.iter().find(|run| run.pages.start <= page && page < run.file_end)?;
        Some(self.contents(run.offset + (page - run.pages.start), PAGE))
    }

    /// Bytes of the file.
    fn contents(&self, offset: u32, len: u32) -> &[u8] {
        let bytes = self.contents.as_ref().map_or(&[][..], Contents::bytes);
        &bytes[offset as usize..][..len as usize]
    }

    /// The initial contents, piece by piece; `None` stands for zeros.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (Pages, Option<&[u8]>)> {
        let runs = self.runs.iter().flat_map(|run| {
            let file = Pages { start: run.pages.start, end: run.file_end };
            let zero = Pages { start: run.file_end, end: run.pages.end };
            [(file, Some(self.contents(run.offset, file.len()))), (zero, None)]
        });
        runs.chain([(self.stack, None)])
    }

    pub(super) fn stack_pages(&self) -> Pages {
        self.stack
    }

    /// The pages outside the stack that are mapped for this image, whose heap had pages up to the end
    /// of `heap`, and that [`RegionImage::map_runs`] of another image does not replace.
    pub(super) fn stale(&self, heap: Pages, other: &Self) -> Vec<Pages> {
        let mut stale: Vec<Pages> = self.runs.iter().map(|run| run.pages).chain([heap]).collect();
        for run in other.runs.iter().filter(|run| run.file_end != run.pages.start) {
            let (start, end) = (run.pages.start, run.file_end);
            stale = stale
                .into_iter()
                .flat_map(|pages| {
                    let before = Pages { start: pages.start, end: pages.end.min(start) };
                    let behind = Pages { start: pages.start.max(end), end: pages.end };
                    [before, behind]
                })
                .filter(|pages| pages.start < pages.end)
                .collect();
        }
        stale
    }

    /// Maps everything into guest space, of which nothing is mapped.
    pub(super) fn map(&self, reservation: &mut Reservation) -> io::Result<()> {
        self.map_runs(reservation)?;
        reservation.open(self.stack)
    }

    /// Maps all but the stack. Contents of files replace what is mapped in their place; in the place
    /// of zeros nothing may be mapped.
    pub(super) fn map_runs(&self, reservation: &mut Reservation) -> io::Result<()> {
        for run in &self.runs {
            let file = Pages { start: run.pages.start, end: run.file_end };
            let zero = Pages { start: run.file_end, end: run.pages.end };
            if let Some(contents) = &self.contents {
                let (fd, start) = contents.file();
                let offset = start + libc::off_t::from(run.offset);
                reservation.map_file(file, run.writable, fd, offset)?;
            }
            if run.writable {
                reservation.open(zero)?;
            } else {
                reservation.freeze(zero)?;
            }
        }
        Ok(())
    }
}

/// Sets every byte of the contents: what no part has on its pages is 0.
fn fill(bytes: &mut [u8], runs: &[Run], parts: &[Part<'_>]) {
    let mut parts = parts.iter().filter(|part| !part.bytes.is_empty()).peekable();
    for run in runs {
        let start = run.offset as usize;
        let len = (run.file_end - run.pages.start) as usize;
        let bytes = &mut bytes[start..start + len];
        let mut done = 0;
        while let Some(part) = parts.next_if(|part| part.addr < run.pages.end) {
            let at = (part.addr - run.pages.start) as usize;
            bytes[done.min(at)..at].fill(0);
            bytes[at..at + part.bytes.len()].copy_from_slice(part.bytes);
            done = done.max(at + part.bytes.len());
        }
        bytes[done..].fill(0);
    }
}

fn pages(start: u32, end: u32, reason: &'static str) -> Result<Pages, RegionError> {
    Pages::new(start, end).ok_or(RegionError::Layout { reason, addr: start })
}

/// Adds a part, which begins at or behind the begin of the last run.
fn add_part(runs: &mut Vec<Run>, part: &Part<'_>) -> Result<(), RegionError> {
    let wrong = |reason| RegionError::Layout { reason, addr: part.addr };
    let end = part.addr.checked_add(part.size).filter(|&end| end <= STACK_TOP);
    let end = end.ok_or(wrong("a segment past the end"))?;
    let file = u32::try_from(part.bytes.len()).ok().filter(|&len| len <= part.size);
    let file = file.ok_or(wrong("more bytes than memory"))?;
    let start = part.addr - part.addr % PAGE;
    let found = pages(start, end.next_multiple_of(PAGE), "a segment in page 0")?;
    let file_end = match file {
        0 => start,
        _ => (part.addr + file).next_multiple_of(PAGE),
    };
    match runs.last_mut() {
        Some(last) if found.start < last.pages.end => {
            if last.writable != part.writable {
                return Err(wrong("two permissions on one page"));
            }
            last.pages.end = last.pages.end.max(found.end);
            last.file_end = if file == 0 { last.file_end } else { last.file_end.max(file_end) };
        }
        _ => runs.push(Run { pages: found, writable: part.writable, file_end, offset: 0 }),
    }
    Ok(())
}

fn areas(runs: &[Run], stack: Pages) -> Vec<Area> {
    let mut all: Vec<Area> = runs.iter().map(|run| Area::new(run.pages, run.writable)).collect();
    if !stack.is_empty() {
        all.push(Area::new(stack, true));
    }
    all.sort_by_key(|area| area.start);
    let mut merged: Vec<Area> = Vec::with_capacity(all.len() + 1);
    for area in all {
        match merged.last_mut() {
            Some(last) if last.end() == area.start && last.writable == area.writable => {
                last.len += area.len;
            }
            _ => merged.push(area),
        }
    }
    merged
}

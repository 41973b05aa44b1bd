//! What the memory of a program looks like at frame entry.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::Mmap;

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
/// The bytes of all segments stand in one sealed memory file. Regions map it: read-only segments
/// share its pages, writable ones copy a page when they first write to it. One file descriptor is
/// open per image.
#[derive(Debug)]
pub struct RegionImage {
    id: u64,
    runs: Vec<Run>,
    areas: Vec<Area>,
    stack: Pages,
    heap: Pages,
    contents: Option<Contents>,
}

/// The sealed file and the host's view of it.
#[derive(Debug)]
struct Contents {
    file: File,
    view: Mmap,
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
            .then(|| Contents::write(&runs, &parts, offset))
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

    /// What is mapped at frame entry, in ascending order; neighbours differ in permission.
    pub(super) fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// All that a guest can write at frame entry.
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
        let view: &[u8] = self.contents.as_ref().map_or(&[], |contents| &contents.view);
        &view[offset as usize..][..len as usize]
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

    /// Maps everything into guest space, of which nothing is mapped.
    pub(super) fn map(&self, reservation: &mut Reservation) -> io::Result<()> {
        for run in &self.runs {
            let file = Pages { start: run.pages.start, end: run.file_end };
            let zero = Pages { start: run.file_end, end: run.pages.end };
            if let Some(contents) = &self.contents {
                let fd = contents.file.as_fd();
                reservation.map_file(file, run.writable, fd, run.offset.into())?;
            }
            if run.writable {
                reservation.map_zero(zero)?;
            } else {
                reservation.map_zero_read_only(zero)?;
            }
        }
        reservation.map_zero(self.stack)
    }
}

impl Contents {
    fn write(runs: &[Run], parts: &[Part<'_>], len: u32) -> io::Result<Self> {
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name is a C string that lives for ever.
        let fd = unsafe { libc::memfd_create(c"bessemer-image".as_ptr(), flags) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is open and belongs to nobody else.
        let file = unsafe { File::from_raw_fd(fd) };
        file.set_len(len.into())?;
        for part in parts {
            let run = runs
                .iter()
                .find(|run| run.pages.start <= part.addr && part.addr < run.pages.end)
                .expect("every part is in a run");
            let offset = u64::from(run.offset) + u64::from(part.addr - run.pages.start);
            file.write_all_at(part.bytes, offset)?;
        }
        let seals =
            libc::F_SEAL_WRITE | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
        // SAFETY: adding seals changes no memory.
        if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the seals, which cannot be taken off, exclude that the file changes or shrinks
        // under the view.
        let view = unsafe { Mmap::map(&file)? };
        Ok(Self { file, view })
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

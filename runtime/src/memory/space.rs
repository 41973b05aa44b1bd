//! The memory of one context.

use std::fmt;
use std::io;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::Arc;

use bessemer_image::{Fault, Memory};

use super::image::RegionImage;
use super::mapping::Reservation;
use super::writable::Writable;
use super::{Area, PAGE, Pages, RegionError, WARM_HEAP};

/// The memory of one context: mapped areas in 4 GiB of guest space, between guards.
pub struct Region {
    reservation: Reservation,
    /// Copies of those areas that most accesses go to: stack, heap, data. All are writable.
    hot: [Area; 3],
    /// Likewise of read-only areas: text and constants.
    hot_read_only: [Area; 2],
    /// Everything mapped, in ascending order; neighbours differ in permission or do not touch.
    areas: Vec<Area>,
    heap_end: u32,
    /// Behind the heap and up to here there may be pages, zeroed and without access.
    warm_heap_end: u32,
    writable: Writable,
    /// Whether memory may differ from the image.
    written: bool,
    /// Whether pages of its own may be present.
    resident: bool,
    /// Whether a frame with everything open has ended, and [`Region::begin_frame`] has not followed.
    ended: bool,
    /// Whether a change failed half way.
    broken: bool,
    /// Why a page could not be opened, if one could not.
    refused: Option<io::Error>,
    image: Arc<RegionImage>,
}

impl Region {
    /// Reserves address space and maps an image into it.
    pub fn new(image: &Arc<RegionImage>) -> Result<Self, RegionError> {
        let reservation = Reservation::new().map_err(RegionError::os("reserve address space"))?;
        Self::over(reservation, image)
    }

    /// Maps an image into address space in which nothing is mapped.
    pub(super) fn over(
        mut reservation: Reservation,
        image: &Arc<RegionImage>,
    ) -> Result<Self, RegionError> {
        image.map(&mut reservation).map_err(RegionError::os("map the image of a program"))?;
        let mut region = Self {
            reservation,
            hot: [Area::NONE; 3],
            hot_read_only: [Area::NONE; 2],
            areas: Vec::new(),
            heap_end: 0,
            warm_heap_end: 0,
            writable: Writable::ALL,
            written: false,
            resident: false,
            ended: false,
            broken: false,
            refused: None,
            image: Arc::clone(image),
        };
        region.restore_areas();
        Ok(region)
    }

    /// The region with another image. It must have been reset.
    ///
    /// If both images have the same stack, that stays mapped, and of all else only what the other
    /// image has in another place is unmapped: to unmap 4 GiB costs as much as all the rest.
    pub(super) fn with_image(mut self, image: &Arc<RegionImage>) -> Result<Self, RegionError> {
        if self.image.stack() != image.stack() {
            return Self::over(self.into_reservation()?, image);
        }
        debug_assert!(self.is_fresh());
        let start = self.image.heap_pages().start;
        let heap = Pages { start, end: self.warm_heap_end.max(start) };
        let stale = self.image.stale(heap, image);
        let reservation = &mut self.reservation;
        let mut exchange = || {
            stale.iter().try_for_each(|&pages| reservation.unmap(pages))?;
            image.map_runs(reservation)?;
            if self.writable.is_all() { Ok(()) } else { reservation.open(image.stack_pages()) }
        };
        exchange().map_err(RegionError::os("map the image of a program"))?;
        self.image = Arc::clone(image);
        self.writable = Writable::ALL;
        self.ended = false;
        self.warm_heap_end = 0;
        self.restore_areas();
        Ok(self)
    }

    /// Unmaps everything, and keeps the address space.
    pub(super) fn into_reservation(self) -> Result<Reservation, RegionError> {
        let mut reservation = self.reservation;
        reservation.unmap_all().map_err(RegionError::os("unmap the image of a program"))?;
        Ok(reservation)
    }

    /// Host address of guest address 0, for reading.
    #[inline]
    pub fn base(&self) -> *const u8 {
        self.reservation.base().as_ptr()
    }

    /// Host address of guest address 0, for native code.
    ///
    /// From now on until the next reset memory counts as written. The pointer may be used as long
    /// as the region lives, by code that runs while its caller has the region to itself. It may
    /// write to memory that [`Region::open_all`] opened, or where a fault handler calls
    /// `Region::open_faulted`.
    #[inline]
    pub fn base_mut(&mut self) -> *mut u8 {
        self.written = true;
        self.reservation.base().as_ptr()
    }

    /// Lets a pointer of the host write to all that the guest can write to.
    pub fn open_all(&mut self) -> Result<(), RegionError> {
        if self.writable.is_all() || self.open_everything() {
            return Ok(());
        }
        self.take_refused().map_or(Ok(()), Err)
    }

    /// Opens the page of a host address at which a store of the guest faulted. `true` means that the
    /// store is to be done again, `false` that the guest may not write there, or that the system
    /// refuses, see [`Region::take_refused`].
    ///
    /// Async-signal-safe.
    pub(crate) fn open_faulted(&mut self, host: usize) -> bool {
        let offset = host.wrapping_sub(self.base().addr());
        u32::try_from(offset).is_ok_and(|addr| self.is_frozen(addr) && self.open_page(addr))
    }

    /// Why memory that the guest may write to could not be opened, if that happened. Whatever the
    /// guest did then is not an outcome.
    #[inline]
    pub(crate) fn take_refused(&mut self) -> Option<RegionError> {
        // asked at every exit: nothing is written where nothing was refused
        self.refused.as_ref()?;
        let source = self.refused.take()?;
        Some(RegionError::Os { what: "open a page for writing", source })
    }

    /// All host addresses of the region, guards included.
    #[inline]
    pub fn reserved(&self) -> Range<usize> {
        self.reservation.range()
    }

    /// The guest address that a host address stands for, modulo 2^32; `None` if the host address
    /// is not one of this region or its guards.
    #[inline]
    pub fn guest_address(&self, host: usize) -> Option<u32> {
        #[allow(clippy::cast_possible_truncation, reason = "guest addresses are modulo 2^32")]
        let guest = host.wrapping_sub(self.base().addr()) as u32;
        self.reserved().contains(&host).then_some(guest)
    }

    /// The memory image of frame entry.
    pub fn image(&self) -> &Arc<RegionImage> {
        &self.image
    }

    /// End of the heap.
    pub fn heap_end(&self) -> u32 {
        self.heap_end
    }

    /// Adds pages of zeros to the heap, and returns the address of the first.
    pub fn grow(&mut self, pages: u32) -> Result<u32, RegionError> {
        let limit = self.image.heap_pages();
        let old_end = self.heap_end;
        let left = (limit.end - old_end) / PAGE;
        if pages > left {
            return Err(RegionError::HeapLimit { pages, left });
        }
        if pages == 0 {
            return Ok(old_end);
        }
        let new = Pages { start: old_end, end: old_end + pages * PAGE };
        if let Err(source) = self.reservation.open(new) {
            self.broken = true;
            return Err(RegionError::Os { what: "grow the heap", source });
        }
        self.heap_end = new.end;
        let at = self.areas.partition_point(|area| area.start < new.start);
        match at.checked_sub(1).map(|before| &mut self.areas[before]) {
            Some(last) if last.end() == new.start && last.writable => last.len += new.len(),
            _ => self.areas.insert(at, Area::new(new, true)),
        }
        self.choose_hot();
        Ok(old_end)
    }

    /// The bytes of `[addr, addr + len)`, if all are mapped.
    ///
    /// The fault names the lowest byte that is not. A range of length 0 is mapped at every address.
    #[inline]
    pub fn read(&self, addr: u32, len: u32) -> Result<&[u8], Fault> {
        self.check(addr, len, false)?;
        // SAFETY: `check` found the whole range in areas, which stay readable while `self` is
        // borrowed, and which only `&mut self` writes to.
        Ok(unsafe { slice::from_raw_parts(self.at(addr).as_ptr(), len as usize) })
    }

    /// The bytes of `[addr, addr + len)`, if all are mapped and writable.
    ///
    /// The fault names the lowest byte that is not. A range of length 0 is mapped at every address.
    #[inline]
    pub fn write(&mut self, addr: u32, len: u32) -> Result<&mut [u8], Fault> {
        self.check(addr, len, true)?;
        self.prepare(addr, len)?;
        // SAFETY: `check` found the whole range in writable areas, `prepare` opened it, and `self`
        // is exclusively borrowed for as long as the slice lives.
        Ok(unsafe { slice::from_raw_parts_mut(self.at(addr).as_ptr(), len as usize) })
    }

    /// Copies `len` bytes from `from` to `to`; the ranges may overlap.
    ///
    /// The fault names the lowest byte that is not mapped of the source, or else not mapped or not
    /// writable of the destination, and then nothing is copied.
    pub fn copy(&mut self, from: u32, to: u32, len: u32) -> Result<(), Fault> {
        self.check(from, len, false)?;
        self.check(to, len, true)?;
        self.prepare(to, len)?;
        // SAFETY: `check` found both ranges in areas, `prepare` opened the destination, `&mut self`
        // excludes other users, and the copy allows for overlap.
        unsafe { ptr::copy(self.at(from).as_ptr(), self.at(to).as_ptr(), len as usize) };
        Ok(())
    }

    /// Everything mapped, in ascending order.
    pub fn mapped(&self) -> impl Iterator<Item = (u32, &[u8])> {
        self.areas.iter().map(|area| {
            // SAFETY: an area is readable while `self` is borrowed, and only `&mut self` writes
            // to it.
            let bytes =
                unsafe { slice::from_raw_parts(self.at(area.start).as_ptr(), area.len as usize) };
            (area.start, bytes)
        })
    }

    /// Bytes mapped.
    pub fn mapped_len(&self) -> u64 {
        self.areas.iter().map(|area| u64::from(area.len)).sum()
    }

    /// Makes memory what it was at frame entry.
    ///
    /// Sets the open pages again without a system call, if there are not too many of them; see the
    /// documentation of the module.
    pub fn reset(&mut self) -> Result<(), RegionError> {
        if self.writable.is_all() {
            return self.reset_cold();
        }
        self.close_heap(WARM_HEAP)?;
        if !self.written {
            return Ok(());
        }
        for &page in self.writable.pages() {
            let at = self.at(page).as_ptr();
            match self.image.page(page) {
                // SAFETY: open pages are pages of writable areas, of which `&mut self` excludes
                // other users; the source is of the same length and elsewhere.
                Some(source) => unsafe {
                    ptr::copy_nonoverlapping(source.as_ptr(), at, PAGE as usize);
                },
                // SAFETY: as above.
                None => unsafe { ptr::write_bytes(at, 0, PAGE as usize) },
            }
        }
        self.written = false;
        self.resident |= !self.writable.pages().is_empty();
        debug_assert!(self.is_fresh());
        Ok(())
    }

    /// Makes memory what it was at frame entry, and gives all pages back.
    pub fn reset_cold(&mut self) -> Result<(), RegionError> {
        self.give_back()?;
        self.begin_frame()
    }

    /// Likewise, and leaves open what is open: the next frame may have another image, for which
    /// freezing would be in vain. Before a frame of this image [`Region::begin_frame`] has to follow.
    pub(super) fn give_back(&mut self) -> Result<(), RegionError> {
        self.close_heap(0)?;
        if !self.written && !self.resident {
            return Ok(());
        }
        self.ended |= self.writable.is_all();
        let image = Arc::clone(&self.image);
        for pages in image.writable() {
            self.change("give memory back", |reservation| reservation.discard(pages))?;
        }
        self.written = false;
        self.resident = false;
        debug_assert!(self.is_fresh());
        Ok(())
    }

    /// Makes memory what it was at frame entry, as cheaply as possible, and leaves open what is open:
    /// as [`Region::give_back`].
    #[inline]
    pub(super) fn retire(&mut self) -> Result<(), RegionError> {
        if self.writable.is_all() { self.give_back() } else { self.reset() }
    }

    /// Freezes what the last frame had open, if it is time for that.
    #[inline]
    pub(super) fn begin_frame(&mut self) -> Result<(), RegionError> {
        if self.ended { self.end_frame() } else { Ok(()) }
    }

    #[cold]
    fn end_frame(&mut self) -> Result<(), RegionError> {
        self.ended = false;
        if !self.writable.end_frame() {
            return Ok(());
        }
        let image = Arc::clone(&self.image);
        image.writable().try_for_each(|pages| {
            self.change("freeze memory", |reservation| reservation.freeze(pages))
        })
    }

    /// Whether all memory is what it was at frame entry. Reads all of it.
    pub fn is_fresh(&self) -> bool {
        let expected = self.image.areas();
        self.areas == expected
            && self.image.pieces().all(|(pages, contents)| {
                let found = self.read(pages.start, pages.len()).expect("the areas are the same");
                match contents {
                    Some(contents) => found == contents,
                    None => is_zero(found),
                }
            })
    }

    /// Whether the region can be used again.
    pub(super) fn is_sound(&self) -> bool {
        !self.broken && self.reservation.is_whole()
    }

    pub(super) fn is_resident(&self) -> bool {
        self.resident
    }

    /// Changes mappings; after a failure the region is not used again.
    fn change(
        &mut self,
        what: &'static str,
        change: impl FnOnce(&mut Reservation) -> io::Result<()>,
    ) -> Result<(), RegionError> {
        change(&mut self.reservation).map_err(|source| {
            self.broken = true;
            RegionError::Os { what, source }
        })
    }

    /// Makes the heap empty, and keeps at most `warm` bytes of pages for it.
    fn close_heap(&mut self, warm: u32) -> Result<(), RegionError> {
        let start = self.image.heap_pages().start;
        let heap = Pages { start, end: self.heap_end };
        let pages = Pages { start, end: self.heap_end.max(self.warm_heap_end) };
        if pages.len() > warm {
            self.restore_areas();
            self.warm_heap_end = start;
            return self.change("unmap the heap", |reservation| reservation.unmap(pages));
        }
        if heap.is_empty() {
            return Ok(());
        }
        // SAFETY: all of the heap is writable, and `&mut self` excludes other users.
        unsafe { ptr::write_bytes(self.at(start).as_ptr(), 0, heap.len() as usize) };
        self.restore_areas();
        if self.warm_heap_end < pages.end {
            self.warm_heap_end = pages.end;
            self.change("set the heap apart", |reservation| reservation.set_apart(pages))?;
        }
        self.resident = true;
        self.change("close the heap", |reservation| reservation.close(heap))
    }

    /// Opens what a checked access is about to write to.
    #[inline(always)]
    fn prepare(&mut self, addr: u32, len: u32) -> Result<(), Fault> {
        self.written = true;
        if self.writable.is_ready(addr, len) { Ok(()) } else { self.prepare_slowly(addr, len) }
    }

    /// The fault, if the system refuses, is no outcome: see [`Region::take_refused`].
    #[inline(never)]
    fn prepare_slowly(&mut self, addr: u32, len: u32) -> Result<(), Fault> {
        let Some(last) = len.checked_sub(1) else { return Ok(()) };
        for page in (page_of(addr)..=page_of(addr + last)).step_by(PAGE as usize) {
            if self.is_frozen(page) && !self.open_page(page) {
                return Err(Fault { addr: page.max(addr) });
            }
            self.writable.set_recent(page);
        }
        Ok(())
    }

    /// Whether the guest may write to this page, but the next write would fault.
    fn is_frozen(&self, addr: u32) -> bool {
        let page = page_of(addr);
        !self.writable.is_all()
            && !self.image.heap().contains(&page)
            && self.check(page, PAGE, true).is_ok()
            && !self.writable.pages().contains(&page)
    }

    /// Opens a frozen page, or everything; `false` means that the system refuses.
    fn open_page(&mut self, addr: u32) -> bool {
        let start = page_of(addr);
        let page = Pages { start, end: start + PAGE };
        if self.writable.has_room() && self.reservation.open(page).is_ok() {
            self.writable.add(start);
            return true;
        }
        self.open_everything()
    }

    /// Unlike opening a page, this needs no more mappings than there are: it works in a process that
    /// is short of them.
    fn open_everything(&mut self) -> bool {
        let opened = self.image.writable().try_for_each(|pages| self.reservation.open(pages));
        if let Err(source) = opened {
            self.broken = true;
            self.refused = Some(source);
            return false;
        }
        self.writable.overflow();
        true
    }

    fn restore_areas(&mut self) {
        self.areas.clear();
        self.areas.extend_from_slice(self.image.areas());
        self.heap_end = self.image.heap_pages().start;
        self.choose_hot();
    }

    fn choose_hot(&mut self) {
        fn fill(hot: &mut [Area], areas: impl Iterator<Item = Area>) {
            hot.fill(Area::NONE);
            for (hot, area) in hot.iter_mut().zip(areas) {
                *hot = area;
            }
        }
        let areas = self.areas.iter().copied().rev();
        fill(&mut self.hot, areas.clone().filter(|area| area.writable));
        fill(&mut self.hot_read_only, areas.filter(|area| !area.writable));
    }

    #[inline(always)]
    fn at(&self, addr: u32) -> NonNull<u8> {
        // SAFETY: every guest address lies inside the reservation.
        unsafe { self.reservation.base().add(addr as usize) }
    }

    /// Whether the whole range is mapped with the permission.
    #[inline(always)]
    fn check(&self, addr: u32, len: u32, write: bool) -> Result<(), Fault> {
        if self.hot.iter().any(|area| area.contains(addr, len)) {
            return Ok(());
        }
        if !write && self.hot_read_only.iter().any(|area| area.contains(addr, len)) {
            return Ok(());
        }
        self.check_slowly(addr, len, write)
    }

    #[inline(never)]
    fn check_slowly(&self, addr: u32, len: u32, write: bool) -> Result<(), Fault> {
        // One area has it all.
        let usable = |area: &&Area| area.writable | !write;
        if self.areas.iter().filter(usable).any(|area| area.contains(addr, len)) {
            return Ok(());
        }
        // It spans areas that touch, or passes the end of one.
        let mut at = u64::from(addr);
        let end = at + u64::from(len);
        for area in self.areas.iter().filter(usable) {
            if u64::from(area.start) <= at && at < u64::from(area.end()) {
                at = u64::from(area.end());
            }
        }
        if at >= end {
            return Ok(());
        }
        // The byte is the first of the range, or the end of an area; no area ends at 2^32.
        Err(Fault { addr: u32::try_from(at).expect("an area ends below 2^32") })
    }

    #[inline(always)]
    fn load<const N: usize>(&self, addr: u32) -> Result<[u8; N], Fault> {
        self.check(addr, const { N as u32 }, false)?;
        // SAFETY: `check` found the whole access in areas, which are readable, and arrays of bytes
        // need no alignment. Nothing borrows memory mutably while `self` is borrowed.
        Ok(unsafe { self.at(addr).cast::<[u8; N]>().read() })
    }

    #[inline(always)]
    fn store<const N: usize>(&mut self, addr: u32, value: [u8; N]) -> Result<(), Fault> {
        self.check(addr, const { N as u32 }, true)?;
        self.prepare(addr, const { N as u32 })?;
        // SAFETY: `check` found the whole access in writable areas, `prepare` opened it, and arrays
        // of bytes need no alignment. `self` is exclusively borrowed.
        unsafe { self.at(addr).cast::<[u8; N]>().write(value) };
        Ok(())
    }
}

impl Memory for Region {
    #[inline]
    fn load_u8(&self, addr: u32) -> Result<u8, Fault> {
        self.load(addr).map(u8::from_le_bytes)
    }

    #[inline]
    fn load_u16(&self, addr: u32) -> Result<u16, Fault> {
        self.load(addr).map(u16::from_le_bytes)
    }

    #[inline]
    fn load_u32(&self, addr: u32) -> Result<u32, Fault> {
        self.load(addr).map(u32::from_le_bytes)
    }

    #[inline]
    fn load_u64(&self, addr: u32) -> Result<u64, Fault> {
        self.load(addr).map(u64::from_le_bytes)
    }

    #[inline]
    fn store_u8(&mut self, addr: u32, value: u8) -> Result<(), Fault> {
        self.store(addr, value.to_le_bytes())
    }

    #[inline]
    fn store_u16(&mut self, addr: u32, value: u16) -> Result<(), Fault> {
        self.store(addr, value.to_le_bytes())
    }

    #[inline]
    fn store_u32(&mut self, addr: u32, value: u32) -> Result<(), Fault> {
        self.store(addr, value.to_le_bytes())
    }

    #[inline]
    fn store_u64(&mut self, addr: u32, value: u64) -> Result<(), Fault> {
        self.store(addr, value.to_le_bytes())
    }

    #[inline]
    fn check_store(&self, addr: u32, len: u32) -> Result<(), Fault> {
        self.check(addr, len, true)
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region").field("areas", &self.areas).finish_non_exhaustive()
    }
}

fn page_of(addr: u32) -> u32 {
    addr - addr % PAGE
}

fn is_zero(bytes: &[u8]) -> bool {
    // SAFETY: any bytes are a valid u128.
    let (head, body, tail) = unsafe { bytes.align_to::<u128>() };
    head.iter().chain(tail).all(|&byte| byte == 0) && body.iter().all(|&word| word == 0)
}

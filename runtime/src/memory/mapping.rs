//! The raw mapping behind a region, and the only system calls on it.

use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{self, NonNull};

use super::{GUARD_AFTER, GUARD_BEFORE, Pages, SPACE, fault};

const TOTAL: usize = GUARD_BEFORE + SPACE + GUARD_AFTER;

const _: () = assert!(GUARD_BEFORE >= 2 << 30 && SPACE == 1 << 32 && GUARD_AFTER >= 32 << 30);

/// Owns `TOTAL` bytes of address space, all without access at first.
#[derive(Debug)]
pub(super) struct Reservation {
    /// Where guest address 0 is: `GUARD_BEFORE` bytes into the mapping.
    base: NonNull<u8>,
    /// Whether every byte of the span still belongs to this reservation.
    whole: bool,
}

// SAFETY: the reservation is the only owner of its mapping, which no thread is bound to.
unsafe impl Send for Reservation {}
// SAFETY: `&Reservation` only gives out the base pointer; changing a mapping takes `&mut`.
unsafe impl Sync for Reservation {}

impl Reservation {
    pub(super) fn new() -> io::Result<Self> {
        fault::inject()?;
        // SAFETY: a new private mapping at an address of the kernel's choice touches no memory
        // that exists.
        let start = unsafe {
            libc::mmap(
                ptr::null_mut(),
                TOTAL,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the mapping is `TOTAL > GUARD_BEFORE` bytes long.
        let base = unsafe { start.cast::<u8>().add(GUARD_BEFORE) };
        let base = NonNull::new(base).expect("an address above 2 GiB is not null");
        Ok(Self { base, whole: true })
    }

    /// Host address of guest address 0.
    #[inline(always)]
    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// All addresses of the reservation, guards included.
    #[inline]
    pub(super) fn range(&self) -> Range<usize> {
        let start = self.start().addr();
        start..start + TOTAL
    }

    /// Maps contents of a file, copied on write if writable.
    pub(super) fn map_file(
        &mut self,
        pages: Pages,
        writable: bool,
        file: BorrowedFd<'_>,
        offset: libc::off_t,
    ) -> io::Result<()> {
        let write = if writable { libc::PROT_WRITE } else { 0 };
        self.replace(pages, libc::PROT_READ | write, Some((file, offset)))
    }

    /// Takes pages out of use: contents and access are gone.
    pub(super) fn unmap(&mut self, pages: Pages) -> io::Result<()> {
        self.replace(pages, libc::PROT_NONE, None)
    }

    /// Takes all of guest space out of use.
    pub(super) fn unmap_all(&mut self) -> io::Result<()> {
        self.replace_bytes(0, SPACE, libc::PROT_NONE, None)
    }

    /// Makes pages readable and writable: what they held before, or what was mapped at first.
    ///
    /// Async-signal-safe, as the fault handler calls it, so the system is called directly.
    pub(super) fn open(&mut self, pages: Pages) -> io::Result<()> {
        let at = self.at(pages);
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        fault::inject()?;
        // SAFETY: `Pages` lie inside guest space, which `self` owns, and `&mut self` excludes
        // that anyone has borrowed memory in it.
        let result = unsafe { libc::mprotect(at.cast(), pages.len() as usize, protection) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Takes the permission to write, but not what the pages hold.
    pub(super) fn freeze(&mut self, pages: Pages) -> io::Result<()> {
        self.protect(pages, region::Protection::READ)
    }

    /// Takes access to pages away, but not what they hold.
    pub(super) fn close(&mut self, pages: Pages) -> io::Result<()> {
        self.protect(pages, region::Protection::NONE)
    }

    /// Keeps the kernel from making one mapping of these pages and others that have the same
    /// permission: to change the permission of a whole mapping takes half the time.
    pub(super) fn set_apart(&mut self, pages: Pages) -> io::Result<()> {
        // what differs is of no matter, as long as mappings differ in it
        self.advise(pages, libc::MADV_DONTDUMP)
    }

    fn protect(&mut self, pages: Pages, protection: region::Protection) -> io::Result<()> {
        if pages.is_empty() {
            return Ok(());
        }
        fault::inject()?;
        let at = self.at(pages);
        // SAFETY: as in `open`.
        let result = unsafe { region::protect(at, pages.len() as usize, protection) };
        result.map_err(io::Error::other)
    }

    /// Gives the contents of pages back: the next access finds what was mapped at first.
    pub(super) fn discard(&mut self, pages: Pages) -> io::Result<()> {
        self.advise(pages, libc::MADV_DONTNEED)
    }

    fn advise(&mut self, pages: Pages, advice: libc::c_int) -> io::Result<()> {
        if pages.is_empty() {
            return Ok(());
        }
        fault::inject()?;
        let at = self.at(pages);
        // SAFETY: `Pages` lie inside guest space, which `self` owns, and `&mut self` excludes
        // that anyone has borrowed the contents which change here.
        let result = unsafe { libc::madvise(at.cast(), pages.len() as usize, advice) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    fn replace(
        &mut self,
        pages: Pages,
        protection: libc::c_int,
        file: Option<(BorrowedFd<'_>, libc::off_t)>,
    ) -> io::Result<()> {
        if pages.is_empty() {
            return Ok(());
        }
        self.replace_bytes(pages.start as usize, pages.len() as usize, protection, file)
    }

    fn replace_bytes(
        &mut self,
        start: usize,
        len: usize,
        protection: libc::c_int,
        file: Option<(BorrowedFd<'_>, libc::off_t)>,
    ) -> io::Result<()> {
        debug_assert!(start + len <= SPACE);
        fault::inject()?;
        // SAFETY: the callers pass `Pages` or all of guest space, so the pointer stays in the
        // mapping.
        let at = unsafe { self.base.as_ptr().add(start) };
        let (anonymous, fd, offset) = match file {
            Some((file, offset)) => (0, file.as_raw_fd(), offset),
            None => (libc::MAP_ANONYMOUS, -1, 0),
        };
        let flags = libc::MAP_PRIVATE | libc::MAP_NORESERVE | libc::MAP_FIXED | anonymous;
        // SAFETY: `MAP_FIXED` replaces only memory that `self` owns, and `&mut self` excludes that
        // anyone has borrowed it.
        let mapped = unsafe { libc::mmap(at.cast(), len, protection, flags, fd, offset) };
        if mapped == libc::MAP_FAILED {
            let error = io::Error::last_os_error();
            // Older kernels may have removed the old mapping before they failed.
            self.whole = false;
            return Err(error);
        }
        Ok(())
    }

    fn at(&self, pages: Pages) -> *mut u8 {
        // SAFETY: `Pages` lie inside guest space, so the pointer stays in the mapping.
        unsafe { self.base.as_ptr().add(pages.start as usize) }
    }

    fn start(&self) -> *mut u8 {
        // SAFETY: the base is `GUARD_BEFORE` bytes into the mapping.
        unsafe { self.base.as_ptr().sub(GUARD_BEFORE) }
    }

    /// Whether the whole span still belongs to the reservation. It may be used only then.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.whole {
            // Someone else's mapping may stand in the hole: unmapping the span would take it away.
            return;
        }
        // SAFETY: the span is wholly owned by `self`, and nothing borrowed from it outlives `self`.
        let result = unsafe { libc::munmap(self.start().cast(), TOTAL) };
        debug_assert_eq!(result, 0);
    }
}

//! The bytes of images, in memory files that regions map.
//!
//! Most images share one file of the process, in which each has a place of its own: a file for each
//! would cost six system calls and a descriptor, and its pages would be fresh ones. The view of that
//! file stays mapped, so that a place which was used before is written to without the kernel. What
//! finds no place there has a file to itself.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{FallocateFlags, fallocate};

use super::{PAGE, fault};

/// Bytes in a memory file that is not written to any more.
#[derive(Debug)]
pub(super) struct Contents {
    place: Place,
    len: u32,
}

#[derive(Debug)]
enum Place {
    /// From this offset on in the file that images share.
    Shared { files: &'static Shared, at: u32, class: usize },
    /// All of a file.
    Own(Memory),
}

impl Contents {
    /// Bytes that `write` sets: every one, as what they are before is unspecified.
    pub(super) fn new(len: u32, write: impl FnOnce(&mut [u8])) -> io::Result<Self> {
        let mut contents = Self { place: Place::find(len)?, len };
        write(contents.bytes_mut());
        Ok(contents)
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        let (memory, at) = self.memory();
        // SAFETY: the range lies in the view, which is mapped as long as `self` lives. It belongs to
        // `self` alone, and only `bytes_mut` gives out something to write to it with.
        unsafe { std::slice::from_raw_parts(memory.view.as_ptr().add(at), self.len as usize) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        let (memory, at) = self.memory();
        let start = memory.view.as_mut_ptr();
        // SAFETY: as in `bytes`, and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(start.add(at), self.len as usize) }
    }

    /// The file, and where in it the bytes begin.
    pub(super) fn file(&self) -> (BorrowedFd<'_>, libc::off_t) {
        let (memory, at) = self.memory();
        // places lie below `SHARED_LEN`
        (memory.file.as_fd(), at as libc::off_t)
    }

    fn memory(&self) -> (&Memory, usize) {
        match &self.place {
            Place::Shared { files, at, .. } => (&files.memory, *at as usize),
            Place::Own(memory) => (memory, 0),
        }
    }
}

impl Place {
    fn find(len: u32) -> io::Result<Self> {
        let class = class_of(len);
        if class < CLASSES
            && let Some(files) = Shared::get()
            && let Some(at) = files.take(class)
        {
            return Ok(Self::Shared { files, at, class });
        }
        Memory::new(len.into()).map(Self::Own)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::Shared { files, at, class } = self {
            files.give_back(*at, *class);
        }
    }
}

/// The file that images share.
#[derive(Debug)]
struct Shared {
    memory: Memory,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    /// Up to here the file was used.
    end: u32,
    /// Places without a tenant, by class, and whether they still have pages.
    free: [Vec<(u32, bool)>; CLASSES],
    /// Bytes of free places that have pages.
    kept: usize,
}

impl Shared {
    /// The file; `None` if the system gives none now.
    fn get() -> Option<&'static Self> {
        static FILE: OnceLock<Shared> = OnceLock::new();
        if let Some(found) = FILE.get() {
            return Some(found);
        }
        let memory = Memory::new(SHARED_LEN.into()).ok()?;
        Some(FILE.get_or_init(|| Self { memory, places: Mutex::default() }))
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // no code that can panic half way runs under the lock
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, class: usize) -> Option<u32> {
        let mut places = self.places();
        if let Some((at, has_pages)) = places.free[class].pop() {
            places.kept -= if has_pages { size_of_class(class) as usize } else { 0 };
            return Some(at);
        }
        let at = places.end;
        let end = at.checked_add(size_of_class(class)).filter(|&end| end <= SHARED_LEN)?;
        places.end = end;
        Some(at)
    }

    /// The next tenant of the class gets the place that was used last, whose pages are at hand; only
    /// so many bytes of pages wait for one.
    fn give_back(&self, at: u32, class: usize) {
        let size = size_of_class(class);
        let keep = {
            let mut places = self.places();
            let keep = places.kept + size as usize <= MAX_KEPT;
            places.kept += if keep { size as usize } else { 0 };
            keep
        };
        if !keep {
            let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
            // pages that the system does not take back serve the next tenant
            let _ = fallocate(&self.memory.file, hole, at.into(), size.into());
        }
        self.places().free[class].push((at, keep));
    }
}

/// A memory file and a view of all of it, to write to.
#[derive(Debug)]
struct Memory {
    file: File,
    view: MmapRaw,
}

impl Memory {
    /// A file of zeros, whose length cannot be changed.
    fn new(len: u64) -> io::Result<Self> {
        fault::inject()?;
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name is a C string that lives for ever.
        let fd = unsafe { libc::memfd_create(c"bessemer-image".as_ptr(), flags) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is open and has no other owner.
        let file = unsafe { File::from_raw_fd(fd) };
        file.set_len(len)?;
        let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
        // SAFETY: adding seals changes no memory.
        if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) } != 0 {
            return Err(io::Error::last_os_error());
        }
        fault::inject()?;
        let view = MmapOptions::new().map_raw(&file)?;
        Ok(Self { file, view })
    }
}

/// Places are powers of two of pages: class 0 is one page.
fn class_of(len: u32) -> usize {
    len.div_ceil(PAGE).next_power_of_two().trailing_zeros() as usize
}

fn size_of_class(class: usize) -> u32 {
    PAGE << class
}

/// Images of up to 1 MiB, which every contract has, share the file.
const CLASSES: usize = 9;
/// Length of the file that images share, of which only what is in use has memory.
const SHARED_LEN: u32 = 1 << 30;
/// Bytes of pages that wait for the next image.
const MAX_KEPT: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(len: u32, byte: u8) -> Contents {
        Contents::new(len, |bytes| bytes.fill(byte)).unwrap()
    }

    fn is_filled(contents: &Contents, byte: u8) -> bool {
        contents.bytes().iter().all(|&found| found == byte)
    }

    #[test]
    fn every_image_has_its_bytes_to_itself() {
        let lengths = [1, PAGE, PAGE + 1, 5 * PAGE, 1 << 20, (1 << 20) + 1, 3 << 20];
        let mut all: Vec<(Contents, u8)> = Vec::new();
        for round in 0..20_u8 {
            for (index, &len) in (0..).zip(&lengths) {
                let byte = round * 8 + index;
                all.push((filled(len, byte), byte));
            }
            // some leave their place to those that follow
            let mut keep = 0;
            all.retain(|_| {
                keep += 1;
                keep % 3 != 0
            });
            for (contents, byte) in &all {
                assert!(is_filled(contents, *byte), "{} bytes of {byte}", contents.len);
            }
        }
    }

    #[test]
    fn contents_are_in_the_file_at_their_offset() {
        use std::os::unix::fs::FileExt;

        for len in [100, 70_000, (1 << 20) + 1] {
            let contents = filled(len, 0x5A);
            let (fd, offset) = contents.file();
            let file = File::from(fd.try_clone_to_owned().unwrap());
            let mut read = vec![0; len as usize];
            file.read_exact_at(&mut read, offset.try_into().unwrap()).unwrap();
            assert_eq!(read, contents.bytes());
            assert_eq!(offset % libc::off_t::from(PAGE), 0);
        }
    }

    #[test]
    fn places_are_used_again_and_their_pages_bounded() {
        let shared =
            Shared { memory: Memory::new(SHARED_LEN.into()).unwrap(), places: Mutex::default() };
        let last = CLASSES - 1;
        let first: Vec<u32> = (0..16).map(|_| shared.take(last).unwrap()).collect();
        first.iter().for_each(|&at| shared.give_back(at, last));
        assert_eq!(shared.places().kept, MAX_KEPT, "only so much is kept");
        let again: Vec<u32> = (0..16).map(|_| shared.take(last).unwrap()).collect();
        assert_eq!(shared.places().kept, 0);
        assert_eq!(shared.places().end, 16 * size_of_class(last), "no place is new");
        assert!(again.iter().all(|at| first.contains(at)));
        // and when the file is full, there is none
        let rest = SHARED_LEN / size_of_class(last) - 16;
        assert!((0..rest).all(|_| shared.take(last).is_some()));
        assert_eq!(shared.take(last), None);
        assert_eq!(shared.take(0), None);
    }

    #[test]
    fn memory_files_cannot_change_their_length() {
        for len in [1, 2 << 20] {
            let contents = filled(len, 1);
            let file = File::from(contents.file().0.try_clone_to_owned().unwrap());
            for other in [0, 4096, SHARED_LEN.into(), 2 << 30] {
                let now = file.metadata().unwrap().len();
                assert!(other == now || file.set_len(other).is_err(), "{len}: {other}");
            }
        }
    }
}

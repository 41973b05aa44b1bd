//! The mapping by which perf learns of a file.

use std::fs::File;
use std::io;

use memmap2::{Mmap, MmapOptions};

/// A page of a jitdump, mapped executable: perf sees the mapping and learns of the file.
#[derive(Debug)]
pub(crate) struct Announcement(#[allow(dead_code, reason = "it has to exist")] Mmap);

impl Announcement {
    pub(crate) fn new(file: &File) -> io::Result<Self> {
        // SAFETY: the mapping is not read or executed, so that it does not matter who changes the
        // file.
        unsafe { MmapOptions::new().len(1).map_exec(file) }.map(Self)
    }
}

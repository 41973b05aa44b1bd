//! The loadable segments of an image (L12 to L25).

use std::ops::Range;
use std::sync::Arc;

use goblin::elf32::program_header::{PF_R, PF_W, PF_X, PT_LOAD, ProgramHeader};

use crate::elf::Elf;
use crate::{Layout, Limits, LoadError};

/// A part of the image that is mapped at frame entry.
///
/// The bytes of the file come first. Whatever else no segment has on its pages is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Address of the first byte.
    pub addr: u32,
    /// Bytes in memory; not 0.
    pub size: u32,
    /// Bytes of the file, at most `size`.
    pub bytes: Arc<[u8]>,
    /// Whether its pages can be stored to. Every segment can be loaded from.
    pub writable: bool,
    /// Whether this is the text. Never together with `writable`.
    pub executable: bool,
}

impl Segment {
    /// The address just past the last byte, at most [`Layout::STACK_TOP`].
    pub fn end(&self) -> u32 {
        self.addr.saturating_add(self.size)
    }

    /// The addresses of the pages that the segment touches.
    pub fn pages(&self) -> Range<u32> {
        let mask = Layout::PAGE - 1;
        self.addr & !mask..self.end().saturating_add(mask) & !mask
    }
}

/// The segments in address order, and which of them is the text.
pub(crate) struct Segments {
    pub(crate) all: Vec<Segment>,
    pub(crate) text: usize,
}

impl Segments {
    pub(crate) fn load(elf: &Elf, file: &[u8], limits: &Limits) -> Result<Self, LoadError> {
        let mut loads = Vec::with_capacity(elf.program_headers.len());
        for (index, header) in elf.program_headers.iter().enumerate() {
            if header.p_type == PT_LOAD
                && let Some(load) = Load::check(index, header, file)?
            {
                loads.push(load);
            }
        }
        check_text(&loads, elf, limits)?;
        check_data(&loads, limits)?;
        loads.sort_by_key(|load| (load.header.p_vaddr, load.index));
        check_neighbours(&loads)?;
        let text = loads.iter().position(|load| load.has(PF_X));
        Ok(Self {
            text: text.ok_or(LoadError::NoText)?,
            all: loads.iter().map(Load::to_segment).collect(),
        })
    }
}

/// A PT_LOAD header that obeys the rules for one segment alone, and its bytes.
struct Load<'a> {
    index: usize,
    header: &'a ProgramHeader,
    bytes: &'a [u8],
}

impl<'a> Load<'a> {
    /// `None` for a segment without memory, of which nothing but its sizes is read.
    fn check(
        index: usize,
        header: &'a ProgramHeader,
        file: &'a [u8],
    ) -> Result<Option<Self>, LoadError> {
        let &ProgramHeader {
            p_offset: offset,
            p_vaddr: addr,
            p_filesz: filesz,
            p_memsz: memsz,
            p_align: align,
            p_flags: flags,
            ..
        } = header;
        if filesz > memsz {
            return Err(LoadError::FileLargerThanMemory { index, filesz, memsz });
        }
        if memsz == 0 {
            return Ok(None);
        }
        // Linkers give .bss alone an offset that may lie past the end: it is not read.
        let start = if filesz == 0 { 0 } else { offset as usize };
        let bytes = start.checked_add(filesz as usize).and_then(|end| file.get(start..end)).ok_or(
            LoadError::SegmentOutsideFile { index, offset, filesz, len: file.len() as u64 },
        )?;
        let congruent = filesz == 0 || (addr ^ offset) & align.saturating_sub(1) == 0;
        if align != 0 && !(align.is_power_of_two() && congruent) {
            return Err(LoadError::BadAlignment { index, align, addr, offset });
        }
        if flags & PF_R == 0 || flags & !(PF_R | PF_W | PF_X) != 0 {
            return Err(LoadError::BadPermissions { index, flags });
        }
        if flags & (PF_W | PF_X) == PF_W | PF_X {
            return Err(LoadError::WritableCode { index, addr });
        }
        let end = addr.checked_add(memsz);
        if addr < Layout::PAGE || end.is_none_or(|end| end > Layout::STACK_TOP) {
            return Err(LoadError::SegmentOutsideMemory { index, addr, size: memsz });
        }
        Ok(Some(Self { index, header, bytes }))
    }

    fn has(&self, flag: u32) -> bool {
        self.header.p_flags & flag != 0
    }

    fn to_segment(&self) -> Segment {
        Segment {
            addr: self.header.p_vaddr,
            size: self.header.p_memsz,
            bytes: self.bytes.into(),
            writable: self.has(PF_W),
            executable: self.has(PF_X),
        }
    }
}

/// Exactly one segment is executable, and it is all there is to execute.
fn check_text(loads: &[Load<'_>], elf: &Elf, limits: &Limits) -> Result<(), LoadError> {
    let mut texts = loads.iter().filter(|load| load.has(PF_X));
    let text = texts.next().ok_or(LoadError::NoText)?;
    let (index, header) = (text.index, text.header);
    if let Some(second) = texts.next() {
        return Err(LoadError::TwoTexts { index: second.index, first: index });
    }
    if header.p_filesz != header.p_memsz {
        return Err(LoadError::TextNotInFile {
            index,
            filesz: header.p_filesz,
            memsz: header.p_memsz,
        });
    }
    let step = elf.profile.step();
    if !header.p_vaddr.is_multiple_of(step) {
        return Err(LoadError::MisalignedText { index, addr: header.p_vaddr, step });
    }
    let limit = limits.text_bytes.min(Limits::MAX_TEXT_BYTES);
    if header.p_filesz > limit {
        return Err(LoadError::TextTooLarge { index, len: header.p_filesz, limit });
    }
    Ok(())
}

fn check_data(loads: &[Load<'_>], limits: &Limits) -> Result<(), LoadError> {
    let data = loads.iter().filter(|load| !load.has(PF_X));
    // At most 64 segments of less than 2^32 bytes.
    let len = data.map(|load| u64::from(load.header.p_filesz)).sum::<u64>();
    if len > u64::from(limits.data_bytes) {
        return Err(LoadError::DataTooLarge { len, limit: limits.data_bytes });
    }
    Ok(())
}

/// Compares each segment with the one below it, which is enough in address order: ends ascend too
/// as long as none overlap.
fn check_neighbours(loads: &[Load<'_>]) -> Result<(), LoadError> {
    let mut loads = loads.iter();
    let Some(mut below) = loads.next() else {
        return Ok(());
    };
    for load in loads {
        let (index, addr, other) = (load.index, load.header.p_vaddr, below.index);
        let end = below.header.p_vaddr.saturating_add(below.header.p_memsz);
        if addr < end {
            return Err(LoadError::Overlap { index, addr, other });
        }
        let last_page = end.saturating_sub(1) / Layout::PAGE;
        if addr / Layout::PAGE == last_page && load.header.p_flags != below.header.p_flags {
            return Err(LoadError::SharedPage { index, addr, other });
        }
        below = load;
    }
    Ok(())
}

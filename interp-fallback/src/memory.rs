//! A memory without tricks, for tests and for readers.

use std::fmt;

use bessemer_image::{Fault, Layout, Memory, Program};

/// The memory of a frame as a few areas of bytes, searched one by one.
///
/// A store into the middle of nowhere faults, a store that reaches from one area into the next is
/// fine if both are writable:
///
/// ```
/// use bessemer_image::{Fault, Memory};
/// use bessemer_interp::FlatMemory;
///
/// let mut memory = FlatMemory::new();
/// memory.map(0x1_0000, vec![0; 0x1000], true).expect("free");
/// memory.map(0x1_1000, vec![0; 0x1000], true).expect("free");
/// assert_eq!(memory.store_u32(0x1_0ffe, 0x1234_5678), Ok(()));
/// assert_eq!(memory.load_u16(0x1_1000), Ok(0x1234));
/// assert_eq!(memory.load_u32(0x1_1ffe), Err(Fault { addr: 0x1_2000 }));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlatMemory {
    areas: Vec<Area>,
}

/// A range of mapped bytes with one permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// The address of the first byte.
    pub start: u32,
    /// The bytes that stand there.
    pub bytes: Vec<u8>,
    /// Whether stores succeed. Loads always do.
    pub writable: bool,
}

/// Why an area could not be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapError {
    /// It reaches into page 0 or the pages from `0xffff_0000` up, which are never mapped.
    NeverMapped {
        /// The address of its first byte.
        start: u32,
    },
    /// It has bytes in common with an area that is mapped already.
    Overlap {
        /// The address of its first byte.
        start: u32,
    },
}

impl FlatMemory {
    /// A memory in which nothing is mapped.
    pub fn new() -> Self {
        Self::default()
    }

    /// The memory of a frame of this program at its entry: the pages of the segments and the stack.
    pub fn of(program: &Program) -> Self {
        let mut memory = Self::new();
        for segment in program.segments() {
            let pages = segment.pages();
            // Segments of one permission may share a page.
            let fresh = memory.areas.last().map_or(0, Area::end).max(pages.start.into());
            let len = u64::from(pages.end).saturating_sub(fresh);
            memory.join(fresh as u32, vec![0; len as usize], segment.writable);
            memory.fill(segment.addr, &segment.bytes);
        }
        let stack = &program.layout().stack;
        let len = stack.end.wrapping_sub(stack.start);
        memory.join(stack.start, vec![0; len as usize], true);
        memory
    }

    /// Maps `bytes` at `start`. They become part of an area that ends there, if it has the same
    /// permission; so does a heap that grows.
    pub fn map(&mut self, start: u32, bytes: Vec<u8>, writable: bool) -> Result<(), MapError> {
        let end = u64::from(start) + bytes.len() as u64;
        if start < Layout::PAGE || end > u64::from(Layout::STACK_TOP) {
            return Err(MapError::NeverMapped { start });
        }
        let overlaps = |area: &Area| u64::from(area.start) < end && area.end() > u64::from(start);
        if self.areas.iter().any(overlaps) {
            return Err(MapError::Overlap { start });
        }
        self.join(start, bytes, writable);
        Ok(())
    }

    /// Maps bytes that are known to fit.
    fn join(&mut self, start: u32, bytes: Vec<u8>, writable: bool) {
        let before = self
            .areas
            .iter_mut()
            .find(|area| area.end() == u64::from(start) && area.writable == writable);
        match before {
            Some(area) => area.bytes.extend(bytes),
            None => self.areas.push(Area { start, bytes, writable }),
        }
    }

    /// Puts the bytes of a file into an area, whatever its permission.
    fn fill(&mut self, start: u32, bytes: &[u8]) {
        let place = |area| Area::bytes_from_mut(area, start)?.get_mut(..bytes.len());
        if let Some(place) = self.areas.iter_mut().find_map(place) {
            place.copy_from_slice(bytes);
        }
    }

    /// All areas, each searched after those before it.
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// Copies the bytes at `addr` out; all of them or none.
    pub fn read(&self, addr: u32, into: &mut [u8]) -> Result<(), Fault> {
        self.check(addr, into.len(), false)?;
        for (index, byte) in into.iter_mut().enumerate() {
            *byte = self.load_u8(addr.wrapping_add(index as u32))?;
        }
        Ok(())
    }

    /// Copies bytes to `addr`; all of them or none.
    pub fn write(&mut self, addr: u32, from: &[u8]) -> Result<(), Fault> {
        self.check(addr, from.len(), true)?;
        for (index, &byte) in from.iter().enumerate() {
            self.store_u8(addr.wrapping_add(index as u32), byte)?;
        }
        Ok(())
    }

    /// Whether `len` bytes from `addr` on are mapped, and writable if asked; the fault names the
    /// lowest that is not.
    fn check(&self, addr: u32, len: usize, writable: bool) -> Result<(), Fault> {
        let end = u64::from(addr) + len as u64;
        let mut at = u64::from(addr);
        while at < end {
            let area = self.areas.iter().find(|area| {
                (u64::from(area.start)..area.end()).contains(&at) && (area.writable || !writable)
            });
            let Some(area) = area else {
                return Err(Fault { addr: at as u32 });
            };
            at = area.end();
        }
        Ok(())
    }

    /// The `N` bytes at `addr`. Nearly always they lie in one area; otherwise byte by byte.
    #[inline(always)]
    fn load<const N: usize>(&self, addr: u32) -> Result<[u8; N], Fault> {
        for area in &self.areas {
            if let Some(bytes) = area.bytes_from(addr).and_then(|bytes| bytes.first_chunk()) {
                return Ok(*bytes);
            }
        }
        self.load_across(addr)
    }

    #[cold]
    fn load_across<const N: usize>(&self, addr: u32) -> Result<[u8; N], Fault> {
        self.check(addr, N, false)?;
        let mut loaded = [0; N];
        if N > 1 {
            self.read(addr, &mut loaded)?;
        }
        Ok(loaded)
    }

    #[inline(always)]
    fn store<const N: usize>(&mut self, addr: u32, value: [u8; N]) -> Result<(), Fault> {
        for area in &mut self.areas {
            if !area.writable {
                continue;
            }
            if let Some(bytes) = area.bytes_from_mut(addr).and_then(|bytes| bytes.first_chunk_mut())
            {
                *bytes = value;
                return Ok(());
            }
        }
        self.store_across(addr, value)
    }

    #[cold]
    fn store_across<const N: usize>(&mut self, addr: u32, value: [u8; N]) -> Result<(), Fault> {
        self.check(addr, N, true)?;
        if N > 1 {
            self.write(addr, &value)?;
        }
        Ok(())
    }
}

impl Memory for FlatMemory {
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

    fn check_store(&self, addr: u32, len: u32) -> Result<(), Fault> {
        self.check(addr, len as usize, true)
    }
}

impl Area {
    /// The address just past the last byte.
    fn end(&self) -> u64 {
        u64::from(self.start) + self.bytes.len() as u64
    }

    /// The bytes from `addr` to the end of the area. An address below the start wraps to an offset
    /// past every area.
    #[inline(always)]
    fn bytes_from(&self, addr: u32) -> Option<&[u8]> {
        self.bytes.get(addr.wrapping_sub(self.start) as usize..)
    }

    #[inline(always)]
    fn bytes_from_mut(&mut self, addr: u32) -> Option<&mut [u8]> {
        self.bytes.get_mut(addr.wrapping_sub(self.start) as usize..)
    }
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverMapped { start } => {
                write!(f, "the area at {start:#010x} reaches pages that are never mapped")
            }
            Self::Overlap { start } => {
                write!(f, "the area at {start:#010x} overlaps another area")
            }
        }
    }
}

impl std::error::Error for MapError {}

#[cfg(test)]
mod tests {
    use bessemer_image::{ImageBuilder, Limits, Profile};

    use super::*;

    /// A read-only area, a writable one behind it, and another one far away.
    fn memory() -> FlatMemory {
        let mut memory = FlatMemory::new();
        for (start, byte, writable) in [(0x1000, 1, false), (0x2000, 2, true), (0x9000, 3, true)] {
            memory.map(start, vec![byte; 0x1000], writable).unwrap();
        }
        memory
    }

    #[test]
    fn an_access_happens_wholly_or_not_at_all_and_names_the_lowest_bad_byte() {
        let fault = |addr| Err(Fault { addr });
        let mut memory = memory();
        assert_eq!(memory.load_u8(0xfff), fault(0xfff).map(|()| 0));
        assert_eq!(memory.load_u16(0xfff), fault(0xfff).map(|()| 0));
        assert_eq!(memory.load_u32(0xffe), fault(0xffe).map(|()| 0));
        assert_eq!(memory.load_u32(0x1ffe), Ok(0x0202_0101), "across two areas");
        assert_eq!(memory.load_u32(0x2ffd), fault(0x3000).map(|()| 0));
        assert_eq!(memory.store_u32(0x1ffe, 0), fault(0x1ffe), "half of it is read-only");
        assert_eq!(memory.check_store(0x1ffe, 4), fault(0x1ffe));
        assert_eq!(memory.check_store(0x2000, 8), Ok(()));
        assert_eq!(memory.store_u16(0x2fff, 0), fault(0x3000));
        assert_eq!(memory.store_u8(0x1000, 0), fault(0x1000));
        assert_eq!(memory, self::memory(), "no failed store left a byte behind");
    }

    #[test]
    fn nothing_wraps_at_the_end_of_the_address_space() {
        let memory = memory();
        for addr in [0xffff_ffff, 0xffff_fffd, 0xffff_fffe] {
            assert_eq!(memory.load_u32(addr), Err(Fault { addr }));
        }
    }

    #[test]
    fn bytes_are_little_endian_and_may_be_misaligned() {
        let mut memory = memory();
        memory.store_u32(0x9001, 0x8765_4321).unwrap();
        assert_eq!(memory.load_u8(0x9001), Ok(0x21));
        assert_eq!(memory.load_u16(0x9003), Ok(0x8765));
        memory.store_u16(0x9002, 0xabcd).unwrap();
        assert_eq!(memory.load_u32(0x9001), Ok(0x87ab_cd21));
        memory.store_u8(0x9004, 0xff).unwrap();
        assert_eq!(memory.load_u32(0x9001), Ok(0xffab_cd21));
    }

    #[test]
    fn areas_do_not_overlap_and_avoid_reserved_addresses() {
        let mut memory = memory();
        let mut map = |start, len| memory.map(start, vec![0; len], true);
        assert_eq!(map(0, 1), Err(MapError::NeverMapped { start: 0 }));
        assert_eq!(map(0xfff, 1), Err(MapError::NeverMapped { start: 0xfff }));
        let start = 0xfffe_ffff;
        assert_eq!(map(start, 2), Err(MapError::NeverMapped { start }));
        assert_eq!(map(start, 1), Ok(()));
        assert_eq!(map(0x8fff, 2), Err(MapError::Overlap { start: 0x8fff }));
        assert_eq!(map(0x9fff, 1), Err(MapError::Overlap { start: 0x9fff }));
        assert_eq!(map(0xa000, 1), Ok(()));
        let last = memory.areas().iter().find(|area| area.start == 0x9000);
        assert_eq!(last.unwrap().bytes.len(), 0x1001, "the heap has grown");
    }

    #[test]
    fn a_frame_starts_with_its_segments_and_its_stack_in_whole_pages() {
        let file = ImageBuilder::new(Profile::rv32(true))
            .text(0x1_0000, [0x13; 0x1000])
            .data(0x1_1004, [7, 8], 16)
            .data(0x1_1800, [9], 0x1000)
            .build();
        let program = Program::parse(&file, &Limits::contract()).unwrap();
        let mut memory = FlatMemory::of(&program);
        assert_eq!(memory.load_u32(0x1_0ffe), Ok(0x1313), "across the edge of text");
        assert_eq!(memory.load_u32(0x1_1003), Ok(0x0008_0700));
        assert_eq!(memory.load_u8(0x1_1800), Ok(9));
        assert_eq!(memory.store_u8(0x1_0fff, 0), Err(Fault { addr: 0x1_0fff }));
        assert_eq!(memory.store_u8(0x1_2fff, 1), Ok(()), "the last page is whole");
        assert_eq!(memory.load_u8(0x1_3000), Err(Fault { addr: 0x1_3000 }));
        assert_eq!(memory.store_u32(0xfffe_fffc, 1), Ok(()), "the top of the stack");
        assert_eq!(memory.load_u8(0xffff_0000), Err(Fault { addr: 0xffff_0000 }));
        let bottom = program.layout().stack.start;
        assert_eq!(memory.load_u8(bottom - 1), Err(Fault { addr: bottom - 1 }));
    }
}

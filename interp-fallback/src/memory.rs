//! A memory without tricks, for tests and for readers.

use std::fmt;

use bessemer_image::{Fault, Memory};

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
    /// What stands there.
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

    /// Maps `bytes` at `start`.
    pub fn map(&mut self, start: u32, bytes: Vec<u8>, writable: bool) -> Result<(), MapError> {
        let end = u64::from(start) + bytes.len() as u64;
        if start < FIRST_MAPPABLE || end > u64::from(END_OF_MAPPABLE) {
            return Err(MapError::NeverMapped { start });
        }
        let overlaps = |area: &Area| u64::from(area.start) < end && area.end() > u64::from(start);
        if self.areas.iter().any(overlaps) {
            return Err(MapError::Overlap { start });
        }
        self.areas.push(Area {
            start,
            bytes,
            writable,
        });
        Ok(())
    }

    /// All areas in the order in which they were mapped.
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
            if let Some(bytes) = area
                .bytes_from_mut(addr)
                .and_then(|bytes| bytes.first_chunk_mut())
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

    fn check_store_u32(&self, addr: u32) -> Result<(), Fault> {
        self.check(addr, 4, true)
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
                write!(
                    f,
                    "the area at {start:#010x} reaches pages that are never mapped"
                )
            }
            Self::Overlap { start } => {
                write!(f, "the area at {start:#010x} overlaps another area")
            }
        }
    }
}

impl std::error::Error for MapError {}

/// The first address after page 0.
const FIRST_MAPPABLE: u32 = 0x1000;

/// The first of the pages at the top that are never mapped.
const END_OF_MAPPABLE: u32 = 0xffff_0000;

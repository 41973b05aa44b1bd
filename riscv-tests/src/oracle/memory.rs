//! Memory of a frame (section 3): a map from page number to page.

use std::collections::BTreeMap;

/// Bytes of a page.
pub const PAGE_SIZE: u32 = 4096;

/// A mapped page; every mapped page can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Whether it can be written.
    pub writable: bool,
    /// Its 4096 bytes.
    pub bytes: Vec<u8>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    pages: BTreeMap<u32, Page>,
}

/// The permission that an access needs of each byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    Mapped,
    Writable,
}

impl Memory {
    /// Loads `n` bytes, little-endian, or names the lowest byte that is not mapped.
    pub(super) fn load(&self, addr: u32, n: u32) -> Result<u64, u32> {
        self.check(addr, n, Need::Mapped)?;
        let mut value = 0;
        for k in (0..n).rev() {
            value = value << 8 | u64::from(self.byte(addr + k).expect("checked"));
        }
        Ok(value)
    }

    /// Stores the low `n` bytes of `value`, or names the lowest byte that cannot be written; then
    /// nothing is stored.
    pub(super) fn store(&mut self, addr: u32, n: u32, value: u64) -> Result<(), u32> {
        self.check(addr, n, Need::Writable)?;
        self.write(addr, &value.to_le_bytes()[..n as usize]);
        Ok(())
    }

    /// Maps every page that has a byte in the range.
    pub(super) fn map_range(&mut self, addr: u32, length: u32, writable: bool) {
        if length == 0 {
            return;
        }
        for number in addr / PAGE_SIZE..=(addr + (length - 1)) / PAGE_SIZE {
            let old = self.pages.insert(number, Page::zero(writable));
            if let Some(old) = old {
                assert_eq!(old.writable, writable, "permissions differ in one page");
                self.pages.insert(number, old);
            }
        }
    }

    pub(super) fn map_new(&mut self, addr: u32, count: u32) {
        assert!(addr.is_multiple_of(PAGE_SIZE), "whole pages only");
        for number in addr / PAGE_SIZE..addr / PAGE_SIZE + count {
            let old = self.pages.insert(number, Page::zero(true));
            assert!(old.is_none(), "page {number:#x} is mapped already");
        }
    }

    pub(super) fn pages(&self) -> impl Iterator<Item = (u32, &Page)> {
        self.pages.iter().map(|(number, page)| (number * PAGE_SIZE, page))
    }

    pub(super) fn refused(&self, addr: u32, length: u32, write: bool) -> Option<u32> {
        let end = u64::from(addr) + u64::from(length);
        let mut at = addr;
        while u64::from(at) < end {
            match self.pages.get(&(at / PAGE_SIZE)) {
                Some(page) if page.writable || !write => {}
                _ => return Some(at),
            }
            // the range does not reach the end of the address space, which is never mapped
            at = (at / PAGE_SIZE + 1) * PAGE_SIZE;
        }
        None
    }

    pub(super) fn read(&self, addr: u32, length: u32) -> Option<Vec<u8>> {
        (0..length).map(|k| self.byte(addr.checked_add(k)?)).collect()
    }

    pub(super) fn write(&mut self, addr: u32, bytes: &[u8]) {
        for (a, byte) in (addr..).zip(bytes) {
            let page = self.pages.get_mut(&(a / PAGE_SIZE)).expect("the range is mapped");
            page.bytes[(a % PAGE_SIZE) as usize] = *byte;
        }
    }

    fn byte(&self, addr: u32) -> Option<u8> {
        let page = self.pages.get(&(addr / PAGE_SIZE))?;
        Some(page.bytes[(addr % PAGE_SIZE) as usize])
    }

    /// An access of n bytes at a covers `[a, a+n)` without wrap. It succeeds only if every byte is
    /// mapped with the needed permission; otherwise this is the lowest byte that is not.
    fn check(&self, addr: u32, n: u32, need: Need) -> Result<(), u32> {
        for k in 0..n {
            let Some(a) = addr.checked_add(k) else {
                return Err(addr.wrapping_add(k));
            };
            let allowed = match self.pages.get(&(a / PAGE_SIZE)) {
                None => false,
                Some(page) => need == Need::Mapped || page.writable,
            };
            if !allowed {
                return Err(a);
            }
        }
        Ok(())
    }
}

impl Page {
    fn zero(writable: bool) -> Self {
        Self { writable, bytes: vec![0; PAGE_SIZE as usize] }
    }
}

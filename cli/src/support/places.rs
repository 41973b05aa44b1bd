//! Names for addresses: symbol and offset, and the source line where the program has DWARF.

use std::borrow::Cow;
use std::fmt::{self, Display};

use addr2line::gimli::{DwarfSections, EndianSlice, LittleEndian};
use bessemer_image::Symbols;
use bessemer_interface::debug_sections;
use serde_json::{Value, json};

/// Names and source lines of the addresses of one program.
pub(crate) struct Places<'a> {
    symbols: &'a Symbols,
    debug: Option<DwarfSections<Cow<'a, [u8]>>>,
}

/// Where an address is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Function or label, and the offset in it.
    pub(crate) symbol: Option<(String, u32)>,
    /// Source file and line.
    pub(crate) line: Option<(String, Option<u32>)>,
}

impl<'a> Places<'a> {
    /// For a program with these symbols, from its file. Debug data that cannot be read counts as
    /// none.
    pub(crate) fn new(symbols: &'a Symbols, elf: &'a [u8]) -> Self {
        Self { symbols, debug: debug_sections(elf) }
    }

    /// Finds the place of an address. It parses the debug data each time, so use it for messages only.
    pub(crate) fn find(&self, addr: u32) -> Place {
        let symbol = self.symbols.containing(addr).map(|(name, at)| (name.to_owned(), at));
        let line = self.debug.as_ref().and_then(|sections| line(sections, addr));
        Place { symbol, line }
    }
}

impl Place {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "symbol": self.symbol.as_ref().map(|(name, _)| name),
            "offset": self.symbol.as_ref().map(|(_, offset)| offset),
            "file": self.line.as_ref().map(|(file, _)| file),
            "line": self.line.as_ref().and_then(|(_, line)| *line),
        })
    }

    pub(crate) fn is_known(&self) -> bool {
        self.symbol.is_some() || self.line.is_some()
    }
}

/// `sum+0xc at trap.c:16`, or as much of it as is known.
impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((name, offset)) = &self.symbol {
            f.write_str(name)?;
            if *offset != 0 {
                write!(f, "+{offset:#x}")?;
            }
        }
        if let Some((file, line)) = &self.line {
            let space = if self.symbol.is_some() { " at " } else { "" };
            write!(f, "{space}{file}")?;
            if let Some(line) = line {
                write!(f, ":{line}")?;
            }
        }
        Ok(())
    }
}

fn line(sections: &DwarfSections<Cow<'_, [u8]>>, addr: u32) -> Option<(String, Option<u32>)> {
    let dwarf = sections.borrow(|bytes| EndianSlice::new(bytes, LittleEndian));
    let lines = addr2line::Context::from_dwarf(dwarf).ok()?;
    let found = lines.find_location(addr.into()).ok()??;
    Some((printable(found.file?), found.line))
}

/// File names come from the file: nothing in them may reach the terminal as a command.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

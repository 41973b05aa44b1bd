//! Names of addresses, for people: traces, signatures of tests, hints.
//!
//! The symbol table is the one part of a file that nothing checks, so here everything about it may
//! be a lie. Whatever it says, reading it costs time and memory linear in the file, and a table
//! that makes no sense counts as no table.

use std::ops::Range;
use std::sync::OnceLock;

use goblin::elf32::section_header::{SHN_UNDEF, SHT_STRTAB, SHT_SYMTAB, SectionHeader};
use goblin::elf32::sym::{
    SIZEOF_SYM, STB_LOCAL, STT_FUNC, STT_NOTYPE, STT_OBJECT, Sym, st_bind, st_type,
};
use goblin::elf64;
use scroll::{LE, Pread};

use crate::elf::{Class, Elf, narrow};

/// The symbol table of an image. Empty if the file has none or a broken one.
///
/// Names are ASCII; every other byte is shown as `?`, so that they can be printed anywhere. Names
/// longer than 1024 bytes are left out.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    table: Box<[u8]>,
    strings: Box<[u8]>,
    class: Class,
    text: Range<u32>,
    index: OnceLock<Index>,
}

impl Symbols {
    /// The address of a symbol. Among several of this name, a global one, and the first in the
    /// file.
    pub fn lookup(&self, name: &str) -> Option<u32> {
        let index = self.index();
        let of_name = |entry: &&Entry| index.name(entry) == Some(name);
        let mut found = index.entries.iter().filter(of_name);
        let first = found.next()?;
        let global = [first].into_iter().chain(found).find(|entry| entry.global);
        Some(global.unwrap_or(first).addr)
    }

    /// The function that an address of text is in, and the offset from its start.
    pub fn containing(&self, addr: u32) -> Option<(&str, u32)> {
        if !self.text.contains(&addr) {
            return None;
        }
        let index = self.index();
        let above = index.functions.partition_point(|entry| entry.addr <= addr);
        let entry = index.functions.get(above.checked_sub(1)?)?;
        let offset = addr.checked_sub(entry.addr)?;
        let inside = entry.size == 0 || offset < entry.size;
        Some((index.name(entry).filter(|_| inside)?, offset))
    }

    /// Address and name of every function and label in text, ascending, one for each address.
    pub fn functions(&self) -> impl Iterator<Item = (u32, &str)> {
        let index = self.index();
        let functions = index.functions.iter();
        functions.filter_map(|entry| Some((entry.addr, index.name(entry)?)))
    }

    /// Finds the tables, and keeps them; they are not looked into before someone asks for a name.
    pub(crate) fn read(file: &[u8], elf: &Elf, text: Range<u32>) -> Self {
        let (table, strings) = tables(file, elf).unwrap_or_default();
        let (table, strings) = (table.into(), strings.into());
        Self { table, strings, class: elf.class, text, index: OnceLock::new() }
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::build(self))
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    addr: u32,
    size: u32,
    /// Where the name is in `Index::strings`.
    name: (u32, u32),
    function: bool,
    global: bool,
}

#[derive(Clone, Debug)]
struct Index {
    /// The string table, in which names overlap as the file says: never copied apart.
    strings: Box<str>,
    /// In file order.
    entries: Box<[Entry]>,
    /// Those in text, ascending, one for each address.
    functions: Box<[Entry]>,
}

impl Index {
    fn build(symbols: &Symbols) -> Self {
        let strings = printable(&symbols.strings);
        let ends = ends_of_strings(&symbols.strings);
        let entries: Box<[Entry]> = symbols
            .table
            .chunks_exact(symbol_bytes(symbols.class))
            .take(MAX_SYMBOLS)
            .filter_map(|bytes| symbol(symbols.class, bytes))
            .filter_map(|sym| entry(&sym, &ends))
            .collect();
        let functions = functions(&entries, &strings, &symbols.text);
        Self { strings, entries, functions }
    }

    fn name(&self, entry: &Entry) -> Option<&str> {
        name(&self.strings, entry)
    }
}

fn name<'a>(strings: &'a str, entry: &Entry) -> Option<&'a str> {
    strings.get(entry.name.0 as usize..entry.name.1 as usize)
}

/// The bytes of the first symbol table and of its string table.
fn tables<'a>(file: &'a [u8], elf: &Elf) -> Option<(&'a [u8], &'a [u8])> {
    let (header, class) = (&elf.header, elf.class);
    let row_bytes = class.section_header_bytes();
    if usize::from(header.e_shentsize) != row_bytes {
        return None;
    }
    let sections = file.get(header.e_shoff as usize..)?;
    let section = |row: &[u8]| class.section_header(row);
    let bytes = |section: &SectionHeader| {
        let start = section.sh_offset as usize;
        file.get(start..start.checked_add(section.sh_size as usize)?)
    };
    let mut rows = sections.chunks_exact(row_bytes).take(usize::from(header.e_shnum));
    // The type is the second word; only the section looked for is parsed whole.
    let is_table = |row: &&[u8]| row.get(4..8) == Some(&SHT_SYMTAB.to_le_bytes()[..]);
    let symtab = section(rows.find(is_table)?)?;
    let link = (symtab.sh_link < u32::from(header.e_shnum)).then_some(symtab.sh_link as usize)?;
    let strtab = section(sections.chunks_exact(row_bytes).nth(link)?)?;
    if strtab.sh_type != SHT_STRTAB || symtab.sh_entsize as usize != symbol_bytes(class) {
        return None;
    }
    Some((bytes(&symtab)?, bytes(&strtab)?))
}

/// Bytes of one symbol.
const fn symbol_bytes(class: Class) -> usize {
    match class {
        Class::Elf32 => SIZEOF_SYM,
        Class::Elf64 => elf64::sym::SIZEOF_SYM,
    }
}

/// The symbol in these bytes.
fn symbol(class: Class, bytes: &[u8]) -> Option<Sym> {
    match class {
        Class::Elf32 => bytes.pread_with(0, LE).ok(),
        Class::Elf64 => {
            let wide: elf64::sym::Sym = bytes.pread_with(0, LE).ok()?;
            Some(Sym {
                st_name: wide.st_name,
                st_value: narrow(wide.st_value),
                st_size: narrow(wide.st_size),
                st_info: wide.st_info,
                st_other: wide.st_other,
                st_shndx: wide.st_shndx,
            })
        }
    }
}

fn printable(strings: &[u8]) -> Box<str> {
    let shown = |&byte: &u8| match byte {
        b'!'..=b'~' => char::from(byte),
        _ => '?',
    };
    strings.iter().map(shown).collect::<String>().into()
}

/// Where the zero bytes are. With them, a name is found without searching its end, which for
/// thousands of symbols on one long string would take quadratic time.
fn ends_of_strings(strings: &[u8]) -> Vec<u32> {
    let zeros = strings.iter().enumerate().filter(|&(_, &byte)| byte == 0);
    zeros.map(|(at, _)| at as u32).collect()
}

fn entry(sym: &Sym, ends: &[u32]) -> Option<Entry> {
    let kind = st_type(sym.st_info);
    if u32::from(sym.st_shndx) == SHN_UNDEF || ![STT_FUNC, STT_NOTYPE, STT_OBJECT].contains(&kind) {
        return None;
    }
    let start = sym.st_name;
    let end = *ends.get(ends.partition_point(|&end| end < start))?;
    let len = end.checked_sub(start)?;
    (1..=MAX_NAME).contains(&len).then_some(Entry {
        addr: sym.st_value,
        size: sym.st_size,
        name: (start, end),
        function: kind == STT_FUNC,
        global: st_bind(sym.st_info) != STB_LOCAL,
    })
}

/// The symbols of text: functions, and labels where no function has a size.
fn functions(entries: &[Entry], strings: &str, text: &Range<u32>) -> Box<[Entry]> {
    let is_candidate = |entry: &&Entry| {
        let name = name(strings, entry).unwrap_or_default();
        // `$x` and `$d` mark what an assembler saw, `.L` a place inside a function.
        let is_mark = name.starts_with('$') || name.starts_with(".L");
        text.contains(&entry.addr) && (entry.function || !is_mark)
    };
    let mut found: Vec<Entry> = entries.iter().filter(is_candidate).copied().collect();
    found.sort_by_key(|entry| (entry.addr, !entry.function, entry.size == 0, !entry.global));
    let mut covered_to = 0;
    let mut last = None;
    found.retain(|entry| {
        let is_inside = !entry.function && entry.addr < covered_to;
        let keep = last != Some(entry.addr) && !is_inside;
        if keep {
            last = Some(entry.addr);
            if entry.function {
                covered_to = entry.addr.saturating_add(entry.size).max(covered_to);
            }
        }
        keep
    });
    found.into()
}

/// More symbols than text of the largest size has functions are not read.
const MAX_SYMBOLS: usize = 1 << 18;

/// In bytes.
const MAX_NAME: u32 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const GLOBAL: u8 = 0x10;

    /// Symbols in a text from 100 to 200.
    fn symbols(rows: &[(&str, u32, u32, u8)]) -> Symbols {
        let mut strings = vec![0];
        let mut table = vec![0; SIZEOF_SYM];
        for &(name, addr, size, info) in rows {
            let start = strings.len() as u32;
            table.extend([start, addr, size].map(u32::to_le_bytes).concat());
            table.extend([info, 0, 1, 0]);
            strings.extend(name.as_bytes());
            strings.push(0);
        }
        Symbols {
            table: table.into(),
            strings: strings.into(),
            class: Class::Elf32,
            text: 100..200,
            index: OnceLock::new(),
        }
    }

    #[test]
    fn function_symbols_come_before_labels() {
        let symbols = symbols(&[
            ("later", 150, 10, STT_FUNC),
            ("first", 100, 20, STT_FUNC),
            ("inside", 110, 0, STT_NOTYPE),
            ("label", 130, 0, STT_NOTYPE),
            ("$x", 140, 0, STT_NOTYPE),
            (".L1", 141, 0, STT_NOTYPE),
            ("data", 300, 0, STT_NOTYPE),
        ]);
        let functions: Vec<_> = symbols.functions().collect();
        assert_eq!(functions, [(100, "first"), (130, "label"), (150, "later")]);
        for (addr, expected) in [
            (99, None),
            (100, Some(("first", 0))),
            (119, Some(("first", 19))),
            (120, None),
            (149, Some(("label", 19))),
            (159, Some(("later", 9))),
            (160, None),
            (300, None),
        ] {
            assert_eq!(symbols.containing(addr), expected, "{addr}");
        }
        assert_eq!(symbols.lookup("data"), Some(300), "not only text has names");
        assert_eq!(symbols.lookup("$x"), Some(140));
    }

    #[test]
    fn a_global_symbol_goes_before_a_local_one() {
        let symbols = symbols(&[
            ("a", 101, 0, STT_FUNC),
            ("a", 102, 0, STT_FUNC | GLOBAL),
            ("a", 103, 0, STT_FUNC | GLOBAL),
        ]);
        assert_eq!(symbols.lookup("a"), Some(102));
    }

    #[test]
    fn of_names_for_one_address_a_global_function_is_shown() {
        let symbols = symbols(&[
            ("label", 100, 0, STT_NOTYPE | GLOBAL),
            ("local", 100, 4, STT_FUNC),
            ("global", 100, 4, STT_FUNC | GLOBAL),
        ]);
        assert_eq!(symbols.functions().collect::<Vec<_>>(), [(100, "global")]);
    }

    #[test]
    fn names_can_be_printed_anywhere() {
        let symbols = symbols(&[("\x1b[2J\u{202e}", 100, 0, STT_FUNC)]);
        assert_eq!(symbols.containing(100), Some(("?[2J???", 0)));
    }

    #[test]
    fn files_sections_and_undefined_symbols_are_no_names() {
        let mut symbols = symbols(&[("file.c", 100, 0, 4), ("imported", 100, 0, STT_FUNC)]);
        let shndx = symbols.table.len() - 2;
        symbols.table[shndx] = SHN_UNDEF as u8;
        assert_eq!(symbols.functions().count(), 0);
        assert_eq!(symbols.lookup("imported"), None);
    }
}

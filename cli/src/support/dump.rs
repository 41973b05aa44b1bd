//! Writes guest memory to files: `--signature` and `--dump`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use bessemer_image::Symbols;
use bessemer_runtime::memory::Region;

use crate::support::failure::Failure;
use crate::support::number::parse_address;
use crate::support::output::Address;

/// A range of guest memory to write to a file after the run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dump {
    range: Range<u32>,
    file: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The bytes.
    Raw,
    /// A word a line, eight hexadecimal digits.
    Words,
}

impl Dump {
    /// The words between `begin_signature` and `end_signature`.
    pub(crate) fn signature(file: &Path, symbols: &Symbols) -> Result<Self, Failure> {
        let find = |name| {
            symbols.lookup(name).ok_or_else(|| {
                Failure::Other(format!(
                    "the program has no symbol `{name}`, which --signature needs: link it with its symbol table"
                ))
            })
        };
        let range = find("begin_signature")?..find("end_signature")?;
        if range.end < range.start || !(range.end - range.start).is_multiple_of(4) {
            return Err(Failure::Other(format!(
                "begin_signature {} and end_signature {} do not enclose whole words",
                Address(range.start),
                Address(range.end)
            )));
        }
        Ok(Self { range, file: file.to_owned(), form: Form::Words })
    }

    /// The bytes from one address to another.
    pub(crate) fn raw(
        start: &str,
        end: &str,
        file: &str,
        symbols: &Symbols,
    ) -> Result<Self, Failure> {
        let range = parse_address(start, symbols)?..parse_address(end, symbols)?;
        if range.end < range.start {
            return Err(Failure::Usage(format!(
                "--dump {start} {end}: the end {} is below the start {}",
                Address(range.end),
                Address(range.start)
            )));
        }
        Ok(Self { range, file: file.into(), form: Form::Raw })
    }

    pub(crate) fn write(&self, memory: &Region) -> Result<(), Failure> {
        let Range { start, end } = self.range;
        let bytes = memory.read(start, end - start).map_err(|fault| {
            Failure::Other(format!(
                "cannot write {}: memory {} to {} is not mapped at {}",
                self.file.display(),
                Address(start),
                Address(end),
                Address(fault.addr)
            ))
        })?;
        let written = match self.form {
            Form::Raw => std::fs::write(&self.file, bytes),
            Form::Words => std::fs::write(&self.file, words(bytes)),
        };
        written.map_err(|source| Failure::Io {
            what: format!("write {}", self.file.display()),
            source,
        })
    }
}

fn words(bytes: &[u8]) -> String {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|&word| format!("{:08x}\n", u32::from_le_bytes(word))).collect()
}

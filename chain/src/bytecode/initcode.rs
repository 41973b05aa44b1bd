//! Initcode that creates RISC-V contracts.

use bessemer_abi::limits::{CODE_BYTES, INPUT_BYTES};
use bessemer_evm::FILE_PREFIX;
use bessemer_image::CodeHash;

use crate::account::DESIGNATOR_PREFIX;

/// Initcode that stores a file and creates a contract of it: `0xef`, `RV`, 2; the number of bytes of the
/// file (four bytes, most significant first); the file; the input of the constructor.
///
/// Without input it is what tools call the bytecode of a contract: they append the constructor's encoded
/// arguments. A file of 4 GiB or more, which no chain takes, makes initcode that is refused.
///
/// ```
/// let initcode = bessemer_chain::initcode(b"\x7fELF", &[7]);
/// assert_eq!(initcode, b"\xefRV\x02\x00\x00\x00\x04\x7fELF\x07");
/// ```
pub fn initcode(file: &[u8], input: &[u8]) -> Vec<u8> {
    let len = u32::try_from(file.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&FILE_PREFIX, &len, file, input].concat()
}

/// The file that initcode carries; `None` for all other initcode.
pub fn carried_file(initcode: &[u8]) -> Option<&[u8]> {
    match Initcode::parse(initcode)?.ok()?.source {
        Source::File(file) => Some(file),
        Source::Stored(_) => None,
    }
}

/// What initcode asks for that is no bytecode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Initcode<'a> {
    pub(crate) source: Source<'a>,
    /// The input of the constructor.
    pub(crate) input: &'a [u8],
}

/// Where the program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// The state has the file with this hash, or not.
    Stored(CodeHash),
    /// The file is here.
    File(&'a [u8]),
}

/// Why initcode creates nothing. The sentences are revert data, and so part of consensus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the initcode ends within the hash of the file")]
    Hash,
    #[error("the initcode ends within the length of the file")]
    Length,
    #[error("the initcode ends within the file")]
    File,
    #[error("the file is longer than {CODE_BYTES} bytes")]
    FileTooLong,
    #[error("the constructor's input is longer than {INPUT_BYTES} bytes")]
    InputTooLong,
}

impl<'a> Initcode<'a> {
    /// Reads initcode. `None` for bytecode.
    pub(crate) fn parse(initcode: &'a [u8]) -> Option<Result<Self, Malformed>> {
        if let Some(rest) = initcode.strip_prefix(&DESIGNATOR_PREFIX) {
            return Some(Self::stored(rest));
        }
        initcode.strip_prefix(&FILE_PREFIX).map(Self::file)
    }

    fn stored(rest: &'a [u8]) -> Result<Self, Malformed> {
        let (hash, input) = rest.split_first_chunk::<32>().ok_or(Malformed::Hash)?;
        Self { source: Source::Stored(CodeHash::from_bytes(*hash)), input }.bounded()
    }

    fn file(rest: &'a [u8]) -> Result<Self, Malformed> {
        let (len, rest) = rest.split_first_chunk().ok_or(Malformed::Length)?;
        let len = u32::from_be_bytes(*len);
        if len > CODE_BYTES {
            return Err(Malformed::FileTooLong);
        }
        let (file, input) = rest.split_at_checked(len as usize).ok_or(Malformed::File)?;
        Self { source: Source::File(file), input }.bounded()
    }

    fn bounded(self) -> Result<Self, Malformed> {
        if self.input.len() > INPUT_BYTES as usize {
            return Err(Malformed::InputTooLong);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initcode_with_a_file_is_read_as_it_was_written() {
        let long = vec![7; INPUT_BYTES as usize];
        for file in [&b""[..], b"f", &[0xef; 300], &vec![1; CODE_BYTES as usize]] {
            for input in [&b""[..], b"i", &long] {
                let written = initcode(file, input);
                let read = Initcode { source: Source::File(file), input };
                assert_eq!(Initcode::parse(&written), Some(Ok(read)));
                // the file may be initcode itself, and is not looked into
                let outer = initcode(&written[..written.len().min(1000)], input);
                let inner = &written[..written.len().min(1000)];
                let read = Initcode { source: Source::File(inner), input };
                assert_eq!(Initcode::parse(&outer), Some(Ok(read)));
            }
        }
    }

    #[test]
    fn initcode_that_ends_early_or_is_too_long_is_refused() {
        let whole = initcode(b"file", b"");
        for len in 0..whole.len() {
            let expected = match len {
                0..4 => None,
                4..8 => Some(Err(Malformed::Length)),
                _ => Some(Err(Malformed::File)),
            };
            assert_eq!(Initcode::parse(&whole[..len]), expected, "{len}");
        }
        for len in [CODE_BYTES + 1, 1 << 31, u32::MAX] {
            let claimed = [&FILE_PREFIX[..], &len.to_be_bytes()].concat();
            assert_eq!(Initcode::parse(&claimed), Some(Err(Malformed::FileTooLong)), "{len}");
        }
        let input = vec![0; INPUT_BYTES as usize + 1];
        let stored = [&DESIGNATOR_PREFIX[..], &[0; 32], &input].concat();
        for long in [initcode(b"file", &input), stored] {
            assert_eq!(Initcode::parse(&long), Some(Err(Malformed::InputTooLong)));
        }
        for len in DESIGNATOR_PREFIX.len()..36 {
            let cut = &[&DESIGNATOR_PREFIX[..], &[0; 32]].concat()[..len];
            assert_eq!(Initcode::parse(cut), Some(Err(Malformed::Hash)), "{len}");
        }
        for bytecode in [&b""[..], b"\xefRV", b"\xefRV\x00", b"\xefRV\x03", b"\xef\x01\x00"] {
            assert_eq!(Initcode::parse(bytecode), None);
        }
    }
}

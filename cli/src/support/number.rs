//! Numbers as people write them on a command line.

use bessemer_image::Symbols;

use crate::support::failure::Failure;

/// A 32-bit number, decimal or with `0x`.
pub(crate) fn parse_u32(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if !digits.starts_with('+') => u32::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None if text.starts_with('+') => None,
        None => text.parse().ok(),
    }
}

/// A number of bytes: a number, or one with `K` or `M` behind it.
pub(crate) fn parse_bytes(text: &str) -> Result<u32, String> {
    let (number, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        _ => (text, 1),
    };
    let bytes = parse_u32(number).and_then(|number| number.checked_mul(unit));
    bytes.ok_or_else(|| "give bytes below 4 GiB, like 65536, 0x10000, 64K or 1M".to_owned())
}

/// Bytes: `0x` and pairs of hexadecimal digits.
pub(crate) fn parse_hex(text: &str) -> Option<Vec<u8>> {
    // the library would take a second prefix
    let digits = text.strip_prefix("0x").filter(|digits| !digits.starts_with("0x"))?;
    hex::decode(digits).ok()
}

/// An address: a number or the name of a symbol.
pub(crate) fn parse_address(text: &str, symbols: &Symbols) -> Result<u32, Failure> {
    parse_u32(text).or_else(|| symbols.lookup(text)).ok_or_else(|| {
        Failure::Usage(format!(
            "`{text}` is neither an address nor a symbol of the program: give 0x1234, 4660, or a name that `bessemer inspect` counts"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_or_hexadecimal() {
        for (text, number) in [
            ("0", Some(0)),
            ("4096", Some(4096)),
            ("0x1000", Some(4096)),
            ("0xffffffff", Some(u32::MAX)),
            ("0x100000000", None),
            ("+1", None),
            ("0x+1", None),
            ("-1", None),
            ("", None),
            ("main", None),
        ] {
            assert_eq!(parse_u32(text), number, "{text}");
        }
    }

    #[test]
    fn hexadecimal_bytes_have_one_prefix_and_whole_pairs() {
        assert_eq!(parse_hex("0x00fF"), Some(vec![0, 255]));
        assert_eq!(parse_hex("0x"), Some(vec![]));
        for text in ["", "00", "0x0", "0xgg", "0x0x00", "0x+1"] {
            assert_eq!(parse_hex(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_may_have_a_unit() {
        assert_eq!(parse_bytes("64K"), Ok(65536));
        assert_eq!(parse_bytes("1m"), Ok(1 << 20));
        assert_eq!(parse_bytes("0x10K"), Ok(16384));
        assert!(parse_bytes("4096M").is_err());
        assert!(parse_bytes("K").is_err());
        assert!(parse_bytes("").is_err());
    }
}

//! Numbers and bytes as fixtures of all generations write them.

use bessemer_evm::alloy_primitives::{U256, hex};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// A number of which no field of Ethereum needs to hold all: hexadecimal or decimal, of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// It has at most 256 bits.
    Small(U256),
    /// It has more.
    Huge,
}

impl Number {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a number");
        let bare = text.strip_prefix("0x:bigint ").unwrap_or(text);
        let (digits, radix) = match bare.strip_prefix("0x").or(bare.strip_prefix("0X")) {
            Some(digits) => (digits, 16),
            None => (bare, 10),
        };
        if !digits.chars().all(|digit| digit.is_digit(radix)) {
            return Err(wrong());
        }
        if digits.is_empty() {
            return Ok(Self::Small(U256::ZERO));
        }
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        Ok(U256::from_str_radix(digits, radix.into()).map_or(Self::Huge, Self::Small))
    }

    /// The number, if it has at most 256 bits.
    pub(super) fn word(self) -> Option<U256> {
        match self {
            Self::Small(word) => Some(word),
            Self::Huge => None,
        }
    }

    /// The number, or the highest of 64 bits.
    pub(super) fn saturated(self) -> u64 {
        self.word().map_or(u64::MAX, |word| word.saturating_to())
    }

    /// The number, if it has at most 64 bits.
    pub(super) fn short(self) -> Option<u64> {
        self.word().and_then(|word| word.try_into().ok())
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(number) => Ok(Self::Small(U256::from(number))),
            Written::Text(text) => Self::parse(&text).map_err(D::Error::custom),
        }
    }
}

/// Bytes; an odd digit in front stands for a byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(&text);
        let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
        hex::decode(even).map(Self).map_err(D::Error::custom)
    }
}

/// A fixed number of bytes; what is missing in front is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fixed<const N: usize>(pub(super) [u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Fixed<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Hex(bytes) = Hex::deserialize(deserializer)?;
        let missing = N.checked_sub(bytes.len());
        let missing = missing.ok_or_else(|| D::Error::custom(format!("more than {N} bytes")))?;
        let mut fixed = [0; N];
        fixed[missing..].copy_from_slice(&bytes);
        Ok(Self(fixed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_dialects_are_read() {
        let cases = [
            ("0x", 0),
            ("0x00", 0),
            ("0xF", 15),
            ("0x0a", 10),
            ("0X0A", 10),
            ("12", 12),
            ("0x:bigint 0x10", 16),
            ("0x0000000000000000000000000000000000000000000000000000000000000000000000000001", 1),
        ];
        for (text, expected) in cases {
            assert_eq!(Number::parse(text), Ok(Number::Small(U256::from(expected))), "{text}");
        }
        let huge = format!("0x:bigint 0x1{}", "0".repeat(64));
        assert_eq!(Number::parse(&huge), Ok(Number::Huge));
        for wrong in ["0xg", "-1", "ten"] {
            assert!(Number::parse(wrong).is_err(), "{wrong}");
        }
    }
}

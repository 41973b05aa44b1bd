//! Account addresses.

use core::fmt;
use core::str::FromStr;

/// The address of an account: 20 bytes, written as 40 hexadecimal digits behind `0x`.
///
/// ```
/// use bessemer_types::Address;
///
/// let address: Address = "0x00000000000000000000000000000000000000ff".parse()?;
/// assert_eq!(address.as_bytes()[19], 0xff);
/// assert_eq!(address.to_string(), "0x00000000000000000000000000000000000000ff");
/// # Ok::<(), bessemer_types::AddressError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 20]);

/// A text that is not an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl Address {
    /// The zero address, which has no key.
    pub const ZERO: Self = Self([0; 20]);

    /// The address with these bytes.
    pub const fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes of the address.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The bytes of the address.
    pub const fn to_bytes(self) -> [u8; 20] {
        self.0
    }
}

impl From<[u8; 20]> for Address {
    fn from(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Address {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let digits = text.strip_prefix("0x").ok_or(AddressError)?.as_bytes();
        if digits.len() != 40 {
            return Err(AddressError);
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(AddressError);
        let mut bytes = [0; 20];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address is `0x` and 40 hexadecimal digits")
    }
}

impl core::error::Error for AddressError {}

/// Text where people may read it, bytes elsewhere.
#[cfg(feature = "serde")]
mod record {
    use alloc::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::Address;

    impl Serialize for Address {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            if serializer.is_human_readable() {
                serializer.collect_str(self)
            } else {
                self.0.serialize(serializer)
            }
        }
    }

    impl<'de> Deserialize<'de> for Address {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            if deserializer.is_human_readable() {
                Cow::<str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            } else {
                <[u8; 20]>::deserialize(deserializer).map(Self)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_addresses_are_refused() {
        let good = "0x00112233445566778899aAbBcCdDeEfF01234567";
        assert_eq!(good.parse::<Address>().unwrap().to_string(), good.to_lowercase());
        for bad in [
            "",
            "0x",
            &good[2..],
            &good[..41],
            &format!("{good}0"),
            "0x+0112233445566778899aabbccddeeff01234567",
        ] {
            assert_eq!(bad.parse::<Address>(), Err(AddressError), "{bad}");
        }
    }
}

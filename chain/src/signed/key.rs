//! Keys of accounts.

use std::fmt;

use bessemer_types::Address;
use k256::ecdsa::{SigningKey, VerifyingKey};
use sha3::{Digest, Keccak256};

/// The key of an account, which signs its transactions. Never shown, and forgotten when dropped.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key with this number, most significant byte first. `None` for 0 and for numbers from the
    /// order of the group up.
    pub fn from_bytes(bytes: [u8; 32]) -> Option<Self> {
        SigningKey::from_slice(&bytes).ok().map(Self)
    }

    /// The account that the key is for: as Ethereum's, the last 20 bytes of the Keccak-256 hash of
    /// the public key.
    ///
    /// ```
    /// use bessemer_chain::SecretKey;
    ///
    /// let mut one = [0; 32];
    /// one[31] = 1;
    /// let key = SecretKey::from_bytes(one).expect("1 is a key");
    /// assert_eq!(key.address().to_string(), "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    /// ```
    pub fn address(&self) -> Address {
        address(self.0.verifying_key())
    }

    /// The signature of a digest: r, s in the lower half, and the recovery bit. The same for the
    /// same digest (RFC 6979).
    pub(super) fn sign(&self, digest: &[u8; 32]) -> [u8; 65] {
        let (signature, id) = self.0.sign_prehash_recoverable(digest);
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = id.to_byte();
        bytes
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey of {}", self.address())
    }
}

/// The account of a public key.
pub(super) fn address(key: &VerifyingKey) -> Address {
    let point = key.to_sec1_point(false);
    // behind the tag of an uncompressed point stand x and y
    let hash: [u8; 32] = Keccak256::digest(&point.as_bytes()[1..]).into();
    let (_, last) = hash.split_last_chunk().expect("a digest has more than 20 bytes");
    Address::new(*last)
}

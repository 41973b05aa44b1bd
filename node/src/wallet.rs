//! Development accounts: keys that everybody knows.

use std::collections::{HashMap, HashSet};

use alloy_primitives::{Address, B256, Signature, U256, keccak256};
use bip32::{DerivationPath, XPrv};
use bip39::{Language, Mnemonic};
use k256::ecdsa::SigningKey;

/// The mnemonic of development nodes everywhere. **Its keys are public: real money that is sent to
/// one of its accounts loses it.**
pub const TEST_MNEMONIC: &str = "test test test test test test test test test test test junk";

/// The accounts whose keys the node has, in order.
#[derive(Default)]
pub struct Wallet {
    keys: Vec<(Address, SigningKey)>,
    by_address: HashMap<Address, usize>,
    /// Accounts that the node acts for without a key.
    impersonated: HashSet<Address>,
    /// Whether it acts for all.
    impersonates_all: bool,
}

/// A mnemonic that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MnemonicError {
    /// The words are not in the list, or do not fit their checksum.
    #[error("the mnemonic cannot be used: {0}")]
    Words(bip39::Error),
    /// A key cannot be derived, which has no known example.
    #[error("an account of the mnemonic cannot be derived: {0}")]
    Key(bip32::Error),
}

impl Wallet {
    /// The first accounts of a mnemonic, by the path `m/44'/60'/0'/0/N` that wallets use.
    ///
    /// # Errors
    ///
    /// If the words are not a mnemonic.
    pub fn from_mnemonic(phrase: &str, count: u32) -> Result<Self, MnemonicError> {
        let mnemonic =
            Mnemonic::parse_in(Language::English, phrase).map_err(MnemonicError::Words)?;
        let path: DerivationPath = "m/44'/60'/0'/0".parse().map_err(MnemonicError::Key)?;
        let parent =
            XPrv::derive_from_path(mnemonic.to_seed(""), &path).map_err(MnemonicError::Key)?;
        let mut wallet = Self::default();
        for index in 0..count {
            let number = bip32::ChildNumber::new(index, false).map_err(MnemonicError::Key)?;
            let child = parent.derive_child(number).map_err(MnemonicError::Key)?;
            let key = SigningKey::from_slice(&child.to_bytes()).expect("a derived key is a key");
            wallet.add(key);
        }
        Ok(wallet)
    }

    /// Adds the account of a secret key. `None` if the bytes are not one.
    pub fn add_secret(&mut self, secret: &B256) -> Option<Address> {
        self.add(SigningKey::from_slice(secret.as_slice()).ok()?);
        self.addresses().last()
    }

    fn add(&mut self, key: SigningKey) {
        let point = key.verifying_key().to_sec1_point(false);
        // behind the tag of an uncompressed point stand x and y
        let address = Address::from_slice(&keccak256(&point.as_bytes()[1..])[12..]);
        self.by_address.insert(address, self.keys.len());
        self.keys.push((address, key));
    }

    /// The accounts whose keys are here, in order.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = Address> {
        self.keys.iter().map(|(address, _)| *address)
    }

    /// The accounts with their secret keys, for development accounts to be shown.
    pub fn secrets(&self) -> impl ExactSizeIterator<Item = (Address, B256)> {
        self.keys.iter().map(|(address, key)| (*address, B256::from_slice(&key.to_bytes())))
    }

    /// Signs a hash; `None` without the key of this account.
    pub fn sign(&self, address: &Address, hash: &B256) -> Option<Signature> {
        let (_, key) = &self.keys[*self.by_address.get(address)?];
        let (signature, id) = key.sign_prehash_recoverable(hash.as_slice());
        let bytes = signature.to_bytes();
        let (r, s) = bytes.split_at(32);
        Some(Signature::new(U256::from_be_slice(r), U256::from_be_slice(s), id.is_y_odd()))
    }

    /// Acts for an account without its key, or no longer.
    pub fn impersonate(&mut self, address: Address, on: bool) {
        if on {
            self.impersonated.insert(address);
        } else {
            self.impersonated.remove(&address);
        }
    }

    /// Acts for all accounts without their keys, or no longer.
    pub fn impersonate_all(&mut self, on: bool) {
        self.impersonates_all = on;
    }

    /// Whether the node acts for this account without a key.
    pub fn impersonates(&self, address: &Address) -> bool {
        self.impersonates_all || self.impersonated.contains(address)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;

    use super::*;

    #[test]
    fn the_test_mnemonic_has_the_accounts_that_everybody_knows() {
        let wallet = Wallet::from_mnemonic(TEST_MNEMONIC, 10).unwrap();
        let addresses: Vec<_> = wallet.addresses().collect();
        assert_eq!(addresses[0], address!("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"));
        assert_eq!(addresses[9], address!("0xa0Ee7A142d267C1f36714E4a8F75612F20a79720"));
        let hash = keccak256("hash");
        let signature = wallet.sign(&addresses[3], &hash).unwrap();
        assert_eq!(signature.recover_address_from_prehash(&hash).unwrap(), addresses[3]);
        assert!(Wallet::from_mnemonic("test test", 1).is_err());
    }
}

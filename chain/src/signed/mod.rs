//! Transactions with the signature of their sender.

mod key;

use bessemer_types::Address;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use k256::elliptic_curve::scalar::IsHigh;
use sha3::{Digest, Keccak256};

pub use self::key::SecretKey;
use crate::transaction::{Refusal, Transaction};

/// A transaction, and who says that it is theirs.
///
/// The signature is ECDSA over secp256k1: r and s (32 bytes each, most significant first), then 0 or
/// 1 for the half of the curve that the nonce point is in. s is in the lower half of the group, so
/// that nobody but the signer can make a second valid signature of a transaction.
///
/// ```
/// use bessemer_chain::{Action, Address, Refusal, SecretKey, Signed, Transaction, U256};
///
/// let key = SecretKey::from_bytes([7; 32]).expect("the number is below the group's order");
/// let transaction = Transaction {
///     sender: key.address(),
///     nonce: 0,
///     gas_limit: 1_000_000,
///     gas_price: U256::ONE,
///     value: U256::from(5),
///     action: Action::Call { to: Address::new([9; 20]), input: Vec::new() },
///     access: None,
/// };
/// let signed = Signed::sign(transaction.clone(), 1337, &key);
/// assert_eq!(signed.clone().verify(1337), Ok(transaction));
/// assert!(matches!(signed.verify(1338), Err(Refusal::Signature { .. })));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The transaction.
    pub transaction: Transaction,
    /// r, s, and the recovery bit.
    pub signature: [u8; 65],
}

impl Signed {
    /// Signs a transaction for the chain with this identity.
    pub fn sign(transaction: Transaction, chain_id: u64, key: &SecretKey) -> Self {
        let signature = key.sign(&Self::hash(&transaction, chain_id));
        Self { transaction, signature }
    }

    /// The transaction, if its sender signed it for the chain with this identity.
    ///
    /// # Errors
    ///
    /// [`Refusal::Signature`] for every other signature.
    pub fn verify(self, chain_id: u64) -> Result<Transaction, Refusal> {
        self.check(chain_id)?;
        Ok(self.transaction)
    }

    /// Whether the sender signed the transaction for the chain with this identity. It hashes the whole
    /// transaction: [`Block::push_signed`](crate::Block::push_signed) first does what costs less.
    ///
    /// # Errors
    ///
    /// [`Refusal::Signature`] for every other signature.
    pub fn check(&self, chain_id: u64) -> Result<(), Refusal> {
        let hash = Self::hash(&self.transaction, chain_id);
        match recover(&hash, &self.signature) {
            Some(signer) if signer == self.transaction.sender => Ok(()),
            _ => Err(Refusal::Signature { sender: self.transaction.sender }),
        }
    }

    /// The digest that is signed: the Keccak-256 hash of a tag, the chain's identity (8 bytes, least
    /// significant first), and [`Transaction::to_bytes`].
    pub fn hash(transaction: &Transaction, chain_id: u64) -> [u8; 32] {
        let hash = Keccak256::new()
            .chain_update(b"bessemer transaction 1")
            .chain_update(chain_id.to_le_bytes())
            .chain_update(transaction.to_bytes());
        hash.finalize().into()
    }
}

/// The address that signed the digest. `None` if the signature is not in its one valid form.
fn recover(digest: &[u8; 32], signature: &[u8; 65]) -> Option<Address> {
    let (rs, [bit]) = signature.split_last_chunk()?;
    let signature = Signature::from_slice(rs).ok()?;
    if *bit > 1 || bool::from(signature.s().is_high()) {
        return None;
    }
    let id = RecoveryId::from_byte(*bit)?;
    let key = VerifyingKey::recover_from_prehash(digest, &signature, id).ok()?;
    Some(key::address(&key))
}

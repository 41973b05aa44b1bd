//! Pays out what its signer signed, each cheque once.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// A vault of coins, and the address of the key that signs its cheques.
#[contract]
pub struct Vault {
    signer: Value<Address>,
    paid: Map<u64, bool>,
}

/// A cheque was paid.
#[event]
pub struct Paid {
    /// The number of the cheque.
    #[indexed]
    pub number: u64,
    /// To whom.
    #[indexed]
    pub to: Address,
    /// How much.
    pub amount: U256,
}

/// Why the vault does not pay.
#[error]
pub enum VaultError {
    /// The signer did not sign this.
    BadSignature,
    /// The cheque was paid already.
    AlreadyPaid {
        /// Its number.
        number: u64,
    },
    /// There is less in the vault.
    TooLittle {
        /// How much there is.
        have: U256,
        /// How much the cheque says.
        want: U256,
    },
}

use VaultError::*;

/// Half of the order of the curve. A signature with a greater s is the twin of another.
const HALF_ORDER: U256 = U256::from_limbs([
    0xdfe9_2f46_681b_20a0,
    0x5d57_6e73_57a4_501d,
    0xffff_ffff_ffff_ffff,
    0x7fff_ffff_ffff_ffff,
]);

#[contract(events(Paid))]
impl Vault {
    /// A vault of this signer, with the value that is sent.
    #[init]
    #[payable]
    pub fn new(&mut self, signer: Address) {
        self.signer.set(signer);
    }

    /// Takes value.
    #[receive]
    pub fn receive(&mut self) {}

    /// What the signer signs: this vault on this chain pays so much to this account, under this
    /// number.
    pub fn digest(&self, number: u64, to: Address, amount: U256) -> FixedBytes<32> {
        let cheque = (env::chain_id(), env::address(), number, to, amount);
        FixedBytes(crypto::keccak256(&bessemer_sdk::types::encode(&cheque)))
    }

    /// Pays a cheque, by the signature r, s, v with v 27 or 28.
    pub fn pay(
        &mut self,
        number: u64,
        to: Address,
        amount: U256,
        signature: Bytes,
    ) -> Result<(), VaultError> {
        if self.paid.get(number) {
            return Err(AlreadyPaid { number });
        }
        let signed = recover(&self.digest(number, to, amount).0, &signature);
        if signed != Some(self.signer.get()) {
            return Err(BadSignature);
        }
        let have = env::balance(env::address());
        if have < amount {
            return Err(TooLittle { have, want: amount });
        }
        self.paid.set(number, true);
        if let Err(failed) = call::transfer(to, amount) {
            failed.pass_on();
        }
        Paid { number, to, amount }.emit();
        Ok(())
    }
}

fn recover(digest: &[u8; 32], signature: &[u8]) -> Option<Address> {
    let mut signature: [u8; 65] = signature.try_into().ok()?;
    let s = U256::from_be_slice(signature.get(32..64)?)?;
    signature[64] = signature[64].checked_sub(27)?;
    if s > HALF_ORDER { None } else { crypto::recover_address(digest, &signature) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use k256::ecdsa::SigningKey;

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_slice(&[byte; 32]).unwrap()
    }

    fn address(key: &SigningKey) -> Address {
        let point = key.verifying_key().to_sec1_point(false);
        let hash = crypto::keccak256(&point.as_bytes()[1..]);
        Address::new(*hash.last_chunk().unwrap())
    }

    fn sign(key: &SigningKey, digest: FixedBytes<32>) -> Bytes {
        let (signature, id) = key.sign_prehash_recoverable(&digest.0);
        let mut bytes = signature.to_bytes().to_vec();
        bytes.push(27 + id.to_byte());
        Bytes(bytes)
    }

    fn vault() -> VaultClient {
        testing::act_as(testing::user("alice"));
        let arguments = (address(&key(1)),);
        let hundred = U256::from(100u64);
        VaultClient::new(testing::deploy_with::<Vault>(hundred, &arguments).unwrap())
    }

    #[test]
    fn pays_a_signed_cheque_once() {
        let (vault, to, forty) = (vault(), Address::new([9; 20]), U256::from(40u64));
        let signature = sign(&key(1), vault.digest(1, to, forty));
        vault.pay(1, to, forty, signature.clone());
        assert_eq!(env::balance(to), forty);
        let twice = AlreadyPaid { number: 1 };
        assert_eq!(vault.try_pay(1, to, forty, signature), Err(Failure::Error(twice)));
    }

    #[test]
    fn other_signatures_and_other_cheques_are_not_paid() {
        let (vault, to, forty) = (vault(), Address::new([9; 20]), U256::from(40u64));
        let good = sign(&key(1), vault.digest(1, to, forty));
        let forged = sign(&key(2), vault.digest(1, to, forty));
        let mut twin = good.0.clone();
        let order = HALF_ORDER * U256::from(2) + U256::ONE;
        let s = order - U256::from_be_slice(&twin[32..64]).unwrap();
        twin[32..64].copy_from_slice(&s.to_be_bytes());
        twin[64] = 27 + 28 - twin[64];
        let bad = Err(Failure::Error(BadSignature));
        assert_eq!(vault.try_pay(1, to, forty, forged), bad);
        assert_eq!(vault.try_pay(1, to, forty, Bytes(twin)), bad);
        assert_eq!(vault.try_pay(1, to, forty, Bytes(vec![1; 64])), bad);
        assert_eq!(vault.try_pay(1, to, forty, Bytes(vec![0; 65])), bad);
        assert_eq!(vault.try_pay(2, to, forty, good.clone()), bad);
        assert_eq!(vault.try_pay(1, to, U256::from(41u64), good.clone()), bad);
        vault.pay(1, to, forty, good);
    }

    #[test]
    fn more_than_there_is_is_not_paid() {
        let (vault, to, much) = (vault(), Address::new([9; 20]), U256::from(101u64));
        let signature = sign(&key(1), vault.digest(1, to, much));
        let refused = TooLittle { have: U256::from(100u64), want: much };
        assert_eq!(vault.try_pay(1, to, much, signature), Err(Failure::Error(refused)));
    }
}

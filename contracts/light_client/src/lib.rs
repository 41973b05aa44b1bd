//! Believes what another chain's state root proves.
//!
//! The owner says which root is right. From then on anyone shows what the other chain's accounts have
//! and store, by the proofs that `bessemer prove` and `eth_getProof` give, without being trusted.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;
use bessemer_trie::{AccountLeaf, storage_value, verify_with};

/// The root of another chain's state.
#[contract]
pub struct LightClient {
    owner: Value<Address>,
    root: Value<FixedBytes<32>>,
}

/// Why a proof is not believed.
#[error]
pub enum ClientError {
    /// The caller is not the owner.
    NotOwner,
    /// The nodes prove nothing against the root.
    NotProved,
}

use ClientError::*;

#[contract]
impl LightClient {
    /// The deployer is the owner.
    #[init]
    pub fn new(&mut self, root: FixedBytes<32>) {
        self.owner.set(env::caller());
        self.root.set(root);
    }

    /// Goes on to the root of a later block.
    pub fn update(&mut self, root: FixedBytes<32>) -> Result<(), ClientError> {
        if env::caller() != self.owner.get() {
            return Err(NotOwner);
        }
        self.root.set(root);
        Ok(())
    }

    /// The balance of an account of the other chain; 0 if the root has no such account.
    pub fn balance_of(&self, account: Address, proof: Vec<Bytes>) -> Result<U256, ClientError> {
        let leaf = self.account(&account, &proof)?;
        Ok(U256::from_be_bytes(leaf.balance))
    }

    /// The value that an account of the other chain stores under a key; 0 if there is none.
    pub fn stored(
        &self,
        account: Address,
        key: Bytes,
        account_proof: Vec<Bytes>,
        storage_proof: Vec<Bytes>,
    ) -> Result<Bytes, ClientError> {
        let leaf = self.account(&account, &account_proof)?;
        let nodes: Vec<&[u8]> = storage_proof.iter().map(|node| node.0.as_slice()).collect();
        let key = crypto::keccak256(&key.0);
        let value = verify_with(&leaf.storage_root, &key, &nodes, crypto::keccak256);
        match value.map_err(|_| NotProved)? {
            None => Ok(Bytes(Vec::new())),
            Some(leaf) => {
                let value = storage_value(leaf).map_err(|_| NotProved)?;
                Ok(Bytes(value.to_vec()))
            }
        }
    }

    fn account(&self, account: &Address, proof: &[Bytes]) -> Result<AccountLeaf, ClientError> {
        let nodes: Vec<&[u8]> = proof.iter().map(|node| node.0.as_slice()).collect();
        let key = crypto::keccak256(account.as_bytes());
        let leaf = verify_with(&self.root.get().0, &key, &nodes, crypto::keccak256);
        match leaf.map_err(|_| NotProved)? {
            None => Ok(AccountLeaf::default()),
            Some(leaf) => AccountLeaf::from_rlp(leaf).map_err(|_| NotProved),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use bessemer_trie::{EMPTY_ROOT, Nodes, Trie, keccak256, storage_leaf};

    #[test]
    fn only_what_the_root_has_is_believed() {
        let nothing = Nodes::default();
        let holder = Address::new([7; 20]);
        let mut storage = Trie::at(EMPTY_ROOT);
        let key = keccak256(b"greeting");
        storage.update(&nothing, &mut [(key, Some(storage_leaf(b"hello")))]).unwrap();
        let mut balance = [0; 32];
        balance[31] = 42;
        let leaf = AccountLeaf { balance, storage_root: storage.root(), ..AccountLeaf::default() };
        let mut accounts = Trie::at(EMPTY_ROOT);
        let mut changes: Vec<_> =
            (0..50_u8).map(|number| (keccak256(&[number; 20]), Some(leaf.to_rlp()))).collect();
        accounts.update(&nothing, &mut changes).unwrap();
        let root = FixedBytes(accounts.root());
        let mut prove = |address: &Address| -> Vec<Bytes> {
            let nodes = accounts.prove(&nothing, &keccak256(address.as_bytes())).unwrap();
            nodes.into_iter().map(Bytes).collect()
        };
        let proof = prove(&holder);
        let stored: Vec<Bytes> =
            storage.prove(&nothing, &key).unwrap().into_iter().map(Bytes).collect();

        testing::act_as(testing::user("alice"));
        let client = LightClientClient::new(testing::deploy::<LightClient>(&(root,)).unwrap());
        assert_eq!(client.balance_of(holder, proof.clone()), U256::from(42));
        let absent = Address::new([99; 20]);
        assert_eq!(client.balance_of(absent, prove(&absent)), U256::ZERO);
        let greeting = Bytes(b"greeting".to_vec());
        assert_eq!(
            client.stored(holder, greeting.clone(), proof.clone(), stored.clone()).0,
            b"hello"
        );
        // another account's proof, and a proof with a bit of its own
        assert!(client.try_balance_of(absent, proof.clone()).is_err());
        let mut forged = proof.clone();
        forged[0].0[9] ^= 1;
        assert!(client.try_balance_of(holder, forged).is_err());
        // the only leaf of the storage proves also that nothing else is stored
        let nothing = client.stored(holder, Bytes(Vec::new()), proof.clone(), stored.clone());
        assert_eq!(nothing.0, b"");
        let mut forged = stored;
        forged[0].0[9] ^= 1;
        assert!(client.try_stored(holder, greeting, proof, forged).is_err());
    }
}

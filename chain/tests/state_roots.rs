//! The state root, proofs of it, and blocks that run over a witness alone.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::print_stdout, reason = "tells how many cases were tried")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{Bloom, Bytes};
use alloy_trie::{HashBuilder, Nibbles};
use bessemer_chain::stateless::{self, Witness};
use bessemer_chain::store::{MemoryStore, RedbStore, Store, decode_account, decode_key};
use bessemer_chain::{
    Action, Address, Chain, ChainConfig, Code, FILES, Header, StateKey, StorageKey, Transaction,
    U256,
};
use bessemer_runtime::{Backend, Engine};
use bessemer_toolchain::tests::cases;
use bessemer_trie::{AccountLeaf, EMPTY_CODE, EMPTY_ROOT, Hash, keccak256, root_of, verify};
use common::{contract, engine};
use fastrand::Rng;

fn hash_of_code(code: Option<&Code>) -> Hash {
    match code {
        None => EMPTY_CODE,
        Some(Code::RiscV(hash)) => keccak256(&[b"\xefRV\x01", &hash.as_bytes()[..]].concat()),
        Some(Code::Evm(hash)) => *hash.as_bytes(),
    }
}

/// The root of a trie with these keys, by the naive build of the whole trie and by alloy-trie, which
/// agree.
fn root_of_all(pairs: &BTreeMap<Hash, Vec<u8>>) -> Hash {
    let root = root_of(pairs);
    let mut outside = HashBuilder::default();
    pairs.iter().for_each(|(key, value)| outside.add_leaf(Nibbles::unpack(key), value));
    assert_eq!(root, outside.root().0, "the naive build and alloy-trie differ");
    root
}

/// The state root, by the words of `docs/commitment.md`.
fn naive_root(store: &dyn Store) -> Hash {
    let mut records = BTreeMap::new();
    let mut stored: BTreeMap<Address, BTreeMap<Hash, Vec<u8>>> = BTreeMap::new();
    let visit = &mut |key: &[u8], value: &[u8]| match decode_key(key).unwrap() {
        StateKey::Account(address) => {
            records.insert(address, decode_account(value).unwrap());
        }
        StateKey::Storage(address, key) => {
            let leaf = alloy_rlp::encode(value);
            stored.entry(address).or_default().insert(keccak256(key.as_bytes()), leaf);
        }
        StateKey::Code(hash) => {
            let leaf = alloy_rlp::encode(value.len());
            stored.entry(FILES).or_default().insert(keccak256(hash.as_bytes()), leaf);
        }
        StateKey::CodeSize(hash) => {
            let leaf = alloy_rlp::encode(value);
            stored.entry(FILES).or_default().insert(keccak256(hash.as_bytes()), leaf);
        }
        StateKey::Bytecode(_) => {}
    };
    store.for_each(visit).unwrap();
    let addresses: BTreeSet<Address> = records.keys().chain(stored.keys()).copied().collect();
    let accounts = addresses.into_iter().map(|address| {
        let account = records.get(&address).copied().unwrap_or_default();
        let leaf = AccountLeaf {
            nonce: account.nonce,
            balance: account.balance.to_be_bytes(),
            storage_root: root_of_all(stored.entry(address).or_default()),
            code_hash: hash_of_code(account.code.as_ref()),
        };
        (keccak256(address.as_bytes()), leaf.to_rlp())
    });
    root_of_all(&accounts.collect())
}

/// Stores its input, or removes what is there: the first byte is the length of the key, and the key
/// and the value follow. Reverts what it stored if the value begins with 7.
const KEEPER: &str = "
        beqz a0, 1f
        host finish(0, 0)
1:      host input_size()
        mv   s0, a0
        beqz s0, done
        host input_copy(0, DATA, 4096)
        li   s1, DATA
        lbu  s2, 0(s1)
        addi s3, s1, 1
        add  s4, s3, s2
        sub  s5, s0, s2
        addi s5, s5, -1
        beqz s5, remove
        mv   a0, s3
        mv   a1, s2
        mv   a2, s4
        mv   a3, s5
        host storage_set
        lbu  t0, 0(s4)
        li   t1, 7
        beq  t0, t1, fail
        j    done
remove: mv   a0, s3
        mv   a1, s2
        host storage_remove
done:   host finish(0, 0)
fail:   host revert(0, 0)
";

/// How many contracts the first user deploys before anything else.
const KEEPERS: u64 = 6;

/// A block of random transactions: value to old and new accounts, values stored and removed, failing
/// calls, deployments of old and of new files.
fn random_block(chain: &Chain, rng: &mut Rng, users: &[Address]) -> Vec<Transaction> {
    let mut nonces: BTreeMap<Address, u64> = BTreeMap::new();
    let mut transactions = Vec::new();
    for _ in 0..rng.usize(1..12) {
        let sender = users[rng.usize(0..users.len())];
        let nonce = nonces.entry(sender).or_insert_with(|| chain.account(&sender).unwrap().nonce);
        let keepers: Vec<Address> = keepers(users)
            .filter(|address| chain.account(address).unwrap().code.is_some())
            .collect();
        let action = match rng.u8(0..10) {
            kind if sender == users[0] && (kind == 2 || *nonce < KEEPERS) => {
                let padding = ".word 1\n".repeat(rng.usize(1..3));
                let code = contract(&format!("{KEEPER}\n{padding}"));
                Action::Deploy { code: code.into(), input: Vec::new(), salt: None }
            }
            0 | 1 => Action::Call { to: Address::new([rng.u8(..8); 20]), input: Vec::new() },
            _ if keepers.is_empty() => Action::Call { to: sender, input: Vec::new() },
            _ => {
                let to = keepers[rng.usize(0..keepers.len())];
                let len = rng.u8(0..3);
                let mut input = vec![len];
                (0..len).for_each(|_| input.push(rng.u8(0..6)));
                let value = if rng.bool() { rng.usize(1..60) } else { 0 };
                (0..value).for_each(|_| input.push(rng.u8(0..9)));
                Action::Call { to, input }
            }
        };
        let pays = matches!(action, Action::Call { ref input, .. } if input.is_empty());
        transactions.push(Transaction {
            sender,
            nonce: *nonce,
            gas_limit: 50_000_000,
            gas_price: U256::from(rng.u64(0..2)),
            value: U256::from(if pays { rng.u64(0..3) } else { 0 }),
            action,
            access: None,
        });
        *nonce += 1;
    }
    transactions
}

/// The contracts of [`KEEPERS`].
fn keepers(users: &[Address]) -> impl Iterator<Item = Address> {
    let first = users[0];
    (0..KEEPERS).map(move |nonce| bessemer_chain::address_by_nonce(&first, nonce))
}

struct Run {
    chain: Chain,
    config: ChainConfig,
    engine: Engine,
    users: Vec<Address>,
}

impl Run {
    fn new(store: Arc<dyn Store>) -> Self {
        let engine = engine(Backend::Interpreter);
        let config =
            ChainConfig { fee_recipient: Some(Address::new([0xfe; 20])), ..ChainConfig::default() };
        let mut chain = Chain::on(&engine, store, config.clone()).unwrap();
        let users = ["alice", "bob", "carol"].map(|name| chain.user(name).unwrap()).to_vec();
        Self { chain, config, engine, users }
    }

    /// Commits a block, and gives its parent, its transactions, its header and its witness.
    fn step(&mut self, rng: &mut Rng) -> (Header, Vec<Transaction>, bessemer_chain::Sealed) {
        let parent = self.chain.head().clone();
        let transactions = random_block(&self.chain, rng, &self.users);
        let mut block = self.chain.block();
        block.record_witness();
        for transaction in &transactions {
            block.push(transaction).unwrap();
        }
        (parent, transactions, block.commit().unwrap())
    }

    fn replay(
        &self,
        parent: &Header,
        header: &Header,
        transactions: &[Transaction],
        witness: Witness,
    ) -> Result<bessemer_chain::Sealed, bessemer_chain::ChainError> {
        let (engine, config) = (&self.engine, self.config.clone());
        stateless::execute(engine, config, parent, header.timestamp, transactions, witness)
    }
}

/// The keys of the state.
fn stored(chain: &Chain) -> BTreeSet<Vec<u8>> {
    let mut keys = BTreeSet::new();
    chain.store().for_each(&mut |key, _| keys.extend([key.to_vec()])).unwrap();
    keys
}

#[test]
fn every_block_has_the_naive_root_and_runs_over_its_witness_alone() {
    let directory = tempfile::tempdir().unwrap();
    let durable = RedbStore::open(directory.path().join("chain")).unwrap();
    let mut run = Run::new(Arc::new(MemoryStore::with_root()));
    let mut other = Run::new(Arc::new(durable));
    let rng = &mut Rng::with_seed(1);
    let (mut failed, mut removed) = (0, 0);
    for block in 0..cases(200, 1000) {
        let seed = rng.u64(..);
        let before = stored(&run.chain);
        let (parent, transactions, sealed) = run.step(&mut Rng::with_seed(seed));
        removed += before.difference(&stored(&run.chain)).count();
        let (.., durable) = other.step(&mut Rng::with_seed(seed));
        assert_eq!(sealed, durable, "block {block}: the stores differ");
        assert_eq!(sealed.header.parent, parent.hash());
        assert_eq!(run.chain.state_root(), Some(naive_root(&**run.chain.store())), "block {block}");
        failed += sealed.receipts.iter().filter(|receipt| !receipt.succeeded()).count();

        let witness = sealed.witness.clone().unwrap();
        let again = run.replay(&parent, &sealed.header, &transactions, witness).unwrap();
        assert_eq!((&again.header, &again.receipts), (&sealed.header, &sealed.receipts));
    }
    assert!(failed > 20 && removed > 20, "{failed} failed, {removed} values were removed");
    assert_eq!(run.chain.verify_state().unwrap(), other.chain.verify_state().unwrap());
    assert_eq!(Some(run.chain.verify_state().unwrap()), run.chain.state_root());
}

#[test]
fn a_changed_witness_is_refused_or_changes_nothing() {
    let mut run = Run::new(Arc::new(MemoryStore::with_root()));
    let rng = &mut Rng::with_seed(2);
    let (mut refused, mut changed) = (0_u64, 0_u64);
    for _ in 0..cases(20, 100) {
        let (parent, transactions, sealed) = run.step(rng);
        let witness = sealed.witness.unwrap();
        let bytes = witness.to_bytes();
        // all positions, or some
        let step = cases(bytes.len().div_ceil(40) as u64, 1) as usize;
        for at in (rng.usize(0..step)..bytes.len()).step_by(step) {
            let mut wrong = bytes.clone();
            wrong[at] ^= rng.u8(1..);
            changed += 1;
            let Ok(wrong) = Witness::from_bytes(&wrong) else {
                refused += 1;
                continue;
            };
            match run.replay(&parent, &sealed.header, &transactions, wrong) {
                Ok(again) => assert_eq!(
                    (&again.header, &again.receipts),
                    (&sealed.header, &sealed.receipts),
                    "byte {at} of the witness of block {}",
                    sealed.header.height
                ),
                Err(_) => refused += 1,
            }
        }
        // a witness has no node to spare
        for at in 0..witness.nodes.len() {
            let mut fewer = witness.clone();
            fewer.nodes.remove(at);
            let result = run.replay(&parent, &sealed.header, &transactions, fewer);
            assert!(result.is_err(), "node {at} of block {}", sealed.header.height);
        }
    }
    println!("{refused} of {changed} refused");
    assert!(refused * 10 > changed * 9, "{refused} of {changed} refused");
}

#[test]
fn proofs_of_accounts_and_values_are_checked_with_the_root_alone() {
    let mut run = Run::new(Arc::new(MemoryStore::with_root()));
    let rng = &mut Rng::with_seed(3);
    (0..40).for_each(|_| drop(run.step(rng)));
    let root = run.chain.state_root().unwrap();
    let (mut present, mut absent) = (0, 0);
    let mut addresses: Vec<Address> = keepers(&run.users).collect();
    addresses.extend(run.users.iter().copied().chain([Address::new([0x77; 20]), FILES]));
    for address in addresses {
        let keys: Vec<StorageKey> =
            [&[][..], &[0], &[1], &[2], &[1, 1]].map(|key| StorageKey::new(key).unwrap()).to_vec();
        let proof = run.chain.prove(&address, &keys).unwrap();
        proof.verify(&root).unwrap();
        let account = run.chain.account(&address).unwrap();
        let stated = proof.account.unwrap_or_default();
        assert_eq!(U256::from_be_bytes(stated.balance), account.balance);
        assert_eq!(stated.code_hash, hash_of_code(account.code.as_ref()));
        for (key, stored) in keys.iter().zip(&proof.storage) {
            let value = run.chain.storage(&address, key.as_bytes()).unwrap();
            assert_eq!(stored.value, value);
            if value.is_some() { present += 1 } else { absent += 1 }
        }
        // what eth_getProof shows is what any other tool checks
        let leaf = verify(&root, &keccak256(address.as_bytes()), &proof.nodes).unwrap();
        assert_eq!(leaf.map(<[u8]>::to_vec), proof.account.map(|account| account.to_rlp()));
        let mut wrong = proof.clone();
        wrong.account = Some(AccountLeaf { nonce: 99, ..stated });
        assert!(wrong.verify(&root).is_err());
        assert!(proof.verify(&[1; 32]).is_err());
    }
    assert!(present > 3 && absent > 3, "{present} present, {absent} absent");
}

#[test]
fn a_chain_without_roots_has_neither_proofs_nor_witnesses() {
    let mut run = Run::new(Arc::new(MemoryStore::new()));
    let (.., sealed) = run.step(&mut Rng::with_seed(4));
    assert_eq!((sealed.header.roots, sealed.witness), (None, None));
    assert!(run.chain.prove(&run.users[0], &[]).is_err());
    assert!(run.chain.verify_state().is_err());
}

#[test]
fn the_hash_is_that_of_an_ethereum_header() {
    let mut run = Run::new(Arc::new(MemoryStore::with_root()));
    let rng = &mut Rng::with_seed(5);
    for number in 0..8_u8 {
        let transactions = random_block(&run.chain, rng, &run.users);
        let mut block = run.chain.block();
        block.push_all(&transactions).unwrap();
        if number > 4 {
            block.certify(vec![number; 100]);
        }
        let header = block.commit().unwrap().header;
        let roots = header.roots.clone().unwrap();
        let outside = alloy_consensus::Header {
            nonce: u64::from(header.schedule).to_be_bytes().into(),
            parent_hash: header.parent.into(),
            beneficiary: header.beneficiary.to_bytes().into(),
            state_root: roots.state.into(),
            transactions_root: roots.transactions.into(),
            receipts_root: roots.receipts.into(),
            logs_bloom: Bloom::from_slice(roots.bloom.as_bytes()),
            number: header.height,
            gas_limit: header.gas_limit,
            gas_used: header.gas_used,
            timestamp: header.timestamp,
            extra_data: match header.certificate.as_slice() {
                [] => Bytes::new(),
                certificate => keccak256(certificate).to_vec().into(),
            },
            base_fee_per_gas: Some(0),
            withdrawals_root: Some(EMPTY_ROOT.into()),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some([0; 32].into()),
            requests_hash: Some(EMPTY_REQUESTS_HASH),
            ..alloy_consensus::Header::default()
        };
        assert_eq!(header.hash(), outside.hash_slow().0);
    }
}

#[test]
fn a_block_that_is_sealed_is_what_a_commit_gives_and_is_not_kept() {
    let mut run = Run::new(Arc::new(MemoryStore::with_root()));
    let rng = &mut Rng::with_seed(6);
    for _ in 0..5 {
        let before = (run.chain.head().clone(), stored(&run.chain));
        let transactions = random_block(&run.chain, rng, &run.users);
        let mut ended = [false, true].into_iter().map(|commits| {
            let mut block = run.chain.block();
            block.record_witness();
            block.push_all(&transactions).unwrap();
            let sealed = if commits { block.commit() } else { block.seal() }.unwrap();
            let after = (run.chain.head().clone(), stored(&run.chain));
            assert_eq!(after == before, !commits);
            sealed
        });
        assert_eq!(ended.next(), ended.next());
    }
}

#[test]
fn certificates_are_bound_by_the_hash() {
    let mut run = Run::new(Arc::new(MemoryStore::with_root()));
    let mut block = run.chain.block();
    block.certify(b"signatures".to_vec());
    let header = block.commit().unwrap().header;
    assert_eq!(header.certificate, b"signatures");
    let other = Header { certificate: b"others".to_vec(), ..header.clone() };
    assert_ne!(header.hash(), other.hash());
    assert_eq!(run.chain.header(header.height).unwrap(), Some(header));
}

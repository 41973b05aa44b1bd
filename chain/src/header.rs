//! Headers: what a block says of itself, and the hash that names it.

use alloy_rlp::Encodable;
use bessemer_trie::{EMPTY_ROOT, Hash, keccak256, ordered_root};
use bessemer_types::Address;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::price::Prices;
use crate::receipt::{Receipt, Status};
use crate::transaction::Transaction;

/// The header of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The number of the block; the first is 1.
    pub height: u64,
    /// When it was made, in seconds since 1970.
    pub timestamp: u64,
    /// How many transactions it has.
    pub transactions: u32,
    /// The gas that they used.
    pub gas_used: u64,
    /// The most gas that they may use together.
    pub gas_limit: u64,
    /// The hash of the block before; zeros in the first block.
    pub parent: Hash,
    /// The account that gets the fees; zeros if they are burnt.
    pub beneficiary: Address,
    /// The commitments of the block; `None` on a chain whose store has no state root.
    pub roots: Option<Roots>,
    /// Any bytes by which the consensus of the chain certifies the block before. The block's hash
    /// binds their hash.
    #[serde(with = "serde_bytes")]
    pub certificate: Vec<u8>,
    /// The number of the gas schedule that holds in it, [`Prices::id`]. All blocks of a chain have the same.
    pub schedule: u32,
}

/// What a block commits to. By default, what a block without transactions commits to, whose state root
/// is zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roots {
    /// The root of the state after the block.
    pub state: Hash,
    /// The root of the list of its transactions.
    pub transactions: Hash,
    /// The root of the list of its receipts.
    pub receipts: Hash,
    /// The filter by which its events are found.
    pub bloom: Bloom,
}

/// The union of what events may be found by: three bits of 2,048 for each emitter and topic.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bloom(#[serde(with = "serde_bytes")] Vec<u8>);

/// The hash of an empty list in RLP.
const NO_OMMERS: Hash = [
    0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
    0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47,
];

/// The SHA-256 hash of nothing: no requests (EIP-7685).
const NO_REQUESTS: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

impl Header {
    /// The block's hash: Keccak-256 of an Ethereum header of the Osaka fork in RLP, which outside
    /// tools compute alike. `docs/commitment.md` says what stands in each field.
    pub fn hash(&self) -> Hash {
        keccak256(&self.to_rlp())
    }

    /// The header in RLP, as it is hashed.
    pub fn to_rlp(&self) -> Vec<u8> {
        let none = Roots::default();
        let roots = self.roots.as_ref().unwrap_or(&none);
        let certificate = keccak256(&self.certificate);
        let extra: &[u8] = if self.certificate.is_empty() { &[] } else { &certificate };
        list(|out| {
            self.parent.encode(out);
            NO_OMMERS.encode(out);
            self.beneficiary.as_bytes().encode(out);
            roots.state.encode(out);
            roots.transactions.encode(out);
            roots.receipts.encode(out);
            roots.bloom.as_bytes().encode(out);
            0_u64.encode(out); // difficulty
            self.height.encode(out);
            self.gas_limit.encode(out);
            self.gas_used.encode(out);
            self.timestamp.encode(out);
            extra.encode(out);
            [0_u8; 32].encode(out); // randomness
            self.nonce().encode(out);
            0_u64.encode(out); // base fee
            EMPTY_ROOT.encode(out); // withdrawals
            0_u64.encode(out); // blob gas
            0_u64.encode(out); // excess blob gas
            [0_u8; 32].encode(out); // beacon block
            NO_REQUESTS.encode(out);
        })
    }

    /// The schedule in the form of the header: its number, and zero for schedule 1, which the first
    /// headers did not name.
    fn nonce(&self) -> [u8; 8] {
        let schedule = if self.schedule == Prices::V1.id { 0 } else { self.schedule };
        u64::from(schedule).to_be_bytes()
    }
}

/// A transaction as the block's lists have it.
pub(crate) struct Listed {
    /// The type of its envelope (EIP-2718); 0 for none.
    pub(crate) kind: u8,
    /// Its entry in the list of transactions.
    pub(crate) bytes: Vec<u8>,
}

/// The type of an envelope around a transaction of ours.
const OWN_KIND: u8 = 0x52;

impl Listed {
    pub(crate) fn own(transaction: &Transaction) -> Self {
        let mut bytes = vec![OWN_KIND];
        bytes.extend(transaction.to_bytes());
        Self { kind: OWN_KIND, bytes }
    }
}

impl Roots {
    /// The roots of a block that leaves this state.
    pub(crate) fn new(state: Hash, transactions: &[Listed], receipts: &[Receipt]) -> Self {
        let (receipts, bloom) = receipts_root(transactions, receipts);
        let transactions = transactions.iter().map(|transaction| &transaction.bytes);
        Self { state, transactions: ordered_root(transactions), receipts, bloom }
    }
}

fn list(items: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut payload = Vec::new();
    items(&mut payload);
    let mut out = Vec::with_capacity(payload.len() + 9);
    alloy_rlp::Header { list: true, payload_length: payload.len() }.encode(&mut out);
    out.extend_from_slice(&payload);
    out
}

/// The root of a block's receipts, and the union of their blooms. A receipt is Ethereum's: status, gas
/// used up to here, bloom, events.
fn receipts_root(transactions: &[Listed], receipts: &[Receipt]) -> (Hash, Bloom) {
    let mut all = Bloom::default();
    let mut gas: u64 = 0;
    let mut encoded = Vec::with_capacity(receipts.len());
    for (transaction, receipt) in transactions.iter().zip(receipts) {
        gas = gas.saturating_add(receipt.gas_used);
        let mut bloom = Bloom::default();
        receipt.events.iter().for_each(|event| bloom.add(event));
        let mut bytes = if transaction.kind == 0 { Vec::new() } else { vec![transaction.kind] };
        bytes.extend(list(|out| {
            u8::from(receipt.status == Status::Return).encode(out);
            gas.encode(out);
            bloom.as_bytes().encode(out);
            let events =
                list(|out| receipt.events.iter().for_each(|event| encode_event(event, out)));
            out.extend_from_slice(&events);
        }));
        encoded.push(bytes);
        all.join(&bloom);
    }
    (ordered_root(encoded), all)
}

fn encode_event(event: &Event, out: &mut Vec<u8>) {
    let event = list(|out| {
        event.address.as_bytes().encode(out);
        let topics = list(|out| event.topics.iter().for_each(|topic| topic.encode(out)));
        out.extend_from_slice(&topics);
        event.data.as_slice().encode(out);
    });
    out.extend_from_slice(&event);
}

/// A block without anything, of a chain with the newest schedule.
impl Default for Header {
    fn default() -> Self {
        Self {
            height: 0,
            timestamp: 0,
            transactions: 0,
            gas_used: 0,
            gas_limit: 0,
            parent: [0; 32],
            beneficiary: Address::default(),
            roots: None,
            certificate: Vec::new(),
            schedule: Prices::V2.id,
        }
    }
}

impl Default for Roots {
    fn default() -> Self {
        let (state, bloom) = ([0; 32], Bloom::default());
        Self { state, transactions: EMPTY_ROOT, receipts: EMPTY_ROOT, bloom }
    }
}

impl Default for Bloom {
    fn default() -> Self {
        Self(vec![0; 256])
    }
}

impl std::fmt::Debug for Bloom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let set: u32 = self.0.iter().map(|byte| byte.count_ones()).sum();
        write!(f, "Bloom({set} bits)")
    }
}

impl Bloom {
    /// The 256 bytes, as Ethereum has them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Adds what an event may be found by.
    pub fn add(&mut self, event: &Event) {
        self.add_bytes(event.address.as_bytes());
        event.topics.iter().for_each(|topic| self.add_bytes(topic));
    }

    /// Whether an emitter or a topic may be in here. It certainly is not if this is `false`.
    pub fn may_have(&self, bytes: &[u8]) -> bool {
        bits(bytes).iter().all(|&(at, bit)| self.0.get(at).is_some_and(|byte| byte & bit != 0))
    }

    fn add_bytes(&mut self, bytes: &[u8]) {
        for (at, bit) in bits(bytes) {
            self.0[at] |= bit;
        }
    }

    fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(byte, other)| *byte |= other);
    }
}

/// The bits of a bloom that stand for some bytes (Yellow Paper, section 4.3.1).
fn bits(bytes: &[u8]) -> [(usize, u8); 3] {
    let hash = keccak256(bytes);
    [0, 2, 4].map(|at| {
        let bit = usize::from(u16::from_be_bytes([hash[at], hash[at + 1]]) & 2047);
        (255 - bit / 8, 1 << (bit % 8))
    })
}

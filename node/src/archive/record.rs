//! The records of the file, in postcard's encoding, each with the first bytes of its hash behind it.

use alloy_consensus::{Eip658Value, TxEnvelope, TxType};
use alloy_primitives::{Address, B256, Log, LogData, U256, keccak256};
use alloy_rlp::Decodable;
use bessemer_chain::StateKey;
use bessemer_chain::store::encode_key;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::block::{Receipt, Sealed, States};

/// The first bytes of keys.
pub(super) mod keys {
    use alloy_primitives::B256;

    /// A block by its number.
    pub(in super::super) const BLOCK: u8 = b'b';
    /// The number of a block by its hash.
    pub(in super::super) const HASH: u8 = b'h';
    /// Number and index of a transaction by its hash.
    pub(in super::super) const PLACE: u8 = b't';
    /// What a change of the state replaced, by its depth.
    pub(in super::super) const JOURNAL: u8 = b'j';
    /// Blocks by what their logs are found by.
    pub(in super::super) const LOGS: u8 = b'l';
    /// A snapshot by its number.
    pub(in super::super) const SNAPSHOT: u8 = b's';
    /// The newest block.
    pub(in super::super) const HEAD: u8 = b'm';
    /// The settings of the writer.
    pub(in super::super) const SETTINGS: u8 = b'o';
    /// The chain that it is.
    pub(in super::super) const IDENTITY: u8 = b'g';

    /// What a chain without its blocks does not have.
    pub(in super::super) const OF_BLOCKS: [u8; 6] = [BLOCK, HASH, PLACE, JOURNAL, LOGS, SNAPSHOT];

    pub(in super::super) fn hash(name: u8, hash: &B256) -> Vec<u8> {
        [&[name][..], hash.as_slice()].concat()
    }
}

/// The key of a record with these numbers, in whose order records are.
pub(super) fn key(name: u8, numbers: &[u64]) -> Vec<u8> {
    let numbers = numbers.iter().flat_map(|number| number.to_be_bytes());
    std::iter::once(name).chain(numbers).collect()
}

/// The identity of a chain.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) genesis: [u8; 32],
    pub(super) chain_id: u64,
    pub(super) rules: String,
}

/// The newest block.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) number: u64,
    /// How many changes of the state there were since the first block, less those that were undone.
    pub(super) depth: u64,
    /// The oldest change that the journal has.
    pub(super) oldest: u64,
    /// The root of the newest state.
    pub(super) root: [u8; 32],
}

/// Keys and the values that they had before; `None` if they had none.
pub(super) type Undo = Vec<(serde_bytes::ByteBuf, Option<serde_bytes::ByteBuf>)>;

/// A change of the state.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The block that made it, or after which it was made by hand.
    pub(super) number: u64,
    pub(super) undo: Undo,
}

pub(super) fn undo(
    key: &StateKey,
    value: Option<&[u8]>,
) -> (serde_bytes::ByteBuf, Option<serde_bytes::ByteBuf>) {
    let value = value.map(|value| serde_bytes::ByteBuf::from(value.to_vec()));
    (serde_bytes::ByteBuf::from(encode_key(key).to_vec()), value)
}

/// A snapshot of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedSnapshot {
    /// The number of changes of the state up to it.
    pub(crate) depth: u64,
    /// The newest block.
    pub(crate) number: u64,
    /// The offset of the clock.
    pub(crate) offset: i64,
}

/// What was set by hand and decides how the next blocks are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The offset of the clock, in seconds.
    pub(crate) offset: i64,
    /// The time of the next block, if one was set.
    pub(crate) next_timestamp: Option<u64>,
    /// How many seconds each block is after the last, if that was set.
    pub(crate) timestamp_interval: Option<u64>,
    /// The base fee of the next block, if one was set.
    pub(crate) next_base_fee: Option<u64>,
    /// The randomness of the next block, if it was set.
    pub(crate) next_randomness: Option<[u8; 32]>,
    /// The account that gets tips.
    pub(crate) coinbase: [u8; 20],
    /// The gas limit of blocks, if one was set.
    pub(crate) gas_limit: Option<u64>,
    /// The number of the next snapshot.
    pub(crate) next_snapshot: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredBlock {
    /// The number of changes of the state up to it.
    depth: u64,
    /// In RLP.
    #[serde(with = "serde_bytes")]
    block: Vec<u8>,
    senders: Vec<[u8; 20]>,
    receipts: Vec<StoredReceipt>,
}

#[derive(Serialize, Deserialize)]
struct StoredReceipt {
    kind: u8,
    status: StoredStatus,
    gas_used: u64,
    cumulative_gas_used: u64,
    logs: Vec<StoredLog>,
    created: Option<[u8; 20]>,
    #[serde(with = "serde_bytes")]
    gas_price: Vec<u8>,
    blob_gas: u64,
    #[serde(with = "serde_bytes")]
    output: Vec<u8>,
    gas_spent: u64,
    reverted: bool,
    halted: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum StoredStatus {
    Succeeded(bool),
    Root([u8; 32]),
}

#[derive(Serialize, Deserialize)]
struct StoredLog {
    address: [u8; 20],
    topics: Vec<[u8; 32]>,
    #[serde(with = "serde_bytes")]
    data: Vec<u8>,
}

/// Bytes of the hash behind a record.
const CHECK: usize = 8;

/// The bytes of a record.
pub(super) fn write(value: &impl Serialize) -> Vec<u8> {
    // writing to memory fails only for a map or sequence of unknown length, and there is none
    let mut bytes = postcard::to_allocvec(value).unwrap_or_default();
    let check = keccak256(&bytes);
    bytes.extend_from_slice(&check[..CHECK]);
    bytes
}

/// The record with these bytes; `None` if they are not what was written.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (bytes, check) = bytes.split_at_checked(bytes.len().checked_sub(CHECK)?)?;
    if keccak256(bytes)[..CHECK] != *check {
        return None;
    }
    postcard::from_bytes(bytes).ok()
}

/// The record of a block.
pub(super) fn block(block: &Sealed, depth: u64) -> Vec<u8> {
    write(&StoredBlock {
        depth,
        block: alloy_rlp::encode(block.consensus()),
        senders: block.senders.iter().map(|sender| sender.0.0).collect(),
        receipts: block.receipts.iter().map(StoredReceipt::of).collect(),
    })
}

/// The block of a record; `None` if the bytes are not what was written.
pub(super) fn read_block(bytes: &[u8]) -> Option<Sealed> {
    let stored: StoredBlock = read(bytes)?;
    let block = alloy_consensus::Block::<TxEnvelope>::decode(&mut stored.block.as_slice()).ok()?;
    let receipts = stored.receipts.into_iter().map(StoredReceipt::receipt);
    let receipts = receipts.collect::<Option<Vec<_>>>()?;
    Some(Sealed {
        hash: block.header.hash_slow(),
        header: block.header,
        transactions: block.body.transactions,
        senders: stored.senders.into_iter().map(Address::from).collect(),
        ommers: block.body.ommers,
        withdrawals: block.body.withdrawals.map(|list| list.0),
        receipts,
        states: States::Archived { depth: stored.depth },
    })
}

impl StoredReceipt {
    fn of(receipt: &Receipt) -> Self {
        Self {
            kind: receipt.kind as u8,
            status: match receipt.status {
                Eip658Value::Eip658(succeeded) => StoredStatus::Succeeded(succeeded),
                Eip658Value::PostState(root) => StoredStatus::Root(root.0),
            },
            gas_used: receipt.gas_used,
            cumulative_gas_used: receipt.cumulative_gas_used,
            logs: receipt.logs.iter().map(StoredLog::of).collect(),
            created: receipt.created.map(|address| address.0.0),
            gas_price: receipt.gas_price.to_be_bytes_trimmed_vec(),
            blob_gas: receipt.blob_gas,
            output: receipt.output.to_vec(),
            gas_spent: receipt.gas_spent,
            reverted: receipt.reverted,
            halted: receipt.halted.clone(),
        }
    }

    fn receipt(self) -> Option<Receipt> {
        let logs: Vec<_> = self.logs.into_iter().map(StoredLog::log).collect();
        Some(Receipt {
            kind: TxType::try_from(self.kind).ok()?,
            status: match self.status {
                StoredStatus::Succeeded(succeeded) => Eip658Value::Eip658(succeeded),
                StoredStatus::Root(root) => Eip658Value::PostState(root.into()),
            },
            gas_used: self.gas_used,
            cumulative_gas_used: self.cumulative_gas_used,
            bloom: alloy_primitives::logs_bloom(&logs),
            logs,
            created: self.created.map(Address::from),
            gas_price: U256::try_from_be_slice(&self.gas_price)?,
            blob_gas: self.blob_gas,
            output: self.output.into(),
            gas_spent: self.gas_spent,
            reverted: self.reverted,
            halted: self.halted,
        })
    }
}

impl StoredLog {
    fn of(log: &Log) -> Self {
        Self {
            address: log.address.0.0,
            topics: log.topics().iter().map(|topic| topic.0).collect(),
            data: log.data.data.to_vec(),
        }
    }

    fn log(self) -> Log {
        let topics = self.topics.into_iter().map(B256::from).collect();
        Log { address: self.address.into(), data: LogData::new_unchecked(topics, self.data.into()) }
    }
}

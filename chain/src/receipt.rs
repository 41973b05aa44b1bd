//! Receipts: the outcomes of transactions.

use std::fmt;

use bessemer_abi::limits::{CREATIONS, EVENT_BYTES, EVENTS, LOG_BYTES, OUTPUT_BYTES};
use bessemer_isa::Trap;
use bessemer_types::Address;
use bessemer_types::revert::Revert;
use serde::{Deserialize, Serialize};

use crate::access::AccessList;
use crate::event::Event;

/// How a frame or a transaction ended (specification, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Status {
    /// All went well.
    Return = 0,
    /// The contract refused; its state is as before.
    Revert = 1,
    /// The contract trapped; its state is as before.
    Trap = 2,
    /// The gas did not suffice; the contract's state is as before.
    OutOfGas = 3,
}

/// The outcome of a transaction. It is equal on every node and engine. Consensus covers all but the
/// `diagnosis`, which tests compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The block.
    pub height: u64,
    /// The place in the block.
    pub index: u32,
    /// The sender of the transaction.
    pub sender: Address,
    /// The account that was called, or the contract that was to be created.
    pub to: Address,
    /// How it ended.
    pub status: Status,
    /// The gas that the sender pays, after refunds.
    pub gas_used: u64,
    /// The data that was returned or reverted with.
    #[serde(with = "serde_bytes")]
    pub output: Vec<u8>,
    /// The events, in order; none of a frame that failed.
    pub events: Vec<Event>,
    /// The contracts that came into being, in order.
    pub created: Vec<Address>,
    /// An explanation of the outcome for people.
    pub diagnosis: Diagnosis,
}

/// Details that explain an outcome to people; no part of consensus, and bounded: no transaction has more
/// than [`Diagnosis::MOST_BYTES`], and no block more than [`Diagnosis::MOST_BYTES_OF_BLOCK`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Why the transaction failed before anything ran: a file that is not a contract, a contract that is
    /// there already.
    pub refused: Option<String>,
    /// The frames that failed, in the order in which they ended: the cause is first. Of many, the
    /// first and the last are kept.
    pub failures: Vec<Failure>,
    /// The debug log of all frames, failed ones included.
    pub log: Vec<LogLine>,
    /// Whether something was left out because there was too much of it.
    pub cut: bool,
    /// The keys that were read and written, if they were asked for and a transaction can declare that much. Not
    /// recorded.
    #[serde(skip)]
    pub access: Option<AccessList>,
}

/// A line of the debug log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// The contract that wrote it.
    pub address: Address,
    /// The text; bytes that are no UTF-8 are replaced.
    pub text: String,
}

impl LogLine {
    /// The size that counts towards the cap of a transaction.
    pub(crate) fn bytes(&self) -> usize {
        self.address.as_bytes().len() + self.text.len()
    }
}

/// A frame that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// 1 for the transaction's own frame.
    pub depth: u32,
    /// The account whose code ran.
    pub contract: Address,
    /// How it ended.
    pub status: Status,
    /// The trap, if it was one.
    #[serde(with = "trap_record")]
    pub trap: Option<Trap>,
    /// Where: the instruction that trapped, the arrival or host call that could not be paid, the host
    /// call that reverted.
    pub pc: u32,
    /// The function that it is in, if the contract has symbols.
    pub function: Option<String>,
    /// The begin of the revert data, at most [`Failure::EXCERPT_BYTES`] of it.
    #[serde(with = "serde_bytes")]
    pub excerpt: Vec<u8>,
}

impl Diagnosis {
    /// The most failures that are kept.
    pub const MOST_FAILURES: usize = 64;
    /// The most bytes of one transaction's diagnosis, the access list not counted.
    pub const MOST_BYTES: usize =
        MOST_REASON + Self::MOST_FAILURES * Failure::MOST_BYTES + LOG_BYTES as usize;
    /// The most bytes of the diagnoses of one block; what comes later in the block has none.
    pub const MOST_BYTES_OF_BLOCK: usize = 16 << 20;

    /// Notes a frame that failed. The last one is always kept: it is the transaction's own if that
    /// failed.
    pub(crate) fn note(&mut self, failure: Failure) {
        if self.failures.len() < Self::MOST_FAILURES {
            self.failures.push(failure);
        } else {
            self.failures[Self::MOST_FAILURES - 1] = failure;
            self.cut = true;
        }
    }

    /// Notes why nothing ran.
    pub(crate) fn refuse(&mut self, mut reason: String) {
        self.cut |= shorten(&mut reason, MOST_REASON);
        self.refused = Some(reason);
    }

    /// Bytes of the diagnosis, the access list not counted.
    pub fn bytes(&self) -> usize {
        let failures = self.failures.iter().map(Failure::bytes);
        let log = self.log.iter().map(LogLine::bytes);
        self.refused.as_ref().map_or(0, String::len) + failures.chain(log).sum::<usize>()
    }
}

/// Bytes of the reason why nothing ran.
const MOST_REASON: usize = 512;

impl Failure {
    /// Bytes of revert data that are kept.
    pub const EXCERPT_BYTES: usize = 256;
    /// Bytes of a function's name that are kept.
    pub const NAME_BYTES: usize = 128;
    const FIXED_BYTES: usize = 64;
    const MOST_BYTES: usize = Self::FIXED_BYTES + Self::EXCERPT_BYTES + Self::NAME_BYTES;

    pub(crate) fn excerpt(output: &[u8]) -> Vec<u8> {
        output[..output.len().min(Self::EXCERPT_BYTES)].to_vec()
    }

    pub(crate) fn name(function: &str) -> String {
        let end = function.floor_char_boundary(Self::NAME_BYTES);
        function[..end].to_owned()
    }

    fn bytes(&self) -> usize {
        Self::FIXED_BYTES + self.function.as_ref().map_or(0, String::len) + self.excerpt.len()
    }
}

/// Cuts a text to at most `most` bytes. Returns whether it was longer.
fn shorten(text: &mut String, most: usize) -> bool {
    let cut = text.len() > most;
    text.truncate(text.floor_char_boundary(most));
    cut
}

impl Receipt {
    /// The most bytes that one receipt counts for in its block.
    pub const MOST_BYTES: u64 = Self::FIXED_BYTES
        + OUTPUT_BYTES as u64
        + EVENT_BYTES as u64
        + EVENTS as u64 * Self::EVENT_FIXED_BYTES
        + CREATIONS as u64 * ADDRESS_BYTES;
    const FIXED_BYTES: u64 = 128;
    const EVENT_FIXED_BYTES: u64 = 24;

    /// The size of the receipt in its block, the diagnosis not counted: 128 bytes, and those of
    /// the output, the events (24 more for each) and the addresses of created contracts.
    pub fn bytes(&self) -> u64 {
        let events = self.events.iter();
        let events = events.map(|event| Self::EVENT_FIXED_BYTES + u64::from(event.bytes()));
        let created = self.created.len() as u64 * ADDRESS_BYTES;
        Self::FIXED_BYTES + self.output.len() as u64 + events.sum::<u64>() + created
    }

    /// Whether all went well.
    pub fn succeeded(&self) -> bool {
        self.status == Status::Return
    }

    /// The contract that the transaction created, if it did.
    pub fn contract(&self) -> Option<Address> {
        Some(self.to).filter(|address| self.created.contains(address))
    }

    /// The message of a revert with `Error(string)`.
    pub fn message(&self) -> Option<&str> {
        match Revert::decode(&self.output) {
            Some(Revert::Error(message)) if self.status == Status::Revert => Some(message),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Return => "returned",
            Self::Revert => "reverted",
            Self::Trap => "trapped",
            Self::OutOfGas => "out of gas",
        })
    }
}

const ADDRESS_BYTES: u64 = 20;

/// A trap as kind, pc and address.
mod trap_record {
    use bessemer_isa::{Trap, TrapKind};
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        trap: &Option<Trap>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        trap.map(|trap| (trap.kind as u8, trap.pc, trap.addr)).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Trap>, D::Error> {
        let record = Option::<(u8, u32, Option<u32>)>::deserialize(deserializer)?;
        let trap = record.map(|(code, pc, addr)| {
            let kind = TrapKind::from_code(code).ok_or(D::Error::custom("no such trap"))?;
            Ok(Trap { kind, pc, addr })
        });
        trap.transpose()
    }
}

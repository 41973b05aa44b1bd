//! Receipts: the outcomes of transactions.

use std::fmt;

use bessemer_isa::Trap;
use bessemer_types::Address;
use bessemer_types::revert::Revert;
use serde::{Deserialize, Serialize};

use crate::access::AccessList;
use crate::event::Event;
use crate::host::LogLine;

/// How a frame or a transaction ended (specification, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Status {
    /// All went well.
    Return = 0,
    /// The contract refused; its state is as before.
    Revert = 1,
    /// The contract did something that is not defined to work; its state is as before.
    Trap = 2,
    /// The gas did not suffice; the contract's state is as before.
    OutOfGas = 3,
}

/// The outcome of a transaction: equal on every node and engine, the `diagnosis` by test and the rest
/// by consensus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The block.
    pub height: u64,
    /// The place in the block.
    pub index: u32,
    /// Who sent the transaction.
    pub sender: Address,
    /// The account that was called, or the contract that was to be created.
    pub to: Address,
    /// How it ended.
    pub status: Status,
    /// The gas that the sender pays, after refunds.
    pub gas_used: u64,
    /// What was returned or reverted with.
    #[serde(with = "serde_bytes")]
    pub output: Vec<u8>,
    /// The events, in order; none of a frame that failed.
    pub events: Vec<Event>,
    /// The contracts that came into being, in order.
    pub created: Vec<Address>,
    /// What explains the outcome to people.
    pub diagnosis: Diagnosis,
}

/// Details that explain an outcome to people; no part of consensus.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Why the transaction failed before anything ran: a file that is no contract, a contract that is
    /// there already.
    pub refused: Option<String>,
    /// The frames that failed, in the order in which they ended: the cause is first.
    pub failures: Vec<Failure>,
    /// The debug log of all frames, failed ones included.
    pub log: Vec<LogLine>,
    /// What was read and written, if it was asked for. Not recorded.
    #[serde(skip)]
    pub access: Option<AccessList>,
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
    /// The revert data.
    #[serde(with = "serde_bytes")]
    pub output: Vec<u8>,
}

impl Receipt {
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

//! Receipts in Ethereum's form.

use bessemer_evm::TransactionKind;
use bessemer_evm::alloy_consensus::{Eip658Value, Receipt as Body, ReceiptEnvelope, TxType};
use bessemer_evm::alloy_primitives::{B256, Bloom, Log, LogData};

use crate::bytecode::theirs;
use crate::event::Event;
use crate::receipt::Receipt;

/// An event as a log.
fn log(event: &Event) -> Log {
    let topics = event.topics.iter().map(|topic| B256::from(*topic)).collect();
    let data = LogData::new_unchecked(topics, event.data.clone().into());
    Log { address: theirs(&event.address), data }
}

/// The events of a receipt as logs.
pub fn logs(receipt: &Receipt) -> Vec<Log> {
    receipt.events.iter().map(log).collect()
}

/// The bloom filter of a receipt's logs.
pub fn bloom(receipt: &Receipt) -> Bloom {
    logs(receipt).iter().collect()
}

/// The receipt as a block commits to it (EIP-658, EIP-2718).
pub fn consensus_receipt(
    receipt: &Receipt,
    kind: TransactionKind,
    cumulative_gas: u64,
) -> ReceiptEnvelope {
    let body = Body {
        status: Eip658Value::Eip658(receipt.succeeded()),
        cumulative_gas_used: cumulative_gas,
        logs: logs(receipt),
    };
    let kind = match kind {
        TransactionKind::Legacy => TxType::Legacy,
        TransactionKind::AccessList => TxType::Eip2930,
        TransactionKind::DynamicFee => TxType::Eip1559,
        TransactionKind::Blob => TxType::Eip4844,
        TransactionKind::SetCode => TxType::Eip7702,
    };
    ReceiptEnvelope::from_typed(kind, body)
}

//! Requests of the execution layer to the consensus layer (EIP-7685).

use alloy_eips::eip7685::Requests;
use alloy_eips::{eip7002, eip7251};
use alloy_primitives::{B256, Bytes, Log, b256};

use super::Draft;
use crate::backend::Failure;

/// The hash of `DepositEvent(bytes,bytes,bytes,bytes,bytes)`.
const DEPOSIT_EVENT: B256 =
    b256!("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");

/// Where a deposit event has its fields: pubkey, credentials, amount, signature, index (EIP-6110).
const FIELDS: [(usize, usize); 5] = [(192, 48), (288, 32), (352, 8), (416, 96), (544, 8)];

/// Bytes of a deposit event.
const EVENT_BYTES: usize = 576;

impl Draft<'_> {
    /// Collects the requests at the end of a block: deposits, withdrawals, consolidations.
    pub(super) fn requests(&mut self) -> Result<Requests, Failure> {
        let contract = self.spec.deposit_contract;
        let logs = self.receipts.iter().flat_map(|receipt| &receipt.logs);
        let events = logs
            .filter(|log| log.address == contract && log.topics().first() == Some(&DEPOSIT_EVENT));
        let deposits = events.map(deposit).collect::<Result<Vec<_>, _>>()?.concat();
        let mut requests = Requests::default();
        let mut add = |kind, data: &[u8]| {
            if !data.is_empty() {
                requests.push_request_with_type(kind, data.iter().copied());
            }
        };
        add(0, &deposits);
        for (kind, contract) in [
            (1, eip7002::WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS),
            (2, eip7251::CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS),
        ] {
            if let Some(outcome) = self.system_call(contract, Bytes::new())? {
                add(kind, &outcome.output);
            }
        }
        Ok(requests)
    }
}

/// The request of one deposit event.
fn deposit(log: &Log) -> Result<Vec<u8>, Failure> {
    let data = &log.data.data;
    if data.len() != EVENT_BYTES {
        return Err(Failure::Deposit { len: data.len() });
    }
    Ok(FIELDS.iter().flat_map(|&(begin, len)| &data[begin..begin + len]).copied().collect())
}

//! How a header follows from the one before.

use alloy_consensus::Header;
use alloy_consensus::constants::EMPTY_ROOT_HASH;
use alloy_eips::eip1559::BaseFeeParams;
use alloy_primitives::B256;
use bessemer_evm::Fork;

use crate::spec::{INITIAL_BASE_FEE, MAX_TIME, Spec};

/// A header that cannot follow the one before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("block {number}: {field} is {found}, and {expected} by the rules")]
pub struct HeaderError {
    /// The block.
    pub number: u64,
    /// The field of the header.
    pub field: &'static str,
    /// The value in the header.
    pub found: String,
    /// The value by the rules.
    pub expected: String,
}

/// The fields of a header that follow from its parent: base fee and excess blob gas.
pub fn following(spec: &Spec, parent: &Header, timestamp: u64) -> (Option<u64>, Option<u64>) {
    let number = parent.number.saturating_add(1);
    let base_fee = spec
        .fork(number, timestamp)
        .has(Fork::London)
        .then(|| parent.next_block_base_fee(BaseFeeParams::ethereum()).unwrap_or(INITIAL_BASE_FEE));
    let excess = spec.blobs(timestamp).map(|blobs| {
        // the parent may be from before EIP-4844
        blobs.next_block_excess_blob_gas_osaka(
            parent.excess_blob_gas.unwrap_or(0),
            parent.blob_gas_used.unwrap_or(0),
            parent.base_fee_per_gas.unwrap_or(0),
        )
    });
    (base_fee, excess)
}

/// The header of an empty block at this time, as far as it follows from its parent. The beneficiary,
/// the difficulty and the randomness are 0, and the gas limit is the parent's.
pub fn successor(spec: &Spec, parent: &Header, parent_hash: B256, timestamp: u64) -> Header {
    let number = parent.number.saturating_add(1);
    let fork = spec.fork(number, timestamp);
    let (base_fee_per_gas, excess_blob_gas) = following(spec, parent, timestamp);
    Header {
        parent_hash,
        number,
        gas_limit: parent.gas_limit,
        timestamp,
        base_fee_per_gas,
        withdrawals_root: fork.has(Fork::Shanghai).then_some(EMPTY_ROOT_HASH),
        blob_gas_used: excess_blob_gas.map(|_| 0),
        excess_blob_gas,
        parent_beacon_block_root: fork.has(Fork::Cancun).then_some(B256::ZERO),
        ..Header::default()
    }
}

/// Checks what can be checked of a header without its block. The seal of proof of work and the
/// difficulty are not looked at.
pub(super) fn check(
    spec: &Spec,
    parent: &Header,
    parent_hash: B256,
    header: &Header,
) -> Result<(), HeaderError> {
    let number = header.number;
    let expect = |field, found: String, expected: String, holds: bool| {
        if holds { Ok(()) } else { Err(HeaderError { number, field, found, expected }) }
    };
    let equal = |field, found: Option<B256>, expected: Option<B256>| {
        expect(field, format!("{found:?}"), format!("{expected:?}"), found == expected)
    };
    let same = |field, found: Option<u64>, expected: Option<u64>| {
        expect(field, format!("{found:?}"), format!("{expected:?}"), found == expected)
    };
    equal("the parent", Some(header.parent_hash), Some(parent_hash))?;
    same("the number", Some(number), parent.number.checked_add(1))?;
    let time = header.timestamp;
    let least = parent.timestamp.saturating_add(1);
    let range = format!("from {least} to {MAX_TIME}");
    expect("the time", time.to_string(), range, (least..=MAX_TIME).contains(&time))?;
    let bytes = header.extra_data.len();
    expect("the length of extra data", bytes.to_string(), "at most 32".to_owned(), bytes <= 32)?;
    expect(
        "the gas used",
        header.gas_used.to_string(),
        format!("at most {}", header.gas_limit),
        header.gas_used <= header.gas_limit,
    )?;

    let fork = spec.fork(number, time);
    let (base_fee, excess) = following(spec, parent, time);
    same("the base fee", header.base_fee_per_gas, base_fee)?;
    same("the excess blob gas", header.excess_blob_gas, excess)?;
    // the limit doubles with EIP-1559, so that the target stays
    let first = fork.has(Fork::London) && parent.base_fee_per_gas.is_none();
    let before = if first { parent.gas_limit.saturating_mul(2) } else { parent.gas_limit };
    let most = before / 1024;
    expect(
        "the gas limit",
        header.gas_limit.to_string(),
        format!("less than {most} from {before}, and at least 5000"),
        header.gas_limit.abs_diff(before) < most.max(1) && header.gas_limit >= 5000,
    )?;
    let paris = fork.has(Fork::Paris);
    expect(
        "the difficulty",
        header.difficulty.to_string(),
        "0 from the merge on, and not 0 before".to_owned(),
        header.difficulty.is_zero() == paris,
    )?;
    for (field, is_there, since) in [
        ("the withdrawals root", header.withdrawals_root.is_some(), Fork::Shanghai),
        ("the blob gas", header.blob_gas_used.is_some(), Fork::Cancun),
        ("the beacon root", header.parent_beacon_block_root.is_some(), Fork::Cancun),
        ("the requests hash", header.requests_hash.is_some(), Fork::Prague),
    ] {
        let said = |there| if there { "there" } else { "missing" }.to_owned();
        let due = fork.has(since);
        expect(field, said(is_there), said(due), is_there == due)?;
    }
    Ok(())
}

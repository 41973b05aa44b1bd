//! Errors in the words and codes that clients match.

use alloy_primitives::{Address, Bytes, U256, hex};
use bessemer_evm::Invalid;
use jsonrpsee::types::ErrorObjectOwned;

use crate::backend::{Failure, Outcome, Refused};
use crate::ledger::StateError;
use crate::miner::SubmitError;
use crate::node::Ended;
use crate::pool::PoolError;

/// An error as it is answered: a code, a sentence, and the data of a revert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// The code of the error.
    pub code: i32,
    /// The fault.
    pub message: String,
    /// The output of a call that was reverted.
    pub data: Option<Bytes>,
}

/// The codes that are used, with those who set them.
pub mod codes {
    /// A call was reverted (go-ethereum).
    pub const REVERTED: i32 = 3;
    /// Anything that no other code is for (EIP-1474).
    pub const SERVER: i32 = -32000;
    /// The resource does not exist (EIP-1474).
    pub const NOT_FOUND: i32 = -32001;
    /// More than the node gives in one answer (EIP-1474).
    pub const LIMIT: i32 = -32005;
    /// A call of `eth_simulateV1` halted.
    pub const VM: i32 = -32015;
    /// There is no such method (JSON-RPC).
    pub const NO_METHOD: i32 = -32601;
    /// The parameters are not in their form (JSON-RPC).
    pub const PARAMS: i32 = -32602;
    /// The node failed (JSON-RPC).
    pub const INTERNAL: i32 = -32603;
}

impl RpcError {
    /// An error with this code.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// Parameters that are not in their form.
    pub fn params(message: impl Into<String>) -> Self {
        Self::new(codes::PARAMS, message)
    }

    /// Anything that no other code is for.
    pub fn server(message: impl Into<String>) -> Self {
        Self::new(codes::SERVER, message)
    }

    /// The node failed.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(codes::INTERNAL, message)
    }

    /// There is no such block.
    pub fn no_block() -> Self {
        Self::server("header not found")
    }

    /// A call failed.
    pub fn of_call(outcome: &Outcome) -> Self {
        match &outcome.halted {
            Some(halted) => Self::server(halted.clone()),
            None => Self {
                code: codes::REVERTED,
                message: match &outcome.diagnosis.refused {
                    Some(refused) => format!("execution reverted: {refused}"),
                    None => reverted(&outcome.output),
                },
                data: Some(outcome.output.clone()),
            },
        }
    }
}

/// The message of a revert with this output.
pub fn reverted(output: &[u8]) -> String {
    match reason(output) {
        Some(reason) => format!("execution reverted: {reason}"),
        None => "execution reverted".to_owned(),
    }
}

/// The reason in the output of a revert: the text of `Error(string)`, or what a code of
/// `Panic(uint256)` means.
fn reason(output: &[u8]) -> Option<String> {
    let (selector, rest) = output.split_first_chunk::<4>()?;
    let word = |at: usize| {
        let word = rest.get(at..at.checked_add(32)?)?;
        usize::try_from(U256::from_be_slice(word)).ok()
    };
    match hex::encode(selector).as_str() {
        "08c379a0" => {
            let begin = word(0)?;
            let len = word(begin)?;
            let text = rest.get(begin + 32..)?.get(..len)?;
            Some(String::from_utf8_lossy(text).into_owned())
        }
        "4e487b71" => {
            let code = word(0)?;
            Some(
                panic_meaning(code)
                    .map_or_else(|| format!("unknown panic code: {code:#x}"), <_>::into),
            )
        }
        _ => None,
    }
}

/// The meaning of Solidity's panic codes, in go-ethereum's words.
fn panic_meaning(code: usize) -> Option<&'static str> {
    Some(match code {
        0x00 => "generic panic",
        0x01 => "assert(false)",
        0x11 => "arithmetic underflow or overflow",
        0x12 => "division or modulo by zero",
        0x21 => "enum overflow",
        0x22 => "invalid encoded storage byte array accessed",
        0x31 => "out-of-bounds array access; popping on an empty array",
        0x32 => "out-of-bounds access of an array or bytesN",
        0x41 => "out of memory",
        0x51 => "uninitialized function",
        _ => return None,
    })
}

/// The fault of a transaction, in the words of go-ethereum, which clients look for.
pub fn invalid(error: &Invalid) -> String {
    match error {
        Invalid::NonceTooLow { sender, found, expected } => {
            format!("nonce too low: address {sender}, tx: {found} state: {expected}")
        }
        Invalid::NonceTooHigh { sender, found, expected } => {
            format!("nonce too high: address {sender}, tx: {found} state: {expected}")
        }
        Invalid::NonceIsMax => "nonce has max value".to_owned(),
        Invalid::Funds { sender, balance } => funds(sender, *balance),
        Invalid::IntrinsicGas { limit, needed } => {
            format!("intrinsic gas too low: gas {limit}, minimum needed {needed}")
        }
        Invalid::FloorGas { limit, needed } => {
            format!(
                "insufficient gas for floor data gas cost: gas {limit}, minimum needed {needed}"
            )
        }
        Invalid::GasAboveBlock { limit, left } => {
            format!("exceeds block gas limit: gas {limit}, and the block has {left}")
        }
        Invalid::GasAboveCap { limit, cap } => {
            format!("transaction gas limit too high (cap: {cap}, tx: {limit})")
        }
        Invalid::FeeBelowBase { fee, base_fee } => format!(
            "max fee per gas less than block base fee: maxFeePerGas: {fee}, baseFee: {base_fee}"
        ),
        Invalid::PriorityAboveFee { priority, fee } => format!(
            "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: \
             {priority}, maxFeePerGas: {fee}"
        ),
        Invalid::ChainId { found, expected } => {
            format!("invalid chain id for signer: have {found} want {expected}")
        }
        Invalid::SenderIsContract { sender } => {
            format!("sender not an eoa: address {sender}")
        }
        Invalid::Type { .. } => format!("transaction type not supported: {error}"),
        Invalid::InitcodeTooLong { len, most } => {
            format!("max initcode size exceeded: code size {len}, limit {most}")
        }
        other => other.to_string(),
    }
}

fn funds(sender: &Address, balance: U256) -> String {
    format!("insufficient funds for gas * price + value: address {sender} have {balance}")
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        // "data": null is refused by clients, so it is left out
        Self::owned(error.code, error.message, error.data)
    }
}

impl From<Failure> for RpcError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Override(message) => Self::server(message),
            other => {
                tracing::error!(error = %other, "the node failed");
                Self::internal(other.to_string())
            }
        }
    }
}

impl From<bessemer_chain::store::StoreError> for RpcError {
    fn from(error: bessemer_chain::store::StoreError) -> Self {
        Failure::from(error).into()
    }
}

impl From<StateError> for RpcError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Store(error) => error.into(),
            gone => Self::server(gone.to_string()),
        }
    }
}

impl From<Ended> for RpcError {
    fn from(ended: Ended) -> Self {
        Self::server(ended.to_string())
    }
}

impl From<PoolError> for RpcError {
    fn from(error: PoolError) -> Self {
        Self::server(error.to_string())
    }
}

impl From<Refused> for RpcError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid(error) => Self::server(invalid(&error)),
            Refused::Failure(failure) => failure.into(),
            other => Self::server(other.to_string()),
        }
    }
}

impl From<SubmitError> for RpcError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Invalid(error) => Self::server(invalid(&error)),
            SubmitError::Pool(error) => error.into(),
            SubmitError::Failure(failure) => failure.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_reverts_are_told() {
        let text = hex!(
            "08c379a0"
            "0000000000000000000000000000000000000000000000000000000000000020"
            "000000000000000000000000000000000000000000000000000000000000000a"
            "75736572206572726f7200000000000000000000000000000000000000000000"
        );
        assert_eq!(reverted(&text), "execution reverted: user error");
        let panic =
            hex!("4e487b710000000000000000000000000000000000000000000000000000000000000001");
        assert_eq!(reverted(&panic), "execution reverted: assert(false)");
        assert_eq!(reverted(&[]), "execution reverted");
        for len in 0..text.len() {
            // whatever a contract returns, a message comes of it
            reverted(&text[..len]);
        }
        let mut wild = text;
        wild[4..36].fill(0xff);
        assert_eq!(reverted(&wild), "execution reverted");
    }

    #[test]
    fn errors_without_data_have_no_member_for_it() {
        let plain: ErrorObjectOwned = RpcError::server("x").into();
        assert_eq!(serde_json::to_string(&plain).unwrap(), r#"{"code":-32000,"message":"x"}"#);
        let data = Some(Bytes::from_static(&[1]));
        let revert: ErrorObjectOwned = RpcError { data, ..RpcError::new(3, "y") }.into();
        let json = serde_json::to_string(&revert).unwrap();
        assert_eq!(json, r#"{"code":3,"message":"y","data":"0x01"}"#);
    }
}

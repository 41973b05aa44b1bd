//! The methods: one table, and what each does.

mod bessemer;
mod call;
mod develop;
pub mod error;
mod filters;
pub mod json;
mod logs;
mod params;
mod payload;
mod read;
mod send;
mod simulate;
mod subscribe;
mod trace;
mod txpool;

use std::sync::{Arc, Mutex};

use jsonrpsee::core::RegisterMethodError;
use jsonrpsee::{IntoResponse, ResponsePayload, RpcModule};
use serde_json::Value;

use self::bessemer::Interfaces;
use self::error::RpcError;
use self::filters::Filters;
use self::params::Params;
use crate::node::{Metrics, Node};

/// The answer of a method.
pub type Answer = Result<Value, RpcError>;

/// The state that methods work on.
pub struct Rpc {
    pub(crate) node: Arc<Node>,
    filters: Mutex<Filters>,
    interfaces: Interfaces,
}

/// How long a method takes.
#[derive(Clone, Copy)]
enum Cost {
    /// It only looks something up.
    Quick,
    /// It runs contracts, reads much, or waits for the writer; it has a thread of its own meanwhile.
    Slow,
}

type Method = fn(&Rpc, &Params) -> Answer;

use Cost::{Quick, Slow};

/// All methods but subscriptions, with their other names.
const METHODS: &[(&[&str], Cost, Method)] = &[
    (&["web3_clientVersion"], Quick, Rpc::web3_client_version),
    (&["web3_sha3"], Quick, Rpc::web3_sha3),
    (&["net_version"], Quick, Rpc::net_version),
    (&["net_listening"], Quick, Rpc::yes),
    (&["net_peerCount"], Quick, Rpc::zero),
    // the chain
    (&["eth_chainId"], Quick, Rpc::chain_id),
    (&["eth_blockNumber"], Quick, Rpc::block_number),
    (&["eth_protocolVersion"], Quick, Rpc::protocol_version),
    (&["eth_syncing"], Quick, Rpc::no),
    (&["eth_mining"], Quick, Rpc::no),
    (&["eth_hashrate"], Quick, Rpc::zero),
    (&["eth_accounts", "eth_requestAccounts"], Quick, Rpc::accounts),
    (&["eth_coinbase"], Slow, Rpc::coinbase),
    (&["eth_config"], Quick, Rpc::config),
    // fees
    (&["eth_gasPrice"], Quick, Rpc::gas_price),
    (&["eth_maxPriorityFeePerGas"], Quick, Rpc::max_priority_fee),
    (&["eth_blobBaseFee"], Quick, Rpc::blob_base_fee),
    (&["eth_feeHistory"], Quick, Rpc::fee_history),
    // blocks, transactions, receipts
    (&["eth_getBlockByNumber"], Slow, Rpc::get_block_by_number),
    (&["eth_getBlockByHash"], Quick, Rpc::get_block_by_hash),
    (&["eth_getBlockTransactionCountByHash"], Quick, Rpc::transaction_count_by_hash),
    (&["eth_getBlockTransactionCountByNumber"], Slow, Rpc::transaction_count_by_number),
    (&["eth_getUncleCountByBlockHash"], Quick, Rpc::uncle_count_by_hash),
    (&["eth_getUncleCountByBlockNumber"], Slow, Rpc::uncle_count_by_number),
    (&["eth_getUncleByBlockHashAndIndex"], Quick, Rpc::uncle_by_hash),
    (&["eth_getUncleByBlockNumberAndIndex"], Slow, Rpc::uncle_by_number),
    (&["eth_getTransactionByHash"], Quick, Rpc::transaction_by_hash),
    (&["eth_getTransactionByBlockHashAndIndex"], Quick, Rpc::transaction_by_block_hash),
    (&["eth_getTransactionByBlockNumberAndIndex"], Slow, Rpc::transaction_by_block_number),
    (&["eth_getRawTransactionByHash", "debug_getRawTransaction"], Quick, Rpc::raw_by_hash),
    (&["eth_getRawTransactionByBlockHashAndIndex"], Quick, Rpc::raw_by_block_hash),
    (&["eth_getRawTransactionByBlockNumberAndIndex"], Slow, Rpc::raw_by_block_number),
    (&["eth_getTransactionReceipt"], Quick, Rpc::transaction_receipt),
    (&["eth_getBlockReceipts"], Slow, Rpc::block_receipts),
    (&["debug_getRawHeader"], Slow, Rpc::raw_header),
    (&["debug_getRawBlock"], Slow, Rpc::raw_block),
    (&["debug_getRawReceipts"], Slow, Rpc::raw_receipts),
    // accounts
    (&["eth_getBalance"], Slow, Rpc::get_balance),
    (&["eth_getTransactionCount"], Slow, Rpc::get_transaction_count),
    (&["eth_getCode"], Slow, Rpc::get_code),
    (&["eth_getStorageAt"], Slow, Rpc::get_storage_at),
    (&["eth_getStorageValues"], Slow, Rpc::get_storage_values),
    (&["eth_getAccount"], Slow, Rpc::get_account),
    (&["eth_getAccountInfo"], Slow, Rpc::get_account_info),
    (&["eth_getProof"], Slow, Rpc::get_proof),
    // calls
    (&["eth_call"], Slow, Rpc::call),
    (&["eth_estimateGas"], Slow, Rpc::estimate_gas),
    (&["eth_createAccessList"], Slow, Rpc::create_access_list),
    (&["eth_simulateV1"], Slow, Rpc::simulate),
    // sending
    (&["eth_sendRawTransaction"], Slow, Rpc::send_raw),
    (&["eth_sendRawTransactionSync"], Slow, Rpc::send_raw_sync),
    (&["eth_sendTransaction", "eth_sendUnsignedTransaction"], Slow, Rpc::send_transaction),
    (&["eth_fillTransaction"], Slow, Rpc::fill_transaction),
    (&["eth_signTransaction"], Slow, Rpc::sign_transaction),
    (&["eth_sign"], Quick, Rpc::sign),
    (&["personal_sign"], Quick, Rpc::personal_sign),
    (&["eth_signTypedData", "eth_signTypedData_v4"], Quick, Rpc::sign_typed_data),
    // logs and filters
    (&["eth_getLogs"], Slow, Rpc::get_logs),
    (&["eth_newFilter"], Quick, Rpc::new_filter),
    (&["eth_newBlockFilter"], Quick, Rpc::new_block_filter),
    (&["eth_newPendingTransactionFilter"], Quick, Rpc::new_pending_filter),
    (&["eth_uninstallFilter"], Quick, Rpc::uninstall_filter),
    (&["eth_getFilterChanges"], Slow, Rpc::filter_changes),
    (&["eth_getFilterLogs"], Slow, Rpc::filter_logs),
    // what waits
    (&["txpool_status"], Quick, Rpc::txpool_status),
    (&["txpool_content"], Slow, Rpc::txpool_content),
    (&["txpool_contentFrom"], Quick, Rpc::txpool_content_from),
    (&["txpool_inspect"], Slow, Rpc::txpool_inspect),
    (&["eth_pendingTransactions"], Slow, Rpc::pending_transactions),
    // traces
    (&["debug_traceTransaction"], Slow, Rpc::trace_transaction),
    (&["debug_traceCall"], Slow, Rpc::trace_call),
    (&["debug_traceBlockByNumber"], Slow, Rpc::trace_block_by_number),
    (&["debug_traceBlockByHash"], Slow, Rpc::trace_block_by_hash),
    // development
    (&["evm_snapshot", "anvil_snapshot"], Slow, Rpc::snapshot),
    (&["evm_revert", "anvil_revert"], Slow, Rpc::revert),
    (&["evm_mine"], Slow, Rpc::evm_mine),
    (&["anvil_mine", "hardhat_mine"], Slow, Rpc::mine),
    (&["evm_increaseTime", "anvil_increaseTime"], Slow, Rpc::increase_time),
    (&["evm_setTime", "anvil_setTime"], Slow, Rpc::set_time),
    (&["evm_setNextBlockTimestamp", "anvil_setNextBlockTimestamp"], Slow, Rpc::set_next_timestamp),
    (&["anvil_setBlockTimestampInterval"], Slow, Rpc::set_timestamp_interval),
    (&["anvil_removeBlockTimestampInterval"], Slow, Rpc::remove_timestamp_interval),
    (&["anvil_getAutomine", "hardhat_getAutomine"], Slow, Rpc::get_automine),
    (&["evm_setAutomine", "anvil_setAutomine", "hardhat_setAutomine"], Slow, Rpc::set_automine),
    (&["evm_setIntervalMining"], Slow, Rpc::evm_set_interval),
    (&["anvil_setIntervalMining"], Slow, Rpc::anvil_set_interval),
    (&["anvil_getIntervalMining"], Slow, Rpc::get_interval),
    (&["anvil_setBalance", "hardhat_setBalance", "tenderly_setBalance"], Slow, Rpc::set_balance),
    (&["anvil_addBalance", "hardhat_addBalance", "tenderly_addBalance"], Slow, Rpc::add_balance),
    (&["anvil_setNonce", "hardhat_setNonce", "evm_setAccountNonce"], Slow, Rpc::set_nonce),
    (&["anvil_setCode", "hardhat_setCode"], Slow, Rpc::set_code),
    (&["anvil_setStorageAt", "hardhat_setStorageAt"], Slow, Rpc::set_storage_at),
    (&["anvil_impersonateAccount", "hardhat_impersonateAccount"], Quick, Rpc::impersonate),
    (
        &["anvil_stopImpersonatingAccount", "hardhat_stopImpersonatingAccount"],
        Quick,
        Rpc::stop_impersonating,
    ),
    (
        &["anvil_autoImpersonateAccount", "hardhat_autoImpersonateAccount"],
        Quick,
        Rpc::auto_impersonate,
    ),
    (&["anvil_setCoinbase", "hardhat_setCoinbase"], Slow, Rpc::set_coinbase),
    (
        &["anvil_setNextBlockBaseFeePerGas", "hardhat_setNextBlockBaseFeePerGas"],
        Slow,
        Rpc::set_next_base_fee,
    ),
    (&["hardhat_setPrevRandao", "anvil_setPrevRandao"], Slow, Rpc::set_prevrandao),
    (&["evm_setBlockGasLimit", "anvil_setBlockGasLimit"], Slow, Rpc::set_gas_limit),
    (&["anvil_dropTransaction", "hardhat_dropTransaction"], Slow, Rpc::drop_transaction),
    (&["anvil_dropAllTransactions"], Slow, Rpc::drop_all),
    (&["anvil_reset", "hardhat_reset"], Slow, Rpc::reset),
    (&["anvil_metadata", "hardhat_metadata"], Quick, Rpc::metadata),
    (&["anvil_nodeInfo"], Quick, Rpc::node_info),
    (&["testing_buildBlockV1"], Slow, Rpc::build_block),
    // contracts by their interfaces
    (&["bessemer_getInterface"], Slow, Rpc::get_interface),
    (&["bessemer_decodeInput"], Slow, Rpc::decode_input),
    (&["bessemer_decodeLog"], Slow, Rpc::decode_log),
    (&["bessemer_decodeError"], Slow, Rpc::decode_error),
    (&["bessemer_encodeCall"], Slow, Rpc::encode_call),
    (&["bessemer_decodeOutput"], Slow, Rpc::decode_output),
    (&["bessemer_explainTransaction"], Slow, Rpc::explain_transaction),
];

impl Rpc {
    /// The methods of a node.
    pub fn new(node: Arc<Node>) -> Self {
        Self { node, filters: Mutex::default(), interfaces: Interfaces::default() }
    }

    /// The names of all methods.
    pub fn names() -> impl Iterator<Item = &'static str> {
        METHODS.iter().flat_map(|(names, _, _)| names.iter().copied())
    }

    fn answer(&self, method: Method, params: &jsonrpsee::types::Params<'_>) -> Answer {
        let answer = Params::parse(params.as_str()).and_then(|params| method(self, &params));
        Metrics::count(&self.node.metrics.requests);
        if answer.is_err() {
            Metrics::count(&self.node.metrics.errors);
        }
        answer
    }

    /// The methods as the server has them.
    ///
    /// # Errors
    ///
    /// If two methods have one name.
    pub fn module(self: Arc<Self>) -> Result<RpcModule<Self>, RegisterMethodError> {
        let mut module = RpcModule::from_arc(self);
        for &(names, cost, method) in METHODS {
            for name in names {
                match cost {
                    Quick => module.register_method(name, move |params, rpc, _| {
                        Response(rpc.answer(method, &params))
                    })?,
                    Slow => module.register_blocking_method(name, move |params, rpc, _| {
                        Response(rpc.answer(method, &params))
                    })?,
                };
            }
        }
        subscribe::register(&mut module)?;
        Ok(module)
    }
}

/// An answer as the server sends it.
struct Response(Answer);

impl IntoResponse for Response {
    type Output = Value;

    fn into_response(self) -> ResponsePayload<'static, Value> {
        match self.0 {
            Ok(value) => ResponsePayload::success(value),
            Err(error) => ResponsePayload::error(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_name_is_of_one_method() {
        let mut seen = HashSet::new();
        assert!(Rpc::names().all(|name| seen.insert(name)));
    }
}

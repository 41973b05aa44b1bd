//! Transactions that clients send: signed by them, or by an account of the node.

use alloy_consensus::{SignableTransaction, TxEip1559, TxEip2930, TxEip7702, TxEnvelope, TxLegacy};
use alloy_eips::eip2718::{Decodable2718, Encodable2718};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, eip191_hash_message};
use alloy_rpc_types_eth::TransactionRequest;
use bessemer_evm::{Transaction, TransactionKind};
use serde_json::{Value, json};

use super::call::kind_of;
use super::error::RpcError;
use super::json as form;
use super::params::Params;
use super::{Answer, Rpc};

/// The most bytes of a transaction (go-ethereum's limit without blobs).
const MOST_BYTES: usize = 128 * 1024;

impl Rpc {
    pub(super) fn send_raw(&self, params: &Params) -> Answer {
        let raw: Bytes = params.get(0)?;
        Ok(form::hash(&self.submit_raw(&raw)?))
    }

    fn submit_raw(&self, raw: &[u8]) -> Result<B256, RpcError> {
        let envelope = decode(raw)?;
        let transaction = Transaction::from_envelope(&envelope)
            .map_err(|error| RpcError::server(format!("invalid sender: {error}")))?;
        self.submit(envelope, transaction, false)
    }

    fn submit(
        &self,
        envelope: TxEnvelope,
        transaction: Transaction,
        impersonated: bool,
    ) -> Result<B256, RpcError> {
        let sent = self
            .node
            .write_blocking(move |miner| miner.submit(envelope, transaction, impersonated))?;
        Ok(sent?)
    }

    /// Sends and waits for the receipt (EIP-7966).
    pub(super) fn send_raw_sync(&self, params: &Params) -> Answer {
        let raw: Bytes = params.get(0)?;
        let timeout =
            params.optional_number(1)?.map_or(2000, |millis| millis.saturating_to::<u64>());
        let begin = std::time::Instant::now();
        let mut events = self.node.subscribe();
        let hash = self.submit_raw(&raw)?;
        let limit = std::time::Duration::from_millis(timeout.min(60_000));
        loop {
            if let Some(place) = self.node.ledger().transaction(&hash)? {
                return Ok(form::receipt(&place.block, place.index, None));
            }
            // whatever happens may have been the block; this is not a thread of the runtime
            let rest = limit.saturating_sub(begin.elapsed());
            let event = tokio::time::timeout(rest, events.recv());
            if tokio::runtime::Handle::current().block_on(event).is_err() {
                let message = format!("transaction {hash} is in no block after {timeout} ms");
                return Err(RpcError {
                    data: Some(hash.to_vec().into()),
                    ..RpcError::new(4, message)
                });
            }
        }
    }

    pub(super) fn send_transaction(&self, params: &Params) -> Answer {
        let request = params.request(0)?;
        let sender =
            request.from.or_else(|| self.node.with_wallet(|wallet| wallet.addresses().next()));
        let sender = sender.ok_or_else(|| RpcError::params("the request has no sender (from)"))?;
        let (envelope, impersonated) = self.signed(&request, sender)?;
        let transaction = Transaction { sender, ..of_envelope(&envelope) };
        Ok(form::hash(&self.submit(envelope, transaction, impersonated)?))
    }

    pub(super) fn sign_transaction(&self, params: &Params) -> Answer {
        let request = params.request(0)?;
        let sender =
            request.from.ok_or_else(|| RpcError::params("the request has no sender (from)"))?;
        let (envelope, impersonated) = self.signed(&request, sender)?;
        if impersonated {
            return Err(no_key(&sender));
        }
        let raw = envelope.encoded_2718();
        Ok(json!({ "raw": form::bytes(&raw), "tx": form::loose(&envelope, &sender) }))
    }

    /// Fills in the fields that a request does not have.
    pub(super) fn fill_transaction(&self, params: &Params) -> Answer {
        let request = params.request(0)?;
        let sender = request.from.unwrap_or_default();
        let envelope = self.filled(&request, sender)?.unsigned();
        let raw = envelope.encoded_2718();
        Ok(json!({ "raw": form::bytes(&raw), "tx": form::loose(&envelope, &sender) }))
    }

    /// Fills a request in and signs it with the key of its sender, or for an impersonated one.
    fn signed(
        &self,
        request: &TransactionRequest,
        sender: Address,
    ) -> Result<(TxEnvelope, bool), RpcError> {
        let filled = self.filled(request, sender)?;
        let signature = self.node.with_wallet(|wallet| {
            if wallet.impersonates(&sender) {
                return Ok(None);
            }
            let hash = filled.signature_hash();
            wallet.sign(&sender, &hash).map(Some).ok_or_else(|| no_key(&sender))
        })?;
        match signature {
            Some(signature) => Ok((filled.sign(signature), false)),
            None => {
                // not a valid signature, and another for each sender, so that hashes differ
                let mark = Signature::new(U256::from_be_slice(sender.as_slice()), U256::ONE, false);
                Ok((filled.sign(mark), true))
            }
        }
    }

    fn filled(&self, request: &TransactionRequest, sender: Address) -> Result<Unsigned, RpcError> {
        let kind = kind_of(request)?;
        let chain_id = self.node.spec.chain_id;
        if let Some(found) = request.chain_id.filter(|&found| found != chain_id) {
            return Err(RpcError::params(format!(
                "chainId does not match node's (have={found}, want={chain_id})"
            )));
        }
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => {
                let (nonce, _) = self.node.account(&sender);
                self.node.pool().next_nonce(&sender, nonce)
            }
        };
        let tip = request.max_priority_fee_per_gas.unwrap_or_else(|| self.suggested_tip().into());
        let base_fee: u128 = self.next_base_fee().saturating_to();
        let max_fee = request.max_fee_per_gas.or(request.gas_price);
        let max_fee = max_fee.unwrap_or_else(|| base_fee.saturating_mul(2).saturating_add(tip));
        let tip = if request.max_priority_fee_per_gas.is_none() { tip.min(max_fee) } else { tip };
        let gas_price = request.gas_price.unwrap_or_else(|| base_fee.saturating_add(tip));
        let gas_limit = match request.gas {
            Some(gas) => gas,
            None => {
                let mut asked = request.clone();
                asked.from = Some(sender);
                asked.nonce = Some(nonce);
                let selected = self.select(alloy_eips::BlockId::latest())?;
                let prepared = self.prepare_request(&asked, selected, Default::default(), None)?;
                self.estimate(&prepared, None)?
            }
        };
        let input = request.input.input.clone().or_else(|| request.input.data.clone());
        let (input, value) = (input.unwrap_or_default(), request.value.unwrap_or_default());
        let to = request.to.unwrap_or(TxKind::Create);
        let called = || match to {
            TxKind::Call(to) => Ok(to),
            TxKind::Create => {
                Err(RpcError::params("a transaction of this type creates no contract"))
            }
        };
        let access_list = request.access_list.clone().unwrap_or_default();
        Ok(match kind {
            TransactionKind::Legacy => Unsigned::Legacy(TxLegacy {
                chain_id: Some(chain_id),
                nonce,
                gas_price,
                gas_limit,
                to,
                value,
                input,
            }),
            TransactionKind::AccessList => Unsigned::AccessList(TxEip2930 {
                chain_id,
                nonce,
                gas_price,
                gas_limit,
                to,
                value,
                access_list,
                input,
            }),
            TransactionKind::DynamicFee => Unsigned::DynamicFee(TxEip1559 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: max_fee,
                max_priority_fee_per_gas: tip,
                to,
                value,
                access_list,
                input,
            }),
            TransactionKind::SetCode => Unsigned::SetCode(TxEip7702 {
                chain_id,
                nonce,
                gas_limit,
                max_fee_per_gas: max_fee,
                max_priority_fee_per_gas: tip,
                to: called()?,
                value,
                access_list,
                authorization_list: request.authorization_list.clone().unwrap_or_default(),
                input,
            }),
            TransactionKind::Blob => {
                return Err(RpcError::server(
                    "transactions with blobs must come signed, with eth_sendRawTransaction",
                ));
            }
        })
    }

    pub(super) fn sign(&self, params: &Params) -> Answer {
        self.sign_message(params.get(0)?, &params.get::<Bytes>(1)?)
    }

    pub(super) fn personal_sign(&self, params: &Params) -> Answer {
        self.sign_message(params.get(1)?, &params.get::<Bytes>(0)?)
    }

    fn sign_message(&self, address: Address, message: &[u8]) -> Answer {
        let hash = eip191_hash_message(message);
        let signature = self.node.with_wallet(|wallet| wallet.sign(&address, &hash));
        let signature = signature.ok_or_else(|| no_key(&address))?;
        Ok(form::bytes(&signature.as_bytes()))
    }

    pub(super) fn sign_typed_data(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let data = match params.value(1) {
            // some clients send the data as text
            Some(Value::String(text)) => serde_json::from_str(text),
            Some(value) => serde_json::from_value(value.clone()),
            None => return Err(RpcError::params("missing value for required argument 1")),
        };
        let data: alloy_dyn_abi::TypedData =
            data.map_err(|error| RpcError::params(format!("invalid argument 1: {error}")))?;
        let hash = data
            .eip712_signing_hash()
            .map_err(|error| RpcError::params(format!("invalid argument 1: {error}")))?;
        let signature = self.node.with_wallet(|wallet| wallet.sign(&address, &hash));
        let signature = signature.ok_or_else(|| no_key(&address))?;
        Ok(form::bytes(&signature.as_bytes()))
    }
}

fn no_key(address: &Address) -> RpcError {
    RpcError::server(format!("unknown account: the node has no key of {address}"))
}

/// Reads a signed transaction. Of one with blobs, the blobs themselves are let go.
fn decode(raw: &[u8]) -> Result<TxEnvelope, RpcError> {
    let wrong =
        |error: String| RpcError::params(format!("the bytes are not a transaction: {error}"));
    if raw.first() == Some(&3) {
        let mut rest = raw;
        type Pooled = alloy_consensus::EthereumTxEnvelope<
            alloy_consensus::TxEip4844WithSidecar<
                alloy_eips::eip7594::BlobTransactionSidecarVariant,
            >,
        >;
        if let Ok(pooled) = Pooled::decode_2718(&mut rest) {
            return Ok(pooled
                .map_eip4844(|with| alloy_consensus::TxEip4844Variant::from(with.into_parts().0)));
        }
    } else if raw.len() > MOST_BYTES {
        return Err(RpcError::server(format!(
            "oversized data: transaction size {}, limit {MOST_BYTES}",
            raw.len()
        )));
    }
    let mut rest = raw;
    let envelope = TxEnvelope::decode_2718(&mut rest).map_err(|error| wrong(error.to_string()))?;
    if !rest.is_empty() {
        return Err(wrong(format!("{} bytes follow it", rest.len())));
    }
    Ok(envelope)
}

/// A signed transaction as the pool keeps it.
pub(super) fn waiting(raw: &[u8]) -> Result<std::sync::Arc<crate::pool::Waiting>, RpcError> {
    let envelope = decode(raw)?;
    let transaction = Transaction::from_envelope(&envelope)
        .map_err(|error| RpcError::server(format!("invalid sender: {error}")))?;
    Ok(crate::pool::Waiting::of(envelope, transaction))
}

/// A transaction that is complete but for its signature.
enum Unsigned {
    Legacy(TxLegacy),
    AccessList(TxEip2930),
    DynamicFee(TxEip1559),
    SetCode(TxEip7702),
}

impl Unsigned {
    fn signature_hash(&self) -> B256 {
        match self {
            Self::Legacy(transaction) => transaction.signature_hash(),
            Self::AccessList(transaction) => transaction.signature_hash(),
            Self::DynamicFee(transaction) => transaction.signature_hash(),
            Self::SetCode(transaction) => transaction.signature_hash(),
        }
    }

    fn sign(self, signature: Signature) -> TxEnvelope {
        match self {
            Self::Legacy(transaction) => transaction.into_signed(signature).into(),
            Self::AccessList(transaction) => transaction.into_signed(signature).into(),
            Self::DynamicFee(transaction) => transaction.into_signed(signature).into(),
            Self::SetCode(transaction) => transaction.into_signed(signature).into(),
        }
    }

    /// With a signature of zeros.
    fn unsigned(self) -> TxEnvelope {
        self.sign(Signature::new(U256::ZERO, U256::ZERO, false))
    }
}

/// The transaction of an unsigned envelope; the sender is not in it.
pub(super) fn of_envelope(envelope: &TxEnvelope) -> Transaction {
    use alloy_consensus::{Transaction as _, Typed2718};
    let fee = envelope.max_fee_per_gas();
    let kind = match envelope.ty() {
        1 => TransactionKind::AccessList,
        2 => TransactionKind::DynamicFee,
        3 => TransactionKind::Blob,
        4 => TransactionKind::SetCode,
        _ => TransactionKind::Legacy,
    };
    Transaction {
        kind,
        hash: *envelope.tx_hash(),
        chain_id: envelope.chain_id(),
        sender: Address::ZERO,
        nonce: envelope.nonce(),
        gas_limit: envelope.gas_limit(),
        max_fee_per_gas: U256::from(fee),
        max_priority_fee_per_gas: U256::from(envelope.max_priority_fee_per_gas().unwrap_or(fee)),
        to: envelope.to(),
        value: envelope.value(),
        input: envelope.input().clone(),
        access_list: envelope.access_list().map(super::call::items).unwrap_or_default(),
        blob_hashes: envelope.blob_versioned_hashes().unwrap_or_default().to_vec(),
        max_fee_per_blob_gas: U256::from(envelope.max_fee_per_blob_gas().unwrap_or(0)),
        authorizations: envelope
            .authorization_list()
            .unwrap_or_default()
            .iter()
            .map(<_>::from)
            .collect(),
    }
}

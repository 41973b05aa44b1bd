//! Envelopes to transactions.

use alloy_consensus::transaction::SignerRecoverable;
use alloy_consensus::{Transaction as _, TxEnvelope, TxType};
use alloy_eips::eip2718::Decodable2718;
use alloy_eips::eip7702::SignedAuthorization;
use alloy_primitives::U256;

use crate::transaction::{AccessListItem, Authorization, Transaction, TransactionKind};

/// Bytes that are not a signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// They are not an envelope of types 0 to 4.
    #[error("the bytes are not a transaction: {0}")]
    Envelope(String),
    /// Something follows the envelope.
    #[error("{0} bytes follow the transaction")]
    Trailing(usize),
    /// The signature is not valid: r or s is out of range, s is in the upper half (EIP-2), or there is
    /// no such point.
    #[error("the signature of the transaction is not valid")]
    Signature,
}

impl Transaction {
    /// The transaction in an envelope of type 0 to 4 (EIP-2718), with the sender who signed it.
    ///
    /// ```
    /// use bessemer_evm::Transaction;
    /// use bessemer_evm::alloy_primitives::hex;
    ///
    /// // the example of EIP-155
    /// let raw = hex!(
    ///     "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a0"
    ///     "28ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b"
    ///     "3800ccf555c9f3dc64214b297fb1966a3b6d83"
    /// );
    /// let transaction = Transaction::decode(&raw)?;
    /// assert_eq!((transaction.chain_id, transaction.nonce), (Some(1), 9));
    /// assert_eq!(
    ///     transaction.sender.to_string().to_lowercase(),
    ///     "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"
    /// );
    /// # Ok::<(), bessemer_evm::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// For bytes that are not a signed transaction, and for bytes that follow one.
    pub fn decode(raw: &[u8]) -> Result<Self, DecodeError> {
        let mut rest = raw;
        let envelope = TxEnvelope::decode_2718(&mut rest)
            .map_err(|error| DecodeError::Envelope(error.to_string()))?;
        if !rest.is_empty() {
            return Err(DecodeError::Trailing(rest.len()));
        }
        Self::from_envelope(&envelope)
    }

    /// The transaction in a decoded envelope.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Signature`] if its signature is not valid.
    pub fn from_envelope(envelope: &TxEnvelope) -> Result<Self, DecodeError> {
        let sender = envelope.recover_signer().map_err(|_| DecodeError::Signature)?;
        let kind = match envelope.tx_type() {
            TxType::Legacy => TransactionKind::Legacy,
            TxType::Eip2930 => TransactionKind::AccessList,
            TxType::Eip1559 => TransactionKind::DynamicFee,
            TxType::Eip4844 => TransactionKind::Blob,
            TxType::Eip7702 => TransactionKind::SetCode,
        };
        let fee = envelope.max_fee_per_gas();
        let access_list = envelope.access_list().into_iter().flat_map(|list| &list.0);
        let authorizations = envelope.authorization_list().unwrap_or_default();
        Ok(Self {
            kind,
            hash: *envelope.tx_hash(),
            chain_id: envelope.chain_id(),
            sender,
            nonce: envelope.nonce(),
            gas_limit: envelope.gas_limit(),
            max_fee_per_gas: U256::from(fee),
            max_priority_fee_per_gas: U256::from(
                envelope.max_priority_fee_per_gas().unwrap_or(fee),
            ),
            to: envelope.to(),
            value: envelope.value(),
            input: envelope.input().clone(),
            access_list: access_list
                .map(|item| AccessListItem {
                    address: item.address,
                    slots: item.storage_keys.clone(),
                })
                .collect(),
            blob_hashes: envelope.blob_versioned_hashes().unwrap_or_default().to_vec(),
            max_fee_per_blob_gas: U256::from(envelope.max_fee_per_blob_gas().unwrap_or(0)),
            authorizations: authorizations.iter().map(Authorization::from).collect(),
        })
    }
}

impl From<&SignedAuthorization> for Authorization {
    fn from(signed: &SignedAuthorization) -> Self {
        Self {
            chain_id: *signed.chain_id(),
            address: *signed.address(),
            nonce: signed.nonce(),
            authority: signed.recover_authority().ok(),
        }
    }
}

//! Parameters in all their forms: absent, null, too few, tags, hashes and numbers.

use std::sync::Arc;

use alloy_eips::BlockId;
use alloy_primitives::U256;
use alloy_rpc_types_eth::{BlockNumberOrTag, TransactionRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Rpc;
use super::error::RpcError;
use crate::backend::{Environment, World};
use crate::block::Sealed;

/// The parameters of one request, by position.
pub(super) struct Params(Vec<Value>);

/// A block that a request names, with what it is good for.
pub(super) struct Selected {
    /// The block; a pending one is not part of the chain.
    pub(super) block: Arc<Sealed>,
    /// The state after it.
    pub(super) world: World,
    /// The block that calls see.
    pub(super) environment: Environment,
}

impl Params {
    /// Reads parameters; none at all are an empty list.
    ///
    /// # Errors
    ///
    /// If they are not a list.
    pub(super) fn parse(json: Option<&str>) -> Result<Self, RpcError> {
        let Some(json) = json else { return Ok(Self(Vec::new())) };
        match serde_json::from_str(json) {
            Ok(Value::Array(list)) => Ok(Self(list)),
            Ok(Value::Null) => Ok(Self(Vec::new())),
            Ok(_) => Err(RpcError::params("parameters are a list")),
            Err(error) => Err(RpcError::params(error.to_string())),
        }
    }

    /// These parameters.
    pub(super) fn of(list: Vec<Value>) -> Self {
        Self(list)
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    ///
    /// If it is missing or not in its form.
    pub(super) fn get<T: DeserializeOwned>(&self, index: usize) -> Result<T, RpcError> {
        let missing = || RpcError::params(format!("missing value for required argument {index}"));
        self.optional(index)?.ok_or_else(missing)
    }

    /// A parameter that may be missing or null.
    ///
    /// # Errors
    ///
    /// If it is there and not in its form.
    pub(super) fn optional<T: DeserializeOwned>(
        &self,
        index: usize,
    ) -> Result<Option<T>, RpcError> {
        match self.0.get(index) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let wrong = |error| RpcError::params(format!("invalid argument {index}: {error}"));
                T::deserialize(value).map(Some).map_err(wrong)
            }
        }
    }

    /// A parameter as it came.
    pub(super) fn value(&self, index: usize) -> Option<&Value> {
        self.0.get(index)
    }

    /// A number, in any of the forms that clients send: hexadecimal, decimal text, or JSON.
    ///
    /// # Errors
    ///
    /// If it is missing or not in its form.
    pub(super) fn number(&self, index: usize) -> Result<U256, RpcError> {
        let missing = || RpcError::params(format!("missing value for required argument {index}"));
        self.optional_number(index)?.ok_or_else(missing)
    }

    /// Like [`Params::number`], and it may be missing or null.
    ///
    /// # Errors
    ///
    /// If it is there and not in its form.
    pub(super) fn optional_number(&self, index: usize) -> Result<Option<U256>, RpcError> {
        self.optional::<Number>(index).map(|found| found.map(|number| number.0))
    }

    /// Like [`Params::number`], for what has 64 bits.
    ///
    /// # Errors
    ///
    /// If it is missing, not in its form, or larger.
    pub(super) fn small_number(&self, index: usize) -> Result<u64, RpcError> {
        let number = self.number(index)?;
        number.try_into().map_err(|_| {
            RpcError::params(format!("invalid argument {index}: {number} is above 2^64"))
        })
    }

    /// The number of a block or a tag.
    ///
    /// # Errors
    ///
    /// If it is missing or not in its form.
    pub(super) fn tag(&self, index: usize) -> Result<BlockNumberOrTag, RpcError> {
        self.get(index)
    }

    /// A block by number, tag or hash (EIP-1898); the newest if it is missing.
    ///
    /// # Errors
    ///
    /// If it is not in its form.
    pub(super) fn block(&self, index: usize) -> Result<BlockId, RpcError> {
        Ok(self.optional(index)?.unwrap_or_else(BlockId::latest))
    }

    /// The request of a transaction or a call.
    ///
    /// # Errors
    ///
    /// If it is not in its form, or has data of two kinds that differ.
    pub(super) fn request(&self, index: usize) -> Result<TransactionRequest, RpcError> {
        request_of(self.value(index).unwrap_or(&Value::Null), index)
    }
}

/// A call as requests have it. `data` and `input` may both be there if they are equal.
pub(super) fn request_of(value: &Value, index: usize) -> Result<TransactionRequest, RpcError> {
    let wrong = |error: String| RpcError::params(format!("invalid argument {index}: {error}"));
    let request =
        TransactionRequest::deserialize(value).map_err(|error| wrong(error.to_string()))?;
    let (input, data) = (&request.input.input, &request.input.data);
    if input.is_some() && data.is_some() && input != data {
        return Err(wrong("both data and input are there, and not equal".to_owned()));
    }
    if request.gas_price.is_some()
        && request.max_fee_per_gas.or(request.max_priority_fee_per_gas).is_some()
    {
        return Err(RpcError::server(
            "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified",
        ));
    }
    Ok(request)
}

/// A number in any of the forms that clients send.
struct Number(U256);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = |text: &str| serde::de::Error::custom(format!("{text:?} is not a number"));
        match Value::deserialize(deserializer)? {
            Value::Number(number) => {
                let whole = number.as_u64().map(U256::from);
                // development scripts compute times, and send them as they are
                let rounded = || number.as_f64().filter(|number| (0.0..1e18).contains(number));
                let rounded = || rounded().map(|number| U256::from(number as u64));
                whole.or_else(rounded).map(Self).ok_or_else(|| wrong(&number.to_string()))
            }
            Value::String(text) => {
                let digits = text.strip_prefix("0x");
                let (digits, base) = digits.map_or((text.as_str(), 10), |digits| (digits, 16));
                if digits.is_empty() && base == 16 {
                    return Ok(Self(U256::ZERO));
                }
                U256::from_str_radix(digits, base).map(Self).map_err(|_| wrong(&text))
            }
            other => Err(wrong(&other.to_string())),
        }
    }
}

/// The key of a slot: up to 32 bytes in hexadecimal digits.
pub(super) fn slot(text: &str) -> Result<U256, RpcError> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let wrong = |what: &str| RpcError::params(format!("{what}: {text:?}"));
    if digits.len() > 64 {
        return Err(wrong("storage key too long (want at most 32 bytes)"));
    }
    if digits.is_empty() {
        return Ok(U256::ZERO);
    }
    U256::from_str_radix(digits, 16).map_err(|_| wrong("invalid hex in storage key"))
}

impl Rpc {
    /// The block that a request names.
    ///
    /// # Errors
    ///
    /// If there is no such block.
    pub(super) fn block(&self, id: BlockId) -> Result<Option<Arc<Sealed>>, RpcError> {
        let ledger = self.node.ledger();
        Ok(match id {
            BlockId::Hash(hash) => ledger.block_by_hash(&hash.block_hash)?,
            BlockId::Number(BlockNumberOrTag::Number(number)) => ledger.block(number)?,
            BlockId::Number(BlockNumberOrTag::Earliest) => ledger.block(0)?,
            BlockId::Number(BlockNumberOrTag::Pending) => Some(Arc::new(self.pending()?)),
            // there is one writer and no fork, so what is there is final
            BlockId::Number(
                BlockNumberOrTag::Latest | BlockNumberOrTag::Safe | BlockNumberOrTag::Finalized,
            ) => Some(Arc::clone(ledger.head())),
        })
    }

    /// The block that would be made now of what waits.
    fn pending(&self) -> Result<Sealed, RpcError> {
        let built = self.node.write_blocking(|miner| miner.pending_block())?;
        Ok(built?)
    }

    /// The block that a request names, with its state.
    ///
    /// # Errors
    ///
    /// If there is no such block.
    pub(super) fn select(&self, id: BlockId) -> Result<Selected, RpcError> {
        let is_pending = id == BlockId::Number(BlockNumberOrTag::Pending);
        let ledger = self.node.ledger();
        let block = self.block(id)?.ok_or_else(RpcError::no_block)?;
        // what was set by hand since the newest block is part of the newest state
        let is_head = !is_pending && block.hash == ledger.head().hash;
        let world = if is_head { ledger.world.clone() } else { ledger.after(&block)? };
        let environment = Environment::of_header(&self.node.spec, &block.header, &ledger.hashes());
        Ok(Selected { block, world, environment })
    }

    /// The state that a request names.
    ///
    /// # Errors
    ///
    /// If there is no such block.
    pub(super) fn world(&self, id: BlockId) -> Result<World, RpcError> {
        if id == BlockId::latest() {
            return Ok(self.node.ledger().world.clone());
        }
        Ok(self.select(id)?.world)
    }
}

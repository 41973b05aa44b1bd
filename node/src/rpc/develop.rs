//! Methods of development nodes only: time, blocks, state and accounts by hand. The names are those of
//! Hardhat and anvil.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

use super::error::RpcError;
use super::json::{self as form, quantity};
use super::params::{Params, slot};
use super::read::client_version;
use super::{Answer, Rpc};
use crate::backend::Hand;
use crate::miner::{Attributes, MOST_BLOCKS, Miner, Mining};
use crate::spec::MAX_TIME;

impl Rpc {
    pub(super) fn snapshot(&self, _: &Params) -> Answer {
        Ok(quantity(self.node.write_blocking(Miner::snapshot)??))
    }

    pub(super) fn revert(&self, params: &Params) -> Answer {
        let number = params.small_number(0)?;
        Ok(self.node.write_blocking(move |miner| miner.revert(number))??.into())
    }

    pub(super) fn evm_mine(&self, params: &Params) -> Answer {
        // a time, or what anvil takes: { timestamp, blocks }
        let (timestamp, blocks) = match params.value(0) {
            Some(Value::Object(options)) => {
                let list = Params::of(vec![
                    options.get("timestamp").cloned().unwrap_or_default(),
                    options.get("blocks").cloned().unwrap_or_default(),
                ]);
                (list.optional_number(0)?, list.optional_number(1)?)
            }
            _ => (params.optional_number(0)?, None),
        };
        let blocks = blocks.map_or(1, |blocks| blocks.saturating_to());
        self.make_blocks(blocks, timestamp.map(|time| time.saturating_to()), None)?;
        Ok(quantity(0_u8))
    }

    pub(super) fn mine(&self, params: &Params) -> Answer {
        let blocks = params.optional_number(0)?.map_or(1, |blocks| blocks.saturating_to());
        let interval = params.optional_number(1)?.map(|interval| interval.saturating_to());
        self.make_blocks(blocks, None, interval)?;
        Ok(Value::Null)
    }

    fn make_blocks(
        &self,
        blocks: u64,
        timestamp: Option<u64>,
        interval: Option<u64>,
    ) -> Result<(), RpcError> {
        if blocks > MOST_BLOCKS {
            return Err(RpcError::params(format!(
                "at most {MOST_BLOCKS} blocks at once, not {blocks}"
            )));
        }
        self.node.write_blocking(move |miner| {
            if let Some(time) = timestamp
                && !miner.set_next_timestamp(time)
            {
                return Err(too_early(time));
            }
            Ok(miner.mine_many(blocks, interval)?)
        })?
    }

    pub(super) fn increase_time(&self, params: &Params) -> Answer {
        let seconds = params.small_number(0)?;
        let seconds = i64::try_from(seconds)
            .map_err(|_| RpcError::params(format!("{seconds} seconds are above 2^63")))?;
        let offset = self.node.write_blocking(move |miner| miner.increase_time(seconds))?;
        Ok(json!(offset))
    }

    pub(super) fn set_time(&self, params: &Params) -> Answer {
        let time = params.small_number(0)?;
        // JavaScript counts milliseconds
        let time = if time > 100_000_000_000 { time / 1000 } else { time };
        let offset = self.node.write_blocking(move |miner| miner.set_time(time))?;
        Ok(json!(offset))
    }

    pub(super) fn set_next_timestamp(&self, params: &Params) -> Answer {
        let time = params.small_number(0)?;
        if !self.node.write_blocking(move |miner| miner.set_next_timestamp(time))? {
            return Err(too_early(time));
        }
        Ok(Value::Null)
    }

    pub(super) fn set_timestamp_interval(&self, params: &Params) -> Answer {
        let seconds = params.small_number(0)?;
        self.node.write_blocking(move |miner| miner.set_timestamp_interval(Some(seconds)))?;
        Ok(Value::Null)
    }

    pub(super) fn remove_timestamp_interval(&self, _: &Params) -> Answer {
        self.node.write_blocking(|miner| miner.set_timestamp_interval(None))?;
        Ok(true.into())
    }

    pub(super) fn get_automine(&self, _: &Params) -> Answer {
        Ok((self.node.write_blocking(|miner| miner.mining())? == Mining::Automatic).into())
    }

    pub(super) fn set_automine(&self, params: &Params) -> Answer {
        let on: bool = params.get(0)?;
        self.node.write_blocking(move |miner| {
            if on {
                miner.set_mining(Mining::Automatic);
            } else if miner.mining() == Mining::Automatic {
                miner.set_mining(Mining::Manual);
            }
        })?;
        Ok(Value::Null)
    }

    fn set_interval(&self, interval: Duration) -> Answer {
        let mining = if interval.is_zero() { Mining::Manual } else { Mining::Interval(interval) };
        self.node.write_blocking(move |miner| miner.set_mining(mining))?;
        Ok(Value::Null)
    }

    /// In milliseconds, as Hardhat has it.
    pub(super) fn evm_set_interval(&self, params: &Params) -> Answer {
        self.set_interval(Duration::from_millis(params.small_number(0)?))
    }

    /// In seconds, as anvil has it.
    pub(super) fn anvil_set_interval(&self, params: &Params) -> Answer {
        self.set_interval(Duration::from_secs(params.small_number(0)?))
    }

    pub(super) fn get_interval(&self, _: &Params) -> Answer {
        Ok(match self.node.write_blocking(|miner| miner.mining())? {
            Mining::Interval(interval) => json!(interval.as_secs()),
            Mining::Automatic | Mining::Manual => Value::Null,
        })
    }

    /// Changes the state of an account by hand.
    fn change(&self, address: Address, hand: Hand) -> Result<(), RpcError> {
        let changed =
            self.node.write_blocking(move |miner| miner.change_account(&address, &hand))?;
        Ok(changed?)
    }

    pub(super) fn set_balance(&self, params: &Params) -> Answer {
        self.change(params.get(0)?, Hand::Balance(params.number(1)?))?;
        Ok(Value::Null)
    }

    pub(super) fn add_balance(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        let (_, balance) = self.node.account(&address);
        self.change(address, Hand::Balance(balance.saturating_add(params.number(1)?)))?;
        Ok(Value::Null)
    }

    pub(super) fn set_nonce(&self, params: &Params) -> Answer {
        self.change(params.get(0)?, Hand::Nonce(params.small_number(1)?))?;
        Ok(Value::Null)
    }

    pub(super) fn set_code(&self, params: &Params) -> Answer {
        self.change(params.get(0)?, Hand::Code(params.get::<Bytes>(1)?))?;
        Ok(Value::Null)
    }

    pub(super) fn set_storage_at(&self, params: &Params) -> Answer {
        let slot = slot(&params.get::<String>(1)?)?;
        let value = params.number(2)?;
        self.change(params.get(0)?, Hand::Slot(slot, value))?;
        Ok(true.into())
    }

    pub(super) fn impersonate(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        self.node.change_wallet(|wallet| wallet.impersonate(address, true));
        Ok(Value::Null)
    }

    pub(super) fn stop_impersonating(&self, params: &Params) -> Answer {
        let address: Address = params.get(0)?;
        self.node.change_wallet(|wallet| wallet.impersonate(address, false));
        Ok(Value::Null)
    }

    pub(super) fn auto_impersonate(&self, params: &Params) -> Answer {
        let on: bool = params.get(0)?;
        self.node.change_wallet(|wallet| wallet.impersonate_all(on));
        Ok(Value::Null)
    }

    pub(super) fn set_coinbase(&self, params: &Params) -> Answer {
        let coinbase: Address = params.get(0)?;
        self.node.write_blocking(move |miner| miner.set_coinbase(coinbase))?;
        Ok(Value::Null)
    }

    pub(super) fn set_next_base_fee(&self, params: &Params) -> Answer {
        let fee = params.small_number(0)?;
        self.node.write_blocking(move |miner| miner.set_next_base_fee(fee))?;
        Ok(Value::Null)
    }

    pub(super) fn set_prevrandao(&self, params: &Params) -> Answer {
        let randomness: B256 = params.get(0)?;
        self.node.write_blocking(move |miner| miner.set_next_randomness(randomness))?;
        Ok(Value::Null)
    }

    pub(super) fn set_gas_limit(&self, params: &Params) -> Answer {
        let limit = params.small_number(0)?;
        self.node.write_blocking(move |miner| miner.set_gas_limit(limit))?;
        Ok(true.into())
    }

    pub(super) fn drop_transaction(&self, params: &Params) -> Answer {
        let hash: B256 = params.get(0)?;
        let dropped = self.node.write_blocking(move |miner| miner.drop_transaction(&hash))?;
        Ok(if dropped { form::hash(&hash) } else { Value::Null })
    }

    pub(super) fn drop_all(&self, _: &Params) -> Answer {
        self.node.write_blocking(Miner::drop_all)?;
        Ok(Value::Null)
    }

    pub(super) fn reset(&self, params: &Params) -> Answer {
        let forks = |value: &Value| value.get("forking").is_some_and(|forking| !forking.is_null());
        if params.value(0).is_some_and(forks) {
            return Err(RpcError::server(
                "this node does not fork other chains; reset without forking",
            ));
        }
        self.node.write_blocking(Miner::reset)??;
        Ok(Value::Null)
    }

    pub(super) fn metadata(&self, _: &Params) -> Answer {
        let ledger = self.node.ledger();
        let head = ledger.head();
        Ok(json!({
            "clientVersion": client_version(),
            "chainId": self.node.spec.chain_id,
            "instanceId": form::hash(&self.node.instance),
            "latestBlockNumber": head.header.number,
            "latestBlockHash": form::hash(&head.hash),
            "forkedNetwork": null,
            "snapshots": {},
        }))
    }

    pub(super) fn node_info(&self, _: &Params) -> Answer {
        let ledger = self.node.ledger();
        let head = ledger.head();
        let header = &head.header;
        let fork = self.node.spec.fork(header.number, header.timestamp);
        Ok(json!({
            "currentBlockNumber": quantity(header.number),
            "currentBlockTimestamp": header.timestamp,
            "currentBlockHash": form::hash(&head.hash),
            "hardFork": fork.to_string(),
            "transactionOrder": "fees",
            "environment": {
                "baseFee": quantity(header.base_fee_per_gas.unwrap_or(0)),
                "chainId": self.node.spec.chain_id,
                "gasLimit": quantity(header.gas_limit),
                "gasPrice": form::quantity_256(&(self.next_base_fee() + U256::from(self.suggested_tip()))),
            },
            "forkConfig": { "forkUrl": null, "forkBlockNumber": null, "forkRetryBackoff": null },
        }))
    }

    /// A block of what waits, that is not added to the chain (execution-apis, `testing_`).
    pub(super) fn build_block(&self, params: &Params) -> Answer {
        let parent: B256 = params.get(0)?;
        let wanted: Value = params.get(1)?;
        let list = Params::of(
            [
                "timestamp",
                "prevRandao",
                "suggestedFeeRecipient",
                "parentBeaconBlockRoot",
                "withdrawals",
            ]
            .map(|name| wanted.get(name).cloned().unwrap_or_default())
            .to_vec(),
        );
        let attributes = Attributes {
            timestamp: Some(list.small_number(0)?),
            prevrandao: Some(list.get(1)?),
            coinbase: Some(list.get(2)?),
            beacon_root: list.optional(3)?,
            withdrawals: list.optional(4)?.unwrap_or_default(),
            extra_data: params.optional(3)?.unwrap_or_default(),
        };
        let raw: Option<Vec<Bytes>> = params.optional(2)?;
        if self.node.ledger().head().hash != parent {
            return Err(RpcError::server("the parent of the block is not the newest block"));
        }
        let chosen = raw.map(|raw| {
            raw.iter().map(|raw| super::send::waiting(raw)).collect::<Result<Vec<_>, _>>()
        });
        let chosen = chosen.transpose()?;
        let built = self.node.write_blocking(move |miner| miner.build_with(&attributes, chosen))?;
        Ok(super::payload::payload(&built?))
    }
}

fn too_early(time: u64) -> RpcError {
    RpcError::params(format!(
        "timestamp {time} is not after the newest block's, or is above {MAX_TIME}"
    ))
}

//! The form of fixtures.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::number::{Fixed, Hex, Number};

/// The tests of one file, by name.
pub(super) type File = BTreeMap<String, Test>;

#[derive(Debug, Deserialize)]
pub(super) struct Test {
    pub(super) env: Env,
    pub(super) pre: BTreeMap<Fixed<20>, Account>,
    pub(super) transaction: Transaction,
    pub(super) post: BTreeMap<String, Vec<Post>>,
    #[serde(default)]
    pub(super) config: Config,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Env {
    pub(super) current_coinbase: Fixed<20>,
    pub(super) current_gas_limit: Number,
    pub(super) current_number: Number,
    pub(super) current_timestamp: Number,
    pub(super) current_difficulty: Option<Number>,
    pub(super) current_random: Option<Number>,
    pub(super) current_base_fee: Option<Number>,
    pub(super) current_excess_blob_gas: Option<Number>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Account {
    pub(super) nonce: Number,
    pub(super) balance: Number,
    pub(super) code: Hex,
    #[serde(default)]
    pub(super) storage: BTreeMap<String, Number>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config {
    pub(super) chainid: Option<Number>,
    #[serde(default)]
    pub(super) blob_schedule: BTreeMap<String, BlobSchedule>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BlobSchedule {
    pub(super) max: Number,
    pub(super) base_fee_update_fraction: Number,
}

/// The type of the transaction follows from which fields are there, even if they are empty.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    pub(super) nonce: Number,
    pub(super) gas_price: Option<Number>,
    pub(super) max_fee_per_gas: Option<Number>,
    pub(super) max_priority_fee_per_gas: Option<Number>,
    pub(super) gas_limit: Vec<Number>,
    #[serde(default)]
    pub(super) to: String,
    pub(super) value: Vec<Number>,
    pub(super) data: Vec<Hex>,
    pub(super) sender: Option<Fixed<20>>,
    pub(super) secret_key: Option<Fixed<32>>,
    pub(super) access_lists: Option<Vec<Option<Vec<AccessListItem>>>>,
    pub(super) max_fee_per_blob_gas: Option<Number>,
    pub(super) blob_versioned_hashes: Option<Vec<Fixed<32>>>,
    pub(super) authorization_list: Option<Vec<Authorization>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccessListItem {
    pub(super) address: Fixed<20>,
    #[serde(default)]
    pub(super) storage_keys: Vec<Fixed<32>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Authorization {
    pub(super) chain_id: Number,
    pub(super) address: Fixed<20>,
    pub(super) nonce: Number,
    pub(super) v: Option<Number>,
    pub(super) y_parity: Option<Number>,
    pub(super) r: Number,
    pub(super) s: Number,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Post {
    pub(super) hash: Fixed<32>,
    pub(super) logs: Fixed<32>,
    pub(super) indexes: Indexes,
    #[serde(default)]
    pub(super) txbytes: Option<Hex>,
    pub(super) expect_exception: Option<String>,
    pub(super) state: Option<BTreeMap<Fixed<20>, Account>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Indexes {
    pub(super) data: usize,
    pub(super) gas: usize,
    pub(super) value: usize,
}

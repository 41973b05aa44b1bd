//! The file `genesis.json`, in the form that Ethereum's clients share.

use std::collections::BTreeMap;

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, B64, B256, Bytes, U64, U256};
use bessemer_evm::Fork;
use serde::Deserialize;

use super::{DEPOSIT_CONTRACT, MAX_TIME, Spec};

/// How a chain begins.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// The rules of the chain.
    pub spec: Spec,
    /// The time of the first block, in seconds since 1970.
    pub timestamp: u64,
    /// The gas limit of the first block.
    pub gas_limit: u64,
    /// The base fee of the first block; `None` before EIP-1559.
    pub base_fee: Option<u64>,
    /// The difficulty of the first block.
    pub difficulty: U256,
    /// Bytes of the first block without a meaning.
    pub extra_data: Bytes,
    /// The field of the first block that proof of work fills.
    pub mix_hash: B256,
    /// The other field of the first block that proof of work fills.
    pub nonce: B64,
    /// The maker of the first block.
    pub coinbase: Address,
    /// The accounts of the first block.
    pub accounts: BTreeMap<Address, GenesisAccount>,
}

/// An account of the first block.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisAccount {
    /// The balance.
    #[serde(default, deserialize_with = "number")]
    pub balance: U256,
    /// The transactions that it sent.
    #[serde(default)]
    pub nonce: U64,
    /// Its bytecode.
    #[serde(default)]
    pub code: Bytes,
    /// The storage.
    #[serde(default)]
    pub storage: BTreeMap<B256, B256>,
}

/// A file that is not a description of a first block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// It is not JSON in the expected form.
    #[error("the genesis file is not in its form: {0}")]
    Json(#[from] serde_json::Error),
    /// A fork is switched on that this program does not know.
    #[error("the genesis file switches on {0:?}, a fork that is not known here")]
    UnknownFork(String),
    /// The chain would begin at the end of time.
    #[error("the genesis file has the timestamp {0}, and at most {MAX_TIME} is taken")]
    Time(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    config: Config,
    #[serde(default)]
    nonce: U64,
    #[serde(default)]
    timestamp: U64,
    #[serde(default)]
    extra_data: Bytes,
    gas_limit: U64,
    base_fee_per_gas: Option<U64>,
    #[serde(default)]
    difficulty: U256,
    #[serde(default)]
    mix_hash: B256,
    #[serde(default)]
    coinbase: Address,
    alloc: BTreeMap<Address, GenesisAccount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    chain_id: u64,
    homestead_block: Option<u64>,
    #[serde(rename = "eip150Block")]
    eip150_block: Option<u64>,
    #[serde(rename = "eip158Block")]
    eip158_block: Option<u64>,
    byzantium_block: Option<u64>,
    petersburg_block: Option<u64>,
    constantinople_block: Option<u64>,
    istanbul_block: Option<u64>,
    berlin_block: Option<u64>,
    london_block: Option<u64>,
    merge_netsplit_block: Option<u64>,
    #[serde(default)]
    terminal_total_difficulty: Option<serde_json::Number>,
    shanghai_time: Option<u64>,
    cancun_time: Option<u64>,
    prague_time: Option<u64>,
    osaka_time: Option<u64>,
    amsterdam_time: Option<u64>,
    bpo1_time: Option<u64>,
    bpo2_time: Option<u64>,
    bpo3_time: Option<u64>,
    bpo4_time: Option<u64>,
    bpo5_time: Option<u64>,
    #[serde(default)]
    blob_schedule: BTreeMap<String, Blobs>,
    deposit_contract_address: Option<Address>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Blobs {
    target: u64,
    max: u64,
    base_fee_update_fraction: u64,
}

impl Genesis {
    /// Reads a genesis file.
    ///
    /// # Errors
    ///
    /// If it is not in the form that Ethereum's clients share, or asks for a fork that is not known.
    pub fn parse(json: &[u8]) -> Result<Self, GenesisError> {
        let file: File = serde_json::from_slice(json)?;
        let spec = file.config.spec()?;
        let timestamp = file.timestamp.to::<u64>();
        if timestamp > MAX_TIME {
            return Err(GenesisError::Time(timestamp));
        }
        let base_fee = file.base_fee_per_gas.map(|fee| fee.to());
        let default_base_fee =
            spec.fork(0, timestamp).has(Fork::London).then_some(INITIAL_BASE_FEE);
        Ok(Self {
            timestamp,
            gas_limit: file.gas_limit.to(),
            base_fee: base_fee.or(default_base_fee),
            difficulty: file.difficulty,
            extra_data: file.extra_data,
            mix_hash: file.mix_hash,
            nonce: B64::from(file.nonce.to::<u64>().to_be_bytes()),
            coinbase: file.coinbase,
            accounts: file.alloc,
            spec,
        })
    }
}

/// The base fee that a chain begins with (EIP-1559).
pub(crate) const INITIAL_BASE_FEE: u64 = 1_000_000_000;

impl Config {
    fn spec(self) -> Result<Spec, GenesisError> {
        if self.amsterdam_time.is_some() {
            return Err(GenesisError::UnknownFork("amsterdam".to_owned()));
        }
        let from_begin =
            self.terminal_total_difficulty.as_ref().and_then(serde_json::Number::as_u64) == Some(0);
        let paris = self.merge_netsplit_block.or(from_begin.then_some(0));
        let by_number = [
            (self.homestead_block, Fork::Homestead),
            (self.eip150_block, Fork::TangerineWhistle),
            (self.eip158_block, Fork::SpuriousDragon),
            (self.byzantium_block, Fork::Byzantium),
            (self.constantinople_block, Fork::Constantinople),
            (self.petersburg_block, Fork::Petersburg),
            (self.istanbul_block, Fork::Istanbul),
            (self.berlin_block, Fork::Berlin),
            (self.london_block, Fork::London),
            (paris, Fork::Paris),
        ];
        let by_time = [
            (self.shanghai_time, Fork::Shanghai),
            (self.cancun_time, Fork::Cancun),
            (self.prague_time, Fork::Prague),
            (self.osaka_time, Fork::Osaka),
        ];
        let schedule = |name: &str, default: BlobParams| {
            let found = self.blob_schedule.get(name);
            found.map_or(default, |blobs| BlobParams {
                target_blob_count: blobs.target,
                max_blob_count: blobs.max,
                update_fraction: blobs.base_fee_update_fraction.max(1).into(),
                max_blobs_per_tx: default.max_blobs_per_tx.min(blobs.max),
                ..default
            })
        };
        let blobs = [
            (self.cancun_time, "cancun", BlobParams::cancun()),
            (self.prague_time, "prague", BlobParams::prague()),
            (self.osaka_time, "osaka", BlobParams::osaka()),
            (self.bpo1_time, "bpo1", BlobParams::bpo1()),
            (self.bpo2_time, "bpo2", BlobParams::bpo2()),
            (self.bpo3_time, "bpo3", BlobParams::bpo2()),
            (self.bpo4_time, "bpo4", BlobParams::bpo2()),
            (self.bpo5_time, "bpo5", BlobParams::bpo2()),
        ];
        Ok(Spec {
            chain_id: self.chain_id,
            by_number: begun(by_number),
            by_time: begun(by_time),
            blobs: begun(blobs.map(|(begin, name, default)| (begin, schedule(name, default)))),
            deposit_contract: self.deposit_contract_address.unwrap_or(DEPOSIT_CONTRACT),
        })
    }
}

/// The forks that have a begin. Of two with the same begin, the later one counts.
fn begun<T, const N: usize>(forks: [(Option<u64>, T); N]) -> Vec<(u64, T)> {
    forks.into_iter().filter_map(|(begin, fork)| Some((begin?, fork))).collect()
}

/// A number in hexadecimal or decimal digits, as genesis files have both.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    U256::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_begin_where_the_file_says() {
        let genesis = Genesis::parse(
            br#"{"config":{"chainId":7,"homesteadBlock":0,"londonBlock":5,"mergeNetsplitBlock":9,
                "shanghaiTime":100,"cancunTime":200,"bpo1Time":300,
                "blobSchedule":{"bpo1":{"target":10,"max":15,"baseFeeUpdateFraction":8346193}}},
                "gasLimit":"0x5f5e100","alloc":{"0c2c51a0990aee1d73c1228de158688341557508":
                {"balance":"0x10","storage":{}}}}"#,
        )
        .unwrap();
        let spec = &genesis.spec;
        let forks = [(0, 0, Fork::Homestead), (5, 50, Fork::London), (9, 99, Fork::Paris)];
        for (number, time, fork) in forks.into_iter().chain([(9, 100, Fork::Shanghai)]) {
            assert_eq!(spec.fork(number, time), fork, "block {number} at {time}");
        }
        assert_eq!(spec.blobs(199), None);
        assert_eq!(spec.blobs(200).map(|blobs| blobs.max_blob_count), Some(6));
        assert_eq!(spec.blobs(300).map(|blobs| blobs.max_blob_count), Some(15));
        assert_eq!(genesis.base_fee, None);
        assert_eq!(
            genesis.accounts.values().next().map(|account| account.balance),
            Some(U256::from(16))
        );
    }

    #[test]
    fn unknown_forks_are_refused() {
        let error = Genesis::parse(
            br#"{"config":{"chainId":7,"amsterdamTime":0},"gasLimit":"0x1","alloc":{}}"#,
        );
        assert!(matches!(error, Err(GenesisError::UnknownFork(_))), "{error:?}");
    }
}

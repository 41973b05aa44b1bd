//! One test: its transaction, on the state and in the block that it gives.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use bessemer_chain::evm::{Checks, Env, logs};
use bessemer_chain::store::ChangeSet;
use bessemer_chain::{BlockInfo, Chain, ChainError, Receipt, Refusal, SecretKey};
use bessemer_evm::alloy_eips::eip7702::{self, SignedAuthorization};
use bessemer_evm::alloy_primitives::{Address, B256, U256, keccak256};
use bessemer_evm::{
    AccessListItem, Authorization, BlobParams, Fork, Rules, Transaction, TransactionKind,
    blob_base_fee,
};
use bessemer_runtime::{Backend, Config, Engine};

use super::exception::{TOO_LARGE, is_expected, is_one_of};
use super::fixture::{self, File, Indexes, Post, Test};
use super::number::{Fixed, Number};
use super::state::{Before, State, Whole, whole};
use super::{Failure, Filter, SKIPPED, SKIPPED_FORKS, Summary};

/// Runs tests, one after the other.
pub(super) struct Runner {
    chain: Chain,
}

/// A transaction of a fixture.
enum Asked {
    /// One that can be written as an envelope.
    Transaction(Box<Transaction>),
    /// A field holds more than its type.
    TooLarge(&'static str),
}

impl Runner {
    pub(super) fn new() -> Result<Self> {
        let engine = Engine::new(Config::new().backend(Backend::Interpreter))?;
        Ok(Self { chain: Chain::in_memory(&engine)? })
    }

    /// Runs the tests of a file.
    pub(super) fn file(&self, path: &Path, name: &str, filter: &Filter) -> Summary {
        let failed = |test: &str, reason: String| Failure {
            file: name.to_owned(),
            test: test.to_owned(),
            reason,
        };
        let mut summary = Summary::default();
        let read = std::fs::read(path).context("the file cannot be read");
        let parsed = read.and_then(|bytes| {
            serde_json::from_slice::<File>(&bytes).context("the file is not a state test")
        });
        let tests = match parsed {
            Ok(tests) => tests,
            Err(error) => {
                summary.failures.push(failed("", format!("{error:#}")));
                return summary;
            }
        };
        for (title, test) in &tests {
            let wanted = |part: &String| name.contains(part) || title.contains(part);
            if !filter.name.as_ref().is_none_or(wanted) {
                continue;
            }
            for (fork_name, posts) in &test.post {
                let skipped = SKIPPED.iter().any(|(part, _)| title.contains(part))
                    || SKIPPED_FORKS.iter().any(|(skipped, _)| skipped == fork_name);
                if skipped {
                    summary.skipped += posts.len();
                    continue;
                }
                let fork = match Fork::from_str(fork_name) {
                    Ok(fork) => fork,
                    Err(error) => {
                        summary.ran += posts.len();
                        summary.failures.push(failed(title, error.to_string()));
                        continue;
                    }
                };
                if filter.fork.is_some_and(|wanted| wanted != fork) {
                    continue;
                }
                for post in posts {
                    summary.ran += 1;
                    if let Err(error) = self.test(test, fork_name, fork, post) {
                        let Indexes { data, gas, value } = post.indexes;
                        let which =
                            format!("{title} [{fork}, data {data} gas {gas} value {value}]");
                        summary.failures.push(failed(&which, format!("{error:#}")));
                    }
                }
            }
        }
        summary
    }

    fn test(&self, test: &Test, fork_name: &str, fork: Fork, post: &Post) -> Result<()> {
        let state = Arc::new(State::of(&test.pre)?);
        let env = env(test, fork_name, fork)?;
        let asked = asked(test, post)?;
        let expected = post.expect_exception.as_deref();
        let mut ethereum = self.chain.ethereum(Arc::new(Before(Arc::clone(&state))), env);
        let outcome = match &asked {
            Asked::Transaction(transaction) => ethereum.transact(transaction, Checks::ALL, None),
            Asked::TooLarge(field) => {
                let expected = expected.with_context(|| format!("{field} is too large"))?;
                ensure!(is_one_of(expected, TOO_LARGE), "{field} is too large, not {expected}");
                return check_state(&state, &ChangeSet::default(), post);
            }
        };
        let receipt = match (outcome, expected) {
            (Ok(receipt), None) => Some(receipt),
            (Ok(_), Some(expected)) => bail!("the transaction was not refused with {expected}"),
            (Err(ChainError::Refused(Refusal::Ethereum(invalid))), Some(expected)) => {
                let right = is_expected(expected, &invalid);
                ensure!(right, "refused because {invalid}, and not with {expected}");
                None
            }
            (Err(error), _) => return Err(error.into()),
        };
        let changes = if receipt.is_some() { ethereum.changes() } else { ChangeSet::default() };
        check_state(&state, &changes, post)?;
        check_logs(receipt.as_ref(), post)
    }
}

/// The block that a fixture gives.
fn env(test: &Test, fork_name: &str, fork: Fork) -> Result<Env> {
    let given = &test.env;
    let word = |number: Option<Number>| number.and_then(Number::word).unwrap_or_default();
    let mut rules = Rules::new(fork);
    if let Some(schedule) = test.config.blob_schedule.get(fork_name) {
        let block = schedule.max.saturated();
        rules.blobs = BlobParams {
            block,
            transaction: block.min(rules.blobs.transaction),
            update_fraction: schedule.base_fee_update_fraction.saturated(),
        };
    }
    let excess = given.current_excess_blob_gas.map_or(0, Number::saturated);
    let difficulty = word(given.current_difficulty);
    let block = BlockInfo {
        chain_id: test.config.chainid.map_or(1, Number::saturated),
        height: given.current_number.saturated(),
        timestamp: given.current_timestamp.saturated(),
        gas_limit: given.current_gas_limit.saturated(),
        coinbase: bessemer_chain::Address::new(given.current_coinbase.0),
        base_fee: word(given.current_base_fee),
        blob_base_fee: blob_base_fee(excess, rules.blobs.update_fraction),
        prev_randao: word(given.current_random.or(given.current_difficulty)).to_be_bytes(),
        difficulty,
    };
    // the blocks before are not given: their hashes are agreed on
    let hash = |number: u64| Some(keccak256(number.to_string()).0);
    Ok(Env { block, rules: Arc::new(rules), hashes: Arc::new(hash) })
}

/// The transaction that a fixture asks for, once by its fields and once by its bytes.
fn asked(test: &Test, post: &Post) -> Result<Asked> {
    let chain_id = test.config.chainid.map_or(1, Number::saturated);
    let fields = match fields(&test.transaction, post.indexes, chain_id) {
        Ok(transaction) => transaction,
        Err(TooLarge(field)) => return Ok(Asked::TooLarge(field)),
    };
    let raw = post.txbytes.as_ref().map(|hex| &*hex.0).filter(|raw| !raw.is_empty());
    let Some(raw) = raw else { return Ok(Asked::Transaction(Box::new(fields))) };
    match Transaction::decode(raw) {
        Ok(decoded) => {
            let same =
                Transaction { hash: decoded.hash, chain_id: decoded.chain_id, ..fields.clone() };
            if decoded != same && post.expect_exception.is_none() {
                bail!("the envelope says {decoded:?}, and the fields {same:?}");
            }
            Ok(Asked::Transaction(Box::new(same)))
        }
        // fees of more than 128 bits, and creations by types that cannot, have no envelope
        Err(error) => match &post.expect_exception {
            None => bail!("{error}"),
            Some(_) => Ok(Asked::Transaction(Box::new(fields))),
        },
    }
}

/// A field that holds more than its type.
struct TooLarge(&'static str);

/// The transaction by its fields.
fn fields(
    given: &fixture::Transaction,
    indexes: Indexes,
    chain_id: u64,
) -> Result<Transaction, TooLarge> {
    let word = |number: Number, name| number.word().ok_or(TooLarge(name));
    let price =
        |number: Option<Number>, name| word(number.unwrap_or(Number::Small(U256::ZERO)), name);
    let list = given.access_lists.as_ref();
    let list = list.and_then(|lists| lists.get(indexes.data).cloned().flatten());
    let kind = if given.authorization_list.is_some() {
        TransactionKind::SetCode
    } else if given.blob_versioned_hashes.is_some() || given.max_fee_per_blob_gas.is_some() {
        TransactionKind::Blob
    } else if given.max_fee_per_gas.is_some() {
        TransactionKind::DynamicFee
    } else if list.is_some() {
        TransactionKind::AccessList
    } else {
        TransactionKind::Legacy
    };
    let (fee, tip) = match kind {
        TransactionKind::Legacy | TransactionKind::AccessList => {
            let price = price(given.gas_price, "the gas price")?;
            (price, price)
        }
        _ => (
            price(given.max_fee_per_gas, "the fee")?,
            price(given.max_priority_fee_per_gas, "the tip")?,
        ),
    };
    let at = |name| TooLarge(name);
    let to = given.to.trim_start_matches("0x");
    let to = if to.is_empty() { None } else { Address::from_str(to).ok() };
    Ok(Transaction {
        kind,
        hash: B256::ZERO,
        chain_id: Some(chain_id),
        sender: sender(given),
        nonce: given.nonce.short().ok_or(TooLarge("the nonce"))?,
        gas_limit: given
            .gas_limit
            .get(indexes.gas)
            .and_then(|limit| limit.short())
            .ok_or(at("the gas limit"))?,
        max_fee_per_gas: fee,
        max_priority_fee_per_gas: tip,
        to,
        value: given
            .value
            .get(indexes.value)
            .and_then(|value| value.word())
            .ok_or(at("the value"))?,
        input: given.data.get(indexes.data).ok_or(at("the data"))?.0.clone().into(),
        access_list: list
            .unwrap_or_default()
            .into_iter()
            .map(|item| AccessListItem {
                address: item.address.0.into(),
                slots: item.storage_keys.iter().map(|slot| slot.0.into()).collect(),
            })
            .collect(),
        blob_hashes: given
            .blob_versioned_hashes
            .iter()
            .flatten()
            .map(|hash| hash.0.into())
            .collect(),
        max_fee_per_blob_gas: price(given.max_fee_per_blob_gas, "the blob fee")?,
        authorizations: given.authorization_list.iter().flatten().map(authorization).collect(),
    })
}

fn sender(given: &fixture::Transaction) -> Address {
    let of_key = |key: Fixed<32>| SecretKey::from_bytes(key.0).map(|key| key.address());
    match (given.sender, given.secret_key.and_then(of_key)) {
        (Some(sender), _) => sender.0.into(),
        (None, Some(address)) => (*address.as_bytes()).into(),
        (None, None) => Address::ZERO,
    }
}

fn authorization(given: &fixture::Authorization) -> Authorization {
    let parity = given.y_parity.or(given.v).and_then(Number::short);
    let numbers = (given.chain_id.word(), given.nonce.short(), given.r.word(), given.s.word());
    let address = given.address.0.into();
    let (Some(chain_id), Some(nonce), Some(r), Some(s)) = numbers else {
        // no envelope holds it
        return Authorization { chain_id: U256::MAX, address, nonce: u64::MAX, authority: None };
    };
    let parity = parity.and_then(|parity| u8::try_from(parity).ok()).unwrap_or(u8::MAX);
    let unsigned = eip7702::Authorization { chain_id, address, nonce };
    Authorization::from(&SignedAuthorization::new_unchecked(unsigned, parity, r, s))
}

fn check_state(before: &State, changes: &ChangeSet, post: &Post) -> Result<()> {
    let (root, expected) = (before.root_after(changes)?, B256::from(post.hash.0));
    if root == expected {
        return Ok(());
    }
    let mut after = before.clone();
    after.apply(changes);
    let found = after.accounts()?;
    let Some(accounts) = &post.state else {
        bail!("the state root is {root}, not {expected}");
    };
    let accounts: BTreeMap<_, _> = accounts
        .iter()
        .map(|(address, account)| Ok((bessemer_chain::Address::new(address.0), whole(account)?)))
        .collect::<Result<_>>()?;
    let mut addresses: Vec<_> = accounts.keys().chain(found.keys()).collect();
    addresses.sort_unstable();
    for address in addresses {
        let (is, should) = (found.get(address), accounts.get(address));
        if is != should {
            bail!("account {address} differs: {}", difference(is, should));
        }
    }
    bail!("the state root is {root}, not {expected}, and no account differs")
}

fn difference(is: Option<&Whole>, should: Option<&Whole>) -> String {
    let (Some(is), Some(should)) = (is, should) else {
        return format!("it is {is:?}, and should be {should:?}");
    };
    if is.account != should.account {
        return format!("it is {:?}, and should be {:?}", is.account, should.account);
    }
    let mut slots: Vec<_> = is.storage.keys().chain(should.storage.keys()).collect();
    slots.sort_unstable();
    let word = |whole: &Whole, slot: &B256| whole.storage.get(slot).copied().unwrap_or_default();
    let slot = slots.into_iter().find(|&slot| word(is, slot) != word(should, slot));
    slot.map_or(String::new(), |slot| {
        format!("slot {slot} is {:#x}, and should be {:#x}", word(is, slot), word(should, slot))
    })
}

fn check_logs(receipt: Option<&Receipt>, post: &Post) -> Result<()> {
    let logs = receipt.map(logs).unwrap_or_default();
    let (hash, expected) = (keccak256(alloy_rlp::encode(&logs)), B256::from(post.logs.0));
    ensure!(hash == expected, "the hash of the {} logs is {hash}, not {expected}", logs.len());
    Ok(())
}

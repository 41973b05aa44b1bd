//! A history on a chain, beside the model.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use bessemer_chain::store::MemoryStore;
use bessemer_chain::{
    AccessList, Action, Address, Block, Chain, ChainConfig, ChainError, Prices, Receipt, Refusal,
    StateKey, Status, Transaction, U256,
};
use bessemer_runtime::{Backend, Config, Engine};

use super::Health;
use super::history::{ENDOWED, History, RECIPIENT, copy, sender};
use super::model::{Model, World};

/// The engines that run histories: the interpreter and the translator.
pub struct Engines(Vec<(&'static str, Engine)>);

/// The outcome of a history by the model.
pub struct Expected {
    blocks: Vec<ExpectedBlock>,
    timely: bool,
    /// Counts.
    pub health: Health,
}

struct ExpectedBlock {
    transactions: Vec<(Transaction, Result<Receipt, Refusal>)>,
    /// A query before the block, and how it ends.
    query: Query,
    world: World,
}

struct Query {
    from: Address,
    to: Address,
    input: Vec<u8>,
    gas: u64,
    /// The output, or status, gas used and output of one that fails.
    result: Result<Vec<u8>, (Status, u64, Vec<u8>)>,
}

const BLOCK_GAS: u64 = 1 << 40;
const CHAIN_ID: u64 = 77;

impl Engines {
    /// Both.
    ///
    /// # Errors
    ///
    /// If an engine cannot be made on this machine.
    pub fn new() -> Result<Self> {
        let backends = [("interpreter", Backend::Interpreter), ("translator", Backend::Jit)];
        let engine = |(name, backend)| Ok((name, Engine::new(Config::new().backend(backend))?));
        Ok(Self(backends.into_iter().map(engine).collect::<Result<_>>()?))
    }

    /// The first difference between a history on the model and on each engine; `None` if there is
    /// none.
    pub fn difference(&self, expected: &Expected) -> Option<String> {
        self.0.iter().find_map(|(name, engine)| {
            let error = compare(engine, expected).err()?;
            Some(format!("{name}: {error:#}"))
        })
    }

    /// The first difference between receipts and state of a history with its blocks as they are, and
    /// with its transactions in blocks of `size`; for a history that is not timely.
    ///
    /// # Errors
    ///
    /// If a chain fails.
    pub fn cut_difference(&self, expected: &Expected, size: usize) -> Result<Option<String>> {
        let (_, engine) = self.0.last().context("there are engines")?;
        let mut chain = chain(engine, expected.timely)?;
        let (genesis, blocks) = expected.blocks.split_first().context("a history has a genesis")?;
        let all: Vec<_> = blocks.iter().flat_map(|block| &block.transactions).collect();
        let blocks = std::iter::once(genesis.transactions.iter().collect::<Vec<_>>());
        let blocks = blocks.chain(all.chunks(size).map(<[_]>::to_vec));
        for transactions in blocks {
            let mut block = chain.block();
            for (transaction, result) in transactions {
                let place = (block.info().height, block.receipts().len() as u32);
                let actual = push(&mut block, transaction)?;
                let expected = result.clone().map(|receipt| Receipt {
                    height: place.0,
                    index: place.1,
                    ..receipt
                });
                if let Some(difference) = results_differ(&expected, &actual) {
                    return Ok(Some(format!("blocks of {size}: {difference}")));
                }
            }
            block.commit()?;
        }
        let world = expected.blocks.last().map(|block| &block.world);
        Ok(world
            .and_then(|world| state_differs(&chain, world).err())
            .map(|error| error.to_string()))
    }
}

impl Expected {
    /// Runs a history on the model.
    pub fn of(history: &History) -> Self {
        let mut model = Model::new(CHAIN_ID);
        for (number, amount) in (0..).zip(ENDOWED) {
            model.next_block();
            model.endow(&sender(number), U256::from(amount));
        }
        let mut health = Health { histories: 1, ..Health::default() };
        let mut blocks = Vec::new();
        for planned in &history.blocks {
            model.next_block();
            let first = planned.first().map(|planned| planned.resolve(&model));
            let query = query(&model, first.as_ref());
            let (mut fees, mut gas) = (U256::ZERO, BLOCK_GAS);
            let mut transactions = Vec::new();
            let mut index = 0;
            for planned in planned {
                let transaction = planned.resolve(&model);
                let result = model.process(&transaction, index, gas).map(|(receipt, fee)| {
                    fees += fee;
                    gas -= receipt.gas_used;
                    index += 1;
                    receipt
                });
                count(&mut health, &transaction, &result);
                transactions.push((transaction, result));
            }
            if history.timely && !fees.is_zero() {
                model.endow(&RECIPIENT, fees);
            }
            blocks.push(ExpectedBlock { transactions, query, world: model.world.clone() });
        }
        health.merge(&model.health);
        Self { blocks, timely: history.timely, health }
    }
}

fn count(health: &mut Health, transaction: &Transaction, result: &Result<Receipt, Refusal>) {
    let Ok(receipt) = result else {
        health.refused += 1;
        return;
    };
    health.trees += 1;
    health.ended[receipt.status as usize] += 1;
    health.created += receipt.created.len() as u64;
    health.events += receipt.events.len() as u64;
    if transaction.access.is_some() {
        health.declared += 1;
        let traps = receipt.diagnosis.failures.iter().filter_map(|failure| failure.trap);
        let undeclared = bessemer_isa::TrapKind::AccessViolation;
        health.undeclared += traps.filter(|trap| trap.kind == undeclared).count() as u64;
    }
}

/// A query that does what a transaction does.
fn query(model: &Model, transaction: Option<&Transaction>) -> Query {
    let (from, gas) = (sender(1), 3_000_000);
    let (to, input) = match transaction.map(|transaction| &transaction.action) {
        Some(Action::Call { to, input }) => (*to, input.clone()),
        _ => (copy(0), Vec::new()),
    };
    let ended = model.query(from, to, input.clone(), gas);
    let result = match ended.status {
        Status::Return => Ok(ended.output),
        status => Err((status, gas - ended.gas, ended.output)),
    };
    Query { from, to, input, gas, result }
}

fn chain(engine: &Engine, timely: bool) -> Result<Chain> {
    let config = ChainConfig {
        chain_id: CHAIN_ID,
        prices: Prices::V2,
        block_gas: BLOCK_GAS,
        fee_recipient: timely.then_some(RECIPIENT),
        ..ChainConfig::default()
    };
    let mut chain = Chain::on(engine, Arc::new(MemoryStore::new()), config)?;
    for (number, amount) in (0..).zip(ENDOWED) {
        chain.endow(&sender(number), U256::from(amount))?;
    }
    Ok(chain)
}

/// Runs a history on a chain; an error is a difference.
fn compare(engine: &Engine, expected: &Expected) -> Result<()> {
    let mut chain = chain(engine, expected.timely)?;
    for (number, expected) in expected.blocks.iter().enumerate() {
        let place = |index| format!("transaction {index} of block {number}");
        if let Some((transaction, result)) = expected.transactions.first() {
            simulate(&chain, transaction, result).context("simulated").context(place(0))?;
        }
        ask(&mut chain, &expected.query).context(place(0))?;
        let mut block = chain.block();
        for (index, (transaction, result)) in expected.transactions.iter().enumerate() {
            let actual = push(&mut block, transaction).with_context(|| place(index))?;
            if let Some(difference) = results_differ(result, &actual) {
                bail!("{}: {difference}", place(index));
            }
        }
        let sealed = block.commit()?;
        let accepted = expected.transactions.iter().filter(|(_, result)| result.is_ok()).count();
        if sealed.receipts.len() != accepted {
            bail!("block {number} has {} receipts, not {accepted}", sealed.receipts.len());
        }
        state_differs(&chain, &expected.world).with_context(|| format!("after block {number}"))?;
    }
    Ok(())
}

fn push(block: &mut Block<'_>, transaction: &Transaction) -> Result<Result<Receipt, Refusal>> {
    match block.push(transaction) {
        Ok(receipt) => {
            let receipt = receipt.clone();
            let access = Some(block.accessed());
            Ok(Ok(with_access(receipt, access)))
        }
        Err(ChainError::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error.into()),
    }
}

fn with_access(mut receipt: Receipt, access: Option<AccessList>) -> Receipt {
    receipt.diagnosis.access = access;
    receipt
}

/// A simulation has the receipt of the transaction that follows, and keeps nothing. The access list
/// that it reports lets the same transaction do the same.
fn simulate(
    chain: &Chain,
    transaction: &Transaction,
    expected: &Result<Receipt, Refusal>,
) -> Result<()> {
    let actual = match chain.simulate(transaction) {
        Ok(receipt) => Ok(receipt),
        Err(ChainError::Refused(refusal)) => Err(refusal),
        Err(error) => return Err(error.into()),
    };
    if let Some(difference) = results_differ(expected, &actual) {
        bail!("{difference}");
    }
    if actual.is_err() {
        return Ok(());
    }
    // buying the gas of a list changes the balance of the sender, which contracts can see: both runs
    // have gas for nothing
    let free = Transaction { gas_price: U256::ZERO, ..transaction.clone() };
    let unlisted = match chain.simulate(&free) {
        Ok(receipt) => receipt,
        Err(ChainError::Refused(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let list = unlisted.diagnosis.access.clone().context("a simulation reports an access list")?;
    // all but the price of the list itself is the same
    let price = |list: &AccessList| chain.prices().access_entry * list.len() as u64;
    let (own, new) = (transaction.access.as_deref().map_or(0, price), price(&list));
    let listed = Transaction {
        gas_limit: transaction.gas_limit - own + new,
        access: Some(Arc::new(list)),
        ..free
    };
    let expected = Receipt { gas_used: unlisted.gas_used - own + new, ..unlisted };
    let receipt = chain.simulate(&listed).context("under its own access list")?;
    match receipts_differ(&expected, &receipt) {
        Some(difference) => bail!("under its own access list: {difference}"),
        None => Ok(()),
    }
}

fn ask(chain: &mut Chain, query: &Query) -> Result<()> {
    let Query { from, to, input, gas, result } = query;
    let asked = chain.call(*to, "").input(input.clone()).from(*from).gas(*gas).query_bytes();
    let actual = match asked {
        Ok(output) => Ok(output),
        Err(ChainError::Failed(receipt)) => {
            Err((receipt.status, receipt.gas_used, receipt.output.clone()))
        }
        // the model lets an account without code return nothing
        Err(ChainError::NoCode { contract }) => {
            let code = chain.account(&contract)?.code;
            ensure!(code.is_none(), "{contract} has code, and the query finds none");
            Ok(Vec::new())
        }
        Err(error) => return Err(error.into()),
    };
    if actual != *result {
        bail!("queried: expected {result:x?}, found {actual:x?}");
    }
    Ok(())
}

fn results_differ(
    expected: &Result<Receipt, Refusal>,
    actual: &Result<Receipt, Refusal>,
) -> Option<String> {
    match (expected, actual) {
        (Ok(expected), Ok(actual)) => receipts_differ(expected, actual),
        (Err(expected), Err(actual)) if expected == actual => None,
        (Err(expected), actual) => Some(format!("expected refusal: {expected}; {actual:?}")),
        (Ok(expected), Err(actual)) => Some(format!("refused: {actual}; expected {expected:?}")),
    }
}

fn receipts_differ(expected: &Receipt, actual: &Receipt) -> Option<String> {
    let (expected, actual) = (without_reasons(expected), without_reasons(actual));
    macro_rules! first {
        ($($field:ident).+) => {
            let (left, right) = (&expected.$($field).+, &actual.$($field).+);
            if left != right {
                let field = stringify!($($field).+);
                return Some(format!(
                    "{field}: expected {left:x?}, found {right:x?}; expected failures {:x?}, found {:x?}",
                    expected.diagnosis.failures, actual.diagnosis.failures
                ));
            }
        };
    }
    first!(status);
    first!(gas_used);
    first!(output);
    first!(events);
    first!(created);
    first!(diagnosis.failures);
    first!(diagnosis.log);
    first!(diagnosis.access);
    first!(height);
    first!(index);
    first!(sender);
    first!(to);
    let refused = (&expected.diagnosis.refused, &actual.diagnosis.refused);
    (refused.0.is_some() != refused.1.is_some()).then(|| format!("refused: {refused:?}"))
}

/// The receipt without the loader's words in the log.
fn without_reasons(receipt: &Receipt) -> Receipt {
    let mut receipt = receipt.clone();
    for line in &mut receipt.diagnosis.log {
        if let Some(behind) = line.text.find("upload rejected: ") {
            line.text.truncate(behind + "upload rejected: ".len());
        }
    }
    receipt
}

fn state_differs(chain: &Chain, world: &World) -> Result<()> {
    for (address, expected) in &world.accounts {
        let actual = chain.account(address)?;
        if actual != *expected {
            bail!("account {address}: expected {expected:?}, found {actual:?}");
        }
    }
    for ((contract, key), expected) in &world.storage {
        let actual = chain.storage(contract, key)?;
        if actual.as_ref() != Some(expected) {
            bail!("key {key:x?} of {contract}: expected {expected:x?}, found {actual:x?}");
        }
    }
    for hash in &world.codes {
        if chain.store().get(&StateKey::Code(*hash))?.is_none() {
            bail!("code {hash} is not stored");
        }
    }
    let mut found = 0;
    chain.store().for_each(&mut |_, _| found += 1)?;
    // of a file, its sizes are stored too
    let expected = world.accounts.len() + world.storage.len() + 2 * world.codes.len();
    if found != expected {
        bail!("the state has {found} entries, not {expected}");
    }
    Ok(())
}

//! Processor time per gas of transactions.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use bessemer_chain::store::{BlockCommit, ChangeSet, MemoryStore, Store, encode_account};
use bessemer_chain::{
    Account, Action, Address, Chain, ChainConfig, ChainError, Code, CodeHash, CodeSize, Header,
    Prices, Roots, SecretKey, Signed, StateKey, Transaction, U256, Value,
};
use bessemer_image::{Limits, Program};
use bessemer_runtime::{Backend, Config, Engine};
use serde::Serialize;
use tempfile::TempDir;

use super::{Group, Input, Source};
use crate::timing::Samples;

/// One input, measured.
#[derive(Clone, Debug, Serialize)]
pub struct InputRow {
    /// What kind of work.
    pub group: Group,
    /// Its name.
    pub name: String,
    /// Gas of its transactions together; for refused ones, the price of a transaction each.
    pub gas: u64,
    /// Nanoseconds of processor time per gas, natively.
    pub native: f64,
    /// The same in the interpreter.
    pub interpreted: f64,
}

/// All inputs, measured.
#[derive(Clone, Debug, Serialize)]
pub struct InputReport {
    /// The number of the gas schedule.
    pub schedule: u32,
    /// One row per input, the worst first.
    pub rows: Vec<InputRow>,
}

impl InputReport {
    /// Nanoseconds per gas of the token transfers, natively and in the interpreter.
    pub fn transfers(&self) -> Option<&InputRow> {
        self.rows.iter().find(|row| row.group == Group::Transfers)
    }
}

/// What an input does for its gas, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputWork {
    /// Gas that was paid.
    pub gas: u64,
    /// Bytes that the receipts have.
    pub receipt_bytes: u64,
    /// How many receipts there are.
    pub receipts: u64,
}

/// Measures all `inputs` under one schedule. `progress` is called before each, with its name.
///
/// # Errors
///
/// If a contract does not assemble, or the host fails.
pub fn measure_inputs(
    inputs: &[Input],
    prices: Prices,
    rounds: usize,
    mut progress: impl FnMut(&str),
) -> Result<InputReport> {
    let mut rows = Vec::new();
    for input in inputs {
        progress(&input.name);
        let one = |backend| measure_one(input, backend, prices, rounds);
        let both = one(Backend::Jit).and_then(|native| Ok((native, one(Backend::Interpreter)?)));
        let ((gas, native), (_, interpreted)) = both.with_context(|| input.name.clone())?;
        let &Input { group, ref name, .. } = input;
        rows.push(InputRow { group, name: name.clone(), gas, native, interpreted });
    }
    rows.sort_by(|a, b| b.native.total_cmp(&a.native));
    Ok(InputReport { schedule: prices.id, rows })
}

/// Gas of an input, and nanoseconds per gas: the least of `rounds` samples.
///
/// # Errors
///
/// If a contract does not assemble, or the host fails.
pub fn measure_one(
    input: &Input,
    backend: Backend,
    prices: Prices,
    rounds: usize,
) -> Result<(u64, f64)> {
    let mut samples = Samples::empty();
    let mut gas = 0;
    // each deployment is the first one of its code only once
    let again = input.group != Group::Deployments && input.group != Group::ColdLoads;
    let mut made = None;
    for _ in 0..=rounds {
        let (mut scene, transactions) = match made.take() {
            Some(made) if again => made,
            _ => Scene::with(input, backend, prices)?,
        };
        gas = samples.time(|| scene.run(&transactions))?.gas;
        made = Some((scene, transactions));
    }
    ensure!(gas > 0, "no gas was used");
    Ok((gas, samples.timing().min_ns / gas as f64))
}

/// What an input does, counted.
///
/// # Errors
///
/// If a contract does not assemble, or the host fails.
pub fn count(input: &Input, backend: Backend, prices: Prices) -> Result<InputWork> {
    let (mut scene, transactions) = Scene::with(input, backend, prices)?;
    scene.run(&transactions)
}

/// A chain that commits to its state, and a sender. The state is in memory, and native code is in a
/// directory, as on a node that was restarted.
pub(crate) struct Scene {
    chain: Chain,
    store: Arc<MemoryStore>,
    backend: Backend,
    native_code: TempDir,
    key: SecretKey,
    next: u64,
}

impl Scene {
    fn new(backend: Backend, prices: Prices) -> Result<Self> {
        let store = Arc::new(MemoryStore::with_root());
        let native_code = tempfile::tempdir()?;
        let config = ChainConfig { prices, ..ChainConfig::default() };
        let chain = open(&store, backend, &native_code, config)?;
        let key = SecretKey::from_bytes([7; 32]).context("the number is a secret key")?;
        Ok(Self { chain, store, backend, native_code, key, next: 0 })
    }

    /// Opens the chain again, as a node that starts does.
    fn reopen(&mut self, config: ChainConfig) -> Result<()> {
        self.chain = open(&self.store, self.backend, &self.native_code, config)?;
        Ok(())
    }

    /// A scene and the signed transactions of an input.
    fn with(input: &Input, backend: Backend, prices: Prices) -> Result<(Self, Vec<Signed>)> {
        let mut scene = Self::new(backend, prices)?;
        let transactions = match &input.source {
            Source::Made(make) => make(&mut scene)?,
            Source::HostCalls(calls) => {
                let to = scene.deploy(&calls.image()?)?;
                scene.calls(to, 1, 20_000_000)
            }
            Source::Deployment(genome) => {
                let code: Arc<[u8]> = genome.image().into();
                // its constructor runs until the gas ends, which is soon
                let gas = code.len() as u64 * prices.code_byte + 2_000_000;
                let action = Action::Deploy { code, input: vec![1], salt: None };
                vec![scene.transaction(action, gas)]
            }
            Source::Guest(program) => {
                // it has no constructor: the contract that is called is created by its own code
                let to = scene.deploy_endless(&program.image()?)?;
                scene.calls(to, 1, 50_000_000)
            }
        };
        let chain_id = scene.chain.config().chain_id;
        let sign = |transaction| Signed::sign(transaction, chain_id, &scene.key);
        let signed = transactions.into_iter().map(sign).collect();
        Ok((scene, signed))
    }

    /// Deploys a contract.
    pub(super) fn deploy(&mut self, code: &[u8]) -> Result<Address> {
        let request = self.chain.deploy(code.to_vec()).from(self.key.address()).input(vec![1]);
        Ok(request.gas(6_000_000_000).create()?)
    }

    /// Puts a contract whose code has no constructor at an address.
    fn deploy_endless(&mut self, code: &[u8]) -> Result<Address> {
        let hash = CodeHash::of(code);
        let program = Program::parse(code, &Limits::contract().without_estimate())?;
        let size = CodeSize {
            pages: program.entry_pages(),
            file: code.len() as u32,
            text: program.text().bytes().len() as u32,
        };
        let account = Account { nonce: 1, code: Some(Code::RiscV(hash)), ..Account::default() };
        let to = super::stranger(u32::MAX);
        let changes = ChangeSet::new(vec![
            (StateKey::Account(to), encode_account(&account)),
            (StateKey::Code(hash), Some(Value::from(code))),
            (StateKey::CodeSize(hash), Some(size.encode())),
        ]);
        let commitment = self.store.commitment(&changes)?.context("the store commits")?;
        let header = Header {
            height: self.chain.height() + 1,
            timestamp: self.chain.info().timestamp,
            parent: self.chain.head().hash(),
            roots: Some(Roots { state: commitment.root, ..Roots::default() }),
            schedule: self.chain.prices().id,
            ..Header::default()
        };
        let rows = commitment.rows;
        self.store.commit(BlockCommit { header, changes, rows, ..BlockCommit::default() })?;
        let prices = *self.chain.prices();
        self.reopen(ChainConfig { prices, ..ChainConfig::default() })?;
        Ok(to)
    }

    /// The sender's next transaction.
    pub(super) fn transaction(&mut self, action: Action, gas_limit: u64) -> Transaction {
        let sender = self.key.address();
        let nonce = self.chain.account(&sender).map_or(0, |account| account.nonce) + self.next;
        self.next += 1;
        Transaction {
            sender,
            nonce,
            gas_limit,
            gas_price: U256::ZERO,
            value: U256::ZERO,
            action,
            access: None,
        }
    }

    /// Calls without input.
    pub(super) fn calls(&mut self, to: Address, count: usize, gas: u64) -> Vec<Transaction> {
        let call = |_| self.transaction(Action::Call { to, input: Vec::new() }, gas);
        (0..count).map(call).collect()
    }

    /// Token transfers to accounts that have none.
    pub(super) fn transfers(&mut self, count: u32) -> Result<Vec<Transaction>> {
        let image = bessemer_contracts::image("erc20").context("the image of the token")?;
        let supply = U256::from(u128::MAX);
        let request = self.chain.deploy(image).from(self.key.address());
        let token = request.args(("Token", "TOK", 18_u8, supply)).create()?;
        let transfer = |number| {
            let input = bessemer_chain::selector("transfer(address,uint256)");
            let arguments = (super::stranger(number), U256::ONE);
            let input = bessemer_types::encode_behind(&input, &arguments);
            self.transaction(Action::Call { to: token, input }, 10_000_000)
        };
        Ok((0..count).map(transfer).collect())
    }

    /// Makes the chain forget all modules, and keep none.
    pub(super) fn forget(&mut self) -> Result<()> {
        let prices = *self.chain.prices();
        self.reopen(ChainConfig { prices, module_bytes: 0, ..ChainConfig::default() })
    }

    /// Checks the signatures of transactions and executes them in a block, which is sealed and dropped.
    fn run(&mut self, transactions: &[Signed]) -> Result<InputWork> {
        let price = self.chain.prices().transaction;
        let mut work = InputWork::default();
        let mut block = self.chain.block();
        for transaction in transactions {
            match block.push_signed(transaction) {
                Ok(receipt) => {
                    work.gas += receipt.gas_used;
                    work.receipt_bytes += receipt.bytes();
                    work.receipts += 1;
                }
                Err(ChainError::Refused(_)) => work.gas += price,
                Err(error) => return Err(error.into()),
            }
        }
        block.seal()?;
        Ok(work)
    }
}

fn open(
    store: &Arc<MemoryStore>,
    backend: Backend,
    native_code: &TempDir,
    config: ChainConfig,
) -> Result<Chain> {
    let engine = Config::new().backend(backend);
    let engine = Engine::new(engine.cache_dir(native_code.path().join("cache")).memory_cache(0))?;
    Ok(Chain::on(&engine, Arc::clone(store) as Arc<dyn Store>, config)?)
}

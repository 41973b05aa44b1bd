//! Runs transactions.

use std::sync::{Arc, PoisonError, RwLock};

use alloy_eips::eip7840::BlobParams;
use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, address};
use bessemer_chain::evm::{Checks, Env, Ethereum, GAS_SHIFT, to_ethereum};
use bessemer_chain::store::{ChangeSet, StoreError};
use bessemer_chain::{
    Account, BlockInfo, Call, CallKind, Chain, ChainError, Code, CodeHash, Diagnosis, End, Event,
    Inspector, JournalError, Receipt, Refusal, Status,
};
use bessemer_evm::interpreter::interpreter_types::{InputsTr, Jumps, MemoryTr};
use bessemer_evm::{Fork, Invalid, Rules, Transaction};
use bessemer_runtime::Config;

use super::environment::Environment;
use super::state::{AccountOverride, StateOverride, slot_key, slot_value};
use super::trace::{Frame, FrameKind, Step, Tracer};
use super::world::World;
use super::{chain_address, library_address};

/// How a transaction or a call ended.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The gas that it used, after refunds.
    pub gas_used: u64,
    /// The gas that it needed before refunds.
    pub gas_spent: u64,
    /// The output, or the reason of its revert.
    pub output: Bytes,
    /// The events of contracts; empty if it failed.
    pub logs: Vec<Log>,
    /// The contract that it created.
    pub created: Option<Address>,
    /// Whether it was reverted.
    pub reverted: bool,
    /// The name of what halted it, if it failed otherwise.
    pub halted: Option<String>,
    /// Details for people.
    pub diagnosis: Diagnosis,
    /// Why it failed, in a sentence for people, if it did.
    pub explanation: Option<String>,
}

impl Outcome {
    /// Whether it succeeded.
    pub fn succeeded(&self) -> bool {
        !self.reverted && self.halted.is_none()
    }
}

/// The host's own failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event of the deposit contract is not a deposit.
    #[error("an event of the deposit contract has {len} bytes, and a deposit has 576 (EIP-6110)")]
    Deposit {
        /// Bytes of the event.
        len: usize,
    },
    /// The chain cannot run contracts.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The system starts no thread.
    #[error("a thread could not be started: {0}")]
    Thread(std::io::Error),
    /// Overrides that contradict each other.
    #[error("{0}")]
    Override(String),
}

/// Why a transaction did not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The block has not enough gas left.
    #[error("gas limit {limit} is above the {left} that the block has left")]
    BlockGas {
        /// The gas limit.
        limit: u64,
        /// The gas that is left.
        left: u64,
    },
    /// The block has no room for its blobs.
    #[error("the block has no room for the blobs")]
    BlockBlobs,
    /// The host failed.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Rules that were made, with what they were made for.
type KnownRules = (Fork, Option<BlobParams>, Arc<Rules>);

/// State that all runs share: compiled programs, and the rules of forks.
pub struct Engine {
    chain: Chain,
    rules: RwLock<Vec<KnownRules>>,
}

/// A run of transactions, one after the other, over one version of the state.
pub struct Session<'e> {
    engine: &'e Engine,
    environment: Environment,
    base: World,
    ethereum: Ethereum,
    rules: Arc<Rules>,
}

/// The caller of system contracts (EIP-4788 and others).
const SYSTEM: Address = address!("0xfffffffffffffffffffffffffffffffffffffffe");

/// The gas of a call of a system contract.
const SYSTEM_GAS: u64 = 30_000_000;

impl Engine {
    /// An engine for a chain with this identity.
    ///
    /// # Errors
    ///
    /// If the machine cannot run contracts.
    pub fn new() -> Result<Self, Failure> {
        let engine = bessemer_runtime::Engine::new(Config::new()).map_err(ChainError::from)?;
        Ok(Self { chain: Chain::in_memory(&engine)?, rules: RwLock::default() })
    }

    /// Begins a run over a state.
    pub fn session(&self, world: &World, environment: &Environment) -> Session<'_> {
        let rules = self.rules(environment);
        let ethereum = self.chain.ethereum(Arc::new(world.clone()), env(environment, &rules));
        let (environment, base) = (environment.clone(), world.clone());
        Session { engine: self, environment, base, ethereum, rules }
    }

    /// The rules of a block, made once.
    pub fn rules(&self, environment: &Environment) -> Arc<Rules> {
        let (fork, blobs) = (environment.fork, environment.blobs);
        let known = |rules: &[KnownRules]| {
            let found = rules.iter().find(|known| known.0 == fork && known.1 == blobs);
            found.map(|(_, _, rules)| Arc::clone(rules))
        };
        if let Some(rules) = known(&self.rules.read().unwrap_or_else(PoisonError::into_inner)) {
            return rules;
        }
        let mut rules = Rules::new(fork);
        if let Some(blobs) = blobs {
            rules.blobs = bessemer_evm::BlobParams {
                block: blobs.max_blob_count,
                transaction: blobs.max_blobs_per_tx,
                update_fraction: blobs.update_fraction.try_into().unwrap_or(u64::MAX),
            };
        }
        let made = Arc::new(rules);
        let mut all = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        all.push((fork, blobs, Arc::clone(&made)));
        made
    }
}

fn env(environment: &Environment, rules: &Arc<Rules>) -> Env {
    let hashes = Arc::clone(&environment.hashes);
    Env {
        block: BlockInfo {
            chain_id: environment.chain_id,
            height: environment.number,
            timestamp: environment.timestamp,
            gas_limit: environment.gas_limit,
            coinbase: chain_address(&environment.coinbase),
            base_fee: environment.base_fee,
            blob_base_fee: environment.blob_base_fee,
            prev_randao: environment.prevrandao.0,
            difficulty: environment.difficulty,
        },
        rules: Arc::clone(rules),
        hashes: Arc::new(move |number| Some(hashes(number).0)),
    }
}

impl Session<'_> {
    /// Processes a transaction. One that is refused leaves everything as it was.
    ///
    /// # Errors
    ///
    /// [`Refused::Invalid`] if a check fails.
    pub fn transact(
        &mut self,
        transaction: &Transaction,
        checks: Checks,
        tracer: Option<&mut dyn Tracer>,
    ) -> Result<Outcome, Refused> {
        let mut watch = Watch::new(tracer);
        let needed = self.rules.intrinsic_gas(transaction);
        let receipt = self.ethereum.transact(transaction, checks, Some(&mut watch));
        let receipt = receipt.map_err(|error| match error {
            ChainError::Refused(Refusal::Ethereum(invalid)) => Refused::Invalid(invalid),
            error => Refused::Failure(error.into()),
        })?;
        let spent = needed.needed.saturating_add(watch.gas_used).max(needed.floor);
        Ok(Outcome {
            gas_used: receipt.gas_used,
            gas_spent: spent.max(receipt.gas_used).min(transaction.gas_limit),
            reverted: receipt.status == Status::Revert,
            halted: halted(&receipt),
            created: transaction.to.is_none().then(|| library_address(&receipt.to)),
            logs: bessemer_chain::evm::logs(&receipt),
            explanation: (!receipt.succeeded()).then(|| bessemer_chain::sentence(&receipt)),
            output: receipt.output.into(),
            diagnosis: receipt.diagnosis,
        })
    }

    /// Calls a system contract: from the system's address, without fees, and without a trace but for what
    /// the contract does.
    ///
    /// # Errors
    ///
    /// If the host cannot run it.
    pub fn system_call(&mut self, to: Address, input: Bytes) -> Result<Outcome, Failure> {
        let mut call =
            Transaction { sender: SYSTEM, to: Some(to), input, ..Transaction::default() };
        call.gas_limit = SYSTEM_GAS.saturating_add(self.rules.intrinsic_gas(&call).needed);
        let outcome =
            self.transact(&call, Checks::NONE, None).map_err(|refused| match refused {
                Refused::Failure(failure) => failure,
                refused => {
                    Failure::Override(format!("the system contract {to} was not called: {refused}"))
                }
            })?;
        self.ethereum
            .change(|journal| {
                // it counted as a transaction of the caller
                let caller = journal.account(&chain_address(&SYSTEM))?;
                let nonce = caller.account.nonce.saturating_sub(1);
                journal.set_account(caller.id, Account { nonce, ..caller.account })
            })
            .map_err(ChainError::from)?;
        // and used gas of the block
        self.ethereum.set_env(env(&self.environment, &self.rules));
        Ok(outcome)
    }

    /// The code of an account as Ethereum's tools see it.
    ///
    /// # Errors
    ///
    /// If the state cannot be read.
    pub fn code(&mut self, address: &Address) -> Result<Vec<u8>, Failure> {
        let code = self.ethereum.change(|journal| {
            Ok::<_, JournalError>(match journal.account(&chain_address(address))?.account.code {
                None => Vec::new(),
                Some(Code::Evm(hash)) => {
                    journal.bytecode(&hash)?.map(|code| code.to_vec()).unwrap_or_default()
                }
                Some(Code::RiscV(hash)) => Code::designator(&hash).to_vec(),
            })
        });
        Ok(code.map_err(ChainError::from)?)
    }

    /// The balance of an account.
    ///
    /// # Errors
    ///
    /// If the state cannot be read.
    pub fn balance(&mut self, address: &Address) -> Result<U256, Failure> {
        Ok(self.account(address)?.balance)
    }

    /// An account.
    ///
    /// # Errors
    ///
    /// If the state cannot be read.
    pub fn account(&mut self, address: &Address) -> Result<Account, Failure> {
        let found = self.ethereum.change(|journal| journal.account(&chain_address(address)));
        Ok(found.map_err(ChainError::from)?.account)
    }

    /// Gives an account coins out of nothing: rewards and withdrawals. Like every touch, it removes an
    /// account that is empty afterwards, where the fork has that rule.
    ///
    /// # Errors
    ///
    /// If the state cannot be read.
    pub fn credit(&mut self, address: &Address, amount: U256) -> Result<(), Failure> {
        if amount.is_zero() && self.environment.fork.has(Fork::SpuriousDragon) {
            return Ok(());
        }
        let credited = self.ethereum.change(|journal| {
            let found = journal.account(&chain_address(address))?;
            let balance = found.account.balance.saturating_add(amount);
            journal.set_account(found.id, Account { balance, ..found.account })
        });
        Ok(credited.map_err(ChainError::from)?)
    }

    /// Changes the state for what runs after this.
    ///
    /// # Errors
    ///
    /// [`Failure::Override`] if the overrides contradict each other.
    pub fn override_state(&mut self, overrides: &StateOverride) -> Result<(), Failure> {
        if overrides.is_empty() {
            return Ok(());
        }
        let mut rules = Rules::clone(&self.rules);
        for (address, change) in overrides {
            if let Some(to) = change.move_precompile_to_address {
                if !rules.precompiles.contains(address) {
                    return Err(Failure::Override(format!(
                        "account {address} is not a precompile"
                    )));
                }
                if overrides.contains_key(&to) {
                    return Err(Failure::Override(format!("account {to} is already overridden")));
                }
                rules.precompiles.move_to(address, to);
            }
            rules.precompiles.remove(address);
            if change.state.is_some() && change.state_diff.is_some() {
                return Err(Failure::Override(format!(
                    "account {address} has both 'state' and 'stateDiff'"
                )));
            }
            self.override_account(address, change)?;
        }
        self.rules = Arc::new(rules);
        self.ethereum.set_env(env(&self.environment, &self.rules));
        Ok(())
    }

    fn override_account(
        &mut self,
        address: &Address,
        change: &AccountOverride,
    ) -> Result<(), Failure> {
        let at = chain_address(address);
        let done = self.ethereum.change(|journal| {
            let found = journal.account(&at)?;
            let mut account = found.account;
            if let Some(balance) = change.balance {
                account.balance = balance;
            }
            if let Some(nonce) = change.nonce {
                account.nonce = nonce.to();
            }
            match &change.code {
                Some(code) if code.is_empty() => account.code = None,
                Some(code) => {
                    let hash = CodeHash::of(code);
                    journal.put_bytecode(hash, Arc::from(&code[..]))?;
                    account.code = Some(Code::Evm(hash));
                }
                None => {}
            }
            journal.set_account(found.id, account)?;
            if change.state.is_some() {
                for (key, _) in self.base.stored(&at) {
                    let id = journal.storage(&at, &key)?.id;
                    journal.set(id, None)?;
                }
            }
            for (slot, value) in change.state.iter().chain(&change.state_diff).flatten() {
                let id = journal.storage(&at, &slot_key(slot))?.id;
                journal.set(id, slot_value(U256::from_be_bytes(value.0)))?;
            }
            Ok::<_, JournalError>(())
        });
        Ok(done.map_err(ChainError::from)?)
    }

    /// The state after all that ran, with its root.
    ///
    /// # Errors
    ///
    /// If the state cannot be made.
    pub fn world(&self, base: &World) -> Result<World, Failure> {
        Ok(base.with(self.ethereum.changes())?)
    }

    /// What all that ran changes.
    pub fn changes(&self) -> ChangeSet {
        self.ethereum.changes()
    }

    /// The engine that runs it.
    pub fn engine(&self) -> &Engine {
        self.engine
    }
}

/// The name of what halted a transaction; `None` if it succeeded or was reverted.
fn halted(receipt: &Receipt) -> Option<String> {
    match receipt.status {
        Status::Return | Status::Revert => None,
        Status::OutOfGas => Some("out of gas".to_owned()),
        Status::Trap => {
            let program = receipt.diagnosis.failures.iter().any(|failure| failure.trap.is_some());
            Some(if program {
                bessemer_chain::sentence(receipt)
            } else {
                "invalid opcode".to_owned()
            })
        }
    }
}

/// Gas of a frame in Ethereum's units.
fn in_ethereum(gas: u64, is_program: bool) -> u64 {
    if is_program { to_ethereum(gas) } else { gas }
}

/// Watches a transaction for the gas that it spends, and tells a tracer.
struct Watch<'t> {
    tracer: Option<&'t mut dyn Tracer>,
    gas_used: u64,
}

impl<'t> Watch<'t> {
    fn new(tracer: Option<&'t mut dyn Tracer>) -> Self {
        Self { tracer, gas_used: 0 }
    }
}

impl Inspector for Watch<'_> {
    fn steps(&self) -> bool {
        self.tracer.as_ref().is_some_and(|tracer| tracer.wants_steps())
    }

    fn on_step(&mut self, step: &bessemer_chain::Step<'_>) {
        let Some(tracer) = &mut self.tracer else { return };
        let interpreter = step.interpreter;
        let memory = interpreter.memory.slice(0..interpreter.memory.size());
        tracer.step(&Step {
            pc: interpreter.bytecode.pc(),
            opcode: interpreter.bytecode.opcode(),
            gas: interpreter.gas.remaining(),
            depth: step.depth as usize,
            stack: interpreter.stack.data(),
            memory: &memory,
            contract: interpreter.input.target_address(),
        });
    }

    fn on_call(&mut self, call: &Call<'_>) {
        let Some(tracer) = &mut self.tracer else { return };
        tracer.begin(&Frame {
            kind: match call.kind {
                CallKind::Call => FrameKind::Call,
                CallKind::Static => FrameKind::StaticCall,
                CallKind::Delegate => FrameKind::DelegateCall,
                CallKind::Create => FrameKind::Create,
            },
            from: library_address(&call.from),
            to: library_address(&call.to),
            value: call.value,
            gas: in_ethereum(call.gas, call.is_program),
            input: Bytes::copy_from_slice(call.input),
        });
    }

    fn on_return(&mut self, end: &End<'_>) {
        // a part of a unit is lost where a frame gives its gas back
        let gas_used = if end.is_program {
            in_ethereum(end.gas_used.next_multiple_of(1 << GAS_SHIFT), true)
        } else {
            end.gas_used
        };
        if end.depth == 1 {
            self.gas_used = gas_used;
        }
        let Some(tracer) = &mut self.tracer else { return };
        let error = match end.status {
            Status::Return => None,
            Status::Revert => Some("execution reverted"),
            Status::OutOfGas => Some("out of gas"),
            Status::Trap => Some("invalid opcode"),
        };
        tracer.end(gas_used, &Bytes::copy_from_slice(end.output), error);
    }

    fn on_event(&mut self, event: &Event) {
        let Some(tracer) = &mut self.tracer else { return };
        let topics = event.topics.iter().map(|topic| B256::from(*topic)).collect();
        let data = LogData::new_unchecked(topics, Bytes::copy_from_slice(&event.data));
        tracer.log(&Log { address: library_address(&event.address), data });
    }
}

//! The local chain of a project: its database, the names on it, and transactions that failed.

mod clock;
mod contracts;
mod folder;
mod interfaces;
pub(crate) mod keys;
mod recorded;
mod recording;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bessemer_chain::store::{View, decode_account};
use bessemer_chain::{
    AccessList, Action, Address, BlockInfo, Chain, ChainError, Code, DEFAULT_GAS, Inspector,
    Prices, Receipt, StateKey, StorageKey, Transaction, U256, bessemer_evm,
};
use bessemer_runtime::{Backend, Config, Engine};

pub(crate) use self::clock::Clock;
pub(crate) use self::contracts::Contracts;
pub(crate) use self::folder::{Folder, Lock};
pub(crate) use self::recorded::Recorded;
pub(crate) use self::recording::Recording;
use crate::support::abi::Interface;
use crate::support::failure::{Failure, with_sources};
use crate::support::names::{Names, USERS, closest};
use crate::support::time;

/// The most gas that an Ethereum transaction may have (EIP-7825).
const MOST_ETHEREUM_GAS: u64 = 1 << 24;

/// The chain. No other process can use it while this value lives.
pub(crate) struct Local {
    pub(crate) chain: Chain,
    pub(crate) folder: Folder,
    pub(crate) names: Names,
    pub(crate) clock: Clock,
    contracts: Contracts,
    _lock: Lock,
}

/// The sender, value and gas of a transaction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) from: Address,
    pub(crate) value: U256,
    pub(crate) gas: Option<u64>,
    /// The time of the block; that of the clock unless said.
    pub(crate) at: Option<When>,
}

/// A time as it is written, which may count from that of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Seconds since 1970.
    At(u64),
    /// Seconds from now.
    In(u64),
}

/// Keys with their values; `None` for a key without a value.
pub(crate) type Values = Vec<(StateKey, Option<Vec<u8>>)>;

/// A transaction that ran.
pub(crate) struct Executed {
    pub(crate) transaction: Transaction,
    pub(crate) info: BlockInfo,
    pub(crate) receipt: Receipt,
    pub(crate) accessed: AccessList,
    /// The keys that it used, with their values from before it.
    pub(crate) before: Values,
    /// The size in bytes of the witness of a block with this transaction, if it was only simulated.
    pub(crate) witness: Option<usize>,
}

impl Executed {
    /// A value that a contract had stored before the transaction.
    pub(crate) fn stored(&self, contract: &Address, key: &StorageKey) -> Option<Vec<u8>> {
        let key = StateKey::Storage(*contract, *key);
        self.before.iter().find(|(known, _)| *known == key).and_then(|(_, value)| value.clone())
    }
}

/// Whether a transaction becomes part of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// It does if the contract returns. A failed transaction changes nothing, not even the nonce.
    Success,
    Nothing,
}

/// Users and keys, and the contracts of the chain here if there is one.
pub(crate) fn names() -> Result<Names, Failure> {
    let folder = Folder::find()?;
    if folder.path(DATABASE).is_file() {
        return Ok(Local::existing()?.names);
    }
    let mut names = Names::users();
    for (name, key) in keys::all(&folder)? {
        names.insert(name, key.address());
    }
    Ok(names)
}

/// An engine for contracts.
pub(crate) fn engine(backend: Backend) -> Result<Engine, Failure> {
    Engine::new(Config::new().backend(backend))
        .map_err(|error| Failure::Other(with_sources(&error)))
}

impl Local {
    /// The chain that belongs to the current folder, made if there is none.
    pub(crate) fn open_or_create() -> Result<Self, Failure> {
        Self::open(Folder::find()?)
    }

    /// The chain that belongs to the current folder.
    pub(crate) fn existing() -> Result<Self, Failure> {
        let folder = Folder::find()?;
        if !folder.path(DATABASE).exists() {
            return Err(Failure::State(format!(
                "there is no chain in {} yet: `bessemer deploy CONTRACT` makes one",
                folder.path("").display()
            )));
        }
        Self::open(folder)
    }

    /// The chain in this folder, made if there is none.
    pub(crate) fn open(folder: Folder) -> Result<Self, Failure> {
        folder.create()?;
        let lock = folder.lock_chain()?;
        let contracts = Contracts::read(&folder)?;
        let clock = Clock::read(&folder)?;
        let mut chain = Chain::open(&engine(Backend::Auto)?, folder.path(DATABASE))?;
        for user in USERS {
            chain.user(user)?;
        }
        let mut names = Names::users();
        for (name, key) in keys::all(&folder)? {
            names.insert(name, key.address());
        }
        for (name, address) in &contracts.0 {
            names.insert(name, *address);
        }
        Ok(Self { chain, folder, names, clock, contracts, _lock: lock })
    }

    /// Gives a contract a name.
    pub(crate) fn name(&mut self, name: &str, address: Address) -> Result<(), Failure> {
        self.contracts.0.insert(name.to_owned(), address);
        self.names.insert(name, address);
        self.contracts.write(&self.folder)
    }

    /// Whether the chain has a contract of this name.
    pub(crate) fn is_deployed(&self, name: &str) -> bool {
        self.contracts.0.contains_key(name)
    }

    /// The contract of this name or address, and its interface: its own, or that of a file or of another
    /// contract, which `abi` names.
    pub(crate) fn contract(
        &self,
        text: &str,
        abi: Option<&str>,
    ) -> Result<(Address, Interface), Failure> {
        let address = self.code_at(text)?;
        if let Some(abi) = abi {
            return Ok((address, self.named_interface(abi)?));
        }
        match self.interface(&address)? {
            Some(interface) => Ok((address, interface)),
            None => Err(Failure::Other(format!(
                "{text} says nothing of its interface, because its image has no section .bessemer.abi: give one with --abi FILE, or call it with encoded input"
            ))),
        }
    }

    /// The address of a contract, by its name or address.
    fn code_at(&self, text: &str) -> Result<Address, Failure> {
        let unknown = |reason: String| Failure::Usage(reason);
        if !text.starts_with("0x") && !self.contracts.0.contains_key(text) {
            let known = self.contracts.0.keys().map(String::as_str);
            let hint = match (closest(text, known.clone()), known.clone().next()) {
                (Some(name), _) => format!("did you mean `{name}`?"),
                (None, Some(_)) => {
                    format!("deployed are {}", known.collect::<Vec<_>>().join(", "))
                }
                (None, None) => "nothing is deployed yet".to_owned(),
            };
            return Err(unknown(format!(
                "there is no contract `{text}` on this chain: {hint}; `bessemer deploy {text}` deploys one"
            )));
        }
        let address = self.names.address(text).map_err(unknown)?;
        if self.chain.account(&address)?.code.is_none() {
            return Err(unknown(format!("{text} is not a contract on this chain")));
        }
        Ok(address)
    }

    /// The interface that `--abi` names: in a file, of a contract on this chain, or of one of the contracts
    /// that the tool has with it.
    fn named_interface(&self, text: &str) -> Result<Interface, Failure> {
        let wrong = |reason: String| Failure::Usage(format!("--abi: {text}: {reason}"));
        let path = std::path::Path::new(text);
        if path.is_file() {
            let bytes =
                std::fs::read(path).map_err(|source| Failure::file("read", path, source))?;
            return Interface::of_file(&bytes).map_err(wrong);
        }
        if self.contracts.0.contains_key(text) || text.starts_with("0x") {
            let address = self.code_at(text)?;
            let found = self.interface(&address)?;
            return found.ok_or_else(|| wrong("it says nothing of its interface".to_owned()));
        }
        let known = bessemer_contracts::image(text).and_then(Interface::of_image);
        let none = || Err("there is no such file, and no such contract".to_owned());
        known.unwrap_or_else(none).map_err(wrong)
    }

    /// The interface of a contract, if it has one.
    pub(crate) fn interface(&self, address: &Address) -> Result<Option<Interface>, Failure> {
        let code = match self.chain.account(address)?.code {
            None => return Ok(None),
            Some(Code::Evm(_)) => return self.kept_interface(address),
            Some(Code::RiscV(code)) => code,
        };
        let image = self.chain.code(&code)?.unwrap_or_default();
        let interface = Interface::of_image(&image).transpose();
        interface
            .map_err(|reason| Failure::Other(format!("{}: {reason}", self.names.show(address))))
    }

    /// Keeps the interface of an EVM contract, whose code does not have it.
    pub(crate) fn keep_interface(
        &self,
        address: &Address,
        interface: &Interface,
    ) -> Result<(), Failure> {
        self.folder.keep_interface(&interface_file(address), interface)
    }

    fn kept_interface(&self, address: &Address) -> Result<Option<Interface>, Failure> {
        self.folder.kept_interface(&interface_file(address))
    }

    /// Creates an EVM contract by an Ethereum transaction, as a block of its own. What fails leaves no
    /// trace.
    pub(crate) fn create_bytecode(
        &mut self,
        init: Vec<u8>,
        terms: Terms,
    ) -> Result<Receipt, Failure> {
        let transaction = bessemer_evm::Transaction {
            chain_id: Some(self.chain.config().chain_id),
            sender: (*terms.from.as_bytes()).into(),
            nonce: self.chain.account(&terms.from)?.nonce,
            gas_limit: terms.gas.unwrap_or(MOST_ETHEREUM_GAS),
            value: terms.value,
            input: init.into(),
            ..bessemer_evm::Transaction::default()
        };
        let time = self.time(terms.at)?;
        let mut block = self.chain.block_at(time);
        let receipt = block.push_ethereum(&transaction, None)?.clone();
        if receipt.succeeded() {
            block.commit()?;
        }
        Ok(receipt)
    }

    /// The time of the next block: it is not before that of the newest.
    pub(crate) fn time(&self, at: Option<When>) -> Result<u64, Failure> {
        let newest = self.chain.head().timestamp;
        let now = self.clock.now().max(newest);
        match at {
            None => Ok(now),
            Some(When::At(time)) if time < newest => Err(Failure::Usage(format!(
                "--at: time does not go back: the newest block has {newest}, {}",
                time::shown(newest)
            ))),
            Some(When::At(time)) => Ok(time),
            Some(When::In(seconds)) => Ok(now.saturating_add(seconds)),
        }
    }

    /// Runs a transaction as a block of its own.
    pub(crate) fn execute(
        &mut self,
        action: Action,
        terms: Terms,
        keep: Keep,
        inspector: Option<&mut dyn Inspector>,
    ) -> Result<Executed, Failure> {
        let store = Arc::clone(self.chain.store());
        let account = self.chain.account(&terms.from)?;
        if account.balance < terms.value {
            return Err(Failure::Usage(format!(
                "{} has {}, which is less than the value {}",
                self.names.show(&terms.from),
                account.balance,
                terms.value
            )));
        }
        let transaction = transaction(account.nonce, action, terms);
        let time = self.time(terms.at)?;
        let mut block = self.chain.block_at(time);
        let info = *block.info();
        if keep == Keep::Nothing {
            block.record_witness();
        }
        let receipt = block.push_inspected(&transaction, inspector)?.clone();
        let accessed = block.accessed();
        let before = values_before(&*store, &accessed)?;
        let mut witness = None;
        let kept = keep == Keep::Success && receipt.succeeded();
        match keep {
            Keep::Success if kept => drop(block.commit()?),
            Keep::Success => {}
            Keep::Nothing => {
                witness = block.seal()?.witness.map(|witness| witness.to_bytes().len());
            }
        }
        let executed = Executed { transaction, info, receipt, accessed, before, witness };
        if kept {
            let schedule = self.chain.prices().id;
            // the block is there already, and only `trace` needs the file
            if let Err(error) = Recording::keep(&self.folder, &self.names, &executed, schedule) {
                log::warn!(
                    "`bessemer trace` will not know this transaction: {}",
                    with_sources(&error)
                );
            }
        }
        Ok(executed)
    }
}

/// Where the interface of an EVM contract is kept.
fn interface_file(address: &Address) -> String {
    format!("interfaces/{address}.json")
}

/// The values of all keys that a transaction used, and the code of all accounts among them. The access
/// list does not have the code, because modules in memory are not read again.
fn values_before(store: &dyn View, accessed: &AccessList) -> Result<Values, Failure> {
    let get = |key: &StateKey| -> Result<Option<Vec<u8>>, ChainError> {
        Ok(store.get(key)?.map(|value| value.to_vec()))
    };
    let mut values = BTreeMap::new();
    for key in accessed.reads.union(&accessed.writes) {
        let value = get(key)?;
        if let (StateKey::Account(_), Some(bytes)) = (key, &value) {
            let account =
                decode_account(bytes).map_err(|error| Failure::State(with_sources(&error)))?;
            let code = account.code.map(|code| match code {
                Code::RiscV(hash) => StateKey::Code(hash),
                Code::Evm(hash) => StateKey::Bytecode(hash),
            });
            if let Some(code) = code {
                values.insert(code, get(&code)?);
            }
        }
        values.insert(*key, value);
    }
    Ok(values.into_iter().collect())
}

/// The next transaction of a sender with this nonce.
pub(crate) fn transaction(nonce: u64, action: Action, terms: Terms) -> Transaction {
    let code = if let Action::Deploy { code, .. } = &action { code.len() as u64 } else { 0 };
    Transaction {
        sender: terms.from,
        nonce,
        gas_limit: terms.gas.unwrap_or(DEFAULT_GAS + code * Prices::V2.code_byte),
        gas_price: U256::ZERO,
        value: terms.value,
        action,
        access: None,
    }
}

/// Interfaces by contract, each read once.
#[derive(Default)]
pub(crate) struct Interfaces(HashMap<Address, Option<Interface>>);

impl Interfaces {
    /// The interface of a contract, if it has one that can be read.
    pub(crate) fn of(&mut self, chain: &Chain, address: &Address) -> Option<&Interface> {
        let read = || {
            let code = chain.account(address).ok()?.program()?;
            Interface::of_image(&chain.code(&code).ok()??)?.ok()
        };
        self.0.entry(*address).or_insert_with(read).as_ref()
    }

    /// The interface of a contract that is not on the chain, or says nothing of its own.
    pub(crate) fn know(&mut self, address: Address, interface: Interface) {
        self.0.insert(address, Some(interface));
    }
}

const DATABASE: &str = "chain.redb";

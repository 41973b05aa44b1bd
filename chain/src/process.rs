//! One transaction, from its checks to its receipt.

use std::sync::Arc;

use bessemer_abi::limits::{CODE_BYTES, INPUT_BYTES};
use bessemer_image::CodeHash;
use bessemer_types::{Address, U256};

use crate::access::AccessList;
use crate::account::Account;
use crate::create;
use crate::executor::{Ended, ExecuteError, Executor};
use crate::host::{Entry, EntryEffect, Frame, Session};
use crate::inspect::Inspector;
use crate::key::StateKey;
use crate::modules::Modules;
use crate::receipt::{Diagnosis, Receipt, Status};
use crate::transaction::{Action, Refusal, Transaction};

/// The highest gas limit (specification, section 4).
pub(crate) const MAX_GAS: u64 = 1 << 62;

/// A transaction that is part of the block.
pub(crate) struct Processed {
    pub(crate) receipt: Receipt,
    /// What the sender pays for the gas.
    pub(crate) fee: U256,
}

/// Everything that runs transactions: the stack of frames, and what they share.
pub(crate) struct Processor {
    executor: Executor,
    session: Option<Box<Session>>,
}

/// A transaction that passed its checks.
struct Bought {
    /// Gas left after the transaction itself is paid.
    gas: u64,
    /// The gas limit's price.
    cost: U256,
    /// The account that is called or created.
    to: Address,
}

/// What there is to run.
enum Work {
    /// A frame; what it costs before it runs is still to be paid.
    Frame { entry: Box<Entry>, price: u64 },
    /// Nothing runs: value moves to an account without code.
    Transfer { price: u64 },
    /// It cannot be done.
    Impossible(String),
}

impl Processor {
    pub(crate) fn new(executor: Executor, session: Session) -> Self {
        Self { executor, session: Some(Box::new(session)) }
    }

    pub(crate) fn session(&self) -> &Session {
        self.session.as_ref().expect(LOST)
    }

    pub(crate) fn session_mut(&mut self) -> &mut Session {
        self.session.as_mut().expect(LOST)
    }

    /// Processes a transaction with at most `gas` of the block's gas.
    pub(crate) fn process(
        &mut self,
        transaction: &Transaction,
        index: u32,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Result<Processed, Refusal>, ExecuteError> {
        let session = self.session_mut();
        session.begin(transaction.sender, inspector.is_some());
        let bought = match buy(session, transaction, gas)? {
            Ok(bought) => bought,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let before = session.journal.checkpoint();
        let mut diagnosis = Diagnosis::default();
        let mut ended = match prepare(session, transaction, &bought)? {
            Work::Frame { entry, price } => match bought.gas.checked_sub(price) {
                Some(gas) => self.run(*entry, gas, inspector)?,
                None => Ended::silent(Status::OutOfGas, 0),
            },
            Work::Transfer { price } => match bought.gas.checked_sub(price) {
                Some(gas_left) => {
                    move_value(session, transaction, &bought.to)?;
                    Ended::silent(Status::Return, gas_left)
                }
                None => Ended::silent(Status::OutOfGas, 0),
            },
            Work::Impossible(reason) => {
                diagnosis.refused = Some(reason);
                Ended::silent(Status::Revert, bought.gas)
            }
        };
        let session = self.session_mut();
        if ended.status != Status::Return {
            session.journal.revert(before);
        }
        diagnosis.failures = std::mem::take(&mut ended.failures);
        diagnosis.log = std::mem::take(&mut session.log);

        let used = transaction.gas_limit - ended.gas_left;
        let used = used - refund(session, used);
        let fee = transaction.gas_price * U256::from(used);
        let sender = session.journal.account(&transaction.sender)?;
        let balance = sender.account.balance + (bought.cost - fee);
        session.journal.set_account(sender.id, Account { balance, ..sender.account })?;

        let (events, created) = session.journal.take_results();
        let receipt = Receipt {
            height: session.block.height,
            index,
            sender: transaction.sender,
            to: bought.to,
            status: ended.status,
            gas_used: used,
            output: ended.output,
            events,
            created,
            diagnosis,
        };
        Ok(Ok(Processed { receipt, fee }))
    }

    /// Runs a call that may read everything and change nothing, outside any transaction.
    pub(crate) fn query(
        &mut self,
        from: Address,
        to: Address,
        input: Vec<u8>,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Ended, ExecuteError> {
        let session = self.session_mut();
        session.begin(from, inspector.is_some());
        session.journal.begin(None);
        let account = session.journal.account(&to)?.account;
        let Some(hash) = account.code else {
            return Ok(Ended::silent(Status::Return, gas));
        };
        let module = session.modules.clone().of(&hash, &mut session.journal)?;
        let Some(gas) = gas.checked_sub(Modules::entry_price(&module)) else {
            return Ok(Ended::silent(Status::OutOfGas, 0));
        };
        let entry = Entry {
            module,
            frame: Frame {
                address: to,
                code: to,
                caller: from,
                value: U256::ZERO,
                input,
                read_only: true,
            },
            effect: EntryEffect::Transfer,
        };
        self.run(entry, gas, inspector)
    }

    fn run(
        &mut self,
        entry: Entry,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Ended, ExecuteError> {
        let session = self.session.take().expect(LOST);
        let (session, ended) = self.executor.run(session, entry, gas, inspector)?;
        self.session = Some(session);
        Ok(ended)
    }
}

/// A host error leaves a processor without its session, and nobody uses it again.
const LOST: &str = "a processor ends with its first host error";

/// Checks the transaction, and buys its gas.
fn buy(
    session: &mut Session,
    transaction: &Transaction,
    block_gas: u64,
) -> Result<Result<Bought, Refusal>, ExecuteError> {
    let most = block_gas.min(MAX_GAS);
    let (limit, sender) = (transaction.gas_limit, transaction.sender);
    if limit > most {
        return Ok(Err(Refusal::GasTooHigh { limit, most }));
    }
    let needed = match own_price(session, transaction) {
        Ok(needed) => needed,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(gas) = limit.checked_sub(needed) else {
        return Ok(Err(Refusal::GasTooLow { limit, needed }));
    };
    let cost = transaction.gas_price.checked_mul(U256::from(limit));
    let needed = cost.and_then(|cost| cost.checked_add(transaction.value));
    let (Some(cost), Some(needed)) = (cost, needed) else { return Ok(Err(Refusal::Cost)) };

    let to = address(transaction);
    session.journal.begin(declared(transaction, &to));
    let found = session.journal.account(&sender)?;
    let account = found.account;
    if account.code.is_some() {
        return Ok(Err(Refusal::SenderIsContract { sender }));
    }
    if account.nonce != transaction.nonce {
        let (found, expected) = (transaction.nonce, account.nonce);
        return Ok(Err(Refusal::Nonce { sender, found, expected }));
    }
    let Some(nonce) = account.nonce.checked_add(1) else {
        return Ok(Err(Refusal::NoncesUsedUp { sender }));
    };
    if account.balance < needed {
        return Ok(Err(Refusal::Balance { sender, balance: account.balance, needed }));
    }
    session.journal.touch_account(found.id);
    let balance = account.balance - cost;
    session.journal.set_account(found.id, Account { nonce, balance, ..account })?;
    Ok(Ok(Bought { gas, cost, to }))
}

/// What the transaction costs before it runs.
fn own_price(session: &Session, transaction: &Transaction) -> Result<u64, Refusal> {
    let prices = &session.prices;
    let (input, code) = match &transaction.action {
        Action::Call { input, .. } | Action::Create { input, .. } => (input.len(), 0),
        Action::Deploy { code, input, .. } => (input.len(), code.len()),
    };
    let most = INPUT_BYTES as usize;
    if input > most {
        return Err(Refusal::InputTooLong { len: input, most });
    }
    let most = CODE_BYTES as usize;
    if code > most {
        return Err(Refusal::CodeTooLong { len: code, most });
    }
    Ok(prices.transaction + prices.input_byte * input as u64 + prices.code_byte * code as u64)
}

/// The account that is called or created.
fn address(transaction: &Transaction) -> Address {
    let created = |salt: &Option<[u8; 32]>, code: &dyn Fn() -> CodeHash| match salt {
        Some(salt) => create::address_by_salt(&transaction.sender, salt, &code()),
        None => create::address_by_nonce(&transaction.sender, transaction.nonce),
    };
    match &transaction.action {
        Action::Call { to, .. } => *to,
        Action::Deploy { code, salt, .. } => created(salt, &|| CodeHash::of(code)),
        Action::Create { code, salt, .. } => created(salt, &|| *code),
    }
}

/// What the transaction declares, and what it names itself: two accounts, and code.
fn declared(transaction: &Transaction, to: &Address) -> Option<Arc<AccessList>> {
    let declared = transaction.access.as_ref()?;
    let mut declared = AccessList::clone(declared);
    declared.writes.insert(StateKey::Account(transaction.sender));
    declared.writes.insert(StateKey::Account(*to));
    match &transaction.action {
        Action::Call { .. } => {}
        Action::Deploy { code, .. } => {
            declared.writes.insert(StateKey::Code(CodeHash::of(code)));
        }
        Action::Create { code, .. } => {
            declared.reads.insert(StateKey::Code(*code));
        }
    }
    Some(Arc::new(declared))
}

/// Finds out what there is to run, and what it costs before it does.
fn prepare(
    session: &mut Session,
    transaction: &Transaction,
    bought: &Bought,
) -> Result<Work, ExecuteError> {
    let to = bought.to;
    let found = session.journal.account(&to)?;
    session.journal.touch_account(found.id);
    let new_account = session.prices.new_account;
    let (hash, input) = match &transaction.action {
        Action::Call { input, .. } => {
            let Some(hash) = found.account.code else {
                if !input.is_empty() {
                    return Ok(Work::Impossible(format!("no contract is at {to}")));
                }
                let is_new = found.account.is_empty() && !transaction.value.is_zero();
                return Ok(Work::Transfer { price: if is_new { new_account } else { 0 } });
            };
            return frame(session, transaction, to, &hash, input, EntryEffect::Transfer, 0);
        }
        Action::Deploy { code, input, .. } => {
            let hash = match Modules::check(code) {
                Ok(hash) => hash,
                Err(error) => {
                    return Ok(Work::Impossible(format!("the file is no contract: {error}")));
                }
            };
            if !create::is_occupied(&found.account) {
                session.journal.put_code(hash, Arc::clone(code))?;
            }
            (hash, input)
        }
        Action::Create { code, input, .. } => {
            if !session.journal.has_code(code)? {
                return Ok(Work::Impossible(format!("no code {code} was uploaded")));
            }
            (*code, input)
        }
    };
    if create::is_occupied(&found.account) {
        return Ok(Work::Impossible(format!("an account is at {to} already")));
    }
    frame(session, transaction, to, &hash, input, EntryEffect::Create(hash), new_account)
}

fn frame(
    session: &mut Session,
    transaction: &Transaction,
    to: Address,
    hash: &CodeHash,
    input: &[u8],
    effect: EntryEffect,
    price: u64,
) -> Result<Work, ExecuteError> {
    let modules = Arc::clone(&session.modules);
    let module = modules.of(hash, &mut session.journal)?;
    let price = price + Modules::entry_price(&module);
    let entry = Box::new(Entry {
        module,
        frame: Frame {
            address: to,
            code: to,
            caller: transaction.sender,
            value: transaction.value,
            input: input.to_vec(),
            read_only: false,
        },
        effect,
    });
    Ok(Work::Frame { entry, price })
}

fn move_value(
    session: &mut Session,
    transaction: &Transaction,
    to: &Address,
) -> Result<(), ExecuteError> {
    let payer = session.journal.account(&transaction.sender)?.id;
    let payee = session.journal.account(to)?.id;
    Ok(create::transfer(&mut session.journal, payer, payee, transaction.value)?)
}

/// What removing values gives back.
fn refund(session: &Session, used: u64) -> u64 {
    let prices = &session.prices;
    let cleared = session.journal.cleared_values();
    (cleared * prices.cleared_value).min(used / prices.refund_cap)
}

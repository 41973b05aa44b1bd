//! One transaction, from its checks to its receipt.

#[cfg(feature = "evm")]
mod ethereum;

use std::cell::{RefCell, RefMut};
use std::rc::Rc;
use std::sync::Arc;

use bessemer_abi::limits::{ACCESS_ENTRIES, CODE_BYTES, INPUT_BYTES};
use bessemer_image::{self as image, CodeHash};
use bessemer_runtime::MAX_GAS;
use bessemer_types::{Address, U256};

use crate::account::{Account, Code};
use crate::create;
use crate::executor::{Ended, ExecuteError, Executor};
use crate::host::{Entry, EntryEffect, Frame, NewCode, Program, Session, SharedSession};
use crate::inspect::Inspector;
use crate::journal::{AccountEntry, AccountId, JournalError};
use crate::key::StateKey;
use crate::modules::Modules;
use crate::receipt::{Receipt, Status};
use crate::size::CodeSize;
use crate::transaction::{Action, Refusal, Transaction};

#[cfg(feature = "evm")]
pub use self::ethereum::Checks;

/// A transaction that is part of the block.
pub(crate) struct Processed {
    pub(crate) receipt: Receipt,
    /// The price that the sender pays for the gas, to be handed on at the end of the block.
    pub(crate) fee: U256,
    /// What the coinbase has still to get, if the session [defers tips](Session::defer_tips).
    pub(crate) tip: U256,
}

/// Why a transaction has no receipt.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// It cannot be part of the block, in which nothing has changed.
    Refused(Refusal),
    /// The host failed, and what the journal holds is not a state of a chain.
    Failed(ExecuteError),
}

/// Everything that runs transactions: the stack of frames, and what they share.
pub(crate) struct Processor {
    pub(crate) executor: Executor,
    pub(crate) session: SharedSession,
}

/// A transaction that passed its checks.
struct Bought {
    /// Gas left after the transaction itself is paid.
    gas: u64,
    /// The gas limit's price.
    cost: U256,
    /// The gas of the access list, which is not execution and does not raise the bound of refunds.
    access: u64,
}

/// The request of a transaction whose gas is bought.
struct Wanted<'t> {
    /// The account that is called or created.
    to: Address,
    input: &'t [u8],
    what: What,
}

enum What {
    Call,
    /// Code that comes with the transaction, and is a contract.
    Deploy(Box<image::Program>, CodeSize, Arc<[u8]>),
    /// Code that comes with the transaction, and is none.
    Rejected(String),
    /// Code by its hash; the state may not have it.
    Create(CodeHash),
}

/// Code to be loaded once that is paid.
enum Loadable {
    /// The code is in the state.
    Stored(Code),
    /// The code came with the transaction, and was parsed to be checked.
    Parsed(Box<image::Program>, Arc<[u8]>),
}

impl Loadable {
    fn load(self, session: &mut Session) -> Result<Program, ExecuteError> {
        let modules = &session.modules;
        match self {
            Self::Stored(Code::RiscV(hash)) => {
                Ok(Program::RiscV(modules.of(&hash, &mut session.journal)?))
            }
            Self::Parsed(program, file) => Ok(Program::RiscV(modules.of_program(*program, &file)?)),
            #[cfg(feature = "evm")]
            Self::Stored(Code::Evm(hash)) => Ok(Program::Evm(hash)),
            #[cfg(not(feature = "evm"))]
            Self::Stored(Code::Evm(_)) => Err(ExecuteError::Bytecode),
        }
    }
}

/// The work of a transaction.
enum Work {
    /// Runs a frame. First its `price` is paid, and then its code is loaded.
    Frame { code: Loadable, frame: Box<Frame>, effect: EntryEffect, price: u64 },
    /// No frame runs: value moves to an account without code.
    Transfer { price: u64 },
    /// It cannot be done.
    Impossible(String),
}

impl Processor {
    pub(crate) fn new(executor: Executor, session: Session) -> Self {
        Self { executor, session: Rc::new(RefCell::new(session)) }
    }

    /// The session of the frames, between two transactions.
    pub(crate) fn session(&self) -> RefMut<'_, Session> {
        self.session.borrow_mut()
    }

    /// Whether a transaction could be the next, with at most `gas` of the block's gas: all that is
    /// refused without a look at its signature, files and addresses. Changes nothing.
    #[cfg(feature = "secp256k1")]
    pub(crate) fn check(&mut self, transaction: &Transaction, gas: u64) -> Result<(), Stopped> {
        let session = &mut *self.session.borrow_mut();
        let price = own_price(session, transaction, gas)?;
        session.journal.begin(None);
        sender(session, transaction, &price)?;
        Ok(())
    }

    /// Processes a transaction with at most `gas` of the block's gas.
    pub(crate) fn process(
        &mut self,
        transaction: &Transaction,
        index: u32,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Processed, Stopped> {
        let mut guard = self.session.borrow_mut();
        let session = &mut *guard;
        session.begin(transaction.sender, inspector.is_some());
        let bought = buy(session, transaction, gas)?;
        let before = session.journal.checkpoint();
        let wanted = wanted(transaction);
        let to = wanted.to;
        let work = prepare(session, transaction, wanted)?;
        drop(guard);

        let ended = match work {
            Work::Frame { code, frame, effect, price } => match bought.gas.checked_sub(price) {
                Some(gas) => match self.run(code, *frame, effect, gas, inspector) {
                    // between two frames, where none could trap
                    Err(error) if error.is_undeclared() => Ended::silent(Status::Trap, 0),
                    ended => ended?,
                },
                None => Ended::silent(Status::OutOfGas, 0),
            },
            Work::Transfer { price } => match bought.gas.checked_sub(price) {
                Some(gas_left) => {
                    move_value(&mut self.session.borrow_mut(), transaction, &to)?;
                    Ended::silent(Status::Return, gas_left)
                }
                None => Ended::silent(Status::OutOfGas, 0),
            },
            Work::Impossible(reason) => {
                self.session.borrow_mut().diagnosis.refuse(reason);
                Ended::silent(Status::Revert, bought.gas)
            }
        };

        let session = &mut *self.session.borrow_mut();
        if ended.status != Status::Return {
            session.journal.revert(before);
        }

        let used = transaction.gas_limit - ended.gas_left;
        let used = used - refund(session, used - bought.access, ended.refund);
        let fee = transaction.gas_price * U256::from(used);
        let sender = session.journal.account(&transaction.sender)?;
        let balance = sender.account.balance + (bought.cost - fee);
        session.journal.set_account(sender.id, Account { balance, ..sender.account })?;

        session.journal.clean_up()?;
        let (events, created) = session.journal.take_results();
        let receipt = Receipt {
            height: session.block.height,
            index,
            sender: transaction.sender,
            to,
            status: ended.status,
            gas_used: used,
            output: ended.output,
            events,
            created,
            diagnosis: std::mem::take(&mut session.diagnosis),
        };
        Ok(Processed { receipt, fee, tip: U256::ZERO })
    }

    /// Runs a call that may read everything and change nothing, outside any transaction. Nothing, if
    /// there is no code that could answer.
    pub(crate) fn query(
        &mut self,
        from: Address,
        to: Address,
        input: Vec<u8>,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Option<Ended>, ExecuteError> {
        let mut guard = self.session.borrow_mut();
        let session = &mut *guard;
        session.begin(from, inspector.is_some());
        session.journal.begin(None);
        let account = session.journal.account(&to)?.account;
        let Some(code) = account.code else { return Ok(None) };
        let price = entry_price(session, &code)?;
        drop(guard);
        let Some(gas) = gas.checked_sub(price) else {
            return Ok(Some(Ended::silent(Status::OutOfGas, 0)));
        };
        let frame = Frame {
            address: to,
            code: to,
            caller: from,
            value: U256::ZERO,
            input,
            read_only: true,
        };
        self.run(Loadable::Stored(code), frame, EntryEffect::Transfer, gas, inspector).map(Some)
    }

    /// Runs the first frame, whose entry is paid: only now its code is loaded.
    fn run(
        &mut self,
        code: Loadable,
        frame: Frame,
        effect: EntryEffect,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Ended, ExecuteError> {
        let program = code.load(&mut self.session.borrow_mut())?;
        self.executor.run(&self.session, Entry { program, frame, effect }, gas, inspector)
    }
}

/// The price of a transaction, computed without its sender.
struct Price {
    /// The gas that it costs before it runs.
    own: u64,
    /// The part of that which its access list costs.
    access: u64,
    /// The gas limit's price.
    cost: U256,
    /// `cost` and the value that the transaction moves.
    needed: U256,
}

/// Checks the transaction, and buys its gas.
fn buy(session: &mut Session, transaction: &Transaction, most: u64) -> Result<Bought, Stopped> {
    let price = own_price(session, transaction, most)?;
    session.journal.begin(transaction.access.clone());
    let (id, account) = sender(session, transaction, &price)?;
    session.journal.touch_account(id);
    session.journal.set_account(id, account)?;
    let gas = transaction.gas_limit - price.own;
    Ok(Bought { gas, cost: price.cost, access: price.access })
}

/// The sender's account, and what it is once the gas is bought.
fn sender(
    session: &mut Session,
    transaction: &Transaction,
    price: &Price,
) -> Result<(AccountId, Account), Stopped> {
    let sender = transaction.sender;
    session.journal.allow(StateKey::Account(sender), true);
    let AccountEntry { id, account, .. } = session.journal.account(&sender)?;
    if account.code.is_some() {
        return Err(Refusal::SenderIsContract { sender }.into());
    }
    if account.nonce != transaction.nonce {
        let (found, expected) = (transaction.nonce, account.nonce);
        return Err(Refusal::Nonce { sender, found, expected }.into());
    }
    let Some(nonce) = account.nonce.checked_add(1) else {
        return Err(Refusal::NoncesUsedUp { sender }.into());
    };
    if account.balance < price.needed {
        let (balance, needed) = (account.balance, price.needed);
        return Err(Refusal::Balance { sender, balance, needed }.into());
    }
    Ok((id, Account { nonce, balance: account.balance - price.cost, ..account }))
}

/// The gas that the transaction costs before it runs, if it keeps the caps and the gas suffices.
fn own_price(session: &Session, transaction: &Transaction, most: u64) -> Result<Price, Refusal> {
    let (limit, most) = (transaction.gas_limit, most.min(MAX_GAS));
    if limit > most {
        return Err(Refusal::GasTooHigh { limit, most });
    }
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
    let (len, most) = (transaction.access.as_ref().map_or(0, |list| list.len()), ACCESS_ENTRIES);
    if len > most as usize {
        return Err(Refusal::AccessListTooLong { len, most: most as usize });
    }
    let prices = &session.prices;
    let access = prices.access_entry * len as u64;
    let bytes = prices.input_byte * input as u64 + prices.code_byte * code as u64;
    let own = prices.transaction + bytes + access;
    if limit < own {
        return Err(Refusal::GasTooLow { limit, needed: own });
    }
    let cost = transaction.gas_price.checked_mul(U256::from(limit)).ok_or(Refusal::Cost)?;
    let needed = cost.checked_add(transaction.value).ok_or(Refusal::Cost)?;
    Ok(Price { own, access, cost, needed })
}

/// The request of the transaction. A file that comes with it is parsed and hashed here, which is paid.
fn wanted(transaction: &Transaction) -> Wanted<'_> {
    let (sender, nonce) = (&transaction.sender, transaction.nonce);
    let created = |salt: &Option<[u8; 32]>, code: &dyn Fn() -> CodeHash| match salt {
        Some(salt) => create::address_by_salt(sender, salt, &code()),
        None => create::address_by_nonce(sender, nonce),
    };
    match &transaction.action {
        Action::Call { to, input } => Wanted { to: *to, input, what: What::Call },
        Action::Deploy { code, input, salt } => match Modules::check(code) {
            Ok((program, size)) => {
                let hash = program.code_hash();
                let what = What::Deploy(Box::new(program), size, Arc::clone(code));
                Wanted { to: created(salt, &|| hash), input, what }
            }
            Err(error) => {
                let what = What::Rejected(format!("the file is not a contract: {error}"));
                Wanted { to: created(salt, &|| CodeHash::of(code)), input, what }
            }
        },
        Action::Create { code, input, salt } => {
            Wanted { to: created(salt, &|| *code), input, what: What::Create(*code) }
        }
    }
}

/// Finds out what there is to run, and what it costs before it does.
fn prepare(
    session: &mut Session,
    transaction: &Transaction,
    wanted: Wanted<'_>,
) -> Result<Work, ExecuteError> {
    let Wanted { to, input, what } = wanted;
    session.journal.allow(StateKey::Account(to), true);
    let found = session.journal.account(&to)?;
    session.journal.touch_account(found.id);
    let is_occupied = create::is_occupied(&found.account);
    let new_account = session.prices.new_account;
    let (new, code, price) = match what {
        What::Call => {
            let Some(code) = found.account.code else {
                if !input.is_empty() {
                    return Ok(Work::Impossible(format!("no contract is at {to}")));
                }
                let is_new = found.account.is_empty() && !transaction.value.is_zero();
                return Ok(Work::Transfer { price: if is_new { new_account } else { 0 } });
            };
            let price = entry_price(session, &code)?;
            let (code, effect) = (Loadable::Stored(code), EntryEffect::Transfer);
            let frame = Box::new(frame(transaction, to, input));
            return Ok(Work::Frame { code, frame, effect, price });
        }
        What::Rejected(reason) => return Ok(Work::Impossible(reason)),
        What::Deploy(program, size, file) => {
            let hash = program.code_hash();
            session.journal.allow(StateKey::Code(hash), true);
            let price = size.entry_price(&session.prices);
            let new = NewCode { hash, file: Some((Arc::clone(&file), size)) };
            (new, Loadable::Parsed(program, file), price)
        }
        What::Create(hash) => {
            session.journal.allow(StateKey::Code(hash), false);
            if !session.journal.has_code(&hash)? {
                return Ok(Work::Impossible(format!("no code {hash} was uploaded")));
            }
            let code = Code::RiscV(hash);
            let price = entry_price(session, &code)?;
            (NewCode { hash, file: None }, Loadable::Stored(code), price)
        }
    };
    if is_occupied {
        return Ok(Work::Impossible(format!("an account is at {to} already")));
    }
    let (effect, frame) = (EntryEffect::Create(new), Box::new(frame(transaction, to, input)));
    Ok(Work::Frame { code, frame, effect, price: new_account + price })
}

/// The transaction's own frame.
fn frame(transaction: &Transaction, to: Address, input: &[u8]) -> Frame {
    Frame {
        address: to,
        code: to,
        caller: transaction.sender,
        value: transaction.value,
        input: input.to_vec(),
        read_only: false,
    }
}

/// The gas for entering a frame that runs this code.
fn entry_price(session: &mut Session, code: &Code) -> Result<u64, ExecuteError> {
    match code {
        Code::RiscV(hash) => Ok(Modules::entry_price(hash, &session.prices, &mut session.journal)?),
        Code::Evm(_) => Ok(0),
    }
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

/// The refund for removed values, in programs and in bytecode (which counts Ethereum's gas).
fn refund(session: &Session, used: u64, of_bytecode: i64) -> u64 {
    let prices = &session.prices;
    let refund = session.journal.cleared_values() * prices.cleared_value;
    #[cfg(feature = "evm")]
    let refund = refund + crate::bytecode::to_riscv(u64::try_from(of_bytecode).unwrap_or(0));
    #[cfg(not(feature = "evm"))]
    debug_assert_eq!(of_bytecode, 0, "there are no frames of bytecode");
    refund.min(used / prices.refund_cap)
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<ExecuteError> for Stopped {
    fn from(error: ExecuteError) -> Self {
        Self::Failed(error)
    }
}

impl From<JournalError> for Stopped {
    fn from(error: JournalError) -> Self {
        Self::Failed(error.into())
    }
}

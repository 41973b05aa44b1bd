//! One Ethereum transaction, from its checks to its receipt.

use bessemer_evm::interpreter::bytecode::Bytecode;
use bessemer_evm::interpreter::{
    CallInput, CallInputs, CallScheme, CallValue, CreateInputs, CreateScheme,
};
use bessemer_evm::{BlockLimits, Fees, Fork, IntrinsicGas, Invalid, Transaction, designator_of};
use bessemer_image::CodeHash;
use bessemer_types::U256;

use super::{Processed, Processor, Stopped};
use crate::account::{Account, Code};
use crate::bytecode::{ours, to_ethereum};
use crate::create;
use crate::executor::ExecuteError;
use crate::executor::evm::{EthereumRequest, address_of};
use crate::host::Session;
use crate::inspect::Inspector;
use crate::journal::AccountEntry;
use crate::key::StorageKey;
use crate::modules::ModuleError;
use crate::receipt::{Receipt, Status};
use crate::transaction::Refusal;

/// A transaction that passed its checks and has paid.
struct Bought {
    intrinsic: IntrinsicGas,
    fees: Fees,
    /// The refund for authorizations of accounts that exist (EIP-7702).
    refund: u64,
}

/// Which checks a transaction must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checks {
    /// The nonce is the sender's next.
    pub nonce: bool,
    /// The sender can pay for value, gas and blobs. If it cannot and this is off, gas is free.
    pub funds: bool,
    /// The fees are at least those of the block.
    pub base_fee: bool,
    /// The sender is not a contract (EIP-3607).
    pub sender_code: bool,
    /// The gas limit is within the block's and that of EIP-7825.
    pub gas_cap: bool,
}

impl Checks {
    /// All: the transaction is part of a block.
    pub const ALL: Self =
        Self { nonce: true, funds: true, base_fee: true, sender_code: true, gas_cap: true };

    /// No check: an unsigned call.
    pub const NONE: Self =
        Self { nonce: false, funds: false, base_fee: false, sender_code: false, gas_cap: false };
}

impl Processor {
    /// Processes an Ethereum transaction with at most `gas` of the block's gas. What it pays is with
    /// the coinbase when this returns.
    pub(crate) fn process_ethereum(
        &mut self,
        transaction: &Transaction,
        checks: Checks,
        index: u32,
        gas: u64,
        inspector: &mut Option<&mut dyn Inspector>,
    ) -> Result<Processed, Stopped> {
        let mut guard = self.session.borrow_mut();
        let session = &mut *guard;
        session.begin(ours(&transaction.sender), inspector.is_some());
        session.journal.begin(None);
        let keeps_empty = !session.evm.rules.has(Fork::SpuriousDragon);
        session.journal.keep_empty_accounts(keeps_empty);
        let bought = buy(session, transaction, checks, gas)?;
        let before = session.journal.checkpoint();
        let request =
            request(session, transaction, transaction.gas_limit - bought.intrinsic.needed)?;
        let to = match &request {
            EthereumRequest::Call(inputs) => ours(&inputs.target_address),
            EthereumRequest::Create(inputs, nonce) => address_of(inputs, *nonce),
        };
        drop(guard);

        let ended = self.executor.run_ethereum(&self.session, request, inspector)?;

        let session = &mut *self.session.borrow_mut();
        if ended.status != Status::Return {
            session.journal.revert(before);
        }
        let diagnosis = std::mem::take(&mut session.diagnosis);
        let gas_used = gas_used(session, transaction, &bought, &ended);
        let tip = settle(session, transaction, &bought.fees, gas_used)?;
        session.journal.clean_up()?;
        session.journal.keep_empty_accounts(false);

        let (events, created) = session.journal.take_results();
        let receipt = Receipt {
            height: session.block.height,
            index,
            sender: ours(&transaction.sender),
            to,
            status: ended.status,
            gas_used,
            output: ended.output,
            events,
            created,
            diagnosis,
        };
        Ok(Processed { receipt, fee: U256::ZERO, tip })
    }
}

/// The gas that is paid: used gas less refunds, and at least the floor.
fn gas_used(
    session: &Session,
    transaction: &Transaction,
    bought: &Bought,
    ended: &crate::executor::Ended,
) -> u64 {
    let spent = transaction.gas_limit - ended.gas_left;
    let mut refund = bought.refund;
    if ended.status == Status::Return {
        refund = refund.saturating_add_signed(ended.refund);
        let cleared = session.journal.cleared_values() * session.prices.cleared_value;
        refund = refund.saturating_add(to_ethereum(cleared));
    }
    let most = spent / session.evm.rules.gas.max_refund_quotient();
    (spent - refund.min(most)).max(bought.intrinsic.floor)
}

/// Gives back what was not used, and pays the coinbase; the base fee is burnt. Gives the tip that the
/// coinbase has still to get.
fn settle(
    session: &mut Session,
    transaction: &Transaction,
    fees: &Fees,
    gas_used: u64,
) -> Result<U256, Stopped> {
    let left = U256::from(transaction.gas_limit - gas_used);
    let journal = &mut session.journal;
    let sender = journal.account(&ours(&transaction.sender))?;
    let balance = sender.account.balance.saturating_add(fees.gas_price * left);
    journal.set_account(sender.id, Account { balance, ..sender.account })?;
    let tip = fees.tip.saturating_mul(U256::from(gas_used));
    if session.defer_tips && !journal.uses_account(&session.block.coinbase) {
        return Ok(tip);
    }
    let coinbase = journal.account(&session.block.coinbase)?;
    if !tip.is_zero() || coinbase.account.is_empty() {
        let balance = coinbase.account.balance.saturating_add(tip);
        journal.set_account(coinbase.id, Account { balance, ..coinbase.account })?;
    }
    Ok(U256::ZERO)
}

/// Checks the transaction, buys its gas, warms what it names, and sets code that it authorizes.
fn buy(
    session: &mut Session,
    transaction: &Transaction,
    checks: Checks,
    block_gas: u64,
) -> Result<Bought, Stopped> {
    let rules = std::sync::Arc::clone(&session.evm.rules);
    let limits = BlockLimits {
        chain_id: session.block.chain_id,
        gas: if checks.gas_cap { block_gas } else { u64::MAX },
        base_fee: if checks.base_fee { session.block.base_fee } else { U256::ZERO },
        blob_base_fee: if checks.base_fee { session.block.blob_base_fee } else { U256::ZERO },
    };
    let intrinsic = rules.check_some(transaction, &limits, checks.gas_cap)?;
    let sender = session.journal.account(&ours(&transaction.sender))?;
    let balance = sender.account.balance;
    if checks.nonce {
        check_nonce(transaction, &sender.account)?;
    }
    let fees = rules.fees(transaction, &limits);
    let fees = match fees.filter(|fees| fees.most <= balance) {
        Some(fees) => fees,
        None if checks.funds => {
            return Err(Invalid::Funds { sender: transaction.sender, balance }.into());
        }
        None => Fees::FREE,
    };
    if checks.sender_code
        && let Some(code) = sender.account.code
        && !delegates(session, code)?
    {
        return Err(Invalid::SenderIsContract { sender: transaction.sender }.into());
    }
    let cost = fees.gas_price * U256::from(transaction.gas_limit) + fees.blobs;
    let nonce = sender.account.nonce.saturating_add(1);
    let account = Account { nonce, balance: balance - cost, ..sender.account };
    session.journal.set_account(sender.id, account)?;
    session.evm.gas_price = fees.gas_price;
    session.evm.blob_hashes = transaction.blob_hashes.iter().map(|hash| hash.0).collect();
    warm(session, transaction, &sender)?;
    let refund = authorize(session, transaction)?;
    Ok(Bought { intrinsic, fees, refund })
}

fn check_nonce(transaction: &Transaction, account: &Account) -> Result<(), Invalid> {
    let (sender, found, expected) = (transaction.sender, transaction.nonce, account.nonce);
    match found.cmp(&expected) {
        std::cmp::Ordering::Less => Err(Invalid::NonceTooLow { sender, found, expected }),
        std::cmp::Ordering::Greater => Err(Invalid::NonceTooHigh { sender, found, expected }),
        std::cmp::Ordering::Equal => Ok(()),
    }
}

/// Whether the code is a delegation, with which an account may send transactions (EIP-7702).
fn delegates(session: &mut Session, code: Code) -> Result<bool, Stopped> {
    match code {
        Code::RiscV(_) => Ok(false),
        Code::Evm(hash) => {
            let Session { evm, journal, .. } = session;
            Ok(evm.delegate(journal, &hash)?.is_some())
        }
    }
}

/// Warms the keys that are warm from the begin (EIP-2929, EIP-2930, EIP-3651). Precompiles always
/// are.
fn warm(
    session: &mut Session,
    transaction: &Transaction,
    sender: &AccountEntry,
) -> Result<(), Stopped> {
    let rules = std::sync::Arc::clone(&session.evm.rules);
    let journal = &mut session.journal;
    journal.touch_account(sender.id);
    if let Some(to) = &transaction.to {
        let id = journal.account(&ours(to))?.id;
        journal.touch_account(id);
    }
    if rules.has(Fork::Shanghai) && session.defer_tips {
        journal.warm_unseen(session.block.coinbase);
    } else if rules.has(Fork::Shanghai) {
        let id = journal.account(&session.block.coinbase)?.id;
        journal.touch_account(id);
    }
    for item in &transaction.access_list {
        let address = ours(&item.address);
        let id = journal.account(&address)?.id;
        journal.touch_account(id);
        for slot in &item.slots {
            let id = journal.storage(&address, &StorageKey::of_word(slot.0))?.id;
            journal.touch(id);
        }
    }
    Ok(())
}

/// Sets the code that accounts authorized (EIP-7702), and gives what is refunded.
fn authorize(session: &mut Session, transaction: &Transaction) -> Result<u64, Stopped> {
    let chain_id = U256::from(session.block.chain_id);
    let mut refund: u64 = 0;
    for authorization in &transaction.authorizations {
        let is_other = !authorization.chain_id.is_zero() && authorization.chain_id != chain_id;
        let (false, Some(authority)) = (is_other, authorization.authority) else { continue };
        let Some(nonce) = authorization.nonce.checked_add(1) else { continue };
        let found = session.journal.account(&ours(&authority))?;
        session.journal.touch_account(found.id);
        if let Some(code) = found.account.code
            && !delegates(session, code)?
        {
            continue;
        }
        if found.account.nonce != authorization.nonce {
            continue;
        }
        if found.account.exists() {
            refund += session.evm.rules.gas.tx_eip7702_auth_refund_regular();
        }
        let code = if authorization.address.is_zero() {
            None
        } else {
            let designator = designator_of(&authorization.address);
            let hash = CodeHash::of(&designator);
            session.journal.put_bytecode(hash, designator.as_slice().into())?;
            Some(Code::Evm(hash))
        };
        session.journal.set_account(found.id, Account { nonce, code, ..found.account })?;
    }
    Ok(refund)
}

/// The request of the transaction to the executor.
fn request(
    session: &mut Session,
    transaction: &Transaction,
    gas: u64,
) -> Result<EthereumRequest, Stopped> {
    let Some(to) = transaction.to else {
        let inputs = CreateInputs::new(
            transaction.sender,
            CreateScheme::Create,
            transaction.value,
            transaction.input.clone(),
            gas,
            0,
        );
        // the nonce that the transaction used, which a call has not checked
        let sender = session.journal.account(&ours(&transaction.sender))?;
        let nonce = sender.account.nonce.saturating_sub(1);
        let address = create::address_by_nonce(&ours(&transaction.sender), nonce);
        let created = session.journal.account(&address)?.id;
        session.journal.touch_account(created);
        return Ok(EthereumRequest::Create(Box::new(inputs), nonce));
    };
    let account = session.journal.account(&ours(&to))?.account;
    let mut code = bytecode(session, account.code)?;
    if let Some(target) = code.1.eip7702_address() {
        let found = session.journal.account(&ours(&target))?;
        session.journal.touch_account(found.id);
        code = bytecode(session, found.account.code)?;
    }
    Ok(EthereumRequest::Call(Box::new(CallInputs {
        input: CallInput::Bytes(transaction.input.clone()),
        return_memory_offset: 0..0,
        gas_limit: gas,
        reservoir: 0,
        bytecode_address: to,
        known_bytecode: ((*code.0.as_bytes()).into(), code.1),
        target_address: to,
        caller: transaction.sender,
        value: CallValue::Transfer(transaction.value),
        scheme: CallScheme::Call,
        is_static: false,
        charged_new_account_state_gas: false,
    })))
}

/// Bytecode of an account that is called; that of a RISC-V account is not looked at.
fn bytecode(session: &mut Session, code: Option<Code>) -> Result<(CodeHash, Bytecode), Stopped> {
    let Some(Code::Evm(hash)) = code else { return Ok((CodeHash::of(b""), Bytecode::new())) };
    let Session { evm, journal, .. } = session;
    Ok((hash, evm.codes.of(&evm.rules, &hash, journal)?))
}

impl From<Invalid> for Stopped {
    fn from(invalid: Invalid) -> Self {
        Self::Refused(Refusal::Ethereum(invalid))
    }
}

impl From<ModuleError> for Stopped {
    fn from(error: ModuleError) -> Self {
        Self::Failed(ExecuteError::from(error))
    }
}

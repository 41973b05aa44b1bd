//! Transactions.

use bessemer_chain::{
    AccessList, Account, Action, Address, CodeHash, Diagnosis, Receipt, Refusal, StateKey, Status,
    Transaction, U256,
};
use sha3::{Digest, Keccak256};

use super::frame::{Ended, Entry, Frame};
use super::{Model, Session};
use crate::calls::contract::{CONTRACTS, Contract};

const NEW_ACCOUNT: u64 = 50_000;

impl Model {
    /// Processes a transaction: its receipt with what it accessed in the diagnosis, and the fee.
    pub(in crate::calls) fn process(
        &mut self,
        transaction: &Transaction,
        index: u32,
        block_gas: u64,
    ) -> Result<(Receipt, U256), Refusal> {
        let (own_price, cost) = self.check(transaction, block_gas)?;
        let to = target(transaction);
        self.session = Session {
            origin: transaction.sender,
            declared: declared(transaction, &to),
            ..Session::default()
        };
        self.world.transient.clear();
        let at_begin = self.world.storage.clone();

        let sender = transaction.sender;
        self.sure(|model| {
            let account = model.use_account(&sender)?;
            let (nonce, balance) = (account.nonce + 1, account.balance - cost);
            model.set_account(&sender, Account { nonce, balance, ..account })
        });
        self.warm(StateKey::Account(sender));
        let before = self.world.clone();
        let mut refused = None;
        let ended = self.attempt(transaction, to, transaction.gas_limit - own_price);
        let ended = ended.unwrap_or_else(|reason| {
            refused = Some(reason.to_owned());
            let gas = transaction.gas_limit - own_price;
            Ended { status: Status::Revert, output: Vec::new(), gas }
        });
        if ended.status != Status::Return {
            self.world = before;
        }

        let used = transaction.gas_limit - ended.gas;
        let gone = |slot| !self.world.storage.contains_key(slot);
        let cleared = at_begin.keys().filter(|slot| gone(slot)).count() as u64;
        // the price of the access list raises no refund
        let access = transaction.access.as_ref().map_or(0, |list| 1_000 * list.len() as u64);
        let used = used - (cleared * 20_000).min((used - access) / 5);
        let fee = transaction.gas_price * U256::from(used);
        self.sure(|model| {
            let account = model.use_account(&sender)?;
            let balance = account.balance + (cost - fee);
            model.set_account(&sender, Account { balance, ..account })
        });
        let diagnosis = Diagnosis {
            refused,
            failures: std::mem::take(&mut self.session.failures),
            log: std::mem::take(&mut self.session.log),
            access: Some(self.accessed()),
            ..Diagnosis::default()
        };
        let receipt = Receipt {
            height: self.height,
            index,
            sender,
            to,
            status: ended.status,
            gas_used: used,
            output: ended.output,
            events: std::mem::take(&mut self.world.events),
            created: std::mem::take(&mut self.world.created),
            diagnosis,
        };
        self.world.transient.clear();
        Ok((receipt, fee))
    }

    /// Calls in a frame that changes nothing, outside any transaction.
    pub(in crate::calls) fn query(
        &self,
        from: Address,
        to: Address,
        input: Vec<u8>,
        gas: u64,
    ) -> Ended {
        let mut model = self.clone();
        model.session = Session { origin: from, ..Session::default() };
        let Some(hash) = self.account(&to).program() else {
            return Ended { status: Status::Return, output: Vec::new(), gas };
        };
        let frame = frame(from, to, U256::ZERO, &hash, input, Entry::Transfer);
        match gas.checked_sub(frame.contract.entry_price()) {
            Some(gas) => model.run(Frame { read_only: true, ..frame }, gas),
            None => out_of_gas(),
        }
    }

    fn check(&self, transaction: &Transaction, block_gas: u64) -> Result<(u64, U256), Refusal> {
        let (limit, sender) = (transaction.gas_limit, transaction.sender);
        let most = block_gas.min(1 << 62);
        if limit > most {
            return Err(Refusal::GasTooHigh { limit, most });
        }
        let (input, code) = match &transaction.action {
            Action::Call { input, .. } | Action::Create { input, .. } => (input.len(), 0),
            Action::Deploy { code, input, .. } => (input.len(), code.len()),
        };
        let access = transaction.access.as_ref().map_or(0, |list| 1_000 * list.len() as u64);
        let needed = 150_000 + 10 * input as u64 + 4_000 * code as u64 + access;
        if limit < needed {
            return Err(Refusal::GasTooLow { limit, needed });
        }
        let own_price = needed;
        let cost = transaction.gas_price.checked_mul(U256::from(limit)).ok_or(Refusal::Cost)?;
        let needed = cost.checked_add(transaction.value).ok_or(Refusal::Cost)?;
        let account = self.account(&sender);
        if account.code.is_some() {
            return Err(Refusal::SenderIsContract { sender });
        }
        if account.nonce != transaction.nonce {
            let (found, expected) = (transaction.nonce, account.nonce);
            return Err(Refusal::Nonce { sender, found, expected });
        }
        if account.balance < needed {
            return Err(Refusal::Balance { sender, balance: account.balance, needed });
        }
        Ok((own_price, cost))
    }

    /// Does what the transaction says, or tells why it cannot be done.
    fn attempt(
        &mut self,
        transaction: &Transaction,
        to: Address,
        gas: u64,
    ) -> Result<Ended, &'static str> {
        let (sender, value) = (transaction.sender, transaction.value);
        let found = self.account(&to);
        let is_occupied = found.code.is_some() || found.nonce != 0;
        self.sure(|model| model.use_account(&to).map(drop));
        self.warm(StateKey::Account(to));
        let (hash, input) = match &transaction.action {
            Action::Call { input, .. } => match found.program() {
                Some(hash) => {
                    let frame = frame(sender, to, value, &hash, input.clone(), Entry::Transfer);
                    return Ok(self.start(frame, 0, gas));
                }
                None if !input.is_empty() => return Err("no contract"),
                None => {
                    let is_new = found == Account::default() && value != U256::ZERO;
                    let Some(gas) = gas.checked_sub(if is_new { NEW_ACCOUNT } else { 0 }) else {
                        return Ok(out_of_gas());
                    };
                    self.sure(|model| model.transfer(&sender, &to, value));
                    return Ok(Ended { status: Status::Return, output: Vec::new(), gas });
                }
            },
            Action::Deploy { code, input, .. } => {
                let Some(contract) = CONTRACTS.with_file(code) else { return Err("no file") };
                (contract.hash, input)
            }
            Action::Create { code, input, .. } => {
                self.sure(|model| model.use_key(StateKey::Code(*code)));
                if !self.world.codes.contains(code) {
                    return Err("no code");
                }
                (*code, input)
            }
        };
        if is_occupied {
            return Err("occupied");
        }
        let frame = frame(sender, to, value, &hash, input.clone(), Entry::Create(hash));
        // the file is stored when its frame begins, which is paid first
        let is_paid = gas >= NEW_ACCOUNT + frame.contract.entry_price();
        if is_paid && matches!(transaction.action, Action::Deploy { .. }) {
            self.sure(|model| model.store_code(hash));
        }
        Ok(self.start(frame, NEW_ACCOUNT, gas))
    }

    fn start(&mut self, frame: Frame, price: u64, gas: u64) -> Ended {
        match gas.checked_sub(price + frame.contract.entry_price()) {
            Some(gas) => self.run(frame, gas),
            None => out_of_gas(),
        }
    }

    /// Stores the code of a contract.
    pub(super) fn store_code(&mut self, hash: CodeHash) -> Result<(), super::Undeclared> {
        let key = StateKey::Code(hash);
        self.may_write(&key)?;
        self.session.written.insert(key);
        self.world.codes.insert(hash);
        Ok(())
    }

    /// Does what every transaction may.
    fn sure(&mut self, act: impl FnOnce(&mut Self) -> Result<(), super::Undeclared>) {
        assert!(act(self).is_ok(), "a transaction may use what it names");
    }
}

/// A frame that begins with a transaction.
fn frame(
    caller: Address,
    to: Address,
    value: U256,
    hash: &CodeHash,
    input: Vec<u8>,
    entry: Entry,
) -> Frame {
    let contract = contract(hash);
    Frame {
        contract,
        address: to,
        code: to,
        caller,
        value,
        input,
        read_only: false,
        entry,
        received: Vec::new(),
        heap_end: contract.heap().0,
    }
}

/// The contract whose code an account has.
pub(super) fn contract(hash: &CodeHash) -> &'static Contract {
    CONTRACTS.with_hash(hash).expect("only known code is stored")
}

fn out_of_gas() -> Ended {
    Ended { status: Status::OutOfGas, output: Vec::new(), gas: 0 }
}

/// The keys that the transaction declares, and those that it names itself.
fn declared(transaction: &Transaction, to: &Address) -> Option<AccessList> {
    let mut declared = AccessList::clone(transaction.access.as_deref()?);
    declared.writes.extend([StateKey::Account(transaction.sender), StateKey::Account(*to)]);
    match &transaction.action {
        Action::Call { .. } => {}
        Action::Deploy { code, .. } => {
            declared.writes.insert(StateKey::Code(CodeHash::from_bytes(keccak(&[code]))));
        }
        Action::Create { code, .. } => {
            declared.reads.insert(StateKey::Code(*code));
        }
    }
    Some(declared)
}

fn target(transaction: &Transaction) -> Address {
    let sender = &transaction.sender;
    match &transaction.action {
        Action::Call { to, .. } => *to,
        Action::Deploy { salt: None, .. } | Action::Create { salt: None, .. } => {
            created_by(sender, transaction.nonce)
        }
        Action::Deploy { code, salt: Some(salt), .. } => {
            salted(sender, salt, &CodeHash::from_bytes(keccak(&[code])))
        }
        Action::Create { code, salt: Some(salt), .. } => salted(sender, salt, code),
    }
}

/// The address of the contract that an account creates at a nonce: the hash of an RLP list.
pub(in crate::calls) fn created_by(creator: &Address, nonce: u64) -> Address {
    let digits: Vec<u8> = nonce.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
    let nonce = match *digits {
        [digit] if digit < 0x80 => vec![digit],
        _ => [&[0x80 + digits.len() as u8][..], &digits].concat(),
    };
    let length = (21 + nonce.len()) as u8;
    last_20(keccak(&[&[0xc0 + length, 0x94], creator.as_bytes(), &nonce]))
}

/// The address of the contract that an account creates with a salt.
pub(in crate::calls) fn salted(creator: &Address, salt: &[u8; 32], hash: &CodeHash) -> Address {
    last_20(keccak(&[&[0xff], creator.as_bytes(), salt, hash.as_bytes()]))
}

fn keccak(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Keccak256::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().into()
}

fn last_20(digest: [u8; 32]) -> Address {
    let mut address = [0; 20];
    address.copy_from_slice(&digest[12..]);
    Address::new(address)
}

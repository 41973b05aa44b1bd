//! Host calls, in the order of rule G6.

use bessemer_chain::{Account, Address, CodeHash, Event, LogLine, StateKey, Status, U256};
use bessemer_isa::TrapKind;

use super::frame::{Entry, Frame, Left};
use super::row::{Kind, Row, row};
use super::transaction::contract;
use super::{Model, Undeclared, created_by, salted, storage_key};
use crate::calls::contract::{CONTRACTS, GROWN_PAGE};
use crate::oracle::{Oracle, PAGE_SIZE};

const COLD: u64 = 15_000;
const NEW_ACCOUNT: u64 = 50_000;
const ABSENT: u32 = u32::MAX;

/// Codes of calls that ran nothing.
mod refused {
    pub(super) const DEPTH: u32 = -1_i32 as u32;
    pub(super) const BALANCE: u32 = -2_i32 as u32;
    pub(super) const NO_CODE: u32 = -3_i32 as u32;
    pub(super) const REENTRY: u32 = -4_i32 as u32;
    pub(super) const OCCUPIED: u32 = -5_i32 as u32;
    pub(super) const UNKNOWN_CODE: u32 = -6_i32 as u32;
    pub(super) const REJECTED: u32 = -7_i32 as u32;
}

/// The registers of each argument: address or number, and bytes or the high half.
struct Arguments(Vec<(u32, u32)>);

impl Arguments {
    fn bytes(&self, cpu: &Oracle, index: usize) -> Vec<u8> {
        let (at, len) = self.0[index];
        cpu.read(at, len).expect("ranges are checked before they are read")
    }

    fn array<const N: usize>(&self, cpu: &Oracle, index: usize) -> [u8; N] {
        self.bytes(cpu, index).try_into().expect("the row says the size")
    }

    fn put(&self, cpu: &mut Oracle, index: usize, bytes: &[u8]) -> u32 {
        let (at, len) = self.0[index];
        let count = bytes.len().min(len as usize);
        cpu.write(at, &bytes[..count]);
        count as u32
    }
}

impl From<Undeclared> for Left {
    fn from(_: Undeclared) -> Self {
        trap(TrapKind::AccessViolation)
    }
}

impl Model {
    /// Does the host call at which the frame stands.
    pub(super) fn host(&mut self, cpu: &mut Oracle, frame: &mut Frame) -> Result<u32, Left> {
        let number = cpu.registers()[17] as u32;
        let result = self.steps(number, cpu, frame)?;
        if let 0x30..=0x35 = number {
            self.health.refused_calls += u64::from(result as i32 <= -1);
        }
        Ok(result)
    }

    fn steps(&mut self, number: u32, cpu: &mut Oracle, frame: &mut Frame) -> Result<u32, Left> {
        // step 1
        let Some(row) = row(number) else { return Err(trap(TrapKind::UnknownHostCall)) };
        // step 2
        pay(cpu, row.base)?;
        // step 3
        if row.state && frame.read_only {
            return Err(trap(TrapKind::StaticViolation));
        }
        let (arguments, lengths) = arguments(cpu, &row)?;
        match number {
            0x21 | 0x22 | 0x24 | 0x25 if self.session.writes >= 4096 => {
                return Err(trap(TrapKind::HostLimit));
            }
            0x26 => {
                let bytes = |event: &Event| event.topics.len() * 32 + event.data.len();
                let so_far: usize = self.world.events.iter().map(bytes).sum();
                let more = (arguments.0[0].1 + arguments.0[1].1) as usize;
                if self.world.events.len() >= 64 || so_far + more > 16_384 {
                    return Err(trap(TrapKind::HostLimit));
                }
            }
            0x34 | 0x35 if self.world.created.len() >= 1024 => {
                return Err(trap(TrapKind::HostLimit));
            }
            0x30..=0x32 | 0x34 | 0x35 if self.session.entered.len() >= 64 => {
                frame.received.clear();
                return Ok(refused::DEPTH);
            }
            0x40 => {
                let (begin, most) = frame.contract.heap();
                let left = most - (frame.heap_end - begin) / PAGE_SIZE;
                if arguments.0[0].0 > left {
                    return Ok(u32::MAX);
                }
            }
            _ => {}
        }
        // step 4
        for (kind, &(at, len)) in row.arguments.iter().zip(&arguments.0) {
            let write = match kind {
                Kind::Number | Kind::Wide => continue,
                Kind::Bytes(_) | Kind::Items(..) | Kind::In(_) | Kind::SameIn => false,
                Kind::Out(_) | Kind::Buffer(_) | Kind::SameOut => true,
            };
            if let Some(addr) = cpu.refused(at, len, write) {
                return Err(Left::Trap(TrapKind::BadPointer, Some(addr)));
            }
        }
        match number {
            0x20..=0x25 => self.storage(number, cpu, frame, &arguments, lengths),
            0x30..=0x32 => self.call(number, cpu, frame, &arguments, lengths),
            0x33 => self.upload(cpu, frame, &arguments, lengths),
            0x34 | 0x35 => self.create(number, cpu, frame, &arguments, lengths),
            _ => self.simple(number, cpu, frame, &arguments, lengths),
        }
    }

    /// Everything but storage and calls: steps 5 and 6.
    fn simple(
        &mut self,
        number: u32,
        cpu: &mut Oracle,
        frame: &mut Frame,
        arguments: &Arguments,
        lengths: u64,
    ) -> Result<u32, Left> {
        if let 0x14 | 0x18 = number {
            let address = Address::new(arguments.array(cpu, 0));
            let account = self.first_access(cpu, &address, lengths)?;
            match (number, account.code) {
                (0x14, _) => arguments.put(cpu, 1, &account.balance.to_le_bytes::<32>()),
                (_, Some(code)) => arguments.put(cpu, 1, code.hash().as_bytes()),
                (_, None) => return Ok(ABSENT),
            };
            return Ok(0);
        }
        // what the receipt keeps
        let kept = match number {
            0x03..=0x05 if self.session.entered.len() == 1 => arguments.0[0].1,
            0x26 => arguments.0[0].1 + arguments.0[1].1,
            _ => 0,
        };
        pay(cpu, lengths + 32 * u64::from(kept))?;
        let from =
            |bytes: &[u8], offset: u32| bytes.iter().skip(offset as usize).copied().collect();
        let first = arguments.0.first().map_or(0, |argument| argument.0);
        match number {
            0x01 => Ok(frame.input.len() as u32),
            0x02 => {
                let bytes: Vec<u8> = from(&frame.input, first);
                Ok(arguments.put(cpu, 1, &bytes))
            }
            0x03 => Err(Left::Done(Status::Return, arguments.bytes(cpu, 0))),
            0x04 => Err(Left::Done(Status::Revert, arguments.bytes(cpu, 0))),
            0x05 => {
                let message = String::from_utf8_lossy(&arguments.bytes(cpu, 0)).into_owned();
                Err(Left::Done(Status::Revert, error_string(message.as_bytes())))
            }
            0x06 => Ok(frame.received.len() as u32),
            0x07 => {
                let bytes: Vec<u8> = from(&frame.received, first);
                Ok(arguments.put(cpu, 1, &bytes))
            }
            0x09 => {
                let entered = self.session.entered.last_mut().expect("the frame is entered");
                Ok(std::mem::replace(&mut entered.1, first != 0).into())
            }
            0x26 => {
                let topics = arguments.bytes(cpu, 0).as_chunks::<32>().0.to_vec();
                let data = arguments.bytes(cpu, 1);
                self.world.events.push(Event { address: frame.address, topics, data });
                Ok(0)
            }
            0x27 => {
                let text = arguments.bytes(cpu, 0);
                self.log(frame.address, &text);
                Ok(0)
            }
            0x40 => {
                pay(cpu, u64::from(first) * GROWN_PAGE)?;
                let begin = frame.heap_end;
                cpu.map(begin, first);
                frame.heap_end += first * PAGE_SIZE;
                Ok(begin)
            }
            0x41 => {
                let bytes = arguments.bytes(cpu, 0);
                arguments.put(cpu, 1, &bytes);
                Ok(0)
            }
            0x42 => {
                let bytes = vec![arguments.0[1].0 as u8; arguments.0[0].1 as usize];
                arguments.put(cpu, 0, &bytes);
                Ok(0)
            }
            0x43 => Ok(arguments.bytes(cpu, 0).cmp(&arguments.bytes(cpu, 1)) as i32 as u32),
            _ => {
                let told = match number {
                    0x08 => cpu.gas().to_le_bytes().to_vec(),
                    0x10 => frame.caller.as_bytes().to_vec(),
                    0x11 => self.session.origin.as_bytes().to_vec(),
                    0x12 => frame.address.as_bytes().to_vec(),
                    0x13 => frame.value.to_le_bytes::<32>().to_vec(),
                    0x15 => self.height.to_le_bytes().to_vec(),
                    0x16 => self.timestamp.to_le_bytes().to_vec(),
                    0x17 => self.chain_id.to_le_bytes().to_vec(),
                    _ => unreachable!("row {number:#x} has a meaning"),
                };
                arguments.put(cpu, 0, &told);
                Ok(0)
            }
        }
    }

    fn storage(
        &mut self,
        number: u32,
        cpu: &mut Oracle,
        frame: &Frame,
        arguments: &Arguments,
        lengths: u64,
    ) -> Result<u32, Left> {
        let key = arguments.bytes(cpu, 0);
        let slot = (frame.address, key.clone());
        let transient = number >= 0x23;
        let old = if transient { &self.world.transient } else { &self.world.storage };
        let old = old.get(&slot).cloned();
        if transient {
            pay(cpu, lengths)?;
        } else {
            let state_key = storage_key(&frame.address, &key);
            self.use_key(state_key)?;
            let mut price = if self.session.warm.contains(&state_key) { 0 } else { COLD };
            if number != 0x20 {
                self.may_write(&state_key)?;
            }
            if number == 0x21 {
                let len = u64::from(arguments.0[1].1);
                price += match &old {
                    Some(old) => 150 * len.saturating_sub(old.len() as u64),
                    None => 25_000 + 150 * (key.len() as u64 + len),
                };
            }
            pay(cpu, lengths + price)?;
            self.warm(state_key);
            if number != 0x20 {
                self.session.written.insert(state_key);
            }
        }
        let map = if transient { &mut self.world.transient } else { &mut self.world.storage };
        match number {
            0x20 | 0x23 => Ok(old.map_or(ABSENT, |value| {
                arguments.put(cpu, 1, &value);
                value.len() as u32
            })),
            0x21 | 0x24 => {
                map.insert(slot, arguments.bytes(cpu, 1));
                self.session.writes += 1;
                Ok(0)
            }
            _ => {
                map.remove(&slot);
                self.session.writes += 1;
                Ok(old.is_some().into())
            }
        }
    }

    fn call(
        &mut self,
        number: u32,
        cpu: &mut Oracle,
        frame: &mut Frame,
        arguments: &Arguments,
        lengths: u64,
    ) -> Result<u32, Left> {
        let to = Address::new(arguments.array(cpu, 0));
        let (value, data) = match number {
            0x30 => (U256::from_le_bytes(arguments.array::<32>(cpu, 1)), 2),
            _ => (U256::ZERO, 1),
        };
        let (low, high) = arguments.0[data + 1];
        let requested = u64::from(high) << 32 | u64::from(low);
        if value != U256::ZERO {
            if frame.read_only {
                return Err(trap(TrapKind::StaticViolation));
            }
            self.may_move(&frame.address, &to)?;
        }
        let callee = self.first_access(cpu, &to, lengths)?;
        if value != U256::ZERO && callee == Account::default() {
            pay(cpu, NEW_ACCOUNT)?;
        }
        frame.received.clear();
        let closed = self.session.entered.iter().any(|(address, open)| *address == to && !open);
        if number != 0x32 && closed {
            return Ok(refused::REENTRY);
        }
        if number == 0x30 && self.use_account(&frame.address)?.balance < value {
            return Ok(refused::BALANCE);
        }
        let input = arguments.bytes(cpu, data);
        let Some(hash) = callee.program() else {
            if number != 0x30 || !input.is_empty() {
                return Ok(refused::NO_CODE);
            }
            self.transfer(&frame.address, &to, value)?;
            return Ok(0);
        };
        let callee = contract(&hash);
        let called = Frame {
            contract: callee,
            address: to,
            code: to,
            caller: frame.address,
            value,
            input,
            read_only: frame.read_only || number == 0x31,
            entry: Entry::Transfer,
            received: Vec::new(),
            heap_end: callee.heap().0,
        };
        let called = if number == 0x32 {
            let (address, caller, value) = (frame.address, frame.caller, frame.value);
            Frame { address, caller, value, entry: Entry::Delegate, ..called }
        } else {
            called
        };
        self.pass(cpu, frame, called, requested)
    }

    fn upload(
        &mut self,
        cpu: &mut Oracle,
        frame: &Frame,
        arguments: &Arguments,
        lengths: u64,
    ) -> Result<u32, Left> {
        let file = arguments.bytes(cpu, 0);
        pay(cpu, lengths + 4_000 * file.len() as u64)?;
        let Some(contract) = CONTRACTS.with_file(&file) else {
            self.log(frame.address, b"upload rejected: ");
            return Ok(refused::REJECTED);
        };
        self.store_code(contract.hash)?;
        arguments.put(cpu, 1, contract.hash.as_bytes());
        Ok(0)
    }

    fn create(
        &mut self,
        number: u32,
        cpu: &mut Oracle,
        frame: &mut Frame,
        arguments: &Arguments,
        lengths: u64,
    ) -> Result<u32, Left> {
        let hash = CodeHash::from_bytes(arguments.array(cpu, 0));
        let value = U256::from_le_bytes(arguments.array::<32>(cpu, 1));
        let creator = frame.address;
        let own = self.use_account(&creator)?;
        let (address, address_at) = if number == 0x34 {
            (created_by(&creator, own.nonce), 3)
        } else {
            (salted(&creator, &arguments.array(cpu, 3), &hash), 4)
        };
        self.may_move(&creator, &address)?;
        self.use_key(StateKey::Code(hash))?;
        let found = self.first_access(cpu, &address, lengths)?;
        pay(cpu, NEW_ACCOUNT)?;
        frame.received.clear();
        if own.balance < value {
            return Ok(refused::BALANCE);
        }
        if !self.world.codes.contains(&hash) {
            return Ok(refused::UNKNOWN_CODE);
        }
        if found.code.is_some() || found.nonce != 0 {
            return Ok(refused::OCCUPIED);
        }
        let contract = contract(&hash);
        let called = Frame {
            contract,
            address,
            code: address,
            caller: creator,
            value,
            input: arguments.bytes(cpu, 2),
            read_only: false,
            entry: Entry::Create(hash),
            received: Vec::new(),
            heap_end: contract.heap().0,
        };
        pay(cpu, contract.entry_price())?;
        self.set_account(&creator, Account { nonce: own.nonce + 1, ..own })?;
        let status = self.give(cpu, frame, called, u64::MAX);
        if status == Status::Return as u32 {
            arguments.put(cpu, address_at, address.as_bytes());
        }
        Ok(status)
    }

    /// Pays for the frame, and runs it.
    fn pass(
        &mut self,
        cpu: &mut Oracle,
        frame: &mut Frame,
        called: Frame,
        requested: u64,
    ) -> Result<u32, Left> {
        pay(cpu, called.contract.entry_price())?;
        Ok(self.give(cpu, frame, called, requested))
    }

    /// Runs a frame with its part of the gas.
    fn give(&mut self, cpu: &mut Oracle, frame: &mut Frame, called: Frame, requested: u64) -> u32 {
        let gas = requested.min(cpu.gas() - cpu.gas() / 64);
        cpu.set_gas(cpu.gas() - gas);
        let ended = self.run(called, gas);
        cpu.set_gas(cpu.gas() + ended.gas);
        frame.received = ended.output;
        ended.status as u32
    }

    /// Pays for a call that looks at an account.
    fn first_access(
        &mut self,
        cpu: &mut Oracle,
        address: &Address,
        lengths: u64,
    ) -> Result<Account, Left> {
        let account = self.use_account(address)?;
        let key = StateKey::Account(*address);
        let cold = if self.session.warm.contains(&key) { 0 } else { COLD };
        pay(cpu, lengths + cold)?;
        self.warm(key);
        Ok(account)
    }

    fn may_move(&mut self, from: &Address, to: &Address) -> Result<(), Undeclared> {
        for address in [from, to] {
            self.use_account(address)?;
            self.may_write(&StateKey::Account(*address))?;
        }
        Ok(())
    }

    fn log(&mut self, address: Address, text: &[u8]) {
        let bytes = self.session.log_bytes + 20 + String::from_utf8_lossy(text).len();
        if bytes <= 65_536 {
            self.session.log_bytes = bytes;
            let text = String::from_utf8_lossy(text).into_owned();
            self.session.log.push(LogLine { address, text });
        }
    }
}

/// The arguments, and what their lengths cost.
fn arguments(cpu: &Oracle, row: &Row) -> Result<(Arguments, u64), Left> {
    let mut registers = cpu.registers()[10..].iter().map(|&value| value as u32);
    let mut next = || registers.next().unwrap_or_default();
    let mut arguments: Vec<(u32, u32)> = Vec::new();
    let mut lengths = 0;
    for kind in row.arguments {
        let at = next();
        let before = arguments.last().map_or(0, |argument| argument.1);
        let mut count = |most: u32, price: u64| {
            let count = next();
            lengths += u64::from(count) * price;
            if count > most { Err(trap(TrapKind::HostLimit)) } else { Ok(count) }
        };
        let len = match *kind {
            Kind::Number => 0,
            Kind::Wide => next(),
            Kind::In(size) | Kind::Out(size) => size,
            Kind::SameIn | Kind::SameOut => before,
            Kind::Bytes(most) | Kind::Buffer(most) => count(most, row.byte)?,
            Kind::Items(size, most) => count(most, row.item)? * size,
        };
        arguments.push((at, len));
    }
    Ok((Arguments(arguments), lengths))
}

fn pay(cpu: &mut Oracle, price: u64) -> Result<(), Left> {
    let left = cpu.gas().checked_sub(price).ok_or(Left::OutOfGas)?;
    cpu.set_gas(left);
    Ok(())
}

fn trap(kind: TrapKind) -> Left {
    Left::Trap(kind, None)
}

/// `Error(string)` in Solidity's encoding.
fn error_string(message: &[u8]) -> Vec<u8> {
    let word = |number: usize| U256::from(number).to_be_bytes::<32>();
    let mut bytes = vec![0x08, 0xc3, 0x79, 0xa0];
    bytes.extend(word(32));
    bytes.extend(word(message.len()));
    bytes.extend(message);
    bytes.resize(4 + 64 + message.len().next_multiple_of(32), 0);
    bytes
}

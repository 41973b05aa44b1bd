//! Random scripts and histories.

use std::sync::Arc;

use bessemer_chain::{Address, U256};

use super::contract::{CONTRACTS, OUT, SCRATCH, SCRIPT, TEXT, own};
use super::history::{Access, Deed, Gas, History, Planned, RECIPIENT, copy, sender};
use super::script::{Argument, Operation, Script};
use crate::generate::random::Random;

/// Where `upload` puts the hash, and `create` the address.
const HASH: u32 = SCRATCH;
const CREATED: u32 = SCRATCH + 32;
/// Where everything else is put.
const FOUND: u32 = SCRATCH + 64;
/// How much of a result is looked at.
const LOOK: u32 = 256;

/// Lengths of storage keys.
const KEYS: [usize; 6] = [1, 2, 32, 64, 0, 3];

/// Operations of a transaction; looking at a result is not an operation of its own.
const MOST: u32 = 40;
/// Scripts within scripts.
const DEPTH: u32 = 8;

pub(super) fn history(seed: u64, timely: bool) -> History {
    let mut random = Random::new("calls", seed);
    let mut blocks = vec![History::genesis()];
    for _ in 0..12 {
        let transactions = random.between(1, 6);
        blocks.push((0..transactions).map(|_| planned(&mut random, timely)).collect());
    }
    History { blocks, timely }
}

fn planned(random: &mut Random, timely: bool) -> Planned {
    let sender = sender(random.below(4) as u8);
    let mut left = random.between(12, MOST);
    let script =
        Writer { random, left: &mut left, timely, creating: false, reads: false }.script(0);
    let salt = random.percent(60).then(|| [random.below(6) as u8; 32]);
    let deed = match random.below(100) {
        0..=82 => Deed::Call { to: copy(random.bits()), script },
        83..=86 => {
            let input = if random.percent(80) { Vec::new() } else { random.fill(5) };
            Deed::Send { to: account(random), input }
        }
        87..=88 => Deed::Send {
            to: copy(0),
            input: {
                let n = random.below(90);
                random.fill(n)
            },
        },
        89..=91 => {
            let mut file = Arc::clone(&contract(random).file);
            if random.percent(25) {
                file = random.fill(60).into();
            }
            Deed::Deploy { file, salt, script }
        }
        _ => Deed::Create { code: code(random), salt, script },
    };
    let gas = match random.below(100) {
        0..=69 => Gas::Ample,
        70..=97 => Gas::Part(u64::from(random.between(100, 1020))),
        98 => Gas::Part(1000),
        _ => Gas::Short,
    };
    let access = match random.below(100) {
        0..=69 => Access::Free,
        70..=84 => Access::Recorded,
        85..=94 => Access::Without(random.word()),
        _ => Access::ReadOnly(random.word()),
    };
    Planned {
        sender,
        deed,
        value: if random.percent(70) { 0 } else { random.below(50_000).into() },
        price: if random.percent(50) { 0 } else { random.below(30).into() },
        gas,
        access,
        nonce_off: random.once_in(60).into(),
    }
}

/// An account that often is not a contract.
fn account(random: &mut Random) -> Address {
    match random.below(5) {
        0 => sender(random.below(4) as u8),
        1 => RECIPIENT,
        2 => Address::new([random.below(4) as u8 + 1; 20]),
        3 => Address::new([random.word() as u8; 20]),
        _ => copy(random.bits()),
    }
}

fn contract(random: &mut Random) -> &'static super::contract::Contract {
    if random.percent(40) { &CONTRACTS.universal } else { &CONTRACTS.idle }
}

fn code(random: &mut Random) -> bessemer_chain::CodeHash {
    match random.below(10) {
        0..=6 => CONTRACTS.universal.hash,
        7..=8 => CONTRACTS.idle.hash,
        _ => bessemer_chain::CodeHash::from_bytes([7; 32]),
    }
}

struct Writer<'a> {
    random: &'a mut Random,
    left: &'a mut u32,
    timely: bool,
    /// Whether the script is one of a constructor.
    creating: bool,
    /// Whether the script is one of a frame that changes nothing.
    reads: bool,
}

impl Writer<'_> {
    fn script(&mut self, depth: u32) -> Script {
        let mut operations = Vec::new();
        if self.random.percent(35) {
            operations.push(operation(0x09, [Argument::Word(1)]));
        }
        let count = if depth == 0 { self.random.between(4, 16) } else { self.random.between(2, 8) };
        for _ in 0..count {
            if *self.left == 0 {
                break;
            }
            *self.left -= 1;
            self.operation(&mut operations, depth);
        }
        match self.random.below(100) {
            0..=17 => operations.push(operation(own::END, [Argument::Word(4)])),
            18..=20 => {
                let text = self.random.below(70);
                let text = self.text(text);
                operations.push(operation(0x05, [text]));
            }
            _ => {}
        }
        Script(operations)
    }

    fn operation(&mut self, to: &mut Vec<Operation>, depth: u32) {
        // a script that may not write does so once in a while
        let kind = match self.random.below(100) {
            0..=11 | 18..=27 | 31..=37 | 83 if self.reads && !self.random.once_in(40) => 12,
            kind => kind,
        };
        match kind {
            0..=11 => {
                let value = self.value();
                to.push(operation(0x21, [self.key(), value]));
            }
            12..=17 => {
                to.push(operation(0x20, [self.key(), Argument::Word(FOUND), Argument::Word(LOOK)]));
                look(to);
            }
            18..=23 => to.push(operation(0x22, [self.key()])),
            24..=27 => {
                let value = self.value();
                to.push(operation(0x24, [self.transient_key(), value]));
            }
            28..=30 => {
                to.push(operation(
                    0x23,
                    [self.transient_key(), Argument::Word(FOUND), Argument::Word(LOOK)],
                ));
                look(to);
            }
            31..=32 => to.push(operation(0x25, [self.transient_key()])),
            33..=37 => self.emit(to),
            38 => {
                let text = self.text(20);
                to.push(operation(0x27, [text]));
            }
            39..=45 => self.environment(to),
            46..=82 => self.call(to, depth),
            83 => {
                let contract = contract(self.random);
                let mut file = contract.file.to_vec();
                if self.random.percent(30) {
                    file.truncate(40);
                }
                to.push(operation(0x33, [Argument::Bytes(file), Argument::Word(HASH)]));
            }
            84 => self.sweep(to),
            85..=86 => to.push(operation(0x09, [Argument::Word(self.random.below(2))])),
            87..=88 => to.push(operation(own::BURN, [Argument::Word(self.random.between(1, 40))])),
            89..=91 => {
                let result = self.random.pick(&[0, 0, 0, 1, 2, 3, -4_i32 as u32]);
                let skipped = self.random.between(1, 6);
                to.push(operation(own::UNLESS, [Argument::Word(result), Argument::Word(skipped)]));
            }
            92..=94 => self.memory(to),
            95 => self.trap(to),
            96 => {
                let how = self.random.pick(&[3, 4, 4]);
                to.push(operation(own::END, [Argument::Word(how)]));
            }
            97 => {
                let numbers = [3, 4, 0x20, 0x21, 0x26, 0x30, 0x34, 0x35, 0x31, 0x32, 0x33, 0x07];
                let number = self.random.pick(&numbers);
                let words = (0..6).map(|_| Argument::Word(self.hostile())).collect();
                to.push(Operation { number, arguments: words });
            }
            _ => {
                to.push(operation(0x08, [Argument::Word(FOUND)]));
                to.push(operation(own::DIGEST, [Argument::Word(FOUND), Argument::Word(8)]));
            }
        }
    }

    fn call(&mut self, to: &mut Vec<Operation>, depth: u32) {
        let kind = match self.random.below(100) {
            72.. if self.reads && !self.random.once_in(20) => 50,
            kind => kind,
        };
        let creates = kind >= 72;
        let reads = self.reads || (42..=54).contains(&kind);
        let data = if depth < DEPTH && self.random.percent(85) {
            Argument::Run(Writer { creating: creates, reads, ..self.reborrow() }.script(depth + 1))
        } else if self.random.once_in(12) && !self.creating {
            Argument::Whole
        } else {
            Argument::Bytes(Vec::new())
        };
        let operation = match kind {
            0..=35 => operation(0x30, [self.target(), self.amount(), data, self.gas()]),
            36..=41 => {
                // plain value, mostly to accounts without code
                let target = Argument::At(account(self.random).as_bytes().to_vec());
                operation(0x30, [target, self.amount(), Argument::Bytes(Vec::new()), self.gas()])
            }
            42..=54 => operation(0x31, [self.target(), data, self.gas()]),
            55..=71 => operation(0x32, [self.target(), data, self.gas()]),
            72..=85 => {
                let hash = self.hash();
                operation(0x34, [hash, self.amount(), data, Argument::Word(CREATED)])
            }
            _ => {
                let hash = self.hash();
                let salt = Argument::At(vec![self.random.below(4) as u8; 32]);
                operation(0x35, [hash, self.amount(), data, salt, Argument::Word(CREATED)])
            }
        };
        to.push(split(operation));
        if self.random.percent(70) {
            to.push(self::operation(0x06, []));
            to.push(self::operation(
                0x07,
                [Argument::Word(0), Argument::Word(FOUND), Argument::Word(LOOK)],
            ));
            look(to);
        }
        if self.random.percent(30) {
            // what a callee that failed has left of what frames share
            let found = [Argument::Word(FOUND), Argument::Word(LOOK)];
            let [at, length] = found;
            to.push(self::operation(0x23, [self.transient_key(), at, length]));
            look(to);
        }
    }

    fn reborrow(&mut self) -> Writer<'_> {
        let Self { random, left, timely, creating, reads } = self;
        Writer { random, left, timely: *timely, creating: *creating, reads: *reads }
    }

    fn target(&mut self) -> Argument {
        match self.random.below(20) {
            0 => Argument::Word(CREATED),
            1 => Argument::At(account(self.random).as_bytes().to_vec()),
            _ => Argument::At(copy(self.random.bits()).as_bytes().to_vec()),
        }
    }

    fn hash(&mut self) -> Argument {
        if self.random.once_in(10) {
            return Argument::Word(HASH);
        }
        Argument::At(code(self.random).as_bytes().to_vec())
    }

    fn amount(&mut self) -> Argument {
        let amount = match self.random.below(20) {
            _ if self.reads => U256::ZERO,
            0 => U256::MAX,
            1..=6 => U256::from(self.random.below(2000)),
            7 => U256::from(self.random.below(3_000_000)),
            _ => U256::ZERO,
        };
        Argument::At(amount.to_le_bytes::<32>().to_vec())
    }

    /// A number of 64 bits, in one argument for the moment; see [`split`].
    fn gas(&mut self) -> Argument {
        let gas = match self.random.below(20) {
            0..=15 => return Argument::Word(u32::MAX),
            16 => self.random.below(2_000),
            17 => self.random.below(60_000),
            _ => self.random.below(400_000),
        };
        Argument::Word(gas)
    }

    fn key(&mut self) -> Argument {
        Argument::Bytes(vec![b'k'; self.random.pick(&KEYS[..4])])
    }

    /// One of few keys, so that frames meet at them.
    fn transient_key(&mut self) -> Argument {
        Argument::Bytes(vec![b't'; self.random.pick(&[0, 32])])
    }

    /// Stores all keys, or removes all, which is enough to reach the cap of refunds.
    fn sweep(&mut self, to: &mut Vec<Operation>) {
        if self.reads {
            return;
        }
        let stores = self.random.percent(50);
        for length in KEYS {
            let key = Argument::Bytes(vec![b'k'; length]);
            to.push(match stores {
                true => operation(0x21, [key, Argument::Bytes(vec![1])]),
                false => operation(0x22, [key]),
            });
        }
    }

    fn value(&mut self) -> Argument {
        let length = self.random.pick(&[0, 1, 4, 32, 32, 45, 46, 47, 100]);
        Argument::Bytes(self.random.fill(length))
    }

    fn text(&mut self, length: u32) -> Argument {
        Argument::Bytes((0..length).map(|_| b'a' + self.random.below(26) as u8).collect())
    }

    fn emit(&mut self, to: &mut Vec<Operation>) {
        let topics = (0..self.random.below(5)).map(|_| [self.random.word() as u8; 32]).collect();
        let (at, length) = match self.random.below(3) {
            0 => (SCRIPT, self.random.between(3000, 16_384)),
            _ => (SCRATCH, self.random.below(100)),
        };
        let data = [Argument::Word(at), Argument::Word(length)];
        let [at, length] = data;
        to.push(operation(0x26, [Argument::Items(topics), at, length]));
    }

    fn environment(&mut self, to: &mut Vec<Operation>) {
        let mut numbers = vec![0x10, 0x11, 0x12, 0x13, 0x14, 0x14, 0x17, 0x18, 0x18];
        if self.timely {
            numbers.extend([0x15, 0x16]);
        }
        let number = self.random.pick(&numbers);
        let found = Argument::Word(FOUND);
        to.push(match number {
            0x14 | 0x18 => {
                // what the recipient has depends on where blocks end
                let target = if self.timely && self.random.percent(30) {
                    Argument::At(account(self.random).as_bytes().to_vec())
                } else {
                    self.target()
                };
                operation(number, [target, found])
            }
            _ => operation(number, [found]),
        });
        look(to);
    }

    fn memory(&mut self, to: &mut Vec<Operation>) {
        let (at, other) = (SCRATCH + self.random.below(512), SCRATCH + self.random.below(512));
        let length = self.random.below(300);
        let words = |words: [u32; 3]| words.map(Argument::Word);
        to.push(match self.random.below(4) {
            0 => operation(0x40, [Argument::Word(self.random.pick(&[0, 1, 2, 3, 200, 300]))]),
            1 => operation(0x41, words([at, length, other])),
            2 => operation(0x42, words([at, length, 0x155])),
            _ => operation(0x43, words([at, length, other])),
        });
        look(to);
    }

    fn trap(&mut self, to: &mut Vec<Operation>) {
        let address = self.hostile();
        let text = TEXT + self.random.below(CONTRACTS.universal.text_bytes());
        to.push(match self.random.below(6) {
            0 => operation(own::LOAD, [Argument::Word(address)]),
            1 => operation(own::STORE, [Argument::Word(address), Argument::Word(1)]),
            2 => operation(own::JUMP, [Argument::Word(address)]),
            3 => operation(own::JUMP, [Argument::Word(text)]),
            4 => operation(own::DIGEST + 7, []),
            _ => operation(0x7777, []),
        });
    }

    fn hostile(&mut self) -> u32 {
        let near = self.random.below(64);
        match self.random.below(9) {
            0 => 0,
            1 => near,
            2 => SCRATCH + near,
            3 => SCRIPT - 32 + near,
            4 => OUT + near,
            5 => TEXT + near,
            6 => u32::MAX - near,
            7 => 0xffff_0000 - 32 + near,
            _ => self.random.word(),
        }
    }
}

/// Gives the gas of a call its second register: all ones stand for as much as possible.
fn split(mut operation: Operation) -> Operation {
    if let 0x30..=0x32 = operation.number
        && let Some(Argument::Word(low)) = operation.arguments.last()
    {
        let high = if *low == u32::MAX { u32::MAX } else { 0 };
        operation.arguments.push(Argument::Word(high));
    }
    operation
}

fn look(to: &mut Vec<Operation>) {
    to.push(operation(own::DIGEST, [Argument::Word(FOUND), Argument::Word(LOOK)]));
}

fn operation(number: u32, arguments: impl Into<Vec<Argument>>) -> Operation {
    Operation { number, arguments: arguments.into() }
}

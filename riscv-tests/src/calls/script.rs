//! Scripts for the universal contract.

use super::contract::SCRIPT;

/// Operations in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(pub Vec<Operation>);

/// A host call, or something that the contract does itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The number of the host call.
    pub number: u32,
    /// The contents of the argument registers; at most six in all.
    pub arguments: Vec<Argument>,
}

/// The contents of one or two registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number.
    Word(u32),
    /// The address of bytes.
    At(Vec<u8>),
    /// The address of bytes, and how many they are.
    Bytes(Vec<u8>),
    /// The address of words of 32 bytes, and how many they are.
    Items(Vec<[u8; 32]>),
    /// Address and length of a script.
    Run(Script),
    /// Address and length of the script that this operation is part of.
    Whole,
}

/// Bytes of an operation.
const OPERATION: usize = 32;

impl Script {
    /// The input of the contract.
    pub fn encode(&self) -> Vec<u8> {
        let Self(operations) = self;
        let mut pool = Pool { begin: 4 + operations.len() * OPERATION, bytes: Vec::new() };
        let mut words = vec![operations.len() as u32];
        let mut lengths = Vec::new();
        for operation in operations {
            let begin = words.len();
            words.push(operation.number);
            for argument in &operation.arguments {
                match argument {
                    Argument::Word(word) => words.push(*word),
                    Argument::At(bytes) => words.push(pool.add(bytes)),
                    Argument::Bytes(bytes) => words.extend([pool.add(bytes), bytes.len() as u32]),
                    Argument::Items(items) => {
                        words.extend([pool.add(&items.concat()), items.len() as u32]);
                    }
                    Argument::Run(script) => {
                        let bytes = script.encode();
                        words.extend([pool.add(&bytes), bytes.len() as u32]);
                    }
                    Argument::Whole => {
                        words.push(SCRIPT);
                        lengths.push(words.len());
                        words.push(0);
                    }
                }
            }
            words.resize(begin + OPERATION / 4, 0);
        }
        let total = pool.begin + pool.bytes.len();
        for at in lengths {
            words[at] = total as u32;
        }
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.extend(pool.bytes);
        bytes
    }

    /// All operations, those of scripts within included.
    pub fn len(&self) -> usize {
        let inner = |operation: &Operation| operation.scripts().map(Self::len).sum::<usize>();
        self.0.iter().map(|operation| 1 + inner(operation)).sum()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The script without its n-th operation, counted as [`Script::len`] does; `None` if there is no
    /// such.
    pub fn without(&self, mut n: usize) -> Option<Self> {
        let mut shorter = self.clone();
        shorter.remove(&mut n).then_some(shorter)
    }

    fn remove(&mut self, n: &mut usize) -> bool {
        for index in 0..self.0.len() {
            if *n == 0 {
                self.0.remove(index);
                return true;
            }
            *n -= 1;
            for argument in &mut self.0[index].arguments {
                if let Argument::Run(script) = argument
                    && script.remove(n)
                {
                    return true;
                }
            }
        }
        false
    }
}

impl Operation {
    fn scripts(&self) -> impl Iterator<Item = &Script> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Run(script) => Some(script),
            _ => None,
        })
    }
}

/// The data behind the operations.
struct Pool {
    begin: usize,
    bytes: Vec<u8>,
}

impl Pool {
    /// Adds bytes at a multiple of 4, and says at which address they will be.
    fn add(&mut self, bytes: &[u8]) -> u32 {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let at = SCRIPT + (self.begin + self.bytes.len()) as u32;
        self.bytes.extend_from_slice(bytes);
        at
    }
}

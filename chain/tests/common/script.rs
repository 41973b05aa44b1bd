//! A contract that makes the host calls that its input lists, one after the other, and tells what
//! each gave and cost. A call of another such contract has a script as its input in turn.

use bessemer_chain::{Address, Chain, CodeHash, Receipt};

use super::assembly::{DATA, contract_with, host_call};
use super::outcome;

/// Where the results are: a gas counter before, one behind (8 bytes each), a0.
const RESULTS: u32 = DATA + 0x1_0000;
const RESULT_BYTES: u32 = 20;
/// Host calls of a script, repetitions not counted.
const MOST_CALLS: u32 = 24;
/// Where the memory of scripts begins, behind two words and the calls.
pub(crate) const MEMORY: u32 = DATA + 8 + 32 * MOST_CALLS;

/// The contract; with an empty input it returns nothing, also as a constructor.
const SOURCE: &str = "
        host input_size()
        beqz a0, nothing
        host input_copy(0, DATA, 65536)
        li   t0, DATA
        lw   s1, 0(t0)
        addi s0, t0, 8
        li   s2, DATA + 65536
next:   beqz s1, done
        lw   s3, 28(s0)
        host gas_left(s2)
again:  lw   a0, 0(s0)
        lw   a1, 4(s0)
        lw   a2, 8(s0)
        lw   a3, 12(s0)
        lw   a4, 16(s0)
        lw   a5, 20(s0)
        lw   a7, 24(s0)
step:   ecall
        addi s3, s3, -1
        bnez s3, again
        sw   a0, 16(s2)
        addi a0, s2, 8
        host gas_left
        addi s0, s0, 32
        addi s2, s2, 20
        addi s1, s1, -1
        j    next
done:   li   t0, DATA
        lw   a0, 4(t0)
        sub  a1, s2, a0
        host finish
nothing: host finish(0, 0)
";

/// What a script costs per call besides the price of the host call.
const AROUND: u64 = BEFORE + {
    let (run, alu, store, branch, ecall) = (2, 1, 10, 8, 150);
    let repeat = run + alu + branch;
    let behind = run + store + 2 * alu + ecall;
    repeat + behind + GAS_LEFT
};
const GAS_LEFT: u64 = 10;

/// What stands between the gas that a script tells and the host call: seven loads and an ECALL.
pub(crate) const BEFORE: u64 = 2 + 7 * 12 + 150;

/// Host calls, and memory for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    calls: Vec<[u32; 8]>,
    memory: Vec<u8>,
    /// Where the bytes begin that are told before the results.
    shown: Option<u32>,
}

/// What the host calls of a script gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// a0 behind each call.
    pub(crate) results: Vec<u32>,
    /// The price of each call that was made once: its row's, and what it paid beside that.
    pub(crate) costs: Vec<u64>,
    /// The gas left before each call.
    pub(crate) gas: Vec<u64>,
    /// From [`MEMORY`] on, if the script shows it.
    pub(crate) memory: Vec<u8>,
}

/// Deploys a contract that runs scripts.
pub(crate) fn deploy_script(chain: &mut Chain, from: Address) -> Address {
    chain.deploy(script_code()).from(from).create().unwrap()
}

/// The file of the contract that runs scripts.
pub(crate) fn script_code() -> Vec<u8> {
    contract_with(SOURCE, 0x1_0000 + MOST_CALLS * RESULT_BYTES, false)
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Puts bytes into memory, and gives their address.
    pub(crate) fn put(&mut self, bytes: impl AsRef<[u8]>) -> u32 {
        let at = MEMORY + self.memory.len() as u32;
        self.memory.extend_from_slice(bytes.as_ref());
        self.memory.resize(self.memory.len().next_multiple_of(4), 0);
        at
    }

    /// Zeros in memory, for output.
    pub(crate) fn space(&mut self, bytes: u32) -> u32 {
        self.put(vec![0; bytes as usize])
    }

    /// Adds a host call.
    pub(crate) fn host(&mut self, name: &str, arguments: &[u32]) -> &mut Self {
        self.repeat(1, name, arguments)
    }

    /// Adds a host call that is made several times.
    pub(crate) fn repeat(&mut self, times: u32, name: &str, arguments: &[u32]) -> &mut Self {
        self.number(times, host_call(name).number(), arguments)
    }

    /// Ends with a trap.
    pub(crate) fn trap(&mut self) -> &mut Self {
        self.number(1, 0, &[])
    }

    /// Tells memory too.
    pub(crate) fn show_memory(&mut self) -> &mut Self {
        self.shown = Some(MEMORY);
        self
    }

    /// Copies so many bytes of what the last call returned right before the results, and tells them
    /// too. Nothing else of memory is told then.
    pub(crate) fn pass_on(&mut self, bytes: u32) -> &mut Self {
        self.shown = Some(RESULTS - bytes);
        self.host("output_copy", &[0, RESULTS - bytes, bytes])
    }

    fn number(&mut self, times: u32, number: u32, arguments: &[u32]) -> &mut Self {
        let mut call = [0; 8];
        call[..arguments.len()].copy_from_slice(arguments);
        (call[6], call[7]) = (number, times);
        self.calls.push(call);
        assert!(self.calls.len() <= MOST_CALLS as usize, "a script is too long");
        self
    }

    /// Adds a key of storage with a value.
    pub(crate) fn set(&mut self, key: &[u8], value: &[u8]) -> &mut Self {
        let (at, value_at) = (self.put(key), self.put(value));
        self.host("storage_set", &[at, key.len() as u32, value_at, value.len() as u32])
    }

    /// Adds a call of a contract with all gas.
    pub(crate) fn call(&mut self, to: Address, value: u64, input: &[u8]) -> &mut Self {
        let (to, value) =
            (self.put(to.as_bytes()), self.put(super::amount(value).to_le_bytes::<32>()));
        let at = self.put(input);
        self.host("call", &[to, value, at, input.len() as u32, u32::MAX, u32::MAX])
    }

    /// Adds a creation from uploaded code, by nonce, and gives where the address goes.
    pub(crate) fn create(&mut self, code: &CodeHash, value: u64, input: &[u8]) -> u32 {
        let value = super::amount(value).to_le_bytes::<32>();
        let (hash, value) = (self.put(code.as_bytes()), self.put(value));
        let (at, address) = (self.put(input), self.space(20));
        self.host("create", &[hash, value, at, input.len() as u32, address]);
        address
    }

    /// Adds a creation from uploaded code, by salt, and gives where the address goes.
    pub(crate) fn create2(&mut self, code: &CodeHash, salt: [u8; 32], input: &[u8]) -> u32 {
        let (hash, value, salt) = (self.put(code.as_bytes()), self.space(32), self.put(salt));
        let (at, address) = (self.put(input), self.space(20));
        self.host("create2", &[hash, value, at, input.len() as u32, salt, address]);
        address
    }

    /// Adds a static or delegate call of a contract with all gas.
    pub(crate) fn call_as(&mut self, kind: &str, to: Address, input: &[u8]) -> &mut Self {
        let (to, at) = (self.put(to.as_bytes()), self.put(input));
        self.host(kind, &[to, at, input.len() as u32, u32::MAX, u32::MAX])
    }

    /// The script as the input of the contract.
    pub(crate) fn input(&self) -> Vec<u8> {
        let head = [self.calls.len() as u32, self.shown.unwrap_or(RESULTS)];
        let words = head.iter().chain(self.calls.iter().flatten());
        let mut input: Vec<u8> = words.flat_map(|word| word.to_le_bytes()).collect();
        if !self.memory.is_empty() {
            input.resize((MEMORY - DATA) as usize, 0);
            input.extend_from_slice(&self.memory);
        }
        assert!(input.len() <= 65536, "a script is too long");
        input
    }

    /// Sends the script to a contract as a transaction.
    pub(crate) fn send(&self, chain: &mut Chain, from: Address, to: Address) -> Receipt {
        chain.call(to, "").input(self.input()).from(from).send().unwrap()
    }

    /// Sends the script, which does not fail.
    pub(crate) fn tell(&self, chain: &mut Chain, from: Address, to: Address) -> Told {
        let receipt = self.send(chain, from, to);
        assert!(receipt.succeeded(), "{}", outcome(&receipt));
        self.told(&receipt.output)
    }

    /// Reads what the contract returned for the script.
    pub(crate) fn told(&self, output: &[u8]) -> Told {
        let results = self.calls.len() * RESULT_BYTES as usize;
        let (memory, results) = output.split_at(output.len() - results);
        let used = if self.shown == Some(MEMORY) { self.memory.len() } else { 0 };
        let mut told =
            Told { results: vec![], costs: vec![], gas: vec![], memory: memory[..used].to_vec() };
        for result in results.chunks(RESULT_BYTES as usize) {
            let gas = |at: usize| u64::from_le_bytes(result[at..at + 8].try_into().unwrap());
            told.results.push(u32::from_le_bytes(result[16..].try_into().unwrap()));
            told.gas.push(gas(0));
            told.costs.push((gas(0) - gas(8)).saturating_sub(AROUND));
        }
        told
    }
}

impl Told {
    /// Bytes of memory at an address that the script knows.
    pub(crate) fn at(&self, address: u32, bytes: u32) -> &[u8] {
        &self.memory[(address - MEMORY) as usize..][..bytes as usize]
    }
}

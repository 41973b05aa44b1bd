//! A contract that makes the host call that its input describes, with the gas that a test wants.

use std::sync::Arc;

use bessemer_abi::HostCall;
use bessemer_chain::{
    AccessList, Action, Address, Block, Chain, ChainError, Receipt, StateKey, Status, Transaction,
    U256,
};
use bessemer_isa::TrapKind;

use crate::common::assembly::contract_with;
use crate::common::watch::Frames;
use crate::common::{DATA, PRICES, deploy, outcome};

/// Bytes of writable memory: more than the largest cap that memory can hold.
pub(crate) const DATA_BYTES: u32 = 128 << 10;
/// Where ranges of a test can be: behind the registers.
pub(crate) const MEMORY: u32 = DATA + 256;

/// The contract: fills all registers from the begin of its input, which stays in memory, makes the
/// call, and returns what the registers then are behind what they were.
fn source() -> String {
    let registers = || (1..32).filter(|register| *register != 5);
    let fill = registers().map(|register| format!("lw x{register}, {}(t0)\n", 4 * register));
    let store = registers().map(|register| format!("sw x{register}, {}(t0)\n", 128 + 4 * register));
    format!(
        "beqz a0, 1f
        host finish(0, 0)
        1: host input_copy(0, DATA, 65536)
        li t0, DATA
        {}
        probe: ecall
        behind:
        {}
        sw t0, 148(t0)
        lw a1, 0(t0)
        li a0, DATA
        li a7, {}
        ecall",
        fill.collect::<String>(),
        store.collect::<String>(),
        HostCall::Finish.number(),
    )
}

/// Calls another contract in a read-only frame: address, gas (at 24), input (from 64 on).
const FORWARD: &str = "
    host input_copy(0, DATA, 4096)
    host input_size()
    addi a2, a0, -64
    li a0, DATA
    li a1, DATA + 64
    lw a3, 24(a0)
    lw a4, 28(a0)
    host static_call
    return a0";

/// What the probe does, in which frame, and with how much gas.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    /// a7.
    pub(crate) number: u32,
    /// From a0 on.
    pub(crate) arguments: Vec<u32>,
    /// The gas left when the ECALL itself is paid.
    pub(crate) gas: u64,
    /// What stands in memory from [`MEMORY`] on.
    pub(crate) memory: Vec<u8>,
    pub(crate) read_only: bool,
    pub(crate) access: Option<AccessList>,
    /// How many bytes from [`DATA`] on are returned.
    pub(crate) window: u32,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) status: Status,
    pub(crate) trap: Option<TrapKind>,
    /// The address of the trap.
    pub(crate) addr: Option<u32>,
    /// Whether the frame ended at the host call, and not behind it.
    pub(crate) at_call: bool,
    /// The gas that the frame used from the host call on, the ECALL itself not counted.
    pub(crate) used: u64,
    /// Registers before, registers after, memory.
    pub(crate) output: Vec<u8>,
}

/// The probe on one chain.
pub(crate) struct Probe {
    sender: Address,
    pub(crate) contract: Address,
    forward: Address,
    /// The gas of a frame up to the ECALL, the ECALL itself included.
    before: u64,
    /// The gas limit of a transaction that is not the first frame's, by the length of its input.
    around: u64,
}

impl Try {
    /// A try with much gas, in an ordinary frame.
    pub(crate) fn of(call: HostCall, arguments: &[u32]) -> Self {
        Self {
            number: call.number(),
            arguments: arguments.to_vec(),
            gas: 1 << 32,
            memory: Vec::new(),
            read_only: false,
            access: None,
            window: 256,
        }
    }

    pub(crate) fn with_memory(mut self, memory: impl Into<Vec<u8>>) -> Self {
        self.memory = memory.into();
        self
    }

    pub(crate) fn with_window(mut self, behind: u32) -> Self {
        self.window = 256 + behind;
        self
    }

    pub(crate) fn with_gas(mut self, gas: u64) -> Self {
        self.gas = gas;
        self
    }

    /// The registers that the probe fills, all distinct.
    pub(crate) fn registers(&self) -> [u32; 32] {
        let mut registers = std::array::from_fn(|index| 0x5eed_0000 + 0x101 * index as u32);
        registers[0] = self.window;
        registers[5] = DATA;
        registers[10..][..self.arguments.len()].copy_from_slice(&self.arguments);
        registers[17] = self.number;
        registers
    }

    fn input(&self) -> Vec<u8> {
        let mut input: Vec<u8> =
            self.registers().iter().flat_map(|word| word.to_le_bytes()).collect();
        input.resize(256, 0);
        input.extend_from_slice(&self.memory);
        input
    }
}

impl Done {
    /// a0 behind the call.
    pub(crate) fn result(&self) -> u32 {
        self.register(10)
    }

    /// A register behind the call.
    pub(crate) fn register(&self, register: usize) -> u32 {
        assert_eq!(self.status, Status::Return, "{self:?}");
        let (words, _) = self.output.as_chunks();
        u32::from_le_bytes(words[32 + register])
    }

    /// Memory from [`MEMORY`] on.
    pub(crate) fn memory(&self) -> &[u8] {
        assert_eq!(self.status, Status::Return, "{self:?}");
        &self.output[256..]
    }
}

impl Probe {
    pub(crate) fn new(chain: &mut Chain) -> Self {
        let sender = chain.user("prober").unwrap();
        let code = contract_with(&source(), DATA_BYTES, false);
        let contract = chain.deploy(code).from(sender).create().unwrap();
        let forward = deploy(chain, sender, FORWARD);
        let mut probe = Self { sender, contract, forward, before: 0, around: 0 };
        // nothing is charged for an unknown number
        let unknown = Try { number: 0, ..Try::of(HostCall::InputSize, &[]) };
        let nonce = chain.account(&sender).unwrap().nonce;
        let (receipt, frames) = probe.push(&mut chain.block(), nonce, &unknown, 1 << 32).unwrap();
        assert_eq!(receipt.diagnosis.failures[0].trap.unwrap().kind, TrapKind::UnknownHostCall);
        probe.before = frames.0[0].used();
        probe.around = receipt.gas_used - probe.before - input_price(&unknown);
        probe
    }

    /// Makes the tries one after the other, in a block of their own.
    pub(crate) fn run(&self, chain: &mut Chain, tries: &[Try]) -> Vec<Done> {
        let first = chain.account(&self.sender).unwrap().nonce;
        let mut block = chain.block();
        let mut all = Vec::new();
        for (nonce, what) in (first..).zip(tries) {
            let limit = match what.read_only {
                true => 1 << 38,
                false => what.gas + self.before + self.around + input_price(what),
            };
            let (receipt, frames) = self.push(&mut block, nonce, what, limit).unwrap();
            all.push(self.done(&receipt, &frames, what.read_only));
        }
        block.commit().unwrap();
        all
    }

    /// Makes one try.
    pub(crate) fn run_one(&self, chain: &mut Chain, what: Try) -> Done {
        self.run(chain, &[what]).remove(0)
    }

    /// The gas that the frame uses behind a call after which it goes on.
    pub(crate) fn behind(&self, chain: &mut Chain) -> u64 {
        let done = self.run_one(chain, Try::of(HostCall::InputSize, &[]));
        assert_eq!(done.result(), 256);
        done.used - u64::from(HostCall::InputSize.row().base)
    }

    fn push(
        &self,
        block: &mut Block<'_>,
        nonce: u64,
        what: &Try,
        gas_limit: u64,
    ) -> Result<(Receipt, Frames), ChainError> {
        let (mut to, mut input, mut access) = (self.contract, what.input(), what.access.clone());
        if what.read_only {
            let mut head = self.contract.as_bytes().to_vec();
            head.resize(24, 0);
            head.extend_from_slice(&(what.gas + self.before).to_le_bytes());
            head.resize(64, 0);
            (to, input) = (self.forward, [head, input].concat());
            if let Some(access) = &mut access {
                access.reads.insert(StateKey::Account(self.contract));
            }
        }
        let mut frames = Frames::default();
        let transaction = Transaction {
            sender: self.sender,
            nonce,
            gas_limit,
            gas_price: U256::ZERO,
            value: U256::ZERO,
            action: Action::Call { to, input },
            access: access.map(Arc::new),
        };
        let receipt = block.push_inspected(&transaction, Some(&mut frames))?.clone();
        Ok((receipt, frames))
    }

    fn done(&self, receipt: &Receipt, frames: &Frames, read_only: bool) -> Done {
        let index = usize::from(read_only);
        let frame = &frames.0[index];
        let used = frame.used();
        let failure = receipt.diagnosis.failures.iter().find(|f| f.depth as usize == index + 1);
        let trap = failure.and_then(|failure| failure.trap);
        let place = failure.and_then(|failure| failure.function.as_deref());
        Done {
            status: frame.status(),
            trap: trap.map(|trap| trap.kind),
            addr: trap.and_then(|trap| trap.addr),
            at_call: place == Some("probe"),
            used: used.checked_sub(self.before).unwrap_or_else(|| panic!("{}", outcome(receipt))),
            output: frame.output.clone(),
        }
    }
}

fn input_price(what: &Try) -> u64 {
    PRICES.input_byte * what.input().len() as u64
}

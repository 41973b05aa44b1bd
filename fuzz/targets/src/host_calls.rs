//! Host calls of contracts with any arguments.

use std::sync::LazyLock;

use bessemer_abi::HostCall;
use bessemer_chain::{Chain, Receipt, U256};
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm::{Options, assemble};
use bessemer_runtime::{Backend, Config, Engine, Limits};

use crate::bytes::Bytes;

const TEXT: u32 = 0x1_0000;
const DATA: u32 = 0x8_0000;
/// Bytes of data: the script, and room for what calls write.
const SIZE: u32 = 0x4000;
/// At most this many calls.
const CALLS: usize = 64;
/// A call in the script: seven registers.
const ROW: usize = 28;

static ENGINES: LazyLock<[Engine; 2]> =
    LazyLock::new(|| [Backend::Interpreter, Backend::Jit].map(engine));

/// An engine for chains.
pub(crate) fn engine(backend: Backend) -> Engine {
    let config = Config::new().backend(backend).limits(Limits::contract());
    Engine::new(config).expect("the machine runs engines")
}

/// Copies its input to its data and makes one host call for each row of it.
static CONTRACT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (copy, finish) = (HostCall::InputCopy.number(), HostCall::Finish.number());
    let source = format!(
        "beqz a0, main
         li a0, 0
         li a1, 0
         li a7, {finish}
         ecall
         main: li a0, 0
         li a1, {DATA}
         li a2, {SIZE}
         li a7, {copy}
         ecall
         li s0, {DATA}
         add s1, s0, a0
         next: bgeu s0, s1, end
         lw a7, 0(s0)
         lw a0, 4(s0)
         lw a1, 8(s0)
         lw a2, 12(s0)
         lw a3, 16(s0)
         lw a4, 20(s0)
         lw a5, 24(s0)
         addi s0, s0, {ROW}
         ecall
         j next
         end: li a0, {DATA}
         li a1, {SIZE}
         li a7, {finish}
         ecall\n"
    );
    let options = Options { text_base: TEXT, data_base: Some(DATA), profile: Profile::rv32(false) };
    let program = assemble(&source, &options).expect("the source is right");
    ImageBuilder::new(Profile::rv32(false))
        .text(TEXT, &program.text.bytes)
        .data(DATA, [0; 4], SIZE)
        .build()
});

/// Any host calls with any arguments give the same receipts and the same state on both engines.
pub(crate) fn run(data: &[u8]) -> bool {
    let script = script(data);
    if script.is_empty() {
        return false;
    }
    let [interpreted, native] = ENGINES.each_ref().map(|engine| {
        let mut chain = Chain::in_memory(engine).expect("the engine runs contracts");
        let alice = chain.user("alice").expect("a new chain has room");
        let contract = chain.deploy(CONTRACT.as_slice()).from(alice);
        let contract = contract.value(U256::from(9)).create().expect("it is a contract");
        let call = chain.call(contract, "").input(script.clone()).from(alice).gas(3_000_000);
        let receipt: Receipt = call.send().expect("guests cause no host errors");
        (receipt, chain.state_digest().expect("the state can be read"))
    });
    assert_eq!(interpreted, native);
    native.0.succeeded()
}

/// Rows of registers: numbers mostly of the table, arguments mostly in the data.
fn script(data: &[u8]) -> Vec<u8> {
    let mut bytes = Bytes::new(data);
    let mut script = Vec::new();
    while !bytes.is_empty() && script.len() < CALLS * ROW {
        let number = match bytes.byte() {
            0xff => bytes.word(),
            index => HostCall::ALL[usize::from(index) % HostCall::ALL.len()].number(),
        };
        script.extend_from_slice(&number.to_le_bytes());
        for _ in 0..6 {
            let argument = match bytes.byte() {
                0xff => bytes.word(),
                small @ 0..0x60 => u32::from(small),
                place => DATA + 0x1000 + u32::from(place) * 32,
            };
            script.extend_from_slice(&argument.to_le_bytes());
        }
    }
    script
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let row = |call: HostCall, arguments: [u8; 6]| {
        let index = HostCall::ALL.iter().position(|other| *other == call).unwrap_or_default();
        let index = u8::try_from(index).unwrap_or_default();
        std::iter::once(index).chain(arguments).collect::<Vec<u8>>()
    };
    let (a, b) = (0x80, 0x90);
    vec![
        row(HostCall::GasLeft, [a, 0, 0, 0, 0, 0]),
        [
            row(HostCall::StorageSet, [a, 32, b, 40, 0, 0]),
            row(HostCall::StorageGet, [a, 32, b, 64, 0, 0]),
            row(HostCall::Keccak256, [a, 64, b, 0, 0, 0]),
        ]
        .concat(),
        [row(HostCall::Emit, [a, 1, b, 32, 0, 0]), row(HostCall::Caller, [a, 0, 0, 0, 0, 0])]
            .concat(),
    ]
}

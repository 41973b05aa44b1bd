//! Whole programs on both engines.

use std::sync::LazyLock;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Limits, Linker, Module,
};

use crate::bytes::Bytes;

const TEXT: u32 = 0x1_0000;
const DATA: u32 = 0x8_0000;
/// The host call that ends a program.
const EXIT: u32 = 93;

static ENGINES: LazyLock<[Engine; 2]> = LazyLock::new(|| {
    [Backend::Interpreter, Backend::Jit].map(|backend| {
        // registers are compared at traps too; and a cache of thousands of programs is of no use
        let config = Config::new().backend(backend).precise_registers(true).memory_cache(1 << 20);
        Engine::new(config.limits(Limits::contract())).expect("the machine runs engines")
    })
});

/// The parts that are compared.
#[derive(Debug, PartialEq)]
struct End {
    exit: Exit,
    gas: u64,
    registers: Option<Vec<u64>>,
    memory: Vec<(u32, Vec<u8>)>,
}

/// Any text runs to the same end on both engines, with any gas.
///
/// The bytes are a flag for compressed instructions, 2 bytes of gas, and text.
pub(crate) fn run(data: &[u8]) -> bool {
    let mut bytes = Bytes::new(data);
    let compressed = bytes.byte() & 1 == 1;
    let gas = u64::from(u16::from_le_bytes(bytes.array()));
    let text = bytes.slice(4096);
    if text.len() < 4 {
        return false;
    }
    let elf = ImageBuilder::new(Profile::rv32(compressed))
        .text(TEXT, text)
        .data(DATA, [0x5a; 64], 4096)
        .build();
    let [mut interpreted, native] = ENGINES.each_ref().map(|engine| end(engine, &elf, gas));
    if native.registers.is_none() {
        // native code keeps them at traps, and not wherever else a program can end
        interpreted.registers = None;
    }
    assert_eq!(interpreted, native);
    !matches!(native.exit, Exit::OutOfGas { pc: TEXT })
}

fn end(engine: &Engine, elf: &[u8], gas: u64) -> End {
    let module = Module::new(engine, elf).expect("the file is a program");
    let mut linker = Linker::<()>::new(engine);
    let exit = |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
    linker.func(EXIT, "exit", exit).expect("it is the only one");
    let mut instance = linker.instantiate(&module, ()).expect("the machine has memory");
    instance.set_gas(gas).expect("two bytes are below the limit");
    let exit = instance.run().expect("guests cause no host errors");
    let registers = instance.registers();
    let registers = registers.map(|all| all.to_vec());
    let memory = instance.memory().mapped().map(|(at, bytes)| (at, bytes.to_vec())).collect();
    End { exit, gas: instance.gas(), registers, memory }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let program = |words: &[u32]| {
        let text = words.iter().flat_map(|word| word.to_le_bytes());
        [0, 0xff, 0x7f].into_iter().chain(text).collect::<Vec<u8>>()
    };
    vec![
        // li a0, 7; li a7, 93; ecall
        program(&[0x0070_0513, 0x05d0_0893, 0x0000_0073]),
        // lui t0, 0x80; li t1, 9; 1: sw t1, 0(t0); lw a0, 0(t0); addi t1, t1, -1; bnez t1, 1b; ...
        program(&[
            0x0008_02b7,
            0x0090_0313,
            0x0062_a023,
            0x0002_a503,
            0xfff3_0313,
            0xfe03_1ae3,
            0x05d0_0893,
            0x0000_0073,
        ]),
        // jal ra, +8; ecall; mul a0, a0, a1; ret
        program(&[0x0080_00ef, 0x0000_0073, 0x02b5_0533, 0x0000_8067]),
    ]
}

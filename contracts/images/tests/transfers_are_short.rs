//! How many instructions a transfer of the token takes, apart from what the host does.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use std::collections::BTreeMap;

use bessemer_abi::HostCall;
use bessemer_interp::{Executed, Observer};
use bessemer_isa::Reg;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Limits, Linker, Module,
};
use bessemer_types::{Address, U256, encode, encode_behind};

/// The most that a transfer may take.
const MOST: u64 = 3_000;

/// The host of one contract, as far as a token needs it.
#[derive(Default)]
struct Host {
    input: Vec<u8>,
    storage: BTreeMap<Vec<u8>, Vec<u8>>,
    events: usize,
}

/// Counts instructions, and the gas that they cost.
#[derive(Default)]
struct Count {
    instructions: u64,
    gas: u64,
}

impl Observer for Count {
    const EFFECTS: bool = false;

    fn charged(&mut self, _: &bessemer_image::Hart, charge: u32) {
        self.gas += u64::from(charge);
    }

    fn after(&mut self, _: &Executed) {
        self.instructions += 1;
    }
}

fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    let mut define =
        |call: HostCall, function: fn(Caller<'_, Host>, [u32; 4]) -> HostResult<u32>| {
            let function = move |caller: Caller<'_, Host>, a: u32, b: u32, c: u32, d: u32| {
                function(caller, [a, b, c, d])
            };
            linker.func(call.number(), call.row().name, function).unwrap();
        };
    define(HostCall::InputCopy, |mut caller, [offset, at, len, _]| {
        let (mut memory, host) = caller.memory_and_data();
        let input = &host.input[offset as usize..];
        let len = input.len().min(len as usize);
        memory.write(at, len as u32)?.copy_from_slice(&input[..len]);
        Ok(len as u32)
    });
    define(HostCall::Caller, |mut caller, [at, ..]| {
        caller.memory().write(at, 20)?.fill(1);
        Ok(0)
    });
    define(HostCall::Value, |mut caller, [at, ..]| {
        caller.memory().write(at, 32)?.fill(0);
        Ok(0)
    });
    define(HostCall::StorageGet, |mut caller, [key, key_len, at, len]| {
        let (mut memory, host) = caller.memory_and_data();
        let key = memory.read(key, key_len)?.to_vec();
        let Some(value) = host.storage.get(&key) else { return Ok(u32::MAX) };
        let copied = value.len().min(len as usize);
        memory.write(at, copied as u32)?.copy_from_slice(&value[..copied]);
        Ok(value.len() as u32)
    });
    define(HostCall::StorageSet, |mut caller, [key, key_len, at, len]| {
        let (memory, host) = caller.memory_and_data();
        let key = memory.read(key, key_len)?.to_vec();
        host.storage.insert(key, memory.read(at, len)?.to_vec());
        Ok(0)
    });
    define(HostCall::Emit, |mut caller, _| {
        caller.data_mut().events += 1;
        Ok(0)
    });
    define(HostCall::Grow, |mut caller, [pages, ..]| {
        Ok(caller.memory().grow(pages).unwrap_or(u32::MAX))
    });
    define(HostCall::Finish, |_, [_, len, ..]| Err(HostStop::Done(len)));
    linker
}

#[test]
fn a_transfer_of_tokens_takes_few_instructions() {
    let config = Config::new().backend(Backend::Interpreter).limits(Limits::contract());
    let engine = Engine::new(config).unwrap();
    let module = Module::new(&engine, bessemer_contracts::image("erc20").unwrap()).unwrap();
    let linker = linker(&engine);
    let supply = U256::from(1_000_000_000_000_000_000u64);
    let create = encode(&("Gold", "GLD", 18u8, supply));
    let transfer = (Address::new([2; 20]), U256::from(1_000_000_000u64));
    let transfer = encode_behind(&[0xa9, 0x05, 0x9c, 0xbb], &transfer);
    let mut storage = BTreeMap::new();
    let mut last = Count::default();
    // The second transfer finds a balance at both ends.
    for (creating, input) in [(1, create), (0, transfer.clone()), (0, transfer)] {
        let host = Host { input, storage, events: 0 };
        let mut instance = linker.instantiate(&module, host).unwrap();
        instance.set_gas(10_000_000).unwrap();
        instance.set_register(Reg::A0, creating);
        last = Count::default();
        let exit = instance.trace(&mut last).unwrap();
        assert!(matches!(exit, Some(Exit::Done(_))), "{exit:?}");
        assert_eq!(instance.data().events, 1);
        storage = instance.into_data().storage;
        println!("{} instructions, {} gas without host calls", last.instructions, last.gas);
    }
    assert!(last.instructions <= MOST, "a transfer takes {} instructions", last.instructions);
}

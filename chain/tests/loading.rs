//! Code is loaded after it is paid, and what that costs follows from its size alone.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use bessemer_abi::codes::status;
use bessemer_chain::{Address, Chain, ChainConfig, CodeHash, CodeSize, Prices, Receipt};
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::Backend;
use common::BACKENDS;
use common::counting::Counting;
use common::script::{Script, deploy_script};

/// A contract that returns nothing, with so many bytes of constants and a symbol of this name.
fn large(constants: usize, symbol: &str) -> Vec<u8> {
    with_text(0, constants, symbol)
}

/// The same with so many instructions that are not executed.
fn with_text(instructions: usize, constants: usize, symbol: &str) -> Vec<u8> {
    let text = format!("li a0, 0\nli a1, 0\nli a7, 3\necall\n{}", "nop\n".repeat(instructions));
    let program = asm::assemble(&text, &asm::Options::default()).unwrap();
    ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .rodata(0x8_0000, vec![7; constants])
        .symbol(symbol, program.text.base)
        .build()
}

fn deploy(chain: &mut Chain, from: Address, code: Vec<u8>) -> Address {
    chain.deploy(code).from(from).create().unwrap()
}

fn send(chain: &mut Chain, from: Address, to: Address, script: &Script, gas: u64) -> Receipt {
    chain.call(to, "").input(script.input()).from(from).gas(gas).send().unwrap()
}

/// Gas of a transaction besides what its first frame gets.
fn before(chain: &mut Chain, from: Address, to: Address, script: &Script) -> u64 {
    let mut frames = common::watch::Frames::default();
    let request = chain.call(to, "").input(script.input()).from(from).gas(1 << 30);
    request.inspect(&mut frames).simulate().unwrap();
    (1 << 30) - frames.0[0].gas
}

#[test]
fn what_cannot_be_paid_is_not_loaded() {
    for backend in BACKENDS {
        let (store, mut chain) = Counting::chain(backend, ChainConfig::default());
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(&mut chain, alice);
        let code = large(250_000, "f");
        let hash = CodeHash::of(&code);
        let inner = deploy(&mut chain, alice, code);
        let mut calls = Script::new();
        calls.call(inner, 0, &[]);
        let mut creates = Script::new();
        creates.create(&hash, 0, &[]);
        for (script, gas) in [(&calls, 100_000), (&creates, 150_000)] {
            let gas = before(&mut chain, alice, outer, script) + gas;
            // nothing is in memory
            let mut cold = store.open(backend, ChainConfig::default());
            store.reads();
            let receipt = send(&mut cold, alice, outer, script, gas);
            assert!(!receipt.succeeded(), "the pages of the callee are not paid");
            assert_eq!(store.reads().1, 1, "the caller's own file is read, and no other");
            // and with enough gas it is loaded
            let receipt = send(&mut cold, alice, outer, script, 1 << 30);
            assert_eq!(script.told(&receipt.output).results, [status::RETURN]);
            assert_eq!(
                store.reads().1,
                1,
                "now the callee's file is read, and the caller's is kept"
            );
        }
        let mut cold = store.open(backend, ChainConfig::default());
        store.reads();
        let receipt = cold.call(inner, "").from(alice).gas(160_000).send().unwrap();
        assert!(!receipt.succeeded());
        assert_eq!(store.reads().1, 0, "a transaction that cannot pay the entry reads no file");
    }
}

#[test]
fn each_byte_of_file_and_text_above_16_kib_is_paid_at_each_entry() {
    let config = ChainConfig { prices: Prices::V2, ..ChainConfig::default() };
    let run = |backend: Backend| {
        let (_, mut chain) = Counting::chain(backend, config.clone());
        let alice = chain.user("alice").unwrap();
        let gas = |chain: &mut Chain, code: &[u8]| {
            let contract = deploy(chain, alice, code.to_vec());
            let first = chain.call(contract, "").from(alice).send().unwrap().gas_used;
            let second = chain.call(contract, "").from(alice).send().unwrap().gas_used;
            assert_eq!(first, second, "a module in memory is not cheaper");
            first
        };
        // symbols are bytes of the file, which execution does not need
        let (short, long) = (large(20_000, "f"), large(20_000, &"f".repeat(900)));
        let more = (long.len() - short.len()) as u64;
        assert!(more > 800, "names are padded, and there is more of them");
        let (least, symbols) = (gas(&mut chain, &short), gas(&mut chain, &long));
        assert_eq!(symbols - least, more * Prices::V2.load_file_byte);
        // constants of the same page
        let filled = large(20_470, "f");
        let more = (filled.len() - short.len()) as u64;
        assert_eq!(gas(&mut chain, &filled) - least, more * Prices::V2.load_file_byte);
        // instructions of the same page
        let free = Prices::V2.load_free as usize / 4;
        let [few, many] = [free + 100, free + 900].map(|count| with_text(count, 10, "f"));
        let more = (many.len() - few.len()) as u64 * Prices::V2.load_file_byte;
        let price = more + 3_200 * Prices::V2.load_text_byte;
        assert_eq!(gas(&mut chain, &many) - gas(&mut chain, &few), price);
        // small files are paid by what a call costs
        assert_eq!(gas(&mut chain, &large(10, "f")), gas(&mut chain, &large(2_010, "f")));
        least
    };
    let [one, other] = BACKENDS.map(run);
    assert_eq!(one, other);
}

#[test]
fn the_state_has_the_sizes_of_each_file() {
    let (_, mut chain) = Counting::chain(BACKENDS[0], ChainConfig::default());
    let alice = chain.user("alice").unwrap();
    let code = large(5_000, "f");
    let hash = CodeHash::of(&code);
    deploy(&mut chain, alice, code.clone());
    let expected = CodeSize { pages: 1 + 2 + 16, file: code.len() as u32, text: 16 };
    assert_eq!(chain.code_size(&hash).unwrap(), Some(expected));
    assert_eq!(chain.code_size(&CodeHash::of(b"no file")).unwrap(), None);
}

#[test]
fn how_many_bytes_of_modules_are_kept_changes_no_outcome() {
    let run = |module_bytes| {
        let config = ChainConfig { module_bytes, ..ChainConfig::default() };
        let (store, mut chain) = Counting::chain(BACKENDS[0], config);
        let alice = chain.user("alice").unwrap();
        let contracts: Vec<_> =
            (0..20).map(|n| deploy(&mut chain, alice, large(100_000, &format!("f{n}")))).collect();
        store.reads();
        let mut receipts = Vec::new();
        for _ in 0..2 {
            for contract in &contracts {
                receipts.push(chain.call(*contract, "").from(alice).send().unwrap());
            }
        }
        (receipts, store.reads().1)
    };
    let (expected, loads) = run(u64::MAX);
    assert_eq!(loads, 0, "a deployment leaves its module in memory");
    // a module of 100 KB takes about twice as much
    for (bytes, least) in [(0, 40), (1 << 20, 40), (3 << 20, 20)] {
        let (receipts, loads) = run(bytes);
        assert_eq!(receipts, expected, "{bytes} bytes");
        assert!((least..=40).contains(&loads), "{bytes} bytes: {loads} loads");
    }
}

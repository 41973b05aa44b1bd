//! Small contracts in assembly, and chains to run them on.
#![allow(dead_code, unused_imports, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

pub(crate) mod assembly;
pub(crate) mod bare;
pub(crate) mod counting;
pub(crate) mod script;
pub(crate) mod watch;

use bessemer_chain::store::MemoryStore;
use bessemer_chain::{Address, Chain, ChainConfig, Prices, Receipt, U256};
use bessemer_image::Program;
use bessemer_isa::TrapKind;
use bessemer_runtime::{Backend, Config, Engine, Limits};

pub(crate) use assembly::{DATA, TEXT, bytes, contract};

/// What a new chain has.
pub(crate) const PRICES: Prices = Prices::V2;

/// The back ends that must agree.
pub(crate) const BACKENDS: [Backend; 2] = [Backend::Interpreter, Backend::Jit];

/// An engine as chains use it.
pub(crate) fn engine(backend: Backend) -> Engine {
    Engine::new(Config::new().backend(backend).limits(Limits::contract())).unwrap()
}

/// A new chain in memory.
pub(crate) fn chain(backend: Backend) -> Chain {
    // some tests use more gas at once than a block has by default
    let config = ChainConfig { block_gas: 1 << 40, ..ChainConfig::default() };
    Chain::on(&engine(backend), std::sync::Arc::new(MemoryStore::new()), config).unwrap()
}

/// Deploys a contract without constructor arguments, for `from`. Its constructor does nothing: the
/// code runs in calls only.
pub(crate) fn deploy(chain: &mut Chain, from: Address, source: &str) -> Address {
    let code = contract(&format!("beqz a0, 1f\nhost finish(0, 0)\n1:\n{source}"));
    chain.deploy(code).from(from).create().unwrap()
}

/// What a test looks at, for each back end; they must agree in all of it.
pub(crate) fn on_both<R: PartialEq + std::fmt::Debug>(test: impl Fn(&mut Chain) -> R) -> R {
    let [interpreted, compiled] = BACKENDS.map(|backend| {
        let mut chain = chain(backend);
        let result = test(&mut chain);
        (result, chain.state_digest().unwrap())
    });
    assert_eq!(interpreted, compiled, "interpreter and native code differ");
    compiled.0
}

/// A number as an amount.
pub(crate) fn amount(number: u64) -> U256 {
    U256::from(number)
}

/// What an amount is in the memory of contracts, as a line of data.
pub(crate) fn amount_bytes(number: u64) -> String {
    bytes(&amount(number).to_le_bytes::<32>())
}

/// A receipt in words.
pub(crate) fn outcome(receipt: &Receipt) -> String {
    bessemer_chain::sentence(receipt)
}

/// The trap that the first frame to fail ended with.
pub(crate) fn trap(receipt: &Receipt) -> Option<TrapKind> {
    receipt.diagnosis.failures.first()?.trap.map(|trap| trap.kind)
}

/// What entering a frame of this code costs: the pages that it starts with (rule G8), and loading it.
pub(crate) fn entry_price(code: &[u8]) -> u64 {
    let program = Program::parse(code, &Limits::contract()).unwrap();
    let paid = |bytes: usize| bytes.saturating_sub(PRICES.load_free as usize) as u64;
    let loading = paid(code.len()) * PRICES.load_file_byte
        + paid(program.text().bytes().len()) * PRICES.load_text_byte;
    u64::from(program.entry_pages()) * u64::from(PRICES.guest.page) + loading
}

/// The little-endian words of what was returned.
pub(crate) fn words(receipt: &Receipt) -> Vec<u32> {
    assert!(receipt.succeeded(), "{}", outcome(receipt));
    let (words, rest) = receipt.output.as_chunks();
    assert!(rest.is_empty(), "{} bytes are not whole words", receipt.output.len());
    words.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

//! Small contracts in assembly, and chains to run them on.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use bessemer_abi::HostCall;
use bessemer_chain::{Address, Chain, Receipt, U256};
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{Backend, Config, Engine, Limits};

/// The back ends that must agree.
pub(crate) const BACKENDS: [Backend; 2] = [Backend::Interpreter, Backend::Jit];

/// A contract from assembly. A line `host NAME` is the host call of that name; `.data` begins
/// writable data at `DATA`.
pub(crate) fn contract(source: &str) -> Vec<u8> {
    let mut text = format!(".equ DATA, {DATA}\n");
    for line in source.lines() {
        match line.trim().strip_prefix("host ") {
            Some(name) => {
                let call = HostCall::ALL.iter().find(|call| call.row().name == name.trim());
                let call = call.unwrap_or_else(|| panic!("no host call `{name}`"));
                text.push_str(&format!("li a7, {}\necall\n", call.number()));
            }
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    let program = asm::assemble(&text, &asm::Options::default())
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut image = ImageBuilder::new(Profile { compressed: false })
        .text(program.text.base, &program.text.bytes)
        .data(DATA, &[] as &[u8], 4096);
    for (name, addr) in &program.symbols {
        image = image.symbol(name, *addr);
    }
    image.build()
}

/// Where contracts of [`contract`] have a page of writable zeros.
pub(crate) const DATA: u32 = 0x2_0000;

/// An engine as chains use it.
pub(crate) fn engine(backend: Backend) -> Engine {
    Engine::new(Config::new().backend(backend).limits(Limits::contract())).unwrap()
}

/// A new chain in memory.
pub(crate) fn chain(backend: Backend) -> Chain {
    Chain::in_memory(&engine(backend)).unwrap()
}

/// Deploys a contract without constructor arguments, for `from`.
pub(crate) fn deploy(chain: &mut Chain, from: Address, source: &str) -> Address {
    chain.deploy(contract(source)).from(from).create().unwrap()
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

/// A 32-byte word with this number, as contracts see amounts.
pub(crate) fn amount(number: u64) -> U256 {
    U256::from(number)
}

/// A receipt without what differs between runs for no reason; nothing at present.
pub(crate) fn outcome(receipt: &Receipt) -> String {
    bessemer_chain::sentence(receipt)
}

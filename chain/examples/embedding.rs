//! Both layers in one program: a module with host functions of one's own, and a chain.
//!
//! `cargo run --release -p bessemer-chain --example embedding`

use bessemer_chain::{Call, Chain, Event, Inspector, U256};
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{Backend, Caller, Config, Engine, HostResult, Linker, Module};

/// Adds its arguments, and tells the host.
const ADD: &str = "
add:
    add  a0, a0, a1
    mv   t0, a0
    la   a0, words
    li   a1, 5
    li   a7, 1
    ecall
    mv   a0, t0
    ret
words:
    .ascii \"added\"
";

#[allow(clippy::print_stdout, reason = "an example prints")]
pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let engine = Engine::new(Config::new().backend(Backend::Auto))?;

    // Layer A: any accepted ELF, any host function, your own data.
    let program = asm::assemble(ADD, &asm::Options::default())?;
    let elf = ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .symbol("add", program.symbols["add"])
        .build();
    let module = Module::new(&engine, &elf)?;
    let mut linker = Linker::<Vec<String>>::new(&engine);
    linker.func(
        1,
        "log",
        |mut caller: Caller<'_, Vec<String>>, ptr: u32, len: u32| -> HostResult<()> {
            caller.charge(100 + u64::from(len))?;
            let text = String::from_utf8_lossy(caller.memory().read(ptr, len)?).into_owned();
            caller.data_mut().push(text);
            Ok(())
        },
    )?;
    let mut instance = linker.instantiate(&module, Vec::new())?;
    instance.set_gas(1_000_000)?;
    let sum = instance.call("add", (1, 2))?;
    println!("{sum}, gas left {}, {} log lines", instance.gas(), instance.data().len());
    assert_eq!((sum, instance.data().as_slice()), (3, &["added".to_owned()][..]));

    // Layer B: persistent state, users, receipts, watching.
    let directory = tempfile::tempdir()?;
    let mut chain = Chain::open(&engine, directory.path().join("state.redb"))?;
    let (alice, bob) = (chain.user("alice")?, chain.user("bob")?);
    let code: &[u8] = include_bytes!("../../contracts/images/elf/erc20.elf");
    let token =
        chain.deploy(code).args(("Gold", "GOLD", 0_u8, U256::from(1_000))).from(alice).create()?;
    let mut printer = Printer::default();
    let receipt = chain
        .call(token, "transfer(address,uint256)")
        .args((bob, U256::from(10)))
        .from(alice)
        .inspect(&mut printer)
        .send()?;
    let balance: U256 = chain.call(token, "balanceOf(address)").args((bob,)).query()?;
    println!("gas {}, {} events, bob has {balance}", receipt.gas_used, receipt.events.len());
    println!("state {:02x?}", &chain.state_digest()?[..4]);
    assert_eq!(balance, U256::from(10));
    assert_eq!((printer.calls, printer.events), (1, 1));

    // What fails says why, and leaves everything as it was.
    let refused = chain
        .call(token, "transfer(address,uint256)")
        .args((alice, U256::from(11)))
        .from(bob)
        .simulate()?;
    println!("{}", bessemer_chain::sentence(&refused));
    assert!(!refused.succeeded());
    Ok(())
}

/// Prints what a transaction does.
#[derive(Default)]
struct Printer {
    calls: u32,
    events: u32,
}

#[allow(clippy::print_stdout, reason = "an example prints")]
impl Inspector for Printer {
    fn on_call(&mut self, call: &Call<'_>) {
        self.calls += 1;
        println!("{:w$}-> {} ({} gas)", "", call.to, call.gas, w = call.depth as usize * 2);
    }

    fn on_event(&mut self, event: &Event) {
        self.events += 1;
        println!("event with {} topics", event.topics.len());
    }
}

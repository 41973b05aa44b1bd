//! What happens to a callee does not touch its caller's registers and memory (attack 20).

use bessemer_abi::codes::status;
use bessemer_chain::{Address, Chain, CodeHash};
use bessemer_isa::Reg;

use crate::common::assembly::host_call;
use crate::common::script::{Script, deploy_script};
use crate::common::{DATA, bytes, contract, deploy, on_both, words};

/// Where the address or code hash of the callee is, a value of 0 behind it, and room for an address.
const CALLEE: u32 = DATA + 512;
/// Input for the callee, in the middle of what must not change.
const INPUT: u32 = DATA + 128;

/// Fills all registers with distinct values, makes a host call, and returns the registers behind it
/// and 64 words of memory.
fn caller(name: &str, arguments: &[u32], callee: &[u8]) -> String {
    let all = || (1..32).filter_map(Reg::new).filter(|register| *register != Reg::T0);
    let fill = all().map(|register| {
        let index = register.index();
        format!("li {register}, {}\n", before(name, arguments)[index])
    });
    let store = all().map(|register| format!("sw {register}, {}(t0)\n", 4 * register.number()));
    format!(
        "host fill({INPUT}, 256, 0x5a)
        {}
        li t0, DATA
        ecall
        {}
        sw t0, 20(t0)
        host finish(DATA, 384)
        .data
        .zero 512
        {}
        .zero 64",
        fill.collect::<String>(),
        store.collect::<String>(),
        bytes(callee),
    )
}

/// The registers at the host call.
fn before(name: &str, arguments: &[u32]) -> [u32; 32] {
    let mut registers = std::array::from_fn(|index| 1000 + index as u32);
    registers[0] = 0;
    registers[5] = DATA;
    registers[10..][..arguments.len()].copy_from_slice(arguments);
    registers[17] = host_call(name).number();
    registers
}

fn assert_intact(
    chain: &mut Chain,
    from: Address,
    (name, arguments): (&str, &[u32]),
    callee: &[u8],
    status: u32,
) {
    let contract = deploy(chain, from, &caller(name, arguments, callee));
    let words = words(&chain.call(contract, "").from(from).send().unwrap());
    let mut expected = before(name, arguments);
    expected[10] = status;
    assert_eq!(words[..32], expected);
    assert!(words[32..].iter().all(|word| *word == 0x5a5a_5a5a), "memory changed");
}

#[test]
fn a_caller_is_as_before_whatever_its_callee_did() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let wild = "li t0, DATA\nli sp, 7\nsw sp, 128(t0)\nhost fill(DATA, 4096, 0xff)\n";
        for (source, status) in [
            ("unimp".to_owned(), status::TRAP),
            ("1: j 1b".to_owned(), status::OUT_OF_GAS),
            (format!("{wild} li a7, 3\nli a0, DATA\nli a1, 4096\necall"), status::RETURN),
            (format!("{wild} li a7, 4\nli a0, DATA\nli a1, 4096\necall"), status::REVERT),
            (format!("{wild} lw a0, 0(x0)"), status::TRAP),
        ] {
            let callee = deploy(chain, alice, &source);
            let arguments = [CALLEE, CALLEE + 32, INPUT, 16, 20_000, 0];
            // 12 bytes behind an address, so that the value stands where it does behind a hash
            let callee = [callee.as_bytes().as_slice(), &[0; 12]].concat();
            assert_intact(chain, alice, ("call", &arguments), &callee, status);
        }
    });
}

/// A constructor is the frame whose very first instruction can trap.
#[test]
fn a_caller_is_as_before_when_its_callee_traps_at_the_first_instruction() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let uploader = deploy_script(chain, alice);
        for first in ["unimp", ".word 0", ".word 0xffffffff", "lw a0, 0(zero)", "jr zero"] {
            let file = contract(first);
            let mut script = Script::new();
            let (at, out) = (script.put(&file), script.space(32));
            script.host("upload", &[at, file.len() as u32, out]).tell(chain, alice, uploader);
            let hash = CodeHash::of(&file);
            let arguments = [CALLEE, CALLEE + 32, INPUT, 16, CALLEE + 64];
            assert_intact(chain, alice, ("create", &arguments), hash.as_bytes(), status::TRAP);
        }
    });
}

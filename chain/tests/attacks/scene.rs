//! The condition that every attack has to pass.

use bessemer_chain::{Action, Address, Chain, Receipt, Transaction, U256};
use bessemer_isa::TrapKind;

use crate::common::{BACKENDS, chain, deploy, outcome, trap};

/// What everybody does beside the attack: counts its calls, and returns the count.
const COUNTER: &str = "
    li s0, DATA
    host storage_get(DATA, 1, DATA + 16, 4)
    lw t0, 16(s0)
    addi t0, t0, 1
    sw t0, 16(s0)
    host storage_set(DATA, 1, DATA + 16, 4)
    host finish(DATA + 16, 4)";

/// Gas of an attack.
pub(crate) const GAS: u64 = 20_000_000;

/// A chain before an attack.
pub(crate) struct Scene<'c> {
    pub(crate) chain: &'c mut Chain,
    pub(crate) mallory: Address,
}

/// A transaction of an account, as its next.
pub(crate) fn transaction(
    chain: &Chain,
    sender: Address,
    to: Address,
    input: Vec<u8>,
) -> Transaction {
    Transaction {
        sender,
        nonce: chain.account(&sender).unwrap().nonce,
        gas_limit: GAS,
        gas_price: U256::ZERO,
        value: U256::ZERO,
        action: Action::Call { to, input },
        access: None,
    }
}

/// Makes the attack that `prepare` describes, on both back ends, and gives its receipt. The attack
/// fails: nothing of it stays.
pub(crate) fn attack(prepare: impl Fn(&mut Scene<'_>) -> Transaction) -> Receipt {
    let run = |backend, attacks: bool| {
        let mut chain = chain(backend);
        let (mallory, alice) = (chain.user("mallory").unwrap(), chain.user("alice").unwrap());
        let counter = deploy(&mut chain, alice, COUNTER);
        let mut scene = Scene { chain: &mut chain, mallory };
        let mut first = prepare(&mut scene);
        if !attacks {
            let action = Action::Call { to: mallory, input: Vec::new() };
            first = Transaction { action, value: U256::ZERO, ..first };
        }
        let next = transaction(&chain, alice, counter, Vec::new());
        let mut block = chain.block();
        let attacked = block.push(&first).unwrap().clone();
        let after = block.push(&next).unwrap();
        assert_eq!(after.output, [1, 0, 0, 0], "{}", outcome(after));
        block.commit().unwrap();
        (attacked, chain.state_digest().unwrap())
    };
    let [interpreted, compiled] = BACKENDS.map(|backend| run(backend, true));
    assert_eq!(interpreted, compiled, "interpreter and native code differ");
    let (receipt, digest) = compiled;
    assert!(!receipt.succeeded(), "an attack succeeded: {receipt:?}");
    assert_eq!(digest, run(BACKENDS[1], false).1, "an attack that failed left something");
    receipt
}

/// A contract of this source that mallory calls with this input.
pub(crate) fn attack_by(source: &str, input: &[u8]) -> Receipt {
    attack(|scene| {
        let contract = deploy(scene.chain, scene.mallory, source);
        transaction(scene.chain, scene.mallory, contract, input.to_vec())
    })
}

/// The contract traps so.
pub(crate) fn assert_traps(source: &str, kind: TrapKind) -> Receipt {
    let receipt = attack_by(source, &[]);
    assert_eq!(trap(&receipt), Some(kind), "{source}: {}", outcome(&receipt));
    receipt
}

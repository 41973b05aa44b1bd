//! Gas: attacks 17, 18 and 29.

use bessemer_chain::{Chain, CodeHash, Receipt, Status};

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{amount, deploy, on_both};
use crate::scene::{GAS, attack_by};

/// Attacks 17 and 18: loops without an end, of any shape.
#[test]
fn a_loop_without_an_end_runs_out_of_gas() {
    for source in [
        "1: j 1b",
        "1: beqz zero, 1b",
        "1: la t0, 1b\njr t0",
        "1: jal ra, 1b",
        "1: addi a1, a1, 1\nmul a2, a1, a1\nbnez a7, 1b\nj 1b",
        "1: host input_size()\nj 1b",
        "1: host call(DATA, DATA + 32, 0, 0, 0, 0)\nj 1b",
        "1: host storage_get(DATA, 4, DATA + 64, 4)\nli t0, DATA\nlw t1, 0(t0)\naddi t1, t1, 1\nsw t1, 0(t0)\nj 1b",
        "li s0, DATA\n1: lr.w t0, (s0)\nj 1b",
    ] {
        let receipt = attack_by(source, &[]);
        assert_eq!(receipt.status, Status::OutOfGas, "{source}");
        assert_eq!(receipt.gas_used, GAS, "{source}");
    }
}

/// Attack 29: every limit that does not suffice is out of gas, at the same place, and leaves nothing.
#[test]
fn one_gas_short_at_any_place_is_out_of_gas_and_nothing_stays() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [outer, inner] = [(); 2].map(|()| deploy_script(chain, alice));
        let looping = deploy(
            chain,
            alice,
            "li s0, 20
            1: host emit(0, 0, DATA, 4)
            addi s0, s0, -1
            bnez s0, 1b
            host finish(DATA, 4)",
        );
        let mut nested = Script::new();
        nested.set(b"key", b"value").call(looping, 0, &[1]);
        let mut script = Script::new();
        script.set(b"key", b"value").call(inner, 0, &nested.input());
        script.create(&CodeHash::of(&script_code()), 0, &nested.input());
        let request = |chain: &mut Chain, limit: u64| {
            let request = chain.call(outer, "").input(script.input()).from(alice).gas(limit);
            request.gas_price(amount(1)).simulate().unwrap()
        };
        let enough = request(chain, 1 << 30);
        assert!(enough.succeeded());
        let complete =
            |receipt: &Receipt| receipt.succeeded() && receipt.diagnosis.failures.is_empty();
        // with less gas callees get less, so what is enough is more than what is used
        let (mut low, mut high) = (enough.gas_used, 1 << 30);
        while low < high {
            let middle = low.midpoint(high);
            match complete(&request(chain, middle)) {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        let digest = chain.state_digest().unwrap();
        let least = 150_000 + 10 * script.input().len() as u64;
        let every = (least..low).step_by(1009).chain(low - 400..low + 3);
        let mut outcomes = Vec::new();
        for limit in every {
            let receipt = request(chain, limit);
            assert_eq!(complete(&receipt), limit >= low, "at {limit}");
            if receipt.status == Status::OutOfGas {
                assert_eq!(receipt.gas_used, limit);
                assert_eq!((receipt.events.len(), receipt.created.len()), (0, 0));
            } else {
                assert_eq!(receipt.status, Status::Return, "at {limit}");
            }
            outcomes.push((limit, receipt.status, receipt.diagnosis.failures, receipt.gas_used));
        }
        assert!(outcomes.len() > 600, "only {} limits were tried", outcomes.len());
        assert_eq!(chain.state_digest().unwrap(), digest);
        outcomes
    });
}

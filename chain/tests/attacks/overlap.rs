//! Input and output of calls over each other (attack 27).

use bessemer_chain::{CodeHash, address_by_salt};

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{deploy, on_both};

/// A contract calls itself with a part of its memory, and copies what comes back over that part.
#[test]
fn a_contract_that_calls_itself_over_its_own_buffers_gets_copies() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy(
            chain,
            alice,
            "host input_size()
            li t0, 64
            beq a0, t0, outer
            host input_copy(0, DATA, 40)
            host finish(DATA, 40)
            outer: host input_copy(0, DATA, 64)
            host allow_reentry(1)
            host own_address(DATA + 256)
            host call(DATA + 256, DATA + 288, DATA + 8, 40, -1, -1)
            host output_copy(0, DATA + 12, 40)
            host output_copy(4, DATA + 8, 2)
            host finish(DATA, 64)",
        );
        let input: Vec<u8> = (0..64).collect();
        let request = chain.call(contract, "").input(input.clone()).from(alice);
        let receipt = request.send().unwrap();
        let mut expected = input.clone();
        expected.copy_within(8..48, 12);
        expected[8..10].copy_from_slice(&[12, 13]);
        assert_eq!(receipt.output, expected);
    });
}

/// The address of a new contract is written over the salt that it follows from.
#[test]
fn an_output_over_the_inputs_of_its_call_is_written_behind_all_reading() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let code = CodeHash::of(&script_code());
        let mut script = Script::new();
        let (hash, value, salt) =
            (script.put(code.as_bytes()), script.space(32), script.put([7; 32]));
        script.host("create2", &[hash, value, salt, 0, salt, salt]).show_memory();
        let told = script.tell(chain, alice, contract);
        let address = address_by_salt(&contract, &[7; 32], &code);
        assert_eq!(told.results, [0]);
        assert_eq!(told.at(salt, 20), address.as_bytes());
        assert_eq!(told.at(salt + 20, 12), [7; 12]);
        assert!(chain.account(&address).unwrap().code.is_some());
    });
}

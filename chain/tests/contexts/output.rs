//! What a caller can copy of what its last call gave.

use bessemer_abi::codes::status;
use bessemer_chain::Address;

use crate::common::on_both;
use crate::common::script::{Script, deploy_script};

/// Ends with as many zeros as memory has.
fn ending(name: &str, bytes: u32) -> Vec<u8> {
    let mut script = Script::new();
    script.host(name, &[crate::common::DATA, bytes]);
    script.input()
}

#[test]
fn return_and_revert_data_of_all_sizes_arrive_whole() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [outer, inner] = [(); 2].map(|()| deploy_script(chain, alice));
        for (name, status) in [("finish", status::RETURN), ("revert", status::REVERT)] {
            for bytes in [0, 1, 31, 32, 4095, 4097, 65_535, 65_536] {
                let mut script = Script::new();
                script.call(inner, 0, &ending(name, bytes)).host("output_size", &[]);
                let into = script.space(64);
                script.host("output_copy", &[0, into, 64]).host("output_copy", &[bytes, into, 64]);
                script.host("output_copy", &[u32::MAX, into, 64]);
                let from = bytes.saturating_sub(10);
                script.host("output_copy", &[from, into, 64]);
                let results = script.tell(chain, alice, outer).results;
                let expected = [status, bytes, bytes.min(64), 0, 0, bytes - from];
                assert_eq!(results, expected, "{name} with {bytes}");
            }
        }
    });
}

#[test]
fn the_bytes_that_arrive_are_those_that_were_returned() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [outer, inner] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut script = Script::new();
        let mut asked = Script::new();
        let at = asked.put(b"what is returned");
        asked.host("finish", &[at, 16]);
        script.call(inner, 0, &asked.input());
        let into = script.put([0xee; 24]);
        script.host("output_copy", &[5, into, 6]).host("output_copy", &[9, into + 8, 16]);
        let told = script.show_memory().tell(chain, alice, outer);
        assert_eq!(told.results, [0, 6, 7], "as much as there is and fits");
        let mut expected = [0xee; 24];
        expected[..6].copy_from_slice(b"is ret");
        expected[8..15].copy_from_slice(b"eturned");
        assert_eq!(told.at(into, 24), expected);
    });
}

#[test]
fn a_call_that_gives_nothing_leaves_nothing_of_the_call_before() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [outer, inner] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut trap = Script::new();
        trap.trap();
        let mut spin = Script::new();
        spin.repeat(u32::MAX, "input_size", &[]);
        let nobody = Address::new([0x77; 20]);
        let mut script = Script::new();
        let mut expected = Vec::new();
        type Next<'a> = Box<dyn Fn(&mut Script) + 'a>;
        let (trap, spin) = (trap.input(), spin.input());
        let next: [(Next<'_>, u32); 6] = [
            (Box::new(|s| _ = s.call(inner, 0, &trap)), status::TRAP),
            (Box::new(|s| _ = s.call(inner, 0, &spin)), status::OUT_OF_GAS),
            (Box::new(|s| _ = s.call(outer, 0, &[])), status::REENTRY),
            (Box::new(|s| _ = s.call(inner, 1, &[])), status::BALANCE),
            (Box::new(|s| _ = s.call(nobody, 0, &[1])), status::NO_CODE),
            (Box::new(|s| _ = s.call(nobody, 0, &[])), status::RETURN),
        ];
        for (call, status) in &next {
            script.call(inner, 0, &ending("finish", 9)).host("output_size", &[]);
            call(&mut script);
            script.host("output_size", &[]);
            expected.extend([0, 9, *status, 0]);
        }
        let receipt = chain.call(outer, "").input(script.input()).from(alice).gas(1 << 27).send();
        let receipt = receipt.unwrap();
        assert_eq!(script.told(&receipt.output).results, expected);
        receipt
    });
}

#[test]
fn creation_gives_what_its_constructor_gave() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let code = bessemer_chain::CodeHash::of(&crate::common::script::script_code());
        let mut script = Script::new();
        script.create(&code, 0, &ending("finish", 5));
        script.host("output_size", &[]);
        script.create(&code, 0, &ending("revert", 7));
        script.host("output_size", &[]);
        script.create(&bessemer_chain::CodeHash::of(b"nothing"), 0, &[]);
        script.host("output_size", &[]);
        let results = script.tell(chain, alice, outer).results;
        assert_eq!(results, [0, 5, 1, 7, status::UNKNOWN_CODE, 0]);
    });
}

//! Every row costs what it says, and one gas less is out of gas (attack 29).

use bessemer_abi::{Effect, HostCall};
use bessemer_chain::Status;
use bessemer_chain::crypto::modexp::Power;

use crate::case::{price, valid};
use crate::common::on_both;
use crate::probe::{MEMORY, Probe, Try};

#[test]
fn a_call_costs_its_base_its_lengths_and_its_state() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let behind = probe.behind(chain);
        for &call in HostCall::ALL {
            let row = call.row();
            let arguments = valid(call);
            let done = probe.run_one(chain, Try::of(call, &arguments));
            let price = u64::from(row.base) + price(call, &arguments);
            let behind = if row.effect == Effect::Ends { 0 } else { behind };
            assert_eq!(done.used, price + behind, "{}: {done:?}", row.name);
        }
    });
}

#[test]
fn the_exact_price_is_enough_and_one_less_is_not() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        for &call in HostCall::ALL {
            let arguments = valid(call);
            let price = u64::from(call.row().base) + price(call, &arguments);
            let tries = [price - 1, price].map(|gas| Try::of(call, &arguments).with_gas(gas));
            let [short, exact] = probe.run(chain, &tries).try_into().unwrap();
            let name = call.row().name;
            assert_eq!((short.status, short.at_call), (Status::OutOfGas, true), "{name}");
            assert!(!exact.at_call || exact.status == Status::Revert, "{name}: {exact:?}");
            let behind = match call.row().effect {
                Effect::Ends if call == HostCall::Finish => Status::Return,
                Effect::Ends => Status::Revert,
                _ => Status::OutOfGas,
            };
            assert_eq!(exact.status, behind, "{name}");
            assert_eq!(exact.used, price, "{name}");
        }
    });
}

/// What depends on the bytes of the input is paid before anything is computed.
#[test]
fn rounds_and_exponents_are_paid_in_advance() {
    let mut rounds = vec![0; 213];
    rounds[..4].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut power = [4_u32, 2, 3].map(u32::to_le_bytes).concat();
    power.extend([1, 2, 3, 4, 0xff, 0xff, 7, 8, 9]);
    let computed = Power::parse(&power).unwrap().price();
    let length = power.len() as u32;
    let out = MEMORY + 1024;
    let calls = [
        (HostCall::Blake2f, vec![MEMORY, out], rounds, 50 * u64::from(u32::MAX)),
        (
            HostCall::Modexp,
            vec![MEMORY, length, out, 3],
            power,
            2 * u64::from(length + 3) + computed,
        ),
    ];
    on_both(|chain| {
        let probe = Probe::new(chain);
        for (call, arguments, memory, price) in &calls {
            let price = u64::from(call.row().base) + price;
            let what = Try::of(*call, arguments).with_memory(memory.clone()).with_gas(price - 1);
            let short = probe.run_one(chain, what.clone());
            assert_eq!((short.status, short.at_call), (Status::OutOfGas, true));
            // four thousand million rounds are not tried
            if *call == HostCall::Modexp {
                let exact = probe.run_one(chain, what.with_gas(price));
                assert_eq!((exact.status, exact.at_call), (Status::OutOfGas, false));
            }
        }
    });
}

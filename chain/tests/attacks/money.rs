//! Other people's money: attacks 12 and 24.

use bessemer_abi::codes::status;
use bessemer_chain::{Address, Chain, Receipt, Status, U256};

use crate::common::script::{Script, deploy_script};
use crate::common::{amount, contract, on_both};

/// Attack 12: a contract that is called with value 0 can move its own balance only.
#[test]
fn a_contract_moves_no_money_but_its_own() {
    on_both(|chain| {
        let (alice, mallory) = (chain.user("alice").unwrap(), chain.user("mallory").unwrap());
        let trap = deploy_script(chain, mallory);
        let victim = deploy_script(chain, alice);
        chain.call(victim, "").from(alice).value(amount(500)).send().unwrap();
        let accounts = [alice, mallory, victim];
        let before = accounts.map(|account| chain.balance(&account).unwrap());
        let mut steal = Script::new();
        steal.call(mallory, 500, &[]).call(alice, 1, &[]);
        // called by its victim, it is poor, whoever called it
        let receipt = steal.send(chain, alice, trap);
        assert_eq!(steal.told(&receipt.output).results, [status::BALANCE; 2]);
        let mut script = Script::new();
        script.call(trap, 0, &steal.input());
        let out = script.space(40);
        script.host("output_copy", &[0, out, 40]).show_memory();
        let told = script.tell(chain, alice, victim);
        assert_eq!(steal.told(told.at(out, 40)).results, [status::BALANCE; 2]);
        assert_eq!(accounts.map(|account| chain.balance(&account).unwrap()), before);
    });
}

/// A token with 256-bit balances under the addresses of their owners. The constructor gives its input
/// to the deployer; a call has an address (20 bytes) and an amount (32) and moves it.
const TOKEN: &str = "
        host caller(DATA)
        beqz s0, transfer
        host input_copy(0, DATA + 64, 32)
        host storage_set(DATA, 20, DATA + 64, 32)
        host finish(0, 0)
transfer:
        host input_copy(0, DATA + 32, 20)
        host input_copy(20, DATA + 64, 32)
        host storage_get(DATA, 20, DATA + 96, 32)
        li   s1, DATA + 96
        li   s2, DATA + 64
        li   s3, 8
        li   s4, 0
sub:    lw   t0, 0(s1)
        lw   t1, 0(s2)
        sub  t2, t0, t1
        sltu t3, t0, t1
        sltu t4, t2, s4
        sub  t2, t2, s4
        or   s4, t3, t4
        sw   t2, 0(s1)
        addi s1, s1, 4
        addi s2, s2, 4
        addi s3, s3, -1
        bnez s3, sub
        bnez s4, fail
        host storage_set(DATA, 20, DATA + 96, 32)
        host fill(DATA + 128, 32, 0)
        host storage_get(DATA + 32, 20, DATA + 128, 32)
        li   s1, DATA + 128
        li   s2, DATA + 64
        li   s3, 8
        li   s4, 0
add:    lw   t0, 0(s1)
        lw   t1, 0(s2)
        add  t2, t0, t1
        sltu t3, t2, t0
        add  t2, t2, s4
        sltu t4, t2, s4
        or   s4, t3, t4
        sw   t2, 0(s1)
        addi s1, s1, 4
        addi s2, s2, 4
        addi s3, s3, -1
        bnez s3, add
        bnez s4, fail
        host storage_set(DATA + 32, 20, DATA + 128, 32)
        host finish(0, 0)
fail:   host revert(0, 0)
";

fn transfer(chain: &mut Chain, token: Address, from: Address, to: Address, what: U256) -> Receipt {
    let input = [to.as_bytes().as_slice(), &what.to_le_bytes::<32>()].concat();
    chain.call(token, "").input(input).from(from).send().unwrap()
}

fn balance(chain: &Chain, token: Address, of: Address) -> U256 {
    let stored = chain.storage(&token, of.as_bytes()).unwrap();
    stored.map_or(U256::ZERO, |bytes| U256::from_le_bytes::<32>(bytes.try_into().unwrap()))
}

/// Attack 24: a transfer to oneself, and amounts that wrap.
#[test]
fn a_token_keeps_its_supply_through_transfers_to_oneself_and_amounts_that_wrap() {
    on_both(|chain| {
        let [alice, bob] = ["alice", "bob"].map(|name| chain.user(name).unwrap());
        let code = contract(&format!("mv s0, a0\n{TOKEN}"));
        for supply in [amount(1000), U256::MAX, U256::ONE << 128] {
            let input = supply.to_le_bytes::<32>();
            let token = chain.deploy(code.clone()).from(alice).input(input).create().unwrap();
            let mut check = |from, to, what, expected| {
                let receipt = transfer(chain, token, from, to, what);
                assert_eq!(receipt.status, expected, "{what} of {supply}");
                let all = balance(chain, token, alice).checked_add(balance(chain, token, bob));
                assert_eq!(all, Some(supply));
            };
            check(alice, alice, supply, Status::Return);
            check(alice, bob, amount(600), Status::Return);
            check(bob, bob, amount(600), Status::Return);
            check(bob, alice, amount(601), Status::Revert);
            check(bob, alice, U256::MAX, Status::Revert);
            check(bob, bob, U256::MAX, Status::Revert);
            check(bob, alice, U256::MAX - amount(599), Status::Revert);
            check(bob, alice, U256::ZERO, Status::Return);
            assert_eq!(balance(chain, token, bob), amount(600));
        }
    });
}

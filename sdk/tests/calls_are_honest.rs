//! A call that is reported as failed has no effects, and one that has effects is not reported so.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::new_ret_no_self,
    reason = "the contracts of a test have no users"
)]

use bessemer_sdk::call::{Failed, Target};
use bessemer_sdk::prelude::*;
use bessemer_sdk::{status, testing};

/// A token that returns what no interface of a token says.
#[contract]
pub struct Strange {
    paid: Map<Address, U256>,
}

#[contract]
impl Strange {
    /// The interface promises `bool`, and there is nothing, as with old tokens.
    pub fn pay_silently(&mut self, to: Address, amount: U256) {
        self.paid[to] += amount;
    }

    /// The interface promises `bool`, and there is 2.
    pub fn pay_oddly(&mut self, to: Address, amount: U256) -> u8 {
        self.paid[to] += amount;
        2
    }

    /// The interface promises nothing, and there is something.
    pub fn pay_loudly(&mut self, to: Address, amount: U256) -> bool {
        self.paid[to] += amount;
        true
    }

    pub fn paid(&self, to: Address) -> U256 {
        self.paid[to].get()
    }
}

/// What the bank believes of it.
#[interface]
pub trait Token {
    fn pay_silently(&mut self, to: Address, amount: U256) -> bool;
    fn pay_oddly(&mut self, to: Address, amount: U256) -> bool;
    fn pay_loudly(&mut self, to: Address, amount: U256);
}

/// Pays once, and again if the first time failed.
#[contract]
pub struct Bank {
    token: Value<Address>,
}

#[contract]
impl Bank {
    #[init]
    pub fn new(&mut self, token: Address) {
        self.token.set(token);
    }

    pub fn pay(&mut self, how: u8, to: Address, amount: U256) -> bool {
        let token = TokenClient::new(self.token.get());
        let attempt = || match how {
            0 => token.try_pay_silently(to, amount).is_ok(),
            1 => token.try_pay_oddly(to, amount).is_ok(),
            _ => token.try_pay_loudly(to, amount).is_ok(),
        };
        attempt() || attempt()
    }

    pub fn shrink(&mut self, amount: U256) -> U256 {
        amount - U256::from(10)
    }
}

fn stage() -> (StrangeClient, BankClient, Address) {
    testing::act_as(testing::user("alice"));
    let token = testing::deploy::<Strange>(&()).expect("it is deployed");
    let bank = testing::deploy::<Bank>(&(token,)).expect("it is deployed");
    (StrangeClient::new(token), BankClient::new(bank), testing::user("bob"))
}

#[test]
fn results_that_do_not_decode_undo_what_the_callee_did() {
    let (token, bank, bob) = stage();
    for how in [0, 1] {
        let tried = bank.try_pay(how, bob, U256::from(5));
        let Err(Failure::Message(message)) = tried else { panic!("{tried:?}") };
        assert!(message.contains("something else than its interface says"), "{message}");
        assert_eq!(token.paid(bob), U256::ZERO, "it was paid and reported as failed");
    }
}

#[test]
fn a_call_without_a_result_ignores_returned_bytes() {
    let (token, bank, bob) = stage();
    assert!(bank.pay(2, bob, U256::from(5)));
    assert_eq!(token.paid(bob), U256::from(5), "it is paid once");
}

#[test]
fn arithmetic_failures_have_solidity_s_code_and_a_line_in_the_log() {
    let (_, bank, _) = stage();
    assert_eq!(bank.try_shrink(U256::from(9)), Err(Failure::Panic(U256::from(0x11))));
    let log = testing::log();
    let line = log.last().expect("a line");
    assert!(line.starts_with("attempt to subtract with overflow ("), "{line}");
    assert!(line.contains("calls_are_honest.rs:"), "{line}");
}

/// Why the bank refuses.
#[error]
pub enum VaultError {
    TooLittle { have: U256, want: U256 },
}

#[contract]
pub struct Vault {}

#[contract]
impl Vault {
    pub fn take(&mut self, want: U256) -> Result<U256, VaultError> {
        Err(VaultError::TooLittle { have: U256::ZERO, want })
    }
}

#[test]
fn a_call_that_fails_in_a_test_names_the_error_at_the_line_of_the_test() {
    testing::act_as(testing::user("alice"));
    let vault = VaultClient::new(testing::deploy::<Vault>(&()).expect("it is deployed"));
    let place = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let (seen, before) = (place.clone(), std::panic::take_hook());
    std::panic::set_hook(Box::new(move |info| {
        if let (Some(at), Ok(mut seen)) = (info.location(), seen.lock()) {
            *seen = format!("{}:{}", at.file(), at.line());
        }
    }));
    let line = line!() + 1;
    let failed = std::panic::catch_unwind(|| vault.take(U256::from(5)));
    std::panic::set_hook(before);
    let said = failed.expect_err("it fails").downcast::<String>().expect("a message");
    assert_eq!(*said, "take failed: Error(TooLittle { have: 0, want: 5 })");
    let place = place.lock().expect("nobody panicked with it").clone();
    assert!(place.ends_with(&format!("calls_are_honest.rs:{line}")), "{place}");
}

#[test]
fn only_value_is_sent_to_an_account_without_code() {
    testing::act_as(testing::user("alice"));
    let bob = testing::user("bob");
    let nobody = Failed { status: status::NO_CODE, data: Vec::new() };
    let target = Target::new(bob);
    assert_eq!(call::call(&target, &[]), Ok(Vec::new()));
    assert_eq!(call::call(&target, &[1]), Err(nobody.clone()));
    for input in [&[][..], &[1, 2, 3, 4]] {
        assert_eq!(call::static_call(&target, input), Err(nobody.clone()));
        assert_eq!(call::delegate_call(bob, input), Err(nobody.clone()));
    }
}

#[test]
fn the_address_of_a_salt_is_known_before() {
    let alice = testing::user("alice");
    testing::act_as(alice);
    let code = testing::upload::<Bank>();
    let (salt, arguments) = (FixedBytes([7; 32]), (alice,));
    let salted = call::salt_with(salt, &arguments);
    for salt in [salt, salted] {
        let made = call::create2(code, salt, U256::ZERO, &arguments);
        assert_eq!(made, Ok(call::create2_address(alice, salt, code)));
    }
    // other arguments, other salt
    assert_ne!(salted, call::salt_with(salt, &(testing::user("bob"),)));
    // EIP-1014's example with a creator of zeros, where the code hash is that of one zero byte
    let zero = FixedBytes(crypto::keccak256(&[0]));
    let known = call::create2_address(Address::ZERO, FixedBytes([0; 32]), zero);
    assert_eq!(known.to_string().to_lowercase(), "0x4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38");
}

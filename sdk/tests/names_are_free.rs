//! Functions, arguments, fields, variants and types may have any name, whatever the attributes generate.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::new_ret_no_self,
    clippy::should_implement_trait,
    reason = "names are what is tested"
)]

use bessemer_sdk::Contract as _;
use bessemer_sdk::call::Target;
use bessemer_sdk::prelude::*;
use bessemer_sdk::testing;

/// Types that are called as the generated code might call things.
mod types {
    use super::{Abi, Stored, error, event};

    #[derive(Abi, Stored, Clone, Copy, Debug, PartialEq, Eq)]
    pub struct R {
        pub out: u8,
        pub data: u8,
        pub self_: u8,
    }

    #[derive(Abi, Stored, Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Output {
        None,
        Some,
        Ok,
        Err,
    }

    #[derive(Stored, Clone, Debug, PartialEq, Eq)]
    pub enum Source {
        Sink { source: u8, out: u8, field0: u8 },
        Tag(u8),
    }

    #[event]
    pub struct Topic {
        #[indexed]
        pub topics: u8,
        pub then: R,
        pub r#type: u8,
    }

    #[error]
    pub enum Failure {
        Error { selector: u8, arguments: u8, field0: u8 },
        None,
        Some(u8),
    }
}

use types::{Output, R};

const SELECTOR_0: usize = 2;
const TOPIC: usize = 3;

#[contract]
pub struct Contract {
    path: Value<u64>,
    name: Value<R>,
    case: Value<types::Source>,
}

/// Names that generated code, the client or the dispatch use themselves, or might.
#[contract(events(types::Topic))]
impl Contract {
    #[init]
    pub fn create(&mut self, contract: u64, arguments: u64, input: u64) {
        self.path.set(contract + arguments + input);
    }

    pub fn new(&self, contract: u64, target: u64, new: u64) -> u64 {
        self.path.get() + contract + target + new
    }

    pub fn target(&self, input: u64, arguments: u64, selector: u64, value: u64) -> u64 {
        input + arguments + selector + value
    }

    pub fn with_value(&self, result: u64, error: u64, argument0: u64, argument1: u64) -> u64 {
        result * 1_000 + error * 100 + argument0 * 10 + argument1
    }

    pub fn with_gas(&self, _: u64, argument0: u64, argument1: u64, (a, b): (u64, u64)) -> u64 {
        argument0 * 1_000 + argument1 * 100 + a * 10 + b
    }

    pub fn call(&self, r#type: u64, r#match: u64) -> u64 {
        r#type - r#match
    }

    pub fn r#try(&self, interface: R, bessemer_types: Output) -> (R, Output) {
        (interface, bessemer_types)
    }

    pub fn default(&self, bytes: [u8; SELECTOR_0], more: [u8; TOPIC]) -> u64 {
        (bytes.len() + more.len()) as u64
    }

    pub fn fail(&self, data: u8) -> Result<u64, types::Failure> {
        Err(types::Failure::Error { selector: data, arguments: 2, field0: 3 })
    }

    pub fn emit(&mut self, then: R, out: u8) {
        types::Topic { topics: out, then, r#type: 1 }.emit();
    }

    pub fn keep(&mut self, source: u8) -> u8 {
        self.case.set(types::Source::Sink { source, out: 2, field0: 3 });
        match self.case.get() {
            types::Source::Sink { source, out, field0 } => source + out + field0,
            types::Source::Tag(tag) => tag,
        }
    }

    /// Without `self`.
    pub fn sum(contract: u64, value: u64) -> u64 {
        contract + value
    }

    #[cfg(any())]
    pub fn absent(&self, no_such_type: Missing) -> Missing {
        no_such_type
    }

    #[cfg(not(any()))]
    #[name = "chosen"]
    pub fn present(&self) -> u8 {
        1
    }

    #[cfg(any())]
    #[name = "chosen"]
    pub fn other(&self) -> Result<u8, Missing> {
        2
    }

    #[cfg(any())]
    #[fallback]
    pub fn never(&mut self, input: &[u8]) -> Bytes {
        input.into()
    }

    #[cfg(not(any()))]
    #[fallback]
    pub fn fallback(&mut self, contract: &[u8]) -> Bytes {
        contract.into()
    }
}

#[test]
fn any_name_is_possible() {
    testing::act_as(testing::user("alice"));
    let address = testing::deploy::<Contract>(&(1_u64, 2_u64, 3_u64)).expect("it is deployed");
    let contract = ContractClient::from(address);
    assert_eq!(contract.new(10, 100, 1_000), 1_116);
    assert_eq!(contract.target(1, 10, 100, 1_000), 1_111);
    assert_eq!(contract.with_value(1, 2, 3, 4), 1_234);
    assert_eq!(contract.with_gas(9, 1, 2, (3, 4)), 1_234);
    assert_eq!(contract.call(5, 3), 2);
    let value = R { out: 1, data: 2, self_: 3 };
    assert_eq!(contract.r#try(value, Output::Err), (value, Output::Err));
    assert_eq!(contract.default([0; 2], [0; 3]), 5);
    let failed = types::Failure::Error { selector: 1, arguments: 2, field0: 3 };
    assert_eq!(contract.try_fail(1), Err(Failure::Error(failed)));
    contract.emit(value, 7);
    assert_eq!(contract.keep(4), 9);
    // what the client has under another name
    let target = Target { gas: 1, ..Target::new(address) };
    assert_eq!(Target::from(ContractClient::from(target)), target);
}

#[test]
fn functions_without_self_are_pure() {
    testing::act_as(testing::user("alice"));
    let address = testing::deploy::<Contract>(&(1_u64, 2_u64, 3_u64)).expect("it is deployed");
    assert_eq!(ContractClient::from(address).sum(3, 4), 7);
    let json = bessemer_sdk::abi::json(Contract::INTERFACE);
    let json = str::from_utf8(json.as_bytes()).expect("text");
    let sum = json.split("{\"type\":").find(|item| item.contains("\"sum\"")).expect("it is there");
    assert!(sum.contains("\"stateMutability\":\"pure\""), "{sum}");
}

#[test]
fn functions_under_a_false_condition_are_not_there() {
    testing::act_as(testing::user("alice"));
    let address = testing::deploy::<Contract>(&(1_u64, 2_u64, 3_u64)).expect("it is deployed");
    assert_eq!(ContractClient::from(address).present(), 1);
    let json = bessemer_sdk::abi::json(Contract::INTERFACE);
    let json = str::from_utf8(json.as_bytes()).expect("text");
    assert!(!json.contains("absent"), "{json}");
    assert_eq!(json.matches("\"chosen\"").count(), 1, "{json}");
    // the fallback that is there is the second
    let echo = call::call(&Target::new(address), &[1, 2, 3]);
    assert_eq!(echo, Ok(vec![1, 2, 3]));
}

/// An error that two functions and the list name.
#[contract]
pub struct Twice {}

#[contract(errors(types::Failure))]
impl Twice {
    pub fn a(&self) -> Result<u8, types::Failure> {
        Ok(1)
    }

    #[cfg(not(any()))]
    pub fn b(&self) -> Result<u8, crate::types::Failure> {
        Ok(2)
    }
}

#[test]
fn an_error_stands_in_the_interface_once() {
    let json = bessemer_sdk::abi::json(Twice::INTERFACE);
    let json = str::from_utf8(json.as_bytes()).expect("text");
    assert_eq!(json.matches("\"type\":\"error\"").count(), 3, "{json}");
}

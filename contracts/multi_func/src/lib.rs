//! Several functions, told apart by their selectors.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// Remembers its last result.
#[contract]
pub struct MultiFunc {
    last: Value<u64>,
}

#[contract]
impl MultiFunc {
    /// The sum.
    pub fn add(&mut self, a: u64, b: u64) -> u64 {
        self.remember(a + b)
    }

    /// The product.
    pub fn multiply(&mut self, a: u64, b: u64) -> u64 {
        self.remember(a * b)
    }

    /// The quotient and the rest.
    pub fn divide(&self, a: u64, b: u64) -> (u64, u64) {
        (a / b, a % b)
    }

    /// The last sum or product.
    pub fn last(&self) -> u64 {
        self.last.get()
    }

    fn remember(&mut self, result: u64) -> u64 {
        self.last.set(result);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use bessemer_sdk::types::{encode_behind, revert::Revert};

    fn functions() -> MultiFuncClient {
        testing::act_as(testing::user("alice"));
        MultiFuncClient::new(testing::deploy::<MultiFunc>(&()).unwrap())
    }

    #[test]
    fn each_selector_is_its_function() {
        let functions = functions();
        assert_eq!((functions.add(2, 3), functions.last()), (5, 5));
        assert_eq!((functions.multiply(2, 3), functions.last()), (6, 6));
        assert_eq!(functions.divide(7, 2), (3, 1));
    }

    #[test]
    fn what_cannot_be_computed_fails_and_changes_nothing() {
        let functions = functions();
        functions.add(1, 1);
        let text = |failure| match failure {
            Failure::Message(text) => text,
            other => panic!("{other:?}"),
        };
        assert!(text(functions.try_add(u64::MAX, 1).unwrap_err()).contains("add with overflow"));
        assert!(text(functions.try_divide(1, 0).unwrap_err()).contains("divide by zero"));
        assert_eq!(functions.last(), 2);
    }

    #[test]
    fn an_unknown_selector_fails() {
        let target = *functions().target();
        let input = encode_behind(&[1, 2, 3, 4], &(1u64, 2u64));
        let failed = call::call(&target, &input).unwrap_err();
        assert_eq!(
            Revert::decode(&failed.data),
            Some(Revert::Error("the contract has no function with this selector"))
        );
    }
}

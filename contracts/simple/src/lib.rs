//! The greater of two numbers.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// Has no state.
#[contract]
pub struct Simple {}

#[contract]
impl Simple {
    /// The greater of two numbers.
    pub fn max(&self, a: u32, b: u32) -> u32 {
        a.max(b)
    }

    /// The caller, and the called contract.
    pub fn who(&self) -> (Address, Address) {
        (env::caller(), env::address())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;

    #[test]
    fn the_greater_is_returned() {
        testing::act_as(testing::user("alice"));
        let simple = SimpleClient::new(testing::deploy::<Simple>(&()).unwrap());
        assert_eq!((simple.max(3, 5), simple.max(5, 3), simple.max(0, u32::MAX)), (5, 5, u32::MAX));
    }
}

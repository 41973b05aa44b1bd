//! Calls another contract by its client.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;
use simple::SimpleClient;

/// Knows whom to call.
#[contract]
pub struct CallProgram {
    other: Value<Address>,
}

#[contract]
impl CallProgram {
    /// Will call this contract.
    #[init]
    pub fn new(&mut self, other: Address) {
        self.other.set(other);
    }

    /// The greatest of three numbers, which takes two calls.
    pub fn max(&self, a: u32, b: u32, c: u32) -> u32 {
        let other = SimpleClient::new(self.other.get());
        other.max(other.max(a, b), c)
    }

    /// Whom the called contract takes for its caller, and for itself.
    pub fn who(&self) -> (Address, Address) {
        SimpleClient::new(self.other.get()).who()
    }

    /// Whether there is something to call.
    pub fn alive(&self) -> bool {
        SimpleClient::new(self.other.get()).try_max(1, 2) == Ok(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use simple::Simple;

    #[test]
    fn the_caller_is_the_contract() {
        testing::act_as(testing::user("alice"));
        let simple = testing::deploy::<Simple>(&()).unwrap();
        let caller = testing::deploy::<CallProgram>(&(simple,)).unwrap();
        let client = CallProgramClient::new(caller);
        assert_eq!(client.max(3, 9, 4), 9);
        assert_eq!(client.who(), (caller, simple));
        assert!(client.alive());
    }

    #[test]
    fn nobody_at_the_address_is_a_failure() {
        testing::act_as(testing::user("alice"));
        let nobody = Address::new([1; 20]);
        let client = CallProgramClient::new(testing::deploy::<CallProgram>(&(nobody,)).unwrap());
        assert!(!client.alive());
        let message = "there is no contract at the called address".to_owned();
        assert_eq!(client.try_max(1, 2, 3), Err(Failure::Message(message)));
    }
}

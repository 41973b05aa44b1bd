//! Counts, and only its owner may start again.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// A counter with an owner.
#[contract]
pub struct Counter {
    owner: Value<Address>,
    count: Value<u64>,
}

/// The counter went up.
#[event]
pub struct Added {
    /// By how much.
    pub by: u64,
    /// Where it stands now.
    pub total: u64,
}

/// Why the counter refuses.
#[error]
pub enum CounterError {
    /// Only the owner may do this.
    NotOwner {
        /// The account that tried.
        caller: Address,
        /// The account that may.
        owner: Address,
    },
}

#[contract(events(Added))]
impl Counter {
    /// Starts at 0; the creator of the contract owns it.
    #[init]
    pub fn new(&mut self) {
        self.owner.set(env::caller());
    }

    /// Counts up, and returns the sum.
    pub fn add(&mut self, by: u64) -> u64 {
        self.count += by;
        let total = self.count.get();
        Added { by, total }.emit();
        total
    }

    /// Where the counter stands.
    pub fn get(&self) -> u64 {
        self.count.get()
    }

    /// Starts again at 0.
    pub fn reset(&mut self) -> Result<(), CounterError> {
        let (caller, owner) = (env::caller(), self.owner.get());
        if caller != owner {
            return Err(CounterError::NotOwner { caller, owner });
        }
        self.count.set(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing::{self, Emitted};

    fn counter() -> CounterClient {
        testing::act_as(testing::user("alice"));
        CounterClient::new(testing::deploy::<Counter>(&()).unwrap())
    }

    #[test]
    fn counts_up_and_says_so() {
        let counter = counter();
        assert_eq!(counter.add(3), 3);
        assert_eq!(counter.add(4), 7);
        assert_eq!(counter.get(), 7);
        let address = counter.target().address;
        let events = [Added { by: 3, total: 3 }, Added { by: 4, total: 7 }];
        assert_eq!(testing::events(), events.map(|event| Emitted::new(address, &event)));
    }

    #[test]
    fn never_wraps() {
        let counter = counter();
        counter.add(u64::MAX);
        assert_eq!(counter.try_add(1), Err(Failure::Panic(U256::from(0x11))));
        let log = testing::log();
        let line = log.last().unwrap();
        assert!(line.starts_with("attempt to add with overflow"), "{line}");
        assert!(line.contains("src/lib.rs:"), "{line}");
        assert_eq!(counter.get(), u64::MAX);
    }

    #[test]
    fn only_the_owner_resets() {
        let counter = counter();
        counter.add(5);
        let (owner, caller) = (testing::user("alice"), testing::user("bob"));
        testing::act_as(caller);
        let refused = CounterError::NotOwner { caller, owner };
        assert_eq!(counter.try_reset(), Err(Failure::Error(refused)));
        assert_eq!(counter.get(), 5);
        testing::act_as(owner);
        counter.reset();
        assert_eq!(counter.get(), 0);
    }
}

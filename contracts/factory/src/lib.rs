//! Creates contracts at addresses that are known before.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;
use counter::CounterClient;

/// Makes counters.
#[contract]
pub struct Factory {
    code: Value<FixedBytes<32>>,
    made: StorageVec<Address>,
}

/// A counter was made.
#[event]
pub struct Made {
    /// Where it is.
    #[indexed]
    pub counter: Address,
    /// By which salt.
    pub salt: FixedBytes<32>,
}

/// Why no counter was made.
#[error]
pub enum FactoryError {
    /// There is one by this salt.
    Taken,
    /// The code was not uploaded.
    NoCode,
}

#[contract(events(Made))]
impl Factory {
    /// Makes counters from the code with this hash.
    #[init]
    pub fn new(&mut self, code: FixedBytes<32>) {
        self.code.set(code);
    }

    /// Makes a counter, whose address follows from the salt, and counts to 1.
    pub fn make(&mut self, salt: FixedBytes<32>) -> Result<Address, FactoryError> {
        let made = call::create2(self.code.get(), salt, U256::ZERO, &());
        let counter = match made.map_err(Failure::<call::NoError>::from) {
            Ok(counter) => counter,
            Err(Failure::NotCreated(bessemer_sdk::status::OCCUPIED)) => {
                return Err(FactoryError::Taken);
            }
            Err(_) => return Err(FactoryError::NoCode),
        };
        CounterClient::new(counter).add(1);
        self.made.push(counter);
        Made { counter, salt }.emit();
        Ok(counter)
    }

    /// All counters.
    pub fn made(&self) -> Vec<Address> {
        self.made.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use counter::Counter;

    #[test]
    fn each_salt_makes_one_counter() {
        testing::act_as(testing::user("alice"));
        let code = testing::upload::<Counter>();
        let factory = FactoryClient::new(testing::deploy::<Factory>(&(code,)).unwrap());
        let (one, two) = (FixedBytes([1; 32]), FixedBytes([2; 32]));
        let first = factory.make(one);
        let second = factory.make(two);
        assert_ne!(first, second);
        assert_eq!(factory.try_make(one), Err(Failure::Error(FactoryError::Taken)));
        assert_eq!(factory.made(), [first, second]);
        assert_eq!(CounterClient::new(first).get(), 1);
    }

    #[test]
    fn unknown_code_makes_nothing() {
        testing::act_as(testing::user("alice"));
        let code = FixedBytes([9; 32]);
        let factory = FactoryClient::new(testing::deploy::<Factory>(&(code,)).unwrap());
        let refused = Err(Failure::Error(FactoryError::NoCode));
        assert_eq!(factory.try_make(FixedBytes([1; 32])), refused);
        assert_eq!(factory.made(), []);
    }
}

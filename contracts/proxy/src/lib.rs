//! A contract whose code can be replaced: it keeps the state, and runs the code of another.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// Its own fields have a namespace, apart from the fields of the code that it runs.
#[contract(namespace = "bessemer.proxy")]
pub struct Proxy {
    admin: Value<Address>,
    code: Value<Address>,
}

/// The code was replaced.
#[event]
pub struct Upgraded {
    /// Whose code runs now.
    #[indexed]
    pub implementation: Address,
}

/// Why the proxy refuses.
#[error]
pub enum ProxyError {
    /// Only the admin replaces the code.
    NotAdmin,
    /// There is no contract at the address.
    NoCode,
}

#[contract(events(Upgraded))]
impl Proxy {
    /// Runs the code of this contract, and calls its function that sets up the state, if given.
    #[init]
    #[payable]
    pub fn new(&mut self, implementation: Address, setup: Bytes) -> Result<(), ProxyError> {
        self.admin.set(env::caller());
        self.replace(implementation)?;
        if !setup.is_empty()
            && let Err(failed) = call::delegate_call(implementation, &setup)
        {
            failed.pass_on();
        }
        Ok(())
    }

    /// Whose code it runs.
    pub fn implementation(&self) -> Address {
        self.code.get()
    }

    /// Replaces the code.
    pub fn upgrade_to(&mut self, implementation: Address) -> Result<(), ProxyError> {
        if self.admin != env::caller() {
            return Err(ProxyError::NotAdmin);
        }
        self.replace(implementation)
    }

    /// Everything else is for the code.
    #[fallback]
    #[payable]
    pub fn fallback(&mut self, input: &[u8]) -> Bytes {
        match call::delegate_call(self.code.get(), input) {
            Ok(output) => Bytes(output),
            Err(failed) => failed.pass_on(),
        }
    }

    fn replace(&mut self, implementation: Address) -> Result<(), ProxyError> {
        if env::code_hash(implementation).is_none() {
            return Err(ProxyError::NoCode);
        }
        self.code.set(implementation);
        Upgraded { implementation }.emit();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;
    use counter::{Counter, CounterClient};

    /// Another code for the state of a counter: counts by twos.
    #[contract]
    struct Doubled {
        _owner: Value<Address>,
        count: Value<u64>,
    }

    #[contract]
    impl Doubled {
        pub fn add(&mut self, by: u64) -> u64 {
            self.count += 2 * by;
            self.count.get()
        }
    }

    #[test]
    fn the_state_outlives_the_code() {
        let (alice, bob) = (testing::user("alice"), testing::user("bob"));
        testing::act_as(alice);
        let first = testing::deploy::<Counter>(&()).unwrap();
        let second = testing::deploy::<Doubled>(&()).unwrap();
        let address = testing::deploy::<Proxy>(&(first, Bytes::default())).unwrap();
        let (proxy, counter) = (ProxyClient::new(address), CounterClient::new(address));
        assert_eq!(counter.add(5), 5);
        // The state is the proxy's.
        assert_eq!((counter.get(), CounterClient::new(first).get()), (5, 0));
        testing::act_as(bob);
        assert_eq!(proxy.try_upgrade_to(second), Err(Failure::Error(ProxyError::NotAdmin)));
        testing::act_as(alice);
        assert_eq!(
            proxy.try_upgrade_to(Address::new([1; 20])),
            Err(Failure::Error(ProxyError::NoCode))
        );
        proxy.upgrade_to(second);
        assert_eq!(proxy.implementation(), second);
        assert_eq!(counter.add(5), 15);
    }

    #[test]
    fn failures_of_the_code_are_the_proxys() {
        let alice = testing::user("alice");
        testing::act_as(alice);
        let code = testing::deploy::<Counter>(&()).unwrap();
        let address = testing::deploy::<Proxy>(&(code, Bytes::default())).unwrap();
        let refused = CounterClient::new(address).try_reset().unwrap_err();
        // The constructor of the counter did not run on the state of the proxy.
        let owner = Address::ZERO;
        let error = counter::CounterError::NotOwner { caller: alice, owner };
        assert_eq!(refused, Failure::Error(error));
    }
}

//! A wallet that pays and calls what enough of its owners confirmed.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// The wallet.
#[contract]
pub struct Multisig {
    owners: StorageVec<Address>,
    is_owner: Map<Address, bool>,
    threshold: Value<u32>,
    proposals: StorageVec<Proposal>,
    confirmed: Map<u32, Map<Address, bool>>,
}

/// A call that was proposed.
#[derive(Stored, Abi, Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Whom it goes to.
    pub to: Address,
    /// The value that is sent.
    pub value: U256,
    /// The input.
    pub data: Bytes,
    /// How many owners confirmed it.
    pub confirmations: u32,
    /// Whether it was done.
    pub done: bool,
}

/// An owner proposed a call.
#[event]
pub struct Proposed {
    /// The number of the proposal.
    #[indexed]
    pub id: u32,
    /// The account that proposed it.
    #[indexed]
    pub by: Address,
}

/// An owner confirmed a call.
#[event]
pub struct Confirmed {
    /// The number of the proposal.
    #[indexed]
    pub id: u32,
    /// The account that confirmed it.
    #[indexed]
    pub by: Address,
}

/// A call was done.
#[event]
pub struct Executed {
    /// The number of the proposal.
    #[indexed]
    pub id: u32,
}

/// Why the wallet refuses.
#[error]
pub enum MultisigError {
    /// The owners or the threshold make no wallet.
    BadOwners,
    /// The caller is not an owner.
    NotOwner {
        /// The account that tried.
        caller: Address,
    },
    /// There is no such proposal.
    Unknown {
        /// Its number.
        id: u32,
    },
    /// The caller confirmed it already.
    Twice,
    /// It was done already.
    Done,
    /// Too few owners confirmed it.
    TooFew {
        /// How many did.
        have: u32,
        /// How many must.
        want: u32,
    },
    /// The call failed.
    Failed {
        /// The revert data.
        reason: Bytes,
    },
}

use MultisigError::*;

#[contract(events(Proposed, Confirmed, Executed))]
impl Multisig {
    /// A wallet of these owners, of whom so many must confirm.
    #[init]
    #[payable]
    pub fn new(&mut self, owners: Vec<Address>, threshold: u32) -> Result<(), MultisigError> {
        if threshold == 0 || threshold as usize > owners.len() {
            return Err(BadOwners);
        }
        for owner in owners {
            if owner == Address::ZERO || self.is_owner.get(owner) {
                return Err(BadOwners);
            }
            self.is_owner.set(owner, true);
            self.owners.push(owner);
        }
        self.threshold.set(threshold);
        Ok(())
    }

    /// Takes value.
    #[receive]
    pub fn receive(&mut self) {}

    /// The owners.
    pub fn owners(&self) -> Vec<Address> {
        self.owners.iter().collect()
    }

    /// How many must confirm.
    pub fn threshold(&self) -> u32 {
        self.threshold.get()
    }

    /// The proposal of this number.
    pub fn proposal(&self, id: u32) -> Result<Proposal, MultisigError> {
        self.proposals.get(id).ok_or(Unknown { id })
    }

    /// Proposes a call, which confirms it too, and returns its number.
    pub fn propose(&mut self, to: Address, value: U256, data: Bytes) -> Result<u32, MultisigError> {
        let by = self.owner()?;
        let id = self.proposals.len();
        self.proposals.push(Proposal { to, value, data, confirmations: 0, done: false });
        Proposed { id, by }.emit();
        self.confirm(id)?;
        Ok(id)
    }

    /// Confirms a call.
    pub fn confirm(&mut self, id: u32) -> Result<(), MultisigError> {
        let by = self.owner()?;
        let mut proposal = self.proposal(id)?;
        if proposal.done {
            return Err(Done);
        }
        if self.confirmed[id][by].get() {
            return Err(Twice);
        }
        self.confirmed[id][by].set(true);
        proposal.confirmations += 1;
        self.proposals[id].set(proposal);
        Confirmed { id, by }.emit();
        Ok(())
    }

    /// Does a call that enough owners confirmed, and returns what it returned.
    pub fn execute(&mut self, id: u32) -> Result<Bytes, MultisigError> {
        self.owner()?;
        let mut proposal = self.proposal(id)?;
        if proposal.done {
            return Err(Done);
        }
        let (have, want) = (proposal.confirmations, self.threshold.get());
        if have < want {
            return Err(TooFew { have, want });
        }
        proposal.done = true;
        self.proposals[id].set(&proposal);
        let target = Target { value: proposal.value, ..Target::new(proposal.to) };
        match call::call(&target, &proposal.data) {
            Ok(output) => {
                Executed { id }.emit();
                Ok(Bytes(output))
            }
            Err(failed) => Err(Failed { reason: Bytes(failed.data) }),
        }
    }

    fn owner(&self) -> Result<Address, MultisigError> {
        let caller = env::caller();
        if self.is_owner.get(caller) { Ok(caller) } else { Err(NotOwner { caller }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing;

    /// A wallet with 100, of which two of alice, bob and carol must confirm.
    fn wallet() -> (MultisigClient, [Address; 3]) {
        let users = ["alice", "bob", "carol"].map(testing::user);
        testing::act_as(users[0]);
        let hundred = U256::from(100u64);
        let arguments = (users.to_vec(), 2u32);
        let address = testing::deploy_with::<Multisig>(hundred, &arguments).unwrap();
        (MultisigClient::new(address), users)
    }

    #[test]
    fn pays_when_enough_confirmed() {
        let (wallet, [_, bob, _]) = wallet();
        let dave = Address::new([7; 20]);
        let id = wallet.propose(dave, U256::from(60u64), Bytes::default());
        let few = TooFew { have: 1, want: 2 };
        assert_eq!(wallet.try_execute(id), Err(Failure::Error(few)));
        testing::act_as(bob);
        wallet.confirm(id);
        wallet.execute(id);
        assert_eq!(env::balance(dave), U256::from(60u64));
        assert_eq!(wallet.try_execute(id), Err(Failure::Error(Done)));
        assert!(wallet.proposal(id).done);
    }

    #[test]
    fn an_owner_counts_once_and_others_do_not() {
        let (wallet, users) = wallet();
        let id = wallet.propose(users[0], U256::ZERO, Bytes::default());
        assert_eq!(wallet.try_confirm(id), Err(Failure::Error(Twice)));
        let caller = testing::user("mallory");
        testing::act_as(caller);
        assert_eq!(wallet.try_confirm(id), Err(Failure::Error(NotOwner { caller })));
        assert_eq!(wallet.try_execute(id), Err(Failure::Error(NotOwner { caller })));
        assert_eq!(wallet.owners(), users);
    }

    #[test]
    fn a_call_that_fails_is_not_done() {
        let (wallet, [_, bob, _]) = wallet();
        let id = wallet.propose(bob, U256::from(101u64), Bytes::default());
        testing::act_as(bob);
        wallet.confirm(id);
        assert!(matches!(wallet.try_execute(id), Err(Failure::Error(Failed { .. }))));
        assert!(!wallet.proposal(id).done);
    }

    #[test]
    fn owners_that_make_no_wallet_are_refused() {
        let alice = testing::user("alice");
        for (owners, threshold) in
            [(vec![], 0u32), (vec![alice], 0), (vec![alice], 2), (vec![alice, alice], 1)]
        {
            assert!(testing::deploy::<Multisig>(&(owners, threshold)).is_err());
        }
    }
}

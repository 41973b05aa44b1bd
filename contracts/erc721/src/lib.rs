//! A non-fungible token, ERC-721 with names, and custom errors as in ERC-6093.

#![cfg_attr(not(test), no_std)]

use bessemer_sdk::prelude::*;

/// A collection of tokens, each with a number and an owner.
#[contract]
pub struct Erc721 {
    name: StorageString,
    symbol: StorageString,
    minter: Value<Address>,
    owners: Map<U256, Address>,
    balances: Map<Address, U256>,
    approved: Map<U256, Address>,
    operators: Map<Address, Map<Address, bool>>,
}

/// A token changed hands; it comes from, or goes to, the zero address if it is made or burnt.
#[event]
pub struct Transfer {
    /// Whose it was.
    #[indexed]
    pub from: Address,
    /// Whose it is.
    #[indexed]
    pub to: Address,
    /// Which token.
    #[indexed]
    pub token_id: U256,
}

/// An owner allowed another account to send one token.
#[event]
pub struct Approval {
    /// Whose token it is.
    #[indexed]
    pub owner: Address,
    /// The account that may send it; the zero address if there is none.
    #[indexed]
    pub approved: Address,
    /// Which token.
    #[indexed]
    pub token_id: U256,
}

/// An owner allowed another account to send all its tokens, or no longer allows it.
#[event]
pub struct ApprovalForAll {
    /// Whose tokens they are.
    #[indexed]
    pub owner: Address,
    /// The account that may send them.
    #[indexed]
    pub operator: Address,
    /// Whether it may.
    pub approved: bool,
}

/// Why the collection refuses (ERC-6093).
#[error]
pub enum Erc721Error {
    /// There is no such token.
    ERC721NonexistentToken {
        /// Its number.
        token_id: U256,
    },
    /// The token belongs to someone else.
    ERC721IncorrectOwner {
        /// The account that was named as the owner.
        sender: Address,
        /// The token.
        token_id: U256,
        /// The owner.
        owner: Address,
    },
    /// The caller may not send this token.
    ERC721InsufficientApproval {
        /// The account that tried.
        operator: Address,
        /// The token.
        token_id: U256,
    },
    /// The caller may not approve this.
    ERC721InvalidApprover {
        /// The account that tried.
        approver: Address,
    },
    /// Tokens cannot belong to this account.
    ERC721InvalidReceiver {
        /// The account.
        receiver: Address,
    },
    /// The zero address owns nothing.
    ERC721InvalidOwner {
        /// The address.
        owner: Address,
    },
    /// There is a token with this number.
    AlreadyMinted {
        /// The number.
        token_id: U256,
    },
    /// Only the minter makes tokens.
    NotMinter {
        /// The account that tried.
        caller: Address,
    },
}

use Erc721Error::*;

/// The answer of contracts that accept tokens sent with `safeTransferFrom`.
#[interface]
pub trait Receiver {
    /// Returns its own selector if it takes the token.
    #[name = "onERC721Received"]
    fn on_received(
        &mut self,
        operator: Address,
        from: Address,
        token_id: U256,
        data: Bytes,
    ) -> FixedBytes<4>;
}

/// The selector of `onERC721Received(address,address,uint256,bytes)`.
const RECEIVED: FixedBytes<4> = FixedBytes([0x15, 0x0b, 0x7a, 0x02]);
/// ERC-165, ERC-721 and its metadata.
const INTERFACES: [[u8; 4]; 3] =
    [[0x01, 0xff, 0xc9, 0xa7], [0x80, 0xac, 0x58, 0xcd], [0x5b, 0x5e, 0x13, 0x9f]];

#[contract(events(Transfer, Approval, ApprovalForAll))]
impl Erc721 {
    /// Makes an empty collection; its creator may make tokens.
    #[init]
    pub fn new(&mut self, name: String, symbol: String) {
        self.name.set(name);
        self.symbol.set(symbol);
        self.minter.set(env::caller());
    }

    /// The name of the collection.
    pub fn name(&self) -> String {
        self.name.get()
    }

    /// Its symbol.
    pub fn symbol(&self) -> String {
        self.symbol.get()
    }

    /// Whether the contract is what ERC-165 calls by this selector.
    pub fn supports_interface(&self, interface_id: FixedBytes<4>) -> bool {
        INTERFACES.contains(&interface_id.0)
    }

    /// How many tokens an account has.
    pub fn balance_of(&self, owner: Address) -> Result<U256, Erc721Error> {
        if owner == Address::ZERO {
            return Err(ERC721InvalidOwner { owner });
        }
        Ok(self.balances.get(owner))
    }

    /// The owner of a token.
    pub fn owner_of(&self, token_id: U256) -> Result<Address, Erc721Error> {
        match self.owners.get(token_id) {
            Address::ZERO => Err(ERC721NonexistentToken { token_id }),
            owner => Ok(owner),
        }
    }

    /// Makes a token.
    pub fn mint(&mut self, to: Address, token_id: U256) -> Result<(), Erc721Error> {
        let caller = env::caller();
        if self.minter != caller {
            return Err(NotMinter { caller });
        }
        if self.owners.get(token_id) != Address::ZERO {
            return Err(AlreadyMinted { token_id });
        }
        self.give(Address::ZERO, to, token_id)
    }

    /// Sends a token.
    pub fn transfer_from(
        &mut self,
        from: Address,
        to: Address,
        token_id: U256,
    ) -> Result<(), Erc721Error> {
        let owner = self.owner_of(token_id)?;
        let operator = env::caller();
        let allowed = operator == owner
            || self.approved.get(token_id) == operator
            || self.operators[owner][operator].get();
        if !allowed {
            return Err(ERC721InsufficientApproval { operator, token_id });
        }
        if owner != from {
            return Err(ERC721IncorrectOwner { sender: from, token_id, owner });
        }
        self.approved.take(token_id);
        self.balances[from] -= U256::from(1u64);
        self.give(from, to, token_id)
    }

    /// Sends a token, to a contract only if it takes it.
    pub fn safe_transfer_from(
        &mut self,
        from: Address,
        to: Address,
        token_id: U256,
    ) -> Result<(), Erc721Error> {
        self.safe_transfer_with(from, to, token_id, Bytes::default())
    }

    /// Sends a token with a message, to a contract only if it takes it.
    #[name = "safeTransferFrom"]
    pub fn safe_transfer_with(
        &mut self,
        from: Address,
        to: Address,
        token_id: U256,
        data: Bytes,
    ) -> Result<(), Erc721Error> {
        self.transfer_from(from, to, token_id)?;
        if env::code_hash(to).is_some() {
            let receiver = ReceiverClient::new(to);
            if receiver.try_on_received(env::caller(), from, token_id, data) != Ok(RECEIVED) {
                return Err(ERC721InvalidReceiver { receiver: to });
            }
        }
        Ok(())
    }

    /// Allows an account to send one token.
    pub fn approve(&mut self, approved: Address, token_id: U256) -> Result<(), Erc721Error> {
        let owner = self.owner_of(token_id)?;
        let caller = env::caller();
        if caller != owner && !self.operators[owner][caller].get() {
            return Err(ERC721InvalidApprover { approver: caller });
        }
        self.approved.set(token_id, approved);
        Approval { owner, approved, token_id }.emit();
        Ok(())
    }

    /// The account that may send a token, besides its owner.
    pub fn get_approved(&self, token_id: U256) -> Result<Address, Erc721Error> {
        self.owner_of(token_id)?;
        Ok(self.approved.get(token_id))
    }

    /// Allows an account to send all tokens of the caller, or no longer.
    pub fn set_approval_for_all(&mut self, operator: Address, approved: bool) {
        let owner = env::caller();
        self.operators[owner][operator].set(approved);
        ApprovalForAll { owner, operator, approved }.emit();
    }

    /// Whether an account may send all tokens of an owner.
    pub fn is_approved_for_all(&self, owner: Address, operator: Address) -> bool {
        self.operators[owner][operator].get()
    }

    fn give(&mut self, from: Address, to: Address, token_id: U256) -> Result<(), Erc721Error> {
        if to == Address::ZERO {
            return Err(ERC721InvalidReceiver { receiver: to });
        }
        self.owners.set(token_id, to);
        self.balances[to] += U256::from(1u64);
        Transfer { from, to, token_id }.emit();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bessemer_sdk::testing::{self, Emitted};

    const SEVEN: U256 = U256::from_limbs([7, 0, 0, 0]);
    const ONE: U256 = U256::from_limbs([1, 0, 0, 0]);

    /// A collection in which alice has token 7.
    fn collection() -> (Erc721Client, [Address; 3]) {
        let users = ["alice", "bob", "carol"].map(testing::user);
        testing::act_as(users[0]);
        let address = testing::deploy::<Erc721>(&("Stones", "STN")).unwrap();
        let collection = Erc721Client::new(address);
        collection.mint(users[0], SEVEN);
        (collection, users)
    }

    #[test]
    fn tokens_change_hands_and_say_so() {
        let (collection, [alice, bob, _]) = collection();
        collection.transfer_from(alice, bob, SEVEN);
        assert_eq!(collection.owner_of(SEVEN), bob);
        assert_eq!((collection.balance_of(alice), collection.balance_of(bob)), (U256::ZERO, ONE));
        let moved = Transfer { from: alice, to: bob, token_id: SEVEN };
        assert_eq!(testing::events()[1..], [Emitted::new(collection.target().address, &moved)]);
    }

    #[test]
    fn only_who_is_allowed_sends() {
        let (collection, [alice, bob, carol]) = collection();
        testing::act_as(bob);
        let refused = ERC721InsufficientApproval { operator: bob, token_id: SEVEN };
        assert_eq!(
            collection.try_transfer_from(alice, bob, SEVEN),
            Err(Failure::Error(refused.clone()))
        );
        testing::act_as(alice);
        collection.approve(bob, SEVEN);
        testing::act_as(bob);
        collection.transfer_from(alice, carol, SEVEN);
        // The approval went with the token.
        assert_eq!(collection.get_approved(SEVEN), Address::ZERO);
        assert_eq!(
            collection.try_transfer_from(carol, bob, SEVEN),
            Err(Failure::Error(refused))
        );
        testing::act_as(carol);
        collection.set_approval_for_all(bob, true);
        testing::act_as(bob);
        collection.transfer_from(carol, bob, SEVEN);
        assert_eq!(collection.owner_of(SEVEN), bob);
    }

    #[test]
    fn only_the_minter_makes_tokens_and_each_once() {
        let (collection, [_, bob, _]) = collection();
        assert_eq!(
            collection.try_mint(bob, SEVEN),
            Err(Failure::Error(AlreadyMinted { token_id: SEVEN }))
        );
        testing::act_as(bob);
        assert_eq!(
            collection.try_mint(bob, ONE),
            Err(Failure::Error(NotMinter { caller: bob }))
        );
        assert_eq!(
            collection.try_owner_of(ONE),
            Err(Failure::Error(ERC721NonexistentToken { token_id: ONE }))
        );
    }

    /// Takes tokens.
    #[contract]
    struct Shelf {}

    #[contract]
    impl Shelf {
        #[name = "onERC721Received"]
        pub fn received(&mut self, _: Address, _: Address, _: U256, _: Bytes) -> FixedBytes<4> {
            RECEIVED
        }
    }

    #[test]
    fn contracts_get_tokens_only_if_they_take_them() {
        let (collection, [alice, ..]) = collection();
        let shelf = testing::deploy::<Shelf>(&()).unwrap();
        let other = testing::deploy::<Erc721>(&("", "")).unwrap();
        assert_eq!(
            collection.try_safe_transfer_from(alice, other, SEVEN),
            Err(Failure::Error(ERC721InvalidReceiver { receiver: other }))
        );
        assert_eq!(collection.owner_of(SEVEN), alice);
        collection.safe_transfer_from(alice, shelf, SEVEN);
        assert_eq!(collection.owner_of(SEVEN), shelf);
    }
}

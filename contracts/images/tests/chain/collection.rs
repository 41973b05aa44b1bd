//! The collection of tokens with numbers, ERC-721.

use bessemer_chain::{Address, U256};
use bessemer_types::{Bytes, FixedBytes, encode};

use crate::{Stage, amount, event, on_both, refused};

const MINT: &str = "mint(address,uint256)";
const SEND: &str = "transferFrom(address,address,uint256)";

/// A collection in which alice has token 7.
fn collection(stage: &Stage) -> Address {
    let collection = stage.deploy("erc721", 0, ("Stones", "STN"));
    stage.went(stage.alice, collection, MINT, (stage.alice, amount(7)));
    collection
}

fn owner(stage: &Stage, collection: Address, token: u64) -> Address {
    stage.ask(collection, "ownerOf(uint256)", (amount(token),))
}

fn words(from: Address, to: Address, token: u64) -> [Vec<u8>; 3] {
    [encode(&(from,)), encode(&(to,)), encode(&(amount(token),))]
}

#[test]
fn tokens_change_hands_and_say_so() {
    on_both(|stage| {
        let (stones, alice, bob) = (collection(stage), stage.alice, stage.bob);
        assert_eq!(stage.ask::<String>(stones, "symbol()", ()), "STN");
        let sent = stage.went(alice, stones, SEND, (alice, bob, amount(7)));
        let moved = "Transfer(address,address,uint256)";
        assert_eq!(sent.events, [event(stones, moved, words(alice, bob, 7), ())]);
        assert_eq!(owner(stage, stones, 7), bob);
        let held =
            [alice, bob].map(|user| stage.ask::<U256>(stones, "balanceOf(address)", (user,)));
        assert_eq!(held, [U256::ZERO, amount(1)]);
    });
}

#[test]
fn only_who_is_allowed_sends() {
    on_both(|stage| {
        let (stones, alice, bob) = (collection(stage), stage.alice, stage.bob);
        let error = "ERC721InsufficientApproval(address,uint256)";
        let take = |to: Address| stage.send(bob, stones, SEND, (alice, to, amount(7)));
        refused(&take(bob), error, (bob, amount(7)));
        let approved = stage.went(alice, stones, "approve(address,uint256)", (bob, amount(7)));
        let said = event(stones, "Approval(address,address,uint256)", words(alice, bob, 7), ());
        assert_eq!(approved.events, [said]);
        assert_eq!(stage.ask::<Address>(stones, "getApproved(uint256)", (amount(7),)), bob);
        stage.went(bob, stones, SEND, (alice, bob, amount(7)));
        // the approval went with the token
        let none = stage.ask::<Address>(stones, "getApproved(uint256)", (amount(7),));
        assert_eq!(none, Address::ZERO);
        let all = "setApprovalForAll(address,bool)";
        let allowed = stage.went(bob, stones, all, (alice, true));
        let topics = [encode(&(bob,)), encode(&(alice,))];
        let said = event(stones, "ApprovalForAll(address,address,bool)", topics, (true,));
        assert_eq!(allowed.events, [said]);
        let asked = "isApprovedForAll(address,address)";
        assert!(stage.ask::<bool>(stones, asked, (bob, alice)));
        stage.went(alice, stones, SEND, (bob, alice, amount(7)));
        assert_eq!(owner(stage, stones, 7), alice);
        let wrong = stage.send(alice, stones, SEND, (bob, alice, amount(7)));
        let error = "ERC721IncorrectOwner(address,uint256,address)";
        refused(&wrong, error, (bob, amount(7), alice));
    });
}

#[test]
fn only_the_minter_makes_tokens_and_each_once() {
    on_both(|stage| {
        let (stones, alice, bob) = (collection(stage), stage.alice, stage.bob);
        let again = stage.send(alice, stones, MINT, (bob, amount(7)));
        refused(&again, "AlreadyMinted(uint256)", (amount(7),));
        let other = stage.send(bob, stones, MINT, (bob, amount(8)));
        refused(&other, "NotMinter(address)", (bob,));
        let nowhere = stage.send(alice, stones, MINT, (Address::ZERO, amount(8)));
        refused(&nowhere, "ERC721InvalidReceiver(address)", (Address::ZERO,));
        let missing = stage.send(alice, stones, "ownerOf(uint256)", (amount(8),));
        refused(&missing, "ERC721NonexistentToken(uint256)", (amount(8),));
        let nobody = stage.send(alice, stones, "balanceOf(address)", (Address::ZERO,));
        refused(&nobody, "ERC721InvalidOwner(address)", (Address::ZERO,));
        let approve = stage.send(bob, stones, "approve(address,uint256)", (bob, amount(7)));
        refused(&approve, "ERC721InvalidApprover(address)", (bob,));
    });
}

#[test]
fn a_contract_that_takes_no_tokens_gets_none() {
    on_both(|stage| {
        let (stones, alice) = (collection(stage), stage.alice);
        let other = stage.deploy("simple", 0, ());
        let safely = "safeTransferFrom(address,address,uint256)";
        let sent = stage.send(alice, stones, safely, (alice, other, amount(7)));
        refused(&sent, "ERC721InvalidReceiver(address)", (other,));
        let safely_with = "safeTransferFrom(address,address,uint256,bytes)";
        let arguments = (alice, other, amount(7), Bytes(vec![1, 2]));
        let sent = stage.send(alice, stones, safely_with, arguments);
        refused(&sent, "ERC721InvalidReceiver(address)", (other,));
        assert_eq!(owner(stage, stones, 7), alice);
        // an account without code takes what it gets
        stage.went(alice, stones, safely, (alice, stage.bob, amount(7)));
        assert_eq!(owner(stage, stones, 7), stage.bob);
        let supports = "supportsInterface(bytes4)";
        let known = |id: u32| stage.ask::<bool>(stones, supports, (FixedBytes(id.to_be_bytes()),));
        assert!(known(0x80ac_58cd) && known(0x01ff_c9a7) && !known(0xffff_ffff));
    });
}

//! Transactions of others: attacks 15 and 16.

use std::sync::Arc;

use bessemer_chain::{
    AccessList, Action, Address, ChainError, CodeHash, Refusal, SecretKey, Signed, StateKey,
    Transaction, U256,
};

use crate::common::{amount, chain, on_both};
use crate::scene::transaction;

const CHAIN: u64 = 1337;

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes([number; 32]).unwrap()
}

fn transfer(sender: Address) -> Transaction {
    Transaction {
        sender,
        nonce: 3,
        gas_limit: 200_000,
        gas_price: amount(2),
        value: amount(500),
        action: Action::Call { to: key(9).address(), input: vec![1, 2, 3] },
        access: None,
    }
}

/// Attack 15.
#[test]
fn a_transaction_that_names_a_foreign_sender_is_refused() {
    let (alice, mallory) = (key(1), key(2));
    let forged = Signed::sign(transfer(alice.address()), CHAIN, &mallory);
    let refusal = Refusal::Signature { sender: alice.address() };
    assert_eq!(forged.verify(CHAIN), Err(refusal.clone()));
    // taken from a transaction that alice did sign
    let signed = Signed::sign(transfer(alice.address()), CHAIN, &alice);
    assert_eq!(signed.clone().verify(CHAIN), Ok(transfer(alice.address())));
    let mut other = signed.clone();
    other.transaction.sender = mallory.address();
    assert!(other.verify(CHAIN).is_err());
    for bit in 0..65 * 8 {
        let mut changed = signed.clone();
        changed.signature[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(changed.verify(CHAIN), Err(refusal.clone()), "bit {bit}");
    }
    for wrong in [[0; 65], [0xff; 65]] {
        let empty = Signed { signature: wrong, ..signed.clone() };
        assert_eq!(empty.verify(CHAIN), Err(refusal.clone()));
    }
    assert_eq!(signed.verify(CHAIN + 1), Err(refusal));
}

/// Attack 15: the same signature written in its second way.
#[test]
fn a_signature_with_s_in_the_upper_half_is_refused() {
    let alice = key(1);
    let order: U256 = U256::from_str_radix(
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        16,
    )
    .unwrap();
    for nonce in 0..20 {
        let one = Transaction { nonce, ..transfer(alice.address()) };
        let signed = Signed::sign(one, CHAIN, &alice);
        let mut twin = signed.clone();
        let s = U256::from_be_bytes::<32>(signed.signature[32..64].try_into().unwrap());
        twin.signature[32..64].copy_from_slice(&(order - s).to_be_bytes::<32>());
        twin.signature[64] ^= 1;
        assert!(twin.verify(CHAIN).is_err());
        let mut added = signed.clone();
        added.signature[64] += 27;
        assert!(added.verify(CHAIN).is_err());
        assert!(signed.verify(CHAIN).is_ok());
    }
}

/// Attack 15: a signature for one transaction is none for another, whatever differs.
#[test]
fn a_signature_holds_for_every_part_of_its_transaction() {
    let alice = key(1);
    let one = transfer(alice.address());
    let to = key(9).address();
    let hash = CodeHash::of(b"code");
    let code: Arc<[u8]> = Arc::from(&b"code"[..]);
    let call = |input: &[u8]| Action::Call { to, input: input.to_vec() };
    let deploy =
        |input: &[u8], salt| Action::Deploy { code: code.clone(), input: input.to_vec(), salt };
    let create = |input: &[u8], salt| Action::Create { code: hash, input: input.to_vec(), salt };
    let list = |reads: &[StateKey], writes: &[StateKey]| {
        let (reads, writes) = (reads.iter().copied().collect(), writes.iter().copied().collect());
        Some(Arc::new(AccessList { reads, writes }))
    };
    let account = StateKey::Account(to);
    let all = [
        one.clone(),
        Transaction { nonce: 4, ..one.clone() },
        Transaction { gas_limit: 200_001, ..one.clone() },
        Transaction { gas_price: amount(3), ..one.clone() },
        Transaction { value: amount(501), ..one.clone() },
        Transaction { value: amount(500) << 8, ..one.clone() },
        Transaction { action: call(&[1, 2, 4]), ..one.clone() },
        Transaction { action: call(&[1, 2]), ..one.clone() },
        Transaction { action: call(&[]), ..one.clone() },
        Transaction {
            action: Action::Call { to: alice.address(), input: vec![1, 2, 3] },
            ..one.clone()
        },
        Transaction { action: deploy(&[1, 2, 3], None), ..one.clone() },
        Transaction { action: deploy(&[], Some([1; 32])), ..one.clone() },
        Transaction { action: deploy(&[], Some([0; 32])), ..one.clone() },
        Transaction { action: deploy(&[], None), ..one.clone() },
        Transaction { action: create(&[1, 2, 3], None), ..one.clone() },
        Transaction { action: create(&[1, 2, 3], Some([0; 32])), ..one.clone() },
        Transaction { access: list(&[], &[]), ..one.clone() },
        Transaction { access: list(&[account], &[]), ..one.clone() },
        Transaction { access: list(&[], &[account]), ..one.clone() },
        Transaction { access: list(&[account, StateKey::Code(hash)], &[]), ..one.clone() },
    ];
    for (index, left) in all.iter().enumerate() {
        let signed = Signed::sign(left.clone(), CHAIN, &alice);
        for (other, right) in all.iter().enumerate() {
            let moved = Signed { transaction: right.clone(), signature: signed.signature };
            assert_eq!(moved.verify(CHAIN).is_ok(), index == other, "{left:?} and {right:?}");
        }
    }
}

#[test]
fn a_signed_transaction_runs_as_any_other() {
    on_both(|chain| {
        let alice = key(1);
        chain.endow(&alice.address(), amount(1 << 40)).unwrap();
        let to = key(9).address();
        let mut one = transaction(chain, alice.address(), to, Vec::new());
        one.value = amount(500);
        let signed = Signed::sign(one, chain.config().chain_id, &alice);
        let verified = signed.verify(chain.config().chain_id).unwrap();
        let mut block = chain.block();
        assert!(block.push(&verified).unwrap().succeeded());
        block.commit().unwrap();
        assert_eq!(chain.balance(&to).unwrap(), amount(500));
    });
}

/// Attack 16.
#[test]
fn the_same_transaction_again_is_refused_in_its_block_and_later() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let bob = chain.user("bob").unwrap();
        let mut one = transaction(chain, alice, bob, Vec::new());
        one.value = amount(500);
        let again = |error: ChainError| {
            let refused = matches!(error, ChainError::Refused(Refusal::Nonce { .. }));
            assert!(refused, "{error}");
        };
        let mut block = chain.block();
        block.push(&one).unwrap();
        again(block.push(&one).unwrap_err());
        let early = Transaction { nonce: one.nonce + 2, ..one.clone() };
        again(block.push(&early).unwrap_err());
        // the block goes on
        let next = Transaction { nonce: one.nonce + 1, ..one.clone() };
        block.push(&next).unwrap();
        assert_eq!(block.commit().unwrap().receipts.len(), 2);
        again(chain.block().push(&one).unwrap_err());
    });
    // an empty block is one too
    let mut empty = chain(crate::common::BACKENDS[0]);
    assert_eq!(empty.block().commit().unwrap().receipts, []);
}

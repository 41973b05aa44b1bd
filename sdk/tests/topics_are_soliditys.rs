//! Indexed fields of every type are topics as Solidity makes them: one word as it is, and of longer values the hash
//! of their items, each filled up to whole words, without offsets and lengths.

use bessemer_sdk::Topic;
use bessemer_sdk::prelude::*;

#[derive(Abi, Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Buy,
    Sell,
}

#[derive(Abi, Clone, Debug, PartialEq, Eq)]
struct Order {
    side: Side,
    note: String,
    legs: Vec<(u8, bool)>,
}

/// An event with indexed fields that are no single word.
#[event]
struct Placed {
    #[indexed]
    side: Side,
    #[indexed]
    order: Order,
    #[indexed]
    parts: [u64; 2],
}

fn word(number: u8) -> [u8; 32] {
    let mut word = [0; 32];
    word[31] = number;
    word
}

/// `hi` in a word of its own.
fn hi() -> [u8; 32] {
    let mut word = [0; 32];
    word[..2].copy_from_slice(b"hi");
    word
}

fn hash(words: &[[u8; 32]]) -> [u8; 32] {
    crypto::keccak256(&words.concat())
}

#[test]
fn enums_are_words_and_all_else_is_hashed() {
    assert_eq!(Side::Sell.topic(), word(1));
    assert_eq!(Side::Buy.topic(), word(0));
    assert_eq!(vec![1_u8, 2].topic(), hash(&[word(1), word(2)]));
    assert_eq!([[1_u8, 2], [3, 4]].topic(), hash(&[1, 2, 3, 4].map(word)));
    assert_eq!(Vec::<u64>::new().topic(), crypto::keccak256(b""));
    assert_eq!(vec!["hi".to_owned()].topic(), hash(&[hi()]));
    assert_eq!("hi".topic(), crypto::keccak256(b"hi"));
    assert_eq!((7_u32, Address::ZERO).topic(), hash(&[word(7), word(0)]));
    let order = Order { side: Side::Sell, note: "hi".to_owned(), legs: vec![(3, true)] };
    assert_eq!(order.topic(), hash(&[word(1), hi(), word(3), word(1)]));
}

#[test]
fn events_have_them_behind_the_hash_of_their_signature() {
    let order = Order { side: Side::Buy, note: String::new(), legs: Vec::new() };
    let placed = Placed { side: Side::Sell, order: order.clone(), parts: [5, 6] };
    let signature = "Placed(uint8,(uint8,string,(uint8,bool)[]),uint64[2])";
    let wanted = [
        crypto::keccak256(signature.as_bytes()),
        word(1),
        order.topic(),
        hash(&[word(5), word(6)]),
    ];
    placed.with(|topics, data| {
        assert_eq!(topics, wanted);
        assert!(data.is_empty());
    });
}

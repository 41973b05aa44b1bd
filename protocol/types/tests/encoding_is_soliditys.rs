//! What is written and read here is what an independent implementation writes and reads.

use alloy_sol_types::private as alloy;
use alloy_sol_types::{SolType, SolValue};
use bessemer_types::interface::signature;
use bessemer_types::{
    Address, Bytes, DecodeError, DecodeFields, EncodeFields, FixedBytes, U256, decode, encode,
    encoded_size,
};
use proptest::prelude::*;

/// The bytes are the same, and reading gives back the value.
fn agrees<T>(ours: &T, theirs: &[u8]) -> Result<(), TestCaseError>
where
    T: EncodeFields + for<'a> DecodeFields<'a> + PartialEq + std::fmt::Debug,
{
    let bytes = encode(ours);
    prop_assert_eq!(&bytes, theirs);
    prop_assert_eq!(bytes.len(), encoded_size(ours));
    let read = decode::<T>(&bytes);
    prop_assert_eq!(read.as_ref(), Ok(ours));
    Ok(())
}

type Alloyed = (alloy::Address, alloy::U256, Vec<(String, Vec<u32>)>, alloy::FixedBytes<5>);

prop_compose! {
    fn nested()(
        address: [u8; 20],
        amount: [u8; 32],
        list in prop::collection::vec((".{0,40}", prop::collection::vec(any::<u32>(), 0..4)), 0..4),
        fixed: [u8; 5],
    ) -> (Address, U256, Vec<(String, Vec<u32>)>, FixedBytes<5>) {
        (Address::new(address), U256::from_be_bytes(amount), list, FixedBytes(fixed))
    }
}

proptest! {
    #[test]
    fn numbers_agree(a: u8, b: i8, c: u16, d: i16, e: u32, f: i32, g: u64, h: i64) {
        agrees(&(a, b, c, d, e, f, g, h), &(
            alloy::U256::from(a), b, c, d, e, f, g, h,
        ).abi_encode_params())?;
    }

    #[test]
    fn wide_numbers_agree(a: u128, b: i128, c: bool, d: [u8; 32]) {
        let d = U256::from_be_bytes(d);
        agrees(&(a, b, c, d), &(a, b, c, alloy::U256::from_limbs(*d.as_limbs())).abi_encode_params())?;
    }

    #[test]
    fn strings_and_bytes_agree(text in ".{0,70}", bytes: Vec<u8>, fixed: [u8; 32]) {
        agrees(
            &(text.clone(), Bytes(bytes.clone()), FixedBytes(fixed)),
            &(text, alloy::Bytes::from(bytes), alloy::FixedBytes::<32>(fixed)).abi_encode_params(),
        )?;
    }

    #[test]
    fn arrays_agree(
        fixed: [u64; 3],
        dynamic in prop::array::uniform2(".{0,40}"),
        nested in prop::collection::vec(prop::collection::vec(any::<bool>(), 0..3), 0..4),
    ) {
        agrees(
            &(fixed, dynamic.clone(), nested.clone()),
            &(fixed, dynamic, nested).abi_encode_params(),
        )?;
    }

    #[test]
    fn structures_agree((address, amount, list, fixed) in nested()) {
        let alloyed: Alloyed = (
            address.to_bytes().into(),
            alloy::U256::from_limbs(*amount.as_limbs()),
            list.clone(),
            alloy::FixedBytes(fixed.0),
        );
        let ours = ((address, amount, list, fixed), true);
        agrees(&ours, &(alloyed, true).abi_encode_params())?;
    }

    #[test]
    fn only_what_would_be_written_is_read(
        value in nested(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(
            &[0u8, 1, 0x1f, 0x20, 0x21, 0x40, 0x60, 0x7f, 0x80, 0xff][..])), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = encode(&(value,));
        for (index, byte) in edits {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(value) = decode::<((Address, U256, Vec<(String, Vec<u32>)>, FixedBytes<5>),)>(&bytes) {
            prop_assert_eq!(encode(&value), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        if let Ok(value) = decode::<(Vec<Vec<String>>, Bytes)>(&bytes) {
            prop_assert_eq!(encode(&value), bytes);
        }
    }
}

#[test]
fn names_are_soliditys() {
    fn name<T: EncodeFields>(_: &T) -> String {
        String::from_utf8(signature("", T::FIELDS).as_bytes().to_vec()).unwrap()
    }
    type Theirs = (
        Vec<(alloy::Address, [bool; 3])>,
        alloy::Bytes,
        String,
        alloy::FixedBytes<7>,
        i128,
        (u16, Vec<String>),
        alloy::U256,
    );
    let ours = (
        vec![(Address::ZERO, [false; 3])],
        Bytes::default(),
        "",
        FixedBytes([0; 7]),
        0i128,
        (0u16, vec![""]),
        U256::ZERO,
    );
    assert_eq!(name(&ours), <<Theirs as SolValue>::SolType as SolType>::SOL_NAME);
    assert_eq!(name(&()), "()");
}

/// A word that ends with this number.
fn word(number: u8) -> [u8; 32] {
    let mut word = [0; 32];
    word[31] = number;
    word
}

#[test]
fn what_no_encoder_writes_is_refused_with_the_reason() {
    fn read<T: for<'a> DecodeFields<'a>>(words: &[[u8; 32]]) -> Option<DecodeError> {
        decode::<T>(words.as_flattened()).err()
    }
    let ones = [0xff; 32];
    let text = |bytes: &[u8]| {
        let mut word = [0; 32];
        word[..bytes.len()].copy_from_slice(bytes);
        word
    };
    // (Each pair: what is good, so that the test cannot pass by refusing everything.)
    assert_eq!(read::<(bool,)>(&[word(1)]), None);
    assert_eq!(read::<(bool,)>(&[word(2)]), Some(DecodeError::Range));
    assert_eq!(read::<(bool,)>(&[]), Some(DecodeError::Short));
    assert_eq!(read::<(bool,)>(&[word(1), word(0)]), Some(DecodeError::Trailing));
    assert_eq!(read::<(i16,)>(&[ones]), None);
    assert_eq!(read::<(u16,)>(&[ones]), Some(DecodeError::Range));
    assert_eq!(read::<(i16,)>(&[text(&[0x80])]), Some(DecodeError::Range));
    assert_eq!(read::<(Address,)>(&[ones]), Some(DecodeError::Range));
    assert_eq!(read::<(FixedBytes<2>,)>(&[text(b"ab")]), None);
    assert_eq!(read::<(FixedBytes<2>,)>(&[text(b"abc")]), Some(DecodeError::Range));
    assert_eq!(read::<(String,)>(&[word(32), word(2), text(b"hi")]), None);
    assert_eq!(read::<(String,)>(&[word(32), word(1), text(b"hi")]), Some(DecodeError::Range));
    assert_eq!(read::<(String,)>(&[word(32), word(1), text(b"\xff")]), Some(DecodeError::Text));
    assert_eq!(read::<(String,)>(&[word(32), word(33), word(0)]), Some(DecodeError::Short));
    assert_eq!(read::<(String,)>(&[word(0), word(0)]), Some(DecodeError::Offset));
    assert_eq!(read::<(String,)>(&[ones, word(0)]), Some(DecodeError::Range));
}

#[test]
fn a_huge_count_allocates_nothing() {
    let mut count = [0; 32];
    count[28..].fill(0xff);
    let bytes = [word(32), count].concat();
    assert_eq!(decode::<(Vec<u8>,)>(&bytes), Err(DecodeError::Short));
    assert_eq!(decode::<(Vec<(String, String)>,)>(&bytes), Err(DecodeError::Short));
    assert_eq!(decode::<(Bytes,)>(&bytes), Err(DecodeError::Short));
}

#[test]
fn two_offsets_cannot_share_a_tail() {
    let shared = [word(64), word(64), word(0)].concat();
    assert_eq!(decode::<(Bytes, Bytes)>(&shared), Err(DecodeError::Offset));
    let apart = [word(64), word(96), word(0), word(0)].concat();
    assert_eq!(decode::<(Bytes, Bytes)>(&apart), Ok(Default::default()));
}

//! Solidity's encoding.

use bessemer_types::{
    Address, Bytes as Blob, DecodeFields, EncodeFields, FixedBytes, U256, decode, encode,
    encoded_size,
};

/// A decoded value is encoded to the same bytes: a value has one encoding.
pub(crate) fn run(data: &[u8]) -> bool {
    // every shape is tried, so `|` and not `||`
    strict::<(U256,)>(data)
        | strict::<(Address, bool, i8, u64, u128)>(data)
        | strict::<(FixedBytes<5>, i64, U256)>(data)
        | strict::<(String,)>(data)
        | strict::<(Blob, Blob)>(data)
        | strict::<(Vec<u32>, [u16; 3])>(data)
        | strict::<(Address, U256, Vec<(String, Vec<u32>)>, FixedBytes<5>)>(data)
}

fn strict<T>(data: &[u8]) -> bool
where
    T: EncodeFields + for<'a> DecodeFields<'a>,
{
    let Ok(value) = decode::<T>(data) else { return false };
    assert_eq!(encode(&value), data);
    assert_eq!(encoded_size(&value), data.len());
    true
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let five = U256::from(5_u64);
    vec![
        encode(&(five,)),
        encode(&(Address::new([7; 20]), true, -3_i8, 9_u64, 1_u128 << 90)),
        encode(&("some text of more than thirty-two bytes".to_owned(),)),
        encode(&(Blob(vec![1, 2, 3]), Blob(vec![0; 40]))),
        encode(&(vec![1_u32, 2, 3], [4_u16, 5, 6])),
        encode(&(
            Address::ZERO,
            five,
            vec![("a".to_owned(), vec![1_u32]), (String::new(), vec![])],
            FixedBytes(*b"fixed"),
        )),
    ]
}

//! The table.

use crate::limits::{
    BULK_BYTES, CODE_BYTES, INPUT_BYTES, KEY_BYTES, MESSAGE_BYTES, MODEXP_BYTES, OUTPUT_BYTES,
    PAIRS, SIGNERS, TOPICS, VALUE_BYTES,
};
use crate::row::{Argument, Effect, Kind, Row};

/// Hands every row of the table to a macro: number, variant, name, arguments with their kinds,
/// effect, and prices.
///
/// The kinds are `number`, `wide`, `bytes[max]`, `items[size; max]`, `input[size]`, `output[size]`,
/// `buffer[max]`, `same_input` and `same_output`; see [`Kind`](crate::Kind). The effects are those
/// of [`Effect`](crate::Effect).
#[macro_export]
macro_rules! for_each_host_call {
    ($callback:ident) => {
        $callback! {
            // the frame and its data

            /// Length of the input, in bytes.
            0x01 InputSize input_size() Frame, 10;
            /// Copies input from `offset` on into the buffer, as much as there is and fits. Returns
            /// the number of bytes.
            0x02 InputCopy input_copy(offset: number, into: buffer[BULK_BYTES]) Frame, 20 + 1 byte;
            /// Ends the frame with `Return` and this data.
            0x03 Finish finish(data: bytes[OUTPUT_BYTES]) Ends, 50 + 1 byte;
            /// Ends the frame with `Revert` and this data.
            0x04 Revert revert(data: bytes[OUTPUT_BYTES]) Ends, 50 + 1 byte;
            /// Ends the frame with `Revert` and `Error(string)` of this message, which also is the
            /// receipt's reason.
            0x05 Panic panic(message: bytes[MESSAGE_BYTES]) Ends, 200 + 1 byte;
            /// Length of what the last call of this frame returned or reverted with.
            0x06 OutputSize output_size() Frame, 10;
            /// Copies what the last call of this frame returned or reverted with, from `offset` on,
            /// as much as there is and fits. Returns the number of bytes.
            0x07 OutputCopy output_copy(offset: number, into: buffer[BULK_BYTES]) Frame, 20 + 1 byte;
            /// The gas left after this call was paid.
            0x08 GasLeft gas_left(gas: output[8]) Frame, 10;
            /// Allows (1) or forbids (0) re-entry of this contract while this frame lives. Forbidden at
            /// first. Returns the value before.
            0x09 AllowReentry allow_reentry(allow: number) Frame, 20;

            // who, where, when

            /// The caller of this frame.
            0x10 Caller caller(address: output[20]) Frame, 20;
            /// The sender of the transaction.
            0x11 Origin origin(address: output[20]) Frame, 20;
            /// The account whose state this frame uses.
            0x12 OwnAddress own_address(address: output[20]) Frame, 20;
            /// The value that came with the call.
            0x13 Value value(amount: output[32]) Frame, 20;
            /// The balance of an account. The first access in a transaction costs more.
            0x14 Balance balance(address: input[20], amount: output[32]) Frame, 200;
            /// The height of the block.
            0x15 BlockNumber block_number(number: output[8]) Frame, 20;
            /// The time of the block, in seconds since 1970.
            0x16 Timestamp timestamp(seconds: output[8]) Frame, 20;
            /// The chain's identity.
            0x17 ChainId chain_id(id: output[8]) Frame, 20;
            /// The hash of an account's code. Returns 0, or `ABSENT` for an account without code.
            /// The first access in a transaction costs more.
            0x18 CodeHash code_hash(address: input[20], hash: output[32]) Frame, 200;

            // state

            /// Copies a stored value, as much as fits. Returns its whole length, or `ABSENT`. The
            /// first access to a key in a transaction costs more.
            0x20 StorageGet storage_get(key: bytes[KEY_BYTES], into: buffer[VALUE_BYTES]) Frame, 300 + 1 byte;
            /// Stores a value. Returns 0. Costs more for the first access to a key in a
            /// transaction, and for each byte that the state grows by.
            0x21 StorageSet storage_set(key: bytes[KEY_BYTES], value: bytes[VALUE_BYTES]) State, 500 + 2 byte;
            /// Removes a value. Returns 1, or 0 if there was none. The first access to a key in a
            /// transaction costs more; removing a value that was there when the transaction began
            /// is refunded in part.
            0x22 StorageRemove storage_remove(key: bytes[KEY_BYTES]) State, 500 + 2 byte;
            /// Like `storage_get`, from storage that ends with the transaction.
            0x23 TransientGet transient_get(key: bytes[KEY_BYTES], into: buffer[VALUE_BYTES]) Frame, 200 + 1 byte;
            /// Like `storage_set`, in storage that ends with the transaction.
            0x24 TransientSet transient_set(key: bytes[KEY_BYTES], value: bytes[VALUE_BYTES]) State, 300 + 2 byte;
            /// Like `storage_remove`, in storage that ends with the transaction.
            0x25 TransientRemove transient_remove(key: bytes[KEY_BYTES]) State, 300 + 2 byte;
            /// Emits an event. Returns 0. More than 64 events, or 16 KiB of them, in a transaction
            /// trap with `HostLimit`.
            0x26 Emit emit(topics: items[32; TOPICS], data: bytes[VALUE_BYTES]) State, 1000 + 4 byte + 200 item;
            /// Writes a line to the debug log, which is not part of consensus. Returns 0.
            0x27 Log log(text: bytes[MESSAGE_BYTES]) Frame, 100 + 1 byte;

            // other contracts

            /// Calls a contract with value, or sends value to an account without code if the input
            /// is empty. Returns a status. A value other than 0 in a read-only frame traps with
            /// `StaticViolation`.
            0x30 Call call(to: input[20], value: input[32], data: bytes[INPUT_BYTES], gas: wide) Frame, 25_000 + 1 byte;
            /// Calls a contract in a read-only frame: neither it nor its callees can change anything. Returns a
            /// status.
            0x31 StaticCall static_call(to: input[20], data: bytes[INPUT_BYTES], gas: wide) Frame, 25_000 + 1 byte;
            /// Runs another contract's code on the state of this one, with caller and value of this
            /// frame. Returns a status.
            0x32 DelegateCall delegate_call(to: input[20], data: bytes[INPUT_BYTES], gas: wide) Frame, 25_000 + 1 byte;
            /// Stores the code of a contract, once for all that use it. Returns 0 or `REJECTED`. Each byte also
            /// costs `code_byte`.
            0x33 Upload upload(code: bytes[CODE_BYTES], hash: output[32]) State, 25_000 + 100 byte;
            /// Creates a contract from uploaded code, and runs its constructor on the input. The
            /// address follows from this account and its nonce. Returns a status.
            0x34 Create create(hash: input[32], value: input[32], data: bytes[INPUT_BYTES], address: output[20]) State, 50_000 + 1 byte;
            /// Like `create`; the address follows from this account, the salt and the code hash.
            0x35 Create2 create2(hash: input[32], value: input[32], data: bytes[INPUT_BYTES], salt: input[32], address: output[20]) State, 50_000 + 1 byte;

            // memory

            /// Adds zeroed pages of 4 KiB to the heap, each for the price of a page. Returns the
            /// address of the first, or `NO_MEMORY`.
            0x40 Grow grow(pages: number) Frame, 100;
            /// Copies bytes; the ranges may overlap. Returns 0.
            0x41 Copy copy(from: bytes[BULK_BYTES], into: same_output) Frame, 20 + 1 byte;
            /// Fills a range with a byte. Returns 0.
            0x42 Fill fill(into: buffer[BULK_BYTES], byte: number) Frame, 20 + 1 byte;
            /// Compares two ranges of one length as unsigned bytes. Returns -1, 0 or 1.
            0x43 Compare compare(left: bytes[BULK_BYTES], right: same_input) Frame, 20 + 1 byte;

            // hashes and signatures

            /// Keccak-256 of the input, with the padding of Ethereum. Returns 0.
            0x50 Keccak256 keccak256(input: bytes[BULK_BYTES], digest: output[32]) Frame, 1_250 + 8 byte;
            /// SHA-256 of the input. Returns 0.
            0x51 Sha256 sha256(input: bytes[BULK_BYTES], digest: output[32]) Frame, 300 + 6 byte;
            /// RIPEMD-160 of the input. Returns 0.
            0x52 Ripemd160 ripemd160(input: bytes[BULK_BYTES], digest: output[20]) Frame, 1_000 + 12 byte;
            /// The first 32 bytes of BLAKE3 of the input, without a key. Returns 0.
            0x53 Blake3 blake3(input: bytes[BULK_BYTES], digest: output[32]) Frame, 300 + 4 byte;
            /// The compression function F of BLAKE2b on the 213 bytes of EIP-152: rounds (most
            /// significant byte first), state, message, counter, final flag. Returns `VALID`, or
            /// `INVALID` for a flag other than 0 or 1. Each round costs 50 more, for a flag that is
            /// refused too.
            0x54 Blake2f blake2f(input: input[213], state: output[64]) Frame, 100;
            /// Recovers the public key x, y from a digest and a signature r, s, v, all numbers most
            /// significant byte first. Returns `VALID`, or `INVALID` unless r and s are from 1 to
            /// n - 1, v is 0 or 1 (the parity of the y that belongs to r), r is the x of a point and
            /// the key not infinity. Both halves of the range are accepted for s.
            0x55 Secp256k1Recover secp256k1_recover(digest: input[32], signature: input[65], key: output[64]) Frame, 240_000;
            /// Verifies a signature r, s of a digest under a public key x, y, all numbers most
            /// significant byte first. Returns `VALID` or `INVALID`; `INVALID` too unless r and s are
            /// from 1 to n - 1, x and y below p, and the key on the curve. Both halves of the range
            /// are accepted for s.
            0x56 Secp256k1Verify secp256k1_verify(digest: input[32], signature: input[64], key: input[64]) Frame, 210_000;
            /// Verifies a signature r, s of a digest under a P-256 public key x, y, by the rules of
            /// `secp256k1_verify`. Returns `VALID` or `INVALID`.
            0x57 P256Verify p256_verify(digest: input[32], signature: input[64], key: input[64]) Frame, 1_050_000;
            /// Verifies an Ed25519 signature by the rules of ZIP-215: keys and commitments of small
            /// order and with a y of p or more are accepted, s of l or more is not, and the equation
            /// has the cofactor. Returns `VALID` or `INVALID`.
            0x58 Ed25519Verify ed25519_verify(message: bytes[BULK_BYTES], signature: input[64], key: input[32]) Frame, 140_000 + 6 byte;
            /// Adds two BN254 points x, y (EIP-196 encoding; zeros are infinity). Returns `VALID`, or
            /// `INVALID` for a coordinate of p or more and a point off the curve.
            0x59 Bn254Add bn254_add(points: input[128], sum: output[64]) Frame, 12_000;
            /// Multiplies a BN254 point x, y by a scalar of any 32 bytes (EIP-196 encoding). Returns
            /// `VALID` or `INVALID` as `bn254_add` does.
            0x5a Bn254Mul bn254_mul(input: input[96], product: output[64]) Frame, 280_000;
            /// Whether the product of pairings of BN254 points is 1 (EIP-197 encoding: a point of G1,
            /// then one of G2, imaginary parts first; zeros are infinity). Returns 1 or 0, or
            /// `ABSENT` for a coordinate of p or more, and a point off the curve or outside the
            /// subgroup. The product of no pairs is 1.
            0x5b Bn254Pairing bn254_pairing(pairs: items[192; PAIRS]) Frame, 950_000 + 1_400_000 item;
            /// Verifies a BLS12-381 signature (G2, 96 bytes compressed) of one message under all the
            /// public keys (G1, 48 bytes compressed): `FastAggregateVerify` of the ciphersuite
            /// `BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_`. That the owners possess the secrets is
            /// for the contract to know. Returns `VALID` or `INVALID`; `INVALID` too without keys,
            /// for a point outside its subgroup, and for a key or a sum of keys that is infinity. A
            /// key that stands twice counts twice.
            0x5c BlsVerify bls_verify(keys: items[48; SIGNERS], message: bytes[OUTPUT_BYTES], signature: input[96]) Frame, 4_200_000 + 6 byte + 230_000 item;
            /// Aggregates BLS12-381 signatures (G2, 96 bytes compressed). Returns `VALID`, or
            /// `INVALID` for none, and for one outside the subgroup. Infinity is accepted, and may be
            /// the result.
            0x5d BlsAggregate bls_aggregate(signatures: items[96; SIGNERS], aggregate: output[96]) Frame, 20_000 + 290_000 item;
            /// Modular exponentiation. The input is the lengths of base, exponent and modulus as
            /// 32-bit numbers, least significant byte first, then the three numbers, most
            /// significant byte first. Writes as many bytes as the modulus has: 0 for modulus 0, and
            /// 1 modulo the modulus for exponent 0. Returns `VALID`, or `INVALID` if a length is
            /// above 1 KiB, the input not exactly as long as they say, or the buffer shorter than
            /// the modulus. Costs more with the lengths and the bits of the exponent.
            0x5e Modexp modexp(input: bytes[MODEXP_BYTES], result: buffer[1024]) Frame, 2_000 + 2 byte;
        }
    };
}

macro_rules! table {
    ($(
        $(#[doc = $doc:literal])*
        $number:literal $Variant:ident $name:ident
            ($($argument:ident : $kind:ident $([$($size:tt)*])?),*)
            $Effect:ident, $base:literal $(+ $price:literal $unit:ident)*;
    )*) => {
        /// A host call of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum HostCall {
            $($(#[doc = $doc])* $Variant = $number,)*
        }

        impl HostCall {
            /// All calls, by number.
            pub const ALL: &[Self] = &[$(Self::$Variant),*];

            /// The call with this number.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number {
                    $($number => Some(Self::$Variant),)*
                    _ => None,
                }
            }

            /// The row of the call.
            pub const fn row(self) -> &'static Row {
                match self {
                    $(Self::$Variant => const { &Row {
                        number: $number,
                        name: stringify!($name),
                        doc: concat!($($doc, "\n"),*),
                        arguments: &[$(Argument {
                            name: stringify!($argument),
                            kind: kind!($kind $([$($size)*])?),
                        }),*],
                        base: $base,
                        per_byte: 0 $(+ price!(byte $unit $price))*,
                        per_item: 0 $(+ price!(item $unit $price))*,
                        effect: Effect::$Effect,
                    } },)*
                }
            }

            /// The call number, in a7.
            pub const fn number(self) -> u32 {
                self as u32
            }
        }
    };
}

macro_rules! kind {
    (number) => {
        Kind::Number
    };
    (wide) => {
        Kind::Wide
    };
    (bytes[$max:expr]) => {
        Kind::Bytes { max: $max }
    };
    (items[$size:literal; $max:expr]) => {
        Kind::Items { size: $size, max: $max }
    };
    (input[$size:literal]) => {
        Kind::In { size: $size }
    };
    (output[$size:literal]) => {
        Kind::Out { size: $size }
    };
    (buffer[$max:expr]) => {
        Kind::Buffer { max: $max }
    };
    (same_input) => {
        Kind::SameIn
    };
    (same_output) => {
        Kind::SameOut
    };
}

macro_rules! price {
    (byte byte $price:literal) => {
        $price
    };
    (item item $price:literal) => {
        $price
    };
    ($wanted:ident $unit:ident $price:literal) => {
        0
    };
}

for_each_host_call!(table);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_ascending() {
        let numbers: Vec<u32> = HostCall::ALL.iter().map(|call| call.number()).collect();
        assert!(numbers.is_sorted_by(|left, right| left < right));
        let names: BTreeSet<&str> = HostCall::ALL.iter().map(|call| call.row().name).collect();
        assert_eq!(names.len(), HostCall::ALL.len());
    }

    #[test]
    fn every_row_fits_the_argument_registers_and_is_explained() {
        for call in HostCall::ALL {
            let row = call.row();
            assert!(row.registers() <= 6, "{} takes {} registers", row.name, row.registers());
            assert!(row.doc.len() > 10, "{} is not explained", row.name);
            assert_eq!(HostCall::from_number(row.number), Some(*call));
        }
    }

    #[test]
    fn what_has_a_price_can_be_counted_and_what_can_be_counted_has_a_price() {
        for row in HostCall::ALL.iter().map(|call| call.row()) {
            let any = |of: fn(Kind) -> bool| row.arguments.iter().any(|arg| of(arg.kind));
            let bytes = any(|kind| matches!(kind, Kind::Bytes { .. } | Kind::Buffer { .. }));
            let items = any(|kind| matches!(kind, Kind::Items { .. }));
            assert_eq!(bytes, row.per_byte != 0, "{}", row.name);
            assert_eq!(items, row.per_item != 0, "{}", row.name);
        }
    }

    #[test]
    fn a_range_as_long_as_another_stands_behind_it() {
        for row in HostCall::ALL.iter().map(|call| call.row()) {
            for (index, argument) in row.arguments.iter().enumerate() {
                if matches!(argument.kind, Kind::SameIn | Kind::SameOut) {
                    let before = row.arguments[index - 1].kind;
                    assert!(
                        matches!(before, Kind::Bytes { .. } | Kind::Buffer { .. }),
                        "{}",
                        row.name
                    );
                }
            }
        }
    }
}

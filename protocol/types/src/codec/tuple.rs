//! Tuples, which are lists of values without names, and structures.

use super::{Abi, Decode, DecodeFields, Decoder, Encode, EncodeFields, Encoder, Fields, WORD};
use crate::interface::{Field, Type};

/// Implements [`Abi`], [`Encode`] and [`Decode`] for a list of values, by its fields.
///
/// `[generics] Type`, or `decode ['a, generics] Type` for the reading side.
#[doc(hidden)]
#[macro_export]
macro_rules! abi_of_fields {
    ([$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> $crate::Encode for $type {
            fn tail(&self) -> usize {
                let tails = $crate::EncodeFields::tails(self);
                if <Self as $crate::Abi>::DYNAMIC {
                    <Self as $crate::Fields>::BODY + tails
                } else {
                    0
                }
            }

            fn encode(&self, out: &mut $crate::Encoder<'_>) {
                if <Self as $crate::Abi>::DYNAMIC {
                    out.nested(<Self as $crate::Fields>::BODY, |out| {
                        $crate::EncodeFields::encode_fields(self, out)
                    });
                } else {
                    $crate::EncodeFields::encode_fields(self, out);
                }
            }
        }
    };
    (decode [$life:lifetime $(, $($generics:tt)*)?] $type:ty) => {
        impl<$life $(, $($generics)*)?> $crate::Decode<$life> for $type {
            fn decode(data: &mut $crate::Decoder<$life>) -> Self {
                if <Self as $crate::Abi>::DYNAMIC {
                    data.nested(
                        <Self as $crate::Fields>::BODY,
                        <Self as $crate::DecodeFields>::decode_fields,
                    )
                } else {
                    <Self as $crate::DecodeFields>::decode_fields(data)
                }
            }
        }
    };
}

macro_rules! tuples {
    ($(($($name:ident),*))*) => {
        $(
            impl<$($name: Abi),*> Fields for ($($name,)*) {
                const FIELDS: &'static [Field] = &[$(Field::unnamed($name::TYPE)),*];
                const BODY: usize = 0 $(+ $name::HEAD)*;
            }

            impl<$($name: Abi),*> Abi for ($($name,)*) {
                const TYPE: &'static Type = &Type::Tuple(Self::FIELDS);
                const DYNAMIC: bool = false $(|| $name::DYNAMIC)*;
                const HEAD: usize = if Self::DYNAMIC { WORD } else { Self::BODY };
                const MIN: usize = {
                    let fields = 0 $(+ $name::MIN)*;
                    if Self::DYNAMIC { WORD + fields } else { fields }
                };
            }

            #[allow(non_snake_case, unused_variables, clippy::unused_unit, reason = "also for ()")]
            impl<$($name: Encode),*> EncodeFields for ($($name,)*) {
                fn tails(&self) -> usize {
                    let ($($name,)*) = self;
                    0 $(+ $name.tail())*
                }

                fn encode_fields(&self, out: &mut Encoder<'_>) {
                    let ($($name,)*) = self;
                    $($name.encode(out);)*
                }
            }

            #[allow(unused_variables, clippy::unused_unit, reason = "also for ()")]
            impl<'a, $($name: Decode<'a>),*> DecodeFields<'a> for ($($name,)*) {
                fn decode_fields(data: &mut Decoder<'a>) -> Self {
                    ($($name::decode(data),)*)
                }
            }

            abi_of_fields!([$($name: Encode),*] ($($name,)*));
            abi_of_fields!(decode ['a, $($name: Decode<'a>),*] ($($name,)*));
        )*
    };
}

tuples! {
    ()
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H)
    (A, B, C, D, E, F, G, H, I)
    (A, B, C, D, E, F, G, H, I, J)
    (A, B, C, D, E, F, G, H, I, J, K)
    (A, B, C, D, E, F, G, H, I, J, K, L)
}

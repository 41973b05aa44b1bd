//! Structures and enums of the interface.

use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DeriveInput, Error, Fields, Ident, Result, Type};

use crate::function::fields;
use crate::names::camel_case;

pub(crate) fn abi(item: &DeriveInput) -> Result<Tokens> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "a type of the interface is not generic"));
    }
    match &item.data {
        Data::Struct(data) => structure(&item.ident, &data.fields),
        Data::Enum(data) => choice(&item.ident, data),
        Data::Union(_) => Err(Error::new_spanned(item, "a union has no Solidity type")),
    }
}

fn structure(ident: &Ident, members: &Fields) -> Result<Tokens> {
    let Fields::Named(members) = members else {
        return Err(Error::new_spanned(ident, "the members of a Solidity structure have names"));
    };
    let types: Vec<&Type> = members.named.iter().map(|field| &field.ty).collect();
    let names: Vec<&Ident> =
        members.named.iter().filter_map(|field| field.ident.as_ref()).collect();
    if types.is_empty() {
        return Err(Error::new_spanned(ident, "a Solidity structure has members"));
    }
    let described = fields(names.iter().map(|name| camel_case(name)).zip(types.iter().copied()));
    let types_crate = quote!(::bessemer_sdk::types);
    Ok(quote! {
        const _: () = {
            use #types_crate as bessemer_types;

            impl bessemer_types::Fields for #ident {
                const FIELDS: &'static [bessemer_types::interface::Field] = #described;
                const BODY: usize = 0 #(+ <#types as bessemer_types::Abi>::HEAD)*;
            }

            impl bessemer_types::Abi for #ident {
                const TYPE: &'static bessemer_types::interface::Type =
                    &bessemer_types::interface::Type::Tuple(
                        <Self as bessemer_types::Fields>::FIELDS,
                    );
                const DYNAMIC: bool = <(#(#types,)*) as bessemer_types::Abi>::DYNAMIC;
                const HEAD: usize = <(#(#types,)*) as bessemer_types::Abi>::HEAD;
                const MIN: usize = <(#(#types,)*) as bessemer_types::Abi>::MIN;
            }

            impl bessemer_types::EncodeFields for #ident {
                fn tails(&self) -> usize {
                    0 #(+ bessemer_types::Encode::tail(&self.#names))*
                }

                fn encode_fields(&self, out: &mut bessemer_types::Encoder<'_>) {
                    #(bessemer_types::Encode::encode(&self.#names, out);)*
                }
            }

            impl<'a> bessemer_types::DecodeFields<'a> for #ident {
                fn decode_fields(data: &mut bessemer_types::Decoder<'a>) -> Self {
                    Self { #(#names: bessemer_types::Decode::decode(data)),* }
                }
            }

            bessemer_types::abi_of_fields!([] #ident);
            bessemer_types::abi_of_fields!(decode ['a] #ident);

            impl ::bessemer_sdk::Topic for #ident {
                fn topic(&self) -> [u8; 32] {
                    ::bessemer_sdk::abi::topic_of_many(self)
                }

                fn append(&self, out: &mut ::bessemer_sdk::generated::Vec<u8>) {
                    #(::bessemer_sdk::Topic::append(&self.#names, out);)*
                }
            }
        };
    })
}

fn choice(ident: &Ident, data: &DataEnum) -> Result<Tokens> {
    let mut cases = Vec::new();
    let mut numbers = Vec::new();
    for (number, variant) in data.variants.iter().enumerate() {
        if !variant.fields.is_empty() || variant.discriminant.is_some() {
            return Err(Error::new_spanned(
                variant,
                "the variants of a Solidity enum have neither fields nor numbers of their own",
            ));
        }
        let Ok(number) = u8::try_from(number) else {
            return Err(Error::new_spanned(variant, "there are 256 variants at most"));
        };
        cases.push(&variant.ident);
        numbers.push(number);
    }
    let Some(first) = cases.first() else {
        return Err(Error::new_spanned(ident, "a Solidity enum has variants"));
    };
    let name = ident.to_string();
    let names: Vec<String> = cases.iter().map(|case| case.unraw().to_string()).collect();
    Ok(quote! {
        const _: () = {
            use ::bessemer_sdk::types as bessemer_types;

            impl bessemer_types::Abi for #ident {
                const TYPE: &'static bessemer_types::interface::Type =
                    &bessemer_types::interface::Type::Enum(#name, &[#(#names),*]);
                const DYNAMIC: bool = false;
                const HEAD: usize = <u8 as bessemer_types::Abi>::HEAD;
                const MIN: usize = <u8 as bessemer_types::Abi>::MIN;
            }

            impl bessemer_types::Encode for #ident {
                fn encode(&self, out: &mut bessemer_types::Encoder<'_>) {
                    let number: u8 = match self { #(Self::#cases => #numbers),* };
                    bessemer_types::Encode::encode(&number, out);
                }
            }

            impl ::bessemer_sdk::Topic for #ident {
                fn topic(&self) -> [u8; 32] {
                    let number: u8 = match self { #(Self::#cases => #numbers),* };
                    ::bessemer_sdk::Topic::topic(&number)
                }
            }

            impl<'a> bessemer_types::Decode<'a> for #ident {
                fn decode(data: &mut bessemer_types::Decoder<'a>) -> Self {
                    match <u8 as bessemer_types::Decode<'a>>::decode(data) {
                        #(#numbers => Self::#cases,)*
                        _ => {
                            data.fail(bessemer_types::DecodeError::Range);
                            Self::#first
                        }
                    }
                }
            }
        };
    })
}

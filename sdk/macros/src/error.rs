//! Custom errors.

use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{Fields, Ident, ItemEnum, Result, Type};

use crate::function::fields;
use crate::names::camel_case;

pub(crate) fn error(item: &ItemEnum) -> Result<Tokens> {
    let ident = &item.ident;
    let (mut items, mut encode, mut decode) = (Vec::new(), Vec::new(), Vec::new());
    for variant in &item.variants {
        let (case, name) = (&variant.ident, variant.ident.to_string());
        let types: Vec<&Type> = variant.fields.iter().map(|field| &field.ty).collect();
        let bindings: Vec<Ident> =
            (0..types.len()).map(|index| format_ident!("field{index}")).collect();
        let (named, pattern) = match &variant.fields {
            Fields::Named(named) => {
                let idents: Vec<&Ident> =
                    named.named.iter().filter_map(|field| field.ident.as_ref()).collect();
                let names = idents.iter().map(|ident| camel_case(ident)).collect();
                (names, quote!({ #(#idents: #bindings),* }))
            }
            Fields::Unnamed(_) => (vec![String::new(); types.len()], quote!((#(#bindings),*))),
            Fields::Unit => (Vec::new(), quote!()),
        };
        let described = fields(named.into_iter().zip(types.iter().copied()));
        items.push(quote!(::bessemer_sdk::types::interface::Item::Error {
            name: #name,
            fields: #described,
        }));
        let selector = quote!(const {
            ::bessemer_sdk::abi::selector(
                #name,
                <(#(#types,)*) as ::bessemer_sdk::types::Fields>::FIELDS,
            )
        });
        encode.push(quote! {
            Self::#case #pattern =>
                ::bessemer_sdk::types::encode_behind(&#selector, &(#(#bindings,)*)),
        });
        decode.push(quote! {
            if *selector == #selector {
                let (#(#bindings,)*): (#(#types,)*) =
                    ::bessemer_sdk::types::decode(arguments).ok()?;
                return ::core::option::Option::Some(Self::#case #pattern);
            }
        });
    }
    let body =
        if items.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#encode)* }) };
    Ok(quote! {
        #[derive(Clone, Debug, PartialEq, Eq)]
        #item

        impl ::bessemer_sdk::contract::CustomError for #ident {
            const ITEMS: &'static [::bessemer_sdk::types::interface::Item] = &[#(#items),*];

            fn encode(&self) -> ::bessemer_sdk::generated::Vec<u8> {
                #body
            }

            fn decode(data: &[u8]) -> ::core::option::Option<Self> {
                let (selector, arguments) = data.split_first_chunk::<4>()?;
                #(#decode)*
                ::core::option::Option::None
            }
        }
    })
}

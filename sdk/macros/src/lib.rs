//! The attributes of the contract library; `bessemer_sdk` exports them and says more.
//!
//! The macros do not interpret types, they only copy them into the generated code: selectors, signatures
//! and the interface follow from the traits of the types when the contract is compiled. So type aliases
//! work.

#![forbid(unsafe_code)]

mod abi;
mod client;
mod contract;
mod error;
mod event;
mod function;
mod layout;
mod names;
#[cfg(test)]
mod refusals;
mod stored;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use syn::{DeriveInput, Item, ItemEnum, ItemStruct, ItemTrait, parse_macro_input};

/// The generated code, or an error of the compiler with the reason.
fn output(tokens: syn::Result<Tokens>) -> TokenStream {
    tokens.unwrap_or_else(|error| error.to_compile_error()).into()
}

/// The same, with the item kept beside the error: without the item, the compiler would also report each of
/// its uses.
fn output_beside(item: &impl quote::ToTokens, tokens: syn::Result<Tokens>) -> TokenStream {
    output(tokens.or_else(|error| {
        let error = error.to_compile_error();
        Ok(quote::quote!(#item #error))
    }))
}

/// Makes a contract of a structure and its functions.
///
/// On the structure, whose fields are containers of `storage`: implements `Default`, which returns the
/// contract as it is in storage. `namespace = "..."` keeps its storage apart from that of code that it
/// delegates to.
///
/// On one `impl`: each `pub fn` becomes a function of the contract, with `&mut self`, with `&self` (a view) or
/// without `self` (pure). The macro generates a `...Client` for other contracts and tests. `events(A, B)` and
/// `errors(A, B)` add events and errors to the interface. Attributes of functions:
///
/// * `#[init]`: the constructor, with `&mut self`, or without a receiver and returning `Self`;
/// * `#[payable]`: accepts value, which all others refuse;
/// * `#[reentrant]`: allows that the contract is entered again while this function runs;
/// * `#[name = "..."]`: the name in Solidity, if it is not the Rust name in camel case;
/// * `#[receive]`: takes value that comes without input;
/// * `#[fallback]`: takes input that is meant for no function, as `&[u8]`, and returns bytes.
#[proc_macro_attribute]
pub fn contract(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let options = parse_macro_input!(attribute as contract::Options);
    match parse_macro_input!(item as Item) {
        Item::Struct(item) => output_beside(&item, layout::contract(&options, &item)),
        Item::Impl(item) => {
            let plain = contract::plain(item.clone());
            output_beside(&plain, contract::functions(&options, item))
        }
        other => output(Err(syn::Error::new_spanned(
            other,
            "#[contract] stands on the structure and on the `impl` of a contract",
        ))),
    }
}

/// Makes a structure of containers usable as a field of a contract, or as an item of a map or vector.
#[proc_macro_attribute]
pub fn storage(_: TokenStream, item: TokenStream) -> TokenStream {
    output(layout::group(&parse_macro_input!(item as ItemStruct)))
}

/// Generates a client from a trait that describes another contract: `TokenClient` from `trait Token`.
#[proc_macro_attribute]
pub fn interface(_: TokenStream, item: TokenStream) -> TokenStream {
    output(client::of_trait(&parse_macro_input!(item as ItemTrait)))
}

/// Makes an event of a structure; at most three fields are `#[indexed]`. It also gets `Clone`,
/// `Debug`, `PartialEq` and `Eq`.
#[proc_macro_attribute]
pub fn event(_: TokenStream, item: TokenStream) -> TokenStream {
    output(event::event(parse_macro_input!(item as ItemStruct)))
}

/// Makes custom errors of the variants of an enum. It also gets `Clone`, `Debug`, `PartialEq` and
/// `Eq`.
#[proc_macro_attribute]
pub fn error(_: TokenStream, item: TokenStream) -> TokenStream {
    output(error::error(&parse_macro_input!(item as ItemEnum)))
}

/// Makes values of a structure or enum storable.
#[proc_macro_derive(Stored)]
pub fn stored(item: TokenStream) -> TokenStream {
    output(stored::stored(&parse_macro_input!(item as DeriveInput)))
}

/// Makes a structure a tuple of the interface, and an enum without fields a `uint8`.
#[proc_macro_derive(Abi)]
pub fn abi(item: TokenStream) -> TokenStream {
    output(abi::abi(&parse_macro_input!(item as DeriveInput)))
}

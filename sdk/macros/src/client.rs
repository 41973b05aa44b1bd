//! Typed clients of contracts.

use proc_macro2::{Ident, TokenStream as Tokens};
use quote::{format_ident, quote};
use syn::{Error, ItemTrait, Result, TraitItem, Type};

use crate::function::{Function, Receiver, Role, read};

/// The name of the client of a contract.
pub(crate) fn name(contract: &Type) -> Result<Ident> {
    match contract {
        Type::Path(path) => {
            path.path.segments.last().map(|last| format_ident!("{}Client", last.ident))
        }
        _ => None,
    }
    .ok_or_else(|| Error::new_spanned(contract, "a contract is a structure"))
}

/// The client of a contract that a trait describes.
pub(crate) fn of_trait(item: &ItemTrait) -> Result<Tokens> {
    let mut functions = Vec::new();
    for member in &item.items {
        let TraitItem::Fn(function) = member else {
            return Err(Error::new_spanned(member, "an interface has functions only"));
        };
        let mut attributes = function.attrs.clone();
        functions.push(read(&function.sig, &mut attributes)?);
    }
    Ok(of_functions(&format_ident!("{}Client", item.ident), &functions))
}

/// The client with these functions.
pub(crate) fn of_functions(name: &Ident, functions: &[Function]) -> Tokens {
    let sdk = quote!(::bessemer_sdk);
    let methods = functions.iter().filter(|function| function.role == Role::Function).map(method);
    quote! {
        /// Calls the functions of a contract at an address.
        ///
        /// If a call fails, the caller fails the same way; the `try_` functions return the reason.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct #name(#sdk::call::Target);

        #[allow(dead_code, reason = "not every function is called")]
        impl #name {
            /// Of the contract at this address.
            pub const fn new(address: #sdk::types::Address) -> Self {
                Self(#sdk::call::Target::new(address))
            }

            /// Sends this value with calls.
            #[must_use]
            pub const fn with_value(self, value: #sdk::types::U256) -> Self {
                Self(#sdk::call::Target { value, ..self.0 })
            }

            /// Limits the gas of calls.
            #[must_use]
            pub const fn with_gas(self, gas: u64) -> Self {
                Self(#sdk::call::Target { gas, ..self.0 })
            }

            /// Whom it calls.
            pub const fn target(&self) -> &#sdk::call::Target {
                &self.0
            }

            #(#methods)*
        }
    }
}

fn method(function: &Function) -> Tokens {
    let sdk = quote!(::bessemer_sdk);
    let (ident, docs) = (&function.ident, &function.docs);
    let attempt = format_ident!("try_{}", ident);
    let parameters: Vec<Tokens> =
        function.arguments.iter().map(|(name, ty)| quote!(#name: #ty)).collect();
    let (names, selector) = (function.names(), function.selector());
    let view = function.receiver == Receiver::Shared;
    let (value, list) = (&function.output.value, function.output.list());
    let error = match &function.output.error {
        Some(error) => quote!(#error),
        None => quote!(#sdk::call::NoError),
    };
    let (pattern, result) = match value {
        Type::Tuple(_) => (quote!(value), quote!(value)),
        _ => (quote!((value,)), quote!(value)),
    };
    let invoke = quote!(#sdk::call::invoke::<#list>(&self.0, #view, const { #selector }, &#names));
    quote! {
        #(#docs)*
        pub fn #ident(&self, #(#parameters),*) -> #value {
            let #pattern = #sdk::call::results(#invoke);
            #result
        }

        #(#docs)*
        ///
        /// # Errors
        ///
        /// The call did not return.
        pub fn #attempt(
            &self, #(#parameters),*
        ) -> ::core::result::Result<#value, #sdk::call::Failure<#error>> {
            let #pattern = #sdk::call::try_results(#invoke)?;
            ::core::result::Result::Ok(#result)
        }
    }
}

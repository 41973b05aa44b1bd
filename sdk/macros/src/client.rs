//! Typed clients of contracts.

use proc_macro2::{Ident, TokenStream as Tokens};
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, ItemTrait, Result, TraitItem, Type};

use crate::function::{Function, Receiver, Role, at, local, read};

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
    of_functions(&format_ident!("{}Client", item.ident), &functions)
}

/// The client with these functions.
pub(crate) fn of_functions(name: &Ident, functions: &[Function]) -> Result<Tokens> {
    let sdk = quote!(::bessemer_sdk);
    let functions: Vec<&Function> =
        functions.iter().filter(|function| function.role == Role::Function).collect();
    for function in &functions {
        let Some(tried) = tried(function, &functions) else { continue };
        let message = format!(
            "the client of `{}` has a function `{}` already: give this one another name, and \
             `#[name = \"...\"]` if its name in Solidity shall stay",
            tried.ident, function.ident
        );
        return Err(Error::new_spanned(&function.ident, message));
    }
    let methods = functions.iter().map(|function| method(function));
    let own = own(&functions);
    Ok(quote! {
        /// Calls the functions of a contract at an address.
        ///
        /// If a call fails, the caller fails the same way; the `try_` functions return the reason.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct #name(#sdk::call::Target);

        #[allow(dead_code, reason = "not every function is called")]
        impl #name {
            #own
            #(#methods)*
        }

        impl ::core::convert::From<#sdk::types::Address> for #name {
            fn from(address: #sdk::types::Address) -> Self {
                Self(#sdk::call::Target::new(address))
            }
        }

        impl ::core::convert::From<#sdk::call::Target> for #name {
            fn from(target: #sdk::call::Target) -> Self {
                Self(target)
            }
        }

        impl ::core::convert::From<#name> for #sdk::call::Target {
            fn from(client: #name) -> Self {
                client.0
            }
        }
    })
}

/// The function whose `try_` variant has the name of this one.
fn tried<'a>(function: &Function, all: &[&'a Function]) -> Option<&'a Function> {
    let name = function.ident.to_string();
    let name = name.strip_prefix("try_")?;
    all.iter().copied().find(|other| other.ident == name || other.ident == format!("r#{name}"))
}

/// Methods of a client besides the functions of its contract, whose names have priority.
fn own(functions: &[&Function]) -> Tokens {
    let sdk = quote!(::bessemer_sdk);
    let all = [
        (
            "new",
            quote! {
                /// A client of the contract at this address. `From<Address>` does the same.
                pub const fn new(address: #sdk::types::Address) -> Self {
                    Self(#sdk::call::Target::new(address))
                }
            },
        ),
        (
            "with_value",
            quote! {
                /// Sends this value with calls.
                #[must_use]
                pub const fn with_value(self, value: #sdk::types::U256) -> Self {
                    Self(#sdk::call::Target { value, ..self.0 })
                }
            },
        ),
        (
            "with_gas",
            quote! {
                /// Limits the gas of calls.
                #[must_use]
                pub const fn with_gas(self, gas: u64) -> Self {
                    Self(#sdk::call::Target { gas, ..self.0 })
                }
            },
        ),
        (
            "target",
            quote! {
                /// The target of its calls. `Into<Target>` returns it by value.
                pub const fn target(&self) -> &#sdk::call::Target {
                    &self.0
                }
            },
        ),
    ];
    let free = |name: &str| functions.iter().all(|function| function.ident != name);
    all.into_iter().filter(|(name, _)| free(name)).map(|(_, tokens)| tokens).collect()
}

fn method(function: &Function) -> Tokens {
    let sdk = quote!(::bessemer_sdk);
    let (ident, docs, cfgs) = (&function.ident, &function.docs, &function.cfgs);
    let attempt = format_ident!("try_{}", ident);
    let parameters: Vec<Tokens> =
        function.arguments.iter().map(|(name, ty)| quote!(#name: #ty)).collect();
    let (names, selector) = (function.names(), function.selector());
    let view = function.receiver != Receiver::Mutable;
    let (value, list) = (&function.output.value, function.output.list());
    let error = match &function.output.error {
        Some(error) => quote!(#error),
        None => quote!(#sdk::call::NoError),
    };
    let result = local("result");
    let pattern = match value {
        Type::Tuple(_) => quote!(#result),
        _ => quote!((#result,)),
    };
    let span = function.at();
    let invoke = quote_spanned!(span=>
        #sdk::call::invoke::<#list>(&self.0, #view, const { #selector }, &#names)
    );
    let said = function.ident.to_string();
    let called = quote_spanned!(at(value)=> #sdk::call::results::<_, #error>(#said, #invoke));
    let tried = quote_spanned!(at(value)=> #sdk::call::try_results::<_, #error>(#invoke)?);
    quote! {
        #(#cfgs)*
        #(#docs)*
        #[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
        pub fn #ident(&self, #(#parameters),*) -> #value {
            let #pattern = #called;
            #result
        }

        #(#cfgs)*
        #(#docs)*
        ///
        /// # Errors
        ///
        /// The call did not return.
        #[cfg_attr(not(any(target_arch = "riscv32", target_arch = "riscv64")), track_caller)]
        pub fn #attempt(
            &self, #(#parameters),*
        ) -> ::core::result::Result<#value, #sdk::call::Failure<#error>> {
            let #pattern = #tried;
            ::core::result::Result::Ok(#result)
        }
    }
}

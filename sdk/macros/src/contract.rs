//! The functions of a contract.

use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, ImplItem, ItemImpl, LitStr, Path, Result, Token, Type, Visibility};

use crate::client;
use crate::function::{Function, Receiver, Role, read};

/// What stands in the parentheses of `#[contract(...)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) namespace: Option<String>,
    events: Vec<Path>,
    errors: Vec<Path>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            if name == "namespace" {
                input.parse::<Token![=]>()?;
                options.namespace = Some(input.parse::<LitStr>()?.value());
            } else if name == "events" || name == "errors" {
                let list;
                syn::parenthesized!(list in input);
                let list = Punctuated::<Path, Token![,]>::parse_terminated(&list)?;
                let all = if name == "events" { &mut options.events } else { &mut options.errors };
                all.extend(list);
            } else {
                return Err(Error::new_spanned(
                    name,
                    "known are `namespace = \"...\"`, `events(...)` and `errors(...)`",
                ));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

/// The `impl` of a contract.
pub(crate) fn functions(options: &Options, mut item: ItemImpl) -> Result<Tokens> {
    if let Some(namespace) = &options.namespace {
        return Err(Error::new_spanned(
            namespace,
            "`namespace` stands on the structure of the contract",
        ));
    }
    if let Some((_, path, _)) = &item.trait_ {
        return Err(Error::new_spanned(path, "the functions of a contract are of no trait"));
    }
    let mut functions = Vec::new();
    for member in &mut item.items {
        let ImplItem::Fn(function) = member else { continue };
        let marked = function.attrs.iter().any(|attribute| {
            ["init", "receive", "fallback"].iter().any(|name| attribute.path().is_ident(name))
        });
        let public = matches!(function.vis, Visibility::Public(_));
        if marked || public && function.sig.receiver().is_some() {
            functions.push(read(&function.sig, &mut function.attrs)?);
        }
    }
    let this = &*item.self_ty;
    let (dispatch, interface) = (dispatch(this, &functions)?, interface(options, &functions));
    let client = client::of_functions(&client::name(this)?, &functions);
    Ok(quote! {
        #item

        impl ::bessemer_sdk::Contract for #this {
            const INTERFACE: &'static [&'static [::bessemer_sdk::types::interface::Item]] =
                #interface;

            #dispatch
        }

        #client
    })
}

/// Everything that clients can know of the contract.
fn interface(options: &Options, functions: &[Function]) -> Tokens {
    let items = functions.iter().map(Function::item);
    let events = &options.events;
    let mut errors: Vec<Tokens> = Vec::new();
    let listed = options.errors.iter().map(|path| quote!(#path));
    let failing = functions.iter().filter_map(|function| function.output.error.clone());
    for error in listed.chain(failing) {
        if !errors.iter().any(|known| known.to_string() == error.to_string()) {
            errors.push(error);
        }
    }
    quote!(&[
        &[#(#items,)* #(<#events as ::bessemer_sdk::Event>::ITEM),*],
        #(<#errors as ::bessemer_sdk::contract::CustomError>::ITEMS),*
    ])
}

/// Constructor, and the choice of a function by the input.
fn dispatch(this: &Type, functions: &[Function]) -> Result<Tokens> {
    let only = |role| -> Result<Option<&Function>> {
        let mut all = functions.iter().filter(|function| function.role == role);
        let first = all.next();
        match all.next() {
            Some(second) => Err(Error::new_spanned(&second.ident, "there is one already")),
            None => Ok(first),
        }
    };
    let uniform = functions.iter().all(|function| function.role == Role::Init || !function.payable);
    let body = |this, function| body(this, function, !uniform);
    let create = match only(Role::Init)? {
        Some(init) => self::body(this, init, true),
        None => quote! {
            ::bessemer_sdk::contract::accept_no_value();
            if !arguments.is_empty() {
                ::bessemer_sdk::contract::malformed(::bessemer_sdk::types::DecodeError::Trailing);
            }
        },
    };
    let fallback = match only(Role::Fallback)? {
        Some(fallback) => body(this, fallback),
        None => quote!(::bessemer_sdk::contract::unknown_selector()),
    };
    let receive = only(Role::Receive)?.map(|receive| {
        let body = body(this, receive);
        quote!(if input.is_empty() { #body return; })
    });
    let called: Vec<&Function> =
        functions.iter().filter(|function| function.role == Role::Function).collect();
    let constants: Vec<Ident> =
        (0..called.len()).map(|index| format_ident!("SELECTOR_{index}")).collect();
    let selectors = called.iter().map(|function| function.selector());
    let bodies = called.iter().map(|function| body(this, function));
    let clashes = clashes(&called, &constants);
    // Asked once, unless it depends on the function.
    let value = uniform.then(|| quote!(::bessemer_sdk::contract::accept_no_value();));
    Ok(quote! {
        fn create(arguments: &[u8]) {
            #[allow(unused_mut, unused_variables, reason = "not every constructor uses it")]
            let mut contract = <#this as ::core::default::Default>::default();
            #create
        }

        fn call(input: &[u8]) {
            #(const #constants: u32 = u32::from_be_bytes(#selectors);)*
            #clashes
            #value
            #[allow(unused_mut, unused_variables, reason = "not every contract changes")]
            let mut contract = <#this as ::core::default::Default>::default();
            #receive
            if let ::core::option::Option::Some((selector, arguments)) = input.split_first_chunk() {
                match u32::from_be_bytes(*selector) {
                    #(#constants => { #bodies })*
                    _ => {}
                }
            }
            #fallback
        }
    })
}

/// Refuses to compile two functions with one selector.
fn clashes(functions: &[&Function], constants: &[Ident]) -> Tokens {
    let mut checks = Vec::new();
    for (second, later) in functions.iter().zip(constants).enumerate() {
        for (first, earlier) in functions.iter().zip(constants).take(second) {
            let message = format!(
                "`{}` and `{}` have the same selector: give one another `#[name = \"...\"]`",
                first.ident, later.0.ident
            );
            let later = later.1;
            checks.push(quote!(::core::assert!(#earlier != #later, #message);));
        }
    }
    quote!(const { #(#checks)* })
}

/// Runs a function on `arguments`, or the fallback on `input`, and ends the call with its result.
fn body(this: &Type, function: &Function, ask: bool) -> Tokens {
    let sdk = quote!(::bessemer_sdk);
    let ident = &function.ident;
    let value = (ask && !function.payable).then(|| quote!(#sdk::contract::accept_no_value();));
    let reentry = function.reentrant.then(|| quote!(#sdk::env::allow_reentry(true);));
    let (list, names) = (function.list(), function.names());
    let arguments = match function.role {
        Role::Receive => quote!(),
        Role::Fallback => {
            let name = &function.arguments[0].0;
            quote!(let #name = input;)
        }
        Role::Function | Role::Init if function.arguments.is_empty() => quote! {
            if !arguments.is_empty() {
                #sdk::contract::malformed(#sdk::types::DecodeError::Trailing);
            }
        },
        Role::Function | Role::Init => quote! {
            let #names = #sdk::contract::arguments::<#list>(arguments);
        },
    };
    let names = function.arguments.iter().map(|(name, _)| name);
    let call = match function.receiver {
        Receiver::None => quote!(<#this>::#ident(#(#names),*)),
        Receiver::Shared => quote!(<#this>::#ident(&contract, #(#names),*)),
        Receiver::Mutable => quote!(<#this>::#ident(&mut contract, #(#names),*)),
    };
    let call = match function.output.error {
        Some(_) => quote! {
            match #call {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(error) => #sdk::contract::reply_error(&error),
            }
        },
        None => call,
    };
    let unit = matches!(&function.output.value, Type::Tuple(tuple) if tuple.elems.is_empty());
    let end = match function.role {
        Role::Init => quote!(let _ = #call;),
        Role::Fallback if !unit => quote! {
            let value = #call;
            #sdk::env::finish(::core::convert::AsRef::<[u8]>::as_ref(&value));
        },
        Role::Function if !unit => {
            let listed = function.output.listed(&quote!(value));
            quote! {
                let value = #call;
                #sdk::contract::reply(&#listed);
            }
        }
        Role::Function => quote!(return #call;),
        _ => quote!(#call;),
    };
    quote! {
        #value
        #arguments
        #reentry
        #end
    }
}

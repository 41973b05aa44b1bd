//! The functions of a contract.

use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Ident, ImplItem, ItemImpl, LitStr, Path, Result, Token, Type, Visibility,
};

use crate::client;
use crate::function::{Function, Receiver, Role, at, is_ours, local, read};

/// The arguments of `#[contract(...)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) namespace: Option<LitStr>,
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
                options.namespace = Some(input.parse()?);
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
    let functions = exported(&mut item)?;
    let this = &*item.self_ty;
    let (dispatch, interface) = (dispatch(this, &functions)?, interface(options, &functions));
    let client = client::of_functions(&client::name(this)?, &functions)?;
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

/// The `impl` without our attributes, which the compiler does not know.
pub(crate) fn plain(mut item: ItemImpl) -> ItemImpl {
    for member in &mut item.items {
        if let ImplItem::Fn(function) = member {
            function.attrs.retain(|attribute| !is_ours(attribute));
        }
    }
    item
}

/// The functions that are public or have one of our attributes. All errors at once.
fn exported(item: &mut ItemImpl) -> Result<Vec<Function>> {
    let mut functions = Vec::new();
    let mut errors: Option<Error> = None;
    for member in &mut item.items {
        let ImplItem::Fn(function) = member else { continue };
        let marked = function.attrs.iter().any(|attribute| {
            ["init", "receive", "fallback"].iter().any(|name| attribute.path().is_ident(name))
        });
        if !marked && !matches!(function.vis, Visibility::Public(_)) {
            continue;
        }
        match (read(&function.sig, &mut function.attrs), &mut errors) {
            (Ok(function), _) => functions.push(function),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), none) => *none = Some(error),
        }
    }
    errors.map_or(Ok(functions), Err)
}

/// Everything that clients can know of the contract.
fn interface(options: &Options, functions: &[Function]) -> Tokens {
    let items = functions.iter().map(|function| {
        let (cfgs, item) = (&function.cfgs, function.item());
        quote!(#(#cfgs)* #item,)
    });
    let events = options.events.iter();
    let events = events.map(|event| quote_spanned!(at(event)=> <#event as ::bessemer_sdk::Event>));
    let listed = options.errors.iter().map(|path| errors(&[], &quote!(#path)));
    let failing = functions.iter().filter_map(|function| {
        let error = function.output.error.as_ref()?;
        Some(errors(&function.cfgs, error))
    });
    // each once; of what is under a condition, `json` finds what is there twice
    let mut all: Vec<Tokens> = Vec::new();
    for errors in listed.chain(failing) {
        if !all.iter().any(|known| known.to_string() == errors.to_string()) {
            all.push(errors);
        }
    }
    quote!(&[&[#(#items)* #(#events::ITEM),*], #(#all),*])
}

fn errors(cfgs: &[Attribute], error: &Tokens) -> Tokens {
    quote_spanned!(at(error)=> #(#cfgs)* <#error as ::bessemer_sdk::contract::CustomError>::ITEMS)
}

/// Constructor, and the choice of a function by the input.
fn dispatch(this: &Type, functions: &[Function]) -> Result<Tokens> {
    let [contract, input, arguments, selector] =
        ["contract", "input", "arguments", "selector"].map(local);
    let uniform = functions.iter().all(|function| function.role == Role::Init || !function.payable);
    let body = |function: &Function, ask| body(this, function, ask);
    let create = choice(
        &only(functions, Role::Init)?,
        |init| body(init, true),
        &quote! {
            ::bessemer_sdk::contract::accept_no_value();
            if !#arguments.is_empty() {
                ::bessemer_sdk::contract::malformed(::bessemer_sdk::types::DecodeError::Trailing);
            }
        },
    );
    let unknown = quote!(::bessemer_sdk::contract::unknown_selector());
    let fallback =
        choice(&only(functions, Role::Fallback)?, |fallback| body(fallback, !uniform), &unknown);
    let receive = only(functions, Role::Receive)?;
    let receive = receive.iter().map(|receive| {
        let (cfgs, body) = (&receive.cfgs, body(receive, !uniform));
        quote!(#(#cfgs)* { if #input.is_empty() { #body return; } })
    });
    let called: Vec<&Function> =
        functions.iter().filter(|function| function.role == Role::Function).collect();
    let constants: Vec<Ident> =
        (0..called.len()).map(|index| format_ident!("BESSEMER_SELECTOR_{index}")).collect();
    let selectors = called.iter().zip(&constants).map(|(function, name)| {
        let (cfgs, selector) = (&function.cfgs, function.selector());
        quote!(#(#cfgs)* const #name: u32 = u32::from_be_bytes(#selector);)
    });
    let arms = called.iter().zip(&constants).map(|(function, name)| {
        let (cfgs, body) = (&function.cfgs, body(function, !uniform));
        quote!(#(#cfgs)* #name => { #body })
    });
    let clashes = clashes(&called, &constants);
    // Asked once, unless it depends on the function.
    let value = uniform.then(|| quote!(::bessemer_sdk::contract::accept_no_value();));
    Ok(quote! {
        fn create(#arguments: &[u8]) {
            #[allow(unused_mut, unused_variables, reason = "not every constructor uses it")]
            let mut #contract = <#this as ::core::default::Default>::default();
            #create
        }

        fn call(#input: &[u8]) {
            #(#selectors)*
            #clashes
            #value
            #[allow(unused_mut, unused_variables, reason = "not every contract changes")]
            let mut #contract = <#this as ::core::default::Default>::default();
            #(#receive)*
            if let ::core::option::Option::Some((#selector, #arguments)) =
                #input.split_first_chunk()
            {
                match u32::from_be_bytes(*#selector) {
                    #(#arms)*
                    _ => {}
                }
            }
            #fallback
        }
    })
}

/// The functions with a role that a contract has once. Several are allowed if each has a `#[cfg(...)]`.
fn only(functions: &[Function], role: Role) -> Result<Vec<&Function>> {
    let all: Vec<&Function> = functions.iter().filter(|function| function.role == role).collect();
    match all.as_slice() {
        [_, second, ..] if all.iter().any(|function| function.cfgs.is_empty()) => {
            Err(Error::new_spanned(&second.ident, "there is one already"))
        }
        _ => Ok(all),
    }
}

/// The body of the function that is there, or the default if none is.
fn choice(functions: &[&Function], body: impl Fn(&Function) -> Tokens, default: &Tokens) -> Tokens {
    let conditions: Option<Vec<Tokens>> =
        functions.iter().map(|function| function.condition()).collect();
    match (functions, conditions) {
        ([], _) => default.clone(),
        // one of them has no condition, so it is the only one
        (_, None) => functions.iter().map(|function| body(function)).collect(),
        (_, Some(conditions)) => {
            let bodies = functions.iter().map(|function| {
                let (cfgs, body) = (&function.cfgs, body(function));
                quote!(#(#cfgs)* { #body })
            });
            quote!(#(#bodies)* #[cfg(not(any(#(#conditions),*)))] { #default })
        }
    }
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
            let (cfgs, more) = (&first.cfgs, &later.0.cfgs);
            let (span, later) = (later.0.at(), later.1);
            checks.push(quote_spanned!(span=>
                #(#cfgs)* #(#more)* ::core::assert!(#earlier != #later, #message);
            ));
        }
    }
    quote!(const { #(#checks)* })
}

/// Runs a function on `arguments`, or the fallback on `input`, and ends the call with its result.
fn body(this: &Type, function: &Function, ask: bool) -> Tokens {
    let sdk = quote!(::bessemer_sdk);
    let [contract, input, arguments, value] =
        ["contract", "input", "arguments", "value"].map(local);
    let ident = &function.ident;
    let asked = (ask && !function.payable).then(|| quote!(#sdk::contract::accept_no_value();));
    let reentry = function.reentrant.then(|| quote!(#sdk::env::allow_reentry(true);));
    let (list, variables) = (function.list(), function.variables());
    let span = function.at();
    let decoded = match function.role {
        Role::Receive => quote!(),
        Role::Fallback => quote!(#(let #variables = #input;)*),
        Role::Function | Role::Init if function.arguments.is_empty() => quote! {
            if !#arguments.is_empty() {
                #sdk::contract::malformed(#sdk::types::DecodeError::Trailing);
            }
        },
        Role::Function | Role::Init => quote_spanned! {span=>
            let (#(#variables,)*) = #sdk::contract::arguments::<#list>(#arguments);
        },
    };
    let call = match function.receiver {
        Receiver::None => quote_spanned!(span=> <#this>::#ident(#(#variables),*)),
        Receiver::Shared => quote_spanned!(span=> <#this>::#ident(&#contract, #(#variables),*)),
        Receiver::Mutable => {
            quote_spanned!(span=> <#this>::#ident(&mut #contract, #(#variables),*))
        }
    };
    let call = match &function.output.error {
        Some(error) => {
            let failed = local("error");
            quote_spanned! {at(error)=>
                match #call {
                    ::core::result::Result::Ok(#value) => #value,
                    ::core::result::Result::Err(#failed) => #sdk::contract::reply_error(&#failed),
                }
            }
        }
        None => call,
    };
    let result = &function.output.value;
    let unit = matches!(result, Type::Tuple(tuple) if tuple.elems.is_empty());
    let end = match function.role {
        Role::Init => quote!(let _ = #call;),
        Role::Fallback if !unit => quote_spanned! {at(result)=>
            let #value = #call;
            #sdk::env::finish(::core::convert::AsRef::<[u8]>::as_ref(&#value));
        },
        Role::Function if !unit => {
            let listed = function.output.listed(&quote!(#value));
            quote_spanned! {at(result)=>
                let #value = #call;
                #sdk::contract::reply(&#listed);
            }
        }
        Role::Function => quote!(return #call;),
        _ => quote!(#call;),
    };
    quote! {
        #asked
        #decoded
        #reentry
        #end
    }
}

//! A function of a contract, as it is written.

use proc_macro2::{Ident, Span, TokenStream as Tokens};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, GenericArgument, Lit, Meta, Pat, PathArguments, Result,
    ReturnType, Signature, Type,
};

use crate::names::camel_case;

/// The role of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Function,
    Init,
    Receive,
    Fallback,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    None,
    Shared,
    Mutable,
}

pub(crate) struct Function {
    pub(crate) role: Role,
    pub(crate) ident: Ident,
    /// The name in Solidity.
    pub(crate) name: String,
    /// The documentation.
    pub(crate) docs: Vec<Attribute>,
    /// Its `#[cfg(...)]` attributes, which are copied to everything that is generated for it.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) receiver: Receiver,
    pub(crate) payable: bool,
    pub(crate) reentrant: bool,
    pub(crate) arguments: Vec<(Ident, Type)>,
    pub(crate) output: Output,
}

/// The result of a function.
pub(crate) struct Output {
    /// The value; if the function can fail, the one of `Ok`.
    pub(crate) value: Type,
    /// The error of the function: a type, whose tokens say which error it is.
    pub(crate) error: Option<Tokens>,
}

/// Parses a function, and removes the attributes of this crate from it.
pub(crate) fn read(signature: &Signature, attributes: &mut Vec<Attribute>) -> Result<Function> {
    let mut role = Role::Function;
    let (mut payable, mut reentrant, mut name) = (false, false, None);
    let mut failed = None;
    attributes.retain(|attribute| {
        let path = attribute.path();
        if path.is_ident("init") {
            role = Role::Init;
        } else if path.is_ident("receive") {
            role = Role::Receive;
        } else if path.is_ident("fallback") {
            role = Role::Fallback;
        } else if path.is_ident("payable") {
            payable = true;
        } else if path.is_ident("reentrant") {
            reentrant = true;
        } else if path.is_ident("name") {
            match text(attribute) {
                Ok(text) => name = Some(text),
                Err(error) => failed = Some(error),
            }
        } else {
            return true;
        }
        false
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let wrong = |message| Err(Error::new_spanned(signature, message));
    if !signature.generics.params.is_empty() {
        return wrong("a function of a contract is not generic: callers could not name it");
    }
    if signature.asyncness.is_some() || signature.unsafety.is_some() {
        return wrong("a function of a contract is neither async nor unsafe");
    }
    let receiver = match signature.receiver() {
        None => Receiver::None,
        Some(receiver) if receiver.reference.is_none() => {
            return wrong("a function of a contract takes `&self`, `&mut self` or no `self`");
        }
        Some(receiver) if receiver.mutability.is_some() => Receiver::Mutable,
        Some(_) => Receiver::Shared,
    };
    match role {
        Role::Function if receiver == Receiver::None && payable => {
            return wrong("a pure function, without `self`, accepts no value");
        }
        Role::Receive | Role::Fallback if receiver != Receiver::Mutable => {
            return wrong("this function takes `&mut self`");
        }
        Role::Function if receiver == Receiver::Shared && payable => {
            return wrong("a view, with `&self`, accepts no value");
        }
        _ => {}
    }
    let mut arguments = Vec::new();
    for (index, argument) in signature.inputs.iter().enumerate() {
        if let FnArg::Typed(argument) = argument {
            let ident = match &*argument.pat {
                Pat::Ident(pattern) => pattern.ident.clone(),
                // no name of another argument
                _ => Ident::new(&format!("argument{index}"), Span::mixed_site()),
            };
            arguments.push((ident, (*argument.ty).clone()));
        }
    }
    if arguments.len() > 12 {
        return wrong("a function of a contract takes at most 12 arguments: use a structure");
    }
    match role {
        Role::Receive if !arguments.is_empty() => {
            return wrong("`#[receive]` takes no input");
        }
        Role::Fallback if arguments.len() != 1 => {
            return wrong("`#[fallback]` takes the input as its one argument, `&[u8]`");
        }
        _ => {}
    }
    Ok(Function {
        role,
        name: name.unwrap_or_else(|| camel_case(&signature.ident)),
        ident: signature.ident.clone(),
        docs: named(attributes, "doc"),
        cfgs: named(attributes, "cfg"),
        receiver,
        payable: payable || role == Role::Receive,
        reentrant,
        arguments,
        output: Output::of(&signature.output),
    })
}

/// Whether an attribute of a function is one of those that [`read`] takes off it.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    let ours = ["init", "receive", "fallback", "payable", "reentrant", "name"];
    ours.iter().any(|name| attribute.path().is_ident(name))
}

/// The attributes of this name.
fn named(attributes: &[Attribute], name: &str) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident(name)).cloned().collect()
}

/// A span for generated code that points at what the author wrote, so that errors of the compiler name
/// that place.
pub(crate) fn at(place: &impl Spanned) -> Span {
    Span::call_site().located_at(place.span())
}

/// The name of a variable in generated code, which the author cannot write.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// The text of `#[name = "text"]`.
fn text(attribute: &Attribute) -> Result<String> {
    match &attribute.meta {
        Meta::NameValue(meta) => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.value()),
            other => Err(Error::new_spanned(other, "a name is a string")),
        },
        other => Err(Error::new_spanned(other, "write `#[name = \"...\"]`")),
    }
}

impl Output {
    fn of(output: &ReturnType) -> Self {
        let ReturnType::Type(_, ty) = output else {
            return Self { value: syn::parse_quote!(()), error: None };
        };
        let plain = Self { value: (**ty).clone(), error: None };
        let Type::Path(path) = &**ty else { return plain };
        let Some(last) = path.path.segments.last().filter(|last| last.ident == "Result") else {
            return plain;
        };
        let PathArguments::AngleBracketed(arguments) = &last.arguments else { return plain };
        let mut types = arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        });
        let Some(value) = types.next() else { return plain };
        let error = match types.next() {
            Some(error) => error.to_token_stream(),
            // An alias that fixes the error: any value will do to ask for it.
            None => {
                let mut alias = path.clone();
                if let Some(last) = alias.path.segments.last_mut() {
                    last.arguments = PathArguments::AngleBracketed(syn::parse_quote!(<()>));
                }
                quote!(<#alias as ::bessemer_sdk::contract::Fallible>::Error)
            }
        };
        Self { value: value.clone(), error: Some(error) }
    }

    /// The value as a list of results.
    pub(crate) fn list(&self) -> Tokens {
        let value = &self.value;
        match value {
            Type::Tuple(_) => quote!(#value),
            _ => quote_spanned!(at(value)=> (#value,)),
        }
    }

    /// An expression of the value as an expression of the list.
    pub(crate) fn listed(&self, value: &Tokens) -> Tokens {
        match self.value {
            Type::Tuple(_) => quote!(#value),
            _ => quote!((#value,)),
        }
    }
}

impl Function {
    /// Where it stands.
    pub(crate) fn at(&self) -> Span {
        at(&self.ident)
    }

    /// The condition of its `#[cfg(...)]`; nothing, if it has none.
    pub(crate) fn condition(&self) -> Option<Tokens> {
        let conditions = self.cfgs.iter().filter_map(|attribute| match &attribute.meta {
            Meta::List(list) => Some(&list.tokens),
            _ => None,
        });
        (!self.cfgs.is_empty()).then(|| quote!(all(#(#conditions),*)))
    }

    /// The arguments as a list.
    pub(crate) fn list(&self) -> Tokens {
        let types = self.arguments.iter().map(|(_, ty)| ty);
        quote_spanned!(self.at()=> (#(#types,)*))
    }

    /// The arguments by name, as an expression of that list.
    pub(crate) fn names(&self) -> Tokens {
        let names = self.arguments.iter().map(|(name, _)| name);
        quote_spanned!(self.at()=> (#(#names,)*))
    }

    /// Variables for the arguments.
    pub(crate) fn variables(&self) -> Vec<Ident> {
        let count = 0..self.arguments.len();
        count.map(|index| format_ident!("argument{index}", span = Span::mixed_site())).collect()
    }

    /// The selector, a constant expression.
    pub(crate) fn selector(&self) -> Tokens {
        let (name, list) = (&self.name, self.list());
        quote_spanned!(self.at()=> ::bessemer_sdk::abi::selector(
            #name,
            <#list as ::bessemer_sdk::types::Fields>::FIELDS,
        ))
    }

    /// The entry of the interface.
    pub(crate) fn item(&self) -> Tokens {
        let interface = quote!(::bessemer_sdk::types::interface);
        let mutability = match (self.payable, self.receiver) {
            (true, _) => quote!(#interface::Mutability::Payable),
            (false, Receiver::None) if self.role == Role::Function => {
                quote!(#interface::Mutability::Pure)
            }
            (false, Receiver::Shared) => quote!(#interface::Mutability::View),
            (false, _) => quote!(#interface::Mutability::Nonpayable),
        };
        let inputs = fields(self.arguments.iter().map(|(name, ty)| (camel_case(name), ty)));
        let name = &self.name;
        match self.role {
            Role::Function => {
                let outputs = self.output.list();
                quote_spanned!(self.at()=> #interface::Item::Function {
                    name: #name,
                    inputs: #inputs,
                    outputs: <#outputs as ::bessemer_sdk::types::Fields>::FIELDS,
                    mutability: #mutability,
                })
            }
            Role::Init => quote!(#interface::Item::Constructor {
                inputs: #inputs,
                mutability: #mutability,
            }),
            Role::Receive => quote!(#interface::Item::Receive),
            Role::Fallback => quote!(#interface::Item::Fallback { mutability: #mutability }),
        }
    }
}

/// Named fields of the interface, a constant expression.
pub(crate) fn fields<'a>(fields: impl Iterator<Item = (String, &'a Type)>) -> Tokens {
    let fields = fields.map(|(name, ty)| {
        quote_spanned!(at(ty)=> ::bessemer_sdk::types::interface::Field::new(
            #name,
            <#ty as ::bessemer_sdk::types::Abi>::TYPE,
        ))
    });
    quote!(&[#(#fields),*])
}

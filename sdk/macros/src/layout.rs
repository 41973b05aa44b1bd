//! Structures of containers.

use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Error, Fields, ItemStruct, Result};

use crate::contract::Options;

/// The structure of a contract, whose fields stand at the roots of its storage.
pub(crate) fn contract(options: &Options, item: &ItemStruct) -> Result<Tokens> {
    let path = |index: u8| match &options.namespace {
        Some(name) => quote!(::bessemer_sdk::storage::Path::new(const {
            &::bessemer_sdk::storage::namespaced(#name, #index)
        })),
        None => quote!(::bessemer_sdk::storage::Path::new(&[#index])),
    };
    let (ident, fields) = (&item.ident, build(item, path)?);
    Ok(quote! {
        #item

        impl ::core::default::Default for #ident {
            fn default() -> Self {
                Self #fields
            }
        }
    })
}

/// A structure of containers that stands somewhere in storage.
pub(crate) fn group(item: &ItemStruct) -> Result<Tokens> {
    let (ident, fields) = (&item.ident, build(item, |index| quote!(path.field(#index)))?);
    Ok(quote! {
        #item

        impl ::bessemer_sdk::storage::Layout for #ident {
            type Container = Self;

            fn at(path: ::bessemer_sdk::storage::Path) -> Self {
                Self #fields
            }
        }
    })
}

fn build(item: &ItemStruct, path: impl Fn(u8) -> Tokens) -> Result<Tokens> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "what is in storage is not generic"));
    }
    let Fields::Named(fields) = &item.fields else {
        return match item.fields {
            Fields::Unit => Ok(quote!()),
            _ => Err(Error::new_spanned(item, "containers in storage have names")),
        };
    };
    let mut built = Vec::new();
    for (index, field) in fields.named.iter().enumerate() {
        // The last two bytes stand in front of what is not a field.
        let Some(index) = u8::try_from(index).ok().filter(|index| *index < 254) else {
            return Err(Error::new_spanned(
                field,
                "there are 254 fields at most: put some into a `#[storage]` structure",
            ));
        };
        let (name, ty, path) = (&field.ident, &field.ty, path(index));
        built.push(quote!(#name: <#ty as ::bessemer_sdk::storage::Layout>::at(#path)));
    }
    Ok(quote!({ #(#built),* }))
}

//! Events.

use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Error, Fields, ItemStruct, Result};

use crate::names::camel_case;

pub(crate) fn event(mut item: ItemStruct) -> Result<Tokens> {
    let mut described = Vec::new();
    let (mut topics, mut data, mut types) = (Vec::new(), Vec::new(), Vec::new());
    if let Fields::Unnamed(fields) = &item.fields {
        return Err(Error::new_spanned(fields, "the fields of an event have names"));
    }
    for field in &mut item.fields {
        let before = field.attrs.len();
        field.attrs.retain(|attribute| !attribute.path().is_ident("indexed"));
        let indexed = field.attrs.len() < before;
        let Some(ident) = field.ident.clone() else { continue };
        let (name, ty) = (camel_case(&ident), &field.ty);
        let description = quote!(::bessemer_sdk::types::interface::Field::new(
            #name,
            <#ty as ::bessemer_sdk::types::Abi>::TYPE,
        ));
        types.push(quote!(#ty));
        if indexed {
            described.push(quote!(#description.indexed()));
            topics.push(ident);
            if topics.len() > 3 {
                return Err(Error::new_spanned(field, "at most three fields are indexed"));
            }
        } else {
            described.push(description);
            data.push(ident);
        }
    }
    let ident = &item.ident;
    let name = ident.to_string();
    let (generics, types_of, bounds) = item.generics.split_for_impl();
    Ok(quote! {
        #[derive(Clone, Debug, PartialEq, Eq)]
        #item

        impl #generics ::bessemer_sdk::Event for #ident #types_of #bounds {
            const ITEM: ::bessemer_sdk::types::interface::Item =
                ::bessemer_sdk::types::interface::Item::Event {
                    name: #name,
                    fields: &[#(#described),*],
                };

            fn with<BessemerResult>(
                &self,
                then: impl ::core::ops::FnOnce(&[[u8; 32]], &[u8]) -> BessemerResult,
            ) -> BessemerResult {
                const BESSEMER_TOPIC: [u8; 32] = ::bessemer_sdk::abi::topic(
                    #name,
                    <(#(#types,)*) as ::bessemer_sdk::types::Fields>::FIELDS,
                );
                let topics = [BESSEMER_TOPIC, #(::bessemer_sdk::Topic::topic(&self.#topics)),*];
                ::bessemer_sdk::abi::with_encoded(&(#(&self.#data,)*), |data| then(&topics, data))
            }
        }
    })
}

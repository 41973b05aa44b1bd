//! Values in storage.

use proc_macro2::{Ident, TokenStream as Tokens};
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, Result, parse_quote};

pub(crate) fn stored(item: &DeriveInput) -> Result<Tokens> {
    let (size, write, read) = match &item.data {
        Data::Struct(data) => {
            let fields = Parts::of(&data.fields);
            let (pattern, write, read) = (&fields.pattern, fields.write(), fields.read());
            (fields.size(), quote!(let Self #pattern = self; #write), quote!(Self #read))
        }
        Data::Enum(data) => {
            let (mut write, mut read) = (Vec::new(), Vec::new());
            for (tag, variant) in data.variants.iter().enumerate() {
                let Ok(tag) = u8::try_from(tag) else {
                    return Err(Error::new_spanned(variant, "there are 256 variants at most"));
                };
                let (case, fields) = (&variant.ident, Parts::of(&variant.fields));
                let (pattern, fields_written, fields_read) =
                    (&fields.pattern, fields.write(), fields.read());
                write.push(quote!(Self::#case #pattern => { ::bessemer_sdk::storage::Sink::append(out, &[#tag]); #fields_written }));
                read.push(quote!(#tag => Self::#case #fields_read,));
            }
            let Some(first) = data.variants.first() else {
                return Err(Error::new_spanned(item, "an enum without variants has no values"));
            };
            let (case, fields_read) = (&first.ident, Parts::of(&first.fields).read());
            let plain = data.variants.iter().all(|variant| variant.fields.is_empty());
            (
                if plain { quote!(1) } else { quote!(0) },
                quote!(match self { #(#write)* }),
                quote!(match source.tag() {
                    #(#read)*
                    _ => {
                        source.fail();
                        Self::#case #fields_read
                    }
                }),
            )
        }
        Data::Union(_) => return Err(Error::new_spanned(item, "a union cannot be stored")),
    };
    let mut generics = item.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(parse_quote!(::bessemer_sdk::storage::Stored));
    }
    let (generics, types, bounds) = generics.split_for_impl();
    let ident = &item.ident;
    Ok(quote! {
        impl #generics ::bessemer_sdk::storage::Stored for #ident #types #bounds {
            const SIZE: usize = #size;

            fn write(&self, out: &mut impl ::bessemer_sdk::storage::Sink) {
                #write
            }

            fn read(source: &mut ::bessemer_sdk::storage::Source<'_>) -> Self {
                #read
            }
        }
    })
}

/// The fields of a structure or variant.
struct Parts<'a> {
    fields: &'a Fields,
    bindings: Vec<Ident>,
    /// Binds them.
    pattern: Tokens,
}

impl<'a> Parts<'a> {
    fn of(fields: &'a Fields) -> Self {
        let bindings: Vec<Ident> =
            (0..fields.len()).map(|index| format_ident!("field{index}")).collect();
        let pattern = match fields {
            Fields::Named(named) => {
                let names = named.named.iter().map(|field| &field.ident);
                quote!({ #(#names: #bindings),* })
            }
            Fields::Unnamed(_) => quote!((#(#bindings),*)),
            Fields::Unit => quote!(),
        };
        Self { fields, bindings, pattern }
    }

    fn size(&self) -> Tokens {
        let types: Vec<_> = self.fields.iter().map(|field| &field.ty).collect();
        let size = |ty| quote!(<#ty as ::bessemer_sdk::storage::Stored>::SIZE);
        let sizes: Vec<Tokens> = types.into_iter().map(size).collect();
        quote!(if true #(&& #sizes > 0)* { 0 #(+ #sizes)* } else { 0 })
    }

    fn write(&self) -> Tokens {
        let bindings = &self.bindings;
        quote!(#(::bessemer_sdk::storage::Stored::write(#bindings, out);)*)
    }

    fn read(&self) -> Tokens {
        let read = quote!(::bessemer_sdk::storage::Stored::read(source));
        match self.fields {
            Fields::Named(named) => {
                let names = named.named.iter().map(|field| &field.ident);
                quote!({ #(#names: #read),* })
            }
            Fields::Unnamed(unnamed) => {
                let reads = unnamed.unnamed.iter().map(|_| &read);
                quote!((#(#reads),*))
            }
            Fields::Unit => quote!(),
        }
    }
}

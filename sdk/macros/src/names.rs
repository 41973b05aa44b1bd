//! Names in Solidity.

use proc_macro2::Ident;
use syn::ext::IdentExt;

/// `balance_of` is `balanceOf`.
pub(crate) fn camel_case(name: &Ident) -> String {
    let name = name.unraw().to_string();
    let mut camel = String::new();
    let mut upper = false;
    for letter in name.chars() {
        match letter {
            '_' if !camel.is_empty() => upper = true,
            '_' => {}
            _ if upper => {
                camel.extend(letter.to_uppercase());
                upper = false;
            }
            _ => camel.push(letter),
        }
    }
    camel
}

//! Sources that do not compile, and the messages for their authors.

use syn::{DeriveInput, Item, ItemEnum, ItemStruct, ItemTrait, parse_str};

use crate::{abi, client, contract, error, event, layout, stored};

/// The message of `#[contract(...)]` for a source.
fn contract_error(options: &str, source: &str) -> String {
    let options = parse_str::<contract::Options>(options);
    let tokens = options.and_then(|options| match parse_str(source)? {
        Item::Struct(item) => layout::contract(&options, &item),
        Item::Impl(item) => contract::functions(&options, item),
        _ => unreachable!("no test has anything else"),
    });
    tokens.expect_err(source).to_string()
}

#[test]
fn functions_that_no_client_could_call_are_refused() {
    for (function, message) in [
        ("pub fn f<T>(&self, value: T) {}", "a function of a contract is not generic"),
        ("pub async fn f(&self) {}", "neither async nor unsafe"),
        ("pub unsafe fn f(&self) {}", "neither async nor unsafe"),
        ("pub fn f(self) {}", "takes `&self`, `&mut self` or no `self`"),
        ("#[payable] pub fn f() {}", "a pure function, without `self`, accepts no value"),
        (
            "pub fn pay(&mut self) {} pub fn try_pay(&mut self) {}",
            "has a function `try_pay` already",
        ),
        (
            "#[init] pub fn f(&mut self) {} #[cfg(a)] #[init] pub fn g(&mut self) {}",
            "there is one already",
        ),
        ("#[payable] pub fn f(&self) {}", "a view, with `&self`, accepts no value"),
        ("#[receive] pub fn f(&self) {}", "this function takes `&mut self`"),
        ("#[receive] pub fn f(&mut self, a: u8) {}", "`#[receive]` takes no input"),
        ("#[fallback] pub fn f(&mut self) {}", "takes the input as its one argument"),
        ("#[name(x)] pub fn f(&self) {}", "name"),
        (
            "pub fn f(&self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, \
             j: u8, k: u8, l: u8, m: u8) {}",
            "at most 12 arguments: use a structure",
        ),
        ("#[init] pub fn f(&mut self) {} #[init] pub fn g(&mut self) {}", "there is one already"),
        (
            "#[receive] pub fn f(&mut self) {} #[receive] pub fn g(&mut self) {}",
            "there is one already",
        ),
    ] {
        let said = contract_error("", &format!("impl C {{ {function} }}"));
        assert!(said.contains(message), "{function}: {said}");
    }
}

#[test]
fn all_errors_are_said_at_once() {
    let options = parse_str::<contract::Options>("").expect("nothing is fine");
    let source = "impl C { pub fn f(self) {} pub fn g<T>(&self) {} }";
    let item = parse_str::<syn::ItemImpl>(source).expect("an impl");
    let errors = contract::functions(&options, item).expect_err("both are wrong");
    assert_eq!(errors.into_iter().count(), 2);
}

#[test]
fn contracts_that_are_none_are_refused() {
    for (options, source, message) in [
        ("", "impl Token for C {}", "the functions of a contract are of no trait"),
        ("namespace = \"a\"", "impl C {}", "stands on the structure"),
        ("colour = 1", "impl C {}", "known are"),
        ("", "struct C<T> { a: Value<T> }", "what is in storage is not generic"),
        ("", "struct C(Value<u8>);", "containers in storage have names"),
    ] {
        let said = contract_error(options, source);
        assert!(said.contains(message), "{source}: {said}");
    }
    // one field more than there are places
    let fields = |count| {
        let fields: String = (0..count).map(|index| format!("f{index}: Value<u8>,")).collect();
        format!("struct C {{ {fields} }}")
    };
    let options = parse_str("").expect("nothing is fine");
    let most = parse_str(&fields(254)).expect("a structure");
    assert!(layout::contract(&options, &most).is_ok());
    let said = contract_error("", &fields(255));
    assert!(said.contains("254 fields at most"), "{said}");
}

#[test]
fn events_and_types_that_solidity_has_not_are_refused() {
    let said = |tokens: syn::Result<proc_macro2::TokenStream>| match tokens {
        Ok(tokens) => panic!("it is taken: {tokens}"),
        Err(error) => error.to_string(),
    };
    let four =
        "struct E { #[indexed] a: u8, #[indexed] b: u8, #[indexed] c: u8, #[indexed] d: u8 }";
    let four = event::event(parse_str::<ItemStruct>(four).expect("a structure"));
    assert!(said(four).contains("three"));
    let derived = |source: &str| parse_str::<DeriveInput>(source).expect(source);
    for (source, message) in [
        ("struct S(u8);", "members of a Solidity structure have names"),
        ("struct S {}", "has members"),
        ("struct S<T> { a: T }", "is not generic"),
        ("enum E { A(u8) }", "neither fields nor numbers of their own"),
        ("enum E { A = 3 }", "neither fields nor numbers of their own"),
        ("enum E {}", "has variants"),
        ("union U { a: u8 }", "has no Solidity type"),
    ] {
        let said = said(abi::abi(&derived(source)));
        assert!(said.contains(message), "{source}: {said}");
    }
    for (source, message) in
        [("union U { a: u8 }", "cannot be stored"), ("enum E {}", "without variants")]
    {
        let said = said(stored::stored(&derived(source)));
        assert!(said.contains(message), "{source}: {said}");
    }
    let constant = parse_str::<ItemTrait>("trait T { const A: u8; }").expect("a trait");
    assert!(said(client::of_trait(&constant)).contains("an interface has functions only"));
    let errors = parse_str::<ItemEnum>("enum E { A { b: u8 }, B(u8), C }").expect("an enum");
    assert!(error::error(&errors).is_ok());
}

//! A contract's interface, in Solidity's terms: types, functions, events, errors; their signatures
//! and the JSON that clients read.
//!
//! Everything is `const`, so that selectors and the JSON are made by the compiler.

/// A Solidity type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `bool`
    Bool,
    /// `uintN`, by its bits.
    Uint(u32),
    /// `intN`, by its bits.
    Int(u32),
    /// `address`
    Address,
    /// `bytesN`
    FixedBytes(usize),
    /// `bytes`
    Bytes,
    /// `string`
    String,
    /// `T[]`
    Array(&'static Type),
    /// `T[N]`
    FixedArray(&'static Type, usize),
    /// A structure, in signatures `(A,B)`.
    Tuple(&'static [Field]),
    /// An enum, by its name and the names of its values; in signatures `uint8`.
    Enum(&'static str, &'static [&'static str]),
}

/// A value with a name: an argument, a result, a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name; empty if it has none.
    pub name: &'static str,
    /// The type.
    pub ty: &'static Type,
    /// Whether it is a topic of an event, by which events are found.
    pub indexed: bool,
}

/// The mutability of a function: what it may do with state and value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// Neither changes nor reads state.
    Pure,
    /// Changes nothing.
    View,
    /// Changes state, refuses value.
    Nonpayable,
    /// Changes state, accepts value.
    Payable,
}

/// One entry of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// The constructor, which runs once.
    Constructor {
        /// Its arguments.
        inputs: &'static [Field],
        /// Whether it accepts value.
        mutability: Mutability,
    },
    /// A function.
    Function {
        /// Its name in Solidity.
        name: &'static str,
        /// Its arguments.
        inputs: &'static [Field],
        /// Its results.
        outputs: &'static [Field],
        /// Its mutability.
        mutability: Mutability,
    },
    /// An event.
    Event {
        /// Its name.
        name: &'static str,
        /// Its fields.
        fields: &'static [Field],
    },
    /// A custom error.
    Error {
        /// Its name.
        name: &'static str,
        /// Its fields.
        fields: &'static [Field],
    },
    /// The fallback function, for input that no function takes.
    Fallback {
        /// Whether it accepts value.
        mutability: Mutability,
    },
    /// The receive function, for value without input.
    Receive,
}

impl Field {
    /// A field with a name.
    pub const fn new(name: &'static str, ty: &'static Type) -> Self {
        Self { name, ty, indexed: false }
    }

    /// A field without a name.
    pub const fn unnamed(ty: &'static Type) -> Self {
        Self::new("", ty)
    }

    /// The same as a topic of an event.
    pub const fn indexed(self) -> Self {
        Self { indexed: true, ..self }
    }
}

/// Text that the compiler writes: `N` bytes, of which the first `len` are used.
#[derive(Clone, Copy, Debug)]
pub struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    const fn new() -> Self {
        Self { bytes: [0; N], len: 0 }
    }

    /// The used bytes.
    pub const fn as_bytes(&self) -> &[u8] {
        self.bytes.split_at(self.len).0
    }

    /// The first `M` bytes.
    pub const fn cut<const M: usize>(&self) -> [u8; M] {
        let mut cut = [0; M];
        cut.copy_from_slice(self.bytes.split_at(M).0);
        cut
    }

    const fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        assert!(self.len + bytes.len() <= N, "the interface of the contract is too long");
        self.bytes.split_at_mut(self.len).1.split_at_mut(bytes.len()).0.copy_from_slice(bytes);
        self.len += bytes.len();
    }

    const fn number(&mut self, number: usize) {
        if number >= 10 {
            self.number(number / 10);
        }
        const DIGITS: &str = "0123456789";
        self.push(DIGITS.split_at(number % 10).1.split_at(1).0);
    }

    /// The type in a signature, where a structure is `(A,B)`, or in JSON, where it is `tuple`.
    const fn ty(&mut self, ty: &Type, json: bool) {
        match ty {
            Type::Bool => self.push("bool"),
            Type::Uint(bits) => {
                self.push("uint");
                self.number(*bits as usize);
            }
            Type::Int(bits) => {
                self.push("int");
                self.number(*bits as usize);
            }
            Type::Address => self.push("address"),
            Type::FixedBytes(count) => {
                self.push("bytes");
                self.number(*count);
            }
            Type::Bytes => self.push("bytes"),
            Type::String => self.push("string"),
            Type::Array(item) => {
                self.ty(item, json);
                self.push("[]");
            }
            Type::FixedArray(item, count) => {
                self.ty(item, json);
                self.push("[");
                self.number(*count);
                self.push("]");
            }
            Type::Tuple(_) if json => self.push("tuple"),
            Type::Tuple(fields) => self.types(fields),
            Type::Enum(..) => self.push("uint8"),
        }
    }

    const fn types(&mut self, fields: &[Field]) {
        self.push("(");
        let mut index = 0;
        while index < fields.len() {
            if index > 0 {
                self.push(",");
            }
            self.ty(fields[index].ty, false);
            index += 1;
        }
        self.push(")");
    }

    const fn quoted(&mut self, key: &str, text: &str) {
        self.push("\"");
        self.push(key);
        self.push("\":\"");
        self.push(text);
        self.push("\"");
    }

    const fn fields(&mut self, key: &str, fields: &[Field], topics: bool) {
        self.push("\"");
        self.push(key);
        self.push("\":[");
        let mut index = 0;
        while index < fields.len() {
            let field = fields[index];
            self.push(if index > 0 { ",{" } else { "{" });
            self.quoted("name", field.name);
            self.push(",\"type\":\"");
            self.ty(field.ty, true);
            self.push("\"");
            if let Type::Enum(name, values) = innermost(field.ty) {
                self.choice(name, field.ty, values);
            }
            if let Some(members) = members(field.ty) {
                self.push(",");
                self.fields("components", members, false);
            }
            if topics {
                self.push(if field.indexed { ",\"indexed\":true" } else { ",\"indexed\":false" });
            }
            self.push("}");
            index += 1;
        }
        self.push("]");
    }

    /// Which enum a number is of: its name as Solidity's compiler writes it, and as an addition of ours the
    /// names of its values.
    const fn choice(&mut self, name: &str, ty: &Type, values: &[&str]) {
        self.push(",\"internalType\":\"enum ");
        self.push(name);
        self.dimensions(ty);
        self.push("\",\"values\":[");
        let mut index = 0;
        while index < values.len() {
            self.push(if index > 0 { ",\"" } else { "\"" });
            self.push(values[index]);
            self.push("\"");
            index += 1;
        }
        self.push("]");
    }

    /// `[3][]` of an array.
    const fn dimensions(&mut self, ty: &Type) {
        match ty {
            Type::Array(item) => {
                self.dimensions(item);
                self.push("[]");
            }
            Type::FixedArray(item, count) => {
                self.dimensions(item);
                self.push("[");
                self.number(*count);
                self.push("]");
            }
            _ => {}
        }
    }

    const fn item(&mut self, item: &Item) {
        self.push("{");
        match item {
            Item::Constructor { inputs, mutability } => {
                self.quoted("type", "constructor");
                self.push(",");
                self.fields("inputs", inputs, false);
                self.mutability(*mutability);
            }
            Item::Function { name, inputs, outputs, mutability } => {
                self.quoted("type", "function");
                self.push(",");
                self.quoted("name", name);
                self.push(",");
                self.fields("inputs", inputs, false);
                self.push(",");
                self.fields("outputs", outputs, false);
                self.mutability(*mutability);
            }
            Item::Event { name, fields } => {
                self.quoted("type", "event");
                self.push(",");
                self.quoted("name", name);
                self.push(",");
                self.fields("inputs", fields, true);
                self.push(",\"anonymous\":false");
            }
            Item::Error { name, fields } => {
                self.quoted("type", "error");
                self.push(",");
                self.quoted("name", name);
                self.push(",");
                self.fields("inputs", fields, false);
            }
            Item::Fallback { mutability } => {
                self.quoted("type", "fallback");
                self.mutability(*mutability);
            }
            Item::Receive => {
                self.quoted("type", "receive");
                self.mutability(Mutability::Payable);
            }
        }
        self.push("}");
    }

    const fn mutability(&mut self, mutability: Mutability) {
        self.push(",");
        self.quoted(
            "stateMutability",
            match mutability {
                Mutability::Pure => "pure",
                Mutability::View => "view",
                Mutability::Nonpayable => "nonpayable",
                Mutability::Payable => "payable",
            },
        );
    }
}

/// The members of a structure, or of the structures in an array.
const fn members(ty: &Type) -> Option<&'static [Field]> {
    match innermost(ty) {
        Type::Tuple(fields) => Some(fields),
        _ => None,
    }
}

/// The type of what is in an array of arrays, or a type that is no array.
const fn innermost(ty: &Type) -> &Type {
    match ty {
        Type::Array(item) | Type::FixedArray(item, _) => innermost(item),
        _ => ty,
    }
}

/// Bytes that a signature may have.
pub const SIGNATURE_BYTES: usize = 1024;

/// The signature of a function, event or error: its name and the types of its fields.
///
/// ```
/// use bessemer_types::interface::signature;
/// use bessemer_types::{Address, Fields, U256};
///
/// let signature = signature("transfer", <(Address, U256)>::FIELDS);
/// assert_eq!(signature.as_bytes(), b"transfer(address,uint256)");
/// ```
pub const fn signature(name: &str, fields: &[Field]) -> Text<SIGNATURE_BYTES> {
    let mut text = Text::new();
    text.push(name);
    text.types(fields);
    text
}

/// Whether these are the same event or the same error: equal names and types.
const fn are_same(a: &Item, b: &Item) -> bool {
    match (a, b) {
        (Item::Event { name, fields }, Item::Event { name: other, fields: others })
        | (Item::Error { name, fields }, Item::Error { name: other, fields: others }) => {
            are_equal(name, other) && have_same_types(fields, others)
        }
        _ => false,
    }
}

const fn have_same_types(a: &[Field], b: &[Field]) -> bool {
    let mut same = a.len() == b.len();
    let mut index = 0;
    while same && index < a.len() {
        same = is_same_type(a[index].ty, b[index].ty);
        index += 1;
    }
    same
}

const fn is_same_type(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Bool, Type::Bool)
        | (Type::Address, Type::Address)
        | (Type::Bytes, Type::Bytes)
        | (Type::String, Type::String) => true,
        (Type::Enum(..), Type::Enum(..))
        | (Type::Enum(..), Type::Uint(8))
        | (Type::Uint(8), Type::Enum(..)) => true,
        (Type::Uint(a), Type::Uint(b)) | (Type::Int(a), Type::Int(b)) => *a == *b,
        (Type::FixedBytes(a), Type::FixedBytes(b)) => *a == *b,
        (Type::Array(a), Type::Array(b)) => is_same_type(a, b),
        (Type::FixedArray(a, m), Type::FixedArray(b, n)) => *m == *n && is_same_type(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => have_same_types(a, b),
        _ => false,
    }
}

const fn are_equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut equal = a.len() == b.len();
    let mut index = 0;
    while equal && index < a.len() {
        equal = a[index] == b[index];
        index += 1;
    }
    equal
}

/// Whether an event or an error stands further in front too.
const fn is_repeated(items: &[&[Item]], list: usize, index: usize) -> bool {
    let item = &items[list][index];
    let mut earlier = 0;
    while earlier <= list {
        let mut at = 0;
        while at < items[earlier].len() {
            if earlier == list && at == index {
                return false;
            }
            if are_same(&items[earlier][at], item) {
                return true;
            }
            at += 1;
        }
        earlier += 1;
    }
    false
}

/// The interface as JSON, as Solidity's compiler writes it; at most `N` bytes. Events and errors that
/// are listed more than once stand there once.
pub const fn json<const N: usize>(items: &[&[Item]]) -> Text<N> {
    let mut text = Text::new();
    text.push("[");
    let mut first = true;
    let mut list = 0;
    while list < items.len() {
        let mut index = 0;
        while index < items[list].len() {
            if !is_repeated(items, list, index) {
                if !first {
                    text.push(",");
                }
                first = false;
                text.item(&items[list][index]);
            }
            index += 1;
        }
        list += 1;
    }
    text.push("]");
    text
}

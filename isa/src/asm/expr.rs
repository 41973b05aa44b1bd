//! Constants and addresses that are known only when the program is laid out.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::ops;

use super::symbols::{SectionId, Symbols};

/// A constant, a label, or a sum of such: the operand of instructions and data directives.
///
/// Numbers and label names convert to it, so it seldom has to be named:
///
/// ```
/// use bessemer_isa::Reg;
/// use bessemer_isa::asm::{Assembler, Expr, Options};
///
/// let mut a = Assembler::new(&Options::default());
/// a.label("start").j(Expr::here() + 8).nop().word(Expr::symbol("start") + 4);
/// let program = a.finish()?;
/// assert_eq!(program.text.bytes[8..], 0x1_0004_u32.to_le_bytes());
/// # Ok::<(), bessemer_isa::asm::AsmError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Expr(pub(super) Node);

impl Expr {
    /// The address of a label or the value of a constant. `"1f"` and `"1b"` are the next and the
    /// last label `1`.
    pub fn symbol(name: &str) -> Self {
        Self(Node::Symbol(name.to_owned()))
    }

    /// The address of the instruction or datum that the expression belongs to; `.` in text.
    pub fn here() -> Self {
        Self(Node::Here)
    }

    /// The upper 20 bits to give `lui` so that adding [`Expr::lo`] makes `value`; `%hi` in text.
    pub fn hi(value: impl Into<Self>) -> Self {
        Self(Node::Hi(Box::new(value.into().0)))
    }

    /// The lower 12 bits of `value`, signed; `%lo` in text.
    pub fn lo(value: impl Into<Self>) -> Self {
        Self(Node::Lo(Box::new(value.into().0)))
    }

    /// The upper 20 bits of the distance to `target`, for `auipc`; `%pcrel_hi` in text.
    pub fn pcrel_hi(target: impl Into<Self>) -> Self {
        Self(Node::PcrelHi(Box::new(target.into().0)))
    }

    /// The lower 12 bits that belong to the [`Expr::pcrel_hi`] of the instruction at `label`;
    /// `%pcrel_lo` in text.
    pub fn pcrel_lo(label: impl Into<Self>) -> Self {
        Self(Node::PcrelLo(Box::new(label.into().0)))
    }

    pub(super) fn binary(op: Binary, left: Self, right: Self) -> Self {
        Self(Node::Binary(op, Box::new(left.0), Box::new(right.0)))
    }

    pub(super) fn constant(number: i64) -> Self {
        Self(Node::Value(Value::constant(number)))
    }
}

macro_rules! expr_from {
    ($($Number:ty),*) => {
        $(impl From<$Number> for Expr {
            fn from(number: $Number) -> Self {
                Self::constant(number.into())
            }
        })*
    };
}

expr_from!(i32, u32, u8, u16, i64);

impl From<&str> for Expr {
    fn from(name: &str) -> Self {
        Self::symbol(name)
    }
}

impl From<String> for Expr {
    fn from(name: String) -> Self {
        Self(Node::Symbol(name))
    }
}

impl From<Value> for Expr {
    fn from(value: Value) -> Self {
        Self(Node::Value(value))
    }
}

macro_rules! expr_operator {
    ($($Trait:ident $method:ident $Op:ident;)*) => {
        $(impl<T: Into<Expr>> ops::$Trait<T> for Expr {
            type Output = Self;
            fn $method(self, right: T) -> Self {
                Self::binary(Binary::$Op, self, right.into())
            }
        })*
    };
}

expr_operator! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Shl shl Shl;
    Shr shr Shr;
    BitAnd bitand And;
    BitOr bitor Or;
    BitXor bitxor Xor;
}

impl ops::Not for Expr {
    type Output = Self;
    fn not(self) -> Self {
        Self(Node::Not(Box::new(self.0)))
    }
}

impl ops::Neg for Expr {
    type Output = Self;
    fn neg(self) -> Self {
        Self::constant(0) - self
    }
}

/// An expression as a tree.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Value(Value),
    Here,
    Symbol(String),
    /// A numeric label: its number, and which of its definitions.
    Local(u32, u32),
    Not(Box<Node>),
    Binary(Binary, Box<Node>, Box<Node>),
    Hi(Box<Node>),
    Lo(Box<Node>),
    PcrelHi(Box<Node>),
    PcrelLo(Box<Node>),
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Shl,
    Shr,
    And,
    Or,
    Xor,
}

/// A number, or a number counted from the start of a section that has no address yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) section: Option<SectionId>,
    pub(super) number: i64,
}

impl Value {
    pub(super) const fn constant(number: i64) -> Self {
        Self { section: None, number }
    }
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// It uses a symbol that is not defined, or not yet.
    Undefined(String),
    /// It calculates with addresses, which are known only at the end.
    Address,
    /// It never has one.
    Wrong(String),
}

/// Where each section starts, once that is known.
pub(super) type Bases = [u32; SectionId::COUNT];

impl Node {
    /// The value of the expression: with `bases` a constant, without perhaps an offset.
    pub(super) fn value(&self, symbols: &Symbols, bases: Option<&Bases>) -> Result<Value, Unknown> {
        let constant = |node: &Self| match node.value(symbols, bases)? {
            Value { section: None, number } => Ok(number),
            _ => Err(Unknown::Address),
        };
        let value = match self {
            Self::Value(value) => *value,
            Self::Here => return Err(Unknown::Wrong("`.` has no address here".into())),
            Self::Symbol(name) => {
                symbols.value(name).ok_or_else(|| Unknown::Undefined(name.clone()))?
            }
            Self::Local(number, ordinal) => symbols
                .local(*number, *ordinal)
                .ok_or_else(|| Unknown::Undefined(format!("{number}f")))?,
            Self::Not(node) => Value::constant(!constant(node)?),
            Self::Binary(op, left, right) => {
                let left = left.value(symbols, bases)?;
                let right = right.value(symbols, bases)?;
                op.apply(left, right)?
            }
            Self::Hi(node) => {
                let value = constant(node)?;
                Value::constant(value.wrapping_add(0x800) >> 12 & 0xf_ffff)
            }
            Self::Lo(node) => Value::constant(low_12(constant(node)?)),
            Self::PcrelHi(_) => {
                return Err(Unknown::Wrong("%pcrel_hi belongs to an instruction".into()));
            }
            Self::PcrelLo(label) => {
                let label = label.value(symbols, None)?;
                let distance = symbols.pcrel_distance(label).ok_or_else(|| {
                    Unknown::Wrong(
                        "%pcrel_lo takes the label of the auipc that has the %pcrel_hi, and no \
                         %pcrel_hi is there"
                            .into(),
                    )
                })?;
                match distance.value(symbols, bases)?.section {
                    None => Value::constant(low_12(constant(distance)?)),
                    Some(_) => return Err(Unknown::Address),
                }
            }
        };
        Ok(match (value.section, bases) {
            (Some(section), Some(bases)) => {
                let base = i64::from(bases[section as usize]);
                Value::constant(value.number.wrapping_add(base))
            }
            _ => value,
        })
    }
}

impl Binary {
    fn apply(self, left: Value, right: Value) -> Result<Value, Unknown> {
        let (a, b) = (left.number, right.number);
        let shift = u32::try_from(b).ok().filter(|&bits| bits < 64);
        let wrong_shift = || Unknown::Wrong(format!("a shift by {b} is not from 0 to 63"));
        let by_zero = || Unknown::Wrong("the expression divides by 0".into());
        let (section, number) = match (self, left.section, right.section) {
            (Self::Add, section, None) | (Self::Add, None, section) => (section, a.wrapping_add(b)),
            (Self::Sub, section, None) => (section, a.wrapping_sub(b)),
            (Self::Sub, Some(x), Some(y)) if x == y => (None, a.wrapping_sub(b)),
            (Self::Add | Self::Sub, ..) | (_, Some(_), _) | (_, _, Some(_)) => {
                return Err(Unknown::Address);
            }
            (Self::Mul, ..) => (None, a.wrapping_mul(b)),
            (Self::Div, ..) => (None, a.checked_div(b).ok_or_else(by_zero)?),
            (Self::Rem, ..) => (None, a.checked_rem(b).ok_or_else(by_zero)?),
            (Self::Shl, ..) => (None, a << shift.ok_or_else(wrong_shift)?),
            (Self::Shr, ..) => (None, a >> shift.ok_or_else(wrong_shift)?),
            (Self::And, ..) => (None, a & b),
            (Self::Or, ..) => (None, a | b),
            (Self::Xor, ..) => (None, a ^ b),
        };
        Ok(Value { section, number })
    }
}

/// The low 12 bits, sign-extended.
const fn low_12(value: i64) -> i64 {
    (value & 0xfff ^ 0x800) - 0x800
}

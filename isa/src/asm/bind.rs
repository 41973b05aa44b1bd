//! Expressions at the moment they are written: what depends on the place becomes fixed.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::builder::Assembler;
use super::expr::{Binary, Expr, Node, Unknown, Value};

impl Assembler {
    /// The value of an expression that must be known now; addresses may still be offsets.
    pub(super) fn known(&mut self, value: Expr) -> Result<Value, String> {
        let bound = self.bound(value.0, Nesting::Outer)?;
        bound.value(&self.symbols, None).map_err(|why| match why {
            Unknown::Wrong(sentence) => sentence,
            Unknown::Undefined(name) => {
                format!("`{name}` must be defined above this line, because its value counts here")
            }
            Unknown::Address => {
                "the value depends on where sections are put, which is not known here; use the \
                 distance of two labels of one section"
                    .into()
            }
        })
    }

    /// The same, without offsets.
    pub(super) fn known_constant(&mut self, value: Expr) -> Result<i64, String> {
        match self.known(value)? {
            Value { section: None, number } => Ok(number),
            _ => Err("an address cannot stand here; write a constant".into()),
        }
    }

    #[track_caller]
    pub(super) fn bind(&mut self, expr: Expr) -> Option<Node> {
        let here = self.here();
        match self.bound(expr.0, Nesting::At(here)) {
            Ok(node) => Some(node),
            Err(sentence) => {
                self.fail(sentence);
                None
            }
        }
    }

    /// The expression with everything replaced that depends on where it stands: `.`, `1b`, and
    /// constants, which may be set anew further down.
    pub(super) fn bound(&mut self, node: Node, nesting: Nesting) -> Result<Node, String> {
        let inner = |nesting| match nesting {
            Nesting::At(place) => Nesting::Inside(place),
            other => other,
        };
        Ok(match node {
            Node::Here => Node::Value(match nesting {
                Nesting::At(place) | Nesting::Inside(place) => place,
                Nesting::Outer => self.here(),
            }),
            Node::Symbol(name) => match self.symbols.local_reference(&name) {
                Some(reference) => reference?,
                None => match self.symbols.constant(&name) {
                    Some(value) => Node::Value(value),
                    None => Node::Symbol(name),
                },
            },
            Node::Not(node) => Node::Not(Box::new(self.bound(*node, nesting)?)),
            Node::Binary(op, left, right) => {
                let left = Box::new(self.bound(*left, nesting)?);
                let right = Box::new(self.bound(*right, nesting)?);
                Node::Binary(op, left, right)
            }
            Node::Hi(node) => Node::Hi(Box::new(self.bound(*node, inner(nesting))?)),
            Node::Lo(node) => Node::Lo(Box::new(self.bound(*node, inner(nesting))?)),
            Node::PcrelHi(target) => {
                let Nesting::At(place) = nesting else {
                    return Err(NESTED.to_owned());
                };
                let target = self.bound(*target, inner(nesting))?;
                let here = Box::new(Node::Value(place));
                let distance = Node::Binary(Binary::Sub, Box::new(target), here);
                if let Some(section) = place.section {
                    self.symbols.remember_pcrel(section, place.number, distance.clone());
                }
                Node::Hi(Box::new(distance))
            }
            Node::PcrelLo(label) => {
                let Nesting::At(_) = nesting else {
                    return Err(NESTED.to_owned());
                };
                Node::PcrelLo(Box::new(self.bound(*label, inner(nesting))?))
            }
            known @ (Node::Value(_) | Node::Local(..)) => known,
        })
    }
}

/// The operators around a part of an expression.
#[derive(Clone, Copy)]
pub(super) enum Nesting {
    /// A directive's operand.
    Outer,
    /// An operand of the instruction or datum at this place.
    At(Value),
    /// The same, inside `%hi` and its like.
    Inside(Value),
}

const NESTED: &str = "%pcrel_hi and %pcrel_lo belong to an instruction and cannot stand inside of \
                      one another";

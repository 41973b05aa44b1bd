//! Reading the operands of one statement.

use alloc::format;
use alloc::string::String;

use super::expr::{Binary, Expr};
use super::lexer::Token;
use crate::Reg;
use crate::format::{F, Operands};

/// The rest of a statement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    tokens: &'a [Token<'a>],
    /// How many parts the expressions of this statement have, which bounds the recursion.
    parts: u32,
}

/// More than a person writes, and little enough for the smallest stack.
const PARTS_LIMIT: u32 = 256;

impl<'a> Line<'a> {
    pub(super) fn new(tokens: &'a [Token<'a>]) -> Self {
        Self { tokens, parts: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.first()
    }

    pub(super) fn peek_second(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(1)
    }

    pub(super) fn advance(&mut self) -> Option<&'a Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Takes the sign if it comes next.
    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let found = self.peek() == Some(&Token::Sign(sign));
        if found {
            self.advance();
        }
        found
    }

    /// Takes the fixed parts of an operand list: signs, and `sp` where only it can stand.
    pub(super) fn expect(&mut self, text: &str) -> Result<(), String> {
        for part in text.trim().split_inclusive(['(', ',', ')']) {
            let (name, sign) = match part.strip_suffix(['(', ',', ')']) {
                Some(name) => (name.trim(), &part[name.len()..]),
                None => (part.trim(), ""),
            };
            if !name.is_empty() && Some(self.register()?) != Reg::parse(name) {
                return Err(format!("this form works on {name} only; write {name} here"));
            }
            // `0(a0)` and `(a0)` are the same address where no offset can stand
            if sign == "("
                && self.peek() == Some(&Token::Number(0))
                && self.peek_second() == Some(&Token::Sign("("))
            {
                self.advance();
            }
            if !sign.is_empty() && !self.takes(sign) {
                return Err(format!("expected `{sign}` but found {}", self.found()));
            }
        }
        Ok(())
    }

    /// Refuses further tokens.
    pub(super) fn end(&self) -> Result<(), String> {
        match self.is_empty() {
            true => Ok(()),
            false => Err(format!("expected the end of the statement but found {}", self.found())),
        }
    }

    /// The register that comes next, which stays there.
    pub(super) fn peek_register(&self) -> Option<Reg> {
        match self.peek() {
            Some(Token::Name(name)) => Reg::parse(name),
            _ => None,
        }
    }

    pub(super) fn register(&mut self) -> Result<Reg, String> {
        let reg = self.peek_register().ok_or_else(|| {
            format!(
                "expected a register (x0 to x31 or an ABI name such as a0) but found {}",
                self.found()
            )
        })?;
        self.advance();
        Ok(reg)
    }

    /// A name that is not a register.
    pub(super) fn symbol(&mut self) -> Result<&'a str, String> {
        match self.peek() {
            Some(Token::Name(name)) => {
                self.advance();
                Ok(name)
            }
            _ => Err(format!("expected a name but found {}", self.found())),
        }
    }

    /// The sets of a fence, or one number for all of its fields.
    pub(super) fn fence(&mut self) -> Result<F, String> {
        if self.is_empty() {
            return Ok(F::new(15, 15));
        }
        if let (Some(Token::Number(fields)), None) = (self.peek(), self.peek_second()) {
            let fence = F { fields: *fields as u32 };
            if i64::from(fence.pack()) != *fields {
                return Err("the number has bits that are not fields of a fence".into());
            }
            self.advance();
            return Ok(fence);
        }
        let pred = self.fence_set()?;
        self.expect(",")?;
        Ok(F::new(pred, self.fence_set()?))
    }

    fn fence_set(&mut self) -> Result<u32, String> {
        let set = match self.peek() {
            Some(Token::Number(0)) => Some(0),
            Some(Token::Name(name)) => name.chars().try_fold(0, |set, letter| {
                let bit = 8 >> "iorw".find(letter)?;
                (set & bit == 0).then_some(set | bit)
            }),
            _ => None,
        };
        let set = set.ok_or_else(|| {
            format!("expected a set of a fence, letters of `iorw` or 0, but found {}", self.found())
        })?;
        self.advance();
        Ok(set)
    }

    /// An expression. Before an address in parentheses it may be left out and is 0.
    pub(super) fn expr(&mut self) -> Result<Expr, String> {
        if self.peek() == Some(&Token::Sign("("))
            && matches!(self.peek_second(), Some(Token::Name(name)) if Reg::parse(name).is_some())
        {
            return Ok(Expr::constant(0));
        }
        self.level(0)
    }

    /// Operators of one precedence, weakest first; as in GNU `as`, `|` and `&` bind closer than
    /// `+`, and shifts as close as `*`.
    fn level(&mut self, level: usize) -> Result<Expr, String> {
        const LEVELS: [&[(&str, Binary)]; 3] = [
            &[("+", Binary::Add), ("-", Binary::Sub)],
            &[("|", Binary::Or), ("&", Binary::And), ("^", Binary::Xor)],
            &[
                ("*", Binary::Mul),
                ("/", Binary::Div),
                ("%", Binary::Rem),
                ("<<", Binary::Shl),
                (">>", Binary::Shr),
            ],
        ];
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        while let Some(&(_, op)) = operators.iter().find(|(sign, _)| self.takes(sign)) {
            let right = self.level(level + 1)?;
            left = Expr::binary(op, left, right);
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        self.parts += 1;
        if self.parts > PARTS_LIMIT {
            return Err(format!(
                "the expression has more than {PARTS_LIMIT} parts; name some of them by .equ"
            ));
        }
        let missing = self.found();
        match self.advance() {
            Some(Token::Number(number)) => Ok(Expr::constant(*number)),
            Some(Token::Name(".")) => Ok(Expr::here()),
            Some(Token::Name(name)) if Reg::parse(name).is_some() => {
                Err(format!("expected a constant or a label but found the register {name}"))
            }
            Some(Token::Name(name)) => Ok(Expr::symbol(name)),
            Some(Token::Sign("-")) => Ok(-self.unary()?),
            Some(Token::Sign("+")) => self.unary(),
            Some(Token::Sign("~")) => Ok(!self.unary()?),
            Some(Token::Sign("(")) => {
                let inner = self.level(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Sign("%")) => {
                let name = self.symbol()?;
                self.expect("(")?;
                let inner = self.level(0)?;
                self.expect(")")?;
                Ok(match name {
                    "hi" => Expr::hi(inner),
                    "lo" => Expr::lo(inner),
                    "pcrel_hi" => Expr::pcrel_hi(inner),
                    "pcrel_lo" => Expr::pcrel_lo(inner),
                    _ => {
                        return Err(format!(
                            "`%{name}` is not one of %hi, %lo, %pcrel_hi and %pcrel_lo"
                        ));
                    }
                })
            }
            _ => Err(format!("expected a constant or a label but found {missing}")),
        }
    }

    /// A description of the next token.
    pub(super) fn found(&self) -> String {
        match self.peek() {
            None => "the end of the statement".into(),
            Some(Token::Name(name)) => format!("`{name}`"),
            Some(Token::Number(number)) => format!("`{number}`"),
            Some(Token::Text(_)) => "a string".into(),
            Some(Token::Sign(sign)) => format!("`{sign}`"),
        }
    }
}

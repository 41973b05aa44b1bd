//! From characters to statements.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::error::AsmError;

/// One thing of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A mnemonic, directive, register, symbol, `.`, or a reference such as `1b`.
    Name(&'a str),
    /// A number or a character.
    Number(i64),
    /// A string without its quotes and escapes.
    Text(Vec<u8>),
    /// One of the signs, `<<` and `>>` included.
    Sign(&'a str),
}

/// The tokens between two ends of line or semicolons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    pub(super) line: u32,
    pub(super) tokens: Vec<Token<'a>>,
}

/// Splits a source into statements that are not empty, without comments.
pub(super) fn statements(source: &str) -> Result<Vec<Statement<'_>>, AsmError> {
    let mut lexer = Lexer { source, at: 0, line: 1 };
    let mut statements = Vec::new();
    let mut tokens = Vec::new();
    loop {
        let line = lexer.line;
        let piece = match lexer.piece() {
            Ok(piece) => piece,
            Err(sentence) => return Err(AsmError::new(lexer.line, sentence)),
        };
        match piece {
            Piece::Token(token) => tokens.push(token),
            Piece::End | Piece::EndOfSource => {
                if !tokens.is_empty() {
                    let tokens = core::mem::take(&mut tokens);
                    statements.push(Statement { line, tokens });
                }
                if piece == Piece::EndOfSource {
                    return Ok(statements);
                }
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Piece<'a> {
    Token(Token<'a>),
    End,
    EndOfSource,
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    line: u32,
}

impl<'a> Lexer<'a> {
    fn piece(&mut self) -> Result<Piece<'a>, String> {
        self.skip_blanks()?;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Piece::EndOfSource);
        };
        Ok(match first {
            '\n' => {
                self.at += 1;
                self.line += 1;
                Piece::End
            }
            ';' => {
                self.at += 1;
                Piece::End
            }
            '"' => Piece::Token(Token::Text(self.text()?)),
            '\'' => Piece::Token(Token::Number(self.character()?.into())),
            '0'..='9' => Piece::Token(self.number()?),
            first if is_name(first) => Piece::Token(Token::Name(self.take_while(is_name))),
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| {
                    format!("the character `{}` means nothing here", first.escape_default())
                })?;
                self.at += sign.len();
                Piece::Token(Token::Sign(sign))
            }
        })
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// Skips blanks and comments, but not the end of a line.
    fn skip_blanks(&mut self) -> Result<(), String> {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t', '\r']) {
                self.at += 1;
            } else if rest.starts_with('#') || rest.starts_with("//") {
                self.take_while(|c| c != '\n');
            } else if rest.starts_with("/*") {
                let Some(length) = rest.find("*/") else {
                    return Err("the comment that starts with /* has no */".into());
                };
                let comment = &rest[..length];
                self.line += comment.matches('\n').count() as u32;
                self.at += length + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// A number in one of four bases, or a reference to a numeric label.
    fn number(&mut self) -> Result<Token<'a>, String> {
        let word = self.take_while(|c| is_name(c) && c != '.' && c != '$');
        let lower = word.to_ascii_lowercase();
        let (digits, base) = if let Some(digits) = lower.strip_prefix("0x") {
            (digits, 16)
        } else if let Some(digits) = lower.strip_prefix("0b").filter(|rest| !rest.is_empty()) {
            (digits, 2)
        } else if let Some(label) = word.strip_suffix(['b', 'f'])
            && label.bytes().all(|c| c.is_ascii_digit())
        {
            return Ok(Token::Name(word));
        } else if let Some(digits) = lower.strip_prefix('0').filter(|rest| !rest.is_empty()) {
            (digits, 8)
        } else {
            (&*lower, 10)
        };
        let digits = digits.replace('_', "");
        match u64::from_str_radix(&digits, base) {
            Ok(number) if !digits.starts_with('+') => Ok(Token::Number(number as i64)),
            _ => Err(format!(
                "`{word}` is not a number; write decimal, 0x, 0b or 0 for octal, up to 64 bits"
            )),
        }
    }

    fn character(&mut self) -> Result<u8, String> {
        const RULE: &str = "a character is one ASCII character or escape between single quotes";
        self.at += 1;
        let byte = self.byte()?.ok_or(RULE)?;
        if self.source.as_bytes().get(self.at) != Some(&b'\'') {
            return Err(RULE.into());
        }
        self.at += 1;
        Ok(byte)
    }

    fn text(&mut self) -> Result<Vec<u8>, String> {
        self.at += 1;
        let mut bytes = Vec::new();
        while !self.rest().starts_with('"') {
            match self.byte()? {
                Some(byte) => bytes.push(byte),
                None => return Err("the string has no closing quote on its line".into()),
            }
            // the bytes of a character beyond ASCII are taken over one by one
            while !self.source.is_char_boundary(self.at) {
                bytes.push(self.source.as_bytes()[self.at]);
                self.at += 1;
            }
        }
        self.at += 1;
        Ok(bytes)
    }

    /// The next byte of a string or character; `None` at the end of the line.
    fn byte(&mut self) -> Result<Option<u8>, String> {
        let bytes = self.source.as_bytes();
        let Some(&first) = bytes.get(self.at).filter(|&&byte| byte != b'\n') else {
            return Ok(None);
        };
        self.at += 1;
        if first != b'\\' {
            return Ok(Some(first));
        }
        let Some(&escape) = bytes.get(self.at).filter(|byte| byte.is_ascii()) else {
            return Ok(None);
        };
        self.at += 1;
        Ok(Some(match escape {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'\\' | b'"' | b'\'' => escape,
            b'x' => {
                let digits = self.digits(2, 16);
                u8::from_str_radix(digits, 16)
                    .map_err(|_| "\\x wants one or two hexadecimal digits")?
            }
            b'0'..=b'7' => {
                self.at -= 1;
                let digits = self.digits(3, 8);
                u8::from_str_radix(digits, 8).map_err(|_| "an octal escape is at most \\377")?
            }
            _ => {
                return Err(format!(
                    "the escape `\\{}` is not one of n t r b f x 0 to 7, backslash and quotes",
                    char::from(escape).escape_default()
                ));
            }
        }))
    }

    fn digits(&mut self, most: usize, base: u32) -> &'a str {
        let rest = self.rest();
        let count = rest.chars().take(most).take_while(|c| c.is_digit(base));
        let count = count.count();
        self.at += count;
        &rest[..count]
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$' | '@')
}

/// Longer signs before their beginnings.
const SIGNS: [&str; 17] =
    ["<<", ">>", ",", "(", ")", "+", "-", "*", "/", "%", "&", "|", "^", "~", ":", "=", "!"];

//! The text assembler: reads statements and calls the builder.

use alloc::format;
use alloc::string::String;

use super::builder::Assembler;
use super::directive::directive;
use super::error::AsmError;
use super::lexer::{Token, statements};
use super::line::Line;
use super::rows::assemble_row;
use super::{Assembly, Options};
use crate::Reg;
use crate::format::F;

/// Assembles a program written as GNU `as` reads it.
///
/// Comments start with `#` or `//` or stand between `/*` and `*/`; a semicolon separates statements.
/// Every instruction of the tables has its name, atomics take `.aq`, `.rl` and `.aqrl`, and the
/// usual pseudo-instructions exist. Directives are those of sections, data, alignment, constants
/// (`.equ`, `.set`, `name = value`) and `.option rvc|norvc|push|pop`; those that speak only to a
/// linker or debugger are skipped. `li` of a constant that is not known yet takes two instructions.
///
/// ```
/// use bessemer_isa::asm::{Options, assemble};
///
/// let program = assemble("li a0, 1\n lw a1, 4096(a0)", &Options::default());
/// let error = program.expect_err("an offset has 12 bits");
/// assert_eq!(error.line(), 2);
/// assert!(error.to_string().starts_with(
///     "line 2: the immediate 4096 of `lw` must be from -2048 to 2047"
/// ));
/// ```
///
/// # Errors
/// The first mistake, with its line.
pub fn assemble(source: &str, options: &Options) -> Result<Assembly, AsmError> {
    let mut a = Assembler::new(options);
    for statement in statements(source)? {
        a.at_line(statement.line);
        let mut line = Line::new(&statement.tokens);
        read_statement(&mut a, &mut line)
            .map_err(|sentence| AsmError::new(statement.line, sentence))?;
        if let Some(error) = a.take_error() {
            return Err(error);
        }
    }
    a.finish()
}

fn read_statement(a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    while line.peek_second() == Some(&Token::Sign(":")) {
        match line.advance() {
            Some(Token::Name(name)) if Reg::parse(name).is_none() => a.label(name),
            Some(Token::Number(number)) if u32::try_from(*number).is_ok() => {
                a.label(&format!("{number}"))
            }
            _ => return Err("a label is a name that is not a register, or a number".into()),
        };
        line.advance();
    }
    if line.is_empty() {
        return Ok(());
    }
    let name = line.symbol()?;
    if line.takes("=") {
        let value = line.expr()?;
        line.end()?;
        a.equ(name, value);
    } else if name.starts_with('.') {
        directive(&name.to_ascii_lowercase(), a, line)?;
    } else {
        instruction(&name.to_ascii_lowercase(), a, line)?;
    }
    Ok(())
}

fn instruction(mnemonic: &str, a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    let in_statement = |sentence: String| format!("`{mnemonic}`: {sentence}");
    if short_form(mnemonic, a, line).map_err(in_statement)? {
        return Ok(());
    }
    let (stem, order) = split_order(mnemonic);
    if let Some((aq, rl)) = order {
        a.ordered(aq, rl);
    }
    if assemble_row(stem, a, line).map_err(in_statement)? {
        return Ok(());
    }
    Err(format!(
        "`{mnemonic}` is not an instruction of RISC-V as it is known here and no pseudo-instruction; write its bits by \
         .word if they are meant"
    ))
}

/// Forms that share their mnemonic with a row but leave operands out, and names for words that
/// are no instruction.
fn short_form(mnemonic: &str, a: &mut Assembler, line: &mut Line<'_>) -> Result<bool, String> {
    let first = line.peek_register();
    let second = line.peek_second();
    match (mnemonic, first, second) {
        ("jal", None, _) => {
            let target = line.expr()?;
            line.end()?;
            a.jal(Reg::RA, target);
        }
        ("jalr", Some(rs1), None) => {
            a.jalr(Reg::RA, 0, rs1);
        }
        ("jr" | "jalr", None, Some(_)) => {
            let link = if mnemonic == "jr" { Reg::ZERO } else { Reg::RA };
            let offset = line.expr()?;
            line.expect("(")?;
            let rs1 = line.register()?;
            line.expect(")")?;
            line.end()?;
            a.jalr(link, offset, rs1);
        }
        ("jalr", Some(rd), Some(Token::Sign(","))) => {
            let mut rest = *line;
            rest.advance();
            rest.advance();
            let Some(rs1) = rest.peek_register() else {
                return Ok(false);
            };
            rest.advance();
            if rest.takes(",") {
                let offset = rest.expr()?;
                rest.end()?;
                a.jalr(rd, offset, rs1);
            } else {
                rest.end()?;
                a.jalr(rd, 0, rs1);
            }
        }
        ("fence.tso", ..) => {
            line.end()?;
            a.fence(F::TSO);
        }
        ("pause", ..) => {
            line.end()?;
            a.fence(F::new(1, 0));
        }
        ("unimp", ..) => {
            line.end()?;
            a.word(UNIMP);
        }
        ("c.unimp", ..) => {
            line.end()?;
            a.half(0);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Takes the ordering suffix off a mnemonic.
fn split_order(mnemonic: &str) -> (&str, Option<(bool, bool)>) {
    for (suffix, order) in [(".aqrl", (true, true)), (".aq", (true, false)), (".rl", (false, true))]
    {
        if let Some(stem) = mnemonic.strip_suffix(suffix) {
            return (stem, Some(order));
        }
    }
    (mnemonic, None)
}

/// `csrrw zero, cycle, zero`, which is always illegal.
const UNIMP: u32 = 0xc000_1073;

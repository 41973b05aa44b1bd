//! Directives of the text assembler.

use alloc::format;
use alloc::string::String;

use super::builder::Assembler;
use super::lexer::Token;
use super::line::Line;
use super::symbols::SectionId;

/// Carries out a directive.
pub(super) fn directive(name: &str, a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    let in_statement = |sentence: String| format!("`{name}`: {sentence}");
    carry_out(name, a, line).map_err(in_statement)
}

fn carry_out(name: &str, a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    match name {
        ".text" | ".rodata" | ".data" | ".bss" => section(name, a, line),
        ".section" => {
            let name = match line.advance() {
                Some(Token::Name(name)) => *name,
                Some(Token::Text(bytes)) => core::str::from_utf8(bytes).unwrap_or_default(),
                _ => "",
            };
            // flags say what the four sections are anyway
            while line.advance().is_some() {}
            section(name, a, line)
        }
        ".word" | ".long" | ".int" | ".4byte" => data(4, a, line),
        ".half" | ".short" | ".hword" | ".2byte" => data(2, a, line),
        ".byte" => data(1, a, line),
        ".dword" | ".quad" | ".8byte" => data(8, a, line),
        ".ascii" => text(b"", a, line),
        ".asciz" | ".string" => text(b"\0", a, line),
        ".zero" | ".space" | ".skip" => fill(a, line),
        ".align" | ".p2align" => align(true, a, line),
        ".balign" => align(false, a, line),
        ".equ" | ".set" => {
            let symbol = line.symbol()?;
            line.expect(",")?;
            let value = line.expr()?;
            line.end()?;
            a.equ(symbol, value);
            Ok(())
        }
        ".option" => option(a, line),
        // these speak to a linker or debugger
        ".globl" | ".global" | ".local" | ".weak" | ".type" | ".size" | ".file" | ".ident"
        | ".attribute" | ".cfi_startproc" | ".cfi_endproc" => Ok(()),
        _ => Err("there is no such directive here".into()),
    }
}

fn section(name: &str, a: &mut Assembler, line: &Line<'_>) -> Result<(), String> {
    line.end()?;
    let id = SectionId::of(name)
        .ok_or("a section is .text, .rodata, .data or .bss, or begins like one of them")?;
    a.section(id);
    Ok(())
}

fn data(size: u8, a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    loop {
        let value = line.expr()?;
        a.datum(size, value);
        if !line.takes(",") {
            return line.end();
        }
    }
}

fn text(end: &[u8], a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    loop {
        let Some(Token::Text(bytes)) = line.peek() else {
            return Err(format!("expected a string but found {}", line.found()));
        };
        line.advance();
        a.bytes(bytes).bytes(end);
        if !line.takes(",") {
            return line.end();
        }
    }
}

fn fill(a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    let count = line.expr()?;
    let count = a.known_constant(count)?;
    let mut byte = 0;
    if line.takes(",") {
        let value = line.expr()?;
        let value = a.known_constant(value)?;
        byte = u8::try_from(value & 255).unwrap_or_default();
    }
    line.end()?;
    let count = usize::try_from(count)
        .map_err(|_| format!("{count} is not a number of bytes; write 0 or more"))?;
    a.repeat(count, byte);
    Ok(())
}

fn align(is_power: bool, a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    let value = line.expr()?;
    let value = a.known_constant(value)?;
    let mut limit = None;
    if line.takes(",") {
        if line.peek() != Some(&Token::Sign(",")) {
            return Err("padding is chosen by the section; leave the second operand out".into());
        }
        line.advance();
        let most = line.expr()?;
        let most = a.known_constant(most)?;
        limit = Some(u64::try_from(most).map_err(|_| "the limit counts bytes")?);
    }
    line.end()?;
    let alignment = match u32::try_from(value) {
        Ok(power) if is_power && power <= 16 => 1 << power,
        Ok(bytes) if !is_power && bytes.is_power_of_two() && bytes <= 1 << 16 => u64::from(bytes),
        _ if is_power => return Err(format!("{value} is not a power of two from 0 to 16")),
        _ => return Err(format!("{value} is none of 1, 2, 4 and so on up to 65536")),
    };
    a.pad(alignment, limit);
    Ok(())
}

fn option(a: &mut Assembler, line: &mut Line<'_>) -> Result<(), String> {
    let what = line.symbol()?;
    line.end()?;
    match what {
        "rvc" => a.option_rvc(true),
        "norvc" => a.option_rvc(false),
        "push" => a.option_push(),
        "pop" => a.option_pop(),
        // nothing is relaxed or position-independent in the first place
        "relax" | "norelax" | "pic" | "nopic" => a,
        _ => {
            return Err(format!("`{what}` is not one of rvc, norvc, push, pop and relax"));
        }
    };
    Ok(())
}

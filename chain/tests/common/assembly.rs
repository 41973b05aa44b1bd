//! Contracts from assembly.

use bessemer_abi::HostCall;
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::{Reg, asm};

/// Where text begins.
pub(crate) const TEXT: u32 = 0x1_0000;
/// Where writable data begins; at least a page is there.
pub(crate) const DATA: u32 = 0x8_0000;

/// A contract from assembly. Beside what the assembler knows, a line can be
///
/// * `host NAME`: the host call of that name, with the argument registers as they are;
/// * `host NAME(A, B, C)`: the same with these arguments, each a register or a constant;
/// * `return REG`: ends the frame with the four bytes of a register.
///
/// `DATA` is the address of writable zeros, `scratch` that of 1024 bytes behind the data.
pub(crate) fn contract(source: &str) -> Vec<u8> {
    contract_with(source, 4096, false)
}

/// The same with `memsz` bytes of data, zeros behind what the source says, and with or without
/// compressed forms.
pub(crate) fn contract_with(source: &str, memsz: u32, compressed: bool) -> Vec<u8> {
    let mut text = format!(".equ DATA, {DATA}\n.text\n");
    source.lines().for_each(|line| expand(line, &mut text));
    text.push_str("\n.data\n.balign 8\nscratch: .zero 1024\n");
    let options =
        asm::Options { text_base: TEXT, data_base: Some(DATA), profile: Profile::rv32(compressed) };
    let program = asm::assemble(&text, &options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let data = &program.data.bytes;
    let memsz = memsz.max(data.len() as u32);
    let mut image = ImageBuilder::new(Profile::rv32(compressed))
        .text(program.text.base, &program.text.bytes)
        .data(DATA, data, memsz);
    if !program.rodata.bytes.is_empty() {
        image = image.rodata(program.rodata.base, &program.rodata.bytes);
    }
    for (name, addr) in &program.symbols {
        image = image.symbol(name, *addr);
    }
    image.build()
}

/// Bytes as a line of data.
pub(crate) fn bytes(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(u8::to_string).collect();
    format!(".byte {}", bytes.join(", "))
}

/// The host call of this name.
pub(crate) fn host_call(name: &str) -> HostCall {
    let found = HostCall::ALL.iter().find(|call| call.row().name == name);
    *found.unwrap_or_else(|| panic!("no host call is named `{name}`"))
}

fn expand(line: &str, text: &mut String) {
    if let Some((label, rest)) = line.split_once(':') {
        *text += &format!("{label}:\n");
        return expand(rest, text);
    }
    if let Some(register) = line.trim().strip_prefix("return ") {
        *text += &format!("la t6, scratch\nsw {register}, 0(t6)\nmv a0, t6\nli a1, 4\n");
        return call("finish", text);
    }
    let Some(statement) = line.trim().strip_prefix("host ") else {
        text.push_str(line);
        return text.push('\n');
    };
    match statement.split_once('(') {
        None => call(statement.trim(), text),
        Some((name, arguments)) => {
            let arguments = arguments.trim_end().strip_suffix(')').unwrap_or(arguments);
            let arguments = arguments.split(',').map(str::trim).filter(|text| !text.is_empty());
            for (index, argument) in arguments.enumerate() {
                let load = if Reg::parse(argument).is_some() { "mv" } else { "li" };
                *text += &format!("{load} a{index}, {argument}\n");
            }
            call(name.trim(), text);
        }
    }
}

fn call(name: &str, text: &mut String) {
    *text += &format!("li a7, {}\necall\n", host_call(name).number());
}

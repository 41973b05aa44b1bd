//! Contracts from assembly.

use anyhow::Result;
use bessemer_abi::HostCall;
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;

/// Where writable data begins.
pub(super) const DATA: u32 = 0x8_0000;
/// Bytes of it.
pub(super) const DATA_BYTES: u32 = 192 << 10;

/// Bytes of the name of a symbol.
const SYMBOL_BYTES: usize = 1_000;

/// A host call with these arguments.
pub(super) fn host(call: HostCall, arguments: &[u32]) -> String {
    let loads = arguments.iter().enumerate();
    let loads: String =
        loads.map(|(index, value)| format!("li a{index}, {}\n", *value as i32)).collect();
    format!("{loads}li a7, {}\necall\n", call.number())
}

/// A contract whose constructor does nothing, and that executes `source` when it is called. It has
/// [`DATA_BYTES`] of data, and `more` bytes of symbols.
pub(super) fn contract(source: &str, data: &[u8], more: usize) -> Result<Vec<u8>> {
    let end = host(HostCall::Finish, &[0, 0]);
    let source = format!("beqz a0, called\n{end}called:\n{source}{end}");
    let program = asm::assemble(&source, &asm::Options::default())?;
    let mut image = ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .data(DATA, data, DATA_BYTES);
    // execution does not need symbols, and a file may have more of them than of all else
    for number in 0..more / SYMBOL_BYTES {
        let name = format!("{number:0SYMBOL_BYTES$}");
        image = image.symbol(&name, program.text.base);
    }
    Ok(image.entry(program.entry).build())
}

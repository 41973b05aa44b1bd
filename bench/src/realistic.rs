//! A large program of code as compilers write it.

use anyhow::{Context, Result};
use bessemer_image::{ImageBuilder, Limits, Program};
use bessemer_isa::{Inst, L, Reg, U};
use bessemer_workloads::ALL;

use crate::{Profile, elf};

/// An image with at least `bytes` of text: the text of all workloads, again and again.
///
/// Code is position-independent but for the addresses of its data, so a copy is a byte-wise one.
/// Each copy is reached by calls to all its functions from the entry, and through a table of the
/// addresses in text that its data hold. The program is to be translated, not to be executed.
pub fn image(bytes: u32, profile: Profile) -> Result<Vec<u8>> {
    let programs = ALL.iter().map(|workload| Piece::new(elf(workload.name, profile)));
    let pieces = programs.collect::<Result<Vec<_>>>()?;
    let mut copies = Vec::new();
    let mut length = 0;
    for piece in pieces.iter().cycle() {
        if length >= bytes {
            break;
        }
        copies.push((length, piece));
        length += piece.text.len().next_multiple_of(4) as u32;
    }

    let functions: u32 = copies.iter().map(|(_, piece)| piece.functions.len() as u32).sum();
    // two instructions call one function
    let start = TEXT + functions * 8 + 8;
    let mut text = Vec::new();
    let mut table = Vec::new();
    let mut image = ImageBuilder::new(profile.isa());
    for (at, piece) in &copies {
        for function in &piece.functions {
            let target = start + at + function;
            call(&mut text, target);
            image = image.symbol(format!("f_{target:x}"), target);
        }
        let targets = piece.pointers.iter().map(|pointer| start + at + pointer);
        table.extend(targets.flat_map(u32::to_le_bytes));
    }
    text.resize((start - TEXT) as usize, 0);
    for (_, piece) in &copies {
        text.extend(&piece.text);
        text.resize(text.len().next_multiple_of(4), 0);
    }
    let data = (TEXT + text.len() as u32).next_multiple_of(PAGE);
    Ok(image.entry(TEXT).text(TEXT, text).rodata(data, table).build())
}

/// The text of one image, with offsets into it.
struct Piece {
    text: Vec<u8>,
    functions: Vec<u32>,
    /// The functions that data point at.
    pointers: Vec<u32>,
}

impl Piece {
    fn new(elf: &[u8]) -> Result<Self> {
        let program = Program::parse(elf, &Limits::bare()).context("a workload's image")?;
        let text = program.text();
        let functions = program.symbols().functions().map(|(addr, _)| addr - text.base());
        let data = program.segments().iter().filter(|segment| !segment.executable);
        let words = data.flat_map(|segment| segment.bytes.as_chunks::<4>().0);
        let pointers = words
            .map(|word| u32::from_le_bytes(*word))
            .filter(|&word| text.index(word).is_some())
            .map(|word| word - text.base());
        Ok(Self {
            functions: functions.collect(),
            pointers: pointers.collect(),
            text: text.bytes().to_vec(),
        })
    }
}

/// Appends `auipc ra; jalr ra` to a target.
fn call(text: &mut Vec<u8>, target: u32) {
    let distance = target.wrapping_sub(TEXT + text.len() as u32);
    let upper = distance.wrapping_add(0x800) & 0xffff_f000;
    let imm = distance.wrapping_sub(upper).cast_signed();
    let auipc = Inst::Auipc(U { rd: Reg::RA, imm: upper });
    let jalr = Inst::Jalr(L { rd: Reg::RA, rs1: Reg::RA, imm });
    text.extend([auipc, jalr].iter().flat_map(|inst| inst.encode().to_le_bytes()));
}

const TEXT: u32 = 0x1_0000;
const PAGE: u32 = 0x1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_loads_and_has_the_length() {
        for profile in Profile::ALL {
            let file = image(100_000, profile).expect("it can be built");
            let program = Program::parse(&file, &Limits::bare()).expect("it loads");
            assert!((100_000..150_000).contains(&program.text().bytes().len()));
            // the entry's first call goes to a function
            let first = program.text().at(program.entry()).and_then(|decoded| decoded.inst);
            assert!(matches!(first, Some(Inst::Auipc(_))), "{first:?}");
        }
    }
}

//! Decoder, encoder, assembler and disassembler.

use bessemer_isa::asm::{Options, assemble};
use bessemer_isa::{Inst, expand};

/// An instruction that is decoded is encoded to the same bits, and its text assembles to them.
pub(crate) fn run(data: &[u8]) -> bool {
    let mut accepted = false;
    for word in data.as_chunks::<4>().0 {
        let word = u32::from_le_bytes(*word);
        if let Some(inst) = Inst::decode(word) {
            accepted = true;
            assert_eq!(inst.encode(), word, "{inst}");
            let source = format!("{inst}\n");
            let text = assemble(&source, &Options::default());
            let text = text.unwrap_or_else(|error| panic!("{inst}: {error}")).text.bytes;
            let again = text.first_chunk().map(|bytes| Inst::decode(u32::from_le_bytes(*bytes)));
            assert_eq!(again, Some(Some(inst)), "{inst}");
        }
        for parcel in [word as u16, (word >> 16) as u16] {
            if let Some(inst) = expand(parcel) {
                assert_eq!(Inst::decode(inst.encode()), Some(inst), "parcel {parcel:#06x}");
            }
        }
    }
    accepted
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    // add, addi, lw, sw, beq, jal, lui, mul, amoadd.w, lr.w, fence, ecall
    let words: [u32; 12] = [
        0x00b5_0533,
        0x0015_0513,
        0x0005_2503,
        0x00a5_2023,
        0x00b5_0463,
        0x0080_00ef,
        0x1234_5537,
        0x02b5_0533,
        0x00b5_252f,
        0x1005_252f,
        0x0ff0_000f,
        0x0000_0073,
    ];
    vec![words.iter().flat_map(|word| word.to_le_bytes()).collect()]
}

//! Decoder, encoder, assembler and disassembler.

use bessemer_isa::asm::{Options, assemble};
use bessemer_isa::{Inst, Profile, expand};

/// Sets of instructions, without compressed forms.
const PROFILES: [Profile; 3] =
    [Profile::rv32(false), Profile::rv32(false).with_bits(true), Profile::rv64(false)];

/// The same with compressed forms.
const COMPRESSED: [Profile; 3] =
    [Profile::rv32(true), Profile::rv32(true).with_bits(true), Profile::rv64(true)];

/// An instruction that is decoded is encoded to the same bits, and its text assembles to them.
pub(crate) fn run(data: &[u8]) -> bool {
    let mut accepted = false;
    for word in data.as_chunks::<4>().0 {
        let word = u32::from_le_bytes(*word);
        for profile in PROFILES {
            if let Some(inst) = Inst::decode(word, profile) {
                accepted = true;
                assert_eq!(inst.encode(), word, "{inst}");
                assembles(inst, profile);
            }
        }
        for profile in COMPRESSED {
            for parcel in [word as u16, (word >> 16) as u16] {
                if let Some(inst) = expand(parcel, profile) {
                    let again = Inst::decode(inst.encode(), profile);
                    assert_eq!(again, Some(inst), "parcel {parcel:#06x}");
                }
            }
        }
    }
    accepted
}

fn assembles(inst: Inst, profile: Profile) {
    let options = Options { profile, ..Options::default() };
    let program = assemble(&format!("{inst}\n"), &options);
    let program = program.unwrap_or_else(|error| panic!("{inst}: {error}"));
    let bytes = program.text.bytes.first_chunk();
    let again = bytes.and_then(|bytes| Inst::decode(u32::from_le_bytes(*bytes), profile));
    assert_eq!(again, Some(inst));
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    // add, addi, lw, sw, beq, jal, lui, mul, amoadd.w, lr.w, fence, ecall; ld, addiw; andn, clz
    let words: [u32; 16] = [
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
        0x0005_3503,
        0x0015_051b,
        0x40b5_7533,
        0x6005_1513,
    ];
    vec![words.iter().flat_map(|word| word.to_le_bytes()).collect()]
}

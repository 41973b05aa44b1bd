//! Bytes to text to bytes: nothing is lost, for every row of both tables.

#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

use bessemer_isa::asm::{Options, assemble};
use bessemer_isa::{CompressedOp, Inst, Op, Profile, disassemble, expand};

/// The same words in every run.
fn random_words(count: u32) -> impl Iterator<Item = u32> {
    let mut random = fastrand::Rng::with_seed(1);
    (0..count).map(move |_| random.u32(..))
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let chunks = bytes.as_chunks::<4>().0;
    chunks.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// What is written in every profile: both widths with every extension.
const PROFILES: [Profile; 2] = [Profile::rv32(true).with_bits(true), Profile::rv64(true)];

#[test]
fn every_instruction_assembles_from_its_relative_text() {
    for (profile, op) in PROFILES.into_iter().flat_map(|p| Op::of(p).map(move |op| (p, op))) {
        let insts: Vec<Inst> =
            random_words(500).map(|bits| op.with_operand_bits(bits, profile.xlen)).collect();
        let source: String = insts.iter().map(|inst| format!("{inst}\n")).collect();
        let program = assemble(&source, &Options::of(profile)).unwrap();
        let encoded = words(&program.text.bytes);
        assert_eq!(encoded.len(), insts.len());
        for (inst, word) in insts.iter().zip(encoded) {
            assert_eq!(Inst::decode(word, profile), Some(*inst), "{inst}");
        }
    }
}

#[test]
fn every_instruction_assembles_from_its_disassembly() {
    for (profile, op) in PROFILES.into_iter().flat_map(|p| Op::of(p).map(move |op| (p, op))) {
        let bytes: Vec<u8> = random_words(500)
            .flat_map(|bits| op.with_operand_bits(bits, profile.xlen).encode().to_le_bytes())
            .collect();
        assert_listing_gives(&bytes, Profile { compressed: false, ..profile });
    }
}

#[test]
fn every_parcel_assembles_from_its_disassembly() {
    for profile in PROFILES {
        let mut legal = [0; CompressedOp::ALL.len()];
        let mut bytes = Vec::new();
        for parcel in 0..=u16::MAX {
            let form = CompressedOp::of(parcel, profile);
            if let Some(form) = form.filter(|_| expand(parcel, profile).is_some()) {
                legal[form as usize] += 1;
                bytes.extend(parcel.to_le_bytes());
            }
        }
        for form in CompressedOp::of_profile(profile) {
            assert!(legal[form as usize] > 0, "no parcel has the form {form:?}");
        }
        assert_listing_gives(&bytes, profile);
        let lines = disassemble(&bytes, 0x1_0000, profile);
        assert!(lines.into_iter().all(|line| line.text.starts_with("c.")));
    }
}

#[test]
fn every_byte_sequence_assembles_from_its_disassembly() {
    let noise: Vec<u8> = random_words(20_000).flat_map(u32::to_le_bytes).collect();
    for profile in PROFILES.into_iter().chain([Profile::rv32(false), Profile::rv64(false)]) {
        for length in 0..8 {
            assert_listing_gives(&noise[..noise.len() - length], profile);
        }
    }
}

/// The disassembly of `bytes` at the default base assembles to `bytes`.
fn assert_listing_gives(bytes: &[u8], profile: Profile) {
    let options = Options::of(profile);
    let lines: Vec<_> = disassemble(bytes, options.text_base, profile).collect();
    let source: String = lines.iter().map(|line| format!("{}\n", line.text)).collect();
    let program = assemble(&source, &options).unwrap();
    for line in &lines {
        let offset = (line.address - options.text_base) as usize;
        let assembled = &program.text.bytes[offset..offset + line.bytes.len()];
        assert_eq!(assembled, line.bytes, "{line}");
    }
    assert_eq!(program.text.bytes.len(), bytes.len());
}

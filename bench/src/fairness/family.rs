//! Hostile programs that no genome makes.

use anyhow::Result;
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;

/// A program in assembly.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assembled {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// Lines that execute once; `{many}` stands for the line `many`, repeated.
    source: &'static str,
    many: &'static str,
}

pub(super) const ASSEMBLED: &[Assembled] = &[
    Assembled {
        name: "recursion",
        about: "a function that calls itself, and never returns",
        source: "li a0, 1\nf: beqz a0, out\njal ra, f\nout: ret",
        many: "",
    },
    Assembled {
        name: "page-stores",
        about: "nothing but stores that cross the end of a page",
        source: "lui t0, 0xfffef\naddi t0, t0, -2\nagain: {many}j again",
        many: "sw a0, 0(t0)\n",
    },
    Assembled {
        name: "grow",
        about: "takes pages of the heap and touches each once",
        source: "again: li a7, 1\nli a0, 16\necall\nli t1, 16\nlui t2, 1\n\
                 touch: sw a0, 0(a0)\nadd a0, a0, t2\naddi t1, t1, -1\nbnez t1, touch\nj again",
        many: "",
    },
    Assembled {
        name: "host-calls",
        about: "nothing but host calls that do nothing",
        source: "li a7, 2\nagain: {many}j again",
        many: "ecall\n",
    },
    Assembled {
        name: "coins",
        about: "branches by the bits of pseudo-random numbers",
        source: "lui a1, 0x41c64\naddi a1, a1, -0x193\nli a2, 1\n\
                 again: mul a2, a2, a1\naddi a2, a2, 1001\nbltz a2, one\none: slli t1, a2, 1\n\
                 bltz t1, two\nxor a3, a3, t1\ntwo: slli t1, a2, 2\nbltz t1, three\n\
                 xor a4, a4, t1\nthree: slli t1, a2, 3\nbltz t1, again\nxor a5, a5, t1\nj again",
        many: "",
    },
];

impl Assembled {
    /// The program's image.
    pub(super) fn image(&self) -> Result<Vec<u8>> {
        let source = self.source.replace("{many}", &self.many.repeat(64));
        let assembly = asm::assemble(&source, &asm::Options::default())?;
        let profile = Profile::rv32(false);
        let image = ImageBuilder::new(profile).text(assembly.text.base, &assembly.text.bytes);
        Ok(image.entry(assembly.entry).build())
    }
}

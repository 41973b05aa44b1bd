//! The contract that does what its input says, and the one that does nothing.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use bessemer_image::{CodeHash, ImageBuilder, Profile};
use bessemer_isa::asm;
use sha3::{Digest, Keccak256};

use crate::oracle::{Isa, MemoryClass, PAGE_SIZE, STACK_TOP, Segment, Setup};

/// Bytes of a contract's stack, which hold all that the contract needs.
const STACK: u32 = 0x1_0000;
/// Gas of a page (rule G8) of a frame that begins, and of one that a heap grows by, in schedule 2.
const PAGE: u64 = 1_500;
pub(super) const GROWN_PAGE: u64 = 3_500;
/// Where the input is copied to: a script.
pub(super) const SCRIPT: u32 = STACK_TOP - STACK;
/// The most bytes of a script that are looked at.
const SCRIPT_BYTES: u32 = 0x8000;
/// Where host calls put what they find.
pub(super) const SCRATCH: u32 = SCRIPT + SCRIPT_BYTES;
/// Where results are collected.
pub(super) const OUT: u32 = SCRATCH + 0x4000;
/// Where the text begins.
pub(super) const TEXT: u32 = 0x1_0000;

/// Operations that the contract does itself instead of a host call.
pub(super) mod own {
    /// Records a digest of memory: address, length.
    pub(crate) const DIGEST: u32 = 1 << 31;
    /// Divides so many times 16 numbers.
    pub(crate) const BURN: u32 = DIGEST + 1;
    /// Skips operations unless the last result is this one: result, how many.
    pub(crate) const UNLESS: u32 = DIGEST + 2;
    /// Ends by the host call with this number, with all results.
    pub(crate) const END: u32 = DIGEST + 3;
    /// Loads a word.
    pub(crate) const LOAD: u32 = DIGEST + 4;
    /// Stores a word: address, word.
    pub(crate) const STORE: u32 = DIGEST + 5;
    /// Jumps.
    pub(crate) const JUMP: u32 = DIGEST + 6;
}

/// An operation is eight words: a number, up to six arguments, and one that is not used.
const UNIVERSAL: &str = "
    li   s2, OUT
    sw   a0, 0(s2)
    addi s2, s2, 4
    li   a7, 1
    ecall
    li   t0, SCRIPT_BYTES
    bltu a0, t0, fits
    mv   a0, t0
fits:
    mv   a2, a0
    li   a0, 0
    li   a1, SCRIPT
    li   a7, 2
    ecall
    li   s0, SCRIPT
    lw   t0, 0(s0)
    addi s0, s0, 4
    slli t0, t0, 5
    add  s1, s0, t0
next:
    bgeu s0, s1, done
    mv   t0, s0
    addi s0, s0, 32
    lw   a7, 0(t0)
    lw   a0, 4(t0)
    lw   a1, 8(t0)
    lw   a2, 12(t0)
    lw   a3, 16(t0)
    lw   a4, 20(t0)
    lw   a5, 24(t0)
    bltz a7, own
    ecall
record:
    mv   s3, a0
    sw   a0, 0(s2)
    addi s2, s2, 4
    j    next
done:
    li   a0, 3
end:
    mv   a7, a0
    li   a0, OUT
    sub  a1, s2, a0
    ecall
own:
    andi t0, a7, 7
    slli t0, t0, 2
    la   t1, table
    add  t1, t1, t0
    jr   t1
table:
    j    digest
    j    burn
    j    unless
    j    end
    j    load
    j    store
    j    jump
    ebreak
digest:
    mv   t0, a1
    li   t1, 0x01000193
digest_next:
    blez a1, digest_done
    lw   t2, 0(a0)
    xor  t0, t0, t2
    mul  t0, t0, t1
    srli t2, t0, 15
    xor  t0, t0, t2
    addi a0, a0, 4
    addi a1, a1, -4
    j    digest_next
digest_done:
    mv   a0, t0
    j    record
unless:
    beq  a0, s3, next
    slli a1, a1, 5
    add  s0, s0, a1
    j    next
load:
    lw   a0, 0(a0)
    j    record
store:
    sw   a1, 0(a0)
    j    record
jump:
    jr   a0
burn:
";

/// A contract as both sides need it.
pub(super) struct Contract {
    /// The file.
    pub(super) file: Arc<[u8]>,
    /// Its hash.
    pub(super) hash: CodeHash,
    text: Vec<u8>,
}

/// All code that there is.
pub(super) struct Contracts {
    pub(super) universal: Contract,
    pub(super) idle: Contract,
}

/// The contracts, assembled once.
pub(super) static CONTRACTS: LazyLock<Contracts> = LazyLock::new(|| {
    let mut universal = format!(
        ".equ SCRIPT, {SCRIPT:#x}\n.equ SCRIPT_BYTES, {SCRIPT_BYTES:#x}\n.equ OUT, {OUT:#x}\n"
    );
    universal.push_str(UNIVERSAL);
    for _ in 0..16 {
        universal.push_str("div t0, a0, s2\n");
    }
    let _ = writeln!(universal, "addi a0, a0, -1\nbnez a0, burn\nj next");
    let contract = |source: &str| {
        assembled(source)
            .expect("the sources are constants, and the tests of this file assemble them")
    };
    Contracts { universal: contract(&universal), idle: contract("li a7, 3\necall\n") }
});

impl Contracts {
    /// The contract with this file.
    pub(super) fn with_file(&self, file: &[u8]) -> Option<&Contract> {
        [&self.universal, &self.idle].into_iter().find(|contract| *contract.file == *file)
    }

    /// The contract with this hash.
    pub(super) fn with_hash(&self, hash: &CodeHash) -> Option<&Contract> {
        [&self.universal, &self.idle].into_iter().find(|contract| contract.hash == *hash)
    }
}

impl Contract {
    /// Pages that a frame starts with.
    pub(super) fn pages(&self) -> u64 {
        u64::from(self.text_pages() + STACK / PAGE_SIZE)
    }

    /// What entering a frame costs: its pages. The first 16 KiB of file and text have no price.
    pub(super) fn entry_price(&self) -> u64 {
        assert!(self.file.len() <= 16 << 10, "small files are loaded for nothing");
        self.pages() * PAGE
    }

    /// Where the heap begins, and how many pages it can get.
    pub(super) fn heap(&self) -> (u32, u32) {
        let pages = self.text_pages();
        (TEXT + pages * PAGE_SIZE, 256 - pages - STACK / PAGE_SIZE)
    }

    /// A frame that has not begun.
    pub(super) fn setup(&self, gas: u64) -> Setup {
        Setup {
            segments: vec![Segment::text(TEXT, self.text.clone())],
            entry: TEXT,
            compressed: false,
            isa: Isa::default(),
            stack_size: STACK,
            memory_class: MemoryClass::M1M,
            gas,
            sp: STACK_TOP,
        }
    }

    /// Bytes of text.
    pub(super) fn text_bytes(&self) -> u32 {
        self.text.len() as u32
    }

    fn text_pages(&self) -> u32 {
        self.text_bytes().div_ceil(PAGE_SIZE)
    }
}

fn assembled(source: &str) -> Result<Contract> {
    let program = asm::assemble(source, &asm::Options::default()).context(source.to_owned())?;
    anyhow::ensure!(program.text.base == TEXT, "the text begins at {:#x}", program.text.base);
    let image = ImageBuilder::new(Profile::rv32(false));
    let file = image.text(TEXT, &program.text.bytes).build();
    let hash = CodeHash::from_bytes(Keccak256::digest(&file).into());
    Ok(Contract { file: file.into(), hash, text: program.text.bytes })
}

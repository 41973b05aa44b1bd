//! The decoded instruction, made from the rows of the table.

use core::fmt;

use crate::format::{A, B, F, H, Hw, I, J, L, Lr, N, Operands, R, R1, S, U};
use crate::gas::Class;
use crate::profile::{Extension, Widths};
use crate::reg::{Reg, RegSet};
use crate::{Immediate, Profile, Xlen};

macro_rules! define_instructions {
    ($($Name:ident $method:ident $mnemonic:literal $on:ident $in:ident $Format:ident $match:literal $mask:literal $Class:ident;)*) => {
        /// A decoded instruction.
        ///
        /// Its length in bytes is not part of it: a compressed form decodes to the instruction
        /// that it stands for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Inst {
            $(#[doc = concat!("`", $mnemonic, "`")] $Name($Format),)*
        }

        /// Which instruction, without operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = concat!("`", $mnemonic, "`")] $Name,)*
        }

        /// The work of a component on each instruction. Without a default on purpose: a row that
        /// gained no meaning does not compile.
        #[allow(missing_docs, reason = "one method per row of the table")]
        pub trait Visitor {
            /// The result for one instruction.
            type Output;
            $(fn $method(&mut self, operands: $Format) -> Self::Output;)*
        }

        impl Inst {
            /// Calls the visitor's method for this instruction.
            ///
            /// By reference, so that an interpreter loads the operands from its table of decoded
            /// instructions; taken by value, the whole instruction is copied first.
            #[inline(always)]
            pub fn accept<V: Visitor + ?Sized>(&self, visitor: &mut V) -> V::Output {
                match *self {
                    $(Self::$Name(operands) => visitor.$method(operands),)*
                }
            }

            /// The instruction without its operands.
            pub const fn op(self) -> Op {
                match self {
                    $(Self::$Name(_) => Op::$Name,)*
                }
            }

            /// The registers that the instruction reads, and the one that it may write.
            pub fn registers(self) -> (RegSet, RegSet) {
                match self {
                    $(Self::$Name(operands) => (operands.reads(), operands.writes()),)*
                }
            }

            /// Where the instruction at `pc` goes if it is a branch or a direct jump.
            pub fn target(self, pc: u32) -> Option<u32> {
                let distance = match self {
                    $(Self::$Name(operands) => operands.distance(),)*
                };
                distance.map(|bytes| pc.wrapping_add(bytes as u32))
            }

            /// Whether programs of this width have the instruction with these operands.
            fn fits(self, xlen: Xlen) -> bool {
                match self {
                    $(Self::$Name(operands) => operands.within(xlen).pack() == operands.pack(),)*
                }
            }

            /// The instruction with operands that programs of this width have.
            fn within(self, xlen: Xlen) -> Self {
                match self {
                    $(Self::$Name(operands) => Self::$Name(operands.within(xlen)),)*
                }
            }

            /// The 32-bit encoding.
            pub fn encode(self) -> u32 {
                match self {
                    $(Self::$Name(operands) => $match | operands.pack(),)*
                }
            }
        }

        impl Op {
            /// All instructions in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$Name),*];

            /// The assembler's name.
            pub const fn mnemonic(self) -> &'static str {
                match self {
                    $(Self::$Name => $mnemonic,)*
                }
            }

            /// The class that decides its price.
            pub const fn class(self) -> Class {
                match self {
                    $(Self::$Name => Class::$Class,)*
                }
            }

            /// The bits that the instruction fixes, and their values.
            pub const fn mask_and_match(self) -> (u32, u32) {
                match self {
                    $(Self::$Name => ($mask, $match),)*
                }
            }

            /// The widths that have the instruction.
            pub const fn widths(self) -> Widths {
                match self {
                    $(Self::$Name => Widths::$on,)*
                }
            }

            /// The extension that the instruction belongs to.
            pub const fn extension(self) -> Extension {
                match self {
                    $(Self::$Name => Extension::$in,)*
                }
            }

            /// The rule for the constant operand in programs of this width, if there is one.
            pub const fn immediate(self, xlen: Xlen) -> Option<Immediate> {
                let rule = match self {
                    $(Self::$Name => <$Format as Operands>::IMMEDIATE,)*
                };
                match rule {
                    Some(rule) => Some(rule.within(xlen)),
                    None => None,
                }
            }

            /// The encoding `word` with another constant operand.
            pub(crate) fn set_immediate(self, word: u32, value: i64) -> u32 {
                match self {
                    $(Self::$Name => $match | $Format::unpack(word).with_immediate(value).pack(),)*
                }
            }

            /// This instruction with the operands of `word`.
            fn unpack(self, word: u32) -> Inst {
                match self {
                    $(Self::$Name => Inst::$Name($Format::unpack(word)),)*
                }
            }
        }

        impl fmt::Display for Inst {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$Name(operands) => {
                        write!(f, "{}{}", $mnemonic, operands.suffix())?;
                        if size_of::<$Format>() > 0 {
                            write!(f, " {operands}")?;
                        }
                        Ok(())
                    })*
                }
            }
        }

        impl fmt::Display for InstAt {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.inst {
                    $(Inst::$Name(operands) => {
                        write!(f, "{}{}", $mnemonic, operands.suffix())?;
                        if size_of::<$Format>() > 0 {
                            f.write_str(" ")?;
                            operands.write_at(self.pc, f)?;
                        }
                        Ok(())
                    })*
                }
            }
        }
    };
}

crate::for_each_instruction!(define_instructions);

impl Inst {
    /// Decodes a 32-bit word; `None` if it is not an instruction of this profile.
    pub fn decode(word: u32, profile: Profile) -> Option<Self> {
        let candidates = &CANDIDATES[bucket(word)];
        let op = candidates.iter().map_while(|&candidate| candidate).find(|op| {
            let (mask, fixed) = op.mask_and_match();
            word & mask == fixed && op.is_in(profile)
        })?;
        Some(op.unpack(word)).filter(|inst| inst.fits(profile.xlen))
    }

    /// Whether programs of this profile have the instruction.
    pub fn is_in(self, profile: Profile) -> bool {
        self.op().is_in(profile) && self.fits(profile.xlen)
    }

    /// The class that decides its price.
    pub const fn class(self) -> Class {
        self.op().class()
    }

    /// The register to which a load, a store or an indirect jump adds its constant. Atomic accesses
    /// add none.
    pub fn base(self) -> Option<Reg> {
        let adds = matches!(self.class(), Class::Load | Class::Store | Class::Jalr)
            && self.op().immediate(Xlen::Rv64).is_some();
        adds.then(|| Reg::at(self.encode(), 15))
    }

    /// The instruction as text at an address: targets are absolute.
    ///
    /// ```
    /// use bessemer_isa::{Inst, Profile};
    ///
    /// let jump = Inst::decode(0x0080_006f, Profile::rv32(false)).expect("jal is legal");
    /// assert_eq!(jump.to_string(), "jal zero, . + 8");
    /// assert_eq!(jump.at(0x1_0000).to_string(), "jal zero, 0x10008");
    /// ```
    pub const fn at(self, pc: u32) -> impl fmt::Display {
        InstAt { inst: self, pc }
    }

    /// Whether the instruction ends a run.
    pub const fn is_terminator(self) -> bool {
        self.class().is_terminator()
    }
}

impl Op {
    /// An instruction of this kind with operands taken from arbitrary bits, for generators of test
    /// programs of this width. Every legal operand combination comes out of some `bits`.
    pub fn with_operand_bits(self, bits: u32, xlen: Xlen) -> Inst {
        let (mask, fixed) = self.mask_and_match();
        self.unpack(bits & !mask | fixed).within(xlen)
    }

    /// Whether programs of this profile have the instruction.
    pub const fn is_in(self, profile: Profile) -> bool {
        self.widths().contains(profile.xlen) && profile.has(self.extension())
    }

    /// The instructions that programs of this profile have, in the order of the table.
    pub fn of(profile: Profile) -> impl Iterator<Item = Self> + Clone {
        Self::ALL.iter().copied().filter(move |op| op.is_in(profile))
    }
}

/// An instruction and the address at which it stands.
struct InstAt {
    inst: Inst,
    pc: u32,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.mnemonic())
    }
}

/// The decoder's first step: major opcode (bits 6:2) and funct3. Words whose low two bits are not
/// `11` land in a bucket too and are refused by every row's mask.
const fn bucket(word: u32) -> usize {
    ((word >> 2 & 0x1f) << 3 | (word >> 12 & 7)) as usize
}

/// More rows than any bucket holds; exceeding it fails to compile.
const WIDEST_BUCKET: usize = 12;

/// For each bucket, the rows that some word of the bucket can match, in table order.
static CANDIDATES: [[Option<Op>; WIDEST_BUCKET]; 256] = {
    let mut table = [[None; WIDEST_BUCKET]; 256];
    let mut key = 0;
    while key < table.len() {
        let key_bits = ((key as u32) >> 3) << 2 | ((key as u32) & 7) << 12;
        let key_mask = 0x1f << 2 | 7 << 12;
        let mut filled = 0;
        let mut row = 0;
        while row < Op::ALL.len() {
            let (mask, fixed) = Op::ALL[row].mask_and_match();
            if (fixed ^ key_bits) & mask & key_mask == 0 {
                table[key][filled] = Some(Op::ALL[row]);
                filled += 1;
            }
            row += 1;
        }
        key += 1;
    }
    table
};

/// No word matches two rows, and no row fixes a bit outside its mask.
const _: () = {
    let mut a = 0;
    while a < Op::ALL.len() {
        let (mask_a, match_a) = Op::ALL[a].mask_and_match();
        assert!(match_a & !mask_a == 0, "a row fixes a bit that its mask does not cover");
        let mut b = a + 1;
        while b < Op::ALL.len() {
            let (mask_b, match_b) = Op::ALL[b].mask_and_match();
            assert!((match_a ^ match_b) & mask_a & mask_b != 0, "two rows match the same word");
            b += 1;
        }
        a += 1;
    }
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Both widths with every extension.
    const EVERYTHING: [Profile; 2] = [Profile::rv32(true).with_bits(true), Profile::rv64(true)];

    /// The same words in every run.
    fn words(count: u32) -> impl Iterator<Item = u32> {
        let mut random = fastrand::Rng::with_seed(1);
        (0..count).map(move |_| random.u32(..))
    }

    #[test]
    fn encoding_undoes_decoding_for_every_instruction() {
        for profile in EVERYTHING {
            for op in Op::of(profile) {
                for bits in words(20_000) {
                    let inst = op.with_operand_bits(bits, profile.xlen);
                    let decoded = Inst::decode(inst.encode(), profile);
                    assert_eq!(decoded, Some(inst), "{profile}: {op} from bits {bits:#010x}");
                    assert_eq!(inst.op(), op);
                }
            }
        }
    }

    #[test]
    fn a_decoded_word_is_the_encoding_of_its_instruction() {
        for profile in EVERYTHING.into_iter().chain([Profile::rv32(true)]) {
            let mut legal = 0;
            for word in words(2_000_000) {
                if let Some(inst) = Inst::decode(word, profile) {
                    assert_eq!(inst.encode(), word, "{inst}");
                    assert!(inst.is_in(profile), "{inst}");
                    legal += 1;
                }
            }
            assert!(legal > 50_000, "only {legal} legal words: the test saw too little");
        }
    }

    #[test]
    fn what_the_specification_calls_illegal_does_not_decode() {
        let illegal = [
            (0x0000_0000, "zero word"),
            (0xffff_ffff, "all ones"),
            (0x0000_100f, "fence.i"),
            (0x3020_0073, "mret"),
            (0x1050_0073, "wfi"),
            (0xc000_1073, "unimp of the assembler"),
            (0x0000_3003, "ld"),
            (0x0000_6003, "lwu"),
            (0x0000_3023, "sd"),
            (0x0200_1013, "slli with bit 25"),
            (0x1010_202f, "lr.w with rs2"),
            (0x0000_302f, "amoadd.d"),
            (0x0000_1067, "jalr with funct3 1"),
            (0x0000_2063, "branch with funct3 2"),
            (0x0000_0053, "fadd.s"),
            (0x6000_1013, "clz"),
            (0x2000_2033, "sh1add"),
            (0x0e00_5033, "czero.eqz"),
        ];
        for (word, what) in illegal {
            assert_eq!(Inst::decode(word, Profile::rv32(true)), None, "{what}");
        }
        let illegal_with_bits = [
            (0x6200_5013, "rori with bit 25"),
            (0x4a00_1013, "bclri with bit 25"),
            (0x6b80_5013, "rev8 of RV64"),
            (0x0800_403b, "zext.h of RV64"),
            (0x6000_101b, "clzw"),
            (0x0800_003b, "add.uw"),
            (0x0a00_1033, "clmul"),
            (0x0800_4033 | 1 << 20, "pack"),
        ];
        for (word, what) in illegal_with_bits {
            let profile = Profile::rv32(true).with_bits(true);
            assert_eq!(Inst::decode(word, profile), None, "{what}");
        }
        let illegal_in_64_bits = [
            (0x0400_1013, "slli with bit 26"),
            (0x0200_101b, "slliw with bit 25"),
            (0x6980_5013, "rev8 of RV32"),
            (0x0800_4033, "zext.h of RV32"),
            (0x0000_7003, "ldu"),
            (0x0000_202b, "amo of custom-1"),
            (0x0000_402f, "amo of 128 bits"),
        ];
        for (word, what) in illegal_in_64_bits {
            assert_eq!(Inst::decode(word, Profile::rv64(true)), None, "{what}");
        }
    }

    #[test]
    fn an_instruction_stays_small_enough_to_decode_a_whole_text() {
        assert!(size_of::<Option<Inst>>() <= 12);
    }
}

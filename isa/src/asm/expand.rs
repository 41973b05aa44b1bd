//! Pseudo-instructions that are more than another name for one row.

use alloc::format;

use super::builder::Assembler;
use super::expr::{Expr, Unknown, Value};
use crate::{Reg, Xlen};

impl Assembler {
    /// How far a shift moves the low `bits` to the top of a register.
    pub(super) fn above(&self, bits: u32) -> u32 {
        self.options.profile.xlen.bits() - bits
    }

    /// `li`: one instruction if the constant is known and small, otherwise two; on RV64 more for
    /// what does not fit into 32 bits.
    #[track_caller]
    pub(super) fn load_constant(&mut self, rd: Reg, value: Expr) -> &mut Self {
        let Some(value) = self.bind(value) else {
            return self;
        };
        match value.value(&self.symbols, None) {
            Ok(Value { section: None, number }) => {
                if self.options.profile.xlen == Xlen::Rv64 {
                    return self.load_wide(rd, number);
                }
                let Some(number) = as_word(number) else {
                    return self.fail(format!(
                        "li loads 32 bits, and {number} is not from -2147483648 to 4294967295"
                    ));
                };
                let (upper, lower) = (number.wrapping_add(0x800) >> 12, number << 20 >> 20);
                if upper == 0 {
                    return self.addi(rd, Reg::ZERO, lower);
                }
                self.lui(rd, upper & 0xf_ffff);
                match lower {
                    0 => self,
                    lower => self.addi(rd, rd, lower),
                }
            }
            Err(Unknown::Wrong(sentence)) => self.fail(sentence),
            Ok(_) | Err(_) => {
                let value = Expr(value);
                self.lui(rd, Expr::hi(value.clone())).addi(rd, rd, Expr::lo(value))
            }
        }
    }

    /// `li` on RV64: the upper part of the constant, a shift, and the lower 12 bits.
    #[track_caller]
    fn load_wide(&mut self, rd: Reg, number: i64) -> &mut Self {
        let lower = number << 52 >> 52;
        if let Ok(word) = i32::try_from(number) {
            let upper = word.wrapping_add(0x800) >> 12 & 0xf_ffff;
            if upper == 0 {
                return self.addi(rd, Reg::ZERO, lower);
            }
            self.lui(rd, upper);
            return match lower {
                0 => self,
                lower => self.addiw(rd, rd, lower),
            };
        }
        let upper = number.wrapping_sub(lower) >> 12;
        let zeros = upper.trailing_zeros();
        // GNU as writes the first small part with addiw, and so do we
        match upper >> zeros {
            part @ -2048..2048 => self.addiw(rd, Reg::ZERO, part),
            part => self.load_wide(rd, part),
        };
        self.slli(rd, rd, zeros + 12);
        match lower {
            0 => self,
            lower => self.addi(rd, rd, lower),
        }
    }

    /// `la`: the address of a symbol, counted from here.
    #[track_caller]
    pub(super) fn load_address(&mut self, rd: Reg, target: Expr) -> &mut Self {
        let here = Expr::from(self.here());
        self.auipc(rd, Expr::pcrel_hi(target.clone())).addi(rd, rd, Expr::lo(target - here))
    }

    /// `call` and `tail`: a jump to anywhere.
    #[track_caller]
    pub(super) fn far_jump(&mut self, link: Reg, scratch: Reg, target: Expr) -> &mut Self {
        let here = Expr::from(self.here());
        self.auipc(scratch, Expr::pcrel_hi(target.clone())).jalr(
            link,
            Expr::lo(target - here),
            scratch,
        )
    }
}

/// A number as 32 bits, if it can be read as such, signed or unsigned.
pub(super) fn as_word(number: i64) -> Option<i32> {
    (-(1 << 31)..1 << 32).contains(&number).then_some(number as i32)
}

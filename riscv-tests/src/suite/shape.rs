//! Instructions by the shape of their operands.

use bessemer_isa::{A, B, F, H, Hw, I, Inst, J, L, Lr, N, Op, R, R1, S, U};

/// How an instruction is made from its operands.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the variants are the operand formats of the table")]
pub enum Shape {
    U(fn(U) -> Inst),
    I(fn(I) -> Inst),
    H(fn(H) -> Inst),
    Hw(fn(Hw) -> Inst),
    R(fn(R) -> Inst),
    R1(fn(R1) -> Inst),
    L(fn(L) -> Inst),
    S(fn(S) -> Inst),
    Lr(fn(Lr) -> Inst),
    A(fn(A) -> Inst),
    B(fn(B) -> Inst),
    J(fn(J) -> Inst),
    F(fn(F) -> Inst),
    N(fn(N) -> Inst),
}

macro_rules! shapes {
    ($($Name:ident $method:ident $mnemonic:literal $on:ident $in:ident $Format:ident $fixed:literal
        $mask:literal $Class:ident;)*) => {
        impl Shape {
            /// The shape of an instruction, from its row.
            pub fn of(op: Op) -> Self {
                match op {
                    $(Op::$Name => Self::$Format(Inst::$Name),)*
                }
            }
        }
    };
}

bessemer_isa::for_each_instruction!(shapes);

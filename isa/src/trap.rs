//! Traps: the abnormal stops that the specification defines.

use core::fmt;

macro_rules! trap_kinds {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal, $sentence:literal;)*) => {
        /// Why a frame trapped (specification, section 5).
        ///
        /// Used by the engines, the trap tables of artifacts and diagnostics. The codes are part
        /// of the artifact format; 0 is never used.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum TrapKind {
            $(#[doc = $sentence] $name = $code,)*
        }

        impl TrapKind {
            /// All kinds in the order of their codes.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The kind with this code.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The kind's name as the specification writes it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// One sentence for a person.
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => $sentence,)*
                }
            }
        }
    };
}

trap_kinds! {
    IllegalInstruction = 1, "the bytes at pc are no instruction of this profile, or pc reached the end of text";
    Breakpoint = 2, "EBREAK or C.EBREAK was executed";
    BadJump = 3, "a jump or taken branch went to an address outside text";
    MisalignedJump = 4, "without profile C, a jump or taken branch went to text that is not 4-byte aligned";
    BadLoad = 5, "a load or LR touched a byte that is not mapped";
    BadStore = 6, "a store, SC or AMO touched a byte that is not mapped or not writable";
    MisalignedAtomic = 7, "LR, SC or AMO on an address that is not a multiple of 4";
    UnknownHostCall = 8, "ECALL with a number that is not in the table of this semantics version";
    BadPointer = 9, "a host call got a range outside mapped memory, or one it may not write";
    HostLimit = 10, "a host call exceeded a fixed cap that its row declares fatal";
    StaticViolation = 11, "a state-changing host call was made in a read-only frame";
    AccessViolation = 12, "a declared access list is in force and a key or account outside it was used";
}

impl TrapKind {
    /// The code, 1 to 12.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for TrapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A trap: its kind, and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trap {
    /// The kind of the trap.
    pub kind: TrapKind,
    /// Address of the instruction that raised the trap; for host-call traps, of the ECALL.
    pub pc: u32,
    /// The guest address that the instruction could not use: the lowest byte of a load or store
    /// that is not mapped with the needed permission, the operand of a misaligned atomic, or the
    /// target of a jump. `None` for other kinds.
    pub addr: Option<u32>,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at pc {:#010x}", self.kind, self.pc)?;
        if let Some(addr) = self.addr {
            write!(f, ", address {addr:#010x}")?;
        }
        write!(f, ": {}", self.kind.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_dense_from_one_and_name_their_kind() {
        for (index, &kind) in TrapKind::ALL.iter().enumerate() {
            assert_eq!(usize::from(kind.code()), index + 1);
            assert_eq!(TrapKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!(TrapKind::from_code(0), None);
    }
}

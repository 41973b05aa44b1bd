//! Kinds of trap, with the codes of section 5 as literal numbers.

/// The reason why a frame ended, without the pc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// Code of the kind.
    pub kind: u8,
    /// Faulting address or target, for the kinds that have one.
    pub addr: Option<u32>,
}

impl Trap {
    /// The bytes at pc are not an instruction of this profile, or pc reached the end of text.
    pub const ILLEGAL_INSTRUCTION: u8 = 1;
    /// EBREAK or C.EBREAK was executed.
    pub const BREAKPOINT: u8 = 2;
    /// A jump or taken branch went to an address outside text.
    pub const BAD_JUMP: u8 = 3;
    /// Without profile C, a jump or taken branch went to text that is not 4-byte aligned.
    pub const MISALIGNED_JUMP: u8 = 4;
    /// A load or LR touched a byte that is not mapped.
    pub const BAD_LOAD: u8 = 5;
    /// A store, SC or AMO touched a byte that is not mapped or not writable.
    pub const BAD_STORE: u8 = 6;
    /// LR, SC or AMO on an address that is not a multiple of 4.
    pub const MISALIGNED_ATOMIC: u8 = 7;

    pub(super) fn new(kind: u8) -> Self {
        Self { kind, addr: None }
    }

    pub(super) fn at(kind: u8, addr: u32) -> Self {
        Self { kind, addr: Some(addr) }
    }
}

//! Decoded text: what stands at every address at which a pc can stand.

use std::sync::{Arc, OnceLock};

use bessemer_isa::{Inst, Profile, TrapKind, expand};

/// The instruction at one address of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The instruction; `None` if the bytes are none of this profile.
    pub inst: Option<Inst>,
    /// Bytes to the next instruction, 2 or 4. Meaningless for an illegal one, which ends its run.
    pub len: u8,
}

impl Decoded {
    /// The parcel just past text, and everything else that is not an instruction.
    pub const ILLEGAL: Self = Self { inst: None, len: 0 };

    /// Whether the run ends here: at a terminator, or at what is not an instruction.
    pub fn ends_run(self) -> bool {
        self.inst.is_none_or(Inst::is_terminator)
    }
}

/// The executable bytes of an image, decoded at most once at every address a pc can have.
///
/// Addresses are grouped in *slots* of [`Profile::step`] bytes; slot `i` is at
/// `base + i * step`. Any slot can be jumped to, also the second half of a 4-byte instruction: it
/// is decoded as found.
#[derive(Clone, Debug)]
pub struct Text {
    base: u32,
    profile: Profile,
    /// Those of its segment.
    bytes: Arc<[u8]>,
    /// How many of them are text.
    len: usize,
    /// Made when they are first asked for: a program that comes with native code hardly needs them.
    slots: OnceLock<Box<[Decoded]>>,
}

impl Text {
    /// The text of `bytes`, which stand at `base`. A remainder shorter than a step is not text.
    ///
    /// The caller has checked that `base` is a multiple of the step and that the text ends below
    /// 2^32.
    pub(crate) fn decode(base: u32, bytes: Arc<[u8]>, profile: Profile) -> Self {
        let step = profile.step() as usize;
        let len = bytes.len() / step * step;
        Self { base, profile, bytes, len, slots: OnceLock::new() }
    }

    /// The address of the first instruction.
    #[inline]
    pub fn base(&self) -> u32 {
        self.base
    }

    /// The address just past the last slot.
    pub fn end(&self) -> u32 {
        self.address(self.slot_count())
    }

    /// The profile that the text was decoded by.
    #[inline]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The executable bytes, without a remainder shorter than a slot.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// All slots in address order. The first call decodes them.
    #[inline]
    pub fn slots(&self) -> &[Decoded] {
        self.slots.get_or_init(|| {
            let step = self.profile.step() as usize;
            let bytes = self.bytes();
            let starts = (0..bytes.len()).step_by(step);
            starts.map(|at| decode_at(&bytes[at..], self.profile)).collect()
        })
    }

    /// Number of slots.
    #[inline]
    pub fn slot_count(&self) -> usize {
        // steps are powers of two: a shift, as a division costs as much as a jump
        self.len >> self.profile.step().trailing_zeros()
    }

    /// The instruction at this slot; illegal from the end of text on.
    #[inline]
    pub fn slot(&self, index: usize) -> Decoded {
        self.slots().get(index).copied().unwrap_or(Decoded::ILLEGAL)
    }

    /// The instruction at this address, if a jump may go there.
    #[inline]
    pub fn at(&self, addr: u32) -> Option<Decoded> {
        self.index(addr).map(|index| self.slot(index))
    }

    /// The slot of an address that a jump may go to; `None` if the address is outside text or not
    /// a multiple of the step.
    #[inline]
    pub fn index(&self, addr: u32) -> Option<usize> {
        let index = self.arrival_index(addr)?;
        (index < self.slot_count()).then_some(index)
    }

    /// The slot that a jump or taken branch to `target` arrives at, or the trap that it raises
    /// (rule G5).
    #[inline]
    pub fn jump_target(&self, target: u32) -> Result<usize, TrapKind> {
        if !self.covers(target) {
            return Err(TrapKind::BadJump);
        }
        self.index(target).ok_or(TrapKind::MisalignedJump)
    }

    /// Like [`Text::index`], but the end of text counts too: fall-through can arrive there.
    #[inline]
    pub fn arrival_index(&self, addr: u32) -> Option<usize> {
        let offset = addr.wrapping_sub(self.base);
        let step = self.profile.step();
        let index = (offset >> step.trailing_zeros()) as usize;
        (offset & (step - 1) == 0 && index <= self.slot_count()).then_some(index)
    }

    /// The address of a slot, or of the end of text.
    #[inline]
    pub fn address(&self, index: usize) -> u32 {
        self.base.wrapping_add(index as u32 * self.profile.step())
    }

    /// Whether some slot covers this address, whatever its alignment.
    #[inline]
    pub fn covers(&self, addr: u32) -> bool {
        (addr.wrapping_sub(self.base) as usize) < self.len
    }
}

/// Decodes the instruction at the start of `bytes` (specification, section 2, "Length").
fn decode_at(bytes: &[u8], profile: Profile) -> Decoded {
    let Some(&[a, b]) = bytes.first_chunk() else {
        return Decoded::ILLEGAL;
    };
    let parcel = u16::from_le_bytes([a, b]);
    if parcel & 3 != 3 {
        if !profile.compressed {
            return Decoded::ILLEGAL;
        }
        return Decoded { inst: expand(parcel, profile), len: 2 };
    }
    let word = bytes.first_chunk().map(|&word| u32::from_le_bytes(word));
    Decoded { inst: word.and_then(|word| Inst::decode(word, profile)), len: 4 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMPRESSED: Profile = Profile::rv32(true);
    const PLAIN: Profile = Profile::rv32(false);

    /// The worked example of the specification, section 4.
    const EXAMPLE: [u8; 8] = [0x01, 0x45, 0x33, 0x05, 0xb5, 0x00, 0xed, 0xfd];

    #[test]
    fn every_parcel_is_decoded_as_found() {
        let text = Text::decode(0x10000, EXAMPLE.into(), COMPRESSED);
        let shown: Vec<_> =
            text.slots().iter().map(|slot| slot.inst.map(|inst| inst.to_string())).collect();
        let expected =
            ["addi a0, zero, 0", "add a0, a0, a1", "addi ra, ra, 13", "bne a1, zero, . - 6"];
        assert_eq!(shown, expected.map(|text| Some(text.to_owned())));
        assert_eq!(text.slot(4), Decoded::ILLEGAL);
    }

    #[test]
    fn a_word_cut_off_by_the_end_of_text_is_illegal() {
        let text = Text::decode(0x10000, [0x33, 0x05, 0xb5, 0x00, 0x33, 0x05].into(), COMPRESSED);
        assert_eq!(text.slot(2).inst, None);
    }

    #[test]
    fn without_compressed_profile_only_words_at_multiples_of_four_are_text() {
        let text = Text::decode(0x10000, EXAMPLE.into(), PLAIN);
        assert_eq!(text.slots().len(), 2);
        assert_eq!(text.slot(0).inst, None, "low bits are not 11");
        assert_eq!(text.index(0x10002), None);
        assert_eq!(text.index(0x10004), Some(1));
    }

    #[test]
    fn a_remainder_is_not_text() {
        let text = Text::decode(0x10000, EXAMPLE[..7].into(), PLAIN);
        assert_eq!(text.end(), 0x10004);
        let text = Text::decode(0x10000, EXAMPLE[..7].into(), COMPRESSED);
        assert_eq!(text.end(), 0x10006);
    }

    #[test]
    fn a_jump_may_go_to_any_slot_and_nowhere_else() {
        let text = Text::decode(0x10000, EXAMPLE.into(), COMPRESSED);
        assert_eq!(text.index(0x10006), Some(3));
        for outside in [0x10008, 0x10001, 0xfffe, 0, u32::MAX, 0x8001_0000] {
            assert_eq!(text.index(outside), None, "{outside:#x}");
        }
        assert_eq!(text.arrival_index(0x10008), Some(4), "fall-through may reach the end");
        assert_eq!(text.arrival_index(0x1000a), None);
    }
}

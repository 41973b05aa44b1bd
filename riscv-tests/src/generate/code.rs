//! Text under construction: bytes, labels, and places to fill in when the labels are known.

use super::encode as e;

/// A place in text that jumps can name before it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Label(usize);

#[derive(Clone, Debug)]
pub(super) struct Code {
    base: u32,
    bytes: Vec<u8>,
    labels: Vec<Option<u32>>,
    fixups: Vec<Fixup>,
}

#[derive(Clone, Debug)]
struct Fixup {
    at: usize,
    label: Label,
    addend: u32,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Branch,
    Jal,
    CompressedJump,
    CompressedBranch,
    /// LUI and an I-type instruction behind it.
    Absolute,
    /// AUIPC and an I-type instruction behind it.
    Relative,
}

impl Code {
    pub(super) fn new(base: u32) -> Self {
        Self { base, bytes: Vec::with_capacity(1024), labels: vec![], fixups: vec![] }
    }

    pub(super) fn here(&self) -> u32 {
        self.base + u32::try_from(self.bytes.len()).expect("texts are small")
    }

    pub(super) fn word(&mut self, word: u32) {
        self.bytes.extend_from_slice(&word.to_le_bytes());
    }

    pub(super) fn parcel(&mut self, parcel: u32) {
        self.bytes.extend_from_slice(&[(parcel & 0xff) as u8, (parcel >> 8 & 0xff) as u8]);
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    pub(super) fn place(&mut self, label: Label) {
        self.labels[label.0] = Some(self.here());
    }

    pub(super) fn placed(&mut self) -> Label {
        let label = self.label();
        self.place(label);
        label
    }

    pub(super) fn branch(&mut self, funct3: u32, rs1: u32, rs2: u32, to: Label, addend: u32) {
        self.fix(Kind::Branch, to, addend);
        self.word(e::branch(funct3, rs1, rs2, 0));
    }

    pub(super) fn jal(&mut self, rd: u32, to: Label, addend: u32) {
        self.fix(Kind::Jal, to, addend);
        self.word(e::jal(rd, 0));
    }

    /// C.J or C.JAL; a label out of reach gives another target.
    pub(super) fn compressed_jump(&mut self, link: bool, to: Label) {
        self.fix(Kind::CompressedJump, to, 0);
        self.parcel(if link { e::c_jal(0) } else { e::c_j(0) });
    }

    /// C.BEQZ or C.BNEZ; a label out of reach gives another target.
    pub(super) fn compressed_branch(&mut self, funct3: u32, rs1: u32, to: Label) {
        self.fix(Kind::CompressedBranch, to, 0);
        self.parcel(e::c_branch(funct3, rs1, 0));
    }

    /// LUI `rd` and the word behind it, an I-type instruction whose immediate is 0 so far.
    pub(super) fn absolute(&mut self, rd: u32, behind: u32, to: Label, addend: u32) {
        self.fix(Kind::Absolute, to, addend);
        self.word(e::u(e::LUI, rd, 0));
        self.word(behind);
    }

    /// AUIPC `rd` and the word behind it, an I-type instruction whose immediate is 0 so far.
    pub(super) fn relative(&mut self, rd: u32, behind: u32, to: Label, addend: u32) {
        self.fix(Kind::Relative, to, addend);
        self.word(e::u(e::AUIPC, rd, 0));
        self.word(behind);
    }

    /// The bytes, and where the labels are. A label that was never placed is the end of text.
    pub(super) fn finish(mut self) -> (Vec<u8>, Addresses) {
        let end = self.here();
        let labels = self.labels.iter().map(|label| label.unwrap_or(end)).collect();
        let addresses = Addresses(labels);
        for fixup in &self.fixups {
            let pc = self.base + u32::try_from(fixup.at).expect("texts are small");
            let target = addresses.of(fixup.label).wrapping_add(fixup.addend);
            let offset = target.wrapping_sub(pc);
            let low = |value: u32| (value & 0xfff) << 20;
            let high = |value: u32| value.wrapping_add(0x800) & 0xffff_f000;
            match fixup.kind {
                Kind::Branch => or(&mut self.bytes, fixup.at, e::branch(0, 0, 0, offset)),
                Kind::Jal => or(&mut self.bytes, fixup.at, e::jal(0, offset)),
                Kind::CompressedJump => or(&mut self.bytes, fixup.at, e::c_j(offset) & 0x1fff),
                Kind::CompressedBranch => or(&mut self.bytes, fixup.at, e::c_branch(0, 0, offset)),
                Kind::Absolute => {
                    or(&mut self.bytes, fixup.at, high(target));
                    or(&mut self.bytes, fixup.at + 4, low(target));
                }
                Kind::Relative => {
                    or(&mut self.bytes, fixup.at, high(offset));
                    or(&mut self.bytes, fixup.at + 4, low(offset));
                }
            }
        }
        (self.bytes, addresses)
    }

    fn fix(&mut self, kind: Kind, label: Label, addend: u32) {
        self.fixups.push(Fixup { at: self.bytes.len(), label, addend, kind });
    }
}

/// Where the labels of a finished text are.
#[derive(Clone, Debug)]
pub(super) struct Addresses(Vec<u32>);

impl Addresses {
    pub(super) fn of(&self, label: Label) -> u32 {
        self.0[label.0]
    }
}

/// Sets bits of the instruction at `at`; a compressed one leaves the upper half of `bits` zero.
fn or(bytes: &mut [u8], at: usize, bits: u32) {
    for (byte, more) in bytes[at..].iter_mut().zip(bits.to_le_bytes()) {
        *byte |= more;
    }
}

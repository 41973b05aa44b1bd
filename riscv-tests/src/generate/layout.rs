//! Where the segments of a case lie, and the numbers that are interesting because of it.

use super::random::Random;

const PAGE: u32 = 0x1000;
const STACK_TOP: u32 = 0xffff_0000;
/// Text and rodata are smaller than what is reserved for them.
const TEXT_SPACE: u32 = 0x1_0000;
const RODATA_SPACE: u32 = 0x1000;

#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) text: u32,
    pub(super) rodata: u32,
    pub(super) data: u32,
    pub(super) data_length: u32,
}

impl Layout {
    pub(super) fn new(random: &mut Random) -> Self {
        // Low, as a linker places it, with a page offset; the lowest page; across the sign
        // boundary; high.
        let text = match random.below(20) {
            0 => PAGE,
            1 => 0x8000_0000 - 4 * random.below(32),
            2 => 0xe000_0000 + 4 * random.below(0x400),
            3..6 => 0x1_0000 + 4 * random.below(0x400),
            _ => 0x1_0000,
        };
        let rodata = (text & !(PAGE - 1)) + TEXT_SPACE + PAGE;
        // Data on the page behind rodata, or with a gap.
        let page = rodata + RODATA_SPACE + if random.percent(20) { 0 } else { PAGE };
        // From the first byte of a page, up to the last byte of one, or across an edge.
        let data_length = 4 * random.between(64, 128);
        let data = match random.below(4) {
            0 => page + PAGE - data_length,
            1 => page + PAGE - 4 * random.between(1, 60),
            _ => page,
        };
        Self { text, rodata, data, data_length }
    }

    /// The value of the data base register: the middle of data.
    pub(super) fn data_base(&self) -> u32 {
        self.data + self.data_below()
    }

    /// Bytes of data below and from the data base.
    pub(super) fn data_below(&self) -> u32 {
        self.data_length / 8 * 4
    }

    pub(super) fn data_above(&self) -> u32 {
        self.data_length - self.data_below()
    }

    /// An operand: 0, 1, -1, MIN, MAX, 2^k, 2^k-1, a text address, a memory edge +-4, or anything.
    pub(super) fn constant(&self, random: &mut Random) -> u32 {
        match random.below(12) {
            0 => 0,
            1 => 1,
            2 => u32::MAX,
            3 => 0x8000_0000,
            4 => 0x7fff_ffff,
            5 => 1 << random.below(32),
            6 => (1 << random.below(32)) - 1,
            7 => self.text + random.below(0x100),
            8 => self.edge(random),
            9 => random.below(64).wrapping_sub(32),
            _ => random.word(),
        }
    }

    /// An address within 4 of where a permission changes.
    pub(super) fn edge(&self, random: &mut Random) -> u32 {
        let text_page = self.text & !(PAGE - 1);
        let data_page = self.data & !(PAGE - 1);
        let edge = random.pick(&[
            0,
            PAGE,
            self.text,
            text_page,
            text_page + PAGE,
            self.rodata,
            self.rodata + PAGE,
            data_page,
            data_page + PAGE,
            (self.data + self.data_length + PAGE - 1) & !(PAGE - 1),
            STACK_TOP - 0x1_0000,
            STACK_TOP,
        ]);
        edge.wrapping_add(random.below(9)).wrapping_sub(4)
    }
}

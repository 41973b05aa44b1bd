//! Hostile programs as a few numbers, which the search changes one at a time.
//!
//! A genome makes a text full of blocks, each a *body* of instructions and a *hop* to the next one, in
//! one cycle through all of them. Its text form is a line such as
//! `text=512 hop=jal.ra order=random body=div,load`.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};
use bessemer_isa::{A, B, I, Inst, L, R, Reg, S};

use super::text::{
    DATA, Random, Text, address, branch, compressed_jump, compressed_register_jump, jal, jalr,
};

/// A hostile program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Genome {
    /// KiB of text that the blocks fill, 1 to 511.
    pub text: usize,
    /// How a block goes to the next.
    pub hop: Hop,
    /// Whether the next block is behind, or anywhere within the hop's reach.
    pub random: bool,
    /// Further instructions of each block.
    pub body: Vec<Op>,
    /// Where the pseudo-random numbers start.
    pub seed: u64,
}

macro_rules! named {
    ($(#[$meta:meta])* $Name:ident { $($(#[$doc:meta])* $Variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $Name { $($(#[$doc])* $Variant,)* }

        impl $Name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$Variant),*];

            /// The name in the text form.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Variant => $name,)* }
            }
        }

        impl FromStr for $Name {
            type Err = Error;

            fn from_str(name: &str) -> Result<Self> {
                let found = Self::ALL.iter().find(|it| it.name() == name);
                let known = || Self::ALL.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ");
                found.copied().with_context(|| format!("`{name}` is none of {}", known()))
            }
        }
    };
}

named! {
    /// How control passes from block to block.
    Hop {
        /// `jal x0`.
        Jump = "jal",
        /// `jal ra`: a call that never returns.
        Call = "jal.ra",
        /// `jal t0`, the other link register.
        CallT0 = "jal.t0",
        /// `jal t2`, which links and is not a call.
        Link = "jal.t2",
        /// `c.j`.
        ShortJump = "c.j",
        /// `c.jal`.
        ShortCall = "c.jal",
        /// A branch that is always taken.
        Branch = "beq",
        /// `jalr x0` to an address from a table.
        TableJump = "jalr",
        /// `jalr ra` to an address from a table.
        TableCall = "jalr.ra",
        /// `jalr t2` to an address from a table.
        TableLink = "jalr.t2",
        /// `c.jalr` to an address from a table.
        ShortTableCall = "c.jalr",
        /// A return to an address from a table.
        Return = "ret",
        /// A jump by table to an address that nothing in the file shows: the table's words are odd.
        HiddenJump = "jalr.hidden",
        /// The same by a return.
        HiddenReturn = "ret.hidden",
        /// To the middle of an instruction, whose second half is a jump to the next block.
        Overlap = "jalr.overlap",
        /// A branch that is taken or not as a pseudo-random number says.
        Coin = "coin",
        /// A call of a function that returns, and a jump.
        CallAndReturn = "call",
        /// A function calls the next block if it has not come back yet, as it never has.
        Recursion = "recursion",
    }
}

named! {
    /// An instruction of a body.
    Op {
        /// An addition that needs the one before.
        Add = "add",
        /// A product.
        Mul = "mul",
        /// The upper half of a product.
        Mulh = "mulh",
        /// A division that needs the one before.
        Div = "div",
        /// A remainder of the largest numbers.
        Rem = "rem",
        /// A load that needs the one before, from a random place in 512 KiB, or 128 if text is large.
        Chase = "chase",
        /// A load of what was just stored by bytes.
        Forward = "forward",
        /// A load across the end of a page.
        LoadCross = "load.cross",
        /// A store across the end of a page.
        StoreCross = "store.cross",
        /// A store across the end of a line.
        StoreLine = "store.line",
        /// A store.
        Store = "store",
        /// An atomic addition.
        Amo = "amo",
        /// Load reserved and store conditional.
        Reserve = "lr.sc",
        /// A store to the line that the next number says.
        Scatter = "scatter",
    }
}

/// Bytes for the addresses of blocks, if they come from a table.
const TABLE_BYTES: u32 = 128 << 10;
/// Bytes behind that, which programs store to.
const SCRATCH_BYTES: u32 = 16 << 10;
/// Behind them is the linked list of [`Op::Chase`], with a word in each line.
const LINE: u32 = 64;

const TABLE: Reg = Reg::T0;
const TARGET: Reg = Reg::T1;
const LINKED: Reg = Reg::T2;
const NUMBER: Reg = Reg::A2;
const FACTOR: Reg = Reg::A3;
const CHASED: Reg = Reg::A4;
const PLACE: Reg = Reg::A5;
const MASK: Reg = Reg::A6;
const CROSSING: Reg = Reg::S2;
const BASE: Reg = Reg::S3;
const TURNS: Reg = Reg::S4;
const LIST: Reg = Reg::S5;

/// Links the lines of the list in an order that looks random: each to the one that a linear congruence
/// of full period names.
fn link_list(text: &mut Text) {
    let (line, next, end) = (Reg::T3, Reg::T4, Reg::T5);
    text.push(Inst::Addi(I { rd: line, rs1: Reg::ZERO, imm: 0 }));
    let again = text.len();
    text.push(Inst::Mul(R { rd: next, rs1: line, rs2: FACTOR }));
    text.push(Inst::Addi(I { rd: next, rs1: next, imm: LINE as i32 }));
    text.push(Inst::And(R { rd: next, rs1: next, rs2: MASK }));
    text.push(Inst::Add(R { rd: next, rs1: next, rs2: LIST }));
    text.push(Inst::Add(R { rd: end, rs1: line, rs2: LIST }));
    text.push(Inst::Sw(S { rs1: end, rs2: next, imm: 0 }));
    text.push(Inst::Addi(I { rd: line, rs1: line, imm: LINE as i32 }));
    let here = text.len();
    let offset = again as i32 - here as i32;
    text.push(Inst::Bgeu(B { rs1: MASK, rs2: line, offset }));
}

impl Hop {
    /// How far the hop goes, in bytes.
    fn reach(self) -> usize {
        match self {
            Self::ShortJump | Self::ShortCall => 2_000,
            Self::Branch => 4_000,
            _ => 1 << 19,
        }
    }

    fn is_compressed(self) -> bool {
        matches!(self, Self::ShortJump | Self::ShortCall | Self::ShortTableCall | Self::Overlap)
    }

    /// Whether the next block's address comes from the table, and whether it can be seen there.
    fn table(self) -> Option<bool> {
        use Hop::*;
        match self {
            TableJump | TableCall | TableLink | ShortTableCall | Return => Some(true),
            HiddenJump | HiddenReturn | Overlap => Some(false),
            _ => None,
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::ShortJump | Self::ShortCall => 2,
            Self::ShortTableCall => 10,
            Self::TableJump
            | Self::TableCall
            | Self::TableLink
            | Self::Return
            | Self::HiddenJump
            | Self::HiddenReturn => 12,
            Self::Overlap => 16,
            Self::Coin => 20,
            Self::CallAndReturn => 12,
            Self::Recursion => 12,
            _ => 4,
        }
    }
}

impl Genome {
    /// The program's image, a contract without host calls that never ends.
    pub fn image(&self) -> Vec<u8> {
        let mut random = Random::new(self.seed);
        let mut text = Text::new(self.hop.is_compressed());
        let table = if self.hop.table().is_some() { TABLE_BYTES } else { 0 };
        let (scratch, list) = (DATA + table, DATA + table + SCRATCH_BYTES);
        let list_bytes = if self.text > 256 { 128 << 10 } else { 512 << 10 };
        text.constant(TURNS, 1);
        text.constant(NUMBER, 0x9e37_79b9);
        text.constant(FACTOR, 0x0019_660d);
        text.constant(CROSSING, scratch + 0x1000);
        text.constant(BASE, scratch);
        text.constant(LIST, list);
        text.constant(MASK, (list_bytes - 1) & !(LINE - 1));
        if self.body.contains(&Op::Chase) {
            link_list(&mut text);
        }
        text.constant(CHASED, list);
        let again = text.len();
        text.constant(TABLE, DATA);
        let enter = text.len();
        text.reserve(4);

        let body = self.body.iter().map(|op| op.bytes()).sum::<usize>();
        let size = body + self.hop.bytes();
        let most = if table > 0 { TABLE_BYTES as usize / 4 } else { usize::MAX };
        let start = text.len();
        let blocks = ((self.text << 10).saturating_sub(start + 4) / size).clamp(2, most);
        let order = self.order(blocks, size, &mut random);
        text.reserve(blocks * size + 4);
        text.set(enter, jal(Reg::ZERO, enter, start + order[0] * size));
        let following = order.iter().skip(1).map(Some).chain([None]);
        for (&block, next) in order.iter().zip(following) {
            let mut at = start + block * size;
            for inst in self.body.iter().flat_map(|op| op.instructions()) {
                text.set(at, inst);
                at += 4;
            }
            match next {
                Some(&next) => self.hop(&mut text, at, start + next * size),
                // the last block in the order is the last in text
                None => text.set(at, jal(Reg::ZERO, at, again)),
            }
        }
        if let Some(seen) = self.hop.table() {
            // an odd word is not an address of text, and a jump clears its lowest bit
            let word = |&block: &usize| address(start + block * size) | u32::from(!seen);
            order[1..].iter().map(word).for_each(|word| text.word(word));
        }
        if table > 0 || !self.body.is_empty() {
            text.memory(table + SCRATCH_BYTES + list_bytes);
        }
        text.image()
    }

    /// The blocks in the order in which they execute; the last is the last in text.
    fn order(&self, blocks: usize, size: usize, random: &mut Random) -> Vec<usize> {
        let mut order: Vec<usize> = (0..blocks).collect();
        if self.random {
            let window = (self.hop.reach() / 2 / size).max(1);
            order[..blocks - 1].chunks_mut(window).for_each(|window| random.shuffle(window));
        }
        order
    }

    fn hop(&self, text: &mut Text, at: usize, to: usize) {
        let mut table = |link: Inst, target: Reg| {
            text.set(at, Inst::Lw(L { rd: target, rs1: TABLE, imm: 0 }));
            text.set(at + 4, Inst::Addi(I { rd: TABLE, rs1: TABLE, imm: 4 }));
            text.set(at + 8, link);
        };
        match self.hop {
            Hop::Jump => text.set(at, jal(Reg::ZERO, at, to)),
            Hop::Call => text.set(at, jal(Reg::RA, at, to)),
            Hop::CallT0 => text.set(at, jal(Reg::T0, at, to)),
            Hop::Link => text.set(at, jal(LINKED, at, to)),
            Hop::ShortJump => text.set_parcel(at, compressed_jump(false, at, to)),
            Hop::ShortCall => text.set_parcel(at, compressed_jump(true, at, to)),
            Hop::Branch => text.set(at, branch(at, to)),
            Hop::TableJump | Hop::HiddenJump => table(jalr(Reg::ZERO, TARGET, 0), TARGET),
            Hop::TableCall => table(jalr(Reg::RA, TARGET, 0), TARGET),
            Hop::TableLink => table(jalr(LINKED, TARGET, 0), TARGET),
            Hop::Return | Hop::HiddenReturn => table(jalr(Reg::ZERO, Reg::RA, 0), Reg::RA),
            Hop::ShortTableCall => {
                text.set(at, Inst::Lw(L { rd: TARGET, rs1: TABLE, imm: 0 }));
                text.set(at + 4, Inst::Addi(I { rd: TABLE, rs1: TABLE, imm: 4 }));
                text.set_parcel(at + 8, compressed_register_jump(true, TARGET));
            }
            Hop::Overlap => {
                // the block goes on in the upper half of a LUI, where a compressed jump register stands
                text.set(at, Inst::Lw(L { rd: TARGET, rs1: TABLE, imm: 0 }));
                text.set(at + 4, Inst::Addi(I { rd: TABLE, rs1: TABLE, imm: 4 }));
                text.set(at + 8, jal(Reg::ZERO, at + 8, at + 14));
                text.set_parcel(at + 12, 0x0337);
                text.set_parcel(at + 14, compressed_register_jump(false, TARGET));
            }
            Hop::Coin => {
                text.set(at, Inst::Mul(R { rd: NUMBER, rs1: NUMBER, rs2: FACTOR }));
                text.set(at + 4, Inst::Addi(I { rd: NUMBER, rs1: NUMBER, imm: 1223 }));
                text.set(at + 8, Inst::Blt(B { rs1: NUMBER, rs2: Reg::ZERO, offset: 8 }));
                text.set(at + 12, Inst::Addi(I { rd: CHASED, rs1: CHASED, imm: 0 }));
                text.set(at + 16, jal(Reg::ZERO, at + 16, to));
            }
            Hop::CallAndReturn => {
                text.set(at, jal(Reg::RA, at, at + 8));
                text.set(at + 4, jal(Reg::ZERO, at + 4, to));
                text.set(at + 8, jalr(Reg::ZERO, Reg::RA, 0));
            }
            Hop::Recursion => {
                text.set(at, Inst::Beq(B { rs1: TURNS, rs2: Reg::ZERO, offset: 8 }));
                text.set(at + 4, jal(Reg::RA, at + 4, to));
                text.set(at + 8, jalr(Reg::ZERO, Reg::RA, 0));
            }
        }
    }

    /// A genome that differs in one place.
    pub(super) fn mutate(&self, random: &mut Random) -> Self {
        const TEXTS: [usize; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 500];
        let mut child = self.clone();
        match random.below(7) {
            0 => child.text = TEXTS[random.below(TEXTS.len())],
            1 => child.hop = Hop::ALL[random.below(Hop::ALL.len())],
            2 => child.random = !child.random,
            3 if child.body.len() < 12 => {
                let place = random.below(child.body.len() + 1);
                child.body.insert(place, Op::ALL[random.below(Op::ALL.len())]);
            }
            4 | 5 if !child.body.is_empty() => {
                let place = random.below(child.body.len());
                child.body.remove(place);
            }
            _ if !child.body.is_empty() => {
                let place = random.below(child.body.len());
                child.body[place] = Op::ALL[random.below(Op::ALL.len())];
            }
            _ => child.body.push(Op::ALL[random.below(Op::ALL.len())]),
        }
        child
    }

    /// A genome that has parts of both.
    pub(super) fn cross(&self, other: &Self, random: &mut Random) -> Self {
        let mut child = self.clone();
        if random.below(2) == 0 {
            child.hop = other.hop;
        }
        if random.below(2) == 0 {
            child.text = other.text;
        }
        if random.below(2) == 0 {
            child.body.clone_from(&other.body);
        }
        child
    }
}

impl Op {
    fn bytes(self) -> usize {
        4 * self.instructions().len()
    }

    fn instructions(self) -> Vec<Inst> {
        let number = R { rd: NUMBER, rs1: NUMBER, rs2: FACTOR };
        let crossing = |imm| S { rs1: CROSSING, rs2: NUMBER, imm };
        let atomic = A { rd: LINKED, rs1: BASE, rs2: NUMBER, aq: false, rl: false };
        match self {
            Self::Add => vec![Inst::Add(number)],
            Self::Mul => vec![Inst::Mul(number)],
            Self::Mulh => vec![Inst::Mulh(number)],
            Self::Div => vec![Inst::Div(number)],
            Self::Rem => vec![Inst::Remu(R { rd: PLACE, rs1: NUMBER, rs2: FACTOR })],
            Self::Chase => vec![Inst::Lw(L { rd: CHASED, rs1: CHASED, imm: 0 })],
            Self::Forward => vec![
                Inst::Sb(S { rs1: BASE, rs2: NUMBER, imm: 1 }),
                Inst::Lw(L { rd: NUMBER, rs1: BASE, imm: 0 }),
            ],
            Self::LoadCross => vec![Inst::Lw(L { rd: NUMBER, rs1: CROSSING, imm: -2 })],
            Self::StoreCross => vec![Inst::Sw(crossing(-2))],
            Self::StoreLine => vec![Inst::Sw(crossing(62))],
            Self::Store => vec![Inst::Sw(crossing(0))],
            Self::Amo => vec![Inst::AmoaddW(atomic)],
            Self::Reserve => vec![
                Inst::LrW(bessemer_isa::Lr { rd: LINKED, rs1: BASE, aq: false, rl: false }),
                Inst::ScW(atomic),
            ],
            Self::Scatter => vec![
                Inst::Mul(number),
                Inst::And(R { rd: PLACE, rs1: NUMBER, rs2: MASK }),
                Inst::Add(R { rd: PLACE, rs1: PLACE, rs2: LIST }),
                Inst::Sw(S { rs1: PLACE, rs2: NUMBER, imm: 4 }),
            ],
        }
    }
}

impl fmt::Display for Genome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.random { "random" } else { "row" };
        let body = self.body.iter().map(|op| op.name()).collect::<Vec<_>>().join(",");
        write!(f, "text={} hop={} order={order}", self.text, self.hop.name())?;
        write!(f, " body={body} seed={}", self.seed)
    }
}

impl FromStr for Genome {
    type Err = Error;

    fn from_str(line: &str) -> Result<Self> {
        let mut genome = Self { text: 16, hop: Hop::Jump, random: true, body: Vec::new(), seed: 1 };
        for part in line.split_whitespace() {
            let (key, value) = part.split_once('=').with_context(|| format!("`{part}`: no `=`"))?;
            match key {
                "text" => genome.text = value.parse::<usize>()?,
                "hop" => genome.hop = value.parse()?,
                "order" => {
                    genome.random = match value {
                        "random" => true,
                        "row" => false,
                        _ => bail!("`{value}` is neither random nor row"),
                    }
                }
                "body" => {
                    let names = value.split(',').filter(|name| !name.is_empty());
                    genome.body = names.map(str::parse).collect::<Result<_>>()?;
                }
                "seed" => genome.seed = value.parse()?,
                _ => bail!("`{key}` is none of text, hop, order, body, seed"),
            }
        }
        if !(1..512).contains(&genome.text) {
            bail!("a text of {} KiB is not between 1 and 511", genome.text);
        }
        Ok(genome)
    }
}

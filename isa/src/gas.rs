//! Gas classes and schedules (specification, sections 4 and 7).

/// The class of an instruction, which decides its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Additions, logic, shifts, comparisons, constants, fences.
    Alu,
    /// The low half of a product.
    Mul,
    /// The high half of a product.
    Mulh,
    /// Division and remainder.
    Div,
    /// Loads and load reserved.
    Load,
    /// Stores and store conditional.
    Store,
    /// Atomic memory operations: a load and a store.
    Amo,
    /// Conditional branches.
    Branch,
    /// Direct jumps.
    Jal,
    /// Indirect jumps.
    Jalr,
    /// Host calls, before the price of the called row.
    Ecall,
    /// Breakpoints.
    Ebreak,
}

impl Class {
    /// Whether the instruction ends a run: control leaves it by an arrival, a host call or a trap.
    pub const fn is_terminator(self) -> bool {
        matches!(self, Self::Branch | Self::Jal | Self::Jalr | Self::Ecall | Self::Ebreak)
    }
}

/// The declared memory size of a program, rounded up to one of five sizes; it selects the prices
/// of loads and stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MemoryClass {
    /// Up to 256 KiB.
    Kib256,
    /// Up to 1 MiB.
    Mib1,
    /// Up to 4 MiB.
    Mib4,
    /// Up to 16 MiB.
    Mib16,
    /// Up to 64 MiB: bare programs only.
    Mib64,
}

impl MemoryClass {
    /// All classes from small to large.
    pub const ALL: [Self; 5] = [Self::Kib256, Self::Mib1, Self::Mib4, Self::Mib16, Self::Mib64];

    /// The largest memory of this class, in bytes.
    pub const fn bytes(self) -> u32 {
        match self {
            Self::Kib256 => 256 << 10,
            Self::Mib1 => 1 << 20,
            Self::Mib4 => 4 << 20,
            Self::Mib16 => 16 << 20,
            Self::Mib64 => 64 << 20,
        }
    }

    /// The smallest class that holds this many bytes.
    pub fn holding(bytes: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| u64::from(class.bytes()) >= bytes)
    }
}

/// The size of a program's text, rounded up to one of nine sizes; it selects the price of a jump: the
/// processor predicts and fetches jumps within little code, and waits for those within much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextClass {
    /// Up to 4 KiB.
    Kib4,
    /// Up to 8 KiB.
    Kib8,
    /// Up to 16 KiB.
    Kib16,
    /// Up to 32 KiB.
    Kib32,
    /// Up to 64 KiB.
    Kib64,
    /// Up to 128 KiB.
    Kib128,
    /// Up to 256 KiB.
    Kib256,
    /// Up to 512 KiB, the most that a contract has.
    Kib512,
    /// More: bare programs only.
    More,
}

impl TextClass {
    /// All classes from small to large.
    pub const ALL: [Self; 9] = [
        Self::Kib4,
        Self::Kib8,
        Self::Kib16,
        Self::Kib32,
        Self::Kib64,
        Self::Kib128,
        Self::Kib256,
        Self::Kib512,
        Self::More,
    ];

    /// The smallest class that holds this many bytes of text.
    pub const fn holding(bytes: usize) -> Self {
        match bytes {
            0..=0x1000 => Self::Kib4,
            0x1001..=0x2000 => Self::Kib8,
            0x2001..=0x4000 => Self::Kib16,
            0x4001..=0x8000 => Self::Kib32,
            0x8001..=0x1_0000 => Self::Kib64,
            0x1_0001..=0x2_0000 => Self::Kib128,
            0x2_0001..=0x4_0000 => Self::Kib256,
            0x4_0001..=0x8_0000 => Self::Kib512,
            _ => Self::More,
        }
    }
}

/// Prices of one schedule. A schedule is a constant: engines read it and nothing else, and its
/// identity is part of the key of every compiled artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[allow(missing_docs, reason = "one field per class; prices in gas")]
pub struct GasSchedule {
    /// Distinguishes schedules; never reused.
    pub id: u32,
    /// Part of every charge: the price of the check itself.
    pub run_base: u32,
    pub alu: u32,
    pub mul: u32,
    pub mulh: u32,
    pub div: u32,
    /// By [`MemoryClass`].
    pub load: [u32; 5],
    /// By [`MemoryClass`].
    pub store: [u32; 5],
    pub branch: u32,
    pub jal: u32,
    pub jalr: u32,
    /// Added to both, by [`TextClass`]. Branches do not reach far enough to need it.
    pub far: [u32; 9],
    pub ecall: u32,
    pub ebreak: u32,
    /// Bytes that are no instruction, and the end of text.
    pub illegal: u32,
    /// Each 4 KiB page mapped at frame entry (rule G8).
    pub page: u32,
    /// Each 4 KiB page mapped by growing the heap, which no frame had before.
    pub grown_page: u32,
}

impl GasSchedule {
    /// Schedule 1.
    pub const V1: Self = Self {
        id: 1,
        run_base: 2,
        alu: 1,
        mul: 5,
        mulh: 6,
        div: 25,
        load: [8, 12, 100, 128, 160],
        store: [4, 4, 25, 32, 40],
        branch: 8,
        jal: 3,
        jalr: 15,
        far: [0; 9],
        ecall: 150,
        ebreak: 1,
        illegal: 1,
        page: 1_500,
        grown_page: 1_500,
    };

    /// Schedule 2: what schedule 1 sold below cost (`docs/gas.md`, calibration).
    pub const V2: Self = Self {
        id: 2,
        store: [10, 10, 25, 32, 40],
        far: [12, 22, 34, 48, 70, 85, 110, 130, 150],
        grown_page: 3_500,
        ..Self::V1
    };

    /// The schedule with this number.
    pub const fn by_id(id: u32) -> Option<Self> {
        match id {
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            _ => None,
        }
    }

    /// The price of one instruction of this class in a program of these sizes.
    pub const fn cost(&self, class: Class, memory: MemoryClass, text: TextClass) -> u32 {
        let far = self.far[text as usize];
        let load = self.load[memory as usize];
        let store = self.store[memory as usize];
        match class {
            Class::Alu => self.alu,
            Class::Mul => self.mul,
            Class::Mulh => self.mulh,
            Class::Div => self.div,
            Class::Load => load,
            Class::Store => store,
            Class::Amo => load + store,
            Class::Branch => self.branch,
            Class::Jal => self.jal + far,
            Class::Jalr => self.jalr + far,
            Class::Ecall => self.ecall,
            Class::Ebreak => self.ebreak,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_gets_the_smallest_class_that_holds_it() {
        for (index, class) in TextClass::ALL.into_iter().enumerate().take(8) {
            let most = (4 << 10) << index;
            assert_eq!(TextClass::holding(most), class);
            assert_eq!(TextClass::holding(most + 1), TextClass::ALL[index + 1]);
        }
        assert_eq!(TextClass::holding(0), TextClass::Kib4);
    }

    #[test]
    fn a_schedule_is_found_by_its_number() {
        for schedule in [GasSchedule::V1, GasSchedule::V2] {
            assert_eq!(GasSchedule::by_id(schedule.id), Some(schedule));
        }
        assert_eq!(GasSchedule::by_id(3), None);
    }

    #[test]
    fn a_memory_size_gets_the_smallest_class_that_holds_it() {
        assert_eq!(MemoryClass::holding(0), Some(MemoryClass::Kib256));
        assert_eq!(MemoryClass::holding(256 << 10), Some(MemoryClass::Kib256));
        assert_eq!(MemoryClass::holding((256 << 10) + 1), Some(MemoryClass::Mib1));
        assert_eq!(MemoryClass::holding(64 << 20), Some(MemoryClass::Mib64));
        assert_eq!(MemoryClass::holding((64 << 20) + 1), None);
    }
}

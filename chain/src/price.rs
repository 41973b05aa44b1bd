//! Gas schedules of chains: prices of transactions and state, and of guest code, which `isa` has. The
//! bases of host calls are in `abi`.
//!
//! State is priced as if every first access went to disk; what a cache holds never shows.

use bessemer_isa::GasSchedule;

/// A schedule: prices in gas. A schedule is a constant: nothing else is read. A chain has one from its
/// first block on, and each header names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prices {
    /// Distinguishes schedules; never reused. An embedder's own have numbers from
    /// [`Prices::FIRST_OWN`] on.
    pub id: u32,
    /// Instructions, runs and pages.
    pub guest: GasSchedule,
    /// A transaction: signature, nonce, balances, receipt.
    pub transaction: u64,
    /// A byte of a transaction's input.
    pub input_byte: u64,
    /// The first access to an account in a transaction.
    pub cold_account: u64,
    /// The first access to a stored value in a transaction.
    pub cold_storage: u64,
    /// Writing a value where none is.
    pub new_value: u64,
    /// A byte that the state grows by.
    pub state_byte: u64,
    /// An account that did not exist.
    pub new_account: u64,
    /// The refund for removing a value that was there when the transaction began.
    pub cleared_value: u64,
    /// All refunds together are at most the gas used divided by this.
    pub refund_cap: u64,
    /// A byte of uploaded code: loading, translating and storing it.
    pub code_byte: u64,
    /// An entry of a transaction's access list.
    pub access_entry: u64,
    /// A byte of the file of a contract, at each entry of a frame: as if it came from disk.
    pub load_file_byte: u64,
    /// A byte of its text, at each entry of a frame, in addition to `load_file_byte`.
    pub load_text_byte: u64,
    /// The first bytes of the file, and of the text, that cost nothing more: the price of a call covers
    /// them.
    pub load_free: u32,
    /// A byte that the receipt keeps of output, and of topics and data of events.
    pub receipt_byte: u64,
}

impl Prices {
    /// The first number of schedules that an embedder makes.
    pub const FIRST_OWN: u32 = 1 << 16;

    /// Schedule 1.
    pub const V1: Self = Self {
        id: 1,
        guest: GasSchedule::V1,
        transaction: 150_000,
        input_byte: 10,
        cold_account: 15_000,
        cold_storage: 15_000,
        new_value: 25_000,
        state_byte: 150,
        new_account: 50_000,
        cleared_value: 20_000,
        refund_cap: 5,
        code_byte: 4_000,
        access_entry: 0,
        load_file_byte: 0,
        load_text_byte: 0,
        load_free: 0,
        receipt_byte: 0,
    };

    /// Schedule 2, the one of new chains. It has prices for what costs too little, or nothing, in schedule 1.
    pub const V2: Self = Self {
        id: 2,
        guest: GasSchedule::V2,
        access_entry: 1_000,
        load_file_byte: 2,
        load_text_byte: 8,
        load_free: 16 << 10,
        receipt_byte: 32,
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
}

//! Results of host calls, as they stand in a0.

/// `storage_get`, `transient_get`, `code_hash`: there is none.
pub const ABSENT: u32 = u32::MAX;

/// `grow`: the heap cannot grow so far.
pub const NO_MEMORY: u32 = u32::MAX;

/// A signature, proof or encoding is not valid.
pub const INVALID: u32 = 0;
/// A signature or proof is valid.
pub const VALID: u32 = 1;

/// How a contract call ended (specification, section 6). Zero and positive: the callee ran.
pub mod status {
    /// The callee returned.
    pub const RETURN: u32 = 0;
    /// The callee reverted.
    pub const REVERT: u32 = 1;
    /// The callee trapped.
    pub const TRAP: u32 = 2;
    /// The callee ran out of gas.
    pub const OUT_OF_GAS: u32 = 3;
    /// Nothing ran: as many frames exist as may at once.
    pub const DEPTH: u32 = -1_i32 as u32;
    /// Nothing ran: the balance is smaller than the value.
    pub const BALANCE: u32 = -2_i32 as u32;
    /// Nothing ran: the account has no code, and the input is not empty.
    pub const NO_CODE: u32 = -3_i32 as u32;
    /// Nothing ran: the contract is running already and did not allow re-entry.
    pub const REENTRY: u32 = -4_i32 as u32;
    /// Nothing ran: the address of the new contract is taken.
    pub const OCCUPIED: u32 = -5_i32 as u32;
    /// Nothing ran: no code with this hash was uploaded.
    pub const UNKNOWN_CODE: u32 = -6_i32 as u32;
    /// Nothing was stored: the file is not a contract.
    pub const REJECTED: u32 = -7_i32 as u32;
    /// Nothing ran: the nonce of the creator cannot be raised.
    pub const NONCE: u32 = -8_i32 as u32;
    /// Nothing ran: the code is of the other kind, RISC-V or EVM, and would run on this account's state.
    pub const KIND: u32 = -9_i32 as u32;
}

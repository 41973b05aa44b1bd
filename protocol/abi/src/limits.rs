//! Fixed caps of host calls and transactions (part of the semantics version).

/// Bytes of a storage key.
pub const KEY_BYTES: u32 = 64;
/// Bytes of a stored value.
pub const VALUE_BYTES: u32 = 16 << 10;
/// Storage and transient writes, removals included, of a transaction.
pub const WRITES: u32 = 4096;
/// Entries of a transaction's access list.
pub const ACCESS_ENTRIES: u32 = 4096;
/// Bytes of the input of a call.
pub const INPUT_BYTES: u32 = 64 << 10;
/// Bytes of return or revert data.
pub const OUTPUT_BYTES: u32 = 64 << 10;
/// Bytes of a contract file.
pub const CODE_BYTES: u32 = 1 << 20;
/// Topics of an event, the signature's included.
pub const TOPICS: u32 = 4;
/// Events of a transaction.
pub const EVENTS: u32 = 64;
/// Bytes of topics and data of all events of a transaction.
pub const EVENT_BYTES: u32 = 16 << 10;
/// Contracts that a transaction creates.
pub const CREATIONS: u32 = 1024;
/// Bytes of one line of the debug log, and of a panic message.
pub const MESSAGE_BYTES: u32 = 4 << 10;
/// Bytes of debug log that a transaction keeps, 20 for the address of each line; what comes later is
/// dropped.
pub const LOG_BYTES: u32 = 64 << 10;
/// Frames that exist at once, the first included.
pub const CALL_DEPTH: u32 = 64;
/// Bytes of a message to hash, copy, fill or compare at once.
pub const BULK_BYTES: u32 = 16 << 20;
/// Pairs of points in one pairing check.
pub const PAIRS: u32 = 64;
/// Keys or signatures that are aggregated at once.
pub const SIGNERS: u32 = 512;
/// Bytes of the input of a modular exponentiation: three lengths and three numbers of 1 KiB.
pub const MODEXP_BYTES: u32 = 12 + 3 * 1024;

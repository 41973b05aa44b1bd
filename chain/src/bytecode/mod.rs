//! The needs of EVM frames: rules, analysed bytecode, and gas in Ethereum's units.

mod code;
mod gas;
mod initcode;

use std::sync::Arc;

use bessemer_evm::alloy_primitives;
use bessemer_evm::{Fork, Rules};
use bessemer_image::CodeHash;
use bessemer_types::{Address, U256};

use crate::journal::Journal;
use crate::modules::ModuleError;

pub(crate) use self::code::{Bytecodes, HostFailure};
pub use self::gas::SHIFT as GAS_SHIFT;
pub use self::gas::to_ethereum;
pub(crate) use self::gas::{to_riscv, whole};
pub(crate) use self::initcode::{Initcode, Malformed, Source};
pub use self::initcode::{carried_file, initcode};

/// The context of EVM frames of a block, besides the journal.
pub(crate) struct Evm {
    pub(crate) rules: Arc<Rules>,
    pub(crate) codes: Arc<Bytecodes>,
    /// The hashes of blocks before this one.
    pub(crate) hashes: BlockHashes,
    /// The price of a unit of gas in this transaction.
    pub(crate) gas_price: U256,
    /// The versioned hashes of the blobs of this transaction.
    pub(crate) blob_hashes: Vec<[u8; 32]>,
}

impl Evm {
    /// Whether bytecode delegates (EIP-7702) to an account with a RISC-V program.
    pub(crate) fn runs_program(
        &self,
        journal: &mut Journal,
        hash: &CodeHash,
    ) -> Result<bool, ModuleError> {
        let Some(target) = self.delegate(journal, hash)? else { return Ok(false) };
        let target = journal.account(&target)?.account;
        Ok(target.program().is_some())
    }

    /// The account to which bytecode delegates (EIP-7702).
    pub(crate) fn delegate(
        &self,
        journal: &mut Journal,
        hash: &CodeHash,
    ) -> Result<Option<Address>, ModuleError> {
        let code = self.codes.of(&self.rules, hash, journal)?;
        Ok(code.eip7702_address().map(|address| ours(&address)))
    }
}

/// Where the hash of a block is found, by its number.
pub type BlockHashes = Arc<dyn Fn(u64) -> Option<[u8; 32]> + Send + Sync>;

/// Shared by all blocks of a chain.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) rules: Arc<Rules>,
    pub(crate) codes: Arc<Bytecodes>,
}

impl Shared {
    pub(crate) fn new(fork: Fork) -> Self {
        Self { rules: Arc::new(Rules::new(fork)), codes: Arc::default() }
    }

    /// The context for a block.
    pub(crate) fn of_block(&self, hashes: BlockHashes) -> Evm {
        Evm {
            rules: Arc::clone(&self.rules),
            codes: Arc::clone(&self.codes),
            hashes,
            gas_price: U256::ZERO,
            blob_hashes: Vec::new(),
        }
    }
}

/// The most frames below a frame (`STACK_DEPTH_LIMIT` of Ethereum's specification).
pub(crate) const DEPTH: usize = 1024;

pub(crate) fn ours(address: &alloy_primitives::Address) -> Address {
    Address::new(address.into_array())
}

pub(crate) fn theirs(address: &Address) -> alloy_primitives::Address {
    alloy_primitives::Address::from(*address.as_bytes())
}

//! Forks of Ethereum, and what each turns on.

use std::fmt;
use std::str::FromStr;

use revm_interpreter::GasTable;
use revm_interpreter::context_interface::cfg::GasParams;
use revm_interpreter::instructions::gas_table_spec;
use revm_interpreter::primitives::hardfork::SpecId;

use crate::blob::BlobParams;
use crate::net_metering;
use crate::precompile::Precompiles;

macro_rules! forks {
    ($($(#[$doc:meta])* $name:ident: $spec:ident, $blobs:expr, [$($text:literal),+];)*) => {
        /// A fork of Ethereum. Later ones are greater.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fork {
            $($(#[$doc])* $name,)*
        }

        impl Fork {
            /// All forks, oldest first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name, and other names that tests and clients use.
            pub const fn names(self) -> &'static [&'static str] {
                match self {
                    $(Self::$name => &[$($text),+],)*
                }
            }

            /// The interpreter's name of the fork.
            pub const fn spec(self) -> SpecId {
                match self {
                    $(Self::$name => SpecId::$spec,)*
                }
            }

            /// The blobs of a block and of a transaction (EIP-4844, EIP-7691, EIP-7594).
            pub const fn blobs(self) -> BlobParams {
                match self {
                    $(Self::$name => $blobs,)*
                }
            }
        }
    };
}

// name: name in the interpreter, blobs, names in tests and clients
forks! {
    /// The first release, of July 2015.
    Frontier: FRONTIER, BlobParams::NONE, ["Frontier"];
    /// EIP-2, EIP-7.
    Homestead: HOMESTEAD, BlobParams::NONE, ["Homestead"];
    /// EIP-150.
    TangerineWhistle: TANGERINE, BlobParams::NONE, ["TangerineWhistle", "EIP150", "Tangerine"];
    /// EIP-155, EIP-160, EIP-161, EIP-170.
    SpuriousDragon: SPURIOUS_DRAGON, BlobParams::NONE, ["SpuriousDragon", "EIP158", "Spurious"];
    /// EIP-140, EIP-196, EIP-197, EIP-198, EIP-211, EIP-214.
    Byzantium: BYZANTIUM, BlobParams::NONE, ["Byzantium"];
    /// EIP-145, EIP-1014, EIP-1052, EIP-1283: in force on test networks only.
    Constantinople: PETERSBURG, BlobParams::NONE, ["Constantinople"];
    /// Without EIP-1283.
    Petersburg: PETERSBURG, BlobParams::NONE, ["Petersburg", "ConstantinopleFix"];
    /// EIP-152, EIP-1108, EIP-1344, EIP-1884, EIP-2028, EIP-2200.
    Istanbul: ISTANBUL, BlobParams::NONE, ["Istanbul", "MuirGlacier"];
    /// EIP-2565, EIP-2929, EIP-2930.
    Berlin: BERLIN, BlobParams::NONE, ["Berlin"];
    /// EIP-1559, EIP-3198, EIP-3529, EIP-3541.
    London: LONDON, BlobParams::NONE, ["London", "ArrowGlacier", "GrayGlacier"];
    /// EIP-4399.
    Paris: MERGE, BlobParams::NONE, ["Paris", "Merge"];
    /// EIP-3651, EIP-3855, EIP-3860.
    Shanghai: SHANGHAI, BlobParams::NONE, ["Shanghai"];
    /// EIP-1153, EIP-4844, EIP-5656, EIP-6780, EIP-7516.
    Cancun: CANCUN, BlobParams::CANCUN, ["Cancun"];
    /// EIP-2537, EIP-7623, EIP-7691, EIP-7702.
    Prague: PRAGUE, BlobParams::PRAGUE, ["Prague"];
    /// EIP-7594, EIP-7823, EIP-7825, EIP-7883, EIP-7939, EIP-7951.
    Osaka: OSAKA, BlobParams::OSAKA, ["Osaka"];
}

/// No fork has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no known fork of Ethereum is called {0:?}; known are {known}", known = Known)]
pub struct ParseForkError(pub String);

struct Known;

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fork) in Fork::ALL.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{fork}")?;
        }
        Ok(())
    }
}

impl Fork {
    /// The newest fork, which new chains begin with.
    pub const NEWEST: Self = Self::Osaka;

    /// The gas limit cap of a transaction (EIP-7825).
    pub const fn transaction_gas_cap(self) -> Option<u64> {
        if self.has(Self::Osaka) { Some(1 << 24) } else { None }
    }

    /// The most bytes of code that a contract may have (EIP-170).
    pub const fn code_bytes(self) -> usize {
        if self.has(Self::SpuriousDragon) { 0x6000 } else { usize::MAX }
    }

    /// The most bytes of initcode (EIP-3860).
    pub const fn initcode_bytes(self) -> usize {
        if self.has(Self::Shanghai) { 2 * 0x6000 } else { usize::MAX }
    }

    /// Whether this fork has what that one turned on.
    pub const fn has(self, that: Self) -> bool {
        self as u8 >= that as u8
    }
}

impl Default for Fork {
    fn default() -> Self {
        Self::NEWEST
    }
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names()[0])
    }
}

impl FromStr for Fork {
    type Err = ParseForkError;

    fn from_str(text: &str) -> Result<Self, ParseForkError> {
        let is_called =
            |fork: &&Self| fork.names().iter().any(|name| name.eq_ignore_ascii_case(text));
        Self::ALL.iter().find(is_called).copied().ok_or_else(|| ParseForkError(text.to_owned()))
    }
}

/// The tables of one fork, made once for a chain.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The fork.
    pub fork: Fork,
    /// The static gas of instructions.
    pub(crate) gas_table: GasTable,
    /// The other prices of instructions and transactions.
    pub gas: GasParams,
    /// The contracts that are built in.
    pub precompiles: Precompiles,
    /// Blobs of blocks and transactions.
    pub blobs: BlobParams,
}

impl Rules {
    /// The rules of a fork.
    pub fn new(fork: Fork) -> Self {
        Self {
            fork,
            gas_table: gas_table_spec(fork.spec()),
            gas: gas_params(fork),
            precompiles: Precompiles::new(fork),
            blobs: fork.blobs(),
        }
    }

    /// Whether the rules have what a fork turned on.
    #[inline]
    pub const fn has(&self, fork: Fork) -> bool {
        self.fork.has(fork)
    }
}

fn gas_params(fork: Fork) -> GasParams {
    let params = GasParams::new_spec(fork.spec());
    if fork == Fork::Constantinople { net_metering::prices(params) } else { params }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fork_has_names_of_its_own() {
        for &fork in Fork::ALL {
            for name in fork.names() {
                assert_eq!(name.parse(), Ok(fork));
                assert_eq!(name.to_uppercase().parse(), Ok(fork));
            }
        }
        assert!(Fork::ALL.is_sorted());
        let error = "Amsterdam".parse::<Fork>().unwrap_err();
        assert!(error.to_string().ends_with("Prague, Osaka"), "{error}");
    }
}

//! Everything besides the program that decides which code it gets: the translator's part of the key
//! under which artifacts are kept.

use std::mem::size_of;

use serde::Serialize;

use crate::artifact::FORMAT_VERSION;
use crate::context::{Context, LOCAL_BITS, Landing, layout};
use crate::jit::ENTRY_BITS;
use crate::{Options, TranslateError, compile};

/// Two translators with equal identities make equal artifacts of equal programs, and publish each
/// other's. The runtime encodes it as part of an artifact's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    format_version: u32,
    /// A digest of the sources, the compiler and the manifest (`build.rs`).
    build: &'static str,
    target: Target,
    options: Options,
    context: ContextLayout,
}

/// The code generator: its version, and what it generates code for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    pub(crate) cranelift: &'static str,
    pub(crate) triple: String,
    pub(crate) flags: String,
    /// The features of the processor that code uses.
    pub(crate) features: Vec<String>,
}

/// The sizes and every offset that generated code uses, and the form of a jump table's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct ContextLayout {
    context_bytes: u32,
    landing_bytes: u32,
    local_bits: u32,
    entry_bits: u32,
    offsets: Vec<(&'static str, i32)>,
}

impl Identity {
    /// The identity of this build of the translator, on this machine, with these options.
    ///
    /// # Errors
    ///
    /// [`TranslateError::Host`] if this machine cannot run native code, and
    /// [`TranslateError::NoCompiler`] in a build without the compiler.
    pub fn of(options: &Options) -> Result<Self, TranslateError> {
        Ok(Self {
            format_version: FORMAT_VERSION,
            build: env!("BESSEMER_BUILD_ID"),
            target: compile::describe_target(options)?,
            options: options.clone(),
            context: ContextLayout {
                context_bytes: size_of::<Context>() as u32,
                landing_bytes: size_of::<Landing>() as u32,
                local_bits: LOCAL_BITS,
                entry_bits: ENTRY_BITS,
                offsets: layout().collect(),
            },
        })
    }
}

#[cfg(all(test, feature = "compiler"))]
mod tests {
    use super::*;
    use crate::OptLevel;

    #[test]
    fn options_and_layout_are_part_of_the_identity() {
        let of = |options: &Options| Identity::of(options).expect("this machine runs native code");
        let default = of(&Options::default());
        assert_eq!(default, of(&Options::default()));
        let others = [
            Options { opt_level: OptLevel::None, ..Options::default() },
            Options { precise_registers: true, ..Options::default() },
            Options { verify: true, ..Options::default() },
            Options { unit_instructions: 1, ..Options::default() },
            Options { loop_entries: true, ..Options::default() },
            Options { native_per_slot: 1, ..Options::default() },
        ];
        for other in others {
            assert_ne!(default, of(&other), "{other:?}");
        }
        let Target { cranelift, triple, flags, .. } = &default.target;
        assert!([default.build, cranelift, triple, flags].iter().all(|text| !text.is_empty()));
        for name in ["METER", "LANDING_SP"] {
            let offsets = &default.context.offsets;
            assert!(offsets.iter().any(|(offset, _)| *offset == name), "{name}: {offsets:?}");
        }
    }
}

//! What decides which code a program gets, apart from the program: the translator's part of the key
//! under which artifacts are kept.

use std::fmt::Write;
use std::mem::size_of;

use crate::artifact::FORMAT_VERSION;
use crate::context::{Context, LOCAL_BITS, Landing, layout};
use crate::jit::ENTRY_BITS;
use crate::{Options, TranslateError, compile};

/// Named fields. Two translators with equal fields make equal artifacts of equal programs, and
/// publish each other's.
///
/// # Errors
///
/// [`TranslateError::Host`] if this machine cannot run native code at all.
pub fn identity(options: &Options) -> Result<Vec<(&'static str, String)>, TranslateError> {
    let target = compile::target_fields(options)?;
    let Options {
        opt_level,
        precise_registers,
        verify,
        unit_instructions,
        loop_entries,
        native_per_slot,
    } = options;
    let mut fields = vec![
        ("format", FORMAT_VERSION.to_string()),
        ("build", env!("BESSEMER_BUILD_ID").to_owned()),
    ];
    fields.extend(target);
    fields.extend([
        (
            "options",
            format!(
                "{opt_level:?} {precise_registers} {verify} {unit_instructions} {loop_entries} \
                 {native_per_slot}"
            ),
        ),
        ("context", context_layout()),
    ]);
    Ok(fields)
}

/// The sizes and every offset that generated code uses, and the form of a jump table's word.
fn context_layout() -> String {
    let mut text = format!(
        "context {} landing {} local-bits {LOCAL_BITS} entry-bits {ENTRY_BITS}",
        size_of::<Context>(),
        size_of::<Landing>()
    );
    for (name, offset) in layout() {
        let _ = write!(text, " {name} {offset}");
    }
    text
}

#[cfg(all(test, feature = "compiler"))]
mod tests {
    use super::*;
    use crate::OptLevel;

    #[test]
    fn options_and_layout_are_part_of_the_identity() {
        let of = |options: &Options| identity(options).expect("this machine runs native code");
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
        assert!(default.iter().all(|(name, value)| !value.is_empty() || *name == "features"));
        let context = default.iter().find(|(name, _)| *name == "context").expect("listed");
        assert!(context.1.contains("METER") && context.1.contains("LANDING_SP"), "{}", context.1);
    }
}

//! Keys and values of storage in words, as guesses: the SDK writes the number of the field and then the
//! keys of maps.

use bessemer_chain::{Address, U256};

use crate::support::abi::printable;
use crate::support::names::Names;
use crate::support::output::hex;

/// Above are namespaces and hashes of paths that were too long.
const FIELDS: u8 = 254;

/// Describes a key.
pub(crate) fn place(key: &[u8], names: &Names) -> String {
    match key.split_first() {
        Some((field, [])) if *field < FIELDS => format!("field {field}"),
        Some((field, path)) if *field < FIELDS => {
            let (accounts, rest) = path.as_chunks::<20>();
            if !rest.is_empty() {
                return format!("field {field}[0x{}]", hex(path));
            }
            let keys = accounts.iter().map(|key| format!("[{}]", names.show(&Address::new(*key))));
            format!("field {field}{}", keys.collect::<String>())
        }
        _ => format!("0x{}", hex(key)),
    }
}

/// Describes a value, if it looks like an account, a text or a number: the SDK writes numbers with their
/// low byte first, and texts behind their length. Empty for all else.
pub(crate) fn guess(value: &[u8], names: &Names) -> String {
    if let Ok(address) = <[u8; 20]>::try_from(value) {
        return names.show(&Address::new(address));
    }
    let text = value.split_first().filter(|(length, text)| usize::from(**length) == text.len());
    let text = text.and_then(|(_, text)| str::from_utf8(text).ok()).filter(|text| is_written(text));
    if let Some(text) = text {
        return format!("\"{}\"", printable(text));
    }
    U256::try_from_le_slice(value).map(|number| number.to_string()).unwrap_or_default()
}

/// Whether somebody would write that: a number can be UTF-8 too, but has zeros in it.
fn is_written(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

/// The value as [`guess`] has it, or else as it is; `nothing` if there is none.
pub(crate) fn shown(value: Option<&[u8]>, names: &Names) -> String {
    /// Bytes of a value that are shown.
    const MOST: usize = 64;
    let Some(value) = value else { return "nothing".to_owned() };
    let guess = guess(value, names);
    match (guess.is_empty(), value.get(..MOST)) {
        (false, _) => guess,
        (true, Some(begin)) if value.len() > MOST => {
            format!("0x{}... ({} bytes)", hex(begin), value.len())
        }
        _ => format!("0x{}", hex(value)),
    }
}

//! Nibbles in bytes, as leaves and extensions have them (Yellow Paper, appendix C).

use crate::Key;
use crate::path::NIBBLES;
#[cfg(feature = "keccak")]
use crate::path::nibble;
use crate::rlp::Malformed;

#[cfg(feature = "keccak")]
/// Room for the nibbles of a key.
pub(crate) type Buffer = [u8; 33];

#[cfg(feature = "keccak")]
/// The nibbles of a key from one depth to another; gives how many bytes they take.
pub(crate) fn encode(key: &Key, from: usize, to: usize, leaf: bool, out: &mut Buffer) -> usize {
    let flag = if leaf { 0x20 } else { 0 };
    let mut at = from;
    out[0] = flag;
    if (to - from) % 2 == 1 {
        out[0] = flag | 0x10 | nibble(key, at) as u8;
        at += 1;
    }
    let bytes = (to - at) / 2;
    let rest = &mut out[1..=bytes];
    if at.is_multiple_of(2) {
        rest.copy_from_slice(&key[at / 2..to / 2]);
    } else {
        for (byte, pair) in rest.iter_mut().zip(key[at / 2..].windows(2)) {
            *byte = pair[0] << 4 | pair[1] >> 4;
        }
    }
    1 + bytes
}

/// Puts encoded nibbles behind the first `depth` ones of a path, and zeros behind them. Gives the
/// depth that they lead to, and whether they are a leaf's.
pub(crate) fn decode(
    bytes: &[u8],
    path: &mut Key,
    depth: usize,
) -> Result<(usize, bool), Malformed> {
    let wrong = Malformed("a path is not in its compact form");
    let (&first, rest) = bytes.split_first().ok_or(wrong)?;
    let odd = first & 0x10 != 0;
    if first & 0xc0 != 0 || (!odd && first & 15 != 0) {
        return Err(wrong);
    }
    let end = depth + usize::from(odd) + 2 * rest.len();
    if end > NIBBLES {
        return Err(Malformed("a path is longer than a key"));
    }
    let mut at = depth;
    let mut push = |nibble: u8| {
        let byte = &mut path[at / 2];
        *byte = if at.is_multiple_of(2) { nibble << 4 } else { *byte & 0xf0 | nibble };
        at += 1;
    };
    if odd {
        push(first & 15);
    }
    for byte in rest {
        push(byte >> 4);
        push(byte & 15);
    }
    path[end.div_ceil(2)..].fill(0);
    Ok((end, first & 0x20 != 0))
}

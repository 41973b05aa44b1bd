//! Whole trees from whole lists of keys: slow, obvious, and sharing nothing with the rest.

use alloc::vec::Vec;

use alloy_rlp::Header;

use crate::{EMPTY_ROOT, Hash, keccak256};

/// The root of the trie with these keys and values. Keys may have any length, and are in any order;
/// of several values for one key, the last counts.
pub fn root_of<K: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (K, V)>) -> Hash {
    let nibbles = |key: &[u8]| key.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
    let pairs = pairs.into_iter().map(|(key, value)| (nibbles(key.as_ref()), value));
    let pairs: alloc::collections::BTreeMap<Vec<u8>, V> = pairs.collect();
    let pairs: Vec<(&[u8], &[u8])> =
        pairs.iter().map(|(key, value)| (key.as_slice(), value.as_ref())).collect();
    if pairs.is_empty() { EMPTY_ROOT } else { keccak256(&node(&pairs, 0)) }
}

/// The root of the trie that has a list under its indices: of the transactions of a block, and of
/// their receipts.
pub fn ordered_root<V: AsRef<[u8]>>(items: impl IntoIterator<Item = V>) -> Hash {
    root_of(items.into_iter().enumerate().map(|(index, item)| (alloy_rlp::encode(index), item)))
}

/// The RLP of the node above these pairs, whose keys begin with the same `depth` nibbles.
fn node(pairs: &[(&[u8], &[u8])], depth: usize) -> Vec<u8> {
    if let [(key, value)] = pairs {
        return list(&[string(&compact(&key[depth..], true)), string(value)]);
    }
    let ((first, _), (last, _)) = (pairs[0], pairs[pairs.len() - 1]);
    let shared = first.iter().zip(last).take_while(|(a, b)| a == b).count();
    if shared > depth {
        let path = string(&compact(&first[depth..shared], false));
        return list(&[path, reference(pairs, shared)]);
    }
    // pairs are in the order of keys: the one that ends here comes first, then nibble after nibble
    let (own, mut rest) = match pairs {
        [(key, value), rest @ ..] if key.len() == depth => (*value, rest),
        _ => (&[][..], pairs),
    };
    let mut items = Vec::with_capacity(17);
    for nibble in 0..16 {
        let (below, behind) = rest.split_at(rest.partition_point(|(key, _)| key[depth] <= nibble));
        items.push(if below.is_empty() { string(&[]) } else { reference(below, depth + 1) });
        rest = behind;
    }
    items.push(string(own));
    list(&items)
}

fn reference(pairs: &[(&[u8], &[u8])], depth: usize) -> Vec<u8> {
    let node = node(pairs, depth);
    if node.len() < 32 { node } else { string(&keccak256(&node)) }
}

fn compact(nibbles: &[u8], leaf: bool) -> Vec<u8> {
    let flag = if leaf { 2 } else { 0 };
    let mut all = Vec::new();
    match nibbles.len() % 2 {
        1 => all.push(flag + 1),
        _ => all.extend([flag, 0]),
    }
    all.extend_from_slice(nibbles);
    all.chunks(2).map(|pair| (pair[0] << 4) | pair[1]).collect()
}

fn string(bytes: &[u8]) -> Vec<u8> {
    alloy_rlp::encode(bytes)
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    Header { list: true, payload_length: items.iter().map(Vec::len).sum() }.encode(&mut out);
    items.iter().for_each(|item| out.extend_from_slice(item));
    out
}

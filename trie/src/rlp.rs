//! RLP, and the items of nodes in it (Yellow Paper, appendices B and D).

use alloy_rlp::Header;

/// Bytes that are not the node that they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node of the trie is malformed: {0}")]
pub struct Malformed(pub(crate) &'static str);

/// One item of a list.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub(crate) list: bool,
    pub(crate) payload: &'a [u8],
    /// The item with its header.
    pub(crate) whole: &'a [u8],
}

/// Takes an item off the front.
pub(crate) fn item<'a>(bytes: &mut &'a [u8]) -> Result<Item<'a>, Malformed> {
    let begin = *bytes;
    let wrong = Malformed("it is not RLP");
    let header = Header::decode(bytes).map_err(|_| wrong)?;
    let (payload, rest) = bytes.split_at_checked(header.payload_length).ok_or(wrong)?;
    *bytes = rest;
    Ok(Item { list: header.list, payload, whole: &begin[..begin.len() - rest.len()] })
}

/// The items of a node: two, or seventeen.
#[expect(clippy::large_enum_variant, reason = "it is on the stack, and guests read proofs too")]
pub(crate) enum Items<'a> {
    /// A path in its compact form, and a value or a reference.
    Two(&'a [u8], Item<'a>),
    Branch([Item<'a>; 16]),
}

/// Takes the RLP of a node apart.
pub(crate) fn items(mut rlp: &[u8]) -> Result<Items<'_>, Malformed> {
    let node = item(&mut rlp)?;
    if !node.list || !rlp.is_empty() {
        return Err(Malformed("it is not one list"));
    }
    let mut rest = node.payload;
    let (first, second) = (item(&mut rest)?, item(&mut rest)?);
    if rest.is_empty() {
        if first.list {
            return Err(Malformed("a path is a list"));
        }
        return Ok(Items::Two(first.payload, second));
    }
    let mut children = [first; 16];
    children[1] = second;
    for child in &mut children[2..] {
        *child = item(&mut rest)?;
    }
    let value = item(&mut rest)?;
    if !rest.is_empty() || value.list || !value.payload.is_empty() {
        return Err(Malformed("a branch has a value"));
    }
    if children.iter().filter(|child| child.list || !child.payload.is_empty()).count() < 2 {
        return Err(Malformed("a branch has fewer than two children"));
    }
    Ok(Items::Branch(children))
}

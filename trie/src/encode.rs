//! Nodes in RLP, which is what is hashed (Yellow Paper, appendix D).

use alloc::boxed::Box;
use alloc::vec::Vec;

use alloy_rlp::{EMPTY_STRING_CODE, Encodable, Header};

use crate::compact;
use crate::node::{Child, Here, Kind, Node, Reference};
use crate::path::{NIBBLES, Place};
use crate::rlp::{Item, Items, Malformed, items};
use crate::{Hash, keccak256};

impl Node {
    /// The node with this RLP, at this place.
    ///
    /// # Errors
    ///
    /// For bytes that are not a node in its one valid form, and for a node that cannot be at this place.
    pub fn from_rlp(rlp: &[u8], place: &Place) -> Result<Self, Malformed> {
        decode(rlp, place).map(Self)
    }
}

impl Kind {
    /// Appends the RLP of a node at this depth. The nodes below have references.
    pub(crate) fn encode(&self, depth: usize, out: &mut Vec<u8>) {
        let mut buffer = [0; 33];
        match self {
            Self::Leaf { key, value } => {
                let len = compact::encode(key, depth, NIBBLES, true, &mut buffer);
                let path = &buffer[..len];
                list(path.length() + value.as_slice().length(), out);
                path.encode(out);
                value.as_slice().encode(out);
            }
            Self::Extension { path, end, child } => {
                let len = compact::encode(path, depth, *end, false, &mut buffer);
                let path = &buffer[..len];
                list(path.length() + child.reference_len(), out);
                path.encode(out);
                child.encode_reference(out);
            }
            Self::Branch(children) => {
                let len: usize = children.iter().map(Child::reference_len).sum();
                list(len + 1, out);
                children.iter().for_each(|child| child.encode_reference(out));
                out.push(EMPTY_STRING_CODE);
            }
        }
    }
}

fn list(payload_length: usize, out: &mut Vec<u8>) {
    Header { list: true, payload_length }.encode(out);
}

impl Child {
    fn reference_len(&self) -> usize {
        match self {
            Self::Nothing => 1,
            Self::Elsewhere(_) => 33,
            Self::Here(here) => match here.reference {
                Some(Reference::Short(len, _)) => len.into(),
                Some(Reference::Hash(_)) | None => 33,
            },
        }
    }

    fn encode_reference(&self, out: &mut Vec<u8>) {
        let mut hash = |hash: &Hash| {
            out.push(EMPTY_STRING_CODE + 32);
            out.extend_from_slice(hash);
        };
        match self {
            Self::Nothing => out.push(EMPTY_STRING_CODE),
            Self::Elsewhere(found) => hash(found),
            Self::Here(here) => match here.reference.as_ref().expect("nodes below come first") {
                Reference::Hash(found) => hash(found),
                Reference::Short(len, bytes) => {
                    out.extend_from_slice(&bytes[..usize::from(*len)]);
                }
            },
        }
    }
}

impl Reference {
    /// How a node with this RLP is named at this depth: the root always by its hash.
    pub(crate) fn of(rlp: &[u8], depth: usize) -> Self {
        let mut short = [0; 31];
        match short.get_mut(..rlp.len()) {
            Some(place) if depth > 0 => {
                place.copy_from_slice(rlp);
                Self::Short(rlp.len() as u8, short)
            }
            _ => Self::Hash(keccak256(rlp)),
        }
    }
}

fn decode(rlp: &[u8], place: &Place) -> Result<Kind, Malformed> {
    let depth = place.depth();
    match items(rlp)? {
        Items::Branch(items) => {
            if depth >= NIBBLES {
                return Err(Malformed("a branch is deeper than keys are long"));
            }
            let mut children = Box::new([const { Child::Nothing }; 16]);
            for (nibble, (child, item)) in children.iter_mut().zip(&items).enumerate() {
                *child = decode_reference(item, || place.child(nibble))?;
            }
            Ok(Kind::Branch(children))
        }
        Items::Two(path, second) => {
            let mut key = *place.path();
            let (end, leaf) = compact::decode(path, &mut key, depth)?;
            if leaf {
                if second.list || second.payload.is_empty() {
                    return Err(Malformed("a leaf has no value"));
                }
                if end != NIBBLES {
                    return Err(Malformed("a leaf is not where its key ends"));
                }
                return Ok(Kind::Leaf { key, value: second.payload.to_vec() });
            }
            if end == depth || end >= NIBBLES {
                return Err(Malformed("an extension has no length, or no branch below"));
            }
            match decode_reference(&second, || Place::new(&key, end))? {
                Child::Nothing => Err(Malformed("an extension leads to nothing")),
                child => Ok(Kind::Extension { path: key, end, child }),
            }
        }
    }
}

fn decode_reference(item: &Item<'_>, place: impl FnOnce() -> Place) -> Result<Child, Malformed> {
    if item.list {
        let mut short = [0; 31];
        let bytes = short.get_mut(..item.whole.len());
        bytes.ok_or(Malformed("a long node is inside of another"))?.copy_from_slice(item.whole);
        let kind = decode(item.whole, &place())?;
        let reference = Some(Reference::Short(item.whole.len() as u8, short));
        return Ok(Child::Here(Box::new(Here { kind, reference })));
    }
    match item.payload {
        [] => Ok(Child::Nothing),
        hash => match hash.try_into() {
            Ok(hash) => Ok(Child::Elsewhere(hash)),
            Err(_) => Err(Malformed("a reference is not a hash")),
        },
    }
}

//! Nodes as rows of a store.
//!
//! A row has one node, and below it those nodes that have no row of their own
//! ([`Kind::has_row`](crate::node::Kind::has_row)). It is read without hashing anything.
//!
//! | Node | Bytes |
//! |---|---|
//! | leaf | 0, the bytes of the key from the one with the node's first nibble on, length of the value, value |
//! | extension | 1, depth of the branch, bytes of the path from the one with the node's first nibble on, child |
//! | branch | 2, which children are there (2), which of them are in the row (2), which of these are short (2), the children |
//!
//! A child is its hash, unless it is short (its RLP has fewer than 32 bytes and names it), and then
//! the node if it is in the row. The child of an extension has a byte before it: 0 if it is
//! elsewhere, 1 if it is in the row, 3 if it is short. A length is 7 bits a byte, the lowest first,
//! with the high bit set in all but the last. Sets are numbers of 16 bits, the low byte first, with
//! the lowest bit for nibble 0.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::Hash;
use crate::node::{Child, Here, Kind, Node, Reference};
use crate::path::{NIBBLES, Place};
use crate::rlp::Malformed;

const LEAF: u8 = 0;
const EXTENSION: u8 = 1;
const BRANCH: u8 = 2;

const HERE: u8 = 1;
const SHORT: u8 = 2;

impl Node {
    /// The node in this row, at this place.
    ///
    /// # Errors
    ///
    /// For bytes that are not a row, or not one of this place.
    pub fn from_row(row: &[u8], place: &Place) -> Result<Self, Malformed> {
        let mut reader = Reader(row);
        let kind = reader.node(place)?;
        if !reader.0.is_empty() {
            return Err(CUT);
        }
        Ok(Self(kind))
    }
}

const CUT: Malformed = Malformed("a row does not end where it should");

impl Kind {
    /// Appends the node and what is in its row. All nodes have references.
    pub(crate) fn write_row(&self, depth: usize, row: &mut Vec<u8>) {
        match self {
            Self::Leaf { key, value } => {
                row.push(LEAF);
                row.extend_from_slice(&key[depth / 2..]);
                let mut len = value.len();
                while len > 127 {
                    row.push(len as u8 | 0x80);
                    len >>= 7;
                }
                row.push(len as u8);
                row.extend_from_slice(value);
            }
            Self::Extension { path, end, child } => {
                row.extend([EXTENSION, *end as u8]);
                row.extend_from_slice(&path[depth / 2..end.div_ceil(2)]);
                row.push(child.form(*end));
                child.write(*end, row);
            }
            Self::Branch(children) => {
                let mut sets = [0_u16; 3];
                for (nibble, child) in children.iter().enumerate() {
                    let form = child.form(depth + 1);
                    sets[0] |= u16::from(!child.is_nothing()) << nibble;
                    sets[1] |= u16::from(form & HERE != 0) << nibble;
                    sets[2] |= u16::from(form & SHORT != 0) << nibble;
                }
                row.push(BRANCH);
                sets.iter().for_each(|set| row.extend_from_slice(&set.to_le_bytes()));
                children.iter().for_each(|child| child.write(depth + 1, row));
            }
        }
    }
}

impl Child {
    fn form(&self, depth: usize) -> u8 {
        match self {
            Self::Here(here) => {
                let here_too = if here.kind.has_row(depth) { 0 } else { HERE };
                match here.reference {
                    Some(Reference::Short(..)) => HERE | SHORT,
                    _ => here_too,
                }
            }
            Self::Nothing | Self::Elsewhere(_) => 0,
        }
    }

    fn write(&self, depth: usize, row: &mut Vec<u8>) {
        match self {
            Self::Nothing => {}
            Self::Elsewhere(hash) => row.extend_from_slice(hash),
            Self::Here(here) => {
                if let Some(Reference::Hash(hash)) = &here.reference {
                    row.extend_from_slice(hash);
                }
                if self.form(depth) & HERE != 0 {
                    here.kind.write_row(depth, row);
                }
            }
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(CUT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    fn set(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    fn node(&mut self, place: &Place) -> Result<Kind, Malformed> {
        let depth = place.depth();
        let mut key = *place.path();
        match self.byte()? {
            LEAF => {
                key[depth / 2..].copy_from_slice(self.take(32 - depth / 2)?);
                let mut len = 0;
                for shift in (0..28).step_by(7) {
                    let byte = self.byte()?;
                    len |= usize::from(byte & 0x7f) << shift;
                    if byte & 0x80 == 0 {
                        break;
                    }
                }
                let value = self.take(len)?.to_vec();
                if !place.is_on_the_way_to(&key) {
                    return Err(Malformed("a leaf is not on the way to its key"));
                }
                Ok(Kind::Leaf { key, value })
            }
            EXTENSION => {
                let end = usize::from(self.byte()?);
                if end <= depth || end >= NIBBLES {
                    return Err(Malformed("an extension has no length, or no branch below"));
                }
                let path = self.take(end.div_ceil(2) - depth / 2)?;
                key[depth / 2..end.div_ceil(2)].copy_from_slice(path);
                let below = Place::new(&key, end);
                if *below.path() != key || !place.is_on_the_way_to(&key) {
                    return Err(Malformed("an extension is not on its way"));
                }
                let form = self.byte()?;
                let child = self.child(form, &below)?;
                Ok(Kind::Extension { path: key, end, child })
            }
            BRANCH => {
                let (present, here, short) = (self.set()?, self.set()?, self.set()?);
                if depth >= NIBBLES || present.count_ones() < 2 {
                    return Err(Malformed("a branch has fewer than two children, or no place"));
                }
                let mut children = Box::new([const { Child::Nothing }; 16]);
                for (nibble, child) in children.iter_mut().enumerate() {
                    let has = |set: u16| (set >> nibble & 1) as u8;
                    if has(present) == 1 {
                        let form = (has(here) * HERE) | (has(short) * SHORT);
                        *child = self.child(form, &place.child(nibble))?;
                    }
                }
                Ok(Kind::Branch(children))
            }
            _ => Err(Malformed("a row has a node of no kind")),
        }
    }

    fn child(&mut self, form: u8, place: &Place) -> Result<Child, Malformed> {
        let here =
            |kind, reference| Child::Here(Box::new(Here { kind, reference: Some(reference) }));
        if form == HERE | SHORT {
            let kind = self.node(place)?;
            let mut rlp = Vec::new();
            kind.encode(place.depth(), &mut rlp);
            return match Reference::of(&rlp, place.depth()) {
                reference @ Reference::Short(..) => Ok(here(kind, reference)),
                Reference::Hash(_) => Err(Malformed("a node is not short")),
            };
        }
        let hash: Hash = self.take(32)?.try_into().map_err(|_| CUT)?;
        match form {
            0 => Ok(Child::Elsewhere(hash)),
            HERE => Ok(here(self.node(place)?, Reference::Hash(hash))),
            _ => Err(Malformed("a child is short and elsewhere")),
        }
    }
}

//! Applies changes to the tree: each node on their way is visited once.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::take;

use crate::node::{Child, Here, Kind, Reference};
use crate::path::{NIBBLES, Place, common, nibble};
use crate::{Change, Key, Nodes, Source};

pub(crate) struct Update<'a, S> {
    pub(crate) source: &'a S,
    /// Places that had a row and have none now, unless one is written later.
    pub(crate) gone: &'a mut Vec<Place>,
    /// Where nodes go that are needed though no changed key leads to them.
    pub(crate) siblings: Option<&'a mut Nodes>,
}

enum Outcome {
    Same,
    Changed,
    Replaced(Child),
}

impl<S: Source> Update<'_, S> {
    /// Applies changes, of which there is at least one, and whose keys all lead here. Says whether
    /// anything is different now. Values are taken out of the changes.
    pub(crate) fn apply(
        &mut self,
        child: &mut Child,
        depth: usize,
        changes: &mut [Change],
    ) -> Result<bool, S::Error> {
        let place = Place::new(&changes[0].0, depth);
        let mut here = match take(child) {
            Child::Here(here) => here,
            Child::Elsewhere(hash) => self.load(&place, hash)?,
            Child::Nothing => {
                *child = build(depth, &mut inserted(changes));
                return Ok(!child.is_nothing());
            }
        };
        let had_row = here.kind.has_row(depth);
        *child = match self.change(&mut here.kind, &place, changes)? {
            Outcome::Same => {
                *child = Child::Here(here);
                return Ok(false);
            }
            Outcome::Changed => {
                here.reference = None;
                Child::Here(here)
            }
            Outcome::Replaced(new) => new,
        };
        let has_row = matches!(child, Child::Here(here) if here.kind.has_row(depth));
        if had_row && !has_row {
            self.gone.push(place);
        }
        Ok(true)
    }

    fn load(&self, place: &Place, hash: crate::Hash) -> Result<Box<Here>, S::Error> {
        let kind = self.source.load(place, &hash)?.0;
        Ok(Box::new(Here { kind, reference: Some(Reference::Hash(hash)) }))
    }

    fn change(
        &mut self,
        kind: &mut Kind,
        place: &Place,
        changes: &mut [Change],
    ) -> Result<Outcome, S::Error> {
        let depth = place.depth();
        match kind {
            Kind::Leaf { key, value } => Ok(change_leaf(key, value, depth, changes)),
            Kind::Branch(children) => {
                let mut changed = false;
                let mut rest = changes;
                while let Some((first, _)) = rest.first() {
                    let next = nibble(first, depth);
                    let len = rest.partition_point(|(key, _)| nibble(key, depth) == next);
                    let (group, others) = rest.split_at_mut(len);
                    changed |= self.apply(&mut children[next], depth + 1, group)?;
                    rest = others;
                }
                if !changed {
                    return Ok(Outcome::Same);
                }
                let mut left = children.iter_mut().enumerate().filter(|(_, c)| !c.is_nothing());
                match (left.next(), left.next()) {
                    (Some(_), Some(_)) => Ok(Outcome::Changed),
                    (None, _) => Ok(Outcome::Replaced(Child::Nothing)),
                    (Some((nibble, only)), None) => {
                        let only = take(only);
                        Ok(Outcome::Replaced(self.lift(only, &place.child(nibble), depth)?))
                    }
                }
            }
            Kind::Extension { path, end, child } => {
                let shared = changes.iter().filter(|(_, value)| value.is_some());
                let shared = shared.map(|(key, _)| common(key, path)).min();
                let fork = shared.unwrap_or(NIBBLES).min(*end);
                // what is removed elsewhere was never here
                let off =
                    changes.partition_point(|(key, _)| common(key, path) < fork && *key < *path);
                let changes = &mut changes[off..];
                let on = changes.partition_point(|(key, _)| common(key, path) >= fork);
                let changes = &mut changes[..on];
                if changes.is_empty() {
                    return Ok(Outcome::Same);
                }
                let at = Place::new(path, fork);
                if fork == *end {
                    if !self.apply(child, fork, changes)? {
                        return Ok(Outcome::Same);
                    }
                    return Ok(Outcome::Replaced(self.lift(take(child), &at, depth)?));
                }
                let (path, end, child) = (*path, *end, take(child));
                let mut children = Box::new([const { Child::Nothing }; 16]);
                children[nibble(&path, fork)] = if fork + 1 == end {
                    child
                } else {
                    Child::new(Kind::Extension { path, end, child })
                };
                let mut below = Child::new(Kind::Branch(children));
                self.apply(&mut below, fork, changes)?;
                Ok(Outcome::Replaced(self.lift(below, &at, depth)?))
            }
        }
    }

    /// Puts a node from further down here, where it is the only one below.
    fn lift(&mut self, child: Child, from: &Place, depth: usize) -> Result<Child, S::Error> {
        if from.depth() == depth {
            return Ok(child);
        }
        let here = match child {
            Child::Nothing => return Ok(Child::Nothing),
            Child::Elsewhere(hash) => self.load(from, hash)?,
            Child::Here(here) => here,
        };
        if let (Some(siblings), Some(Reference::Hash(hash))) = (&mut self.siblings, here.reference)
        {
            siblings.add(hash, &here.kind, from.depth());
        }
        if let Kind::Branch(_) = here.kind {
            let (path, end) = (*from.path(), from.depth());
            return Ok(Child::new(Kind::Extension { path, end, child: Child::Here(here) }));
        }
        if here.kind.has_row(from.depth()) {
            self.gone.push(*from);
        }
        Ok(Child::new(here.kind))
    }
}

fn change_leaf(key: &Key, value: &mut Vec<u8>, depth: usize, changes: &mut [Change]) -> Outcome {
    let same = |(changed, new): &Change| match new {
        None => changed != key,
        Some(new) => changed == key && new == value,
    };
    if changes.iter().all(same) {
        return Outcome::Same;
    }
    if let [(changed, Some(new))] = changes
        && changed == key
    {
        *value = take(new);
        return Outcome::Changed;
    }
    let stays = changes.iter().all(|(changed, _)| changed != key);
    let mut items = inserted(changes);
    if stays {
        let at = items.partition_point(|(item, _)| item < key);
        items.insert(at, (*key, take(value)));
    }
    Outcome::Replaced(build(depth, &mut items))
}

fn inserted(changes: &mut [Change]) -> Vec<(Key, Vec<u8>)> {
    changes.iter_mut().filter_map(|(key, value)| Some((*key, value.take()?))).collect()
}

/// The tree of these leaves, which are in the order of keys. Values are taken out of them.
fn build(depth: usize, leaves: &mut [(Key, Vec<u8>)]) -> Child {
    let (first, last) = match leaves {
        [] => return Child::Nothing,
        [(key, value)] => return Child::new(Kind::Leaf { key: *key, value: take(value) }),
        [(first, _), .., (last, _)] => (*first, *last),
    };
    let fork = common(&first, &last);
    let mut children = Box::new([const { Child::Nothing }; 16]);
    let mut rest = leaves;
    while let Some((key, _)) = rest.first() {
        let next = nibble(key, fork);
        let len = rest.partition_point(|(key, _)| nibble(key, fork) == next);
        let (group, others) = rest.split_at_mut(len);
        children[next] = build(fork + 1, group);
        rest = others;
    }
    let branch = Child::new(Kind::Branch(children));
    if fork == depth {
        return branch;
    }
    Child::new(Kind::Extension { path: *Place::new(&first, fork).path(), end: fork, child: branch })
}

//! Values found by key once and by index from then on.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// A slab with an index. Its order is that of insertion: hashes decide nothing that can be seen.
pub(super) struct Slots<K, V> {
    slots: Vec<(K, V)>,
    index: HashTable<u32>,
    hasher: RandomState,
}

/// Where a key is, or where it would be.
#[derive(Clone, Copy)]
pub(super) struct Place {
    hash: u64,
    pub(super) id: Option<u32>,
}

impl<K, V> Slots<K, V> {
    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), index: HashTable::new(), hasher: RandomState::default() }
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.index.clear();
    }

    #[inline]
    pub(super) fn at(&self, id: u32) -> &(K, V) {
        &self.slots[id as usize]
    }

    #[inline]
    pub(super) fn at_mut(&mut self, id: u32) -> &mut V {
        &mut self.slots[id as usize].1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.slots.iter()
    }
}

impl<K: Hash + Eq, V> Slots<K, V> {
    #[inline]
    pub(super) fn find(&self, key: &K) -> Place {
        let hash = self.hasher.hash_one(key);
        let id = self.index.find(hash, |&id| self.at(id).0 == *key).copied();
        Place { hash, id }
    }

    /// Adds a key that was not found at this place.
    pub(super) fn insert(&mut self, place: Place, key: K, value: V) -> u32 {
        let id = self.slots.len() as u32;
        self.slots.push((key, value));
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(place.hash, id, |&id| hasher.hash_one(&slots[id as usize].0));
        id
    }
}

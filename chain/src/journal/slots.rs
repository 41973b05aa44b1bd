//! Values of a block, found by key once and by index from then on.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// A slab with an index. Its order is that of insertion; hashes decide nothing visible.
pub(super) struct Slots<K, V> {
    slots: Vec<Slot<K, V>>,
    index: HashTable<u32>,
    hasher: RandomState,
}

/// One key with its value.
pub(super) struct Slot<K, V> {
    pub(super) key: K,
    /// The value now.
    pub(super) value: V,
    /// The value in the view.
    pub(super) before: V,
    /// Whether the transaction began with a value.
    pub(super) present: bool,
    /// The transaction that last looked it up.
    pub(super) read: u32,
    /// The transaction that last paid for the first access.
    pub(super) warm: u32,
    /// The transaction that last wrote it.
    pub(super) written: u32,
}

impl<K, V> Slots<K, V> {
    pub(super) fn new() -> Self {
        let (slots, index) = (Vec::new(), HashTable::new());
        Self { slots, index, hasher: RandomState::default() }
    }

    #[inline]
    pub(super) fn at(&self, id: u32) -> &Slot<K, V> {
        &self.slots[id as usize]
    }

    #[inline]
    pub(super) fn at_mut(&mut self, id: u32) -> &mut Slot<K, V> {
        &mut self.slots[id as usize]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot<K, V>> {
        self.slots.iter()
    }
}

impl<K: std::hash::Hash + Eq + Clone, V: Clone> Slots<K, V> {
    /// The index of a key, whose value is loaded if it is new.
    #[inline]
    pub(super) fn find<E>(
        &mut self,
        key: &K,
        load: impl FnOnce() -> Result<V, E>,
    ) -> Result<u32, E> {
        let hash = self.hasher.hash_one(key);
        let (slots, hasher) = (&mut self.slots, &self.hasher);
        if let Some(&id) = self.index.find(hash, |&id| slots[id as usize].key == *key) {
            return Ok(id);
        }
        let value = load()?;
        let id = slots.len() as u32;
        let before = value.clone();
        let (key, present) = (key.clone(), false);
        slots.push(Slot { key, value, before, present, read: 0, warm: 0, written: 0 });
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(&slots[id as usize].key));
        Ok(id)
    }
}

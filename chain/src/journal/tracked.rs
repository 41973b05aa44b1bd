//! Values with their past, and what the transaction does with them.

use std::hash::Hash;

use super::slots::{Place, Slots};

/// The values of one kind that a block uses.
///
/// Marks are the number of the transaction that made them, so that nothing is cleared between two.
pub(super) struct Tracked<K, T> {
    slots: Slots<K, Slot<T>>,
    /// The keys that the transaction uses, in the order of first use.
    used: Vec<u32>,
    transaction: u32,
}

/// What a value is that comes from outside of a transaction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given {
    /// That of the view, unless the key is known.
    Base,
    /// That of now, of a key that is known.
    Now,
}

pub(super) struct Slot<T> {
    /// The value now.
    value: T,
    /// The value at the begin of the transaction that last wrote it.
    begin: T,
    /// The value in the view.
    base: T,
    used: u32,
    warm: u32,
    written: u32,
    /// The transaction that last asked to write it.
    claimed: u32,
}

impl<K, T> Tracked<K, T> {
    pub(super) fn new() -> Self {
        // marks of new slots are 0, which is not a transaction
        Self { slots: Slots::new(), used: Vec::new(), transaction: 1 }
    }

    pub(super) fn begin(&mut self) {
        self.used.clear();
        self.transaction += 1;
    }

    /// Forgets all values.
    pub(super) fn forget(&mut self) {
        self.slots.clear();
        self.used.clear();
    }

    #[inline]
    pub(super) fn key(&self, id: u32) -> &K {
        &self.slots.at(id).0
    }

    #[inline]
    pub(super) fn value(&self, id: u32) -> &T {
        &self.slots.at(id).1.value
    }

    /// The value at the begin of the transaction.
    #[inline]
    pub(super) fn original(&self, id: u32) -> &T {
        let slot = &self.slots.at(id).1;
        if slot.written == self.transaction { &slot.begin } else { &slot.value }
    }

    #[inline]
    pub(super) fn is_warm(&self, id: u32) -> bool {
        self.slots.at(id).1.warm == self.transaction
    }

    /// Whether the transaction uses it.
    #[cfg(feature = "evm")]
    pub(super) fn is_used(&self, id: u32) -> bool {
        self.slots.at(id).1.used == self.transaction
    }

    #[inline]
    pub(super) fn warm(&mut self, id: u32) {
        self.slots.at_mut(id).warm = self.transaction;
    }

    /// Takes the mark of [`warm`](Self::warm) back.
    #[inline]
    pub(super) fn cool(&mut self, id: u32) {
        self.slots.at_mut(id).warm = 0;
    }

    /// The slots of the block whose keys meet a condition.
    pub(super) fn all_where(&self, meets: impl Fn(&K) -> bool) -> impl Iterator<Item = u32> {
        let slots = self.slots.iter().enumerate();
        slots.filter(move |(_, (key, _))| meets(key)).map(|(id, _)| id as u32)
    }

    /// The slots of the transaction whose keys meet a condition.
    pub(super) fn used_where(&self, meets: impl Fn(&K) -> bool) -> impl Iterator<Item = u32> {
        self.used.iter().copied().filter(move |&id| meets(self.key(id)))
    }

    /// Takes a change back.
    #[inline]
    pub(super) fn restore(&mut self, id: u32, value: T) {
        self.slots.at_mut(id).value = value;
    }

    /// The transaction asks to write it.
    #[inline]
    pub(super) fn claim(&mut self, id: u32) {
        self.slots.at_mut(id).claimed = self.transaction;
    }

    /// All keys that were looked up since the journal was made.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.slots.iter().map(|(key, _)| key)
    }

    /// The keys that the transaction uses, each with whether it writes it or asked to.
    pub(super) fn used(&self) -> impl ExactSizeIterator<Item = (&K, bool)> {
        self.used.iter().map(|&id| {
            let (key, slot) = self.slots.at(id);
            (key, slot.written == self.transaction || slot.claimed == self.transaction)
        })
    }

    /// The writes of the transaction: key, value at its begin, value now.
    pub(super) fn written(&self) -> impl Iterator<Item = (&K, &T, &T)> {
        let slots = self.used.iter().map(|&id| self.slots.at(id));
        let written = slots.filter(|(_, slot)| slot.written == self.transaction);
        written.map(|(key, slot)| (key, &slot.begin, &slot.value))
    }
}

impl<K: Hash + Eq + Copy, T: Clone + PartialEq> Tracked<K, T> {
    /// The slot of a key that the block has looked up.
    #[inline]
    pub(super) fn find_loaded(&self, key: &K) -> Option<u32> {
        self.slots.find(key).id
    }

    /// The slot of a key. What the transaction did not use before is subject to `check`, and then,
    /// if the block did not, loaded.
    #[inline]
    pub(super) fn find<E>(
        &mut self,
        key: &K,
        check: impl FnOnce() -> Result<(), E>,
        load: impl FnOnce() -> Result<T, E>,
    ) -> Result<u32, E> {
        let place = self.slots.find(key);
        if let Some(id) = place.id
            && self.slots.at(id).1.used == self.transaction
        {
            return Ok(id);
        }
        check()?;
        let id = self.load(place, key, load)?;
        self.use_now(id);
        Ok(id)
    }

    /// The value of a key, loaded if need be, without a trace in the access list.
    pub(super) fn peek<E>(
        &mut self,
        key: &K,
        load: impl FnOnce() -> Result<T, E>,
    ) -> Result<&T, E> {
        let place = self.slots.find(key);
        let id = self.load(place, key, load)?;
        Ok(self.value(id))
    }

    /// Takes a value that was found outside of a transaction.
    pub(super) fn give(&mut self, key: &K, value: T, given: Given) {
        let place = self.slots.find(key);
        match (given, place.id) {
            (Given::Base, _) => {
                let Ok(_) = self.load(place, key, || Ok::<_, std::convert::Infallible>(value));
            }
            (Given::Now, Some(id)) => self.restore(id, value),
            (Given::Now, None) => {}
        }
    }

    fn load<E>(
        &mut self,
        place: Place,
        key: &K,
        load: impl FnOnce() -> Result<T, E>,
    ) -> Result<u32, E> {
        if let Some(id) = place.id {
            return Ok(id);
        }
        let value = load()?;
        let (begin, base) = (value.clone(), value.clone());
        let slot = Slot { value, begin, base, used: 0, warm: 0, written: 0, claimed: 0 };
        Ok(self.slots.insert(place, *key, slot))
    }

    /// Writes, and gives the value before.
    #[inline]
    pub(super) fn write(&mut self, id: u32, value: T) -> T {
        self.use_now(id);
        let slot = self.slots.at_mut(id);
        let before = std::mem::replace(&mut slot.value, value);
        if slot.written != self.transaction {
            slot.written = self.transaction;
            slot.begin = before.clone();
        }
        before
    }

    /// Keys whose values differ from the view's.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&K, &T)> {
        let changed = self.slots.iter().filter(|(_, slot)| slot.value != slot.base);
        changed.map(|(key, slot)| (key, &slot.value))
    }

    #[inline]
    fn use_now(&mut self, id: u32) {
        let slot = self.slots.at_mut(id);
        if slot.used != self.transaction {
            slot.used = self.transaction;
            self.used.push(id);
        }
    }
}

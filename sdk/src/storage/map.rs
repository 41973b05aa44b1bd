//! Values by key.

use alloc::boxed::Box;
use core::borrow::Borrow;
use core::marker::PhantomData;
use core::ops::{Index, IndexMut};

use super::{Layout, Path, Stored, Value};

/// Values, or other containers, by key.
///
/// `self.balances[owner] += amount` and `self.allowance[owner][spender].get()` work on the place of
/// that key. What `[]` returns through a shared reference stays on the heap until the call ends;
/// [`get`](Self::get) and [`at`](Self::at) leave nothing behind, for loops without an end in sight.
/// A map does not know its keys.
pub struct Map<K, V: Layout> {
    path: Path,
    /// The place that is being changed.
    place: Option<V::Container>,
    key: PhantomData<fn(K)>,
}

impl<K: Stored, V: Layout> Map<K, V> {
    /// The container of this key.
    pub fn at(&self, key: impl Borrow<K>) -> V::Container {
        V::at(self.path.key(key.borrow()))
    }
}

impl<K: Stored, V: Layout<Container = Value<V>> + Stored> Map<K, V> {
    /// The value of this key; zero, if it was never set.
    pub fn get(&self, key: impl Borrow<K>) -> V {
        self.at(key).get()
    }

    /// Sets the value of this key.
    pub fn set(&mut self, key: impl Borrow<K>, value: impl Borrow<V>) {
        self.at(key).set(value);
    }

    /// Makes it as if the value of this key was never set, and returns what it was.
    pub fn take(&mut self, key: impl Borrow<K>) -> V {
        self.at(key).take()
    }
}

impl<K: Stored, V: Layout, Q: Borrow<K>> Index<Q> for Map<K, V> {
    type Output = V::Container;

    fn index(&self, key: Q) -> &V::Container {
        Box::leak(Box::new(self.at(key)))
    }
}

impl<K: Stored, V: Layout, Q: Borrow<K>> IndexMut<Q> for Map<K, V> {
    fn index_mut(&mut self, key: Q) -> &mut V::Container {
        let place = self.at(key);
        self.place.insert(place)
    }
}

impl<K: Stored + 'static, V: Layout + 'static> Layout for Map<K, V> {
    type Container = Self;

    fn at(path: Path) -> Self {
        Self { path, place: None, key: PhantomData }
    }
}

//! Values by key.

use alloc::boxed::Box;
use core::borrow::Borrow;
use core::marker::PhantomData;
use core::ops::{Index, IndexMut};

use super::value::{load, store};
use super::{Layout, Path, Stored};
use crate::host;

/// Values, or other containers, by key.
///
/// `self.balances[owner] += amount` and `self.allowance[owner][spender].get()` work on the place of
/// that key. Each `[]` and [`at`](Self::at) takes some bytes of the heap until the call ends;
/// [`get`](Self::get), [`set`](Self::set) and [`take`](Self::take) take none, for long loops. A map
/// cannot list its keys.
pub struct Map<K, V> {
    path: Path,
    types: PhantomData<fn(K) -> V>,
}

impl<K: Stored, V: Layout> Map<K, V> {
    /// The container of this key.
    pub fn at(&self, key: impl Borrow<K>) -> V::Container {
        V::at(self.path.key(key.borrow()))
    }
}

impl<K: Stored, V: Stored> Map<K, V> {
    /// The value of this key; zero, if it was never set.
    pub fn get(&self, key: impl Borrow<K>) -> V {
        self.path.with_key(key.borrow(), load)
    }

    /// Sets the value of this key.
    pub fn set(&mut self, key: impl Borrow<K>, value: impl Borrow<V>) {
        self.path.with_key(key.borrow(), |key| store(key, value.borrow()));
    }

    /// Removes the value of this key, so that it reads as never set, and returns the old one.
    pub fn take(&mut self, key: impl Borrow<K>) -> V {
        self.path.with_key(key.borrow(), |key| {
            let value = load(key);
            host::storage_remove(key);
            value
        })
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
        Box::leak(Box::new(self.at(key)))
    }
}

impl<K: Stored + 'static, V: Layout + 'static> Layout for Map<K, V> {
    type Container = Self;

    fn at(path: Path) -> Self {
        Self { path, types: PhantomData }
    }
}

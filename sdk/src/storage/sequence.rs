//! Values by position.

use alloc::boxed::Box;
use core::marker::PhantomData;
use core::ops::{Index, IndexMut};

use super::{Layout, Path, Stored, Value};

/// Values, or other containers, by position.
pub struct StorageVec<T> {
    path: Path,
    length: Value<u32>,
    items: PhantomData<fn() -> T>,
}

impl<T: Layout> StorageVec<T> {
    /// How many items there are.
    pub fn len(&self) -> u32 {
        self.length.get()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The container at this position, if there is one.
    pub fn at(&self, index: u32) -> Option<T::Container> {
        (index < self.len()).then(|| self.place(index))
    }

    /// Appends a place, which is zero, and returns it.
    pub fn grow(&mut self) -> T::Container {
        let length = self.len();
        self.length.set(length + 1);
        self.place(length)
    }

    fn place(&self, index: u32) -> T::Container {
        T::at(self.path.key(&index))
    }

    #[track_caller]
    fn existing(&self, index: u32) -> T::Container {
        let length = self.len();
        assert!(
            index < length,
            "index out of bounds: the length is {length} but the index is {index}"
        );
        self.place(index)
    }
}

impl<T: Stored + 'static> StorageVec<T> {
    /// The item at this position, if there is one.
    pub fn get(&self, index: u32) -> Option<T> {
        self.at(index).map(|item| item.get())
    }

    /// Appends an item.
    pub fn push(&mut self, item: impl core::borrow::Borrow<T>) {
        self.grow().set(item);
    }

    /// Removes the last item.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.len().checked_sub(1)?;
        self.length.set(last);
        Some(self.place(last).take())
    }

    /// Removes an item, and puts the last one in its place.
    ///
    /// # Panics
    ///
    /// If there is no item at this position.
    #[track_caller]
    pub fn swap_remove(&mut self, index: u32) -> T {
        let mut place = self.existing(index);
        let removed = place.get();
        let last = self.pop();
        if index < self.len()
            && let Some(last) = last
        {
            place.set(last);
        }
        removed
    }

    /// Removes all items.
    pub fn clear(&mut self) {
        for index in 0..self.len() {
            self.place(index).take();
        }
        self.length.set(0);
    }

    /// The items, from the first to the last.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        (0..self.len()).map(|index| self.place(index).get())
    }
}

impl<T: Layout> Index<u32> for StorageVec<T> {
    type Output = T::Container;

    #[track_caller]
    fn index(&self, index: u32) -> &T::Container {
        Box::leak(Box::new(self.existing(index)))
    }
}

impl<T: Layout> IndexMut<u32> for StorageVec<T> {
    #[track_caller]
    fn index_mut(&mut self, index: u32) -> &mut T::Container {
        Box::leak(Box::new(self.existing(index)))
    }
}

impl<T: Layout + 'static> Layout for StorageVec<T> {
    type Container = Self;

    fn at(path: Path) -> Self {
        Self { path, length: Value::at(path), items: PhantomData }
    }
}
